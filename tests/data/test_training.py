"""fit, evaluate and predict take a Dataset, and compute what they compute from arrays."""

import numpy as np
import pytest

from stepgrad.data import Dataset
from stepgrad.errors import ArgumentError
from training.nets import assert_same_weights, blobs, dense_net

X, Y = blobs(90)


def batches(x=X, y=Y):
    return Dataset.from_tensor_slices((x, y)).batch(32).prefetch(1)


def test_fit_on_a_dataset_is_fit_on_its_arrays():
    ours, other = dense_net(), dense_net()
    a = ours.fit(batches(), epochs=3, validation_data=batches(X[:20], Y[:20]), verbose=0).history
    b = other.fit(
        X, Y, epochs=3, batch_size=32, shuffle=False, validation_data=(X[:20], Y[:20]), verbose=0
    ).history
    assert a == b
    assert_same_weights(ours, other)
    assert ours.evaluate(batches(), verbose=0) == other.evaluate(X, Y, verbose=0)
    np.testing.assert_array_equal(ours.predict(batches(), verbose=0), other.predict(X, verbose=0))


def test_weights_in_the_batches_and_a_stream_of_unknown_length():
    weights = np.linspace(0, 1, 90).astype("float32")
    stream = Dataset.from_generator(lambda: zip(X, Y, weights, strict=True)).batch(32)
    ours, other = dense_net(), dense_net()
    ours.fit(stream, epochs=2, verbose=0)
    other.fit(X, Y, epochs=2, sample_weight=weights, shuffle=False, verbose=0)
    assert_same_weights(ours, other)


def test_endless_data_needs_the_length_of_an_epoch():
    with pytest.raises(ArgumentError, match="(?s)no end.*steps_per_epoch"):
        dense_net().fit(batches().repeat(), verbose=0)
    endless, passes = dense_net(), dense_net()
    endless.fit(batches().repeat(), steps_per_epoch=3, epochs=2, verbose=0)
    passes.fit(batches(), epochs=2, verbose=0)
    assert_same_weights(endless, passes)
