"""Data sets from folders of images and texts, and from time series."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from stepgrad import config
from stepgrad.data import AUTOTUNE, Dataset
from stepgrad.errors import ArgumentError
from stepgrad.utils.folders import check_arguments, datasets_of, find_files
from stepgrad.utils.image import img_to_array, load_img

IMAGES = (".bmp", ".gif", ".jpeg", ".jpg", ".png")
CHANNELS = {"grayscale": 1, "rgb": 3, "rgba": 4}


def image_dataset_from_directory(
    directory: str | os.PathLike[str],
    labels: Any = "inferred",
    label_mode: str | None = "int",
    class_names: Sequence[str] | None = None,
    color_mode: str = "rgb",
    batch_size: int | None = 32,
    image_size: tuple[int, int] = (256, 256),
    shuffle: bool = True,
    seed: int | None = None,
    validation_split: float | None = None,
    subset: str | None = None,
    interpolation: str = "bilinear",
    follow_links: bool = False,
    crop_to_aspect_ratio: bool = False,
    pad_to_aspect_ratio: bool = False,
    data_format: str | None = None,
    format: str = "tf",
    verbose: bool = True,
) -> Any:
    """Return batches of images from a folder with one sub-folder a class.

    Files are read when their batch is due, by as many threads as there are cores: the folder may be larger than memory.

    Parameters
    ----------
    directory : path
        ``directory/cats/1.png``, ``directory/dogs/2.png``, ...
    labels : "inferred", None or list of int
        From the folders; none; or one a file, in the order of the sorted paths.
    label_mode : {"int", "categorical", "binary", None}
        Class numbers [n], one-hot rows [n, classes], 0.0 or 1.0 [n, 1], or images alone.
    class_names : list of str, optional
        The sub-folders, to choose some of them or another order than the alphabet's.
    color_mode : {"rgb", "rgba", "grayscale"}
    batch_size : int, optional
        None: single images.
    image_size : (height, width)
    shuffle : bool
        A new order for every epoch.
    seed : int, optional
    validation_split : float, optional
        Part of the files to set aside, with `subset` and, if shuffled, `seed`.
    subset : {"training", "validation", "both"}, optional
        "both" returns a list of two data sets, the second in a fixed order.
    interpolation : {"bilinear", "nearest", "bicubic", "hamming", "box", "lanczos"}
        Pillow's (see `load_img`), which averages when it makes images smaller; Keras's does not, and gives slightly other pixels.
    crop_to_aspect_ratio, pad_to_aspect_ratio : bool
        Cut the middle out, or put black borders around, in place of stretching.
    data_format : {"channels_last", "channels_first"}, optional
    format : {"tf"}
        Kept from Keras: a data set with the words of tf.data.
    verbose : bool
        Print how many files were found.

    Returns
    -------
    stepgrad.data.Dataset
        Of (float32 images [n, height, width, channels] from 0 to 255, labels), with attributes ``class_names`` and ``file_paths``.

    Examples
    --------
    >>> from pathlib import Path
    >>> from stepgrad import utils
    >>> for name in ("pets/cats/1", "pets/cats/2", "pets/dogs/1"):
    ...     Path(name).parent.mkdir(parents=True, exist_ok=True)
    ...     utils.save_img(f"{name}.png", np.zeros((8, 8, 3)))
    >>> data = image_dataset_from_directory("pets", image_size=(4, 4), shuffle=False)
    Found 3 files belonging to 2 classes.
    >>> images, labels = next(iter(data))
    >>> images.shape, labels.tolist(), data.class_names
    ((3, 4, 4, 3), [0, 0, 1], ['cats', 'dogs'])
    """
    check_arguments(labels, label_mode, validation_split, subset, shuffle, seed, format)
    if color_mode not in CHANNELS:
        raise ArgumentError(f"color_mode cannot be {color_mode!r}", expected=", ".join(CHANNELS))
    if crop_to_aspect_ratio and pad_to_aspect_ratio:
        raise ArgumentError("crop_to_aspect_ratio and pad_to_aspect_ratio do not go together")
    height, width = (image_size, image_size) if isinstance(image_size, int) else image_size
    size = (height, width)

    def read(path: Any) -> np.ndarray:
        if pad_to_aspect_ratio:
            return _padded(str(path), color_mode, size, interpolation, data_format)
        image = load_img(str(path), color_mode, size, interpolation, crop_to_aspect_ratio)
        return img_to_array(image, data_format)

    files = find_files(directory, labels, IMAGES, class_names, follow_links)
    return datasets_of(files, read, label_mode, batch_size, shuffle, seed, validation_split, subset, verbose)


def _padded(
    path: str, color_mode: str, size: tuple, interpolation: str, data_format: str | None
) -> np.ndarray:
    """Return an image that fits into `size`, in the middle of black."""
    image = load_img(path, color_mode)
    scale = min(size[0] / image.size[1], size[1] / image.size[0])
    inner = [
        min(full, max(1, round(scale * side))) for full, side in zip(size, image.size[::-1], strict=True)
    ]
    pixels = img_to_array(load_img(path, color_mode, (inner[0], inner[1]), interpolation), "channels_last")
    out = np.zeros((*size, pixels.shape[2]), pixels.dtype)
    top, left = (size[0] - inner[0]) // 2, (size[1] - inner[1]) // 2
    out[top : top + inner[0], left : left + inner[1]] = pixels
    return out.transpose(2, 0, 1) if (data_format or config.image_data_format()) == "channels_first" else out


def text_dataset_from_directory(
    directory: str | os.PathLike[str],
    labels: Any = "inferred",
    label_mode: str | None = "int",
    class_names: Sequence[str] | None = None,
    batch_size: int | None = 32,
    max_length: int | None = None,
    shuffle: bool = True,
    seed: int | None = None,
    validation_split: float | None = None,
    subset: str | None = None,
    follow_links: bool = False,
    format: str = "tf",
    verbose: bool = True,
) -> Any:
    """Return batches of texts from a folder of ``.txt`` files with one sub-folder a class.

    Parameters
    ----------
    max_length : int, optional
        Bytes of a file that are read; all of them when left out.

    The others as in `image_dataset_from_directory`.

    Returns
    -------
    stepgrad.data.Dataset
        Of (arrays of str [n], labels).

    Examples
    --------
    >>> from pathlib import Path
    >>> for name, text in (("reviews/good", "I laughed."), ("reviews/bad", "I slept.")):
    ...     Path(name).mkdir(parents=True)
    ...     _ = Path(name, "1.txt").write_text(text)
    >>> data = text_dataset_from_directory("reviews", shuffle=False, verbose=False)
    >>> texts, labels = next(iter(data))
    >>> texts.tolist(), labels.tolist()
    (['I slept.', 'I laughed.'], [0, 1])
    """
    check_arguments(labels, label_mode, validation_split, subset, shuffle, seed, format)

    def read(path: Any) -> np.ndarray:
        with open(str(path), "rb") as file:
            return np.array(file.read(-1 if max_length is None else max_length).decode("utf-8", "replace"))

    files = find_files(directory, labels, (".txt",), class_names, follow_links)
    return datasets_of(files, read, label_mode, batch_size, shuffle, seed, validation_split, subset, verbose)


def timeseries_dataset_from_array(
    data: Any,
    targets: Any,
    sequence_length: int,
    sequence_stride: int = 1,
    sampling_rate: int = 1,
    batch_size: int | None = 128,
    shuffle: bool = False,
    seed: int | None = None,
    start_index: int | None = None,
    end_index: int | None = None,
    format: str = "tf",
) -> Dataset:
    """Return sliding windows over a series, each with its target.

    Window number i holds ``data[s], data[s + sampling_rate], ...``, `sequence_length` of them, where
    ``s = start_index + i * sequence_stride``; its target is ``targets[s]``.

    Parameters
    ----------
    data : array_like, [time, ...]
    targets : array_like or None
        ``targets[i]`` belongs to the window that starts at time i: shift them by the caller's horizon.
    sequence_length, sequence_stride, sampling_rate : int
    batch_size : int, optional
        None: single windows.
    shuffle : bool
    seed : int, optional
    start_index, end_index : int, optional
        Part of the series to use, `end_index` excluded.
    format : {"tf"}

    Examples
    --------
    >>> series = np.arange(6.0)
    >>> for x, y in timeseries_dataset_from_array(series[:-1], series[3:], sequence_length=3, batch_size=2):
    ...     print(x.tolist(), y.tolist())
    [[0.0, 1.0, 2.0], [1.0, 2.0, 3.0]] [3.0, 4.0]
    [[2.0, 3.0, 4.0]] [5.0]
    """
    if format != "tf":
        raise ArgumentError(f"format cannot be {format!r}", expected='"tf"')
    values, goals = np.asarray(data), None if targets is None else np.asarray(targets)
    first, last = start_index or 0, len(values) if end_index is None else end_index
    if not 0 <= first < last <= len(values):
        raise ArgumentError(
            "start_index and end_index must lie in the data",
            expected=f"0 <= start < end <= {len(values)}",
            got=f"{first}, {last}",
        )
    for name, value in (
        ("sequence_length", sequence_length), ("sequence_stride", sequence_stride), ("sampling_rate", sampling_rate),
    ):  # fmt: skip
        if not 0 < value <= len(values):
            raise ArgumentError(
                f"{name} must lie between 1 and the length of the data", got=f"{value} of {len(values)}"
            )
    windows = last - first - (sequence_length - 1) * sampling_rate
    if goals is not None:
        windows = min(windows, len(goals) - first)
    if windows <= 0:
        raise ArgumentError(
            "the data is shorter than one window",
            expected=f"{(sequence_length - 1) * sampling_rate + 1} steps or more",
            got=f"{last - first}",
        )
    starts = Dataset.from_tensor_slices(np.arange(first, first + windows, sequence_stride))
    if shuffle:
        starts = starts.shuffle(len(starts), seed=seed)
    offsets = sampling_rate * np.arange(sequence_length)

    def window(start: np.ndarray) -> Any:
        x = values[start[..., None] + offsets]
        return x if goals is None else (x, goals[start])

    return (starts if batch_size is None else starts.batch(batch_size)).map(window).prefetch(AUTOTUNE)
