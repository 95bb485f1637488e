"""The kernel table: (op, device, rung) -> function. Choosing a rung, listing them, falling back.

Every op has the rung ``numpy``, its reference. Where the C++ extension was compiled the op's ladder stands above it; the
top rung is the default. A rung is chosen for a block of code with :func:`use`, or from the environment:
``STEPGRAD_KERNELS="matmul=naive,conv2d=im2col"``, or ``STEPGRAD_KERNELS=numpy`` for every op at once.
"""

from __future__ import annotations

import contextlib
import functools
import os
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from stepgrad.errors import KernelError, did_you_mean

try:
    from stepgrad import _cpu
except ImportError:  # not compiled: every op runs on its NumPy reference
    _cpu = None  # type: ignore[assignment]

REFERENCE = "numpy"
STEPS = "steps"  # a composition of small ops, for those who want to see them: never the default
_NATIVE_DTYPES = "fd"  # NumPy's codes of float32 and float64, all that the C++ kernels know


class Kernel(NamedTuple):
    """One rung of an op's ladder."""

    op: str
    device: str
    rung: str
    function: Callable
    summary: str
    source: str
    direct: Callable | None = (
        None  # the short way in, for arrays that need no preparation; see csrc/bindings/direct.cpp
    )
    default: bool = True  # whether it runs, as the top rung, where nobody asked for it


Ladder = dict[str, Kernel]  # rung -> kernel, from the bottom rung to the top

_ladders: dict[str, Ladder] = {}  # op -> its ladder on the CPU
_declared: dict[str, Any] = {}  # op -> the Op itself
_elsewhere: dict[
    str, dict[str, Ladder]
] = {}  # other device -> op -> its ladder there, made when first asked for
_device: list[Any] = ["cpu", None]  # the device in use, and what makes the ladder of an Op there
to_device: list[Callable | None] = [
    None
]  # what brings a new array to the device in use; None: it lies there already
_in_place: set[str] = set()  # ops that are there to write into what they get: the updates of optimizers
_guarding: list[bool] = []  # one entry for each open block of guarded()
_added: dict[str, set[str]] = {}  # op -> the rungs that did not come with the library
_requested: dict[str, tuple[str, str]] = {}  # op, or "*" -> (rung, who asked for it)
chosen: dict[str, Callable] = {}  # op -> the function that runs now; the tape reads it on every call
_on_top: dict[str, bool] = {}  # op -> is_top(op), as far as anybody asked
version = [0]  # counts changes of what runs: a compiled step is good for one version
direct: dict[
    str, Callable
] = {}  # op -> the short way into that function, where there is one; may answer NotImplemented
_native: dict[str, list] = {}  # op -> [(rung, summary, source, function), ...] as the extension offers them
for _op, *_rung in _cpu.rungs() if _cpu else ():
    _native.setdefault(_op, []).append(_rung)


def declare(op: Any) -> None:
    """Enter an op into the table: its reference, and the native rungs that carry its name.

    A native rung is used through ``op.launch(native, *arrays, **attrs)``, which brings the arrays into the kernel's
    layout; where that returns NotImplemented, or the dtype is not float32 or float64, the reference serves.
    """
    ladder = {
        REFERENCE: Kernel(op.name, "cpu", REFERENCE, op.reference, "NumPy, the reference", op.__module__)
    }
    if hasattr(op, "composed"):
        ladder[STEPS] = Kernel(
            op.name, "cpu", STEPS, op.composed, "small ops on the tape", op.__module__, default=False
        )
    if hasattr(op, "launch"):
        for rung, summary, source, function in _native.get(op.name, ()):
            short = _cpu.direct(op.name, rung) if getattr(op, "straight", False) else None
            ladder[rung] = Kernel(op.name, "cpu", rung, _with_fallback(op, function), summary, source, short)
    _ladders[op.name] = ladder
    _declared[op.name] = op
    for ladders in _elsewhere.values():
        ladders.pop(op.name, None)
    if getattr(op, "in_place", False):
        _in_place.add(op.name)
    _choose(op.name)


def add(op: str, rung: str, function: Callable, summary: str = "", source: str = "") -> None:
    """Put one more rung on top of an op's ladder. `function` has the signature of the op's reference."""
    ladder = _ladder(op)
    if rung in ladder:
        raise KernelError(f"{op} already has a rung '{rung}'", fix="give the new kernel another name")
    ladder[rung] = Kernel(op, "cpu", rung, function, summary, source)
    _added.setdefault(op, set()).add(rung)
    _choose(op)


def remove(op: str, rung: str) -> None:
    """Take away a rung that :func:`add` put there.

    Examples
    --------
    >>> from stepgrad import ops
    >>> add("exp", "mine", lambda x: x)
    >>> remove("exp", "mine")
    >>> "mine" in [kernel.rung for kernel in rungs("exp")]
    False
    """
    ladder = _ladder(op)
    if rung not in _added.get(op, ()):
        known = ", ".join(sorted(_added.get(op, ()))) or "none"
        raise KernelError(
            f"{op} has no added rung '{rung}'", expected="a rung that was put there by kernels.add", got=known
        )
    _added[op].remove(rung)
    del ladder[rung]
    _choose(op)


def _with_fallback(op: Any, native: Callable) -> Callable:
    def run(*arrays, **attrs):
        floats = False
        for array in arrays:
            dtype = array.dtype
            if dtype.char in _NATIVE_DTYPES:
                floats = True
            elif dtype.kind not in "iub":
                return op.reference(*arrays, **attrs)
        result = op.launch(native, *arrays, **attrs) if floats else NotImplemented
        return op.reference(*arrays, **attrs) if result is NotImplemented else result

    run.native = native  # type: ignore[attr-defined]
    return run


def native_of(op: str) -> Callable | None:
    """Return the compiled function behind the rung in use, or None where it is not compiled."""
    return getattr(running(op), "native", None)


def running(op: str) -> Callable:
    """Return the function that runs now, also where a recorder of stepgrad.replay stands in for it."""
    function = chosen[op]
    return getattr(function, "watched", function)


def _ladder(op: str) -> Ladder:
    if op not in _ladders:
        raise KernelError(f"there is no op '{op}'", fix=did_you_mean(op, _ladders))
    device, make_ladder = _device
    if make_ladder is None:
        return _ladders[op]
    ladders = _elsewhere.setdefault(device, {})
    if op not in ladders:
        ladders[op] = make_ladder(_declared[op])
    return ladders[op]


def _choose(op: str) -> None:
    _on_top.pop(op, None)
    kernel = current(op)
    chosen[op] = _on_views(kernel.function) if _guarding and op not in _in_place else kernel.function
    short = None if _guarding else kernel.direct
    _declared[op].direct = short  # the tape asks the op
    if short is None:
        direct.pop(op, None)
    else:
        direct[op] = short
    version[0] += 1


@contextlib.contextmanager
def guarded() -> Iterator[None]:
    """Give every kernel read-only views of its inputs, so that a Python rung that writes into one of them raises.

    Examples
    --------
    >>> import stepgrad as sg
    >>> def eats_its_input(x):
    ...     return np.exp(x, out=x)
    >>> add("exp", "in_place", eats_its_input)
    >>> with guarded():
    ...     sg.ops.exp([1.0])  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    stepgrad.errors.ShapeError: exp: output array is read-only...
    >>> remove("exp", "in_place")
    """
    _guarding.append(True)
    choose_all()
    try:
        yield
    finally:
        _guarding.pop()
        choose_all()


def _on_views(function: Callable) -> Callable:
    """Return `function` behind read-only views of its arrays."""

    @functools.wraps(function)
    def run(*arrays, **attrs):
        views = [a.view() for a in arrays]
        for view in views:
            view.flags.writeable = False
        return function(*views, **attrs)

    return run


def current(op: str) -> Kernel:
    """Return the kernel that runs when `op` is called now."""
    ladder = _ladder(op)
    rung, _ = _requested.get(op) or _requested.get("*") or ("", "")
    return ladder.get(rung) or _top(ladder)


def _top(ladder: Ladder) -> Kernel:
    return [kernel for kernel in ladder.values() if kernel.default][-1]


def is_top(op: str) -> bool:
    """Tell whether an op runs on its top rung now: nobody asked for another."""
    known = _on_top.get(op)
    if known is None:
        known = _on_top[op] = running(op) is _top(_ladder(op)).function
    return known


def rungs(op: str) -> list[Kernel]:
    """Return the ladder of an op, from the bottom rung to the top.

    Examples
    --------
    >>> from stepgrad import kernels, ops
    >>> kernels.rungs("matmul")[0].rung
    'numpy'
    """
    return list(_ladder(op).values())


@contextlib.contextmanager
def use(everything: str | None = None, /, **rung_of: str) -> Iterator[None]:
    """Choose rungs for a block of code.

    Parameters
    ----------
    everything : str, optional
        A rung for every op that has it; the others keep their top rung.
    **rung_of : str
        A rung for one op: ``use(matmul="naive")``.

    Raises
    ------
    KernelError
        If the op or the rung does not exist.

    Examples
    --------
    >>> from stepgrad import kernels, ops
    >>> with kernels.use(matmul="numpy"):
    ...     kernels.current("matmul").rung
    'numpy'
    """
    before = dict(_requested)
    try:
        _request(everything, rung_of, "kernels.use")
        yield
    finally:
        _requested.clear()
        _requested.update(before)
        choose_all()


def _request(everything: str | None, rung_of: dict[str, str], who: str) -> None:
    for op, rung in rung_of.items():
        if rung not in _ladder(op):
            raise KernelError(f"{op} has no rung '{rung}'", fix=did_you_mean(rung, _ladder(op)))
    if everything is not None:
        known = {rung for op in _ladders for rung in _ladder(op)}
        if everything not in known:
            raise KernelError(f"no op has a rung '{everything}'", fix=did_you_mean(everything, known))
        _requested["*"] = (everything, who)
    _requested.update({op: (rung, who) for op, rung in rung_of.items()})
    choose_all()


def choose_all() -> None:
    for op in _ladders:
        _choose(op)


def apply_environment() -> None:
    """Read STEPGRAD_KERNELS. Called once, when every op has been declared."""
    text = os.environ.get("STEPGRAD_KERNELS", "")
    pairs = [part.strip() for part in text.split(",") if part.strip()]
    everything = [part for part in pairs if "=" not in part]
    rung_of = dict(part.split("=", 1) for part in pairs if "=" in part)
    for op in [op for op in rung_of if op not in _ladders and op in _native]:
        rung = rung_of.pop(op)  # declared later, when its package is imported: an optimizer's update
        known = [REFERENCE, *(name for name, *_ in _native[op])]
        if rung not in known:
            raise KernelError(f"{op} has no rung '{rung}'", fix=did_you_mean(rung, known))
        _requested[op] = (rung, "STEPGRAD_KERNELS")
    if pairs:
        _request(everything[-1] if everything else None, rung_of, "STEPGRAD_KERNELS")


def new_recorder() -> Any:
    """Return what writes down native kernel calls; None where the C++ extension was not compiled."""
    return _cpu.Recorder() if _cpu else None


def native(op: str) -> Callable:
    """Return the C++ function of an op's top rung, which takes arrays in the kernel's layout."""
    return _native[op][-1][-1]


_allocate: list[Callable] = [_cpu.empty if _cpu else np.empty]


def device_in_use() -> str:
    """Return the device that ops run on now; see :func:`stepgrad.device`.

    Examples
    --------
    >>> device_in_use()
    'cpu'
    """
    return _device[0]


def use_device(
    device: str, make_ladder: Callable | None, allocate: Callable | None, move: Callable | None
) -> None:
    """Switch every op to another device: stepgrad.devices says how. None stands for what the CPU does."""
    _device[:] = device, make_ladder
    _allocate[0] = allocate or (_cpu.empty if _cpu else np.empty)
    to_device[0] = move
    choose_all()


@contextlib.contextmanager
def allocating(allocate: Callable) -> Iterator[None]:
    """Let :func:`empty` return what `allocate` does, for a block of code.

    Examples
    --------
    >>> with allocating(np.zeros):
    ...     empty((2,), "float32").tolist()
    [0.0, 0.0]
    """
    before = _allocate[0]
    _allocate[0] = allocate
    try:
        yield
    finally:
        _allocate[0] = before


def empty(shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    """Return an array for a result, its contents undefined; big ones reuse the memory of arrays that are gone.

    Examples
    --------
    >>> empty((2, 3), "float32").shape
    (2, 3)
    """
    return _allocate[0](shape, dtype)


def memory() -> dict[str, int]:
    """Return what :func:`empty` holds: bytes in use and kept for later, the limit, blocks fetched and reused.

    Examples
    --------
    >>> sorted(memory())
    ['allocated', 'in_use', 'kept', 'limit', 'reused']
    """
    return _cpu.memory() if _cpu else dict.fromkeys(("in_use", "kept", "limit", "allocated", "reused"), 0)


def empty_memory() -> int:
    """Give the memory that is kept for later arrays back to the system; return how many bytes that were."""
    return _cpu.empty_memory() if _cpu else 0


def compiled() -> bool:
    """Tell whether the C++ extension was compiled."""
    return _cpu is not None


def table() -> list[dict[str, str]]:
    """Return one row an op: op, device, the rung in use, why it is used, and all rungs there are."""
    rows = []
    for op in sorted(_ladders):
        kernel = current(op)
        _, who = _requested.get(op) or _requested.get("*") or ("", "")
        if who and kernel.rung == (_requested.get(op) or _requested["*"])[0]:
            why = f"asked for by {who}"
        elif kernel.rung != REFERENCE or kernel.device != "cpu":
            why = kernel.summary or "top rung"
        elif not compiled():
            why = "the C++ extension is not compiled"
        else:
            why = "no C++ kernel: NumPy's own is used"
        rows.append(
            {
                "op": op,
                "device": kernel.device,
                "rung": kernel.rung,
                "why": why,
                "rungs": " < ".join(_ladder(op)),
            }
        )
    return rows
