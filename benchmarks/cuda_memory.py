"""Cases of benchmarks/cuda.py that wait for memory: against a copy of as many bytes, measured beside them, and against PyTorch."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

EPSILON = 1e-5
RELU = 1  # the code of an activation


class Work(NamedTuple):
    """One call of a kernel, which gets inputs, outputs and options in this order."""

    inputs: tuple
    outputs: list  # in float64
    library: Callable
    moved: float  # how often as many bytes as the matrix has are read or written
    options: tuple = ()


def softmax(name: str, x: Any) -> Work:
    import torch

    call = getattr(torch, name)
    return Work((x,), [call(x.double(), 1)], lambda: call(x, 1), 2)


def labels_of(x: Any) -> Any:
    """Classes that have nothing to do with the logits."""
    return x[:, 0].argsort() % x.shape[1]


def cross_entropy(x: Any) -> Work:
    from torch.nn.functional import cross_entropy as library

    labels = labels_of(x)
    want = library(x.double(), labels, reduction="none")
    return Work((x, labels), [want], lambda: library(x, labels, reduction="none"), 1)


def cross_entropy_gradient(x: Any) -> Work:
    import torch
    from torch.nn.functional import cross_entropy as library

    labels, dloss = labels_of(x), x[:, 0].flip(0).contiguous()
    wide, own = x.double().requires_grad_(), x.clone().requires_grad_()
    (want,) = torch.autograd.grad(library(wide, labels, reduction="none"), wide, dloss.double())
    through = library(own, labels, reduction="none")
    return Work(
        (x, labels, dloss), [want], lambda: torch.autograd.grad(through, own, dloss, retain_graph=True), 2
    )


def lookup(x: Any) -> Work:
    """As many rows as the table has, in any order."""
    from torch.nn.functional import embedding

    rows = x[:, 0].argsort()
    return Work((x, rows), [x[rows]], lambda: embedding(rows, x), 2)


def pool(name: str, x: Any) -> Work:
    """Windows of 2 x 2 that do not overlap, over [n, h, w, c]: a quarter is written."""
    import torch

    call, channels_first = getattr(torch.nn.functional, name), x.permute(0, 3, 1, 2)
    want = call(channels_first.double(), 2).permute(0, 2, 3, 1)
    winners = [torch.empty(want.shape, dtype=torch.int32, device=x.device)] if name == "max_pool2d" else []
    moved = 1.5 if winners else 1.25
    return Work((x,), [want], lambda: call(channels_first, 2), moved, (*winners, 2, 2, 2, 2, 0, 0))


def sums(x: Any) -> Work:
    return Work((x,), [x.double().sum(1)], lambda: x.sum(1), 1)


def bias_activation(x: Any) -> Work:
    import torch

    b = x[0] * 0.5
    return Work((x, b), [torch.relu(x.double() + b)], lambda: torch.relu(x + b), 2, (RELU,))


def bias_activation_gradient(x: Any) -> Work:
    import torch

    y, dy = torch.relu(x), x.flip(0)

    def library() -> Any:
        dx = torch.where(y > 0, dy, 0)
        return dx, dx.sum(0)

    dx = torch.where(y > 0, dy, 0)
    return Work((y, dy), [dx, dx.double().sum(0)], library, 3, (RELU,))


def norm(kind: str, wants_gradient: bool, x: Any) -> Work:
    """A layer, RMS or batch norm, or its gradient."""
    import torch
    from torch.nn import functional

    n, axis = x.shape[1], 0 if kind == "batch" else 1
    weights = [x[0] * 0.5 + 1, *([] if kind == "rms" else [x[1] * 0.5])]
    call = {
        "layer": lambda x, *w: functional.layer_norm(x, (n,), *w, eps=EPSILON),
        "rms": lambda x, *w: functional.rms_norm(x, (n,), *w, eps=EPSILON),
        "batch": lambda x, *w: functional.batch_norm(x, None, None, *w, training=True, eps=EPSILON),
    }[kind]
    wide = [a.double().requires_grad_() for a in (x, *weights)]
    y = call(*wide)
    if kind == "rms":
        statistics = [wide[0].detach().square().mean(axis)]
    else:
        statistics = [wide[0].detach().mean(axis), wide[0].detach().var(axis, correction=0)]
    if not wants_gradient:
        return Work((x, *weights), [y.detach(), *statistics], lambda: call(x, *weights), 2, (EPSILON,))
    dy = x.flip(0)
    own = [a.clone().requires_grad_() for a in (x, *weights)]
    through = call(*own)
    return Work(
        (x, weights[0], *(s.float() for s in statistics), dy),
        list(torch.autograd.grad(y, wide, dy.double())),
        lambda: torch.autograd.grad(through, own, dy, retain_graph=True),
        3,
        (EPSILON,),
    )


CASES: dict[str, Callable[[Any], Work]] = {
    "softmax": functools.partial(softmax, "softmax"),
    "log_softmax": functools.partial(softmax, "log_softmax"),
    "sparse_softmax_cross_entropy": cross_entropy,
    "sparse_softmax_cross_entropy_gradient": cross_entropy_gradient,
    "take": lookup,
    "max_pool2d": functools.partial(pool, "max_pool2d"),
    "average_pool2d": functools.partial(pool, "avg_pool2d"),
    "sum": sums,
    "bias_activation": bias_activation,
    "bias_activation_gradient": bias_activation_gradient,
    **{
        f"{kind}_norm{end}": functools.partial(norm, kind, bool(end))
        for kind in ("layer", "rms", "batch")
        for end in ("", "_gradient")
    },
}


def case(op: str, draw: Callable, *shape: int) -> tuple:
    """Return (op, title, args, want, libraries, bytes, unit) for a matrix; a sum has three axes, pooling four."""
    import torch

    x = draw(*shape)
    work = CASES[op](x)
    results = [torch.empty(w.shape, device=x.device) for w in work.outputs]
    want = {len(work.inputs) + i: w.float() for i, w in enumerate(work.outputs)}
    bytes_moved = 4.0 * work.moved * x.numel()
    libraries = {"copy": copy(bytes_moved, draw), "PyTorch": work.library}
    args = (*work.inputs, *results, *work.options)
    return op, " x ".join(map(str, shape)), args, want, libraries, bytes_moved, "TB/s"


def copy(bytes_moved: float, draw: Callable) -> Callable:
    """Return a call that reads and writes so many bytes."""
    source = draw(int(bytes_moved / 8))
    target = source.clone()
    return lambda: target.copy_(source)
