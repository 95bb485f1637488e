"""utils with Keras's names against Keras."""

import keras
import numpy as np
import pytest

from stepgrad import Input, saving, utils
from stepgrad.errors import ArgumentError
from stepgrad.initializers import Constant


def test_normalize_is_that_of_keras():
    x = np.array([[3.0, 4.0], [0.0, 0.0]])
    for settings in ({}, {"axis": 1}, {"order": 1}):
        np.testing.assert_allclose(utils.normalize(x, **settings), keras.utils.normalize(x, **settings))
    columns = utils.normalize(x, axis=0)  # Keras divides by the wrong axis here
    np.testing.assert_array_equal(columns, [[1.0, 1.0], [0.0, 0.0]])


@pytest.mark.parametrize("parts", [(1,), (1, 2), (1, 2, 3)])
def test_batches_pack_and_unpack_as_in_keras(parts):
    assert utils.pack_x_y_sample_weight(*parts) == keras.utils.pack_x_y_sample_weight(*parts)
    assert utils.unpack_x_y_sample_weight(parts) == keras.utils.unpack_x_y_sample_weight(parts)
    with pytest.raises(ArgumentError, match="one to three"):
        utils.unpack_x_y_sample_weight((1, 2, 3, 4))


def test_names():
    assert utils.is_keras_tensor(Input((2,))) and not utils.is_keras_tensor(1)
    assert utils.standardize_dtype(np.int32) == "int32"
    saved = saving.serialize_keras_object(Constant(2.0))
    assert saving.deserialize_keras_object(saved).value == 2.0
