"""Recordings of emulated kernels: what is counted, what is called a race, and what is shown."""

import json

import numpy as np
import pytest

from stepgrad.cli import _app
from stepgrad.emulate import emulate, rungs
from stepgrad.emulate.as_json import render as as_json
from stepgrad.emulate.memory import sectors, wavefronts
from stepgrad.emulate.page import render as render_page
from stepgrad.emulate.races import races
from stepgrad.emulate.recording import ACCESS, ATOMIC, READ, WRITE, Memory
from stepgrad.errors import ArgumentError

pytest.importorskip("stepgrad._emu_recorder", reason="the recording emulator was not compiled")
LADDERS = [(op, rung) for op, ladder in rungs().items() for rung in ladder]

# ---- what memory does, on accesses written by hand -----------------------------------------------------------------

LANES = np.arange(32)
ONE = np.zeros(32, int)


@pytest.mark.parametrize(
    "offset, size, expected",
    [
        (LANES * 4, 4, 4),  # neighbours: 128 bytes
        (LANES * 4 + 4, 4, 5),  # the same, not aligned
        (LANES * 128, 4, 32),  # a column
        (LANES * 0, 4, 1),  # all the same element
        (LANES * 16, 16, 16),  # float4
        (LANES[:1] * 0 + 28, 8, 2),  # across the border of two sectors
    ],
)
def test_sectors(offset, size, expected):
    assert sectors(ONE[: len(offset)], offset, np.full(len(offset), size), 1) == [expected]


@pytest.mark.parametrize(
    "offset, size, passes, best",
    [
        (LANES * 4, 4, 1, 1),
        (LANES * 0, 4, 1, 1),  # one word for all: a broadcast
        (LANES * 8, 4, 2, 1),  # every second bank
        (LANES * 128, 4, 32, 1),  # one bank
        (LANES * 132, 4, 1, 1),  # padded: 33 columns
        (LANES * 8, 8, 2, 2),  # double: two half-warps
        (LANES * 16, 16, 4, 4),  # float4: four quarters
        (LANES * 128, 16, 32, 4),
    ],
)
def test_wavefronts(offset, size, passes, best):
    assert [int(n[0]) for n in wavefronts(ONE, LANES, offset, np.full(32, size), 1)] == [passes, best]


SHARED, GLOBAL = Memory("tile", "shared", (8,), 4), Memory("x", "global", (8,), 4)


def access(thread, kind, epoch=0, warp_epoch=0, block=0, offset=0, size=4, array=0):
    one = np.zeros((), ACCESS)
    one["thread"], one["kind"], one["epoch"], one["warp_epoch"] = thread, kind, epoch, warp_epoch
    one["block"], one["offset"], one["size"], one["array"] = block, offset, size, array
    return one


@pytest.mark.parametrize(
    "first, second, racing",
    [
        (access(0, WRITE), access(1, READ), True),
        (access(0, READ), access(1, WRITE), True),  # a buffer that is filled again too early
        (access(0, WRITE), access(1, WRITE), True),
        (access(0, READ), access(1, READ), False),
        (access(0, WRITE), access(0, READ), False),  # one thread
        (access(0, WRITE), access(1, READ, epoch=1), False),  # a barrier between them
        (access(0, WRITE), access(1, READ, offset=4), False),  # another element
        (access(0, WRITE, size=16), access(1, READ, offset=8), True),  # the third element of a float4
        (access(0, WRITE), access(1, READ, warp_epoch=1), False),  # a shuffle between two lanes of a warp
        (access(0, WRITE), access(40, READ, warp_epoch=1), True),  # which orders nothing in another warp
        (access(0, ATOMIC), access(1, ATOMIC), False),
        (access(0, ATOMIC), access(1, READ), True),
    ],
)
@pytest.mark.parametrize("memory", [SHARED, GLOBAL], ids=["shared", "global"])
def test_races(first, second, racing, memory):
    found = races(np.stack([first, second]), [memory], {0: "csrc/x.cu:1"})
    assert [race.array for race in found] == [0] * racing


def test_blocks_share_global_memory_only():
    both = np.stack([access(0, WRITE), access(0, READ, block=1, epoch=3)])
    assert not races(both, [SHARED], {0: "csrc/x.cu:1"})
    assert len(races(both, [GLOBAL], {0: "csrc/x.cu:1"})) == 1


# ---- recordings ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("op, rung", LADDERS)
def test_every_kernel_is_right_and_has_no_race(op, rung):
    recording = emulate(op, rung, size=11)
    assert recording.error <= 1e-5  # softmax and exp round; the others are exact
    assert recording.races == []
    touched = {recording.memory[i].name for i in np.unique(recording.accesses["array"])}
    own = {m.name for m in recording.memory if m.space == "global"} - {"temporary"}
    assert touched >= own and "out" in own  # also by cp.async
    assert all(line.startswith("csrc/") for line in recording.lines.values())
    assert {line.rpartition(":")[0] for line in recording.lines.values()} <= set(recording.text)


def test_the_naive_product_reads_every_factor_of_every_sum():
    recording = emulate("matmul", "naive", size=8)
    assert len(recording.accesses) == 8 * 8 * (8 + 8 + 1)
    a = recording.accesses[recording.accesses["array"] == 0]
    row = a[(a["thread"] == 3 + 16 * 5)]  # x runs down the rows: C[3, 5]
    assert [recording.memory[0].index(o) for o in row["offset"]] == [(3, k) for k in range(8)]
    b = recording.accesses[(recording.accesses["array"] == 1) & (recording.accesses["thread"] == 3 + 16 * 5)]
    assert [recording.memory[1].index(o) for o in b["offset"]] == [(k, 5) for k in range(8)]


def test_requests_of_a_warp():
    recording = emulate("matmul", "naive", size=8)
    requests = recording.requests()
    assert len(requests) == recording.request_count == 4 * (8 + 8 + 1)  # 4 warps with work
    assert [r.warp for r in requests] == sorted(r.warp for r in requests)
    first = requests[0]
    assert first.lanes == [*range(8), *range(16, 24)]  # two columns of C, eight rows each
    assert (first.units, first.best) == (8, 1)  # eight rows of A: eight sectors for eight different numbers
    out = [r for r in requests if recording.memory[r.array].name == "out"]
    assert len(out) == 4 and all(r.kind == WRITE for r in out)


def test_json():
    recording = emulate("matmul", "naive", size=4)
    data = json.loads(as_json(recording))
    assert data["op"] == "matmul" and data["error"] == 0 and data["races"] == []
    assert len(data["requests"]) == recording.request_count
    assert data["requests"][0]["elements"][1] == [1, 0]


def test_a_tile_in_shared_memory_saves_global_loads():
    naive, tiled = emulate("matmul", "naive", size=16), emulate("matmul", "shared_tile", size=16)
    assert naive.total("global")[1] > 10 * tiled.total("global")[1]
    assert [b.line.rpartition(":")[0] for b in tiled.barriers] == ["csrc/matmul/shared_tile.cu"] * 2
    assert {m.name: m.shape for m in tiled.memory if m.space == "shared"}.keys() == {"As", "Bs"}


def passes(rung, kind):
    """What a rung of matmul pays and must pay in shared memory, for its reads or its writes."""
    costs = [
        c for c in emulate("matmul", rung, size=16).costs if c.array.space == "shared" and c.kind == kind
    ]
    return sum(c.units for c in costs), sum(c.best for c in costs)


def test_bank_conflicts_are_those_that_the_kernels_own_up_to():
    paid, least = passes("shared_tile", WRITE)
    assert paid == 2 * least and len(set(passes("shared_tile", READ))) == 1
    for rung, meet in (
        ("register_tile_2d", 4),
        ("vectorised", 2),
    ):  # in a bank, for B; half of the reads are A's broadcasts
        paid, least = passes(rung, READ)
        assert paid == least * (1 + meet) / 2
    assert len(set(passes("warp_tile", READ))) == 1  # the remedy


def test_four_numbers_at_a_time_are_one_access():
    recording = emulate("matmul", "warp_tile", size=16)
    assert set(recording.accesses["size"].tolist()) == {4, 16}
    _, sectors_moved, at_best = recording.total("global")
    assert sectors_moved == at_best


def test_a_missing_barrier_is_a_race():
    lines = [b.line.rpartition(":")[2] for b in emulate("matmul", "shared_tile", size=20).barriers[:2]]
    before = emulate("matmul", "shared_tile", size=20, bug="missing_barrier")
    assert np.isnan(before.error)  # a tile was read before it was written
    assert {b.line.rpartition(":")[2] for b in before.barriers if b.left_out} == {lines[0]}
    assert {before.memory[r.array].name for r in before.races} == {"As", "Bs"}
    assert any("writes" in r.first and "reads" in r.second for r in before.races)
    after = emulate("matmul", "shared_tile", size=20, bug=f"missing_barrier:{lines[1]}")
    assert after.races and after.error > 0  # a tile was overwritten while others still read it


def test_page():
    page = render_page(emulate("matmul", "shared_tile", size=8, bug="missing_barrier"))
    assert "__DATA__" not in page and "__TITLE__" not in page
    assert "https://" not in page and page.count("http://") == 1  # the namespace of SVG, which is only a name
    data = json.loads(page.partition('type="application/json">')[2].partition("</script>")[0])
    assert data["left_out"] and data["races"] and data["costs"]
    barriers = [i for i, step in enumerate(data["steps"]) if step.get("barrier")]
    assert len(barriers) == 1  # of two, one was left out
    assert data["memory"][data["steps"][barriers[0] + 1]["array"]]["name"] == "out"
    assert max(offset for step in data["steps"] for offset in step.get("offsets", ())) < 17 * 16 * 4


def test_command():
    runner = pytest.importorskip("typer.testing").CliRunner()
    app = _app(pytest.importorskip("typer"))
    listed = runner.invoke(app, ["emulate"])
    assert "matmul" in listed.output and "shared_tile" in listed.output
    compared = runner.invoke(app, ["emulate", "matmul", "--size", "4"])
    assert compared.exit_code == 0 and "naive" in compared.output and "sectors" in compared.output
    shown = runner.invoke(app, ["emulate", "matmul", "--rung", "shared_tile", "--bug", "missing_barrier"])
    assert shown.exit_code == 0 and "race" in shown.output


@pytest.mark.parametrize(
    "arguments, words",
    [
        (("matmull",), "did you mean 'matmul'"),
        (("matmul", "naiv"), "did you mean 'naive'"),
        (("matmul", "naive", 0), "positive"),
        (("matmul", "naive", 8, "missing_barier"), "missing_barrier"),
        (("matmul", "naive", 8, "missing_barrier"), "no barrier that could be missing"),
        (("matmul", "naive", 200), "smaller size"),
    ],
)
def test_errors(arguments, words):
    with pytest.raises(ArgumentError, match=words):
        emulate(*arguments)
