"""Cases of stepgrad.ops.attention."""

import numpy as np

from ops.harness import Case, Input, booleans, x32
from stepgrad import ops
from stepgrad.ops.attention.fused import attention, attention_bf16, attention_of_ops

PAIR = ("attention", "attention_gradient")


def _expected(q, k, v, bias=None, mask=None, scale=None, is_causal=False):
    """One query after the other."""
    b, t, n, h = q.shape
    s, groups = k.shape[1:3]
    y = np.zeros((b, t, n, v.shape[3]))
    extra = np.zeros((b, n, t, s)) if bias is None else np.broadcast_to(bias, (b, n, t, s))
    seen = np.ones((b, n, t, s), bool) if mask is None else np.broadcast_to(mask, (b, n, t, s))
    for i, j, c in np.ndindex(b, t, n):
        kv = c // (n // groups)
        scores = k[i, :, kv] @ q[i, j, c] * (h**-0.5 if scale is None else scale) + extra[i, c, j]
        scores = np.where(seen[i, c, j], scores, -1e300)
        if is_causal:
            scores[j + 1 :] = -np.inf
        e = np.exp(scores - scores.max())
        y[i, j, c] = (e / e.sum()) @ v[i, :, kv]
    return y


def _attended(q, k, v, scale, causal):
    return _expected(q, k, v, scale=scale, is_causal=causal)


def _torch_layout(q, k, v, is_causal=False):
    q, k, v = (x.reshape(-1, *x.shape[-2:])[:, :, None] for x in (q, k, v))
    return _expected(q, k, v, is_causal=is_causal)


def _heads(t, s, n, groups, h, hv, b=2):
    return (b, t, n, h), (b, s, groups, h), (b, s, groups, hv)


CASES = [
    Case(
        PAIR,
        ops.dot_product_attention,
        [Input(shape) for shape in _heads(5, 3, 4, 2, 3, 2)],
        expected=_expected,
        shapes=[
            _heads(1, 1, 1, 1, 1, 1),
            _heads(17, 9, 2, 1, 8, 7),
            _heads(7, 130, 1, 1, 5, 4, b=1),
            _heads(0, 3, 1, 1, 2, 2),
        ],
        large=_heads(70, 150, 8, 4, 33, 31),
        batch=(0, 1, 2),
        errors=[
            (lambda: ops.dot_product_attention(x32(2, 3, 4), x32(2, 3, 4), x32(2, 3, 4)), "has four axes"),
            (
                lambda: ops.dot_product_attention(x32(2, 3, 4, 5), x32(2, 3, 4, 6), x32(2, 3, 4, 5)),
                "do not belong together",
            ),
            (
                lambda: ops.dot_product_attention(x32(2, 3, 4, 5), x32(2, 3, 3, 5), x32(2, 3, 3, 5)),
                "divides 4",
            ),
            (
                lambda: ops.dot_product_attention(*[x32(2, 3, 4, 5)] * 3, mask=np.ones((3, 2), bool)),
                "does not fit the scores",
            ),
            (
                lambda: ops.dot_product_attention(*[x32(2, 3, 4, 5)] * 3, x32(1), x32(1)),
                "either bias or mask",
            ),
            (
                lambda: ops.dot_product_attention(*[x32(2, 3, 4, 5)] * 3, attn_logits_soft_cap=1.0),
                "does not exist",
            ),
        ],
    ),
    Case(
        PAIR,
        ops.dot_product_attention,
        [Input(shape) for shape in _heads(5, 6, 2, 1, 3, 3)],
        {"is_causal": True, "scale": 0.7},
        expected=_expected,
        shapes=[_heads(33, 33, 2, 2, 4, 8), _heads(3, 9, 1, 1, 2, 2), _heads(9, 3, 1, 1, 2, 2)],
        large=_heads(150, 150, 8, 2, 16, 16),
        batch=(0, 1, 2),
        label="causal",
    ),
    Case(
        PAIR,
        lambda q, k, v, mask: ops.dot_product_attention(q, k, v, mask=mask),
        [*[Input(shape) for shape in _heads(4, 5, 2, 2, 3, 2)], Input((2, 1, 4, 5), booleans, "bool")],
        expected=lambda q, k, v, mask: _expected(q, k, v, mask=mask),
        shapes=[(*_heads(4, 5, 2, 2, 3, 2), (5,)), (*_heads(4, 5, 2, 2, 3, 2), (2, 2, 1, 1))],
        batch=(0, 1, 2, 3),
        label="mask",
    ),
    Case(
        PAIR,
        lambda q, k, v, bias: ops.dot_product_attention(q, k, v, bias),
        [*[Input(shape) for shape in _heads(4, 5, 4, 2, 3, 2)], Input((4, 1, 5), wrt=False)],
        expected=_expected,
        batch=(0, 1, 2),
        label="bias",
    ),
    Case(
        "softmax",
        lambda q, k, v, bias: ops.dot_product_attention(q, k, v, bias, is_causal=True),
        [*[Input(shape) for shape in _heads(4, 5, 4, 2, 3, 2)], Input((4, 1, 5))],
        expected=lambda q, k, v, bias: _expected(q, k, v, bias, is_causal=True),
        batch=(),  # the composition works on known shapes
        label="attention with a bias that is learned",
    ),
    Case(
        "softmax",
        lambda q, k, v: attention_of_ops(q, k, v, scale=0.5, causal=False)[0],
        [Input(shape) for shape in _heads(4, 5, 4, 2, 3, 2)],
        expected=lambda q, k, v: attention(q, k, v, scale=0.5, causal=False)[0].numpy(),
        label="attention's twin",
    ),
    Case(
        PAIR,
        ops.scaled_dot_product_attention,
        [Input((2, 3, 4, 5)), Input((2, 3, 6, 5)), Input((2, 3, 6, 2))],
        {"is_causal": True},
        expected=lambda q, k, v, is_causal: _torch_layout(q, k, v, is_causal).reshape(
            *q.shape[:-1], v.shape[-1]
        ),
        shapes=[((4, 5), (6, 5), (6, 2)), ((1, 7, 8), (1, 3, 8), (1, 3, 9))],
        batch=(0, 1, 2),
        label="heads first",
        errors=[
            (
                lambda: ops.scaled_dot_product_attention(x32(2, 3, 4), x32(3, 4), x32(3, 4)),
                "do not belong together",
            )
        ],
    ),
    Case(
        ("attention_bf16", "attention_bf16_gradient"),
        lambda *x, **attrs: attention_bf16(*x, **attrs)[0],
        [Input(shape) for shape in _heads(5, 6, 2, 1, 3, 3)],
        {"scale": 0.7, "causal": True},
        expected=_attended,
        shapes=[_heads(33, 33, 2, 2, 4, 8), _heads(1, 1, 1, 1, 1, 1), _heads(0, 3, 1, 1, 2, 2)],
        batch=(0, 1, 2),
        errors=[
            (
                lambda: attention_bf16(*[x32(2, 3, 4)] * 3, scale=1.0, causal=False),
                "has four axes",
            )
        ],
        tolerance={"float32": 2.0**-4},
        why="every factor is rounded to the 8 bits of a bfloat16, in float32 only; sums cancel",
    ),
]
