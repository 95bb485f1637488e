"""Activation functions."""

from stepgrad.ops.activation.celu import celu
from stepgrad.ops.activation.elu import elu
from stepgrad.ops.activation.gelu import gelu
from stepgrad.ops.activation.glu import glu
from stepgrad.ops.activation.hard_sigmoid import hard_sigmoid, hard_silu, hard_swish
from stepgrad.ops.activation.leaky_relu import leaky_relu
from stepgrad.ops.activation.log_sigmoid import log_sigmoid
from stepgrad.ops.activation.mish import mish
from stepgrad.ops.activation.relu import relu
from stepgrad.ops.activation.relu6 import relu6
from stepgrad.ops.activation.selu import selu
from stepgrad.ops.activation.shrink import hard_shrink, soft_shrink, tanh_shrink, threshold
from stepgrad.ops.activation.sigmoid import sigmoid
from stepgrad.ops.activation.silu import silu, swish
from stepgrad.ops.activation.softplus import softplus
from stepgrad.ops.activation.softsign import softsign
from stepgrad.ops.activation.sparse import hard_tanh, sparse_plus, sparse_sigmoid, squareplus
from stepgrad.ops.activation.sparsemax import sparsemax

__all__ = [
    "celu", "elu", "gelu", "glu", "hard_shrink", "hard_sigmoid", "hard_silu", "hard_swish", "hard_tanh",
    "leaky_relu", "log_sigmoid", "mish", "relu", "relu6", "selu", "sigmoid", "silu", "soft_shrink",
    "softplus", "softsign", "sparse_plus", "sparse_sigmoid", "sparsemax", "squareplus", "swish", "tanh_shrink",
    "threshold",
]  # fmt: skip
