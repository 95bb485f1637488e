"""Where ops run: ``cpu``, ``cuda`` (a GPU), or ``cuda-emulated`` (the CUDA kernels, thread by thread on the CPU)."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from stepgrad import device_arrays, kernels
from stepgrad.errors import DeviceError, did_you_mean
from stepgrad.tape.variable import Variable, structure

CPU, CUDA, EMULATED = "cpu", "cuda", "cuda-emulated"
MODULES = {CUDA: "stepgrad._cuda", EMULATED: "stepgrad._emu"}
NOT_BUILT = {
    CUDA: "install stepgrad where nvcc is on the PATH; `stepgrad doctor` says what is there",
    EMULATED: "pip install -C cmake.define.STEPGRAD_EMULATOR=ON . in stepgrad's sources, with a C++ compiler",
}
_native: dict[
    str, dict[str, list]
] = {}  # device -> op -> [(rung, summary, source, function, dtypes, is_reduced), ...]


def problem(device: str) -> str | None:
    """Return why ops cannot run on `device`, in a sentence; None where they can.

    Examples
    --------
    >>> problem("cpu") is None
    True
    """
    if device not in MODULES:
        return None
    if _module(device) is None and device == EMULATED:
        return "the emulator was not built"
    return device_arrays.available() if device == CUDA else None


@contextlib.contextmanager
def device(name: str) -> Iterator[None]:
    """Run the ops in a block of code on a device.

    Parameters
    ----------
    name : str
        "cpu", "cuda" (also "gpu"): arrays are CuPy's, or "cuda-emulated": the CUDA kernels run on NumPy's arrays.
        Where an op has no CUDA kernel, its reference runs, on CuPy's arrays by CuPy's own functions;
        ``stepgrad kernels --device`` says which.

    Raises
    ------
    DeviceError
        If there is no such device here; it says what to install.

    Examples
    --------
    >>> import stepgrad as sg
    >>> with sg.device("cpu"):
    ...     sg.ops.exp(0.0).item()
    1.0
    """
    name = canonical(name)
    reason = problem(name)
    if reason is not None:
        raise DeviceError(
            f"cannot run on '{name}': {reason}", fix=NOT_BUILT[name] if name == EMULATED else None
        )
    before = kernels.device_in_use()
    _enter(name)
    try:
        yield
    finally:
        _enter(before)


def canonical(name: str) -> str:
    """Return the name of a device as the table has it: "gpu:0" is "cuda".

    Examples
    --------
    >>> canonical("gpu:0")
    'cuda'
    """
    short = name.lower().split(":")[0]
    short = CUDA if short == "gpu" else short
    if short not in (CPU, *MODULES):
        raise DeviceError(f"there is no device '{name}'", fix=did_you_mean(name, (CPU, *MODULES)))
    return short


def _enter(name: str) -> None:
    kernels.use_device(
        name,
        (lambda op: ladder(op, name)) if name in MODULES else None,
        device_arrays.empty if name == CUDA else None,
        device_arrays.to_device if name == CUDA else None,
    )


def _module(device: str) -> Any:
    try:
        return importlib.import_module(MODULES[device])
    except ImportError:
        return None


def _rungs(device: str, op: str) -> list:
    if device not in _native:
        by_op: dict[str, list] = {}
        module = _module(device)
        for name, *row in module.rungs() if module else ():
            by_op.setdefault(name, []).append(row)
        _native[device] = by_op
    return _native[device].get(op, [])


def ladder(op: Any, device: str) -> dict[str, kernels.Kernel]:
    """Return the ladder of an op on a CUDA device, from the reference to the top rung."""
    on_gpu = device == CUDA
    reference = _reference(op) if on_gpu else op.reference
    how = (
        "no CUDA kernel: CuPy's functions, or the host's"
        if on_gpu
        else "no CUDA kernel: NumPy's functions, in CuPy's place"
    )
    rungs = {
        kernels.REFERENCE: kernels.Kernel(op.name, device, kernels.REFERENCE, reference, how, op.__module__)
    }
    if hasattr(op, "composed"):
        rungs[kernels.STEPS] = kernels.Kernel(
            op.name, device, kernels.STEPS, op.composed, "small ops on the tape", op.__module__, default=False
        )
    below = None  # the nearest rung below that knows double
    for rung, summary, source, native, dtypes, is_reduced in (
        _rungs(device, op.name) if hasattr(op, "launch") else ()
    ):
        native = _on_stream(native) if on_gpu else native
        function = _launching(op, native, dtypes, below or reference, on_gpu)
        if "d" in dtypes:
            below = function
        rungs[rung] = kernels.Kernel(op.name, device, rung, function, summary, source, default=not is_reduced)
    return rungs


def _launching(op: Any, native: Callable, dtypes: str, otherwise: Callable, on_gpu: bool) -> Callable:
    """Return the op by a native kernel; by the rung below where this one does not know the dtype."""

    def run(*arrays: Any, **attrs: Any) -> Any:
        if on_gpu:
            arrays = tuple([a if _is_whole(a) else _moved(a) for a in arrays])
        codes = [a.dtype.char for a in arrays if a.dtype.kind not in "iub"]
        if codes and all(code in dtypes for code in codes):
            result = op.launch(native, *arrays, **attrs)
            if result is not NotImplemented:
                return result
        return otherwise(*arrays, **attrs)

    run.native = native  # type: ignore[attr-defined]
    return run


def _on_stream(native: Callable) -> Callable:
    """Return a kernel that takes CuPy's arrays, or NumPy's of integers, and runs on CuPy's current stream."""
    module = _module(CUDA)

    def run(*arguments: Any) -> None:
        module.set_stream(device_arrays.stream())
        there = [_moved(a) if _is_whole(a) else a for a in arguments]  # kept until the kernel is launched
        native(*map(device_arrays.describe, there))

    if hasattr(native, "prepare"):  # an optimizer's update
        run.prepare = _preparing(native)  # type: ignore[attr-defined]
    return run


def _preparing(native: Any) -> Callable:
    """Return ``native.prepare`` for CuPy's arrays; what it prepares runs on the stream that is current then."""
    module = _module(CUDA)

    def prepare(*arrays: Any) -> Callable[..., None]:
        update = native.prepare(*map(device_arrays.describe, arrays))

        def run(*numbers: float) -> None:
            module.set_stream(device_arrays.stream())
            update(*numbers)

        return run

    return prepare


def native(op: str) -> Callable:
    """Return the compiled function of an op's top rung on the device in use, which takes arrays in the kernel's layout."""
    name = kernels.device_in_use()
    if name not in MODULES:
        return kernels.native(op)
    function = _rungs(name, op)[-1][3]
    return _on_stream(function) if name == CUDA else function


def new_recorder() -> Any:
    """Return what writes down the calls of the kernels in use."""
    name = kernels.device_in_use()
    return _module(name).Recorder() if name in MODULES else kernels.new_recorder()


def as_graph(launches: Callable[[], None]) -> Callable[[], None]:
    """Return a function that does what `launches` does: on a CUDA device, by one CUDA graph of its launches."""
    name = kernels.device_in_use()
    if name not in MODULES:
        return launches
    module = _module(name)
    graph = module.Graph(launches)
    if name == EMULATED:
        return graph.launch

    def launch() -> None:
        module.set_stream(device_arrays.stream())
        graph.launch()

    return launch


def _is_whole(array: Any) -> bool:
    """Tell whether this is a NumPy array of integers. Labels and indices stay on the host until a kernel wants them: there
    they are checked without waiting for the GPU."""
    return isinstance(array, np.ndarray) and array.dtype.kind in "iub"


def _moved(array: Any) -> Any:
    return device_arrays.to_device(array) if isinstance(array, np.ndarray) else array


def _reference(op: Any) -> Callable:
    """Return the reference on CuPy's arrays: NumPy's functions hand them on to CuPy's. What CuPy cannot do runs on the host."""

    def run(*arrays: Any, **attrs: Any) -> Any:
        if arrays and all(map(_is_whole, arrays)):
            with kernels.allocating(np.empty):
                return op.reference(*arrays, **attrs)
        try:
            return op.reference(*map(_moved, arrays), **attrs)
        except (
            TypeError,
            AttributeError,
            NotImplementedError,
        ):  # no such function, or it makes an array of NumPy's
            if getattr(op, "in_place", False):
                raise
            with kernels.allocating(np.empty):
                result = op.reference(*map(device_arrays.to_host, arrays), **attrs)
            return tuple(map(_moved, result)) if isinstance(result, tuple) else _moved(result)

    return run


def move(array: Any, name: str) -> Any:
    """Return an array as the device `name` wants it."""
    if canonical(name) != CUDA:
        return device_arrays.to_host(array)
    reason = problem(CUDA)
    if reason is not None:
        raise DeviceError(f"cannot move to '{name}': {reason}")
    return device_arrays.to_device(array)


def move_variables(variables: Iterable[Variable], name: str) -> None:
    """Give variables arrays as the device `name` wants them; compiled steps, which know where they lay, record anew."""
    for variable in variables:
        variable.array = move(variable.array, name)
        variable.changed()
    structure[0] += 1
