"""Attention and AdditiveAttention: dot-product and additive attention without weights of their own for query and key."""

from __future__ import annotations

from typing import Any

import numpy as np

from stepgrad import ops, random
from stepgrad.errors import ArgumentError
from stepgrad.layers.layer import LAYERS, Layer
from stepgrad.layers.weighted import check_choice

_FAR_BELOW = -1e9  # added to the score of a key that is not seen


@LAYERS.register
class Attention(Layer):
    """Dot-product attention: every query takes the mean of the values, weighted by softmax(query . key).

    Called on a list, ``layer([query, value])`` or ``layer([query, value, key])``, with masks
    ``mask=[query_mask, value_mask]``. [Luong et al., 2015]

    Parameters
    ----------
    use_scale : bool
        Learn a factor for the scores.
    score_mode : {"dot", "concat"}
        "concat": the sum of tanh(query + key) times a learned number.
    dropout : float
        Share of the weights set to 0 while training.
    seed : int, optional

    Notes
    -----
    Shapes: query (batch, T, n), value (batch, S, m), key (batch, S, n), masks (batch, T) and (batch, S); the output is
    (batch, T, m), with return_attention_scores also (batch, T, S).

    Examples
    --------
    >>> query, value = np.zeros((1, 1, 2)), np.array([[[1.0, 0.0], [0.0, 1.0]]])
    >>> Attention()([query, value]).tolist()
    [[[0.5, 0.5]]]
    """

    def __init__(
        self,
        use_scale: bool = False,
        score_mode: str = "dot",
        dropout: float = 0.0,
        seed: int | None = None,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.use_scale, self.dropout, self.seed = use_scale, dropout, seed
        self.score_mode = check_choice(self, "score_mode", score_mode, ("dot", "concat"))
        if dropout > 0:
            self.seed_generator = random.SeedGenerator(seed)
        self.supports_masking = True

    def build(self, input_shape: list) -> None:
        self._check(input_shape)
        self.scale = self.add_weight((), "ones", name="scale") if self.use_scale else None
        self.concat_score_weight = (
            self.add_weight((), "ones", name="concat_score_weight") if self.score_mode == "concat" else None
        )

    def call(
        self,
        inputs: list,
        mask: list | None = None,
        training: bool = False,
        return_attention_scores: bool = False,
        use_causal_mask: bool = False,
    ) -> Any:
        self._check(inputs)
        query, value = inputs[:2]
        key = inputs[2] if len(inputs) > 2 else value
        query_mask, value_mask = (None, None) if mask is None else self._check(mask)[:2]
        seen = self._seen(value_mask, use_causal_mask, query.shape[1], value.shape[1])
        thinned = training and self.dropout > 0
        if thinned or return_attention_scores or self.use_scale or not self._is_dot_product():
            weights = self._weights(query, key, seen)
            kept = random.dropout(weights, self.dropout, seed=self.seed_generator) if thinned else weights
            y = ops.matmul(kept, value)
        else:
            bias = None if seen is None else ops.cast(ops.where(seen, 0.0, _FAR_BELOW), query.dtype)
            y = ops.scaled_dot_product_attention(query, key, value, bias, scale=1.0)
        if query_mask is not None:
            y = ops.where(ops.expand_dims(query_mask, -1), y, 0.0)
        return (y, weights) if return_attention_scores else y

    def _is_dot_product(self) -> bool:
        return self.score_mode == "dot"

    def _scores(self, query: Any, key: Any) -> Any:
        """Return how well every key fits every query, (batch, T, S)."""
        if self.score_mode == "dot":
            scores = ops.matmul(query, ops.swapaxes(key, -2, -1))
            return scores if self.scale is None else scores * self.scale
        pairs = ops.expand_dims(query, -2) + ops.expand_dims(key, -3)
        pairs = pairs if self.scale is None else pairs * self.scale
        return ops.sum(ops.tanh(pairs), axis=-1) * self.concat_score_weight

    def _weights(self, query: Any, key: Any, seen: Any) -> Any:
        scores = self._scores(query, key)
        return ops.softmax(scores if seen is None else ops.where(seen, scores, scores + _FAR_BELOW))

    def _seen(self, value_mask: Any, causal: bool, queries: int, keys: int) -> Any:
        """Return which keys a query sees, broadcasting to (batch, T, S), or None for all."""
        causal_mask = np.tri(queries, keys, dtype=bool)[None] if causal else None
        if value_mask is None:
            return causal_mask
        value_mask = ops.expand_dims(ops.cast(value_mask, "bool"), -2)
        return value_mask if causal_mask is None else ops.logical_and(value_mask, causal_mask)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        return None if mask is None else mask[0]

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        return self.call(*args, **kwargs)

    def compute_output_shape(self, input_shape: list) -> tuple:
        query, value = self._check(input_shape)[:2]
        return (*query[:-1], value[-1])

    def _check(self, items: Any) -> Any:
        if not isinstance(items, list | tuple) or not 2 <= len(items) <= 3:
            raise ArgumentError(
                f"{type(self).__name__} is called on a list",
                layer=self.name,
                expected="[query, value] or [query, value, key], the masks alike",
                got=f"a list of {len(items)}" if isinstance(items, list | tuple) else type(items).__name__,
                fix="self-attention is layer([x, x])",
            )
        return items

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "use_scale": self.use_scale,
            "score_mode": self.score_mode,
            "dropout": self.dropout,
            "seed": self.seed,
        }


@LAYERS.register
class AdditiveAttention(Attention):
    """Attention with the score sum(scale * tanh(query + key)). [Bahdanau et al., 2014]

    Called as `Attention` is.

    Parameters
    ----------
    use_scale : bool
        Learn a factor for every entry of query + key.
    dropout : float
    **kwargs
        As for `Attention`.

    Examples
    --------
    >>> query, value = np.zeros((1, 1, 2)), np.zeros((1, 3, 2))
    >>> AdditiveAttention()([query, value]).shape
    (1, 1, 2)
    """

    def __init__(self, use_scale: bool = True, dropout: float = 0.0, **kwargs: Any):
        super().__init__(use_scale=use_scale, dropout=dropout, **kwargs)

    def build(self, input_shape: list) -> None:
        size = self._check(input_shape)[0][-1]
        self.scale = self.add_weight((size,), "glorot_uniform", name="scale") if self.use_scale else None

    def _is_dot_product(self) -> bool:
        return False

    def _scores(self, query: Any, key: Any) -> Any:
        pairs = ops.tanh(ops.expand_dims(query, -2) + ops.expand_dims(key, -3))
        return ops.sum(pairs if self.scale is None else pairs * self.scale, axis=-1)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        del config["score_mode"]
        return config
