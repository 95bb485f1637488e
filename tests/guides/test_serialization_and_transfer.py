"""What the guides to saving and to transfer learning exercise."""

import numpy as np


def net(keras, units=4):
    inputs = keras.Input((8,))
    x = keras.layers.Dense(6, activation="relu", name="features")(inputs)
    return keras.Model(inputs, keras.layers.Dense(units, name="head")(x))


def test_whole_models_and_their_optimizers(keras, same, fill, blobs, tmp_path):
    model = fill(net(keras))
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.fit(*blobs, shuffle=False, verbose=0)
    model.save(tmp_path / "m.keras")
    again = keras.saving.load_model(tmp_path / "m.keras")
    same(again.fit(*blobs, shuffle=False, verbose=0).history)
    same(int(again.optimizer.iterations))


def test_classes_of_ones_own(keras, same, fill, tmp_path):
    @keras.saving.register_keras_serializable(package="guides", name="Scale")
    class Scale(keras.layers.Layer):
        def __init__(self, factor=2.0, **kwargs):
            super().__init__(**kwargs)
            self.factor = factor

        def call(self, x):
            return x * self.factor

        def get_config(self):
            return {**super().get_config(), "factor": self.factor}

    model = fill(keras.Sequential([keras.Input((8,)), Scale(3.0), keras.layers.Dense(2)]))
    model.save(tmp_path / "m.keras")
    same(keras.saving.load_model(tmp_path / "m.keras")(np.ones((1, 8), "float32")))
    clone = keras.models.clone_model(model)
    clone.set_weights(model.get_weights())
    same([clone(np.ones((1, 8), "float32")), clone.layers[0].factor])
    config = model.get_config()
    same(keras.Sequential.from_config(config).count_params())


def test_weights_from_one_model_to_another(keras, same, fill, tmp_path):
    model = fill(net(keras))
    model.save_weights(tmp_path / "m.weights.h5")
    other = net(keras)
    other.load_weights(tmp_path / "m.weights.h5")
    same(other(np.eye(8, dtype="float32")))
    larger = net(keras, units=7)
    larger.get_layer("features").set_weights(model.get_layer("features").get_weights())
    same(larger.get_layer("features")(np.eye(8, dtype="float32")))


def test_state_that_a_layer_saves_itself(keras, same, tmp_path):
    class Own(keras.layers.Dense):
        def save_own_variables(self, store):
            super().save_own_variables(store)
            store["note"] = np.array(7)

        def load_own_variables(self, store):
            self.note = int(np.asarray(store["note"]))
            super().load_own_variables({"0": store["0"], "1": store["1"]})

    model = keras.Sequential([keras.Input((8,)), Own(2)])
    model.save(tmp_path / "m.keras")
    again = keras.saving.load_model(tmp_path / "m.keras", custom_objects={"Own": Own})
    same(again.layers[0].note)


def test_trainable_reaches_everything_inside(keras, same):
    inner = keras.Sequential(
        [keras.Input((3,)), keras.layers.Dense(3, activation="relu"), keras.layers.Dense(3)]
    )
    model = keras.Sequential(
        [keras.Input((3,)), inner, keras.layers.BatchNormalization(), keras.layers.Dense(1)]
    )
    same([len(model.weights), len(model.trainable_weights), len(model.non_trainable_weights)])
    model.trainable = False
    same([inner.trainable, inner.layers[0].trainable, len(model.trainable_weights)])
    model.trainable = True
    inner.trainable = False
    same([len(model.trainable_weights), len(model.non_trainable_weights)])


def test_a_frozen_base_then_fine_tuning(keras, same, fill, blobs):
    inputs = keras.Input((8,))
    x = keras.layers.BatchNormalization()(keras.layers.Dense(6, activation="relu")(inputs))
    base = keras.Model(inputs, x)
    base.trainable = False
    outer = keras.Input((8,))
    model = fill(keras.Model(outer, keras.layers.Dense(4)(base(outer, training=False))))
    for w in base.layers[-1].weights[-1:]:
        w.assign(np.ones(w.shape, "float32"))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.1), loss)
    before = base.get_weights()
    same(model.fit(*blobs, shuffle=False, epochs=2, verbose=0).history)
    assert all(np.array_equal(a, b) for a, b in zip(before, base.get_weights(), strict=True))
    base.trainable = True
    base.layers[-1].trainable = False
    model.compile(keras.optimizers.SGD(1e-3), loss)
    same(model.fit(*blobs, shuffle=False, epochs=2, verbose=0).history)
