"""The file format: a zip of JSON and safetensors members, without dates, written whole or not at all."""

from __future__ import annotations

import io
import json
import os
import secrets
import struct
import zipfile
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from stepgrad.errors import ArgumentError, DataError

FORMAT_VERSION = 1
SUFFIX = ".stepgrad"
_OTHER_FORMATS = [
    ".h5",
    ".hdf5",
    ".onnx",
    ".pt",
    ".pth",
    ".safetensors",
    ".npz",
    ".npy",
    ".pb",
    ".tflite",
    ".pkl",
    ".pickle",
    ".json",
    ".yaml",
    ".csv",
    ".txt",
]
_DATE = (1980, 1, 1, 0, 0, 0)  # the zip format wants one; a fixed one keeps the bytes reproducible


def check_suffix(path: str | os.PathLike, action: str) -> str:
    """Return the path as a string; a name that promises another format is refused."""
    path = os.fspath(path)
    suffix = os.path.splitext(path)[1].lower()
    if suffix in _OTHER_FORMATS:
        stem = path[: -len(suffix)].removesuffix(".weights")
        raise ArgumentError(
            f"a file '{suffix}' is of another format, which stepgrad does not {action}",
            expected=f"a '{SUFFIX}' file, or Keras's '.keras' (a model) or '.weights.h5' (weights)",
            got=path,
            fix=f"'{stem}{SUFFIX}'",
        )
    return path


def check_overwrite(path: str, overwrite: bool) -> None:
    """Refuse to replace a file, unless that was allowed."""
    if not overwrite and os.path.exists(path):
        raise ArgumentError(
            "there is a file of this name already", got=path, fix="overwrite=True, or another name"
        )


def write_archive(path: str, members: Mapping[str, bytes]) -> None:
    """Write members into a zip file; see `write_whole`."""
    write_whole(path, zip_of(members))


def zip_of(members: Mapping[str, bytes]) -> memoryview:
    """Return the content of a zip file with these members."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as archive:
        for member, part in members.items():
            info = zipfile.ZipInfo(member, _DATE)
            info.create_system, info.external_attr = 3, 0o644 << 16
            archive.writestr(info, part)
    return content.getbuffer()


def write_whole(path: str, content: bytes | memoryview) -> None:
    """Write a file that is at every moment either the old one or the new one.

    The bytes go to a temporary file in the same folder, are flushed to the disk, and only then take the name.
    """
    folder, name = os.path.split(os.path.abspath(path))
    if os.path.isdir(path):
        raise ArgumentError(
            "this is a folder", got=path, fix=f"give the name of a file: '{path.rstrip('/')}/model{SUFFIX}'"
        )
    if not os.path.isdir(folder):
        raise ArgumentError(
            "the folder to write into does not exist", got=folder, fix=f"os.makedirs({folder!r})"
        )
    temporary = os.path.join(folder, f".{name}.{secrets.token_hex(4)}.tmp")
    try:
        with open(temporary, "xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        if os.path.exists(temporary):
            os.unlink(temporary)
        raise
    if hasattr(os, "O_DIRECTORY"):  # the new name, too, must survive a power cut
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def read_whole(path: str) -> bytes:
    """Return the content of a file."""
    if not os.path.exists(path):
        raise DataError(
            "there is no such file", got=path, fix="check the name; the working folder is " + os.getcwd()
        )
    if os.path.isdir(path):
        raise DataError("this is a folder, not a file", got=path)
    with open(path, "rb") as file:
        return file.read()


def read_archive(path: str) -> dict[str, bytes]:
    """Return the members of a file that `write_archive` wrote."""
    return members_of(read_whole(path), path)


def members_of(content: bytes, path: str) -> dict[str, bytes]:
    """Return the members of a zip file's content."""
    if not content.startswith(b"PK"):
        kind = "an HDF5 file" if content.startswith(b"\x89HDF") else "something else"
        raise DataError(f"'{path}' is no stepgrad file", got=kind if content else "an empty file")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for info in archive.infolist():
                if info.compress_type != zipfile.ZIP_STORED or info.file_size > len(content):
                    raise DataError(
                        f"'{path}' is no stepgrad file", got=f"a compressed member '{info.filename}'"
                    )
            return {name: archive.read(name) for name in archive.namelist()}
    except DataError:
        raise
    except (
        zipfile.BadZipFile,
        EOFError,
        OSError,
        ValueError,
        RuntimeError,
        struct.error,
        zlib.error,
    ) as error:
        raise damaged(path, str(error)) from error


def damaged(path: str, why: str) -> DataError:
    """Return the error for a file that was cut off or changed."""
    return DataError(
        f"'{path}' is damaged", got=why, fix="it was not copied or downloaded whole; take another copy"
    )


def read_json(members: dict[str, bytes], name: str, path: str) -> Any:
    """Return the content of a JSON member."""
    if name not in members:
        raise DataError(
            f"'{path}' is no stepgrad file",
            expected=f"a member '{name}'",
            got=", ".join(members) or "nothing",
        )
    try:
        return json.loads(members[name])
    except ValueError as error:  # not JSON, or not UTF-8
        raise damaged(path, f"{name}: {error}") from error


def to_json(value: Any) -> bytes:
    """Return a value as JSON."""
    return json.dumps(value, indent=1).encode()


def to_safetensors(arrays: Mapping[str, np.ndarray]) -> bytes:
    """Return named arrays as the bytes of a safetensors file."""
    from safetensors.numpy import save

    return save({name: np.array(array, order="C") for name, array in arrays.items()})


def from_safetensors(members: dict[str, bytes], name: str, path: str) -> dict[str, np.ndarray]:
    """Return the arrays of a safetensors member."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    if name not in members:
        raise DataError(f"'{path}' holds no '{name}'", got=", ".join(members))
    try:
        return load(members[name])
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        raise damaged(path, f"{name}: {error}") from error


def check_version(metadata: Any, path: str) -> None:
    """Refuse files of another kind, and those of a later version of the format."""
    if not isinstance(metadata, dict) or metadata.get("format") != "stepgrad":
        raise DataError(f"'{path}' is no stepgrad file", got="a zip with other content")
    if metadata.get("format_version") != FORMAT_VERSION:
        raise DataError(
            f"'{path}' was written in another version of the format",
            expected=str(FORMAT_VERSION),
            got=str(metadata.get("format_version")),
            fix="install the stepgrad that wrote it: " + str(metadata.get("stepgrad_version")),
        )
