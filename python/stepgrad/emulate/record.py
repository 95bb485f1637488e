"""Run one kernel on the recording emulator."""

from __future__ import annotations

from typing import Any

import numpy as np

from stepgrad import devices
from stepgrad.emulate.cases import CALLS, Call
from stepgrad.emulate.recording import ACCESS, Barrier, Launch, Memory, Recording
from stepgrad.emulate.source import lines_of, texts
from stepgrad.errors import ArgumentError, KernelError, did_you_mean

MISSING_BARRIER = "missing_barrier"
LIMIT = 2_000_000  # accesses
# Their threads poll memory while they wait: millions of accesses for the smallest product.
TOO_LONG = ("tf32_wgmma", "bf16_wgmma")
NAMED = (
    1 << 63
)  # from here on a site is a number in the list of sites; see csrc/emulator/recording/recorder.h


def rungs(op: str | None = None) -> dict[str, list[str]]:
    """Return the ops whose CUDA kernels can be recorded, each with its rungs from the bottom up."""
    ladder: dict[str, list[str]] = {}
    for name, rung, *_ in _module().rungs():
        if name in CALLS and op in (None, name) and rung not in TOO_LONG:
            ladder.setdefault(name, []).append(rung)
    return ladder


def emulate(op: str, rung: str | None = None, size: int = 8, bug: str | None = None) -> Recording:
    """Run a CUDA kernel on the emulator and record what every thread does to memory.

    Parameters
    ----------
    op : str
        "matmul" of two matrices [size, size], "copy" of a transposed one, "sum" of size * size numbers; see
        :func:`rungs` for all.
    rung : str, optional
        The kernel; the highest that keeps float32's precision, where none is named.
    size : int
    bug : str, optional
        "missing_barrier" runs the kernel without its first barrier, "missing_barrier:57" without the one in line 57.

    Returns
    -------
    Recording

    Raises
    ------
    KernelError
        If the recording emulator was not compiled.
    ArgumentError
        If the op or the rung does not exist, or the kernel has no such barrier.
    """
    module = _module()
    table = {
        name: (source, function, reduced)
        for o, name, _, source, function, _, reduced in module.rungs()
        if o == op and op in CALLS
    }
    if not table:
        raise ArgumentError(
            f"emulate: no CUDA kernel of '{op}' can be recorded", fix=did_you_mean(op, rungs())
        )
    if rung is None:
        rung = [name for name, (*_, reduced) in table.items() if not reduced][-1]
    if rung not in table:
        raise ArgumentError(f"emulate: {op} has no CUDA rung '{rung}'", fix=did_you_mean(rung, table))
    if size < 1:
        raise ArgumentError("emulate: a size must be positive", got=str(size))
    source, function, _ = table[rung]
    left_out = 0
    if bug:
        clean = _run(module, function, CALLS[op](size), 0)
        left_out = _barrier_line(bug, [line for *_, line, _ in clean["barriers"]], f"{op} ({rung})")
    call = CALLS[op](size)
    return _recording(op, rung, source, call, _run(module, function, call, left_out), module, bug or "")


def _module() -> Any:
    try:
        from stepgrad import _emu_recorder  # type: ignore[attr-defined]
    except ImportError:
        raise KernelError(
            "the recording emulator was not compiled", fix=devices.NOT_BUILT[devices.EMULATED]
        ) from None
    return _emu_recorder


def _run(module: Any, function: Any, call: Call, left_out: int) -> dict[str, Any]:
    arrays = [(name, int(a.ctypes.data), a.nbytes) for name, a in call.arrays.items()]
    module.start(arrays, left_out, LIMIT)
    try:
        function(*call.arrays.values(), *call.options)
    finally:
        raw = module.stop()
    if raw["full"]:
        raise ArgumentError(f"emulate: a recording holds {LIMIT} accesses", fix="a smaller size")
    return raw


def _barrier_line(bug: str, lines: list[int], kernel: str) -> int:
    name, _, number = bug.partition(":")
    known = [MISSING_BARRIER, *(f"{MISSING_BARRIER}:{line}" for line in dict.fromkeys(lines))]
    if name != MISSING_BARRIER:
        raise ArgumentError(f"emulate: there is no bug '{bug}'", fix=did_you_mean(bug, known))
    if not lines:
        raise ArgumentError(f"emulate: {kernel} has no barrier that could be missing", got=bug)
    if not number:
        return lines[0]
    if bug not in known:
        raise ArgumentError(f"emulate: {kernel} has no barrier there", expected=", ".join(known), got=bug)
    return int(number)


def _recording(
    op: str, rung: str, source: str, call: Call, raw: dict[str, Any], module: Any, bug: str
) -> Recording:
    accesses = np.frombuffer(raw["accesses"], ACCESS)
    seen = np.unique(accesses["site"]).tolist()
    sites, functions = lines_of(module.__file__, [site for site in seen if site < NAMED])
    for i, (name, line, kernel) in enumerate(raw["sites"]):
        sites[NAMED + i], functions[NAMED + i] = f"{_from_csrc(name)}:{line}", kernel
    launches = [Launch(grid, block) for grid, block in raw["launches"]]
    for one in accesses[np.unique(accesses["launch"], return_index=True)[1]]:
        launches[one["launch"]].kernel = functions[int(one["site"])]
    memory = []
    for number, (name, size, row, item, launch) in enumerate(raw["arrays"]):
        if name in call.arrays:
            memory.append(Memory(name, "global", call.shown[name], 4))
            continue
        # temporary and dynamic memory have no type: an element is the least that a thread touches
        item = item or int(accesses["size"][accesses["array"] == number].min(initial=4))
        shape = (size // row, row // item) if row > item else (size // item,)
        memory.append(Memory(name, "global" if launch < 0 else "shared", shape, item))
    barriers = [
        Barrier(launch, block, epoch, f"{_from_csrc(file)}:{line}", left_out)
        for launch, block, epoch, file, line, left_out in raw["barriers"]
    ]
    out = call.arrays["out"]
    error = float(np.abs(out - call.expected).max()) if np.isfinite(out).all() else float("nan")
    source = _from_csrc(source)
    file = source.rpartition(":")[0]
    text = texts([file, *(line.rpartition(":")[0] for line in sites.values())])
    return Recording(op, rung, source, launches, accesses, barriers, memory, sites, error, bug, text)


def _from_csrc(path: str) -> str:
    """Return "csrc/...": a compiler behind a cache may have been given another way to the same file."""
    return path[max(path.rfind("csrc/"), 0) :]
