"""Recordings of emulated kernels: what is counted, what is called a race, and what is shown."""

import json

import numpy as np
import pytest

from stepgrad.emulate import emulate, rungs
from stepgrad.emulate.as_json import render as as_json
from stepgrad.emulate.memory import sectors, wavefronts
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
    assert {m.name for m in recording.memory} >= {"out"}
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
    assert (first.units, first.best) == (8, 2)  # eight rows of A: eight sectors for 16 different numbers
    out = [r for r in requests if recording.memory[r.array].name == "out"]
    assert len(out) == 4 and all(r.kind == WRITE for r in out)


def test_json():
    recording = emulate("matmul", "naive", size=4)
    data = json.loads(as_json(recording))
    assert data["op"] == "matmul" and data["error"] == 0 and data["races"] == []
    assert len(data["requests"]) == recording.request_count
    assert data["requests"][0]["elements"][1] == [1, 0]


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
