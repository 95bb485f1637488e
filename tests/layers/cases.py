"""One declaration a layer: how to make it, what to feed it, how many weights it has."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass
class Case:
    """A layer to be checked against Keras and against itself.

    Attributes
    ----------
    name : str
        Of the class, the same in Keras.
    args, kwargs :
        For the constructor, the same in Keras.
    shape : tuple or list of tuple
        Of the input(s), batch axis included.
    weights, trainable : int
        How many weight arrays, and how many of them are trainable.
    low, high : int
        For integer inputs, their range.
    changes_in_training : bool
        Whether training=True gives another output.
    gradient_to_input : bool
        False for integer inputs.
    """

    name: str
    args: tuple = ()
    kwargs: dict = field(default_factory=dict)
    shape: Any = (2, 3)
    weights: int = 0
    trainable: int | None = None
    low: int = 0
    high: int = 0
    changes_in_training: bool = False
    gradient_to_input: bool = True

    def __str__(self) -> str:
        arguments = [*map(str, self.args), *(f"{k}={v}" for k, v in self.kwargs.items())]
        return f"{self.name}({','.join(arguments)})".replace(" ", "")

    def inputs(self, dtype: str = "float32") -> Any:
        """Return the same inputs every time: distinct values, away from 0 and from each other (no kinks, no ties)."""
        return (
            [self._one(shape, dtype, i) for i, shape in enumerate(self.shape)]
            if isinstance(self.shape, list)
            else (self._one(self.shape, dtype, 0))
        )

    def _one(self, shape: tuple, dtype: str, seed: int) -> np.ndarray:
        rng = np.random.default_rng(seed)
        if self.high:
            return rng.integers(self.low, self.high, shape).astype("int32")
        size = int(np.prod(shape))
        values = (rng.permutation(size) + 0.5 - size // 2) * 4 / size
        return values.reshape(shape).astype(dtype)


image = (2, 6, 5, 4)
steps = (2, 7, 4)
volume = (2, 4, 4, 6, 3)
CASES = [
    Case("Dense", (3,), shape=(2, 5), weights=2),
    Case("Dense", (3,), {"activation": "tanh", "use_bias": False}, (2, 4, 5), 1),
    Case("Dense", (3,), {"activation": "softmax", "kernel_regularizer": "l2"}, (2, 5), 2),
    Case("Conv1D", (3, 2), shape=steps, weights=2),
    Case("Conv1D", (3, 3), {"padding": "causal", "dilation_rate": 2}, steps, 2),
    Case("Conv1D", (3, 3), {"strides": 2, "padding": "same", "activation": "relu"}, steps, 2),
    Case("Conv2D", (3, 3), shape=image, weights=2),
    Case("Conv2D", (3, (3, 2)), {"strides": (2, 1), "padding": "same"}, image, 2),
    Case("Conv2D", (4, 3), {"groups": 2, "use_bias": False}, image, 1),
    Case("Conv2D", (3, 2), {"dilation_rate": 2, "activation": "relu"}, image, 2),
    Case("Conv2D", (3, 3), {"data_format": "channels_first"}, (2, 4, 6, 5), 2),
    Case("DepthwiseConv1D", (3,), {"depth_multiplier": 2}, steps, 2),
    Case("DepthwiseConv2D", (3,), {"depth_multiplier": 2, "strides": 2, "padding": "same"}, image, 2),
    Case("DepthwiseConv2D", ((2, 3),), {"activation": "relu"}, image, 2),
    Case("SeparableConv1D", (3, 2), shape=steps, weights=3),
    Case("SeparableConv2D", (3, 3), {"padding": "same"}, image, 3),
    Case("Conv1DTranspose", (3, 2), {"strides": 2}, steps, 2),
    Case("Conv2DTranspose", (3, 3), {"strides": 2, "padding": "same"}, image, 2),
    Case("Conv2DTranspose", (3, 3), {"strides": 2}, image, 2),
    Case("MaxPooling1D", (2,), shape=steps),
    Case("MaxPooling2D", (), {}, image),
    Case("MaxPooling2D", ((3, 2),), {"strides": 1, "padding": "same"}, image),
    Case("AveragePooling1D", (3,), {"strides": 2, "padding": "same"}, steps),
    Case("AveragePooling2D", (2,), {}, image),
    Case("AveragePooling2D", (2,), {"data_format": "channels_first"}, (2, 4, 6, 5)),
    Case("GlobalMaxPooling1D", shape=steps),
    Case("GlobalMaxPooling2D", (), {"keepdims": True}, image),
    Case("GlobalAveragePooling1D", shape=steps),
    Case("GlobalAveragePooling2D", (), {"data_format": "channels_first"}, image),
    Case("Flatten", shape=image),
    Case("Flatten", (), {"data_format": "channels_first"}, image),
    Case("Reshape", ((2, -1),), shape=(3, 4, 5)),
    Case("Reshape", ((20,),), shape=(3, 4, 5)),
    Case("Permute", ((2, 1),), shape=steps),
    Case("RepeatVector", (3,), shape=(2, 5)),
    Case("Dropout", (0.5,), {"seed": 1}, (4, 8), changes_in_training=True),
    Case("Dropout", (0.5,), {"seed": 1, "noise_shape": (None, 1, 3)}, (4, 5, 3), changes_in_training=True),
    Case("Activation", ("tanh",), shape=(2, 5)),
    Case("Activation", ("relu",), shape=(2, 5)),
    Case("ReLU", (), {"max_value": 1.5, "negative_slope": 0.1, "threshold": 0.25}, (4, 5)),
    Case("ReLU", (), {"max_value": 1.0, "negative_slope": 0.2}, (4, 5)),
    Case("LeakyReLU", shape=(2, 5)),
    Case("ELU", (0.5,), shape=(2, 5)),
    Case("Softmax", shape=(2, 5)),
    Case("Softmax", ((1, 2),), shape=(2, 5, 3)),
    Case("PReLU", (), {"alpha_initializer": "ones"}, (2, 3, 4), 1),
    Case("PReLU", (), {"shared_axes": (1, 2)}, image, 1),
    Case("Embedding", (10, 4), shape=(2, 3), weights=1, high=10, gradient_to_input=False),
    Case("BatchNormalization", shape=(6, 5), weights=4, trainable=2, changes_in_training=True),
    Case("BatchNormalization", (), {"momentum": 0.8, "scale": False}, image, 3, 1, changes_in_training=True),
    Case("BatchNormalization", (), {"axis": 1, "epsilon": 0.1}, image, 4, 2, changes_in_training=True),
    Case("LayerNormalization", shape=(3, 5), weights=2),
    Case("LayerNormalization", (), {"axis": [1, 2], "center": False}, (3, 4, 5), 1),
    Case("RMSNormalization", shape=(3, 5), weights=1),
    Case("RMSNormalization", (), {"axis": [1, 2], "epsilon": 0.1}, (3, 4, 5), 1),
    Case("Attention", shape=[(2, 3, 4), (2, 5, 4)]),
    Case("Attention", (), {"use_scale": True, "score_mode": "concat"}, [(2, 3, 4), (2, 5, 4), (2, 5, 4)], 2),
    Case("AdditiveAttention", shape=[(2, 3, 4), (2, 5, 4), (2, 5, 4)], weights=1),
    Case("SimpleRNN", (3,), shape=steps, weights=3),
    Case("SimpleRNN", (3,), {"return_sequences": True, "go_backwards": True, "use_bias": False}, steps, 2),
    Case("LSTM", (3,), shape=steps, weights=3),
    Case("LSTM", (3,), {"return_sequences": True, "unit_forget_bias": False}, steps, 3),
    Case("LSTM", (3,), {"go_backwards": True, "unroll": True, "recurrent_regularizer": "l2"}, steps, 3),
    Case("LSTM", (3,), {"activation": "softsign", "recurrent_activation": "hard_sigmoid"}, steps, 3),
    Case("LSTM", (3,), {"use_bias": False, "return_sequences": True}, steps, 2),
    Case("GRU", (3,), shape=steps, weights=3),
    Case("GRU", (3,), {"return_sequences": True, "go_backwards": True}, steps, 3),
    Case("GRU", (3,), {"reset_after": False}, steps, 3),
    Case("GRU", (3,), {"use_bias": False, "unroll": True}, steps, 2),
    Case("Masking", (), {"mask_value": 0.5}, steps),
    Case("Rescaling", (0.5,), {"offset": -1.0}, (2, 5)),
    Case("Rescaling", (1 / 255,), {}, (2, 5), high=255, gradient_to_input=False),
    Case("Normalization", (), {"mean": [1.0, 2.0, 3.0], "variance": [1.0, 4.0, 9.0]}, (2, 3)),
    Case("Normalization", (), {"axis": None, "mean": 2.0, "variance": 4.0, "invert": True}, (2, 3)),
    Case("Identity", shape=(2, 5)),
    Case("Add", shape=[(2, 5), (2, 5), (2, 5)]),
    Case("Add", shape=[(2, 5), (2, 3, 5)]),
    Case("Subtract", shape=[(2, 5), (2, 5)]),
    Case("Multiply", shape=[(2, 5), (2, 1), (2, 5)]),
    Case("Average", shape=[(2, 5), (2, 5)]),
    Case("Maximum", shape=[(2, 5), (2, 5)]),
    Case("Minimum", shape=[(2, 5), (2, 5)]),
    Case("Concatenate", shape=[(2, 5), (2, 3)]),
    Case("Concatenate", (), {"axis": 1}, [(2, 5, 3), (2, 1, 3)]),
    Case("Dot", (), {"axes": 1}, [(2, 5), (2, 5)]),
    Case("Dot", (), {"axes": (2, 1), "normalize": True}, [(2, 3, 5), (2, 5, 4)]),
    Case("ZeroPadding1D", (2,), shape=steps),
    Case("ZeroPadding2D", (((1, 2), (0, 3)),), shape=image),
    Case("Cropping1D", ((1, 2),), shape=steps),
    Case("Cropping2D", (((1, 2), (0, 3)),), shape=image),
    Case("UpSampling1D", (3,), shape=steps),
    Case("UpSampling2D", ((2, 3),), shape=image),
    Case("Conv3D", (3, 2), {"strides": (2, 1, 2), "padding": "same", "activation": "tanh"}, volume, 2),
    Case("Conv3D", (3, (2, 3, 2)), {"dilation_rate": (2, 1, 1), "use_bias": False}, volume, 1),
    Case("Conv3D", (3, 2), {"data_format": "channels_first"}, (2, 3, 5, 4, 6), 2),
    Case("Conv3DTranspose", (2, 3), {"strides": 2}, (1, 2, 3, 2, 3), 2),
    Case("Conv3DTranspose", (2, 2), {"strides": (3, 2, 1), "padding": "same"}, (1, 2, 3, 2, 3), 2),
    Case("MaxPooling3D", (), {}, volume),
    Case("MaxPooling3D", (2,), {"strides": 1, "padding": "same"}, volume),
    Case("AveragePooling3D", (2,), {"padding": "same"}, volume),
    Case("GlobalMaxPooling3D", shape=volume),
    Case("GlobalAveragePooling3D", (), {"keepdims": True}, volume),
    Case("AdaptiveAveragePooling1D", (3,), shape=steps),
    Case("AdaptiveAveragePooling2D", ((4, 2),), {"data_format": "channels_first"}, (2, 4, 6, 5)),
    Case("AdaptiveAveragePooling3D", (2,), shape=volume),
    Case("AdaptiveMaxPooling1D", (3,), shape=steps),
    Case("AdaptiveMaxPooling2D", (4,), shape=image),
    Case("AdaptiveMaxPooling3D", (2,), shape=volume),
    Case("Cropping3D", (((1, 1), (0, 1), (2, 1)),), shape=volume),
    Case("ZeroPadding3D", ((1, 0, 2),), shape=volume),
    Case("UpSampling3D", ((1, 2, 3),), shape=volume),
    Case("SpatialDropout1D", (0.5,), {"seed": 1}, (4, 5, 3), changes_in_training=True),
    Case(
        "SpatialDropout2D",
        (0.5,),
        {"seed": 1, "data_format": "channels_first"},
        (4, 3, 5, 5),
        changes_in_training=True,
    ),
    Case("SpatialDropout3D", (0.5,), {"seed": 1}, (4, 2, 2, 2, 3), changes_in_training=True),
    Case("GaussianNoise", (0.5,), {"seed": 1}, (4, 8), changes_in_training=True),
    Case("GaussianDropout", (0.5,), {"seed": 1}, (4, 8), changes_in_training=True),
    Case("AlphaDropout", (0.5,), {"seed": 1}, (4, 8), changes_in_training=True),
    Case("ActivityRegularization", (), {"l1": 0.1, "l2": 0.2}, (2, 5)),
    Case("GroupNormalization", (2,), shape=image, weights=2),
    Case("GroupNormalization", (), {"groups": -1, "axis": 1, "center": False}, (2, 3, 4, 5), 1),
    Case("UnitNormalization", shape=(2, 5)),
    Case("UnitNormalization", (), {"axis": [1, 2]}, (2, 3, 4)),
    Case("EinsumDense", ("abc,cd->abd",), {"output_shape": (None, 4), "bias_axes": "d"}, (2, 3, 5), 2),
    Case("EinsumDense", ("...x,xy->...y", 4), {"bias_axes": "y", "activation": "tanh"}, (2, 3, 5), 2),
    Case("EinsumDense", ("abc,cde->abde", (None, 2, 3)), {"bias_axes": "de"}, (2, 3, 5), 2),
]
