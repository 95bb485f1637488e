"""Folders of files as data: one sub-folder a class. What the `*_dataset_from_directory` functions share."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from stepgrad.data import AUTOTUNE, Dataset
from stepgrad.errors import ArgumentError, DataError, did_you_mean
from stepgrad.utils.misc import to_categorical


class Files(NamedTuple):
    """Paths with their labels (None without) and the names of the classes (None without)."""

    paths: list[str]
    labels: np.ndarray | None
    class_names: list[str] | None


def check_arguments(
    labels: Any, label_mode: str | None, validation_split: float | None, subset: str | None, shuffle: bool,
    seed: int | None, format: str,
) -> None:  # fmt: skip
    """Raise ArgumentError for what does not go together."""
    if label_mode not in ("int", "categorical", "binary", None):
        raise ArgumentError(
            f"label_mode cannot be {label_mode!r}",
            fix=did_you_mean(str(label_mode), ["int", "categorical", "binary"]),
        )
    if isinstance(labels, str) and labels != "inferred":
        raise ArgumentError(
            f"labels cannot be {labels!r}",
            expected="'inferred', None, or a list with one integer a file",
            fix="'inferred'",
        )
    if subset not in ("training", "validation", "both", None):
        raise ArgumentError(
            f"subset cannot be {subset!r}", fix=did_you_mean(str(subset), ["training", "validation", "both"])
        )
    if bool(validation_split) != bool(subset):
        raise ArgumentError(
            "validation_split and subset go together",
            got=f"validation_split={validation_split}, subset={subset!r}",
        )
    if validation_split and not 0 < validation_split < 1:
        raise ArgumentError("validation_split must lie between 0 and 1", got=repr(validation_split))
    if validation_split and shuffle and seed is None:
        raise ArgumentError(
            "a split of shuffled files needs a seed",
            got="seed=None",
            fix="pass the same seed for both subsets: else some files would be in both",
        )
    if format != "tf":
        raise ArgumentError(
            f"format cannot be {format!r}",
            expected='"tf": a stepgrad.data.Dataset, which has tf.data\'s words',
        )


def find_files(
    directory: str | os.PathLike[str], labels: Any, suffixes: tuple[str, ...], class_names: Sequence[str] | None,
    follow_links: bool,
) -> Files:  # fmt: skip
    """List the files below a folder, sorted; a class is a sub-folder, and its label the place of its name."""
    root = Path(directory)
    if not root.is_dir():
        raise DataError(
            f"{root} is not a folder", fix="one sub-folder a class: folder/cats/1.png, folder/dogs/2.png, ..."
        )
    if labels != "inferred" and class_names is not None:
        raise ArgumentError("class_names goes with labels='inferred' only", got=f"labels={labels!r:.40}")
    if labels != "inferred":
        paths = _below(root, suffixes, follow_links)
        if labels is None:
            return Files(_some(paths, root, suffixes), None, None)
        if len(labels) != len(paths):
            raise ArgumentError(
                "one label a file is needed", expected=f"{len(paths)} labels", got=f"{len(labels)}"
            )
        numbers = np.asarray(labels, np.int32)
        return Files(_some(paths, root, suffixes), numbers, [str(n) for n in np.unique(numbers)])
    found = sorted(p.name for p in root.iterdir() if p.is_dir() and not p.name.startswith("."))
    names = found if class_names is None else list(class_names)
    if missing := [name for name in names if name not in found]:
        raise ArgumentError(
            "class_names must name sub-folders",
            expected=", ".join(found),
            got=f"{', '.join(missing)}, not there",
        )
    per_class = [_below(root / name, suffixes, follow_links) for name in names]
    numbers = np.repeat(np.arange(len(names), dtype=np.int32), [len(paths) for paths in per_class])
    return Files(_some([path for paths in per_class for path in paths], root, suffixes), numbers, names)


def _below(folder: Path, suffixes: tuple[str, ...], follow_links: bool) -> list[str]:
    walk = sorted(os.walk(folder, followlinks=follow_links))
    return [
        os.path.join(at, name)
        for at, _, names in walk
        for name in sorted(names)
        if name.lower().endswith(suffixes)
    ]


def _some(paths: list[str], root: Path, suffixes: tuple[str, ...]) -> list[str]:
    if not paths:
        raise DataError(
            f"{root} holds no files to read",
            expected=f"names that end in {', '.join(suffixes)}",
            fix="one sub-folder a class; without classes pass labels=None",
        )
    return paths


def datasets_of(
    files: Files, read: Callable[[Any], np.ndarray], label_mode: str | None, batch_size: int | None, shuffle: bool,
    seed: int | None, validation_split: float | None, subset: str | None, verbose: bool,
) -> Any:  # fmt: skip
    """Return the data set of a subset, or the two of "both"; `read` turns a path into an array."""
    paths, labels, names = files
    labels = None if label_mode is None else labels
    if verbose:
        belonging = "" if labels is None or names is None else f" belonging to {len(names)} classes"
        print(f"Found {len(paths)} files{belonging}.")
    if label_mode == "binary" and labels is not None and names is not None and len(names) != 2:
        raise ArgumentError("label_mode='binary' is for two classes", got=", ".join(names))
    order = np.arange(len(paths))
    if shuffle and seed is not None:  # the split must not depend on anything but the seed
        np.random.default_rng(seed).shuffle(order)
    cut = len(order) - int((validation_split or 0) * len(order))
    parts = {"training": order[:cut], "validation": order[cut:], None: order}
    made = []
    for name in ("training", "validation") if subset == "both" else (subset,):
        chosen = parts[name]
        if verbose and name:
            print(f"Using {len(chosen)} files for {name}.")
        if not len(chosen):
            raise ArgumentError(
                f"no files are left for {name}", got=f"validation_split={validation_split} of {len(order)}"
            )
        mix = shuffle and not (subset == "both" and name == "validation")
        made.append(_dataset(files, chosen, read, labels, label_mode, batch_size, mix, seed))
    return made if subset == "both" else made[0]


def _dataset(
    files: Files, chosen: np.ndarray, read, labels, label_mode, batch_size, shuffle, seed
) -> Dataset:
    paths = np.array(files.paths)[chosen]
    targets = None if labels is None else _targets(labels[chosen], label_mode, len(files.class_names or ()))
    data = Dataset.from_tensor_slices(paths if targets is None else (paths, targets))
    if shuffle:  # paths are small: the buffer holds all of them
        data = data.shuffle(len(paths), seed=seed)
    data = data.map(
        read if targets is None else lambda path, label: (read(path), label), num_parallel_calls=AUTOTUNE
    )
    if batch_size is not None:
        data = data.batch(batch_size)
    data = data.prefetch(AUTOTUNE)
    data.class_names, data.file_paths = files.class_names, paths.tolist()
    return data


def _targets(labels: np.ndarray, label_mode: str | None, classes: int) -> np.ndarray:
    if label_mode == "categorical":
        return to_categorical(labels, classes)
    return labels.astype("float32")[:, None] if label_mode == "binary" else labels
