"""Cases: for any op of the kernel table, inputs to call it with, and how much work one call is."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from stepgrad import kernels, optimizers
from stepgrad.bench.fused import INPUTS
from stepgrad.bench.verify import TOLERANCE
from stepgrad.errors import KernelError
from stepgrad.ops.elementwise.unary_gradient import UnaryGradient
from stepgrad.ops.linalg.bfloat16 import nearest
from stepgrad.ops.loss.softmax import AlongAxis
from stepgrad.ops.op import Binary, Unary, registry
from stepgrad.ops.reduction.reduction import Reduction
from stepgrad.optimizers.update import Update

ENTRIES = 1 << 18  # a megabyte of float32
ROWS, SIDE = 1024, 16  # rows of a matrix; height and width of an image
BATCH, CHANNELS, FILTERS = 32, 32, 64


@dataclass
class Case:
    """One call of an op's kernels.

    Attributes
    ----------
    op, label : str
        Its name in the kernel table, and the sizes for people.
    arrays, attrs
        What every rung is called with. Optimizer updates and dropout's mask write into their arrays.
    flops : float
        Multiplications and additions of one call; 0 for an op that is bound by memory.
    tolerance : float
        How far from float64 a rung may end.
    """

    op: str
    label: str
    arrays: tuple[np.ndarray, ...]
    attrs: dict[str, Any] = field(default_factory=dict)
    flops: float = 0.0
    tolerance: float = TOLERANCE

    @property
    def in_place(self) -> bool:
        return self.op == "dropout_mask" or self.op in _updates()

    def results(self, function: Any, dtype: type = np.float32) -> tuple[np.ndarray, ...]:
        """Call one rung on fresh copies of the arrays, in a dtype, and return all that it wrote."""
        arrays = [a.astype(dtype) if a.dtype.kind == "f" else a.copy() for a in self.arrays]
        out = function(*arrays, **self.attrs)
        if self.in_place:
            return tuple(arrays)
        return tuple(out) if isinstance(out, tuple) else (out,)

    def expected(self) -> tuple[np.ndarray, ...]:
        """Return what the reference computes in float64."""
        return self.results(kernels.rungs(self.op)[0].function, np.float64)

    def work(self, outputs: tuple[np.ndarray, ...]) -> tuple[float, str]:
        """Return (work of one call, unit): FLOPs, or bytes with every array read or written once."""
        return (self.flops, "GFLOP/s") if self.flops else (self.moved(outputs), "GB/s")

    def moved(self, outputs: tuple[np.ndarray, ...]) -> float:
        """Return the bytes of one call with every array read or written once."""
        arrays = sum(a.nbytes for a in self.arrays)
        if self.op in _updates():  # all but the gradient are read and written
            return 2.0 * arrays - self.arrays[1].nbytes
        if self.in_place:
            return float(arrays)
        return float(arrays + sum(o.size * (4 if o.dtype.kind == "f" else o.itemsize) for o in outputs))


def case(op: str, size: int | None = None, seed: int = 0) -> Case:
    """Return a case for an op.

    Parameters
    ----------
    op : str
        Any op of the kernel table that has native rungs.
    size : int, optional
        matmul and dense: N; convolution and pooling: height and width; attention and recurrent networks: steps; along an axis:
        length of a row; otherwise entries.
    seed : int

    Examples
    --------
    >>> case("matmul", 64).label
    '64 x 64 x 64'
    """
    kernels.rungs(op)  # an unknown op is explained there
    rng = np.random.default_rng(seed)
    if op in INPUTS:
        of = Case(op, *INPUTS[op](op, size, rng))
        if op.startswith("attention_bf16"):
            of.tolerance = 5e-2  # the weights are rounded to 8 bits, in float32 only
        return of
    if op in _SPECIAL:
        return _SPECIAL[op](op, size, rng)
    if op in _updates():
        return _update(op, size or ENTRIES, rng)
    rule = registry[op]
    for family, make in _FAMILIES.items():
        if isinstance(rule, family):
            return make(op, size, rng)
    raise KernelError(f"no benchmark has inputs for '{op}'", fix="add a case to stepgrad/bench/cases.py")


def ladders() -> list[str]:
    """Return the ops that have more than their reference, in the order of the alphabet."""
    _updates()
    return [row["op"] for row in kernels.table() if len(kernels.rungs(row["op"])) > 1]


def _updates() -> dict[str, Update]:
    rules = (
        getattr(optimizers, name).update
        for name in optimizers.__all__
        if hasattr(getattr(optimizers, name), "update")
    )
    return {rule.name: rule for rule in rules if isinstance(rule, Update)}


def _normal(rng, *shape):
    return rng.standard_normal(shape, np.float32)


def _flat(op, size, rng, inputs=1):
    size = size or ENTRIES
    arrays = [_normal(rng, size) for _ in range(inputs)]
    if op in ("log", "log2", "log10", "log1p", "sqrt", "rsqrt", "reciprocal"):
        arrays[0] = np.abs(arrays[0]) + np.float32(0.1)
    if op.endswith("_gradient"):  # some are computed from the output, which lies between -1 and 1
        arrays[0] = np.tanh(arrays[0])
    if op == "divide":
        arrays[1] = np.abs(arrays[1]) + np.float32(0.5)
    return Case(op, f"{size:,} entries", tuple(arrays))


def _reduction(op, size, rng):
    x = _normal(rng, ROWS, size or ROWS)
    if op == "prod":  # stay away from overflow
        x = 1 + x / 100
    return Case(op, f"rows of {ROWS} x {x.shape[1]}", (x,), {"axis": -1})


def _along_axis(op, size, rng):
    x = _normal(rng, ROWS, size or ROWS)
    arrays = (x, _normal(rng, *x.shape)) if op.endswith("_gradient") else (x,)
    if op == "softmax_gradient":
        x[:] = np.abs(x) / np.abs(x).sum(-1, keepdims=True)
    elif op == "log_softmax_gradient":
        x[:] = -np.abs(x) - 1
    return Case(op, f"{ROWS} x {x.shape[1]}", arrays)


def _matmul(op, size, rng):
    n = size or 512
    return Case(op, f"{n} x {n} x {n}", (_normal(rng, n, n), _normal(rng, n, n)), flops=2.0 * n**3)


def _bf16(op, size, rng):
    case = (_matmul if op == "matmul_bf16" else _flat)(op, size, rng)
    case.arrays = tuple(nearest(x) for x in case.arrays)  # float64, which is compared with, rounds nothing
    return case


def _convolution(op, size, rng):
    side = size or SIDE
    images, gradient = _normal(rng, BATCH, side, side, CHANNELS), _normal(rng, BATCH, side, side, FILTERS)
    weights = _normal(rng, 3, 3, CHANNELS, FILTERS)
    sizes, padding = (side, side), ((1, 1), (1, 1))
    arrays, attrs = {
        "conv2d": ((images, weights), {"padding": padding}),
        "conv2d_input_gradient": ((gradient, weights), {"padding": padding, "input_size": sizes}),
        "conv2d_weight_gradient": ((images, gradient), {"padding": padding, "kernel_size": (3, 3)}),
    }[op]
    label = f"{BATCH} images {side} x {side}, {CHANNELS} to {FILTERS} channels, 3 x 3"
    return Case(op, label, arrays, attrs, flops=2.0 * gradient.size * 9 * CHANNELS)


def _pool(op, size, rng):
    side = 2 * math.ceil((size or 2 * SIDE) / 2)
    images = _normal(rng, BATCH, side, side, CHANNELS)
    label = f"{BATCH} images {side} x {side}, {CHANNELS} channels, 2 x 2"
    if not op.endswith("_gradient"):
        return Case(op, label, (images,))
    gradient = _normal(rng, BATCH, side // 2, side // 2, CHANNELS)
    arrays = [gradient]
    if op.startswith("max"):
        arrays.append(registry["max_pool2d"].reference(images)[1])
    return Case(op, label, tuple(arrays), {"input_size": (side, side)})


def _cross_entropy(op, size, rng):
    rows, n = ROWS, size or ROWS
    logits, arrays = _normal(rng, rows, n), []
    if op.startswith("sparse"):
        arrays = [logits, rng.integers(0, n, rows)]
    else:
        labels = np.abs(_normal(rng, rows, n))
        arrays = [logits, labels / labels.sum(-1, keepdims=True)]
    if op.endswith("_gradient"):
        arrays.append(_normal(rng, rows))
    return Case(op, f"{rows} x {n}", tuple(arrays))


def _probability_cross_entropy(op, size, rng):
    probabilities = np.abs(_normal(rng, ROWS, size or ROWS)) + np.float32(0.1)
    arrays = [probabilities, rng.integers(0, probabilities.shape[1], ROWS)]
    if op.endswith("_gradient"):
        arrays.append(_normal(rng, ROWS))
    return Case(op, f"{ROWS} x {probabilities.shape[1]}", tuple(arrays), {"epsilon": 1e-7})


def _embedding_gradient(op, size, rng):
    words, width = size or 10_000, 32
    indices = rng.integers(0, words, 16_000)
    label = f"{len(indices):,} of {words:,} words, {width} wide"
    return Case(op, label, (indices, _normal(rng, len(indices), width)), {"rows": words})


def _statistics(op, size, rng):
    rows = size or 8 * ROWS
    return Case(op, f"{rows} x {FILTERS}", (_normal(rng, rows, FILTERS),))


def _normalization(op, size, rng):
    rows, n = size or 4 * ROWS, 256
    x, scale, offset = _normal(rng, rows, n), _normal(rng, n), _normal(rng, n)
    if op.startswith("rms"):
        arrays: tuple = (x, scale)
        if op.endswith("_gradient"):
            arrays = (x, scale, np.square(x).mean(1), _normal(rng, rows, n))
        return Case(op, f"{rows} x {n}", arrays, {"epsilon": 1e-3})
    arrays = (x, scale, offset)
    if op.endswith("_gradient"):
        axis = 1 if op.startswith("layer") else 0
        arrays = (x, scale, x.mean(axis), x.var(axis), _normal(rng, rows, n))
    return Case(op, f"{rows} x {n}", arrays, {"epsilon": 1e-3})


def _mask(op, size, rng):
    size = size or ENTRIES
    return Case(op, f"{size:,} entries", (np.zeros(size, np.float32),), {"key": (1, 2), "keep": 0.5})


def _update(op, size, rng):
    """What the kernel needs beside weights and gradient is read from the signature of its reference."""
    import inspect

    numbers = {
        "step_size": 1e-3, "learning_rate": 1e-3, "beta_1": 0.9, "beta_2": 0.999, "rho": 0.9, "momentum": 0.9,
        "epsilon": 1e-7, "nesterov": False, "weight_decay": 0.01, "beta": 0.0, "l1": 0.0, "l2": 0.0, "power": -0.5,
    }  # fmt: skip
    parameters = inspect.signature(_updates()[op].reference).parameters.values()
    slots = [p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD][2:]
    wanted = [p.name for p in parameters if p.kind is p.KEYWORD_ONLY]
    if not set(wanted) <= set(numbers):
        raise KernelError(
            f"no benchmark knows {sorted(set(wanted) - set(numbers))} of '{op}'", fix="add them to _update"
        )
    off = {"vhat", "mean_g"}  # in use only with amsgrad and centered
    kept = [np.empty(0, np.float32) if slot in off else np.abs(_normal(rng, size)) for slot in slots]
    arrays = (_normal(rng, size), _normal(rng, size), *kept)
    return Case(op, f"{size:,} weights", arrays, {name: numbers[name] for name in wanted})


_SPECIAL = {
    "matmul": _matmul,
    **dict.fromkeys(("matmul_bf16", "round_bf16"), _bf16),
    **dict.fromkeys(("conv2d", "conv2d_input_gradient", "conv2d_weight_gradient"), _convolution),
    **dict.fromkeys(
        (f"{kind}_pool2d{end}" for kind in ("max", "average") for end in ("", "_gradient")), _pool
    ),
    **dict.fromkeys(
        (f"{kind}softmax_cross_entropy{end}" for kind in ("", "sparse_") for end in ("", "_gradient")),
        _cross_entropy,
    ),
    "copy": _flat,
    "dropout_mask": _mask,
    **dict.fromkeys(
        (f"sparse_probability_cross_entropy{end}" for end in ("", "_gradient")), _probability_cross_entropy
    ),
    "embedding_gradient": _embedding_gradient,
    "batch_norm_statistics": _statistics,
    **dict.fromkeys(
        (f"{kind}_norm{end}" for kind in ("layer", "rms", "batch") for end in ("", "_gradient")),
        _normalization,
    ),
}
_FAMILIES = {
    UnaryGradient: lambda op, size, rng: _flat(op, size, rng, 2),
    Unary: _flat,
    Binary: lambda op, size, rng: _flat(op, size, rng, 2),
    Reduction: _reduction,
    AlongAxis: _along_axis,
}
