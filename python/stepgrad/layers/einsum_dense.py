"""EinsumDense: a dense layer whose sum is written as an einsum equation."""

from __future__ import annotations

import re
from typing import Any

from stepgrad import activations, ops
from stepgrad.errors import ArgumentError, ShapeError
from stepgrad.initializers import VarianceScaling
from stepgrad.layers.input_spec import InputSpec
from stepgrad.layers.layer import LAYERS
from stepgrad.layers.weighted import Weighted, add_bias, refuse

_EQUATION = re.compile(r"(\.\.\.)?([a-zA-Z]+)(\.\.\.)?,([a-zA-Z]+)->(\.\.\.)?([a-zA-Z]+)(\.\.\.)?")


@LAYERS.register
class EinsumDense(Weighted):
    """``activation(einsum(equation, inputs, kernel) + bias)``.

    Parameters
    ----------
    equation : str
        "ab,bc->ac" is `Dense`; "...x,xy->...y" for any number of axes in front.
    output_shape : int or tuple of int
        Of the output, without the batch axis and the axes that "..." stands for; None takes the input's size.
    activation : str or callable, optional
    bias_axes : str, optional
        The letters of the output whose axes have a bias.
    kernel_initializer, bias_initializer : str or callable
    kernel_regularizer, bias_regularizer, kernel_constraint, bias_constraint : str or callable, optional

    Examples
    --------
    >>> import numpy as np
    >>> layer = EinsumDense("abc,cd->abd", output_shape=(None, 64), bias_axes="d")
    >>> layer(np.ones((2, 32, 8))).shape, layer.count_params()
    ((2, 32, 64), 576)
    """

    kernel_initializer: Any
    kernel_regularizer: Any
    kernel_constraint: Any

    def __init__(
        self,
        equation: str,
        output_shape: int | tuple[int | None, ...],
        activation: Any = None,
        bias_axes: str | None = None,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        lora_rank: int | None = None,
        lora_alpha: float | None = None,
        gptq_unpacked_column_size: int | None = None,
        quantization_config: Any = None,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        refuse(
            self, lora_rank=lora_rank, lora_alpha=lora_alpha, gptq_unpacked_column_size=gptq_unpacked_column_size,
            quantization_config=quantization_config,
        )  # fmt: skip
        self.equation, self.bias_axes = equation, bias_axes
        self.partial_output_shape = (output_shape,) if isinstance(output_shape, int) else tuple(output_shape)
        self.activation = activations.get(activation)
        self._describe("kernel", kernel_initializer, kernel_regularizer, kernel_constraint)
        self._describe("bias", bias_initializer, bias_regularizer, bias_constraint)

    def build(self, input_shape: tuple) -> None:
        sizes, letters, before, rest, kernel = self._read(input_shape)
        source = letters if not before else f"{'_' * before}{letters}"
        if (
            isinstance(self.kernel_initializer, VarianceScaling)
            and self.kernel_initializer.input_axes is None
        ):
            kept = [letter for letter in letters if letter not in rest]
            settings = self.kernel_initializer.get_config()
            inputs = [kernel.index(letter) for letter in kept if letter in kernel]
            outputs = [i for i, letter in enumerate(kernel) if letter in rest and letter not in source]
            initializer = type(self.kernel_initializer).from_config(
                {**settings, "input_axes": inputs, "output_axes": outputs}
            )
        else:
            initializer = self.kernel_initializer
        self.kernel = self.add_weight(
            tuple(sizes[letter] for letter in kernel), initializer, regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint, name="kernel",
        )  # fmt: skip
        self.bias = None
        if self.bias_axes is not None:
            if not set(self.bias_axes) <= set(rest):
                raise ArgumentError(
                    "the axes of the bias must be in the output",
                    layer=self.name,
                    got=f"{self.bias_axes} of {rest}",
                )
            first = min(rest.index(letter) for letter in self.bias_axes)
            shape = tuple(sizes[letter] if letter in self.bias_axes else 1 for letter in rest[first:])
            behind = len(input_shape) - len(letters) if self._match[7] else 0
            self.bias = self._create("bias", shape + (1,) * behind)
        self.input_spec = InputSpec(ndim=len(input_shape))

    def _read(self, input_shape: tuple) -> tuple[dict[str, Any], str, int, str, str]:
        """Return the size of each letter, the letters of the input, how many axes are in front, output and kernel letters."""
        match = _EQUATION.fullmatch(self.equation.replace(" ", ""))
        if match is None or bool(match[1]) != bool(match[5]) or bool(match[3]) != bool(match[7]):
            raise ArgumentError(
                "the equation does not fit", layer=self.name, expected="'ab,bc->ac', '...b,bc->...c' or 'ab...,bc->ac...'",
                got=self.equation,
            )  # fmt: skip
        self._match = match
        letters, kernel, rest = match[2], match[4], match[6]
        elided = len(input_shape) - len(letters)
        if elided < 0 or (elided and not (match[1] or match[3])):
            raise ShapeError(
                "the input has not the axes of the equation",
                layer=self.name,
                got=f"{input_shape}, {self.equation}",
            )
        before = elided if match[1] else 0
        sizes = dict(zip(letters, input_shape[before:]))
        wanted = self.partial_output_shape if before else (input_shape[0], *self.partial_output_shape)
        if len(wanted) != len(rest):
            raise ShapeError(
                "output_shape has not the axes of the equation", layer=self.name, expected=f"{len(rest)} axes with the batch",
                got=str(self.partial_output_shape),
            )  # fmt: skip
        for letter, size in zip(rest, wanted):
            if size is not None and sizes.get(letter) not in (None, size):
                raise ShapeError(
                    f"the axis '{letter}' has two sizes",
                    layer=self.name,
                    got=f"{sizes[letter]} in the input, {size} in the output",
                )
            if size is not None:
                sizes[letter] = size
        missing = [letter for letter in kernel if sizes.get(letter) is None]
        if missing:
            raise ShapeError(
                f"the size of '{missing[0]}' in the kernel is not known", layer=self.name, got=self.equation
            )
        return sizes, letters, before, rest, kernel

    def call(self, inputs: Any) -> Any:
        x = ops.einsum(self.equation, inputs, self.kernel)
        return self.activation(x) if self.bias is None else add_bias(x, self.bias, self.activation)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "equation": self.equation,
            "output_shape": self.partial_output_shape,
            "activation": activations.serialize(self.activation),
            "bias_axes": self.bias_axes,
            **self._described("kernel", "bias"),
        }
