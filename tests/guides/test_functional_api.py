"""What the guide to the functional API exercises: graphs, several inputs and outputs, sharing, nesting, features."""

import os

import numpy as np


def classifier(keras):
    inputs = keras.Input(shape=(8,), name="points")
    x = keras.layers.Dense(6, activation="relu", name="dense_a")(inputs)
    x = keras.layers.Dense(6, activation="relu", name="dense_b")(x)
    return keras.Model(inputs=inputs, outputs=keras.layers.Dense(4, name="logits")(x), name="classifier")


def test_train_evaluate_save(keras, same, fill, blobs, tmp_path):
    model = fill(classifier(keras))
    model.compile(
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        optimizer=keras.optimizers.RMSprop(),
        metrics=["accuracy"],
    )
    history = model.fit(*blobs, batch_size=16, epochs=2, validation_split=0.25, shuffle=False, verbose=0)
    same(history.history)
    same(model.evaluate(*blobs, verbose=0))
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(
        again.predict(blobs[0], verbose=0), model.predict(blobs[0], verbose=0), rtol=1e-6
    )
    same([model.input_shape, model.output_shape, [layer.name for layer in model.layers]])


def test_one_graph_two_models(keras, same, fill, images):
    image = keras.Input((8, 8, 3), name="img")
    x = keras.layers.Conv2D(4, 3, activation="relu")(image)
    x = keras.layers.MaxPooling2D(2)(x)
    code = keras.layers.Conv2D(4, 3, activation="relu")(x)
    encoder = keras.Model(image, code, name="encoder")
    x = keras.layers.Conv2DTranspose(4, 3, activation="relu")(code)
    x = keras.layers.UpSampling2D(2)(x)
    decoded = keras.layers.Conv2DTranspose(3, 3, activation="relu")(x)
    autoencoder = keras.Model(image, decoded, name="autoencoder")
    fill(autoencoder)
    same([encoder(images[0]), autoencoder(images[0])])
    assert encoder.layers[1] is autoencoder.layers[1]


def test_an_ensemble_of_models(keras, same, fill):
    def part():
        inputs = keras.Input((5,))
        return keras.Model(inputs, keras.layers.Dense(1)(inputs))

    inputs = keras.Input((5,))
    ensemble = keras.Model(inputs, keras.layers.average([part()(inputs) for _ in range(3)]))
    same(fill(ensemble)(np.eye(5, dtype="float32")))


def test_several_inputs_and_outputs(keras, same, fill):
    title = keras.Input(shape=(None,), name="title", dtype="int32")
    body = keras.Input(shape=(None,), name="body", dtype="int32")
    tags = keras.Input(shape=(3,), name="tags")
    shared = keras.layers.Embedding(20, 6)
    pooled = [keras.layers.GlobalAveragePooling1D()(shared(words)) for words in (title, body)]
    x = keras.layers.concatenate([*pooled, tags])
    priority = keras.layers.Dense(1, name="priority")(x)
    department = keras.layers.Dense(4, name="department")(x)
    model = keras.Model(inputs=[title, body, tags], outputs={"priority": priority, "department": department})
    fill(model)
    model.compile(
        optimizer=keras.optimizers.SGD(0.1),
        loss={
            "priority": keras.losses.BinaryCrossentropy(from_logits=True),
            "department": keras.losses.CategoricalCrossentropy(from_logits=True),
        },
        loss_weights={"priority": 1.0, "department": 0.2},
        metrics={"department": ["accuracy"]},
    )
    generator = np.random.default_rng(0)
    x = {
        "title": generator.integers(0, 20, (16, 4)),
        "body": generator.integers(0, 20, (16, 7)),
        "tags": generator.integers(0, 2, (16, 3)).astype("float32"),
    }
    y = {
        "priority": generator.uniform(size=(16, 1)).astype("float32"),
        "department": np.eye(4, dtype="float32")[generator.integers(0, 4, 16)],
    }
    same(model.fit(x, y, epochs=2, batch_size=8, shuffle=False, verbose=0).history)
    predicted = model.predict(x, verbose=0)
    same([predicted["priority"], predicted["department"]])


def test_a_toy_residual_net(keras, same, fill, images, tmp_path):
    inputs = keras.Input((8, 8, 3))
    x = keras.layers.Conv2D(4, 3, activation="relu", padding="same")(inputs)
    block = keras.layers.MaxPooling2D(2)(x)
    x = keras.layers.Conv2D(4, 3, activation="relu", padding="same")(block)
    x = keras.layers.add([x, block])
    x = keras.layers.GlobalAveragePooling2D()(x)
    x = keras.layers.Dropout(0.5)(keras.layers.Dense(8, activation="relu")(x))
    model = fill(keras.Model(inputs, keras.layers.Dense(4)(x), name="toy_resnet"))
    same(model(images[0], training=False))
    if keras.__name__ == "stepgrad":  # Keras's needs graphviz
        keras.utils.plot_model(model, tmp_path / "toy.png", show_shapes=True, show_layer_names=True)
        assert os.path.getsize(tmp_path / "toy.png") > 1000


def test_a_custom_layer_in_a_graph(keras, same, fill):
    class Linear(keras.layers.Layer):
        def __init__(self, units=4, **kwargs):
            super().__init__(**kwargs)
            self.units = units

        def build(self, input_shape):
            self.w = self.add_weight(
                shape=(input_shape[-1], self.units), initializer="random_normal", trainable=True
            )
            self.b = self.add_weight(shape=(self.units,), initializer="random_normal", trainable=True)

        def call(self, inputs):
            return keras.ops.matmul(inputs, self.w) + self.b

        def get_config(self):
            return {**super().get_config(), "units": self.units}

    inputs = keras.Input((4,))
    model = fill(keras.Model(inputs, Linear(3)(inputs)))
    again = keras.Model.from_config(model.get_config(), custom_objects={"Linear": Linear})
    again.set_weights(model.get_weights())
    same(again(np.eye(4, dtype="float32")))


def test_layers_without_a_model_around_them(keras, same):
    """The parts of a graph can be taken as tensors, and ops stand between layers."""
    inputs = keras.Input((4,))
    x = keras.ops.relu(inputs * 2.0 - 1.0)
    y = keras.ops.concatenate([x, keras.ops.square(inputs)], axis=-1)
    model = keras.Model(inputs, [y, y[:, :2], keras.ops.sum(x, axis=1)])
    same(model(np.linspace(0, 1, 8, dtype="float32").reshape(2, 4)))
