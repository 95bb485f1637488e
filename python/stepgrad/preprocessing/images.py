"""Images as NumPy arrays [n, height, width, channels]: resizing, moving, colours. What the preprocessing layers compute."""

from __future__ import annotations

import numpy as np

from stepgrad.errors import ArgumentError, did_you_mean

_GRAY = np.array([0.2989, 0.587, 0.114])  # how bright red, green and blue look


def resize(
    x: np.ndarray, height: int, width: int, interpolation: str = "bilinear", antialias: bool = False
) -> np.ndarray:
    """Return images of another size; pixels are squares whose centres lie at half numbers.

    Parameters
    ----------
    interpolation : {"nearest", "bilinear", "bicubic"}
    antialias : bool
        Let each pixel of a smaller image look at all pixels it covers.

    Examples
    --------
    >>> resize(np.array([[[[0.0], [4.0]]]]), 1, 4)[0, 0, :, 0].tolist()
    [0.0, 1.0, 3.0, 4.0]
    """
    rows, columns = (
        _weights(n, m, interpolation, antialias) for n, m in ((x.shape[1], height), (x.shape[2], width))
    )
    if interpolation == "nearest":
        return x[:, rows][:, :, columns]
    return np.einsum("ih,nhwc,jw->nijc", rows, x, columns, optimize=True)


def _weights(n: int, m: int, interpolation: str, antialias: bool) -> np.ndarray:
    """Return how much each of n old pixels gives to each of m new ones [m, n]; for "nearest" the numbers of the old ones [m]."""
    if interpolation == "nearest":
        return np.minimum((2 * np.arange(m) + 1) * n // (2 * m), n - 1)
    kernels = {"bilinear": (_triangle, 1.0), "bicubic": (_cubic, 2.0)}
    if interpolation not in kernels:
        raise ArgumentError(
            f"there is no interpolation {interpolation!r}",
            op="resize",
            fix=did_you_mean(interpolation, ("nearest", *kernels)),
        )
    kernel, reach = kernels[interpolation]
    step = n / m
    wide = max(step, 1.0) if antialias else 1.0
    centre = (np.arange(m) + 0.5) * step - 0.5
    weights = np.zeros((m, n))
    for offset in range(-int(np.ceil(reach * wide)), int(np.ceil(reach * wide)) + 2):
        place = np.floor(centre).astype(int) + offset
        amount = kernel((place - centre) / wide, antialias)
        inside = (place >= 0) & (place < n)
        keep = inside if antialias else np.ones(m, bool)  # without antialias the border's pixel is repeated
        np.add.at(weights, (np.arange(m)[keep], place.clip(0, n - 1)[keep]), amount[keep])
    return weights / weights.sum(1, keepdims=True)


def _triangle(t: np.ndarray, antialias: bool) -> np.ndarray:
    return np.maximum(1 - np.abs(t), 0)


def _cubic(t: np.ndarray, antialias: bool) -> np.ndarray:
    """Keys' cubic with the slope -0.75, with antialias -0.5."""
    a, t = -0.5 if antialias else -0.75, np.abs(t)
    near = ((a + 2) * t - (a + 3)) * t * t + 1
    far = a * (((t - 5) * t + 8) * t - 4)
    return np.where(t <= 1, near, np.where(t < 2, far, 0.0))


def sample(
    x: np.ndarray, y: np.ndarray, u: np.ndarray, interpolation: str = "bilinear", fill_mode: str = "constant",
    fill_value: float = 0.0,
) -> np.ndarray:  # fmt: skip
    """Return the colours at the rows `y` and columns `u` (real numbers, [n, h, w]) of each image.

    Parameters
    ----------
    fill_mode : {"constant", "nearest", "wrap", "mirror", "reflect"}
        What lies outside: one colour, the border's pixel, the image again, or its mirror image (the border's pixel once or twice).

    Examples
    --------
    >>> x = np.array([[[[1.0], [3.0]]]])
    >>> sample(x, np.zeros((1, 1, 1)), np.full((1, 1, 1), 0.5)).item()
    2.0
    """
    n, h, w, _ = x.shape
    which = np.arange(n)[:, None, None]

    def at(rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        colours = x[which, _fold(rows, h, fill_mode), _fold(columns, w, fill_mode)]
        if fill_mode == "constant":
            inside = (rows >= 0) & (rows < h) & (columns >= 0) & (columns < w)
            colours = np.where(inside[..., None], colours, fill_value)
        return colours

    if interpolation == "nearest":
        return at(np.rint(y).astype(int), np.rint(u).astype(int))
    top, left = np.floor(y).astype(int), np.floor(u).astype(int)
    dy, du = (y - top)[..., None], (u - left)[..., None]
    upper = at(top, left) * (1 - du) + at(top, left + 1) * du
    lower = at(top + 1, left) * (1 - du) + at(top + 1, left + 1) * du
    return upper * (1 - dy) + lower * dy


def _fold(places: np.ndarray, size: int, mode: str) -> np.ndarray:
    if mode in ("constant", "nearest"):
        return places.clip(0, size - 1)
    if mode == "wrap":
        return places % size
    if mode == "reflect":
        places = places % (2 * size)
        return np.minimum(places, 2 * size - 1 - places)
    if mode == "mirror":
        places = places % max(2 * size - 2, 1)
        return np.minimum(places, 2 * size - 2 - places)
    modes = ("constant", "nearest", "wrap", "mirror", "reflect")
    raise ArgumentError(f"there is no fill_mode {mode!r}", fix=did_you_mean(mode, modes))


def affine(x: np.ndarray, matrices: np.ndarray, **how) -> np.ndarray:
    """Move images: the new pixel (row, column), counted from the centre, shows the old one at matrix @ (row, column, 1).

    Parameters
    ----------
    matrices : array [n, 2, 3]
    **how
        As in `sample`.

    Examples
    --------
    >>> x = np.arange(3.0).reshape(1, 1, 3, 1)
    >>> affine(x, np.array([[[1.0, 0, 0], [0, 1, 1]]]), fill_mode="nearest")[0, 0, :, 0].tolist()
    [1.0, 2.0, 2.0]
    """
    middle = np.array([(x.shape[1] - 1) / 2, (x.shape[2] - 1) / 2])
    rows, columns = np.meshgrid(
        np.arange(x.shape[1]) - middle[0], np.arange(x.shape[2]) - middle[1], indexing="ij"
    )
    points = np.stack([rows, columns, np.ones_like(rows)])
    seen = np.einsum("nij,jhw->inhw", matrices, points)
    return sample(x, seen[0] + middle[0], seen[1] + middle[1], **how)


def gray(x: np.ndarray) -> np.ndarray:
    """Return the brightness, in as many equal channels.

    Examples
    --------
    >>> gray(np.ones((1, 1, 1, 3))).round(3).ravel().tolist()
    [1.0, 1.0, 1.0]
    """
    return np.repeat((x[..., :3] @ _GRAY)[..., None], x.shape[-1], -1)


def turn_hue(x: np.ndarray, turns: np.ndarray) -> np.ndarray:
    """Turn the colours of images in [0, 1] around the colour wheel, by so many turns [n, 1, 1].

    Examples
    --------
    >>> turn_hue(np.array([[[[1.0, 0.0, 0.0]]]]), np.full((1, 1, 1), 1 / 3)).round(6).ravel().tolist()
    [0.0, 1.0, 0.0]
    """
    value, low = x.max(-1), x.min(-1)
    spread = value - low
    safe = np.where(spread > 0, spread, 1)
    r, g, b = np.moveaxis(x, -1, 0)
    hue = (
        np.where(value == r, (g - b) / safe % 6, np.where(value == g, (b - r) / safe + 2, (r - g) / safe + 4))
        / 6
    )
    hue = (hue + turns) % 1.0
    k = (np.array([5.0, 3.0, 1.0]) + hue[..., None] * 6) % 6
    return value[..., None] - spread[..., None] * np.clip(np.minimum(k, 4 - k), 0, 1)


def blur(x: np.ndarray, kernels: np.ndarray) -> np.ndarray:
    """Convolve each channel with the kernel of its image, [n, kh, kw], repeating the border.

    Examples
    --------
    >>> blur(np.ones((1, 3, 3, 1)), np.full((1, 3, 3), 1 / 9)).round(6).min().item()
    1.0
    """
    kh, kw = kernels.shape[1:]
    wide = np.pad(x, ((0, 0), (kh // 2, (kh - 1) // 2), (kw // 2, (kw - 1) // 2), (0, 0)), mode="edge")
    total = np.zeros_like(x)
    for i in range(kh):
        for j in range(kw):
            total += wide[:, i : i + x.shape[1], j : j + x.shape[2]] * kernels[:, i, j, None, None, None]
    return total
