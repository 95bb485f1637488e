"""Input: where a functional model begins."""

from __future__ import annotations

from typing import Any

from stepgrad.errors import ArgumentError
from stepgrad.layers.calling import Call
from stepgrad.layers.layer import LAYERS, Layer
from stepgrad.tape import KerasTensor
from stepgrad.tape.symbolic import Node
from stepgrad.utils.tree import is_shape


@LAYERS.register
class InputLayer(Layer):
    """The layer behind `Input`: it only holds a shape and a dtype."""

    def __init__(
        self,
        shape: tuple | None = None,
        batch_size: int | None = None,
        dtype: str | None = None,
        sparse: bool | None = None,
        ragged: bool | None = None,
        batch_shape: tuple | None = None,
        input_tensor: Any = None,
        optional: bool = False,
        name: str | None = None,
    ):
        super().__init__(dtype=dtype, name=name)
        if input_tensor is not None:
            raise ArgumentError(
                "an input does not begin at another tensor here",
                layer=self.name,
                fix="Model(that_tensor, outputs)",
            )
        if sparse or ragged:
            raise ArgumentError(
                "sparse and ragged inputs do not exist here", layer=self.name, fix="use dense arrays"
            )
        if (shape is None) == (batch_shape is None):
            raise ArgumentError(
                "an input has either a shape or a batch_shape",
                layer=self.name,
                fix="Input(shape=(28, 28, 1)): the shape of one sample, without the batch axis",
            )
        given: Any = batch_shape if shape is None else shape
        if not is_shape(given):
            raise ArgumentError(
                "a shape is a tuple of sizes (None where a size is not known)",
                layer=self.name,
                got=repr(given),
                fix=f"shape=({given},)" if isinstance(given, int) else None,
            )
        self.batch_shape = tuple(given) if shape is None else (batch_size, *given)
        self.optional = optional
        output = KerasTensor(self.batch_shape, self.dtype, name=self.name, node=Node(self, (), {}))
        self._calls.append(Call(output.node, output))
        self.built = True

    def call(self, *inputs: Any) -> Any:
        return inputs[0] if inputs else self.output

    def get_config(self) -> dict[str, Any]:
        return {
            "batch_shape": self.batch_shape,
            "dtype": self.dtype,
            "sparse": False,
            "ragged": False,
            "name": self.name,
            "optional": self.optional,
        }


def Input(
    shape: tuple | None = None,
    batch_size: int | None = None,
    dtype: str | None = None,
    sparse: bool | None = None,
    ragged: bool | None = None,
    batch_shape: tuple | None = None,
    name: str | None = None,
    tensor: Any = None,
    optional: bool = False,
) -> KerasTensor:
    """Return the KerasTensor that stands for the data.

    Parameters
    ----------
    shape : tuple
        Shape of one sample; None where a size is not known.
    batch_size : int, optional
    dtype : str, optional
    batch_shape : tuple, optional
        Shape with the batch axis, instead of `shape`.
    name : str, optional
    optional : bool
        Whether None may come instead of data.

    Examples
    --------
    >>> Input(shape=(28, 28, 1)).shape
    (None, 28, 28, 1)
    """
    return InputLayer(shape, batch_size, dtype, sparse, ragged, batch_shape, tensor, optional, name).output
