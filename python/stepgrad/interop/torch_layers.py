"""How PyTorch names and lays out the weights of each layer.

===================  ==========================================  ===============================================
stepgrad, Keras      PyTorch                                     what changes
===================  ==========================================  ===============================================
Dense                Linear                                      kernel [in, out] -> weight [out, in]
Conv1D, 2D, 3D       Conv1d, 2d, 3d                              kernel [..., in, out] -> weight [out, in, ...]
Conv1D.. Transpose   ConvTranspose1d ..                          kernel [..., out, in] -> weight [in, out, ...]
DepthwiseConv1D, 2D  Conv1d, 2d with groups=in                   kernel [..., in, m] -> weight [in * m, 1, ...]
Embedding            Embedding                                   embeddings -> weight
BatchNormalization   BatchNorm1d, 2d, 3d                         gamma, beta, moving_mean, moving_variance ->
                                                                 weight, bias, running_mean, running_var
LayerNormalization,  LayerNorm, GroupNorm                        gamma, beta -> weight, bias
GroupNormalization
PReLU                PReLU                                       alpha [1, .., C] -> weight [C]
SimpleRNN, LSTM      RNN, LSTM                                   kernel -> weight_ih_l0, transposed (and so on); the
                                                                 gates stand in the same order; PyTorch adds two
                                                                 biases, Keras has their sum
GRU                  GRU                                         gates z, r, h -> r, z, n
===================  ==========================================  ===============================================
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from stepgrad.errors import ArgumentError, ShapeError

Arrays = dict[str, np.ndarray]


class Layout(NamedTuple):
    """One weight: PyTorch's name for it, and the ways there and back."""

    name: str
    there: Callable[[np.ndarray], np.ndarray] = np.asarray
    back: Callable[[np.ndarray, tuple], np.ndarray] = lambda array, shape: array


_DENSE = Layout("weight", np.transpose, lambda array, shape: array.T)
_CONV = Layout(
    "weight",
    lambda kernel: np.moveaxis(np.moveaxis(kernel, -1, 0), -1, 1),
    lambda weight, shape: np.moveaxis(np.moveaxis(weight, 1, -1), 0, -1),
)
_DEPTHWISE = Layout(
    "weight",
    lambda k: np.moveaxis(k.reshape(*k.shape[:-2], 1, -1), [-1, -2], [0, 1]),
    lambda weight, shape: np.moveaxis(weight, [0, 1], [-1, -2]).reshape(shape),
)
_BIAS = Layout("bias")
_SCALE = {"gamma": Layout("weight"), "beta": _BIAS}
_LAYOUTS: dict[str, dict[str, Layout]] = {  # class -> name of our weight -> layout
    "Dense": {"kernel": _DENSE, "bias": _BIAS},
    "Embedding": {"embeddings": Layout("weight")},
    "LayerNormalization": _SCALE,
    "GroupNormalization": _SCALE,
    "BatchNormalization": {
        **_SCALE,
        "moving_mean": Layout("running_mean"),
        "moving_variance": Layout("running_var"),
    },  # fmt: skip
    "PReLU": {"alpha": Layout("weight", np.ravel, lambda array, shape: array.reshape(shape))},
    **{f"Conv{n}D": {"kernel": _CONV, "bias": _BIAS} for n in (1, 2, 3)},
    **{f"Conv{n}DTranspose": {"kernel": _CONV, "bias": _BIAS} for n in (1, 2, 3)},
    **{f"DepthwiseConv{n}D": {"kernel": _DEPTHWISE, "bias": _BIAS} for n in (1, 2)},
}
_GATES = {"SimpleRNN": 1, "LSTM": 4, "GRU": 3}
_OF_PYTORCH_ALONE = {"num_batches_tracked"}  # a counter that only momentum=None reads


def is_known(layer: Any) -> bool:
    """Tell whether the table above has the layer."""
    name = type(layer).__name__
    return name in _LAYOUTS or name in _GATES or (name == "Bidirectional" and is_known(layer.forward_layer))


def write(layer: Any) -> Arrays:
    """Return a layer's weights by PyTorch's names, without the prefix of the module."""
    name = type(layer).__name__
    if name == "Bidirectional":
        reverse = {f"{key}_reverse": array for key, array in write(layer.backward_layer).items()}
        return {**write(layer.forward_layer), **reverse}
    if name in _GATES:
        return _write_recurrent(layer)
    layouts = _LAYOUTS[name]
    arrays = {layouts[v.name].name: layouts[v.name].there(v.numpy()) for v in layer.weights}
    if name == "BatchNormalization":
        arrays["num_batches_tracked"] = np.array(0, "int64")
    return arrays


def read(layer: Any, arrays: Arrays, module: str) -> list[tuple[Any, np.ndarray]]:
    """Return (variable, value) for all weights of a layer from the arrays of a PyTorch module.

    Raises
    ------
    ShapeError
        If a weight is missing, left over or of another shape.
    """
    rest = {key: array for key, array in arrays.items() if key not in _OF_PYTORCH_ALONE}
    pairs = _read(layer, rest, module)
    if rest:
        raise ShapeError(
            f"PyTorch's '{module}' has weights for which '{layer.name}' has no place",
            layer=layer.path or layer.name,
            expected=", ".join(v.name for v in layer.weights),
            got=", ".join(f"{key} {array.shape}" for key, array in rest.items()),
        )
    for variable, value in pairs:
        if value.shape != variable.shape:
            raise ShapeError(
                f"PyTorch's '{module}' has another shape than '{layer.name}'",
                layer=layer.path or layer.name,
                expected=f"{variable.shape} for '{variable.path}'",
                got=f"{value.shape}, after bringing it into this layout",
            )
    return pairs


def _read(layer: Any, rest: Arrays, module: str) -> list[tuple[Any, np.ndarray]]:
    name = type(layer).__name__
    if name == "Bidirectional":
        reverse = {key.removesuffix("_reverse"): rest.pop(key) for key in [*rest] if key.endswith("_reverse")}
        pairs = _read(layer.forward_layer, rest, module) + _read(layer.backward_layer, reverse, module)
        rest.update({f"{key}_reverse": array for key, array in reverse.items()})
        return pairs
    if name in _GATES:
        return _read_recurrent(layer, rest, module)
    return [
        (v, _LAYOUTS[name][v.name].back(_take(rest, _LAYOUTS[name][v.name].name, layer, module), v.shape))
        for v in layer.weights
    ]


def _take(rest: Arrays, key: str, layer: Any, module: str) -> np.ndarray:
    if key not in rest:
        raise ShapeError(
            f"PyTorch's '{module}' does not fit '{layer.name}', a {type(layer).__name__}",
            layer=layer.path or layer.name,
            expected=f"'{module}.{key}'",
            got=", ".join(f"{name} {array.shape}" for name, array in rest.items()) or "nothing more",
            fix="pass names={'module of PyTorch': 'layer of stepgrad'}, if the order of the layers differs",
        )
    return rest.pop(key)


# -- recurrent layers ----------------------------------------------------------------------------------------------


def _in_torch_order(kernel: np.ndarray, layer: Any) -> np.ndarray:
    """Reorder the gates on the last axis: a GRU's z, r, h stand as r, z, n there. It is its own inverse."""
    if type(layer).__name__ != "GRU":
        return kernel
    z, r, h = np.split(kernel, 3, axis=-1)
    return np.concatenate([r, z, h], axis=-1)


def _check_gru(layer: Any) -> None:
    if type(layer).__name__ == "GRU" and not layer.reset_after:
        raise ArgumentError(
            "PyTorch's GRU resets after the matrix product",
            layer=layer.name,
            expected="reset_after=True",
            got="reset_after=False",
        )


def _write_recurrent(layer: Any) -> Arrays:
    _check_gru(layer)
    kernel, recurrent, *bias = (_in_torch_order(v.numpy(), layer) for v in layer.weights)
    arrays = {"weight_ih_l0": kernel.T, "weight_hh_l0": recurrent.T}
    if bias:
        both = bias[0] if bias[0].ndim == 2 else np.stack([bias[0], np.zeros_like(bias[0])])
        arrays["bias_ih_l0"], arrays["bias_hh_l0"] = both
    return arrays


def _read_recurrent(layer: Any, rest: Arrays, module: str) -> list[tuple[Any, np.ndarray]]:
    _check_gru(layer)
    kernel, recurrent, *bias = layer.weights
    pairs = [
        (kernel, _in_torch_order(_take(rest, "weight_ih_l0", layer, module).T, layer)),
        (recurrent, _in_torch_order(_take(rest, "weight_hh_l0", layer, module).T, layer)),
    ]
    for variable in bias:
        both = np.stack([_take(rest, f"bias_{which}_l0", layer, module) for which in ("ih", "hh")])
        pairs.append((variable, _in_torch_order(both if variable.ndim == 2 else both.sum(axis=0), layer)))
    return pairs
