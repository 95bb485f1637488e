"""save_model, load_model, save_weights, load_weights."""

from __future__ import annotations

import os
from typing import Any

from stepgrad.errors import DataError
from stepgrad.saving import archive, state
from stepgrad.utils.serialization import deserialize_object, serialize_object


def save_model(model: Any, filepath: str | os.PathLike, overwrite: bool = True) -> None:
    """Save a model: its layers, weights, what it was compiled with, the optimizer's state and the random generators'.

    Parameters
    ----------
    model : Model
    filepath : path
        By habit "name.stepgrad"; "name.keras" is written for Keras. The file is written whole or not at all, and holds no
        code.
    overwrite : bool
        Whether a file of that name may be replaced.

    Examples
    --------
    >>> import os, tempfile, numpy as np, stepgrad as sg
    >>> model = sg.Sequential([sg.layers.Input((2,)), sg.layers.Dense(1)])
    >>> path = os.path.join(tempfile.mkdtemp(), "model.stepgrad")
    >>> model.save(path)
    >>> again = sg.saving.load_model(path)
    >>> bool((again.predict(np.ones((1, 2)), verbose=0) == model.predict(np.ones((1, 2)), verbose=0)).all())
    True
    """
    if _is_for(filepath, ".keras"):
        from stepgrad.interop import save_keras  # above this package: only other libraries' files need it

        return save_keras(model, filepath, overwrite)
    path = _writable(filepath, overwrite)
    return archive.write_archive(path, _members_of(model))


def to_bytes(model: Any) -> bytes:
    """Return what `save_model` would write."""
    return bytes(archive.zip_of(_members_of(model)))


def _members_of(model: Any) -> dict[str, bytes]:
    weights, names = state.weight_members(model)
    return {
        "metadata.json": archive.to_json({**_metadata(names), "generators": state.generator_states(model)}),
        "config.json": archive.to_json(serialize_object(model)),
        **weights,
        **state.optimizer_members(model),
    }


def load_model(
    filepath: str | os.PathLike, custom_objects: dict[str, Any] | None = None, compile: bool = True
) -> Any:
    """Load a model that `save_model` wrote, or Keras. Nothing in the file is ever run.

    Parameters
    ----------
    filepath : path
    custom_objects : dict, optional
        Your own classes and functions by name, where they are not registered.
    compile : bool
        Whether to compile it as it was, with the optimizer's state, so that training can go on.

    Raises
    ------
    DataError
        If the file is missing, damaged or of another kind.
    ArgumentError
        If it names a class that is not known here.
    """
    if _is_for(filepath, ".keras"):
        from stepgrad.interop import load_keras

        return load_keras(filepath, custom_objects, compile)
    return _model_of(*_read(filepath), custom_objects, compile)


def from_bytes(content: bytes, custom_objects: dict[str, Any] | None = None) -> Any:
    """Return the model that `to_bytes` took apart."""
    path = "the bytes of a model"
    members = archive.members_of(content, path)
    return _model_of(path, members, archive.read_json(members, "metadata.json", path), custom_objects, True)


def _model_of(
    path: str,
    members: dict[str, bytes],
    metadata: dict[str, Any],
    custom_objects: dict[str, Any] | None,
    compile: bool,
) -> Any:
    if "config.json" not in members:
        raise DataError(
            f"'{path}' holds weights only", fix="build the model and call model.load_weights(path)"
        )
    config = archive.read_json(members, "config.json", path)
    if not isinstance(config, dict):
        raise archive.damaged(path, "config.json is no object")
    if not compile:
        config.pop("compile_config", None)
    model = deserialize_object(config, custom_objects)
    if not hasattr(model, "load_weights"):
        raise DataError(f"'{path}' holds no model", got=type(model).__name__)
    state.load_weights_into(model, members, metadata["weights"], path)
    if compile and model.compiled:
        state.load_optimizer_into(model, members, path)
    state.set_generator_states(model, metadata.get("generators", {}))
    return model


def save_weights(model: Any, filepath: str | os.PathLike, overwrite: bool = True) -> None:
    """Save the weights of a model, without its layers and its training; for Keras as "name.weights.h5"."""
    if _is_for(filepath, ".weights.h5"):
        from stepgrad.interop import save_weights_h5

        return save_weights_h5(model, filepath, overwrite)
    path = _writable(filepath, overwrite)
    weights, names = state.weight_members(model)
    return archive.write_archive(path, {"metadata.json": archive.to_json(_metadata(names)), **weights})


def load_weights(model: Any, filepath: str | os.PathLike) -> None:
    """Load weights that `save_weights` or `save_model` wrote, or Keras, into a model with the same layers.

    Raises
    ------
    ShapeError
        If the number or the shape of the weights differs; the model is then left as it was.
    """
    if _is_for(filepath, ".weights.h5", ".keras"):
        from stepgrad.interop import load_weights_h5

        return load_weights_h5(model, filepath)
    path, members, metadata = _read(filepath)
    return state.load_weights_into(model, members, metadata["weights"], path)


def _is_for(filepath: str | os.PathLike, *suffixes: str) -> bool:
    return os.fspath(filepath).endswith(suffixes)


def _metadata(names: list[str]) -> dict[str, Any]:
    from stepgrad import __version__

    return {
        "format": "stepgrad",
        "format_version": archive.FORMAT_VERSION,
        "stepgrad_version": __version__,
        "weights": names,
    }


def _writable(filepath: str | os.PathLike, overwrite: bool) -> str:
    path = archive.check_suffix(filepath, "write")
    archive.check_overwrite(path, overwrite)
    return path


def _read(filepath: str | os.PathLike) -> tuple[str, dict[str, bytes], dict[str, Any]]:
    path = archive.check_suffix(filepath, "read")
    members = archive.read_archive(path)
    metadata = archive.read_json(members, "metadata.json", path)
    archive.check_version(metadata, path)
    names = metadata.get("weights")
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise archive.damaged(path, "metadata.json does not list the weights")
    return path, members, metadata
