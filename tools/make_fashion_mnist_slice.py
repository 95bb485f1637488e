"""Write the slice of Fashion-MNIST that ships with stepgrad, from the official files.

    python tools/make_fashion_mnist_slice.py [FOLDER_WITH_THE_OFFICIAL_FILES] [OUTPUT_FOLDER]

The rule: of each class the first 500 training and the first 100 test images, in the official order. The bytes depend on
nothing but the official files (and on zlib, whose other implementations may compress to other, equivalent bytes).
"""

import gzip
import sys
from pathlib import Path

import numpy as np

from stepgrad.datasets import _files, fashion_mnist

PER_CLASS = {"train": 500, "test": 100}


def first_of_each_class(labels: np.ndarray, count: int) -> np.ndarray:
    """Return the positions of the first ``count`` of every class, in order."""
    return np.sort(np.concatenate([np.flatnonzero(labels == label)[:count] for label in range(10)]))


def main() -> None:
    official = Path(sys.argv[1]) if len(sys.argv) > 1 else fashion_mnist.DEBIAN
    target = Path(sys.argv[2]) if len(sys.argv) > 2 else fashion_mnist.SLICE
    target.mkdir(parents=True, exist_ok=True)
    data = fashion_mnist.load_data(official, subset="full")
    for (part, names), (x, y) in zip(_files.IDX_FILES.items(), data, strict=True):
        chosen = first_of_each_class(y, PER_CLASS[part])
        for name, values in zip(names, (x[chosen], y[chosen]), strict=True):
            with (
                open(target / f"{name}.gz", "wb") as file,
                gzip.GzipFile("", "wb", 9, file, mtime=0) as packed,
            ):
                packed.write(_files.idx_bytes(values))


if __name__ == "__main__":
    main()
