"""Helpers with Keras's names."""

from stepgrad.utils.misc import clear_session, plot_history, set_random_seed, to_categorical
from stepgrad.utils.progress import Progbar
from stepgrad.utils.py_dataset import PyDataset
from stepgrad.utils.serialization import (
    custom_object_scope,
    get_custom_objects,
    get_registered_name,
    get_registered_object,
    register_keras_serializable,
)
from stepgrad.utils.serialization import (
    custom_object_scope as CustomObjectScope,
)

__all__ = [
    "CustomObjectScope",
    "Progbar",
    "PyDataset",
    "clear_session",
    "custom_object_scope",
    "get_custom_objects",
    "get_registered_name",
    "get_registered_object",
    "plot_history",
    "register_keras_serializable",
    "set_random_seed",
    "to_categorical",
]
