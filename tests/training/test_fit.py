"""fit, evaluate and predict: what they compute."""

import gc
import sys
import tracemalloc

import numpy as np
import pytest

import stepgrad as sg
from stepgrad import kernels, layers
from training.nets import assert_same_weights, blobs, dense_net


def test_learns_xor():
    sg.utils.set_random_seed(0)
    x, y = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], "float32"), np.array([0, 1, 1, 0])
    model = sg.Sequential(
        [layers.Input((2,)), layers.Dense(8, activation="tanh"), layers.Dense(2, activation="softmax")]
    )
    model.compile(sg.optimizers.Adam(0.05), "sparse_categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(x, y, batch_size=4, epochs=150, verbose=0)
    assert history.history["accuracy"][-1] == 1.0
    assert history.history["loss"][-1] < 0.1 * history.history["loss"][0]
    assert model.predict(x, verbose=0).argmax(axis=1).tolist() == y.tolist()
    assert history.epoch == list(range(150)) and model.history is history


def test_fit_is_the_loop_written_by_hand():
    x, y = blobs()
    model, by_hand = dense_net(), dense_net()
    model.fit(x, y, batch_size=32, epochs=3, shuffle=False, verbose=0)
    loss_fn, optimizer = sg.losses.SparseCategoricalCrossentropy(), sg.optimizers.Adam()
    for _ in range(3):
        for start in range(0, len(x), 32):
            with sg.GradientTape() as tape:
                loss = loss_fn(y[start : start + 32], by_hand(x[start : start + 32], training=True))
            variables = by_hand.trainable_variables
            optimizer.apply(tape.gradient(loss, variables), variables)
    assert_same_weights(model, by_hand)


def test_same_seed_same_run_and_another_seed_another():
    x, y = blobs()

    def run(seed):
        model = dense_net(dropout=0.3)
        sg.utils.set_random_seed(seed)
        return model.fit(x, y, epochs=2, verbose=0).history["loss"], model.get_weights()

    assert run(5)[0] == run(5)[0]
    assert_same_weights(run(5)[1], run(5)[1])
    assert run(5)[0] != run(6)[0]


def test_shuffle_takes_every_sample_once_in_a_new_order():
    seen = []

    class Recorder(sg.Model):
        def train_step(self, data):
            seen.extend(data[0].numpy()[:, 0].tolist())
            return {"loss": 0.0}

        def call(self, inputs):
            return inputs

    model = Recorder()
    model.compile("sgd")
    x = np.arange(50, dtype="float32")[:, None]
    model.fit(x, epochs=2, batch_size=8, verbose=0)
    first, second = seen[:50], seen[50:]
    assert sorted(first) == sorted(second) == list(range(50)) and first != second and first != sorted(first)
    seen.clear()
    model.fit(x, epochs=1, batch_size=8, shuffle=False, verbose=0)
    assert seen == list(range(50))


def test_reported_loss_is_the_mean_over_samples():
    # 5 samples in batches of 2: the last batch counts half of the others
    model = sg.Sequential([layers.Input((1,)), layers.Dense(1, kernel_initializer="ones")])
    model.compile(sg.optimizers.SGD(0.0), "mse", metrics=["mae"])
    x, y = np.arange(5, dtype="float32")[:, None], np.zeros(5, "float32")
    history = model.fit(x, y, batch_size=2, verbose=0, shuffle=False)
    assert history.history["loss"] == pytest.approx([np.mean(x**2)])  # float32 sums of small integers: exact
    assert history.history["mae"] == pytest.approx([2.0])
    assert model.evaluate(x, y, batch_size=2, verbose=0) == pytest.approx([6.0, 2.0])
    assert model.evaluate(x, y, batch_size=3, verbose=0, return_dict=True) == pytest.approx(
        {"loss": 6.0, "mae": 2.0}
    )


def test_regularizers_and_add_loss_are_part_of_the_loss():
    class Extra(layers.Layer):
        def call(self, inputs):
            self.add_loss(sg.ops.sum(inputs) * 0.0 + 3.0)
            return inputs

    model = sg.Sequential(
        [layers.Input((1,)), layers.Dense(1, kernel_initializer="ones", kernel_regularizer="l2"), Extra()]
    )
    model.compile(sg.optimizers.SGD(0.1), "mse")
    x, y = np.ones((4, 1), "float32"), np.ones((4, 1), "float32")
    assert model.evaluate(x, y, verbose=0) == pytest.approx(3.01)  # 0 + 3 + 0.01 * 1**2
    model.train_on_batch(x, y)
    assert model.layers[0].kernel.item() == pytest.approx(1 - 0.1 * 0.02)  # dL/dw = 2 * 0.01 * w


def test_frozen_layers_stay():
    x, y = blobs()
    model = dense_net()
    model.layers[0].trainable = False
    model.compile("sgd", "sparse_categorical_crossentropy")
    before = model.get_weights()
    model.fit(x, y, verbose=0)
    after = model.get_weights()
    assert_same_weights(before[:2], after[:2])
    assert not np.array_equal(before[2], after[2])


def test_evaluate_and_predict_change_nothing_and_record_nothing():
    x, y = blobs()
    model = dense_net(dropout=0.5)
    before = model.get_weights()
    outputs = []

    class Watch(sg.callbacks.Callback):
        def on_predict_batch_end(self, batch, logs=None):
            outputs.append(logs["outputs"])

    with sg.GradientTape() as tape:
        first = model.predict(x, verbose=0, callbacks=[Watch()])
        model.evaluate(x, y, verbose=0)
    assert not tape.steps
    assert_same_weights(before, model)
    assert isinstance(first, np.ndarray) and first.shape == (120, 3) and len(outputs) == 4
    np.testing.assert_array_equal(
        first, model.predict(x, batch_size=120, verbose=0)
    )  # no dropout in inference
    np.testing.assert_array_equal(first[:7], model.predict_on_batch(x[:7]))


def test_single_batches():
    x, y = blobs()
    model = dense_net()
    loss, accuracy = model.test_on_batch(x, y)
    assert model.train_on_batch(x, y, return_dict=True) == pytest.approx({"loss": loss, "accuracy": accuracy})
    assert model.test_on_batch(x, y)[0] < loss
    assert model.metrics_names == ["loss", "accuracy"]


def test_custom_train_step_and_compute_loss():
    class Mine(sg.Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(1)
            self.tracker = sg.metrics.Mean(name="mine")

        def call(self, inputs):
            return self.dense(inputs)

        def train_step(self, data):
            x, y = data[0], data[1]
            with sg.GradientTape() as tape:
                loss = self.compute_loss(x, y, self(x, training=True))
            self.optimizer.apply(tape.gradient(loss, self.trainable_variables), self.trainable_variables)
            self.tracker.update_state(loss.detach())
            return {"mine": self.tracker.result()}

        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
            return sg.ops.mean(sg.ops.square(y_pred - y))

    model = Mine()
    model.compile(sg.optimizers.SGD(0.1))
    x = np.linspace(-1, 1, 32, dtype="float32")[:, None]
    history = model.fit(x, 2 * x, epochs=20, verbose=0)
    assert (
        list(history.history) == ["mine"] and history.history["mine"][-1] < 0.1 * history.history["mine"][0]
    )


def test_stop_training_in_the_middle_of_an_epoch():
    x, y = blobs()
    model = dense_net()
    batches = []

    def stop(batch, logs):
        batches.append(batch)
        model.stop_training = batch == 1

    model.fit(x, y, epochs=3, verbose=0, callbacks=[sg.callbacks.LambdaCallback(on_train_batch_end=stop)])
    assert batches == [0, 1]


@pytest.mark.parametrize("steps", [1, 3, 100])
def test_steps_per_execution_groups_the_batch_callbacks(steps):
    x, y = blobs(128)
    model = dense_net(steps_per_execution=steps)
    calls = []
    watch = sg.callbacks.LambdaCallback(
        on_train_batch_begin=lambda batch, logs: calls.append(("begin", batch)),
        on_train_batch_end=lambda batch, logs: calls.append(("end", batch)),
    )
    model.fit(x, y, verbose=0, shuffle=False, callbacks=[watch])
    expected = {
        1: [("begin", 0), ("end", 0), ("begin", 1), ("end", 1)],
        3: [("begin", 0), ("end", 2), ("begin", 3), ("end", 3)],
    }
    assert calls[:4] == expected.get(steps, [("begin", 0), ("end", 3)])
    plain = dense_net()
    plain.fit(x, y, verbose=0, shuffle=False)
    assert_same_weights(model, plain)


def test_training_does_not_leak():
    """Memory that grows with every step grows between any two stretches of steps; a cache that fills stops."""
    x, y = blobs(32)
    model = dense_net(dropout=0.2)

    def stretch():
        for _ in range(150):
            model.train_on_batch(x, y)
        gc.collect()
        return len(gc.get_objects()), tracemalloc.get_traced_memory()[0], kernels.memory()["in_use"]

    tracemalloc.start()
    seen = [stretch() for _ in range(5)]
    tracemalloc.stop()
    grown = np.diff(np.array(seen), axis=0)  # from stretch to stretch: objects, bytes, bytes of big arrays
    assert grown[:, 0].min() < 75, f"objects more in each stretch of 150 steps: {grown[:, 0]}"
    # A leak of one batch's labels, 128 bytes a step, would show as 19,200 in each stretch, in the quietest one too.
    assert grown[:, 1].min() < 10_000, f"bytes more in each stretch of 150 steps: {grown[:, 1]}"
    assert grown[:, 2].min() <= 0


@pytest.mark.skipif(
    sys.platform != "linux" or not kernels.compiled(), reason="counts page faults of the block cache"
)
def test_a_step_fetches_no_new_pages():
    import resource

    model = sg.Sequential([layers.Input((32, 32, 3)), layers.Conv2D(16, 3, activation="relu"), layers.MaxPooling2D(),
                           layers.Flatten(), layers.Dense(10)])  # fmt: skip
    loss = sg.losses.SparseCategoricalCrossentropy(from_logits=True)
    optimizer = sg.optimizers.Adam()
    x, y = sg.random.normal((32, 32, 32, 3), seed=0), np.zeros(32, np.int32)

    def step():
        for variable in model.trainable_variables:
            variable.grad = None
        loss(y, model(x, training=True)).backward()
        optimizer.apply([v.grad for v in model.trainable_variables], model.trainable_variables)

    def faults(steps):
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        for _ in range(steps):
            step()
        return (resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before) / steps

    faults(5)
    reused = kernels.memory()["reused"]
    # One activation of the convolution alone is 1.8 MB, 450 pages; quiet stretches show that none is fetched anew.
    assert min(faults(4) for _ in range(4)) < 60
    assert kernels.memory()["reused"] > reused


@pytest.mark.skipif(not kernels.compiled(), reason="NumPy allocates")
def test_clear_session_gives_memory_back():
    kernels.empty((100, 1000), "float32")
    assert kernels.memory()["kept"] > 0
    sg.utils.clear_session()
    assert kernels.memory()["kept"] == 0
