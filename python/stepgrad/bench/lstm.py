"""Recurrent networks of other shapes than the training step's: our kernels against PyTorch's with denormals flushed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from stepgrad.bench.libraries import STEPGRAD

TOLERANCE = 2e-4
PASSES = ("forward", "forward and backward")


class Lstm(NamedTuple):
    """An LSTM that returns every output."""

    steps: int
    batch: int
    features: int
    units: int

    @property
    def title(self) -> str:
        return f"{self.steps} steps, batch {self.batch}, {self.features} to {self.units} units"


LSTMS = {shape.title: shape for shape in (Lstm(100, 32, 64, 256), Lstm(200, 32, 96, 64))}


def _arrays(shape: Lstm) -> tuple[np.ndarray, list[np.ndarray], np.ndarray]:
    """Return x, [kernel, recurrent kernel, bias] in Keras's layout, and the gradient of the output."""
    rng = np.random.default_rng(0)

    def normal(*sizes):
        return rng.standard_normal(sizes, np.float32)

    weights = [normal(n, 4 * shape.units) / np.float32(np.sqrt(n)) for n in (shape.features, shape.units)]
    x = normal(shape.batch, shape.steps, shape.features)
    return x, [*weights, normal(4 * shape.units)], normal(shape.batch, shape.steps, shape.units)


def expected(title: str, which: str) -> tuple[np.ndarray, ...]:
    """Return output and gradients in float64, on the NumPy reference."""
    from stepgrad import kernels

    with kernels.use(kernels.REFERENCE):
        return _stepgrad(LSTMS[title], which, np.float64)[1]


def load(library: str, title: str, which: str) -> tuple[Callable[[], Any], tuple[np.ndarray, ...]]:
    """Return (a call without arguments, what it computed: the output, and the gradients of input and weights)."""
    return (_stepgrad if library == STEPGRAD.name else _torch)(LSTMS[title], which)


def _stepgrad(shape: Lstm, which: str, dtype: type = np.float32):
    import stepgrad

    x, weights, gy = _arrays(shape)
    backward = which != "forward"
    tensors = [stepgrad.Tensor(a.astype(dtype), requires_grad=backward) for a in (x, *weights)]
    start, seed = stepgrad.ops.zeros((shape.batch, shape.units), dtype), stepgrad.Tensor(gy.astype(dtype))
    run = _step(lambda: stepgrad.ops.lstm_sequence(*tensors, start, start)[0], tensors, seed, backward)
    y = run()
    return run, tuple(t.numpy() for t in (y, *(t.grad for t in tensors if backward)))


def _torch(shape: Lstm, which: str):
    """PyTorch keeps weights transposed, and adds two biases: the second one is zero and not trained."""
    import torch

    x, weights, gy = _arrays(shape)
    backward = which != "forward"
    net = torch.nn.LSTM(shape.features, shape.units, batch_first=True)
    kernel, recurrent, bias = (torch.from_numpy(np.ascontiguousarray(a.T)) for a in weights)
    net.load_state_dict(
        {"weight_ih_l0": kernel, "weight_hh_l0": recurrent, "bias_ih_l0": bias, "bias_hh_l0": bias * 0}
    )
    net.requires_grad_(backward)
    net.bias_hh_l0.requires_grad_(False)
    inputs = torch.from_numpy(x).requires_grad_(backward)
    trained = [inputs, net.weight_ih_l0, net.weight_hh_l0, net.bias_ih_l0]
    run = flushed(_step(lambda: net(inputs)[0], trained, torch.from_numpy(gy), backward))
    y = run().detach()
    return run, (
        y.numpy(),
        *(t.grad.numpy().T if t.ndim < 3 else t.grad.numpy() for t in trained if backward),
    )


def _step(forward: Callable, tensors: list, seed: Any, backward: bool) -> Callable[[], Any]:
    def step():
        for t in tensors:
            t.grad = None
        y = forward()
        if backward:
            y.backward(seed)
        return y

    return step


def flushed(step: Callable[[], Any]) -> Callable[[], Any]:
    """Let PyTorch treat denormals as zeros during a step, as our recurrent kernels do: its LSTM is several times faster so."""
    import torch

    def run():
        torch.set_flush_denormal(True)
        try:
            return step()
        finally:
            torch.set_flush_denormal(False)

    return run
