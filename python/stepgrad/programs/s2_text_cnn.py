"""S2-text-cnn: a convolution along the words tells praise from complaint."""

from stepgrad.programs.program import Program, Row
from stepgrad.programs.report import percent
from stepgrad.programs.sentences import WORDS, load


def build(keras, facts):
    model = keras.Sequential(
        [
            keras.Input(shape=(facts["length"],), dtype="int32"),
            keras.layers.Embedding(WORDS, 64),
            keras.layers.Conv1D(64, 5, activation="relu"),
            keras.layers.GlobalMaxPooling1D(),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(
        optimizer="adam",
        loss="binary_crossentropy",
        metrics=["accuracy", keras.metrics.Precision(name="precision"), keras.metrics.Recall(name="recall")],
    )
    return model


def rows(data, result):
    names = ("accuracy", "precision", "recall")
    return [Row(f"test {name}", "no figure", "", percent(result.test[name])) for name in names]


PROGRAM = Program(
    name="S2-text-cnn",
    title="text classifier: embedding, convolution, pooling; accuracy, precision and recall",
    article="S2, section 4.2, case 1",
    epochs=5,
    batch_size=32,
    validation_split=0.2,
    load=load,
    build=build,
    rows=rows,
)
