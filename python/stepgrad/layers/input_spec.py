"""InputSpec: what a layer expects of its inputs, and the errors that say what to do about it."""

from __future__ import annotations

import math
from typing import Any

from stepgrad.errors import ArgumentError, DTypeError, ShapeError
from stepgrad.utils.nest import flatten


class InputSpec:
    """What one input of a layer must look like.

    Parameters
    ----------
    dtype : str, optional
    shape : tuple, optional
        None stands for any size.
    ndim, max_ndim, min_ndim : int, optional
        Number of axes, batch axis included.
    axes : dict of int to int, optional
        Sizes of single axes.
    allow_last_axis_squeeze : bool
        Accept a missing, or an additional, last axis of size 1.
    name : str, optional
    optional : bool
        Whether None may come instead.

    Examples
    --------
    >>> InputSpec(min_ndim=2, axes={-1: 3})
    InputSpec(min_ndim=2, axes={-1: 3})
    """

    def __init__(
        self,
        dtype: str | None = None,
        shape: tuple | None = None,
        ndim: int | None = None,
        max_ndim: int | None = None,
        min_ndim: int | None = None,
        axes: dict[int, int | None] | None = None,
        allow_last_axis_squeeze: bool = False,
        name: str | None = None,
        optional: bool = False,
    ):
        self.dtype = dtype
        self.shape = None if shape is None else tuple(shape)
        self.ndim = len(self.shape) if self.shape is not None else ndim
        self.max_ndim, self.min_ndim = max_ndim, min_ndim
        self.axes = {int(axis): size for axis, size in (axes or {}).items()}
        self.allow_last_axis_squeeze = allow_last_axis_squeeze
        self.name, self.optional = name, optional

    def __repr__(self) -> str:
        shown = [
            f"{word}={value!r}"
            for word in ("dtype", "shape", "ndim", "max_ndim", "min_ndim", "axes")
            if (value := getattr(self, word)) and not (word == "ndim" and self.shape)
        ]
        return f"InputSpec({', '.join(shown)})"

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments."""
        words = ("dtype", "shape", "ndim", "max_ndim", "min_ndim", "axes", "optional")
        return {word: getattr(self, word) for word in words}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> InputSpec:
        """Make one from what `get_config` returned."""
        return cls(**config)


def check_inputs(specs: Any, inputs: Any, layer: str) -> None:
    """Raise the error that teaches where `inputs` are not what `specs` say."""
    if isinstance(specs, InputSpec) and hasattr(inputs, "shape"):
        check_input(specs, inputs, layer)
        return
    specs = flatten(specs)
    if isinstance(inputs, dict) and all(spec is not None and spec.name for spec in specs):
        missing = [spec.name for spec in specs if spec.name not in inputs]
        if missing:
            raise ArgumentError(
                f"there is no data for the input '{missing[0]}'",
                layer=layer,
                expected=f"a dict with the keys {[spec.name for spec in specs]}",
                got=f"keys {list(inputs)}",
            )
        inputs = [inputs[spec.name] for spec in specs]
    inputs = flatten(inputs)
    if len(inputs) != len(specs):
        raise ArgumentError(
            "the number of inputs is wrong",
            layer=layer,
            expected=f"{len(specs)} input(s)",
            got=f"{len(inputs)}",
            fix="pass several inputs as one list: layer([a, b])",
        )
    for spec, x in zip(specs, inputs, strict=True):
        if spec is not None and not (x is None and spec.optional):
            check_input(spec, x, layer)


def check_input(spec: InputSpec, x: Any, layer: str) -> None:
    """Check one tensor; cheap when all is well."""
    shape = x.shape
    ndim = len(shape)
    problem = None
    squeeze = spec.allow_last_axis_squeeze
    if spec.ndim is not None and ndim != spec.ndim and not squeeze:
        problem = f"{spec.ndim} axes"
    elif spec.min_ndim is not None and ndim < spec.min_ndim:
        problem = f"at least {spec.min_ndim} axes"
    elif spec.max_ndim is not None and ndim > spec.max_ndim:
        problem = f"at most {spec.max_ndim} axes"
    if problem:
        raise ShapeError(
            "the input has the wrong number of axes",
            layer=layer,
            expected=problem + ", the batch axis included",
            got=f"{ndim} axes, shape {_show(shape)}",
            fix=_fix_ndim(spec, shape),
        )
    if spec.dtype is not None and x.dtype != spec.dtype:
        raise DTypeError("the input has the wrong dtype", layer=layer, expected=spec.dtype, got=x.dtype)
    for axis, size in spec.axes.items():
        if size is not None and shape[axis] is not None and shape[axis] != size:
            raise ShapeError(
                f"axis {axis} of the input has the wrong size",
                layer=layer,
                expected=f"{size} on axis {axis}",
                got=f"shape {_show(shape)}",
                fix=_fix_axis(axis, size, shape),
            )
    if spec.shape is not None and not fits(spec.shape, shape, squeeze):
        raise ShapeError(
            "the input has the wrong shape" + (f" (input '{spec.name}')" if spec.name else ""),
            layer=layer,
            expected=_show(spec.shape),
            got=_show(shape),
            fix=_fix_shape(spec.shape, shape),
        )


def fits(expected: tuple, shape: tuple, squeeze: bool = False) -> bool:
    """Tell whether a shape is one of those that `expected` (with None for any size) means."""
    if squeeze and len(expected) != len(shape):
        expected = expected[:-1] if expected and expected[-1] == 1 else expected
        shape = shape[:-1] if shape and shape[-1] == 1 else shape
    if len(expected) != len(shape):
        return False
    return all(a is None or b is None or a == b for a, b in zip(expected, shape, strict=True))


def _show(shape: tuple) -> str:
    return "(" + ", ".join(str(size) for size in shape) + ("," if len(shape) == 1 else "") + ")"


def _fix_ndim(spec: InputSpec, shape: tuple) -> str:
    wanted = spec.ndim or spec.min_ndim or spec.max_ndim or 0
    if len(shape) == wanted - 1:
        images = wanted == 4 and shape[-1] not in (1, 3, 4)
        batch = "add a batch axis for a single sample: x[None]"
        return "add a channel axis to grey images: x[..., None]; " + batch if images else batch
    if len(shape) > wanted:
        return "did you forget Flatten (or a global pooling layer) before this layer?"
    return "look at the output shapes of the layers before with model.summary()"


def _fix_axis(axis: int, size: int, shape: tuple) -> str:
    rest = shape[1:]
    if None not in rest and len(rest) > 1 and math.prod(rest) == size:
        return "did you forget Flatten before this layer?"
    if len(shape) > 2 and axis == -1 and shape[1] == size:
        axes = (0, *range(2, len(shape)), 1)
        return f"the images look channels-first: ops.transpose(x, {axes}), or data_format='channels_first'"
    if len(shape) > 2 and axis == 1 and shape[-1] == size:
        return "the images look channels-last: use data_format='channels_last'"
    found = shape[axis]
    if (
        len(shape) == 2
        and found > size
        and found % size == 0
        and (poolings := math.log(found // size, 4)).is_integer()
    ):
        return (
            f"{found} is {found // size} x {size}: are {poolings:.0f} poolings of 2 x 2 missing before Flatten? "
            "Each leaves a quarter of the features"
        )
    return "the layer was built for another input; use a new layer, or feed the size that it was built for"


def _fix_shape(expected: tuple, shape: tuple) -> str | None:
    if len(shape) == len(expected) - 1 and fits(expected[1:], shape):
        return "add a batch axis for a single sample: x[None]"
    if len(shape) == len(expected) - 1 and expected[-1] == 1:
        return "add a channel axis: x[..., None]"
    if (
        len(expected) == 2
        and len(shape) > 2
        and None not in shape[1:]
        and math.prod(shape[1:]) == expected[1]
    ):
        return "flatten the samples: x.reshape(len(x), -1), or start the model with Flatten"
    if len(shape) == len(expected) > 2 and shape[1] == expected[-1] and fits(expected[1:-1], shape[2:]):
        return f"the images look channels-first: ops.transpose(x, {(0, *range(2, len(shape)), 1)})"
    if len(shape) == len(expected) == 4 and shape[-1] == expected[-1] and None not in shape[1:]:
        return f"build the model for these images, Input({_show(shape[1:])}), or resize them to {_show(expected[1:-1])}"
    return None
