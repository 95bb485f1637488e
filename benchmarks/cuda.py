"""Every rung of the CUDA ladders against the libraries, on a machine with a GPU: ``python benchmarks/cuda.py [--quick]``.

Results are checked against float64 first, on random numbers (zeros run faster: the chip clocks higher). Contestants take
turns, each call is timed by CUDA events, and the median counts. PyTorch brings arrays, events, cuBLAS, cuDNN and
FlashAttention; CuPy competes where it is installed. Writes cuda.json, cuda.md and cuda.png into benchmarks/results;
without a GPU the table says "not measured".
"""

from __future__ import annotations

import argparse
import functools
import importlib
import json
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import cuda_layers
import cuda_memory
import cuda_sequences
import cuda_steps
import numpy as np

RESULTS = Path(__file__).parent / "results"
ROUNDS, QUICK_ROUNDS, WARM_UP = 25, 5, 3
# Norm of the error over the norm of the result: sums of float32; factors of 10 and of 7 bits of fraction.
TOLERANCE = {"float32": 2e-5, "tf32": 2e-3, "bf16": 2e-2}


class Device(NamedTuple):
    """Where the kernels run: the module that has them, PyTorch's name of the place, and how a call is timed."""

    module: Any
    torch_name: str
    seconds: Callable[[Callable], float]


class Case(NamedTuple):
    """One call: the kernel's arguments, which of them are results, their values in float64, other libraries' calls."""

    op: str
    title: str
    args: tuple
    want: dict[int, Any]  # position among args -> expected
    libraries: dict[str, Callable]  # the first one is what the share is told of
    work: float  # FLOPs, or bytes where memory is the limit
    unit: str = "TFLOP/s"
    start: dict[int, Any] = {}  # what is updated in place -> its values before the call


class Row(NamedTuple):
    """One contestant of one case, as it is written down."""

    op: str
    title: str
    contestant: str
    precision: str
    error: float | None
    seconds: float | None  # None: wrong, or not timed
    rate: float | None
    unit: str
    share: float | None  # of the rate of the first library with the same precision


# ---- the device ------------------------------------------------------------------------------------------------------


def find_gpu() -> Device | str:
    """Return the GPU, or why there is none."""
    try:
        import torch
    except ImportError:
        return "PyTorch is not installed: it brings the libraries to compare with"
    if not torch.cuda.is_available():
        return "no GPU, or no driver for it"
    try:
        module = importlib.import_module("stepgrad._cuda")
    except ImportError:
        return "stepgrad._cuda was not compiled: install stepgrad where nvcc is"

    def seconds(call: Callable) -> float:
        begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        begin.record()
        call()
        end.record()
        end.synchronize()
        return begin.elapsed_time(end) / 1e3

    module.set_stream(torch.cuda.current_stream().cuda_stream)
    return Device(module, "cuda", seconds)


class _Description:
    """What NumPy reads to make an array around an address. The bindings check it; nothing reads through it."""

    def __init__(self, tensor: Any):
        self.__array_interface__ = {
            "shape": tuple(tensor.shape),
            "typestr": {"torch.int64": "<i8", "torch.int32": "<i4"}.get(str(tensor.dtype), "<f4"),
            "data": (tensor.data_ptr(), False),
            "strides": tuple(tensor.element_size() * step for step in tensor.stride()),
            "version": 3,
        }


def described(argument: Any) -> Any:
    """Return a tensor as the bindings want it; other arguments as they are."""
    if not hasattr(argument, "data_ptr"):
        return argument
    return (
        np.asarray(_Description(argument)) if argument.numel() else np.empty(tuple(argument.shape), "float32")
    )


# ---- the cases -------------------------------------------------------------------------------------------------------


def cases(device: Device, sizes: dict[str, list[tuple[int, ...]]]) -> Iterator[Case]:
    """Yield the cases, one at a time: their arrays fill the GPU's memory."""
    for op, make in (
        ("matmul", matmul), ("attention", attention), ("lstm_sequence", lstm), ("conv2d", convolution), ("adam_update", adam),
        *((op, functools.partial(memory, op)) for op in cuda_memory.CASES),
    ):  # fmt: skip
        for size in sizes.get(op, []):
            yield from make(device, *size)


TALL, WIDE = (65536, 64), (8192, 4096)  # the pixels of a convolution; the words of a language model
SIZES: dict[str, list[tuple[int, ...]]] = {
    **{op: [TALL, WIDE] for op in cuda_memory.CASES},
    **{op: [(65536, 1024), (8192, 32768)] for op in cuda_memory.CASES if "softmax" in op},
    **{op: [(64, 112, 112, 64)] for op in ("max_pool2d", "average_pool2d")},
    "sum": [(65536, 1024, 1), (256, 65536, 1), (1, 16384, 4096)],
    "matmul": [(1024, 1024, 1024), (4096, 4096, 4096), (8192, 8192, 8192), (4093, 4099, 4091)],
    "attention": [(4, 2048, 16, 64), (2, 4096, 16, 128)],
    "lstm_sequence": [(64, 128, 256, 256)],
    "conv2d": [(64, 56, 64, 64), (32, 28, 256, 256), (32, 32, 3, 64)],
    "adam_update": [(1 << 20,), (124_000_000,)],
}
QUICK_SIZES = {
    "matmul": SIZES["matmul"][:2],
    **{op: SIZES[op][-1:] for op in cuda_memory.CASES},
    "attention": SIZES["attention"][:1],
    "conv2d": SIZES["conv2d"][:1],
    "adam_update": SIZES["adam_update"][:1],
}


def _draw(device: Device, *shape: int, scale: float = 1.0) -> Any:
    import torch

    return torch.randn(shape, device=device.torch_name) * scale


def _none(device: Device, rank: int) -> Any:
    import torch

    return torch.empty((0,) * rank, device=device.torch_name)


def matmul(device: Device, m: int, n: int, k: int) -> Iterator[Case]:
    """C = A B in float32, tf32 and bfloat16; the libraries' bf16 calls get bf16 arrays, our rungs round them themselves."""
    import torch

    a, b = _draw(device, 1, m, k), _draw(device, 1, k, n)
    a16, b16 = a.bfloat16(), b.bfloat16()

    def library(allow_tf32: bool) -> Any:
        torch.backends.cuda.matmul.allow_tf32 = allow_tf32
        return torch.matmul(a, b)

    libraries: dict[str, Callable] = {
        "cuBLAS (PyTorch)": lambda: library(False),
        "cuBLAS tf32 (PyTorch)": lambda: library(True),
        "cuBLAS bf16 (PyTorch)": lambda: torch.matmul(a16, b16),
    }
    cupy = _cupy(device)
    if cupy:
        left, right = cupy.from_dlpack(a[0]), cupy.from_dlpack(b[0])
        libraries["CuPy"] = lambda: left @ right
    want = (a.double() @ b.double()).float()
    yield Case("matmul", f"{m} x {n} x {k}", (a, b, torch.empty_like(want), False, False), {2: want}, libraries,
               2.0 * m * n * k)  # fmt: skip


def memory(op: str, device: Device, *shape: int) -> Iterator[Case]:
    """An op that waits for memory, so bytes count."""
    yield Case(*cuda_memory.case(op, functools.partial(_draw, device), *shape))


def attention(device: Device, *size: int) -> Iterator[Case]:
    """Causal attention, forward and backward, against PyTorch's fused kernels."""
    draw, none = functools.partial(_draw, device), functools.partial(_none, device)
    for case in cuda_sequences.attention(*size, draw, none):
        yield Case(*case)


def lstm(device: Device, *size: int) -> Iterator[Case]:
    """A whole sequence, forward, against cuDNN."""
    yield Case(
        *cuda_sequences.lstm(*size, functools.partial(_draw, device), functools.partial(_none, device))
    )


def convolution(device: Device, n: int, side: int, channels: int, filters: int) -> Iterator[Case]:
    """A convolution and its two gradients against cuDNN."""
    for case in cuda_layers.convolution(n, side, channels, filters, functools.partial(_draw, device)):
        yield Case(*case)


def adam(device: Device, n: int) -> Iterator[Case]:
    """A step of Adam: limited by memory."""
    *case, start = cuda_layers.adam(n, functools.partial(_draw, device), _none(device, 1))
    yield Case(*case, "TB/s", start)


def _cupy(device: Device) -> Any:
    if device.torch_name != "cuda":
        return None
    try:
        return importlib.import_module("cupy")
    except ImportError:
        return None


# ---- the race --------------------------------------------------------------------------------------------------------


def precision_of(name: str) -> str:
    return next((p for p in ("tf32", "bf16") if p in name), "float32")


def error_of(got: Any, want: Any) -> float:
    """Return |got - want| / |want|; NaN where anything is NaN, which no tolerance lets through."""
    return float((got.double() - want.double()).norm() / want.double().norm())


def race(device: Device, case: Case, rounds: int) -> list[Row]:
    """Check every contestant of a case, then time those that are right, in turns."""
    import torch

    arguments = tuple(described(a) for a in case.args)
    calls: dict[str, Callable] = dict(case.libraries)
    errors: dict[str, float | None] = dict.fromkeys(calls)
    for op, rung, _, _, function, *_ in device.module.rungs():
        if op != case.op:
            continue
        for position in case.want:
            case.args[position].copy_(case.start.get(position, torch.tensor(float("nan"))))
        device.seconds(lambda function=function: function(*arguments))
        # max, with a NaN first: it stays
        error = max(
            (error_of(case.args[i], want) for i, want in case.want.items()), key=lambda e: (e != e, e)
        )
        errors[rung] = error
        if error <= TOLERANCE[precision_of(rung)]:
            calls[rung] = lambda function=function: function(*arguments)
    samples: dict[str, list[float]] = {name: [] for name in calls}
    for turn in range(WARM_UP + rounds):
        for name, call in calls.items():
            seconds = device.seconds(call)
            if turn >= WARM_UP:
                samples[name].append(seconds)
    median = {name: statistics.median(times) for name, times in samples.items()}
    scale = 1e12
    rows = []
    for name, error in errors.items():
        seconds = median.get(name)
        rival = next(
            (median[other] for other in case.libraries if precision_of(other) == precision_of(name)), None
        )
        share = rival / seconds if rival and seconds else None
        rate = case.work / seconds / scale if seconds else None
        rows.append(
            Row(case.op, case.title, name, precision_of(name), error, seconds, rate, case.unit, share)
        )
    return rows


# ---- what is written -------------------------------------------------------------------------------------------------


def markdown(rows: list[Row], about: str) -> str:
    lines = ["# CUDA: every rung against the libraries", "", about, ""]
    if not rows:
        return "\n".join(lines)
    lines += [
        "| op | case | contestant | time, ms | rate | of the library | error |", "| --- | --- | --- | ---: | ---: | ---: | ---: |"
    ]  # fmt: skip
    for r in rows:
        time_ms = "WRONG" if r.seconds is None else f"{r.seconds * 1e3:.3f}"
        rate = "" if r.rate is None else f"{r.rate:.2f} {r.unit}"
        share = "" if r.share is None else f"{r.share:.0%}"
        error = "" if r.error is None else f"{r.error:.1e}"
        lines.append(f"| {r.op} | {r.title} | {r.contestant} | {time_ms} | {rate} | {share} | {error} |")
    return "\n".join(lines) + "\n"


def plot(rows: list[Row], path: Path) -> None:
    """Draw a panel a case: a bar for each contestant, as long as its rate."""
    from matplotlib.figure import Figure

    panels: dict[tuple[str, str], list[Row]] = {}
    for r in rows:
        if r.rate is not None:
            panels.setdefault((r.op, r.title), []).append(r)
    figure = Figure(figsize=(9, 3 * len(panels)), layout="constrained")
    for axes, ((op, title), bars) in zip(
        figure.subplots(len(panels), 1, squeeze=False).flat, panels.items(), strict=True
    ):
        colors = ["#8a8f98" if r.error is None else "#2a7f62" for r in bars]
        drawn = axes.barh([r.contestant for r in bars], [r.rate for r in bars], color=colors)
        axes.bar_label(drawn, [f"{r.rate:.2f}" for r in bars], padding=3, fontsize=8)
        axes.set_title(f"{op}: {title} ({bars[0].unit})", fontsize=9, loc="left")
        axes.margins(x=0.12)
    figure.savefig(path, dpi=110)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="few sizes, few rounds")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the results")
    options = parser.parse_args(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    device = find_gpu()
    rows: list[Row] = []
    trained: list[cuda_steps.Step] = []
    date = time.strftime("%Y-%m-%d")
    if isinstance(device, str):
        about = f"Not measured: {device} ({date})."
    else:
        import torch

        about = f"{torch.cuda.get_device_name()}, PyTorch {torch.__version__}, CUDA {torch.version.cuda}, {date}. Medians."
        for case in cases(device, QUICK_SIZES if options.quick else SIZES):
            rows += race(device, case, QUICK_ROUNDS if options.quick else ROUNDS)
            print(f"{case.op} {case.title}", flush=True)
        of = cuda_steps.NETS[:2] if options.quick else cuda_steps.NETS
        trained = cuda_steps.race(device, "cuda", of, QUICK_ROUNDS if options.quick else ROUNDS)
    text = "\n".join([markdown(rows, about), cuda_steps.table(trained), cuda_steps.goals(rows, trained)])
    (options.out / "cuda.json").write_text(
        json.dumps(
            {"about": about, "rows": [r._asdict() for r in rows], "steps": [s._asdict() for s in trained]},
            indent=1,
        )
    )
    (options.out / "cuda.md").write_text(text)
    if rows:
        plot(rows, options.out / "cuda.png")
    print(text)
    return int(any(r.error is not None and r.seconds is None for r in rows))  # a wrong rung fails the run


if __name__ == "__main__":
    raise SystemExit(main())
