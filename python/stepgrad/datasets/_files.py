"""What the loaders share: where data lies, checksums, IDX and npz files."""

from __future__ import annotations

import gzip
import hashlib
import logging
import math
import os
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from stepgrad.errors import DataError

IDX_FILES = {
    "train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
}
AGAIN = "the file is damaged or another one: fetch it again"


class Loaded(tuple):
    """``((x_train, y_train), (x_test, y_test))`` that knows where it came from.

    Attributes
    ----------
    source : str
        What was read: for the reader, not for a program.
    """

    source: str

    def __new__(cls, train: tuple[Any, Any], test: tuple[Any, Any], source: str) -> Loaded:
        loaded = super().__new__(cls, (train, test))
        loaded.source = source
        logging.getLogger("stepgrad.datasets").info("read %s", source)
        return loaded


def data_folder() -> Path:
    """Return the folder where data sets are looked for."""
    return Path(os.environ.get("STEPGRAD_DATA") or Path.home() / ".stepgrad" / "datasets")


def find(path: str | os.PathLike[str] | None, names: Iterable[str], title: str, wanted: str) -> Path:
    """Return the file or folder to read.

    Parameters
    ----------
    path : str or path, optional
        Given by the caller: used as it is, or taken in the data folder, and an error if it is in neither.
    names : iterable of str
        What to look for in the data folder when there is no ``path``; the first that exists is taken.
    title, wanted : str
        For the error: the data set, and which files to get.
    """
    folder = data_folder()
    places = [folder / name for name in names] if path is None else [Path(path).expanduser(), folder / path]
    for place in places:
        if place.exists():
            return place
    raise DataError(
        f"{title} is not on this machine, and stepgrad never downloads",
        expected=" or ".join(dict.fromkeys(map(str, places))),
        fix=f"get {wanted} and put it there, pass path=, or set STEPGRAD_DATA to the folder that holds it",
    )


def check_sha256(name: str, content: bytes | Path, expected: str | None) -> None:
    """Raise DataError unless the content, or the file, has this SHA-256; None is a file without an official one."""
    if expected is None:
        return
    digest = hashlib.sha256()
    if isinstance(content, Path):
        with open(content, "rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    else:
        digest.update(content)
    if digest.hexdigest() != expected:
        raise DataError(
            f"{name} is not the official file",
            expected=f"sha256 {expected}",
            got=f"sha256 {digest.hexdigest()}",
            fix=AGAIN,
        )


@contextmanager
def reading(path: Path | str) -> Iterator[None]:
    """Turn what gzip, tarfile and zipfile raise on bad files into a DataError that names the file."""
    try:
        yield
    except EOFError as error:
        raise DataError(f"{path} is truncated", got=str(error), fix="fetch it again") from error
    except (gzip.BadGzipFile, zlib.error, zipfile.BadZipFile, tarfile.TarError) as error:
        raise DataError(f"{path} is damaged or truncated", got=str(error), fix="fetch it again") from error


def read_idx(path: Path, ndim: int) -> np.ndarray:
    """Read an IDX file of unsigned bytes, compressed or not.

    Parameters
    ----------
    path : Path
    ndim : int
        3 for images, 1 for labels: part of the magic number.

    Returns
    -------
    uint8 array with ``ndim`` axes

    Raises
    ------
    DataError
        Naming the file and what is wrong with it.
    """
    with open(path, "rb") as raw:
        packed = raw.read(2) == b"\x1f\x8b"
    with reading(path), gzip.open(path) if packed else open(path, "rb") as file:
        header = file.read(4 + 4 * ndim)
        magic = int.from_bytes(header[:4], "big")
        if len(header) >= 4 and magic != 0x800 + ndim:
            other = " (images and labels exchanged?)" if magic in (0x801, 0x803) else ""
            raise DataError(
                f"{path} is not an IDX file of unsigned bytes with {ndim} axes",
                expected=f"magic number {0x800 + ndim}",
                got=f"{magic}, first bytes {header[:4]!r}{other}",
            )
        if len(header) < 4 + 4 * ndim:
            raise DataError(
                f"{path} is truncated", expected=f"a header of {4 + 4 * ndim} bytes", got=f"{len(header)}"
            )
        shape = struct.unpack(f">{ndim}I", header[4:])
        size = math.prod(shape)
        content = bytearray()  # in blocks: memory grows with the file, not with what its header promises
        while len(content) <= size and (block := file.read(min(1 << 20, size + 1 - len(content)))):
            content += block
    if len(content) != size:
        raise DataError(
            f"{path} does not hold what its header says"
            + (": it is truncated" if len(content) < size else ""),
            expected=f"{size} bytes for shape {shape}",
            got=f"{len(content)}" if len(content) < size else "more",
            fix=AGAIN,
        )
    return np.frombuffer(content, np.uint8).reshape(shape)


def find_idx(folder: Path, name: str) -> Path | None:
    """Return the IDX file of this name, compressed or not, or None."""
    return next((p for p in (folder / f"{name}.gz", folder / name) if p.is_file()), None)


def read_idx_splits(folder: Path, sha256: dict[str, str]) -> list[tuple[np.ndarray, np.ndarray]]:
    """Read the four files of an MNIST-like data set: ``[(x_train, y_train), (x_test, y_test)]``."""
    splits = []
    for pair in IDX_FILES.values():
        paths = []
        for name in pair:
            path = find_idx(folder, name)
            if path is None:
                raise DataError(f"{folder} is incomplete", expected=f"{name}.gz or {name}", got="neither")
            paths.append(path)
        # The content of both is looked at before any checksum: its errors say more.
        x, y = read_idx(paths[0], 3), read_idx(paths[1], 1)
        check_images(x, y, str(paths[0]), str(paths[1]))
        for path, name, values in zip(paths, pair, (x, y), strict=True):
            check_sha256(str(path), idx_bytes(values), sha256.get(name))
        splits.append((x, y))
    return splits


def idx_bytes(values: np.ndarray) -> bytes:
    """Return the content of the IDX file, uncompressed, that holds these unsigned bytes."""
    return struct.pack(f">I{values.ndim}I", 0x800 + values.ndim, *values.shape) + values.tobytes()


def check_images(x: np.ndarray, y: np.ndarray, x_name: str, y_name: str, classes: int = 10) -> None:
    """Raise DataError unless these are 28 x 28 images with as many labels below ``classes``."""
    if x.shape[1:] != (28, 28):
        raise DataError(f"{x_name} does not hold 28 x 28 images", expected="(n, 28, 28)", got=str(x.shape))
    if y.shape != (len(x),):
        raise DataError(
            f"{y_name} does not belong to {x_name}", expected=f"{len(x)} labels", got=str(y.shape)
        )
    check_labels(y, y_name, classes)


def check_labels(y: np.ndarray, name: str, classes: int) -> None:
    """Raise DataError at the first label that is not below ``classes``."""
    wrong = np.flatnonzero((y < 0) | (y >= classes))
    if wrong.size:
        raise DataError(
            f"{name} holds labels that do not exist",
            expected=f"0 to {classes - 1}",
            got=f"{y[wrong[0]]} at position {wrong[0]}, and {wrong.size - 1} more",
        )


def read_npz(path: Path, keys: Iterable[str], advice: str) -> dict[str, np.ndarray]:
    """Read arrays of an npz file without pickle; ``advice`` says what to take instead of a file that has others."""
    if not zipfile.is_zipfile(path):
        raise DataError(f"{path} is not an npz file, or is truncated", fix=advice)
    with reading(path), np.load(path, allow_pickle=False) as file:
        if not set(keys) <= set(file.files):
            raise DataError(
                f"{path} lacks arrays", expected=", ".join(keys), got=", ".join(file.files), fix=advice
            )
        try:
            return {key: file[key] for key in keys}
        except ValueError as error:
            raise DataError(
                f"{path} holds pickled objects, which are never read", got=str(error), fix=advice
            ) from error
