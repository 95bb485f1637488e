"""dot_product_attention and scaled_dot_product_attention: what users call."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from stepgrad.errors import ArgumentError, ShapeError
from stepgrad.ops.attention.fused import MASKED, attention, attention_bf16, attention_of_ops
from stepgrad.ops.linalg import bfloat16
from stepgrad.ops.op import to_tensor
from stepgrad.tape.state import public, state
from stepgrad.tape.tensor import Tensor


def dot_product_attention(
    query: Any,
    key: Any,
    value: Any,
    bias: Any = None,
    mask: Any = None,
    scale: float | None = None,
    is_causal: bool = False,
    flash_attention: bool | None = None,
    attn_logits_soft_cap: float | None = None,
) -> Tensor:
    """Let every query take the mean of the values, weighted by softmax(scale * query . key + bias).

    Vaswani et al., "Attention Is All You Need", 2017, equation 1, for several heads beside each other.

    Parameters
    ----------
    query : tensor, shape (B, T, N, H)
        Batch, queries, heads, size.
    key : tensor, shape (B, S, K, H)
        K divides N: neighbouring heads of the query share a head of keys and values.
    value : tensor, shape (B, S, K, any)
    bias : tensor that broadcasts to (B, N, T, S), optional
        Added to the scores.
    mask : tensor of bool that broadcasts to (B, N, T, S), optional
        False where a query does not see a key. Not together with `bias`.
    scale : float, optional
        1 / sqrt(H) when left out.
    is_causal : bool
        Query i sees the keys 0 to i only.
    flash_attention : bool, optional
        There for Keras's signature: the kernels never store all scores.
    attn_logits_soft_cap : None
        There for Keras's signature.

    Returns
    -------
    tensor, shape (B, T, N, size of a value)

    Raises
    ------
    ShapeError
        If the shapes do not belong together.

    Examples
    --------
    >>> import numpy as np
    >>> q = k = np.zeros((1, 2, 1, 4), "float32")
    >>> v = np.array([1.0, 3.0], "float32").reshape(1, 2, 1, 1)
    >>> dot_product_attention(q, k, v).numpy().ravel().tolist()
    [2.0, 2.0]
    >>> dot_product_attention(q, k, v, is_causal=True).numpy().ravel().tolist()
    [1.0, 2.0]
    """
    if attn_logits_soft_cap is not None:
        raise ArgumentError(
            "attn_logits_soft_cap does not exist here",
            op="dot_product_attention",
            got=str(attn_logits_soft_cap),
        )
    if bias is not None and mask is not None:
        raise ArgumentError(
            "give either bias or mask",
            op="dot_product_attention",
            got="both",
            fix="add where(mask, 0.0, -1e9) to the bias",
        )
    query, key, value = (to_tensor(x) for x in (query, key, value))
    if scale is None:
        scale = 1 / math.sqrt(query.shape[-1] or 1)
    settings: dict[str, Any] = {"scale": float(scale), "causal": bool(is_causal)}
    if mask is not None:
        bias = _as_bias(mask, query.dtype)
    attend = _attention_of_the_policy()
    if bias is None:
        return attend(query, key, value, **settings)[0]
    bias = _four_axes(to_tensor(bias), key)
    if getattr(bias, "requires_grad", False):  # the kernels give no gradient for it
        attend = attention_of_ops
    return attend(query, key, value, bias, **settings)[0]


def scaled_dot_product_attention(
    query: Any,
    key: Any,
    value: Any,
    attn_mask: Any = None,
    is_causal: bool = False,
    scale: float | None = None,
) -> Tensor:
    """Do the same for heads that stand before the steps, as PyTorch has them.

    Parameters
    ----------
    query : tensor, shape (..., T, H)
    key : tensor, shape (..., S, H)
    value : tensor, shape (..., S, any)
    attn_mask : tensor that broadcasts to (..., T, S), optional
        Booleans (False where a query does not see a key) or numbers that are added to the scores.
    is_causal : bool
    scale : float, optional
        1 / sqrt(H) when left out.

    Returns
    -------
    tensor, shape (..., T, size of a value)

    Examples
    --------
    >>> import numpy as np
    >>> x = np.zeros((2, 3, 4), "float32")
    >>> scaled_dot_product_attention(x, x, x).shape
    (2, 3, 4)
    """
    query, key, value = (to_tensor(x) for x in (query, key, value))
    if (
        min(query.ndim, key.ndim, value.ndim) < 2
        or not query.shape[:-2] == key.shape[:-2] == value.shape[:-2]
    ):
        raise ShapeError(
            "query, key and value do not belong together",
            op="scaled_dot_product_attention",
            expected="(..., T, H), (..., S, H) and (..., S, any), the same sizes in front",
            got=f"{tuple(query.shape)}, {tuple(key.shape)} and {tuple(value.shape)}",
        )
    front = tuple(query.shape[:-2])

    def one_head(x):
        return public["reshape"](x, (-1, x.shape[-2], 1, x.shape[-1]))

    if attn_mask is not None:
        attn_mask = to_tensor(attn_mask)
        if np.dtype(attn_mask.dtype).kind == "b":
            attn_mask = _as_bias(attn_mask, query.dtype)
        if math.prod(attn_mask.shape[:-2]) > 1:
            attn_mask = public["broadcast_to"](attn_mask, (*front, *attn_mask.shape[-2:]))
        steps = (*(1,) * (2 - attn_mask.ndim), *attn_mask.shape)[-2:]
        attn_mask = public["reshape"](attn_mask, (-1, 1, *steps))
    heads = one_head(query), one_head(key), one_head(value)
    y = dot_product_attention(*heads, bias=attn_mask, scale=scale, is_causal=is_causal)
    return public["reshape"](y, (*query.shape[:-1], value.shape[-1]))


def _attention_of_the_policy():
    if not state.bfloat16:
        return attention
    return attention_bf16 if bfloat16.fuses() else attention_of_ops


def _as_bias(mask, dtype):
    """0 where the mask is true. Elsewhere a number that wipes out any score but is finite: a row without any key then
    weighs all keys alike, as in Keras, and is not NaN."""
    return public["where"](mask, np.zeros((), dtype), np.asarray(MASKED[np.dtype(dtype).name], dtype))


def _four_axes(bias, key):
    """Bring a bias to the rank of the scores; an axis of keys of size 1 is spread out, which the kernels ask for."""
    if bias.ndim < 4:
        bias = public["reshape"](bias, (*(1,) * (4 - bias.ndim), *bias.shape))
    if bias.ndim == 4 and bias.shape[3] == 1:
        bias = public["broadcast_to"](bias, (*bias.shape[:3], key.shape[1]))
    return bias
