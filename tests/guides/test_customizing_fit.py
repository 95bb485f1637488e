"""What the guide to customizing fit() exercises: train_step and test_step of one's own, weights, two optimizers."""

import contextlib

import numpy as np
import pytest


def no_grad(keras):
    """The program of the guide, on PyTorch, applies gradients under torch.no_grad()."""
    if keras.__name__ == "stepgrad":
        return contextlib.nullcontext()
    import torch

    return torch.no_grad()


def model_of(keras, cls):
    inputs = keras.Input((8,))
    return cls(inputs, keras.layers.Dense(1)(inputs))


def gradient_step(keras, model, loss):
    """Backward and one step, in the words of Keras on PyTorch."""
    model.zero_grad()
    loss.backward()
    weights = list(model.trainable_weights)
    gradients = [v.value.grad for v in weights]
    with no_grad(keras):
        model.optimizer.apply(gradients, weights)


def custom_of(keras):
    class Custom(keras.Model):
        def train_step(self, data):
            if len(data) == 3:
                x, y, sample_weight = data
            else:
                (x, y), sample_weight = data, None
            y_pred = self(x, training=True)
            loss = self.compute_loss(y=y, y_pred=y_pred, sample_weight=sample_weight)
            gradient_step(keras, self, loss)
            for metric in self.metrics:
                if metric.name == "loss":
                    metric.update_state(loss)
                else:
                    metric.update_state(y, y_pred, sample_weight=sample_weight)
            return {m.name: m.result() for m in self.metrics}

        def test_step(self, data):
            x, y = data
            y_pred = self(x, training=False)
            loss = self.compute_loss(y=y, y_pred=y_pred)
            for metric in self.metrics:
                if metric.name == "loss":
                    metric.update_state(loss)
                else:
                    metric.update_state(y, y_pred)
            return {m.name: m.result() for m in self.metrics}

    return Custom


@pytest.mark.parametrize("weighted", [False, True])
def test_a_train_step_of_ones_own(keras, same, fill, blobs, weighted):
    model = fill(model_of(keras, custom_of(keras)))
    model.compile(optimizer="adam", loss="mse")
    x, y = blobs[0], blobs[1][:, None].astype("float32")
    sample_weight = np.linspace(0.1, 2, 64, dtype="float32")[:, None] if weighted else None
    same(model.fit(x, y, sample_weight=sample_weight, epochs=2, shuffle=False, verbose=0).history)
    same(model.evaluate(x, y, verbose=0))


def test_metrics_of_ones_own(keras, same, fill, blobs):
    class Lower(keras.Model):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            self.loss_tracker = keras.metrics.Mean(name="loss")
            self.mae_metric = keras.metrics.MeanAbsoluteError(name="mae")
            self.loss_fn = keras.losses.MeanSquaredError()

        def train_step(self, data):
            x, y = data
            y_pred = self(x, training=True)
            loss = self.loss_fn(y, y_pred)
            gradient_step(keras, self, loss)
            self.loss_tracker.update_state(loss)
            self.mae_metric.update_state(y, y_pred)
            return {"loss": self.loss_tracker.result(), "mae": self.mae_metric.result()}

        @property
        def metrics(self):
            return [self.loss_tracker, self.mae_metric]

    model = fill(model_of(keras, Lower))
    model.compile(optimizer="adam")
    same(model.fit(blobs[0], blobs[1][:, None].astype("float32"), epochs=3, shuffle=False, verbose=0).history)


def test_two_networks_and_two_optimizers(keras, same, fill, blobs):
    """A small adversarial pair: compile() of one's own, one optimizer each."""

    class Pair(keras.Model):
        def __init__(self, judge, maker):
            super().__init__()
            self.judge, self.maker = judge, maker
            self.d_loss, self.g_loss = keras.metrics.Mean(name="d_loss"), keras.metrics.Mean(name="g_loss")
            self.built = True

        @property
        def metrics(self):
            return [self.d_loss, self.g_loss]

        def compile(self, d_optimizer, g_optimizer, loss_fn):
            super().compile()
            self.d_optimizer, self.g_optimizer, self.loss_fn = d_optimizer, g_optimizer, loss_fn

        def step(self, network, optimizer, loss):
            network.zero_grad()
            loss.backward()
            weights = network.trainable_weights
            with no_grad(keras):
                optimizer.apply([v.value.grad for v in weights], weights)

        def train_step(self, real):
            if isinstance(real, tuple):
                real = real[0]
            noise = keras.ops.cos(real[:, :3] * 5.0)
            made = self.maker(noise)
            both = keras.ops.concatenate([keras.ops.stop_gradient(made), real], axis=0)
            labels = keras.ops.concatenate([keras.ops.ones((16, 1)), keras.ops.zeros((16, 1))], axis=0)
            d_loss = self.loss_fn(labels, self.judge(both))
            self.step(self.judge, self.d_optimizer, d_loss)
            g_loss = self.loss_fn(keras.ops.zeros((16, 1)), self.judge(self.maker(noise)))
            self.step(self.maker, self.g_optimizer, g_loss)
            self.d_loss.update_state(d_loss)
            self.g_loss.update_state(g_loss)
            return {"d_loss": self.d_loss.result(), "g_loss": self.g_loss.result()}

    judge = keras.Sequential(
        [keras.Input((8,)), keras.layers.Dense(6), keras.layers.LeakyReLU(), keras.layers.Dense(1)]
    )
    maker = keras.Sequential(
        [keras.Input((3,)), keras.layers.Dense(6), keras.layers.LeakyReLU(), keras.layers.Dense(8)]
    )
    pair = Pair(fill(judge), fill(maker))
    pair.compile(
        keras.optimizers.Adam(1e-2),
        keras.optimizers.Adam(1e-2),
        keras.losses.BinaryCrossentropy(from_logits=True),
    )
    same(pair.fit(blobs[0], epochs=3, batch_size=16, shuffle=False, verbose=0).history)
