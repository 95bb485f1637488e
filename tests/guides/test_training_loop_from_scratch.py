"""What the guide to writing a training loop exercises, in the words of Keras on PyTorch, metrics and add_loss included."""

import contextlib

import numpy as np


def no_grad(keras):
    if keras.__name__ == "stepgrad":
        return contextlib.nullcontext()
    import torch

    return torch.no_grad()


def test_a_loop_with_metrics(keras, same, fill, blobs):
    class Activity(keras.layers.Layer):
        def call(self, inputs):
            self.add_loss(1e-2 * keras.ops.sum(inputs))
            return inputs

    inputs = keras.Input((8,))
    x = Activity()(keras.layers.Dense(6, activation="relu")(inputs))
    model = fill(keras.Model(inputs, keras.layers.Dense(4)(x)))
    optimizer = keras.optimizers.Adam(1e-2)
    loss_fn = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    train, test = (keras.metrics.SparseCategoricalAccuracy() for _ in range(2))
    said = []
    for _ in range(2):
        for start in range(0, 48, 16):
            xb, yb = blobs[0][start : start + 16], blobs[1][start : start + 16]
            logits = model(xb, training=True)
            loss = loss_fn(keras.ops.convert_to_tensor(yb), logits)
            loss = loss + sum(model.losses)
            model.zero_grad()
            loss.backward()
            weights = list(model.trainable_weights)
            with no_grad(keras):
                optimizer.apply([v.value.grad for v in weights], weights)
            train.update_state(yb, logits)
            said.append(keras.ops.convert_to_numpy(keras.ops.stop_gradient(loss)))
        with no_grad(keras):
            test.update_state(blobs[1][48:], model(blobs[0][48:], training=False))
        said += [np.asarray(keras.ops.convert_to_numpy(metric.result())) for metric in (train, test)]
        train.reset_state()
        test.reset_state()
    same(said)
