"""Keras's ``.keras``: a zip of config.json (the layers), metadata.json and model.weights.h5."""

from __future__ import annotations

import os
from typing import Any

from stepgrad.errors import DataError
from stepgrad.interop.keras_config import from_keras, to_keras
from stepgrad.interop.keras_weights import MEMBER, check_name, weights_from_h5, weights_to_h5
from stepgrad.saving import archive
from stepgrad.utils.serialization import deserialize_object, serialize_object

SUFFIX = ".keras"
_KERAS = "3.10.0"  # the format that is written here; Keras itself reads it whatever its own version


def save_keras(model: Any, filepath: str | os.PathLike, overwrite: bool = True) -> None:
    """Write a model as Keras's ``model.save("name.keras")`` does, so that Keras can load it and train on.

    Parameters
    ----------
    model : Model
        Built, of layers that Keras has; classes of your own must be registered there under the same name.
    filepath : path
        "name.keras".
    overwrite : bool
        Whether a file of that name may be replaced.

    Examples
    --------
    >>> import os, tempfile, stepgrad as sg
    >>> model = sg.Sequential([sg.layers.Input((2,)), sg.layers.Dense(1)])
    >>> path = os.path.join(tempfile.mkdtemp(), "model.keras")
    >>> save_keras(model, path)
    >>> load_keras(path).count_params()
    3
    """
    path = check_name(filepath, SUFFIX)
    archive.check_overwrite(path, overwrite)
    members = {
        "metadata.json": archive.to_json({"keras_version": _KERAS, "written_by": "stepgrad"}),
        "config.json": archive.to_json(to_keras(serialize_object(model))),
        MEMBER: weights_to_h5(model),
    }
    archive.write_archive(path, members)


def load_keras(
    filepath: str | os.PathLike, custom_objects: dict[str, Any] | None = None, compile: bool = True
) -> Any:
    """Load a model that Keras 3 saved. Nothing in the file is ever run: a Lambda layer that holds code is refused.

    Parameters
    ----------
    filepath : path
        "name.keras".
    custom_objects : dict, optional
        Your own classes and functions by name, where they are not registered.
    compile : bool
        Whether to compile it as it was, with the optimizer's state, so that training can go on.

    Returns
    -------
    Model

    Raises
    ------
    DataError
        If the file is missing, damaged or of another kind.
    ArgumentError
        If it names a class that is not known here, or holds code.
    """
    path = check_name(filepath, SUFFIX)
    members = archive.read_archive(path)
    metadata = archive.read_json(members, "metadata.json", path)
    if not isinstance(metadata, dict) or not str(metadata.get("keras_version", "")).startswith("3."):
        raise DataError(
            f"'{path}' was not written by Keras 3", got=str(metadata)[:80], fix="save it again with Keras 3"
        )
    config = archive.read_json(members, "config.json", path)
    if not isinstance(config, dict):
        raise archive.damaged(path, "config.json is no object")
    if not compile:
        config.pop("compile_config", None)
    if MEMBER not in members:
        raise DataError(f"'{path}' holds no '{MEMBER}'", got=", ".join(members))
    model = deserialize_object(from_keras(config), custom_objects)
    if not hasattr(model, "load_weights"):
        raise DataError(f"'{path}' holds no model", got=type(model).__name__)
    weights_from_h5(model, members[MEMBER], path)
    return model
