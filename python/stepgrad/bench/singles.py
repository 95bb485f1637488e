"""Single ops through the tape, forward and backward: what a call costs beside its arithmetic, and what the arithmetic costs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from stepgrad.bench.libraries import TORCH

TOLERANCE = 2e-4
CHAIN = 100


class Single(NamedTuple):
    """One op in two languages.

    Attributes
    ----------
    shapes : tuple
        Of the inputs, normal random numbers.
    stepgrad, torch : callable
        Called with the library's functions (stepgrad.ops or torch) and the inputs.
    ops : int
        How many ops one call is; the time of one is reported.
    backward : bool
    """

    shapes: tuple[tuple[int, ...], ...]
    stepgrad: Callable
    torch: Callable
    ops: int = 1
    backward: bool = True


def _same(function: Callable) -> tuple[Callable, Callable]:
    return function, function


def _chain(_, x):
    for _ in range(CHAIN):
        x = x * x
    return x


def _normalized(t, x, g, b):
    return t.nn.functional.layer_norm(x, x.shape[-1:], g, b)


def _pool(t, x):
    return t.nn.functional.max_pool2d(x.permute(0, 3, 1, 2), 2).permute(0, 2, 3, 1)


SINGLES = {
    "x + y, 3 entries, forward": Single(((3,), (3,)), *_same(lambda _, x, y: x + y), backward=False),
    "x * y, 3 entries": Single(((3,), (3,)), *_same(lambda _, x, y: x * y)),
    "x @ y, 3 x 3": Single(((3, 3), (3, 3)), *_same(lambda _, x, y: x @ y)),
    f"x * x, 3 entries, one of a chain of {CHAIN}": Single(((3,),), *_same(_chain), ops=CHAIN),
    "relu(x @ w + b), 32 x 1000 x 1000": Single(
        ((32, 1000), (1000, 1000), (1000,)), *_same(lambda t, x, w, b: t.relu(x @ w + b))
    ),
    "exp, 262,144 entries": Single(((1 << 18,),), *_same(lambda t, x: t.exp(x))),
    "tanh, 262,144 entries": Single(((1 << 18,),), *_same(lambda t, x: t.tanh(x))),
    "sigmoid, 262,144 entries": Single(((1 << 18,),), *_same(lambda t, x: t.sigmoid(x))),
    "gelu, 262,144 entries": Single(
        ((1 << 18,),), lambda t, x: t.gelu(x, approximate=False), lambda t, x: t.nn.functional.gelu(x)
    ),
    "x * y, 262,144 entries": Single(((1 << 18,), (1 << 18,)), *_same(lambda _, x, y: x * y)),
    "sum over rows, 1024 x 1024": Single(((1024, 1024),), *_same(lambda _, x: x.sum(-1))),
    "softmax, 1024 x 1024": Single(((1024, 1024),), *_same(lambda t, x: t.softmax(x, -1))),
    "layer normalization, 1024 x 128": Single(
        ((1024, 128), (128,), (128,)),
        lambda t, x, g, b: t.layer_normalization(x, g, b, epsilon=1e-5),
        _normalized,
    ),
    "max pooling 2 x 2, 32 x 30 x 30 x 32": Single(((32, 30, 30, 32),), lambda t, x: t.max_pool(x, 2), _pool),
}


def _inputs(name: str, dtype: type) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    arrays: list[np.ndarray] = [
        rng.standard_normal(shape, np.float32).astype(dtype) for shape in SINGLES[name].shapes
    ]
    if SINGLES[name].ops > 1:  # squared again and again: only 1 stays in range
        arrays = [np.ones_like(a) for a in arrays]
    return arrays


def expected(name: str) -> tuple[np.ndarray, ...]:
    """Return output and gradients in float64, on the NumPy reference of every op."""
    from stepgrad import kernels

    with kernels.use(kernels.REFERENCE):
        return _stepgrad(name, np.float64)[1]


def load(library: str, name: str) -> tuple[Callable[[], Any], tuple[np.ndarray, ...]]:
    """Return (a call without arguments, what it computed: the output and the gradients)."""
    return _torch(name) if library == TORCH.name else _stepgrad(name)


def _stepgrad(name: str, dtype: type = np.float32):
    import stepgrad

    single = SINGLES[name]
    tensors = [stepgrad.Tensor(a, requires_grad=single.backward) for a in _inputs(name, dtype)]
    return _run(single, single.stepgrad, stepgrad.ops, tensors, stepgrad.Tensor)


def _torch(name: str):
    import torch

    single = SINGLES[name]
    tensors = [torch.from_numpy(a).requires_grad_(single.backward) for a in _inputs(name, np.float32)]
    return _run(single, single.torch, torch, tensors, torch.from_numpy)


def _run(single, function, functions, tensors, tensor):
    y = function(functions, *tensors)
    seed = tensor(
        np.random.default_rng(1).standard_normal(tuple(y.shape)).astype(str(y.dtype).removeprefix("torch."))
    )

    def run():
        if not single.backward:
            return function(functions, *tensors)
        for t in tensors:
            t.grad = None
        y = function(functions, *tensors)
        y.backward(seed)
        return y

    y = run()
    y = y.detach() if single.backward else y
    results = (y, *(t.grad for t in tensors)) if single.backward else (y,)
    return run, tuple(np.array(r.numpy()) for r in results)
