"""ReversibleEmbedding: the table that turns words into vectors also turns vectors into logits."""

from __future__ import annotations

from typing import Any

from stepgrad import ops
from stepgrad.layers.embedding import Embedding
from stepgrad.layers.layer import LAYERS


@LAYERS.register
class ReversibleEmbedding(Embedding):
    """An `Embedding` that runs backwards with ``reverse=True``: from vectors (..., output_dim) to logits (..., input_dim).

    Parameters
    ----------
    input_dim, output_dim : int
    tie_weights : bool
        Whether both ways share one table.
    embeddings_initializer, embeddings_regularizer, embeddings_constraint, mask_zero
        As in `Embedding`.
    reverse_dtype : str, optional
        The dtype of the way back.
    logit_soft_cap : float, optional
        Keep logits within this bound by a tanh.

    Examples
    --------
    >>> import numpy as np
    >>> layer = ReversibleEmbedding(10, 4)
    >>> layer(layer(np.array([[1, 2]])), reverse=True).shape
    (1, 2, 10)
    """

    def __init__(
        self, input_dim: int, output_dim: int, tie_weights: bool = True, embeddings_initializer: Any = "uniform",
        embeddings_regularizer: Any = None, embeddings_constraint: Any = None, mask_zero: bool = False,
        reverse_dtype: str | None = None, logit_soft_cap: float | None = None, **kwargs: Any,
    ):  # fmt: skip
        super().__init__(
            input_dim,
            output_dim,
            embeddings_initializer,
            embeddings_regularizer,
            embeddings_constraint,
            mask_zero,
            **kwargs,
        )
        self.tie_weights, self.reverse_dtype, self.logit_soft_cap = tie_weights, reverse_dtype, logit_soft_cap

    def build(self, input_shape: Any = None) -> None:
        super().build(input_shape)
        if not self.tie_weights:
            self.reverse_embeddings = self._create(
                "embeddings", (self.output_dim, self.input_dim), name="reverse_embeddings"
            )

    def call(self, inputs: Any, reverse: bool = False) -> Any:
        if not reverse:
            return super().call(inputs)
        kernel = ops.transpose(self.embeddings) if self.tie_weights else self.reverse_embeddings
        if self.reverse_dtype is not None:
            inputs, kernel = ops.cast(inputs, self.reverse_dtype), ops.cast(kernel, self.reverse_dtype)
        logits = ops.matmul(inputs, kernel)
        cap = self.logit_soft_cap
        return logits if cap is None else ops.tanh(logits / cap) * cap

    def get_config(self) -> dict[str, Any]:
        words = "tie_weights reverse_dtype logit_soft_cap".split()
        return {**super().get_config(), **{word: getattr(self, word) for word in words}}
