"""Helpers with Keras's names."""

from stepgrad.utils.dataset_loading import (
    image_dataset_from_directory,
    text_dataset_from_directory,
    timeseries_dataset_from_array,
)
from stepgrad.utils.image import array_to_img, img_to_array, load_img, save_img
from stepgrad.utils.misc import clear_session, plot_history, set_random_seed, to_categorical
from stepgrad.utils.plot_model import plot_model
from stepgrad.utils.progress import Progbar
from stepgrad.utils.py_dataset import PyDataset
from stepgrad.utils.sequence import pad_sequences
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
    "array_to_img",
    "clear_session",
    "custom_object_scope",
    "get_custom_objects",
    "get_registered_name",
    "get_registered_object",
    "image_dataset_from_directory",
    "img_to_array",
    "load_img",
    "pad_sequences",
    "plot_history",
    "plot_model",
    "register_keras_serializable",
    "save_img",
    "set_random_seed",
    "text_dataset_from_directory",
    "timeseries_dataset_from_array",
    "to_categorical",
]
