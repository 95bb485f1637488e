"""A model's saved config, rewritten from stepgrad's names to Keras's. The way back is short: see utils.serialization."""

from __future__ import annotations

from typing import Any

from stepgrad.errors import ArgumentError

_OPS = {  # ops that mean the same under the same name -> the module of Keras's op
    "numpy": "abs add all any arccos arccosh arcsin arcsinh arctan arctan2 arctanh argmax argmin argsort broadcast_to ceil "
    "clip concatenate copy cos cosh count_nonzero cumprod cumsum divide equal exp expand_dims expm1 flip floor floor_divide "
    "greater greater_equal isfinite isinf isnan less less_equal log log10 log1p log2 logical_and logical_not logical_or "
    "logical_xor max maximum mean min minimum mod multiply nan_to_num negative not_equal power prod reciprocal repeat "
    "reshape roll round sign sin sinh sqrt square squeeze stack subtract sum take take_along_axis tan tanh tile transpose "
    "tril triu trunc var where",
    "nn": "elu leaky_relu log_sigmoid log_softmax one_hot relu relu6 sigmoid silu softmax softplus softsign sparsemax",
    "math": "erf logsumexp rsqrt",
    "core": "cast stop_gradient",
}
_MODULES = {name: f"keras.src.ops.{module}" for module, names in _OPS.items() for name in names.split()}


def to_keras(saved: Any) -> Any:
    """Return a config as Keras would have written it.

    Examples
    --------
    >>> from stepgrad import layers, saving
    >>> to_keras(layers.LAYERS.serialize(layers.ReLU(name="r")))["module"]
    'keras.layers'
    """
    if isinstance(saved, list | tuple):
        return [to_keras(part) for part in saved]
    if not isinstance(saved, dict):
        return saved
    module, name = saved.get("module"), saved.get("class_name")
    if name == "__tuple__":  # JSON has lists only, and Keras leaves it at that
        return to_keras(saved["config"]["value"])
    if not isinstance(module, str) or name is None:
        return {key: to_keras(value) for key, value in saved.items()}
    if module == "stepgrad.ops":
        return _op(saved)
    rest = {key: to_keras(value) for key, value in saved.items() if key not in ("module", "registered_name")}
    if name == "function":
        if module.startswith("stepgrad."):
            return saved["config"]  # Keras, too, finds its own functions by their names alone
        return {**rest, "module": "builtins", "registered_name": "function"}
    if module.startswith("stepgrad."):
        if name == "Functional":
            return {**rest, "module": "keras.src.models.functional", "registered_name": name}
        kind = module.removeprefix("stepgrad.")
        return {**rest, "module": "keras" if kind == "models" else f"keras.{kind}", "registered_name": None}
    return {**rest, "module": None, "registered_name": saved.get("registered_name")}


def from_keras(saved: Any) -> Any:
    """Return a config of Keras without the arguments that Keras notes in every call, whether or not they were given."""
    if isinstance(saved, list):
        return [from_keras(part) for part in saved]
    if not isinstance(saved, dict):
        return saved
    if set(saved) == {"args", "kwargs"}:
        noted = {key for key in ("training", "mask") if not isinstance(saved["kwargs"].get(key), dict)}
        return {**saved, "kwargs": {k: v for k, v in saved["kwargs"].items() if k not in noted}}
    return {key: from_keras(value) for key, value in saved.items()}


def _op(saved: dict[str, Any]) -> dict[str, Any]:
    """Rewrite an op that was called on KerasTensors: Keras keeps its attributes in the config, we in the call."""
    op, node = saved["class_name"], saved["inbound_nodes"][0]
    args, attrs = to_keras(node["args"]), to_keras(node["kwargs"])
    kwargs: dict[str, Any] = {}
    module = _MODULES.get(op)
    if op in ("concatenate", "stack"):
        args = [args]
    elif op in ("gelu", "gelu_tanh"):
        module, attrs, op = "keras.src.ops.nn", {"approximate": op == "gelu_tanh"}, "gelu"
    elif op == "getitem":
        module, op = "keras.src.ops.numpy", "get_item"
        args, attrs = [*args, attrs["key"]], {}
    elif op == "split":
        module, attrs = "keras.src.ops.numpy", {
            "indices_or_sections": attrs["sections"], "axis": attrs.get("axis", 0)}  # fmt: skip
    elif op == "pad":
        module, kwargs = "keras.src.ops.numpy", {"constant_values": attrs.pop("value", 0)}
    elif op == "matmul" and not any(attrs.values()):
        module, attrs = "keras.src.ops.numpy", {}
    if module is None:
        raise ArgumentError(
            "this op cannot be written into Keras's file",
            op=op,
            fix="use a layer that Keras has in its place, or save in stepgrad's own format: model.save('model.stepgrad')",
        )
    return {
        "module": module,
        "class_name": "".join(word.capitalize() for word in op.split("_")),
        "config": {"name": saved["name"], **attrs},
        "registered_name": None,
        "name": saved["name"],
        "inbound_nodes": [{"args": args, "kwargs": kwargs}],
    }
