"""One declaration an op, all the checks an op owes.

A family declares its ops in ``cases/<family>.py``::

    from ops.harness import Case, Input, normal, positive, integers
    from stepgrad import ops

    CASES = [
        Case(
            "matmul",                                      # the op of stepgrad.ops.registry; more: ("relu", "relu_gradient")
            ops.matmul,                                    # called as call(*inputs, **attrs)
            [Input((4, 3), normal), Input((3, 5))],        # shape, domain (normal by default), dtype (float by default)
            expected=lambda a, b: np.einsum("ij,jk->ik", a, b),  # independent, gets float64 (ints and bools as they are)
            shapes=[((1, 1), (1, 1)), ((0, 3), (3, 2)), ((17, 7), (7, 9))],  # the same with other shapes: zero, 1, prime
            large=((257, 129), (129, 65)),                 # big enough to be split over threads
            linear="each",                                 # True: linear in all inputs together; "each": bilinear
            errors=[(lambda: ops.matmul(x32(2, 3), x32(4, 5)), "3 != 4")],   # a bad call, a fragment of the message
        ),
    ]

Further fields: ``attrs`` (keyword arguments of the call), ``kink`` (arrays -> True where the first input is too near a point without a
derivative; a mask of its entries, or one bool), ``generic=True`` for elementwise ops (sizes, broadcasting, NaN/inf/-0 and the
usual error come for free), ``special=False``, ``batch`` (inputs whose axis 0 may be None in the shape rule), ``tolerance``
(dtype -> rtol, with its reason in ``why``), ``second_order=False`` (with ``why``), ``label`` (several cases of one op).
An op may have any number of cases. A case checks every op it names on every rung of its ladder.

The checks themselves are in ``checks.py``.

Run one family: ``pytest tests/ops -k reduction``; one op: ``-k "test_op and matmul"``.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from stepgrad import kernels
from stepgrad.ops.op import registry
from stepgrad.tape import wrap

SIZES = (
    0,
    1,
    7,
    8,
    9,
    13,
    15,
    16,
    17,
    31,
    33,
)  # none, one, primes, and around the widths of vector registers


# -- domains: (rng, shape) -> float64 array ---------------------------------------------------------------------------


def normal(rng, shape):
    """Standard normal."""
    return rng.normal(size=shape)


def uniform(low: float, high: float) -> Callable:
    """Uniform between two numbers."""
    return lambda rng, shape: rng.uniform(low, high, size=shape)


positive = uniform(0.3, 3.0)


def nonzero(rng, shape):
    """Both signs, at least 0.3 away from 0."""
    return rng.uniform(0.3, 3.0, size=shape) * rng.choice([-1.0, 1.0], size=shape)


def integers(low: int, high: int) -> Callable:
    """Whole numbers low <= n < high; give Input(dtype="int64") for an integer input."""
    return lambda rng, shape: rng.integers(low, high, size=shape)


def booleans(rng, shape):
    """True and False; give Input(dtype="bool")."""
    return rng.random(shape) < 0.5


def distinct(rng, shape):
    """All entries at least 0.1 apart, in random order: for max, sort and pooling."""
    n = int(np.prod(shape))
    return (rng.permutation(n) * 0.1 - n * 0.05 + rng.uniform(0, 0.01)).reshape(shape)


def x32(*shape):
    """A float32 array for error cases."""
    return np.ones(shape, np.float32)


# -- the declaration --------------------------------------------------------------------------------------------------


@dataclass
class Input:
    """One input: shape, domain, and a fixed dtype for those that are not floats. wrt=False: has no gradient by design."""

    shape: tuple = (3, 5)
    domain: Callable = normal
    dtype: str | None = None
    wrt: bool = True


@dataclass
class Case:
    """See the top of this file."""

    ops: Any
    call: Callable
    inputs: Sequence[Input] = field(default_factory=lambda: [Input()])
    attrs: dict = field(default_factory=dict)
    expected: Callable | None = None
    shapes: Sequence[tuple] = ()
    large: tuple | None = None
    kink: Callable | None = None
    linear: Any = False
    errors: Sequence[tuple] = ()
    generic: bool = False
    special: bool = True
    batch: tuple = (0,)
    tolerance: dict = field(default_factory=dict)
    second_order: bool = True
    why: str = ""
    label: str = ""
    family: str = ""

    def __post_init__(self):
        self.ops = (self.ops,) if isinstance(self.ops, str) else tuple(self.ops)
        if (self.tolerance or not self.second_order) and not self.why:
            raise ValueError(f"case {self.ops[0]}: say why the usual tolerance or second order does not hold")
        if self.generic:
            self.shapes = [*self.shapes, *_generic_shapes(len(self.inputs))]
            self.large = self.large or ((257, 1031),) * len(self.inputs)
            self.errors = [*self.errors, _generic_error(self)]

    @property
    def differentiable(self) -> bool:
        return registry[self.ops[0]].differentiable

    def choices(self) -> list[dict]:
        """Every rung of every op of the case; the reference of all of them first."""
        native = [{op: k.rung} for op in self.ops for k in kernels.rungs(op)[1:]]
        return [dict.fromkeys(self.ops, kernels.REFERENCE), *native]

    def sample(self, dtype="float64", shapes=None, seed=0):
        """Draw the inputs, away from kinks. The values fit float32, so that both dtypes see the same numbers."""
        rng = np.random.default_rng([seed, zlib.crc32((self.ops[0] + self.label).encode())])
        shapes = shapes or [i.shape for i in self.inputs]
        draw = lambda k: np.asarray(self.inputs[k].domain(rng, shapes[k]))  # noqa: E731
        arrays = [draw(k) for k in range(len(self.inputs))]
        for _ in range(200):
            near = np.asarray(self.kink(*arrays) if self.kink else False)
            if not near.any():
                break
            if near.shape == arrays[0].shape:
                arrays[0] = np.where(near, draw(0), arrays[0])
            else:
                arrays = [draw(k) for k in range(len(self.inputs))]
        else:
            raise ValueError(f"case {self.ops[0]}: the domain hardly has a point away from the kinks")
        return [
            a.astype(i.dtype) if i.dtype else a.astype(np.float32).astype(dtype)
            for a, i in zip(arrays, self.inputs)
        ]

    def run(self, arrays):
        """Call on tensors around `arrays`; return the outputs as a list of tensors, and the inputs."""
        tensors = [wrap(a) for a in arrays]
        for t, i in zip(tensors, self.inputs):
            t.requires_grad = i.dtype is None and i.wrt
        out = self.call(*tensors, **self.attrs)
        return list(out) if isinstance(out, tuple | list) else [out], tensors


def _generic_shapes(n):
    if n == 1:
        return [((size,),) for size in SIZES] + [((),), ((3, 0, 2),), ((2, 3, 5),)]
    same = [((size,),) * n for size in SIZES] + [((),) * n, ((3, 0),) * n]
    if n > 2:
        return same + [((3, 7), (7,)) + ((),) * (n - 2)]
    row = [((3, size), (size,)) for size in SIZES] + [((3, size), ()) for size in (1, 7, 17)]
    return same + row + [((3, 7), (3, 1)), ((3, 1), (1, 7)), ((7,), (3, 7)), ((), (5,)), ((2, 1, 3), (4, 1))]


def _generic_error(case):
    if len(case.inputs) == 1:
        return (lambda: case.call(["a word"], **case.attrs), "tensors hold numbers")
    rest = [np.ones((), i.dtype or np.float32) for i in case.inputs[2:]]
    first, second = (i.dtype or np.float32 for i in case.inputs[:2])
    return (
        lambda: case.call(np.ones((2, 3), first), np.ones(4, second), *rest, **case.attrs),
        "do not broadcast",
    )
