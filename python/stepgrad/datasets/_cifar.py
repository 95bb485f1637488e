"""The binary files of CIFAR-10 and CIFAR-100."""

from __future__ import annotations

import os
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from stepgrad import config
from stepgrad.datasets import _files
from stepgrad.errors import DataError

PIXELS = 3 * 32 * 32


@dataclass(frozen=True)
class Cifar:
    """One of the two sets: names of files and folders, and what a record starts with."""

    title: str
    archive: str
    folder: str
    sha256: str  # of the archive
    train: tuple[str, ...]
    test: tuple[str, ...]
    records: dict[str, int]  # in one file
    label_classes: tuple[int, ...]  # one entry a label byte
    pickled: tuple[str, ...]  # names of the python version


def load(cifar: Cifar, path: str | os.PathLike[str] | None, label: int) -> _files.Loaded:
    """Read a folder or the archive; ``label`` chooses the label byte."""
    found = _find(cifar, path)
    files = _read_folder(cifar, found) if found.is_dir() else _read_archive(cifar, found)
    splits = []
    for part, names in (("train", cifar.train), ("test", cifar.test)):
        batches = [
            _split(cifar, files[name], f"{name} of {found}", cifar.records[part], label) for name in names
        ]
        x, y = (np.concatenate(arrays) for arrays in zip(*batches, strict=True))
        if config.image_data_format() == "channels_last":
            x = np.ascontiguousarray(x.transpose(0, 2, 3, 1))
        splits.append((x, y))
    train, test = splits
    return _files.Loaded(
        train, test, f"{cifar.title} from {found}: {len(train[0]):,} + {len(test[0]):,} images"
    )


def _find(cifar: Cifar, path: str | os.PathLike[str] | None) -> Path:
    pickled = [name for name in cifar.pickled if path is None and (_files.data_folder() / name).exists()]
    try:
        found = _files.find(
            path, [cifar.folder, cifar.archive], cifar.title, f"the binary version, {cifar.archive},"
        )
    except DataError:
        if pickled:
            raise _python_version(cifar, _files.data_folder() / pickled[0]) from None
        raise
    inside = {p.name for p in found.iterdir()} if found.is_dir() else set()
    wanted = {*cifar.train, *cifar.test}
    if found.name in cifar.pickled or (
        not inside & wanted and inside & {n.removesuffix(".bin") for n in wanted}
    ):
        raise _python_version(cifar, found)
    return found


def _python_version(cifar: Cifar, found: Path) -> DataError:
    return DataError(
        f"{found} is the python version of {cifar.title}: pickled objects, which can run any code when they are read",
        expected=f"the binary version: {cifar.archive}, or its folder {cifar.folder}",
        fix=f"fetch {cifar.archive} from the same page (https://www.cs.toronto.edu/~kriz/cifar.html)",
    )


def _read_folder(cifar: Cifar, folder: Path) -> dict[str, bytes]:
    nested = folder / cifar.folder
    folder = nested if nested.is_dir() else folder
    names = (*cifar.train, *cifar.test)
    missing = [name for name in names if not (folder / name).is_file()]
    if missing:
        raise DataError(f"{folder} is incomplete", expected=", ".join(names), got=f"no {', '.join(missing)}")
    return {name: (folder / name).read_bytes() for name in names}


def _read_archive(cifar: Cifar, archive: Path) -> dict[str, bytes]:
    """Read the members into memory: nothing is unpacked, so names in the archive cannot do harm."""
    _files.check_sha256(str(archive), archive, cifar.sha256 if archive.name == cifar.archive else None)
    names, files = {*cifar.train, *cifar.test}, {}
    with _files.reading(archive), tarfile.open(archive) as tar:
        for member in tar:
            name = Path(member.name).name
            content = tar.extractfile(member) if name in names and member.isfile() else None
            if content is not None:
                files[name] = content.read()
    missing: Sequence[str] = sorted(names - files.keys())
    if missing:
        raise DataError(
            f"{archive} is incomplete", expected=", ".join(sorted(names)), got=f"no {', '.join(missing)}"
        )
    return files


def _split(
    cifar: Cifar, content: bytes, name: str, records: int, label: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return images [n, 3, 32, 32] and labels [n, 1] of one file: records of label bytes and 3,072 pixels."""
    width = len(cifar.label_classes) + PIXELS
    if len(content) != records * width:
        raise DataError(
            f"{name} has the wrong size",
            expected=f"{records} records of {width} bytes = {records * width}",
            got=f"{len(content)} bytes",
            fix=_files.AGAIN,
        )
    rows = np.frombuffer(content, np.uint8).reshape(records, width)
    for column, classes in enumerate(cifar.label_classes):
        _files.check_labels(rows[:, column], name, classes)
    return rows[:, -PIXELS:].reshape(records, 3, 32, 32), rows[:, label : label + 1]
