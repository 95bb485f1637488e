"""Cases of convolution and pooling; the references loop over filter taps and windows."""

import numpy as np

from kernels.native_case import Case, Out, draw, rounded

# N, H, W, C, KH, KW, O, stride, pad (top, left), dilation, groups, OH, OW
CONVOLUTIONS = [
    (1, 1, 1, 1, 1, 1, 1, (1, 1), (0, 0), (1, 1), 1, 1, 1),
    (2, 5, 6, 3, 3, 3, 4, (1, 1), (0, 0), (1, 1), 1, 3, 4),
    (2, 5, 6, 3, 3, 3, 4, (1, 1), (1, 1), (1, 1), 1, 5, 6),
    (2, 9, 8, 5, 3, 2, 7, (2, 3), (1, 0), (1, 1), 1, 5, 3),
    (1, 9, 9, 2, 3, 3, 17, (1, 1), (2, 2), (2, 2), 1, 9, 9),
    (2, 6, 6, 6, 3, 3, 4, (1, 1), (1, 1), (1, 1), 2, 6, 6),
    (2, 6, 7, 8, 3, 3, 8, (1, 1), (1, 1), (1, 1), 8, 6, 7),
    (1, 6, 7, 4, 3, 3, 8, (2, 2), (1, 1), (1, 2), 4, 3, 3),
    (2, 9, 8, 17, 3, 2, 17, (2, 1), (1, 0), (1, 2), 17, 5, 8),
    (3, 4, 4, 16, 1, 1, 16, (1, 1), (0, 0), (1, 1), 1, 4, 4),
    (2, 2, 2, 3, 5, 5, 2, (1, 1), (2, 2), (1, 1), 1, 2, 2),
    (3, 20, 21, 17, 3, 3, 33, (1, 1), (1, 1), (1, 1), 1, 20, 21),
    (1, 5, 4, 64, 3, 3, 33, (1, 1), (1, 1), (1, 1), 1, 5, 4),
    (1, 11, 10, 19, 4, 3, 9, (3, 2), (2, 1), (1, 1), 1, 4, 5),
    (1, 7, 8, 9, 2, 1, 8, (3, 3), (0, 0), (1, 1), 1, 2, 3),
    (0, 5, 5, 3, 3, 3, 4, (1, 1), (0, 0), (1, 1), 1, 3, 3),
    (2, 5, 5, 3, 3, 3, 4, (1, 1), (0, 0), (1, 1), 1, 0, 3),
    (2, 3, 3, 0, 2, 2, 4, (1, 1), (0, 0), (1, 1), 1, 2, 2),
    (2, 3, 3, 3, 2, 2, 0, (1, 1), (0, 0), (1, 1), 1, 2, 2),
]


def _taps(spec):
    """Each filter tap as (kh, kw, pixels of the zero-padded image that it sees, padded size)."""
    _, h, w, _, kh, kw, _, (sh, sw), (ph, pw), (dh, dw), _, oh, ow = spec
    high = ph + h + sh * oh + dh * kh
    wide = pw + w + sw * ow + dw * kw
    for i in range(kh):
        for j in range(kw):
            rows, columns = i * dh + sh * np.arange(oh), j * dw + sw * np.arange(ow)
            yield i, j, np.ix_(rows, columns), (high, wide)


def _padded(x, spec, size):
    n, h, w, c = x.shape
    image = np.zeros((n, *size, c))
    ph, pw = spec[8]
    image[:, ph : ph + h, pw : pw + w] = x
    return image


def _convolution_cases(rng):
    for spec in CONVOLUTIONS:
        n, h, w, c, kh, kw, o, stride, pad, dilation, groups, oh, ow = spec
        x, filters, dy = draw(rng, n, h, w, c), draw(rng, kh, kw, c // groups, o), draw(rng, n, oh, ow, o)
        yield spec, x, filters, dy, (*stride, *pad, *dilation, groups)


def convolution(op, rng):
    for spec, x, filters, dy, geometry in _convolution_cases(rng):
        groups, (ph, pw), (h, w) = spec[10], spec[8], x.shape[1:3]
        cg, og = filters.shape[2], filters.shape[3] // groups
        y, dw, dx = np.zeros(dy.shape), np.zeros(filters.shape), None
        for i, j, pixels, size in _taps(spec):
            image = _padded(x, spec, size)
            dx = np.zeros(image.shape) if dx is None else dx
            for g in range(groups):
                cs, os = slice(g * cg, (g + 1) * cg), slice(g * og, (g + 1) * og)
                window = image[:, *pixels][..., cs]
                y[..., os] += window @ filters[i, j][:, os]
                dw[i, j][:, os] = np.einsum("nhwc,nhwo->co", window, dy[..., os])
                part = np.zeros((*window.shape[:-1], x.shape[3]))
                part[..., cs] = dy[..., os] @ filters[i, j][:, os].T
                dx[:, *pixels] += part
        tolerance = {"rtol": 1e-5, "atol": 1e-4 if dy.size > 1e4 else 2e-5}
        if op == "conv2d":
            yield Case((x, filters, Out(y), *geometry), **tolerance)
        elif op == "conv2d_bias":
            bias = draw(rng, y.shape[3])
            yield Case((x, filters, bias, Out(y + bias), False, *geometry), **tolerance)
            yield Case((x, filters, bias, Out(np.maximum(y + bias, 0)), True, *geometry), **tolerance)
        elif op == "conv2d_input_gradient":
            yield Case((dy, filters, Out(dx[:, ph : ph + h, pw : pw + w]), *geometry), **tolerance)
        else:
            yield Case((x, dy, Out(dw), *geometry), **tolerance)


# N, H, W, C, kernel, stride, pad (top, left), OH, OW
POOLS = [
    (1, 1, 1, 1, (1, 1), (1, 1), (0, 0), 1, 1), (2, 4, 6, 3, (2, 2), (2, 2), (0, 0), 2, 3),
    (2, 5, 5, 8, (3, 3), (2, 2), (1, 1), 3, 3), (1, 5, 4, 17, (2, 3), (1, 1), (0, 1), 5, 4),
    (1, 9, 9, 33, (3, 2), (1, 3), (1, 0), 9, 3), (0, 4, 4, 2, (2, 2), (2, 2), (0, 0), 2, 2),
    (2, 7, 8, 5, (2, 1), (2, 3), (1, 0), 4, 3), (1, 5, 5, 9, (2, 2), (2, 2), (1, 1), 3, 3),
    (3, 6, 6, 16, (2, 2), (2, 2), (0, 0), 3, 3), (2, 4, 4, 0, (2, 2), (2, 2), (0, 0), 2, 2),
]  # fmt: skip


def _windows(spec):
    _, h, w, _, (kh, kw), (sh, sw), (ph, pw), oh, ow = spec
    for i in range(oh):
        for j in range(ow):
            rows = range(max(0, i * sh - ph), min(h, i * sh - ph + kh))
            columns = range(max(0, j * sw - pw), min(w, j * sw - pw + kw))
            yield i, j, np.array([(r, c) for r in rows for c in columns])


def _pool_cases(rng):
    for spec in POOLS:
        n, h, w, c, kernel, stride, pad, oh, ow = spec
        x = rounded(rng.integers(-2, 3, (n, h, w, c)))  # few values: many ties
        yield spec, x, draw(rng, n, oh, ow, c), (*kernel, *stride, *pad)


def max_pool(op, rng):
    for spec, x, dy, geometry in _pool_cases(rng):
        for broken in (False, True):
            if broken and x.size:
                x = x.copy()
                x.reshape(-1)[[0, -1, x.size // 2]] = np.nan
                x.reshape(-1)[x.size // 3] = -np.inf
            y, places, dx = np.zeros(dy.shape), np.zeros(dy.shape, "int32"), np.zeros(x.shape)
            for i, j, pixels in _windows(spec):
                window = x[:, pixels[:, 0], pixels[:, 1]]
                best = window.argmax(axis=1)  # NumPy too: the first NaN, else the first maximum
                y[:, i, j] = np.take_along_axis(window, best[:, None], axis=1)[:, 0]
                row, column = pixels[:, 0][best], pixels[:, 1][best]
                places[:, i, j] = row * x.shape[2] + column
                for image, channel in np.ndindex(best.shape):
                    dx[image, row[image, channel], column[image, channel], channel] += dy[
                        image, i, j, channel
                    ]
            if op == "max_pool2d":
                yield Case((x, Out(y), Out(places), *geometry))
            else:
                yield Case((dy, places, Out(dx), *geometry))
                yield Case((dy, places, Out(dx), *(0,) * 6))  # windows not known
    if op == "max_pool2d_gradient":
        outside = np.array([-1, 4, 2**30, 3], "int32").reshape(1, 2, 2, 1)  # places that are none are skipped
        dx = np.array([0, 0, 0, 1.0]).reshape(1, 2, 2, 1)
        yield Case((np.ones((1, 2, 2, 1)), outside, Out(dx), *(0,) * 6))


def average_pool(op, rng):
    for spec, x, dy, geometry in _pool_cases(rng):
        y, dx = np.zeros(dy.shape), np.zeros(x.shape)
        for i, j, pixels in _windows(spec):
            y[:, i, j] = x[:, pixels[:, 0], pixels[:, 1]].mean(axis=1)
            dx[:, pixels[:, 0], pixels[:, 1]] += dy[:, i, j][:, None] / len(pixels)
        yield Case((x, Out(y), *geometry) if op == "average_pool2d" else (dy, Out(dx), *geometry))
