"""What the guide to layers and models of one's own exercises: state, building, losses, config, training, models."""

import numpy as np
import pytest


def linear_of(keras):
    class Linear(keras.layers.Layer):
        def __init__(self, units=3, **kwargs):
            super().__init__(**kwargs)
            self.units = units

        def build(self, input_shape):
            self.w = self.add_weight(
                shape=(input_shape[-1], self.units), initializer="random_normal", trainable=True, name="w"
            )
            self.b = self.add_weight(shape=(self.units,), initializer="zeros", trainable=True, name="b")

        def call(self, inputs):
            return keras.ops.matmul(inputs, self.w) + self.b

        def get_config(self):
            return {**super().get_config(), "units": self.units}

    return Linear


def test_state_and_building(keras, same, fill):
    layer = linear_of(keras)(4)
    assert layer.weights == []
    x = np.ones((2, 2), "float32")
    layer(x)
    same(fill(layer)(x))
    same([layer.name, len(layer.trainable_weights), layer.w.shape[0]])
    assert layer.get_config()["units"] == 4
    same(type(layer).from_config({"units": 7, "name": "again"}).units)


def test_weights_that_are_not_trained(keras, same):
    class Sum(keras.layers.Layer):
        def __init__(self, size):
            super().__init__()
            self.total = self.add_weight(initializer="zeros", shape=(size,), trainable=False)

        def call(self, inputs):
            self.total.assign_add(keras.ops.sum(inputs, axis=0))
            return self.total

    layer = Sum(2)
    layer(np.ones((2, 2), "float32"))
    same(keras.ops.convert_to_numpy(layer(np.ones((2, 2), "float32"))))
    same([len(layer.weights), len(layer.non_trainable_weights), len(layer.trainable_weights)])


def test_layers_of_layers(keras, same, fill):
    Linear = linear_of(keras)

    class Block(keras.layers.Layer):
        def __init__(self):
            super().__init__()
            self.parts = [Linear(4), Linear(4)]
            self.last = Linear(1)

        def call(self, inputs):
            x = inputs
            for part in self.parts:
                x = keras.activations.relu(part(x))
            return self.last(x)

    block = Block()
    x = np.linspace(-1, 1, 12, dtype="float32").reshape(3, 4)
    block(x)
    same([len(block.weights), len(block.trainable_weights)])
    same(fill(block)(x))


@pytest.mark.filterwarnings(
    "ignore:.*does not depend on"
)  # a layer's loss alone does not reach the kernel behind it
def test_losses_of_layers(keras, same, fill, blobs):
    class Penalty(keras.layers.Layer):
        def __init__(self, rate=1e-2):
            super().__init__()
            self.rate = rate

        def call(self, inputs):
            self.add_loss(self.rate * keras.ops.mean(inputs))
            return inputs

    class Outer(keras.layers.Layer):
        def __init__(self):
            super().__init__()
            self.inner = Penalty()
            self.dense = keras.layers.Dense(4, kernel_regularizer=keras.regularizers.L2(1e-3))

        def call(self, inputs):
            return self.dense(self.inner(inputs))

    layer = Outer()
    assert layer.losses == []
    layer(blobs[0])
    fill(layer)
    layer(blobs[0])
    layer(blobs[0])  # the losses are those of the last call
    same([float(loss) for loss in layer.losses])
    inputs = keras.Input((8,))
    model = keras.Model(inputs, layer(inputs))
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    same(model.fit(*blobs, shuffle=False, epochs=2, verbose=0).history)
    model = keras.Model(model.inputs, model.outputs)
    model.compile("sgd")  # the layer's losses alone
    same(model.fit(*blobs, shuffle=False, epochs=1, verbose=0).history)


def test_training_is_an_argument(keras):
    class Noise(keras.layers.Layer):
        def __init__(self, rate):
            super().__init__()
            self.rate = rate
            self.seed_generator = keras.random.SeedGenerator(3)

        def call(self, inputs, training=None):
            return keras.random.dropout(inputs, self.rate, seed=self.seed_generator) if training else inputs

    x = np.ones((4, 50), "float32")
    model = keras.Sequential([keras.Input((50,)), Noise(0.5)])
    calm, noisy = (np.asarray(keras.ops.convert_to_numpy(model(x, training=t))) for t in (False, True))
    assert (calm == 1).all() and set(np.unique(noisy)) == {0, 2}


def vae_of(keras):
    class Sampling(keras.layers.Layer):
        def call(self, inputs):
            mean, log_var = inputs
            return mean + keras.ops.exp(0.5 * log_var) * 0.5  # a fixed draw: the libraries draw other numbers

    class Encoder(keras.layers.Layer):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.hidden = keras.layers.Dense(6, activation="relu")
            self.mean, self.log_var = keras.layers.Dense(2), keras.layers.Dense(2)
            self.sampling = Sampling()

        def call(self, inputs):
            x = self.hidden(inputs)
            mean, log_var = self.mean(x), self.log_var(x)
            return mean, log_var, self.sampling((mean, log_var))

    class Autoencoder(keras.Model):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.encoder = Encoder()
            self.decoder = keras.Sequential([keras.layers.Dense(6, activation="relu"), keras.layers.Dense(8)])

        def call(self, inputs):
            mean, log_var, z = self.encoder(inputs)
            divergence = -0.5 * keras.ops.mean(log_var - keras.ops.square(mean) - keras.ops.exp(log_var) + 1)
            self.add_loss(divergence)
            return self.decoder(z)

    return Autoencoder()


def test_a_variational_autoencoder(keras, same, fill, blobs):
    model = vae_of(keras)
    model(blobs[0])
    fill(model)
    model.compile(keras.optimizers.Adam(1e-2), loss=keras.losses.MeanSquaredError())
    same(model.fit(blobs[0], blobs[0], epochs=3, batch_size=16, shuffle=False, verbose=0).history)
    same([len(model.losses), len(model.layers), len(model.weights)])
