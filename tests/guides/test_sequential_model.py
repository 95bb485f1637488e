"""What the guide to Sequential models exercises: stacks that grow, delayed building, features, freezing."""

import numpy as np
import pytest

X = np.linspace(-1, 1, 12, dtype="float32").reshape(3, 4)


def test_a_stack_and_its_layers(keras, same, fill):
    model = keras.Sequential(name="stack")
    model.add(keras.layers.Dense(2, activation="relu", name="first"))
    model.add(keras.layers.Dense(3, activation="relu", name="second"))
    model.add(keras.layers.Dense(4, name="third"))
    same([layer.name for layer in model.layers])
    model.pop()
    assert len(model.layers) == 2
    model(X)
    same(fill(model)(X))
    same([w.shape for w in map(np.asarray, model.get_weights())])


def test_weights_come_with_the_first_input(keras, same):
    layer = keras.layers.Dense(3)
    assert layer.weights == []
    layer(X)
    assert [tuple(w.shape) for w in layer.weights] == [(4, 3), (3,)]
    model = keras.Sequential([keras.layers.Dense(2), keras.layers.Dense(3)])
    assert not model.built
    with pytest.raises(ValueError):
        model.count_params()
    model(X)
    same(model.count_params())
    lines = []
    model.summary(print_fn=lambda text, **_: lines.append(text))
    assert "Trainable params: 19" in "\n".join(lines)


def test_growing_an_image_model(keras, same):
    model = keras.Sequential(
        [keras.Input((20, 20, 3)), keras.layers.Conv2D(4, 5, strides=2, activation="relu")]
    )
    same(model.output_shape)
    model.add(keras.layers.Conv2D(4, 3, activation="relu"))
    model.add(keras.layers.MaxPooling2D(3))
    same(model.output_shape)
    model.add(keras.layers.GlobalMaxPooling2D())
    model.add(keras.layers.Dense(10))
    same([model.output_shape, model.input_shape, model.count_params()])


def test_features_of_every_layer(keras, same, fill):
    model = keras.Sequential(
        [
            keras.Input((12, 12, 3)),
            keras.layers.Conv2D(4, 5, strides=2, activation="relu"),
            keras.layers.Conv2D(4, 3, activation="relu", name="wanted"),
            keras.layers.Flatten(),
        ]
    )
    fill(model)
    x = np.cos(np.arange(2 * 12 * 12 * 3)).reshape(2, 12, 12, 3).astype("float32")
    extractor = keras.Model(inputs=model.inputs, outputs=[layer.output for layer in model.layers])
    same(extractor(x))
    one = keras.Model(inputs=model.inputs, outputs=model.get_layer(name="wanted").output)
    same(one(x))


def test_freezing_all_but_the_last(keras, same, fill, blobs):
    model = keras.Sequential(
        [keras.Input((8,)), keras.layers.Dense(6, activation="relu"), keras.layers.Dense(4)]
    )
    fill(model)
    for layer in model.layers[:-1]:
        layer.trainable = False
    before = model.get_weights()
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    same(model.fit(*blobs, shuffle=False, epochs=2, verbose=0).history)
    changed = [not np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True)]
    assert changed == [False, False, True, True]
    base = keras.Sequential([keras.Input((8,)), keras.layers.Dense(3)])
    base.trainable = False
    whole = keras.Sequential([base, keras.layers.Dense(2)])
    whole.build((None, 8))
    assert len(whole.trainable_weights) == 2 and len(whole.non_trainable_weights) == 2
