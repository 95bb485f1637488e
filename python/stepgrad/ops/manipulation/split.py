"""split and unstack: one tensor into several."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np

from stepgrad.errors import ArgumentError, ShapeError
from stepgrad.ops.op import Op, normalize_axis
from stepgrad.tape.state import public
from stepgrad.tape.tensor import Tensor


class Split(Op):
    formula = r"x = [\,y_1 \mid y_2 \mid \dots\,]"
    gradient_formula = r"\bar x = [\,\bar y_1 \mid \bar y_2 \mid \dots\,]"
    saves_inputs = ()
    promote = None
    view = True

    def __call__(self, x, sections, axis=0):
        if sections == 1 or sections == ():  # one part: the tape knows outputs as one array or as several
            return (public["convert_to_tensor"](x),)
        op = copy.copy(self)  # the number of outputs is part of an op, and here it depends on the call
        op.outputs = sections if isinstance(sections, int) else len(sections) + 1
        op.prepare()
        return super(Split, op).__call__(x, sections=sections, axis=axis)

    def shape(self, x, sections, axis=0):
        axis = normalize_axis(axis, len(x))
        return tuple((*x[:axis], size, *x[axis + 1 :]) for size in self._sizes(x[axis], sections))

    def _sizes(self, n, sections):
        if isinstance(sections, int):
            if sections < 1 or (n is not None and n % sections):
                raise ShapeError(
                    "the parts must have equal sizes",
                    expected=f"a size that {sections} divides",
                    got=f"size {n}",
                    fix="give the places to cut at instead: split(x, [3, 5])",
                )
            return [None if n is None else n // sections] * sections
        if n is None:
            return [None] * (len(sections) + 1)
        cuts = [0, *(slice(place).indices(n)[1] for place in sections), n]
        return [max(stop - start, 0) for start, stop in zip(cuts, cuts[1:])]

    def reference(self, x, sections, axis=0):
        return tuple(np.split(x, sections, axis))

    def gradient(self, step, *gys):
        return public["concatenate"](gys, step.attrs.get("axis", 0))


_split = Split()


def split(x: Any, indices_or_sections: int | Sequence[int], axis: int = 0) -> list[Tensor]:
    """Cut into equal parts, or at the given places.

    Parameters
    ----------
    indices_or_sections : int or sequence of int
        The number of equal parts, or where to cut, in ascending order.

    Returns
    -------
    list of tensors

    Examples
    --------
    >>> [part.tolist() for part in split([1, 2, 3, 4], 2)]
    [[1, 2], [3, 4]]
    >>> [part.tolist() for part in split([1, 2, 3, 4], [1, 3])]
    [[1], [2, 3], [4]]
    """
    if isinstance(indices_or_sections, int | np.integer):
        if indices_or_sections < 1:
            raise ArgumentError("there must be at least one part", op="split", got=str(indices_or_sections))
        return list(_split(x, sections=int(indices_or_sections), axis=axis))
    places = tuple(int(place) for place in indices_or_sections)
    if list(places) != sorted(places) or any(place < 0 for place in places):
        raise ArgumentError("the places to cut at must ascend from 0", op="split", got=str(places))
    return list(_split(x, sections=places, axis=axis))


def unstack(x: Any, num: int | None = None, axis: int = 0) -> list[Tensor]:
    """Return the tensor's slices along `axis`, without the axis.

    Parameters
    ----------
    num : int, optional
        How many there are; needed only where the size is not known.

    Examples
    --------
    >>> [row.tolist() for row in unstack([[1, 2], [3, 4]])]
    [[1, 2], [3, 4]]
    """
    there = public["shape"](x)
    n = there[normalize_axis(axis, len(there))]
    if num is None:
        num = n
    if num is None or (n is not None and n != num):
        raise ShapeError(
            "unstack needs to know how many slices there are", op="unstack", expected=f"{num}", got=f"{n}"
        )
    return [public["squeeze"](part, axis) for part in split(x, num, axis)] if num else []
