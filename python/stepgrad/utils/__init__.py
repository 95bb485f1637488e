"""Helpers with Keras's names."""

from stepgrad.utils.data import (
    is_keras_tensor,
    normalize,
    pack_x_y_sample_weight,
    standardize_dtype,
    unpack_x_y_sample_weight,
)
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
    deserialize_keras_object,
    get_custom_objects,
    get_registered_name,
    get_registered_object,
    register_keras_serializable,
    serialize_keras_object,
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
    "deserialize_keras_object",
    "get_custom_objects",
    "get_registered_name",
    "get_registered_object",
    "image_dataset_from_directory",
    "img_to_array",
    "is_keras_tensor",
    "load_img",
    "normalize",
    "pack_x_y_sample_weight",
    "pad_sequences",
    "plot_history",
    "plot_model",
    "register_keras_serializable",
    "save_img",
    "serialize_keras_object",
    "set_random_seed",
    "standardize_dtype",
    "text_dataset_from_directory",
    "timeseries_dataset_from_array",
    "to_categorical",
    "unpack_x_y_sample_weight",
]
