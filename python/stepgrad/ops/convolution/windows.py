"""Sliding windows: padding, output sizes, and the walk over a window's taps. Convolution and pooling share it.

A window of size k with dilation d spans (k - 1) * d + 1 pixels. Images are [batch, height, width, channels].
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from stepgrad.errors import ArgumentError, ShapeError, did_you_mean

Pair = tuple[int, int]
Padding = str | tuple[Pair, Pair]


def resolve_padding(padding: Padding, sizes: tuple, window: tuple, strides: Pair, dilation: Pair = (1, 1)):
    """Turn "valid" and "same" into ((top, bottom), (left, right)).

    "same" gives ceil(size / stride) windows, as TensorFlow does: where the padding is odd, the extra row or column goes
    to the bottom or the right.
    """
    if padding == "valid":
        return (0, 0), (0, 0)
    if padding != "same":
        return padding
    pairs = []
    for size, k, stride, d in zip(sizes, window, strides, dilation):
        total = max((-(-size // stride) - 1) * stride + (k - 1) * d + 1 - size, 0)
        pairs.append((total // 2, total - total // 2))
    return tuple(pairs)


def output_sizes(
    sizes: tuple, window: tuple, strides: Pair, padding: Padding, dilation: Pair = (1, 1)
) -> tuple:
    """Return how many windows fit into an image in height and width; None where the size is not known."""
    if isinstance(padding, str) and padding not in ("valid", "same"):
        raise ArgumentError(f"there is no padding {padding!r}", fix=did_you_mean(padding, ("valid", "same")))
    result: list[int | None] = []
    for axis, (size, k, stride, d) in enumerate(zip(sizes, window, strides, dilation)):
        if size is None:
            result.append(None)
            continue
        span = (k - 1) * d + 1
        if padding == "same":
            count = -(-size // stride)
        else:
            around = 0 if isinstance(padding, str) else sum(padding[axis])
            count = (size + around - span) // stride + 1
        if count < 1:
            raise ShapeError(
                "the window is larger than the image",
                expected=f"at least {span} pixels in {('height', 'width')[axis]}",
                got=f"{size} (window {tuple(window)}, dilation {tuple(dilation)}, padding {padding!r})",
                fix="use padding='same', a smaller window, or fewer pooling layers before this one",
            )
        result.append(count)
    return tuple(result)


def taps(
    window: tuple, out: tuple, strides: Pair, dilation: Pair = (1, 1)
) -> Iterator[tuple[int, int, tuple]]:
    """Yield (i, j, index): padded_image[index] holds what tap (i, j) of every window sees."""
    for i in range(window[0]):
        rows = slice(i * dilation[0], i * dilation[0] + (out[0] - 1) * strides[0] + 1, strides[0])
        for j in range(window[1]):
            columns = slice(j * dilation[1], j * dilation[1] + (out[1] - 1) * strides[1] + 1, strides[1])
            yield i, j, (slice(None), rows, columns)


class Frame:
    """Where an image lies inside the area that its windows reach: padding around it, or pixels that no window sees."""

    def __init__(
        self, sizes: tuple, window: tuple, out: tuple, strides: Pair, padding: tuple, dilation: Pair = (1, 1)
    ):
        self.area = tuple((n - 1) * s + (k - 1) * d + 1 for n, s, k, d in zip(out, strides, window, dilation))
        seen = [
            max(min(size, reach - before), 0) for size, reach, (before, _) in zip(sizes, self.area, padding)
        ]
        self.image = (slice(None), *(slice(0, n) for n in seen))
        self.inside = (slice(None), *(slice(before, before + n) for n, (before, _) in zip(seen, padding)))

    def pad(self, x: np.ndarray, value: float = 0) -> np.ndarray:
        """Return the area with the image `x` in it and `value` around."""
        area = np.full((len(x), *self.area, *x.shape[3:]), value, x.dtype)
        area[self.inside] = x[self.image]
        return area

    def crop(self, area: np.ndarray, sizes: tuple) -> np.ndarray:
        """Return the image out of the area: the transpose of `pad`."""
        x = np.zeros((len(area), *sizes, *area.shape[3:]), area.dtype)
        x[self.image] = area[self.inside]
        return x
