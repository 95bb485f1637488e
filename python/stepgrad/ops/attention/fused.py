"""attention: scores, softmax and the weighted mean of values in one op, and its gradient; and the same made of small ops."""

from __future__ import annotations

from typing import Any

import numpy as np

from stepgrad import kernels
from stepgrad.errors import ShapeError
from stepgrad.ops.linalg.bfloat16 import nearest
from stepgrad.ops.op import Op, broadcast, contiguous
from stepgrad.tape.state import public, state
from stepgrad.tape.tensor import Tensor

MASKED = {
    dtype: -0.7 * float(np.finfo(dtype).max) for dtype in ("float16", "float32", "float64")
}  # added to a score


def attention_of_ops(
    q: Any, k: Any, v: Any, mask: Any = None, *, scale: float, causal: bool, drop: Any = None
) -> tuple[Tensor, Tensor]:
    """Do what `attention` does, one op after the other, and return the weights too: the readable twin.

    Parameters
    ----------
    q, k, v, mask, scale, causal
        As for `attention`.
    drop : callable, optional
        Applied to the weights before the values are added up: dropout.

    Returns
    -------
    y, tensor with shape (batch, queries, heads, value size)
    weights, tensor with shape (batch, heads, queries, keys)
    """
    grouped, k, v = _by_group(q, k), public["moveaxis"](k, 1, 2), public["moveaxis"](v, 1, 2)
    scores = _merged(public["einsum"]("bgntd,bgsd->bgnts", grouped, k)) * scale
    if mask is not None:
        scores = scores + mask
    if causal:
        seen = np.tri(q.shape[1], k.shape[2], dtype=bool)
        scores = public["where"](seen, scores, np.asarray(-np.inf, scores.dtype))
    weights = public["softmax"](scores)
    kept = weights if drop is None else drop(weights)
    y = public["einsum"]("bgnts,bgsd->btgnd", _split(kept, k.shape[1]), v)
    return public["reshape"](y, (-1, q.shape[1], q.shape[2], v.shape[3])), weights


def _by_group(x, like):
    """[b, t, heads, d] -> [b, groups, heads of a group, t, d], a group for each head of keys."""
    t, heads, d = x.shape[1:]
    groups = like.shape[2]
    return public["transpose"](public["reshape"](x, (-1, t, groups, heads // groups, d)), (0, 2, 3, 1, 4))


def _ungrouped(x):
    """The inverse of `_by_group`."""
    groups, members, t, d = x.shape[1:]
    return public["reshape"](public["transpose"](x, (0, 3, 1, 2, 4)), (-1, t, groups * members, d))


def _split(x, groups):
    heads, t, s = x.shape[1:]
    return public["reshape"](x, (-1, groups, heads // groups, t, s))


def _merged(x):
    groups, members, t, s = x.shape[1:]
    return public["reshape"](x, (-1, groups * members, t, s))


class _Attention(Op):
    factor = staticmethod(lambda x: x)  # what becomes of a factor of the products

    def _sizes(self, q, k, v, mask=None):
        """Check the shapes; return those of the output and of a statistic of every query."""
        for name, shape in (("query", q), ("key", k), ("value", v)):
            if len(shape) != 4:
                raise ShapeError(
                    f"the {name} of attention has four axes",
                    expected="(batch, steps, heads, size)",
                    got=str(tuple(shape)),
                    fix="reshape it; one head is an axis of size 1",
                )
        known = [
            a == b or None in (a, b) for a, b in ((q[0], k[0]), (q[3], k[3]), (k[0], v[0]), (k[1], v[1]))
        ]
        if not all(known) or k[2] != v[2]:
            raise ShapeError(
                "query, key and value do not belong together",
                expected="query (B, T, N, H), key (B, S, K, H), value (B, S, K, any)",
                got=f"{tuple(q)}, {tuple(k)} and {tuple(v)}",
            )
        if not k[2] or q[2] % k[2]:
            raise ShapeError(
                "the heads of the query cannot be shared out among those of the key",
                expected=f"a number of key heads that divides {q[2]}",
                got=str(k[2]),
            )
        scores = (q[0], q[2], q[1], k[1])
        if mask is not None and (len(mask) != 4 or mask[3] != k[1] or broadcast(mask, scores) != scores):
            raise ShapeError(
                "the mask does not fit the scores",
                expected=f"each size that of {scores} or 1, the last one {k[1]}",
                got=str(tuple(mask)),
            )
        return (q[0], q[1], q[2], v[3]), (q[0], q[2], q[1])

    def _scores(self, q, k, mask, scale, causal):
        """NumPy: scores [batch, heads, queries, keys], -inf where a key is not seen."""
        s = np.einsum("btnd,bsnd->bnts", self.factor(q), self.factor(_each_head(k, q))) * q.dtype.type(scale)
        if mask is not None:
            s = s + mask
        return np.where(np.tri(*s.shape[-2:], dtype=bool), s, -np.inf) if causal else s


def _each_head(k, q):
    """Repeat heads of keys so that each head of the query has its own."""
    return np.repeat(k, q.shape[2] // k.shape[2], axis=2)


def _group_sums(x, like):
    """Add up what the repeated heads got."""
    b, s, groups, d = like.shape
    return x.reshape(b, s, groups, -1, d).sum(3)


def _contiguous(mask, dtype):
    return kernels.empty((0, 0, 0, 0), dtype) if mask is None else contiguous(mask)


class Attention(_Attention):
    """(q, k, v) or (q, k, v, mask) -> (y, max, sum). The last two are what backward needs, not part of the result."""

    formula = (
        r"S = \text{scale} \cdot Q K^\top + M,\quad P = \operatorname{softmax}(S),\quad Y = P V"
        r"\quad\text{(each head)}"
    )
    gradient_formula = (
        r"G = \bar Y V^\top,\quad \bar S = P \odot (G - \operatorname{rowsum}(P \odot G)),\quad"
        r" \bar Q = \text{scale} \cdot \bar S K,\quad \bar K = \text{scale} \cdot \bar S^\top Q,\quad"
        r" \bar V = P^\top \bar Y"
    )
    saves_output = True
    outputs = 3

    def shape(self, q, k, v, mask=None, *, scale, causal):
        y, statistic = self._sizes(q, k, v, mask)
        return y, statistic, statistic

    def reference(self, q, k, v, mask=None, *, scale, causal):
        self._sizes(q.shape, k.shape, v.shape, None if mask is None else mask.shape)
        s = self._scores(q, k, mask, scale, causal)
        largest = s.max(-1, keepdims=True, initial=-np.inf)
        with np.errstate(invalid="ignore"):  # a row without any key: NaN
            e = np.exp(s - largest)
            total = e.sum(-1, keepdims=True)
            y = np.einsum("bnts,bsnd->btnd", self.factor(e), self.factor(_each_head(v, q)))
            y = y / np.moveaxis(total, 1, 2)
        return y, largest[..., 0].astype(q.dtype, copy=False), total[..., 0].astype(q.dtype, copy=False)

    def launch(self, native, q, k, v, mask=None, *, scale, causal):
        y, statistic = self._sizes(q.shape, k.shape, v.shape, None if mask is None else mask.shape)
        out, largest, total = (
            kernels.empty(y, q.dtype),
            kernels.empty(statistic, q.dtype),
            kernels.empty(statistic, q.dtype),
        )
        inputs = [contiguous(a) for a in (q, k, v)]
        native(*inputs, _contiguous(mask, q.dtype), out, largest, total, scale, causal)
        return out, largest, total

    def gradient(self, step, gy, g_largest, g_total):
        q, k, v, *mask = step.inputs
        backward = _attention_gradient if self is attention else _attention_bf16_gradient
        gq, gk, gv = backward(q, k, v, *step.outputs, gy, *mask, **step.attrs)
        return gq, gk, gv, *[None for _ in mask]


class AttentionGradient(_Attention):
    """(q, k, v, y, max, sum, gy) or with a mask -> (gq, gk, gv). It counts as a function of q, k, v and gy alone."""

    formula = Attention.gradient_formula
    gradient_formula = (
        r"E = \text{scale} (\bar{\bar Q} K^\top + Q \bar{\bar K}^\top),\quad"
        r" J(X) = P \odot (X - \operatorname{rowsum}(P \odot X)),\quad"
        r" \bar{\bar Y} = J(E) V + P \bar{\bar V},\quad \ldots"
    )
    saves_inputs = (0, 1, 2, 6, 7)
    outputs = 3

    def shape(self, q, k, v, y, largest, total, gy, mask=None, *, scale, causal):
        self._sizes(q, k, v, mask)
        return q, k, v

    def reference(self, q, k, v, y, largest, total, gy, mask=None, *, scale, causal):
        with np.errstate(invalid="ignore"):
            p = np.exp(self._scores(q, k, mask, scale, causal) - largest[..., None]) / total[..., None]
        q, k, v, gy = (self.factor(x) for x in (q, k, v, gy))
        g = np.einsum("btnd,bsnd->bnts", gy, _each_head(v, q))
        gs = self.factor(p * (g - (p * g).sum(-1, keepdims=True)) * q.dtype.type(scale))
        p = self.factor(p)
        gq = np.einsum("bnts,bsnd->btnd", gs, _each_head(k, q))
        gk, gv = np.einsum("bnts,btnd->bsnd", gs, q), np.einsum("bnts,btnd->bsnd", p, gy)
        return gq, _group_sums(gk, k), _group_sums(gv, v)

    def launch(self, native, q, k, v, y, largest, total, gy, mask=None, *, scale, causal):
        gradients = [kernels.empty(a.shape, a.dtype) for a in (q, k, v)]
        q, k, v, *saved = [contiguous(a) for a in (q, k, v, y, largest, total, gy)]
        native(q, k, v, _contiguous(mask, q.dtype), *saved, *gradients, scale, causal)
        return tuple(gradients)

    def gradient(self, step, u, a, b):
        # The outputs are scale dS k, scale dS^T q and P^T gy with dS = J(G), J(X) = P * (X - rowsum(P * X)), G = gy v^T.
        # What u, a and b say of them is <E, dS> + <P, gy b^T> with E = scale (u k^T + q a^T); J is symmetric.
        q, k, v, _, _, _, gy, *mask = step.inputs
        scale, einsum = step.attrs["scale"], public["einsum"]
        weights = attention_of_ops(q, k, v, *mask, **step.attrs)[1]
        p = _split(weights, k.shape[2])
        q, u, gy = (_by_group(x, k) for x in (q, u, gy))
        k, v, a, b = (public["moveaxis"](x, 1, 2) for x in (k, v, a, b))

        def outer(rows, columns):
            return einsum("bgntd,bgsd->bgnts", rows, columns)

        def to_rows(x, columns):
            return _ungrouped(einsum("bgnts,bgsd->bgntd", x, columns))

        def to_columns(x, rows):
            return einsum("bgnts,bgntd->bsgd", x, rows)

        def row_sum(x):
            return x.sum(-1, True)

        def j(x):
            return p * (x - row_sum(p * x))

        g, e = outer(gy, v), scale * (outer(u, k) + outer(q, a))
        ds, to_g = j(g), j(e)
        to_s = j(e * (g - row_sum(p * g)) - g * row_sum(p * e) + outer(gy, b))
        return (
            scale * (to_rows(to_s, k) + to_rows(ds, a)),
            scale * (to_columns(to_s, q) + to_columns(ds, u)),
            to_columns(to_g, gy),
            None,
            None,
            None,
            to_rows(to_g, v) + to_rows(p, b),
            *[None for _ in mask],
        )


class AttentionBf16(Attention):
    """What attention is in a layer with the dtype policy "mixed_bfloat16": every factor of a product is rounded.

    The weights are rounded before they are divided by their sum, which is that of the weights as they were.
    """

    name = "attention_bf16"
    factor = staticmethod(nearest)
    formula = (
        r"S = \text{scale} \cdot \operatorname{bf16}(Q) \operatorname{bf16}(K)^\top + M,\quad E = e^{S - \max S},\quad"
        r" Y = \operatorname{bf16}(E) \operatorname{bf16}(V) / \operatorname{rowsum}(E)\quad\text{(each head)}"
    )
    gradient_formula = (
        r"G = \operatorname{bf16}(\bar Y) \operatorname{bf16}(V)^\top,\quad"
        r" \bar S = \operatorname{bf16}(\text{scale} \cdot P \odot (G - \operatorname{rowsum}(P \odot G))),\quad"
        r" \bar Q = \bar S \operatorname{bf16}(K),\quad \bar K = \bar S^\top \operatorname{bf16}(Q),\quad"
        r" \bar V = \operatorname{bf16}(P)^\top \operatorname{bf16}(\bar Y)"
    )


class AttentionBf16Gradient(AttentionGradient):
    name = "attention_bf16_gradient"
    factor = staticmethod(nearest)
    formula = AttentionBf16.gradient_formula

    def gradient(self, step, u, a, b):
        before, state.bfloat16 = state.bfloat16, True
        try:
            return super().gradient(step, u, a, b)
        finally:
            state.bfloat16 = before


attention, _attention_gradient = Attention(), AttentionGradient()
attention_bf16, _attention_bf16_gradient = AttentionBf16(), AttentionBf16Gradient()
