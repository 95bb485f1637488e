"""Calls of the attention kernels, with the answer of NumPy in float64."""

import numpy as np

from kernels.native_case import Case, Out, draw, rounded

SCALE = 0.3
# batch, queries, keys, heads, heads of keys, size, size of a value: around the tile's rows, the block of 128 keys, vectors;
# heads of every width that the CUDA rungs compile, and one that none of them holds
SIZES = (
    (1, 1, 1, 1, 1, 1, 1),
    (2, 5, 7, 2, 1, 3, 4),
    (1, 13, 17, 3, 3, 8, 9),
    (1, 50, 129, 2, 2, 16, 5),
    (1, 130, 20, 4, 2, 7, 16),
    (1, 3, 300, 1, 1, 33, 2),
    (1, 70, 66, 2, 1, 72, 65),
    (1, 3, 5, 1, 1, 130, 1),
    (2, 0, 3, 1, 1, 2, 2),
    (0, 2, 3, 1, 1, 2, 2),
)


def _answers(q, k, v, mask, causal):
    """scores [batch, heads, queries, keys] -> (largest, sum, weights)."""
    scores = SCALE * np.einsum("btnd,bsnd->bnts", q, k)
    if mask.size:
        scores = scores + mask
    if causal:
        scores = np.where(np.tri(*scores.shape[-2:], dtype=bool), scores, -np.inf)
    largest = scores.max(-1, keepdims=True, initial=-np.inf)
    e = np.exp(scores - largest)
    return largest[..., 0].copy(), e.sum(-1).copy("C"), e / e.sum(-1, keepdims=True)


# The weights, and on the way back their gradients, are rounded to the 8 bits of a bfloat16, in float32 only.
BF16 = {"rtol": 2e-2, "atol": 3e-2}


def _calls(op, rng):
    for b, t, s, n, g, d, dv in SIZES:
        # Scores do not grow with the width; bfloat16's errors in them would grow, too.
        q, k, v = (
            draw(rng, b, t, n, d, scale=min(1, 4 / d**0.5)),
            draw(rng, b, s, g, d),
            draw(rng, b, s, g, dv),
        )
        if "_bf16" in op:
            q, k, v = (np.round(x * 8) / 8 for x in (q, k, v))
        some = rng.integers(0, 2, (b, 1, t, s)) * -1.5
        infinite = np.where(np.arange(s) % 3 == 1, -np.inf, 0.0)[None, None, None]
        infinite[..., 0] = 0.0  # one key stays, also for the first causal query
        large = np.full((1, n, 1, s), rounded(-1e38))  # nothing is seen: all keys count alike
        for mask in (np.zeros((0,) * 4), some, infinite, large):
            for causal in (False, True):
                yield q, k, v, mask, causal, n // g


def attention(op, rng):
    for q, k, v, mask, causal, group in _calls(op, rng):
        every = [np.repeat(x, group, axis=2) for x in (k, v)]
        largest, total, weights = _answers(q, every[0], v, mask, causal)
        y = np.einsum("bnts,bsnd->btnd", weights, every[1])
        if mask.size and mask.max() < -1e30:
            # In float32 the scores vanish beside the mask, in float64 they do not: only the sums without scores agree.
            q = np.zeros_like(q)
            largest, total, weights = _answers(q, every[0], v, mask, causal)
            y = np.einsum("bnts,bsnd->btnd", weights, every[1])
        # A value cancels to anything: its error is that of the weights.
        tolerance = BF16 if "_bf16" in op else {"rtol": 2e-5, "atol": 4e-6}
        yield Case((q, k, v, mask, Out(y), Out(largest), Out(total), SCALE, causal), **tolerance)
    # A NaN in one key reaches every query that sees it, and no other; a row of -inf is NaN.
    q, k, v = draw(rng, 1, 9, 1, 4), draw(rng, 1, 9, 1, 4), draw(rng, 1, 9, 1, 4)
    k[0, 5] = np.nan
    largest, total, weights = _answers(q, k, v, np.zeros(0), True)
    weights[..., :5, 5:] = 0
    y = np.einsum("bnts,bsnd->btnd", weights, v)
    tolerance = BF16 if "_bf16" in op else {"rtol": 2e-5}
    yield Case((q, k, v, np.zeros((0,) * 4), Out(y), Out(largest), Out(total), SCALE, True), **tolerance)


def attention_gradient(op, rng):
    for q, k, v, mask, causal, group in _calls(op, rng):
        if mask.size and mask.max() < -1e30:
            continue
        every = [np.repeat(x, group, axis=2) for x in (k, v)]
        largest, total, p = _answers(q, every[0], v, mask, causal)
        y = np.ascontiguousarray(np.einsum("bnts,bsnd->btnd", p, every[1]))
        dy = draw(rng, *y.shape, scale=min(1, 4 / y.shape[-1] ** 0.5))
        g = np.einsum("btnd,bsnd->bnts", dy, every[1])
        ds = SCALE * p * (g - (p * g).sum(-1, keepdims=True))
        dk, dv = np.einsum("bnts,btnd->bsnd", ds, q), np.einsum("bnts,btnd->bsnd", p, dy)
        dk, dv = (x.reshape(*like.shape[:3], group, like.shape[3]).sum(3) for x, like in ((dk, k), (dv, v)))
        outputs = Out(np.einsum("bnts,bsnd->btnd", ds, every[0])), Out(dk), Out(dv)
        # Weights are computed again from rounded maxima; their errors are relative to the largest terms of a sum.
        tolerance = BF16 if "_bf16" in op else {"rtol": 1e-4, "atol": 1e-5}
        yield Case((q, k, v, mask, y, largest, total, dy, *outputs, SCALE, causal), **tolerance)
