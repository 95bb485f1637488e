"""Keras's ``.weights.h5``: the variables of every layer as "path/vars/0", "path/vars/1", ... in an HDF5 file."""

from __future__ import annotations

import io
import os
import warnings
from typing import Any

import numpy as np

from stepgrad.errors import ArgumentError, DataError, ShapeError, require
from stepgrad.interop.keras_tree import parts_of
from stepgrad.layers.state import State
from stepgrad.optimizers.optimizer import Optimizer
from stepgrad.saving import archive
from stepgrad.saving.state import require_built

SUFFIX = ".weights.h5"
MEMBER = "model.weights.h5"  # its name inside of a .keras file


def save_weights_h5(model: Any, filepath: str | os.PathLike, overwrite: bool = True) -> None:
    """Write the weights of a model, and its optimizer's state, as Keras's ``model.save_weights`` does.

    Parameters
    ----------
    model : Model
        Built.
    filepath : path
        "name.weights.h5".
    overwrite : bool
        Whether a file of that name may be replaced.

    Examples
    --------
    >>> import os, tempfile, stepgrad as sg
    >>> model = sg.Sequential([sg.layers.Input((2,)), sg.layers.Dense(1)])
    >>> path = os.path.join(tempfile.mkdtemp(), "model.weights.h5")
    >>> save_weights_h5(model, path)
    >>> load_weights_h5(model, path)
    """
    path = check_name(filepath, SUFFIX)
    archive.check_overwrite(path, overwrite)
    archive.write_whole(path, weights_to_h5(model))


def load_weights_h5(model: Any, filepath: str | os.PathLike) -> None:
    """Read weights that Keras wrote (or `save_weights_h5`) into a model with the same layers.

    A ``.keras`` file does as well: its weights are read. The layers are found by their place in the model, as in Keras, so that their names may differ. The optimizer's state is
    read, too, where the model is compiled with the same optimizer.

    Raises
    ------
    DataError
        If the file is missing, damaged or of another kind.
    ShapeError
        If the weights do not fit; the model is then left as it was.
    """
    path = os.fspath(filepath)
    if path.endswith(".keras"):
        members = archive.read_archive(path)
        if MEMBER not in members:
            raise DataError(f"'{path}' holds no '{MEMBER}'", got=", ".join(members))
        weights_from_h5(model, members[MEMBER], path)
        return
    weights_from_h5(model, archive.read_whole(check_name(path, SUFFIX)), path)


def check_name(filepath: str | os.PathLike, suffix: str) -> str:
    """Return the path as a string; the suffix says what kind of file it is and is asked for."""
    path = os.fspath(filepath)
    if not path.endswith(suffix):
        stem = path.removesuffix(".h5").removesuffix(".hdf5").removesuffix(".keras").removesuffix(".weights")
        raise ArgumentError(f"the name must end in '{suffix}'", got=path, fix=f"'{stem}{suffix}'")
    return path


def weights_to_h5(model: Any) -> bytes:
    """Return the content of a ``.weights.h5`` file."""
    require_built(model, "save its weights")
    h5py = require("h5py", "interop", "writing Keras's weight files")
    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        for path, part in parts_of(model):
            group = file.create_group(f"{path}/vars".lstrip("/"))
            group.attrs["name"] = part.name
            store: dict[str, Any] = {}
            part.save_own_variables(store)
            for name, value in store.items():
                group.create_dataset(name, data=np.asarray(value))
    return content.getvalue()


def weights_from_h5(model: Any, content: bytes, path: str) -> None:
    """Read the content of a ``.weights.h5`` file into a model."""
    require_built(model, "load weights into it")
    h5py = require("h5py", "interop", "reading Keras's weight files")
    try:
        file = h5py.File(io.BytesIO(content), "r")
    except OSError as error:
        raise DataError(f"'{path}' is no HDF5 file, or damaged", got=str(error)) from error
    with file:
        if "layer_names" in file.attrs or "model_config" in file.attrs:
            raise DataError(
                f"'{path}' is in the HDF5 format of Keras 2",
                fix="load it in Keras and save it again: model.save_weights('name.weights.h5')",
            )
        loads = []
        for where, part in parts_of(model):
            store = _store_of(h5py, file, f"{where}/vars".lstrip("/"), path)
            if _fits(part, store, where, path):
                loads.append((part, store))
        for part, store in loads:
            part.load_own_variables(store)


def _store_of(h5py: Any, file: Any, where: str, path: str) -> dict[str, np.ndarray]:
    """Return the arrays of a group; links to other places and other files are not followed."""
    node = file
    for name in where.split("/"):
        link = node.get(name, getlink=True)
        if link is None:
            return {}
        if not isinstance(link, h5py.HardLink):
            raise DataError(f"'{path}' holds a link at '{where}', which is not followed")
        node = node[name]
        if not isinstance(node, h5py.Group):
            raise DataError(f"'{path}' is no weights file of Keras", got=f"an array at '{where}'")
    arrays = {}
    for name in node:
        if not isinstance(node.get(name, getlink=True), h5py.HardLink) or node[name].external:
            raise DataError(f"'{path}' holds a link at '{where}/{name}', which is not followed")
        arrays[name] = node[name]
    return arrays


def _fits(part: Any, store: dict[str, Any], where: str, path: str) -> bool:
    """Check the number and the shapes before anything is assigned."""
    if isinstance(part, Optimizer):
        return _optimizer_fits(part, store)
    if type(part).load_own_variables is not State.load_own_variables:
        return True  # the layer's own business
    variables = part._own_variables
    if len(store) != len(variables):
        raise ShapeError(
            f"the weights in '{path}' are of another model",
            layer=part.path or part.name,
            expected=f"{len(variables)} weights at '{where}'",
            got=f"{len(store)} in the file",
            fix="build the same layers in the same order as when it was saved",
        )
    for i, variable in enumerate(variables):
        shape = store[str(i)].shape if str(i) in store else None
        if shape != variable.shape:
            raise ShapeError(
                f"a weight in '{path}' has another shape",
                layer=part.path or part.name,
                expected=f"{variable.shape} for '{variable.path}'",
                got=f"{shape} at '{where}/vars/{i}'",
                fix="build the layer with the same sizes as when it was saved",
            )
    return True


def _optimizer_fits(optimizer: Optimizer, store: dict[str, Any]) -> bool:
    variables = optimizer.variables
    fits = len(store) == len(variables) and all(
        str(i) in store and store[str(i)].shape == variable.shape for i, variable in enumerate(variables)
    )
    if store and not fits:
        warnings.warn(
            f"the file holds the state of another optimizer ({len(store)} variables, and '{optimizer.name}' has "
            f"{len(variables)}): the weights are loaded, and the optimizer begins anew",
            stacklevel=5,
        )
    return fits
