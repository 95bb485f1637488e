"""Small nets and data for the tests of training."""

import numpy as np

import stepgrad as sg
from stepgrad import layers


def blobs(samples=120, classes=3, features=4, seed=0):
    """Return points around `classes` centres, and their class numbers."""
    generator = np.random.default_rng(seed)
    y = generator.integers(0, classes, samples)
    centres = generator.normal(0, 2.0, (classes, features))
    return (centres[y] + generator.normal(0, 0.5, (samples, features))).astype("float32"), y.astype("int32")


def dense_net(features=4, classes=3, dropout=0.0, seed=1, **compile_arguments):
    """Return a compiled classifier; the same weights on every call."""
    sg.utils.set_random_seed(seed)
    stack = [layers.Input((features,)), layers.Dense(8, activation="relu", name="hidden")]
    if dropout:
        stack.append(layers.Dropout(dropout, name="drop"))
    model = sg.Sequential([*stack, layers.Dense(classes, activation="softmax", name="out")], name="net")
    arguments = {"optimizer": "adam", "loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"]}
    model.compile(**{**arguments, **compile_arguments})
    return model


def assert_same_weights(a, b):
    """Assert that two models (or lists of arrays) have the same bits."""
    a, b = (m if isinstance(m, list) else m.get_weights() for m in (a, b))
    assert len(a) == len(b)
    for i, (first, second) in enumerate(zip(a, b, strict=True)):
        assert first.dtype == second.dtype and first.tobytes() == second.tobytes(), f"weight {i} differs"
