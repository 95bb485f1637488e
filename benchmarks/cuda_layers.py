"""More cases of benchmarks/cuda.py: convolutions against cuDNN, Adam against a copy and PyTorch's fused one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from cuda_memory import copy

PADDING = 1


def convolution(n: int, side: int, channels: int, filters: int, draw: Callable) -> Iterator[tuple]:
    """Yield (op, title, args, want, libraries, work) of a 3 x 3 convolution, its input gradient and its filter gradient."""
    import torch
    from torch.nn.functional import conv2d
    from torch.nn.grad import conv2d_input, conv2d_weight

    def first(x: Any) -> Any:  # [n, h, w, c] as PyTorch counts its axes; the memory stays channels last
        return x.permute(0, 3, 1, 2)

    def last(x: Any) -> Any:
        return x.permute(0, 2, 3, 1).float().contiguous()

    def library(allow_tf32: bool, call: Callable) -> Callable:
        def run() -> Any:
            torch.backends.cudnn.allow_tf32 = allow_tf32
            return call(padding=PADDING)

        return run

    x, dy = draw(n, side, side, channels), draw(n, side, side, filters)
    w = draw(3, 3, channels, filters, scale=(9 * channels) ** -0.5)
    turned = w.permute(3, 2, 0, 1).contiguous(memory_format=torch.channels_last)
    image, gradient = first(x), first(dy)
    calls = {
        "conv2d": lambda x, w, dy, **words: conv2d(x, w, **words),
        "conv2d_input_gradient": lambda x, w, dy, **words: conv2d_input(x.shape, w, dy, **words),
        "conv2d_weight_gradient": lambda x, w, dy, **words: conv2d_weight(x, w.shape, dy, **words),
    }
    inputs = {"conv2d": (x, w), "conv2d_input_gradient": (dy, w), "conv2d_weight_gradient": (x, dy)}
    geometry = (1, 1, PADDING, PADDING, 1, 1, 1)
    title = f"{n} x {side} x {side} x {channels}, {filters} filters of 3 x 3"
    for op, call in calls.items():
        wide = call(image.double(), turned.double(), gradient.double(), padding=PADDING)
        want = wide.permute(2, 3, 1, 0).float().contiguous() if op.endswith("weight_gradient") else last(wide)

        def native(call: Callable = call, **words: Any) -> Any:
            return call(image, turned, gradient, **words)

        libraries = {
            "cuDNN (PyTorch)": library(False, native),
            "cuDNN tf32 (PyTorch)": library(True, native),
        }
        args = (*inputs[op], torch.empty_like(want), *geometry)
        yield op, title, args, {2: want}, libraries, 2.0 * n * side * side * 9 * channels * filters


def adam(n: int, draw: Callable, none: Any) -> tuple:
    """Return (op, title, args, want, libraries, work, start) of one step for n weights: 4 numbers read, 3 written for each."""
    import torch

    w, g, m = draw(n), draw(n), draw(n)
    v = draw(n).square()
    step_size, beta_1, beta_2, epsilon = 1e-3, 0.9, 0.999, 1e-7
    start = {0: w, 2: m, 3: v}
    new_m = beta_1 * m.double() + (1 - beta_1) * g.double()
    new_v = beta_2 * v.double() + (1 - beta_2) * g.double().square()
    new_w = w.double() - step_size * new_m / (new_v.sqrt() + epsilon)
    parameter = torch.nn.Parameter(w.clone())
    parameter.grad = g.clone()
    optimizer = torch.optim.Adam([parameter], step_size, eps=epsilon, fused=True)
    args = (w.clone(), g, m.clone(), v.clone(), none, step_size, beta_1, beta_2, epsilon)
    want = {0: new_w.float(), 2: new_m.float(), 3: new_v.float()}
    libraries = {"copy": copy(28.0 * n, draw), "PyTorch, fused": optimizer.step}
    return "adam_update", f"{n} weights", args, want, libraries, 28.0 * n, start
