"""Between Keras's arguments and the ops: 1-D or 2-D, channels last or first, ints or tuples."""

from __future__ import annotations

from typing import Any

from stepgrad import config
from stepgrad.errors import ArgumentError, ShapeError, did_you_mean
from stepgrad.ops.op import to_tensor
from stepgrad.tape.state import public


def standard_format(data_format: str | None) -> str:
    """Return "channels_last" or "channels_first"; None means the configured one."""
    data_format = data_format or config.image_data_format()
    if data_format not in ("channels_last", "channels_first"):
        raise ArgumentError(
            f"there is no data_format {data_format!r}",
            fix=did_you_mean(data_format, ("channels_last", "channels_first")),
        )
    return data_format


def numbers(value: Any, spatial: int, name: str, least: int = 1) -> tuple[int, ...]:
    """Return `value` (an int, or one for each spatial axis) as a tuple of `spatial` ints."""
    values = tuple(value) if isinstance(value, tuple | list) else (value,) * spatial
    if len(values) != spatial or any(not isinstance(v, int) or v < least for v in values):
        raise ArgumentError(
            f"{name} does not fit",
            expected=f"an int of at least {least}, or {spatial} of them",
            got=repr(value),
        )
    return values


def images(inputs: Any, spatial: int, data_format: str, op: str) -> Any:
    """Bring `inputs` to [N, H, W, C]; sequences [N, length, C] become images of height 1."""
    x = to_tensor(inputs)
    if x.ndim != spatial + 2:
        raise ShapeError(
            f"a {spatial}-D window needs inputs with {spatial + 2} axes",
            op=op,
            expected="(batch, " + ("height, width" if spatial == 2 else "length") + ", channels)",
            got=str(tuple(x.shape)),
            fix="add the batch axis: x[None]" if x.ndim == spatial + 1 else None,
        )
    if data_format == "channels_first":
        x = public["transpose"](x, (0, 2, 3, 1) if spatial == 2 else (0, 2, 1))
    return x if spatial == 2 else public["expand_dims"](x, 1)


def back(y: Any, spatial: int, data_format: str) -> Any:
    """Undo `images` for a result."""
    y = y if spatial == 2 else public["squeeze"](y, 1)
    if data_format == "channels_first":
        y = public["transpose"](y, (0, 3, 1, 2) if spatial == 2 else (0, 2, 1))
    return y


def spatial_axes(kernel: Any, op: str) -> int:
    """Return how many spatial axes a filter [*window, in, out] has: 1 or 2."""
    spatial = kernel.ndim - 2
    if spatial not in (1, 2):
        raise ShapeError(
            "the filter has 1 or 2 spatial axes",
            op=op,
            expected="[length, in, out] or [height, width, in, out]",
            got=str(tuple(kernel.shape)),
        )
    return spatial
