"""stepgrad and the others: models and weights of Keras and PyTorch, read and written.

=======================================  ==================================================================
`load_keras`, `save_keras`               a whole model, as Keras's ``.keras``
`load_weights_h5`, `save_weights_h5`     the weights alone, as Keras's ``.weights.h5``
`load_torch`, `save_torch`               the weights alone, as a PyTorch ``state_dict`` in a safetensors file
`from_torch`, `to_torch`                 the same without a file: a dict of arrays by PyTorch's names
=======================================  ==================================================================

Arrays need no function of their own: every array that speaks DLPack or ``__array__`` is taken where a tensor is, and
``numpy.from_dlpack(tensor)`` or ``torch.from_dlpack(tensor)`` takes ours, without a copy.
"""

from stepgrad.interop.keras_file import load_keras, save_keras
from stepgrad.interop.keras_weights import load_weights_h5, save_weights_h5
from stepgrad.interop.torch_file import from_torch, load_torch, save_torch, to_torch

__all__ = [
    "from_torch",
    "load_keras",
    "load_torch",
    "load_weights_h5",
    "save_keras",
    "save_torch",
    "save_weights_h5",
    "to_torch",
]
