"""What the guide to training and evaluation exercises: compile, fit, evaluate, predict; losses, metrics and weights of one's own."""

import numpy as np


def classifier(keras, fill):
    inputs = keras.Input((8,), name="points")
    x = keras.layers.Dense(16, activation="relu", name="dense_1")(inputs)
    outputs = keras.layers.Dense(4, activation="softmax", name="predictions")(x)
    return fill(keras.Model(inputs, outputs))


def test_fit_evaluate_and_predict(keras, same, fill, blobs):
    x, y = blobs
    model = classifier(keras, fill)
    model.compile(
        optimizer=keras.optimizers.RMSprop(),
        loss=keras.losses.SparseCategoricalCrossentropy(),
        metrics=[keras.metrics.SparseCategoricalAccuracy()],
    )
    history = model.fit(
        x[:48], y[:48], batch_size=16, epochs=3, shuffle=False, verbose=0, validation_data=(x[48:], y[48:])
    )
    same(history.history)
    same(model.evaluate(x[48:], y[48:], batch_size=8, verbose=0))
    same(model.predict(x[:3], verbose=0))


def test_a_loss_and_a_metric_of_ones_own(keras, same, fill, blobs):
    x, y = blobs

    class CustomMSE(keras.losses.Loss):
        def __init__(self, regularization_factor=0.1, name="custom_mse"):
            super().__init__(name=name)
            self.regularization_factor = regularization_factor

        def call(self, y_true, y_pred):
            mse = keras.ops.mean(keras.ops.square(y_true - y_pred), axis=-1)
            reg = keras.ops.mean(keras.ops.square(0.5 - y_pred), axis=-1)
            return mse + reg * self.regularization_factor

    class TruePositives(keras.metrics.Metric):
        def __init__(self, name="true_positives", **kwargs):
            super().__init__(name=name, **kwargs)
            self.true_positives = self.add_variable(shape=(), name="tp", initializer="zeros")

        def update_state(self, y_true, y_pred, sample_weight=None):
            hits = keras.ops.argmax(y_true, axis=1) == keras.ops.argmax(y_pred, axis=1)
            self.true_positives.assign_add(keras.ops.sum(keras.ops.cast(hits, "float32")))

        def result(self):
            return self.true_positives.value

        def reset_state(self):
            self.true_positives.assign(0.0)

    model = classifier(keras, fill)
    model.compile(keras.optimizers.Adam(), loss=CustomMSE(), metrics=[TruePositives()])
    same(
        model.fit(x, np.eye(4, dtype="float32")[y], batch_size=16, epochs=3, shuffle=False, verbose=0).history
    )


def test_losses_and_metrics_from_inside(keras, same, fill, blobs):
    class ActivityRegularizationLayer(keras.layers.Layer):
        def call(self, inputs):
            self.add_loss(keras.ops.sum(inputs) * 0.01)
            return inputs

    inputs = keras.Input((8,))
    x = ActivityRegularizationLayer()(keras.layers.Dense(6, activation="relu")(inputs))
    model = fill(keras.Model(inputs, keras.layers.Dense(4)(x)))
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    same(model.fit(*blobs, batch_size=16, epochs=2, shuffle=False, verbose=0).history)


def test_class_weights_and_sample_weights(keras, same, fill, blobs):
    x, y = blobs
    model = classifier(keras, fill)
    model.compile("adam", "sparse_categorical_crossentropy", weighted_metrics=["accuracy"])
    words = {"batch_size": 16, "epochs": 2, "shuffle": False, "verbose": 0}
    same(model.fit(x, y, class_weight={0: 1.0, 1: 2.0, 2: 1.0, 3: 0.5}, **words).history)
    same(model.fit(x, y, sample_weight=np.where(y == 2, 2.0, 1.0), **words).history)


def test_several_inputs_and_outputs(keras, same, fill, images, blobs):
    image = keras.Input((8, 8, 3), name="img_input")
    points = keras.Input((8,), name="ts_input")
    a = keras.layers.GlobalMaxPooling2D()(keras.layers.Conv2D(3, 3)(image))
    both = keras.layers.concatenate([a, keras.layers.Dense(3)(points)])
    score = keras.layers.Dense(1, name="score_output")(both)
    label = keras.layers.Dense(4, name="class_output")(both)
    model = fill(keras.Model([image, points], [score, label]))
    model.compile(
        optimizer=keras.optimizers.RMSprop(1e-3),
        loss={
            "score_output": keras.losses.MeanSquaredError(),
            "class_output": keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        },
        loss_weights={"score_output": 2.0, "class_output": 1.0},
    )
    x = {"img_input": images[0], "ts_input": blobs[0][:16]}
    y = {"score_output": blobs[0][:16, :1], "class_output": images[1]}
    same(model.fit(x, y, batch_size=8, epochs=2, shuffle=False, verbose=0).history["loss"])


def test_schedules_checkpoints_and_early_stopping(keras, same, fill, blobs, tmp_path):
    x, y = blobs
    model = classifier(keras, fill)
    rate = keras.optimizers.schedules.ExponentialDecay(0.1, decay_steps=4, decay_rate=0.9, staircase=True)
    model.compile(keras.optimizers.SGD(learning_rate=rate), "sparse_categorical_crossentropy")
    path = str(tmp_path / "best.weights.h5")
    history = model.fit(
        x, y, batch_size=16, epochs=6, shuffle=False, verbose=0, validation_split=0.25,
        callbacks=[
            keras.callbacks.EarlyStopping(monitor="val_loss", min_delta=1e-1, patience=2),
            keras.callbacks.ModelCheckpoint(path, save_best_only=True, save_weights_only=True, monitor="val_loss"),
        ],
    )  # fmt: skip
    same(history.history)
    model.load_weights(path)
    same(model.evaluate(x, y, verbose=0))
