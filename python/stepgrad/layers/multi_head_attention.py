"""MultiHeadAttention and GroupedQueryAttention: every step looks at the other steps, with several heads at once."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from stepgrad import ops
from stepgrad.errors import ArgumentError, ShapeError
from stepgrad.layers.dropout import Dropout
from stepgrad.layers.layer import LAYERS
from stepgrad.layers.projection import Projection
from stepgrad.layers.weighted import Weighted, check_positive


class HeadsAttention(Weighted):
    """What the two have in common: project query, key and value to heads, attend, and project the heads back."""

    def __init__(
        self,
        heads: tuple[int, int],
        sizes: tuple[int, int],
        dropout: float,
        use_bias: bool,
        sliding_window: int | None,
        use_gate: bool,
        seed: int | None,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self._heads, self._sizes = heads, sizes  # (of queries, of keys), (of a key, of a value)
        self._rate, self._use_bias, self._use_gate, self.seed = dropout, use_bias, use_gate, seed
        if sliding_window is not None:
            check_positive(self, "sliding_window", sliding_window)
        self._window = sliding_window
        self._dropout_layer = Dropout(dropout, seed=seed, dtype=self.dtype_policy)
        self.supports_masking = True

    def _projection(self, name: str, units: tuple[int, ...], **kwargs: Any) -> Projection:
        words = ("regularizer", "constraint")
        settings = {f"{w}_{word}": getattr(self, f"{w}_{word}") for w in ("kernel", "bias") for word in words}
        for weight in ("kernel", "bias"):  # a clone each, or all kernels would start alike
            settings[f"{weight}_initializer"] = getattr(self, f"{weight}_initializer").clone()
        return Projection(
            units,
            use_bias=self._use_bias,
            activity_regularizer=self.activity_regularizer,
            dtype=self.dtype_policy,
            name=name,
            **settings,
            **kwargs,
        )

    def build(self, query_shape: tuple, value_shape: tuple, key_shape: tuple | None = None) -> None:
        key_shape = value_shape if key_shape is None else key_shape
        self.compute_output_shape(query_shape, value_shape, key_shape)
        (heads, kv_heads), (size, value_size) = self._heads, self._sizes
        self._query_dense = self._projection("query", (heads, size))
        self._query_dense.build(query_shape)
        self._key_dense = self._projection("key", (kv_heads, size))
        self._key_dense.build(key_shape)
        if self._use_gate:
            self._gate_dense = self._projection("gate", (heads, value_size), activation="sigmoid")
            self._gate_dense.build(query_shape)
        self._value_dense = self._projection("value", (kv_heads, value_size))
        self._value_dense.build(value_shape)
        out = self.compute_output_shape(query_shape, value_shape, key_shape)[2:]
        self._output_dense = self._projection("attention_output", out, contracted=2)
        self._output_dense.build((*query_shape[:-1], heads, value_size))

    def call(
        self,
        query: Any,
        value: Any,
        key: Any = None,
        query_mask: Any = None,
        value_mask: Any = None,
        key_mask: Any = None,
        attention_mask: Any = None,
        return_attention_scores: bool = False,
        training: bool | None = None,
        use_causal_mask: bool = False,
    ) -> Any:
        key = value if key is None else key
        masks = query_mask, value_mask, key_mask, attention_mask
        # Alone, the causal mask is a flag of the kernel, which then leaves out half of the work.
        causal_only = use_causal_mask and self._window is None and all(m is None for m in masks)
        mask = None if causal_only else self._mask(*masks, use_causal_mask, query.shape[1], value.shape[1])
        projected = self._query_dense(query), self._key_dense(key), self._value_dense(value)
        if self._rate > 0 or return_attention_scores:
            if causal_only:
                mask = self._mask(*masks, True, query.shape[1], value.shape[1])
            y, scores = self._attend_step_by_step(*projected, mask, training)
        else:
            y = ops.dot_product_attention(
                *projected, mask=mask, scale=1 / math.sqrt(self._sizes[0]), is_causal=causal_only
            )
            scores = None
        if self._use_gate:
            y = y * self._gate_dense(query)
        y = self._output_dense(y)
        return (y, scores) if return_attention_scores else y

    def _mask(
        self, query: Any, value: Any, key: Any, attention: Any, causal: bool, queries: int, keys: int
    ) -> Any:
        """Return what all masks allow, with the axes (batch, heads, queries, keys), or None."""
        parts = []
        if query is not None:
            parts.append(ops.expand_dims(ops.cast(query, "bool"), -1))
        for mask in (value, key):
            if mask is not None:
                parts.append(ops.expand_dims(ops.cast(mask, "bool"), -2))
        if causal:
            parts.append(np.tri(queries, keys, dtype=bool)[None])
        if self._window is not None:
            distance = np.arange(queries)[:, None] - np.arange(keys)
            parts.append((np.abs(distance) < self._window)[None])
        if attention is not None:
            parts.append(ops.cast(attention, "bool"))
        if not parts:
            return None
        mask = parts[0]
        for part in parts[1:]:
            mask = ops.logical_and(mask, part)
        return ops.expand_dims(mask, -3) if len(mask.shape) == 3 else mask

    def _attend_step_by_step(self, query: Any, key: Any, value: Any, mask: Any, training: Any) -> Any:
        """Attention with its weights in the open, where they are asked for or thinned out by dropout."""
        group = self._heads[0] // self._heads[1]
        if group > 1:
            key, value = ops.repeat(key, group, axis=2), ops.repeat(value, group, axis=2)
        scores = ops.einsum("btnh,bsnh->bnts", query * (1 / math.sqrt(self._sizes[0])), key)
        if mask is None:
            weights = ops.softmax(scores)
        else:  # the second `where`: a query that sees nothing gets nothing
            weights = ops.where(mask, ops.softmax(ops.where(mask, scores, -1e9)), 0.0)
        kept = self._dropout_layer(weights, training=training)
        return ops.einsum("bnts,bsnh->btnh", kept, value), weights

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        return self.call(*args, **kwargs)

    def compute_output_shape(
        self, query_shape: tuple, value_shape: tuple, key_shape: tuple | None = None
    ) -> tuple:
        shapes = [tuple(s) for s in (query_shape, value_shape, key_shape) if s is not None]
        if any(len(shape) != 3 for shape in shapes) or len({s[1] for s in shapes[1:]}) > 1:
            raise ShapeError(
                f"{type(self).__name__} works on sequences",
                layer=self.name,
                expected="query (batch, T, n), value (batch, S, m) and key (batch, S, k)",
                got=" and ".join(map(str, shapes)),
                fix="reshape axes that are not attended over into the batch",
            )
        return shapes[0]

    def _shared_config(self) -> dict[str, Any]:
        return {
            "dropout": self._rate,
            "use_bias": self._use_bias,
            "use_gate": self._use_gate,
            "sliding_window": self._window,
            "seed": self.seed,
            **self._described("kernel", "bias"),
        }


@LAYERS.register
class MultiHeadAttention(HeadsAttention):
    """Several attentions beside each other, each on its own projections of the same inputs.

    Call it with ``layer(query, value)``; ``layer(x, x)`` is self-attention. The output has the query's shape, unless
    `output_shape` says otherwise. [Vaswani et al., 2017]

    Parameters
    ----------
    num_heads : int
    key_dim : int
        Size of a query and a key in each head.
    value_dim : int, optional
        Size of a value in each head; `key_dim` when left out.
    dropout : float
        Share of the weights set to 0 while training.
    use_bias : bool
    output_shape : int or tuple, optional
        Of the output behind batch and steps; the query's when left out.
    attention_axes : None or (1,)
        There for Keras's signature: attention runs over the steps.
    sliding_window : int, optional
        A query sees keys less than this far away.
    flash_attention : bool, optional
        There for Keras's signature: the kernels never store all scores.
    kernel_initializer, bias_initializer : str or callable
    kernel_regularizer, bias_regularizer, activity_regularizer : str or callable, optional
    kernel_constraint, bias_constraint : str or callable, optional
    use_gate : bool
        Multiply what the heads return with sigmoid of a projection of the query.
    seed : int, optional
        Of dropout.

    Notes
    -----
    Arguments of a call: query (batch, T, n), value (batch, S, m), key (the value when left out), query_mask (batch, T),
    value_mask and key_mask (batch, S), attention_mask (batch, T, S), use_causal_mask, return_attention_scores (adds an
    output (batch, heads, T, S)), training.

    Examples
    --------
    >>> x = np.ones((2, 5, 16))
    >>> layer = MultiHeadAttention(num_heads=4, key_dim=8)
    >>> layer(x, x, use_causal_mask=True).shape
    (2, 5, 16)
    """

    def __init__(
        self,
        num_heads: int,
        key_dim: int,
        value_dim: int | None = None,
        dropout: float = 0.0,
        use_bias: bool = True,
        output_shape: int | tuple[int, ...] | None = None,
        attention_axes: tuple[int, ...] | int | None = None,
        sliding_window: int | None = None,
        flash_attention: bool | None = None,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        use_gate: bool = False,
        seed: int | None = None,
        **kwargs: Any,
    ):
        heads, sizes = (num_heads, num_heads), (key_dim, key_dim if value_dim is None else value_dim)
        super().__init__(
            heads, sizes, dropout, use_bias, sliding_window, use_gate, seed,
            activity_regularizer=activity_regularizer, **kwargs,
        )  # fmt: skip
        for word, number in (("num_heads", num_heads), ("key_dim", key_dim), ("value_dim", sizes[1])):
            check_positive(self, word, number)
        self._describe("kernel", kernel_initializer, kernel_regularizer, kernel_constraint)
        self._describe("bias", bias_initializer, bias_regularizer, bias_constraint)
        units = (output_shape,) if isinstance(output_shape, int) else output_shape
        self._output_shape = None if units is None else tuple(units)
        if attention_axes not in (None, 1, (1,), [1]):
            raise ArgumentError(
                "attention runs over axis 1, the steps",
                layer=self.name,
                got=f"attention_axes={attention_axes}",
                fix="reshape the other axes into the batch or into the steps",
            )
        self._attention_axes = (1,)

    @property
    def num_heads(self) -> int:
        """How many heads there are."""
        return self._heads[0]

    @property
    def key_dim(self) -> int:
        """Size of a query and a key."""
        return self._sizes[0]

    @property
    def value_dim(self) -> int:
        """Size of a value."""
        return self._sizes[1]

    @property
    def dropout(self) -> float:
        """Share of the weights set to 0 while training."""
        return self._rate

    @property
    def use_bias(self) -> bool:
        """Whether the projections add a bias."""
        return self._use_bias

    def compute_output_shape(
        self, query_shape: tuple, value_shape: tuple, key_shape: tuple | None = None
    ) -> tuple:
        shape = super().compute_output_shape(query_shape, value_shape, key_shape)
        return shape if self._output_shape is None else (*shape[:-1], *self._output_shape)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "num_heads": self.num_heads,
            "key_dim": self.key_dim,
            "value_dim": self.value_dim,
            "output_shape": self._output_shape,
            "attention_axes": self._attention_axes,
            **self._shared_config(),
        }


@LAYERS.register
class GroupQueryAttention(HeadsAttention):
    """Multi-head attention in which several heads of queries share one head of keys and values.

    With one head of keys it is multi-query attention, with as many as queries multi-head attention.
    [Ainslie et al., 2023]

    Parameters
    ----------
    head_dim : int
        Size of a query, key or value in each head.
    num_query_heads, num_key_value_heads : int
        The second divides the first.
    dropout, use_bias, sliding_window, flash_attention
        As for `MultiHeadAttention`.
    kernel_initializer, bias_initializer : str or callable
    kernel_regularizer, bias_regularizer, activity_regularizer : str or callable, optional
    kernel_constraint, bias_constraint : str or callable, optional
    use_gate, seed
        As for `MultiHeadAttention`, as are the arguments of a call.

    Examples
    --------
    >>> x = np.ones((2, 5, 16))
    >>> GroupQueryAttention(head_dim=8, num_query_heads=4, num_key_value_heads=2)(x, x).shape
    (2, 5, 16)
    """

    def __init__(
        self,
        head_dim: int,
        num_query_heads: int,
        num_key_value_heads: int,
        dropout: float = 0.0,
        use_bias: bool = True,
        sliding_window: int | None = None,
        flash_attention: bool | None = None,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        use_gate: bool = False,
        seed: int | None = None,
        **kwargs: Any,
    ):
        heads = num_query_heads, num_key_value_heads
        super().__init__(
            heads, (head_dim, head_dim), dropout, use_bias, sliding_window, use_gate, seed,
            activity_regularizer=activity_regularizer, **kwargs,
        )  # fmt: skip
        if check_positive(self, "num_query_heads", heads[0]) % check_positive(
            self, "num_key_value_heads", heads[1]
        ):
            raise ArgumentError(
                "num_query_heads must be a multiple of num_key_value_heads", layer=self.name, got=f"{heads}"
            )
        self.head_dim = check_positive(self, "head_dim", head_dim)
        self.num_query_heads, self.num_key_value_heads = heads
        self._describe("kernel", kernel_initializer, kernel_regularizer, kernel_constraint)
        self._describe("bias", bias_initializer, bias_regularizer, bias_constraint)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "head_dim": self.head_dim,
            "num_query_heads": self.num_query_heads,
            "num_key_value_heads": self.num_key_value_heads,
            **self._shared_config(),
        }
