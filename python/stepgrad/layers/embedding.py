"""Embedding: a learned vector for every index."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from stepgrad import ops
from stepgrad.layers.layer import LAYERS
from stepgrad.layers.weighted import Weighted, check_positive, refuse


@LAYERS.register
class Embedding(Weighted):
    """Replace every index by a row of a learned table.

    Input shape (batch, ...) of integers; output shape (batch, ..., output_dim).

    Parameters
    ----------
    input_dim : int
        Number of rows: the largest index + 1.
    output_dim : int
        Size of a row.
    embeddings_initializer : str or callable
    embeddings_regularizer, embeddings_constraint : str or callable, optional
    mask_zero : bool
        Whether index 0 is padding: the layers after this one skip it. No word may then have the index 0.
    weights : array (input_dim, output_dim), optional
        The first values.

    Examples
    --------
    >>> import numpy as np
    >>> Embedding(100, 8)(np.array([[1, 2, 3]])).shape
    (1, 3, 8)
    """

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        embeddings_initializer: Any = "uniform",
        embeddings_regularizer: Any = None,
        embeddings_constraint: Any = None,
        mask_zero: bool = False,
        weights: Any = None,
        lora_rank: int | None = None,
        lora_alpha: float | None = None,
        quantization_config: Any = None,
        **kwargs: Any,
    ):
        if kwargs.pop("input_length", None) is not None:  # programs of Keras 2 pass it
            warnings.warn("Embedding needs no input_length any more: leave it out", stacklevel=2)
        super().__init__(**kwargs)
        refuse(self, lora_rank=lora_rank, lora_alpha=lora_alpha, quantization_config=quantization_config)
        self.input_dim = check_positive(self, "input_dim", input_dim)
        self.output_dim = check_positive(self, "output_dim", output_dim)
        self._describe("embeddings", embeddings_initializer, embeddings_regularizer, embeddings_constraint)
        self.mask_zero = self.supports_masking = mask_zero
        self.autocast = False
        if weights is not None:
            self.build(None)
            self.set_weights([weights[0] if isinstance(weights, list) and len(weights) == 1 else weights])

    def build(self, input_shape: Any = None) -> None:
        if not self._trainable_variables:
            self.embeddings = self._create("embeddings", (self.input_dim, self.output_dim))

    def call(self, inputs: Any) -> Any:
        indices = inputs if np.dtype(inputs.dtype).kind in "iu" else ops.cast(inputs, "int32")
        return ops.take(self.embeddings, indices, axis=0)

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        return ops.not_equal(inputs, 0) if self.mask_zero else None

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "input_dim": self.input_dim,
            "output_dim": self.output_dim,
            **self._described("embeddings"),
            "mask_zero": self.mask_zero,
        }
