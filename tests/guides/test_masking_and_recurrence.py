"""What the guides to masking and to recurrent layers exercise."""

import numpy as np

WORDS = np.array([[7, 6, 1, 0, 0, 0], [3, 5, 9, 2, 0, 0], [8, 3, 4, 5, 1, 6]])
STEPS = np.cos(np.arange(3 * 6 * 4)).reshape(3, 6, 4).astype("float32")


def test_masks_travel(keras, same, fill):
    embedding = keras.layers.Embedding(10, 4, mask_zero=True)
    embedding(WORDS)
    same(keras.ops.convert_to_numpy(embedding.compute_mask(WORDS)).tolist())
    masking = keras.layers.Masking()
    steps = STEPS * (WORDS != 0)[..., None]
    same(keras.ops.convert_to_numpy(masking.compute_mask(steps)).tolist())
    model = keras.Sequential([keras.Input((None,), dtype="int32"), embedding, keras.layers.LSTM(5)])
    same(fill(model)(WORDS))
    inputs = keras.Input((None,), dtype="int32")
    graph = keras.Model(inputs, keras.layers.LSTM(5)(keras.layers.Dense(4)(embedding(inputs))))
    same(fill(graph)(WORDS))


def test_a_layer_that_reads_the_mask(keras, same):
    class Share(keras.layers.Layer):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.supports_masking = True

        def call(self, inputs, mask=None):
            if mask is None:  # while a graph is built, stepgrad has no mask to show yet
                return inputs
            kept = keras.ops.expand_dims(keras.ops.cast(mask, "float32"), -1)
            e = keras.ops.exp(inputs) * kept
            return e / keras.ops.sum(e * kept, axis=1, keepdims=True)

    inputs = keras.Input((6, 4))
    model = keras.Model(inputs, Share()(keras.layers.Masking()(inputs)))
    same(model(STEPS * (WORDS != 0)[..., None]))


def test_sequences_and_states(keras, same, fill):
    for name in ("SimpleRNN", "LSTM", "GRU"):
        layer = getattr(keras.layers, name)(5, return_sequences=True, return_state=True)
        inputs = keras.Input((6, 4))
        model = fill(keras.Model(inputs, layer(inputs)))
        outputs, *state = model(STEPS)
        same([outputs, *state])
        same(layer(STEPS, initial_state=state)[0])


def test_both_directions_and_cells(keras, same, fill):
    model = keras.Sequential(
        [
            keras.Input((6, 4)),
            keras.layers.Bidirectional(keras.layers.LSTM(3, return_sequences=True)),
            keras.layers.RNN([keras.layers.GRUCell(3), keras.layers.LSTMCell(2)]),
        ]
    )
    same(fill(model)(STEPS))


def test_a_cell_of_ones_own(keras, same, fill):
    class Cell(keras.layers.Layer):
        def __init__(self, units, **kwargs):
            super().__init__(**kwargs)
            self.units = self.state_size = units

        def build(self, input_shape):
            self.kernel = self.add_weight(shape=(input_shape[-1], self.units), name="kernel")
            self.recurrent = self.add_weight(shape=(self.units, self.units), name="recurrent")

        def call(self, inputs, states):
            h = keras.ops.matmul(inputs, self.kernel) + keras.ops.matmul(states[0], self.recurrent)
            return keras.ops.tanh(h), [keras.ops.tanh(h)]

    model = keras.Sequential([keras.Input((6, 4)), keras.layers.RNN(Cell(3))])
    same(fill(model)(STEPS))


def test_a_stateful_layer(keras, same, fill):
    layer = keras.layers.LSTM(3, stateful=True)
    layer(STEPS)
    fill(layer)
    layer.reset_state()
    same([layer(STEPS), layer(STEPS)])
    layer.reset_state()
    same(layer(STEPS))
