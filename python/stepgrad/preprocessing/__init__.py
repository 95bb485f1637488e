"""Data before they reach a model. Keras's names for files, folders and sequences; `images` moves and resizes with NumPy."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from stepgrad.preprocessing import images

if TYPE_CHECKING:
    from stepgrad.utils import image, sequence
    from stepgrad.utils.dataset_loading import (
        image_dataset_from_directory,
        text_dataset_from_directory,
        timeseries_dataset_from_array,
    )

# Imported when first used: the layers need `images` alone.
_MODULES = {"image": "stepgrad.utils.image", "sequence": "stepgrad.utils.sequence"}
_FUNCTIONS = ("image_dataset_from_directory", "text_dataset_from_directory", "timeseries_dataset_from_array")


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(_MODULES[name])
    if name in _FUNCTIONS:
        return getattr(importlib.import_module("stepgrad.utils.dataset_loading"), name)
    raise AttributeError(f"stepgrad.preprocessing has no attribute {name!r}")


__all__ = [
    "image", "image_dataset_from_directory", "images", "sequence", "text_dataset_from_directory",
    "timeseries_dataset_from_array",
]  # fmt: skip
