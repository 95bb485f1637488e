"""Fashion-MNIST: 28 x 28 grey pictures of clothes in ten classes (Xiao, Rasul and Vollgraf 2017, MIT licence)."""

from __future__ import annotations

import os
from pathlib import Path

from stepgrad.datasets import _files
from stepgrad.errors import ArgumentError, did_you_mean

CLASS_NAMES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)

SLICE = Path(__file__).parent / "data" / "fashion_mnist"
DEBIAN = Path("/usr/share/datasets/fashion-mnist")

# Of the contents without compression: Debian compresses anew, so the published MD5 of the .gz files do not fit there.
_SHA256 = {
    "train-images-idx3-ubyte": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
    "train-labels-idx1-ubyte": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    "t10k-images-idx3-ubyte": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    "t10k-labels-idx1-ubyte": "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
}


def load_data(path: str | os.PathLike[str] | None = None, subset: str | None = None) -> _files.Loaded:
    """Load Fashion-MNIST: all of it where it is installed, else the slice that ships with stepgrad.

    Parameters
    ----------
    path : str or path, optional
        Folder with the four official IDX files. Without one they are looked for in the data folder
        (``$STEPGRAD_DATA/fashion-mnist``, ``~/.stepgrad/datasets/fashion-mnist``) and where Debian's package
        ``dataset-fashion-mnist`` puts them.
    subset : {None, "slice", "full"}
        "slice": always the shipped 5,000 + 1,000 images, 500 + 100 a class, the first ones of each class in the official
        order. "full": the 60,000 + 10,000, or an error. None: the full set where it is found, else the slice.

    Returns
    -------
    (x_train, y_train), (x_test, y_test) : uint8 arrays [n, 28, 28] and [n]
        The attribute ``source`` of what is returned says which of them it is.

    Raises
    ------
    DataError
        For files that are missing, damaged or not the official ones.

    Examples
    --------
    >>> from stepgrad.datasets import fashion_mnist
    >>> data = fashion_mnist.load_data(subset="slice")
    >>> (x_train, y_train), (x_test, y_test) = data
    >>> x_train.shape, y_test.shape, fashion_mnist.CLASS_NAMES[y_train[0]]
    ((5000, 28, 28), (1000,), 'Ankle boot')
    >>> data.source
    'the slice of Fashion-MNIST that ships with stepgrad: 5,000 + 1,000 images'
    """
    if subset not in (None, "slice", "full"):
        raise ArgumentError(f"subset cannot be {subset!r}", fix=did_you_mean(str(subset), ["slice", "full"]))
    if subset == "slice":
        if path is not None:
            raise ArgumentError("the slice ships with stepgrad", fix="leave out path= or subset='slice'")
        return _read(SLICE, {}, "the slice of Fashion-MNIST that ships with stepgrad")
    folder = _installed() if path is None else None
    if folder is None:
        if path is None and subset is None:
            return load_data(subset="slice")
        names = ", ".join(f"{name}.gz" for pair in _files.IDX_FILES.values() for name in pair)
        wanted = f"Debian's package dataset-fashion-mnist, or a folder with {names}"
        folder = _files.find(path, ["fashion-mnist"], "the whole of Fashion-MNIST", wanted)
    return _read(folder, _SHA256, f"Fashion-MNIST from {folder}")


def _installed() -> Path | None:
    """Return the first folder that has any of the files: a part of them is an error to report, not to pass over."""
    names = [name for pair in _files.IDX_FILES.values() for name in pair]
    folders = (_files.data_folder() / "fashion-mnist", DEBIAN)
    return next((f for f in folders if any(_files.find_idx(f, name) for name in names)), None)


def _read(folder: Path, sha256: dict[str, str], source: str) -> _files.Loaded:
    train, test = _files.read_idx_splits(folder, sha256)
    return _files.Loaded(train, test, f"{source}: {len(train[0]):,} + {len(test[0]):,} images")
