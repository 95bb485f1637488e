"""Input pipelines: `Dataset` streams elements from memory, disk or a generator through map, shuffle, batch and prefetch."""

from stepgrad.data.dataset import AUTOTUNE, INFINITE, UNKNOWN, Dataset

__all__ = ["AUTOTUNE", "INFINITE", "UNKNOWN", "Dataset"]
