"""S2-imdb-lstm: an LSTM reads film reviews."""

from stepgrad.programs.program import Mistake, Program, Row
from stepgrad.programs.report import percent
from stepgrad.programs.sentences import WORDS, load

VAL_ACCURACY = (0.6571, 0.6943, 0.7102, 0.7183, 0.7237)  # printed, epoch by epoch


def build(keras, facts):
    model = keras.Sequential(
        [
            keras.Input(shape=(facts["length"],), dtype="int32"),
            keras.layers.Embedding(WORDS, 32),
            keras.layers.LSTM(128, dropout=0.2, recurrent_dropout=0.2),
            keras.layers.Dropout(0.5),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(optimizer="adam", loss="binary_crossentropy", metrics=["accuracy"])
    return model


def rows(data, result):
    printed = [Row(f"val_accuracy, epoch {i + 1}", percent(article), "", percent(ours))
               for i, (article, ours) in enumerate(zip(VAL_ACCURACY, result.history["val_accuracy"], strict=False))]  # fmt: skip
    steps = -(-len(data.test[1]) // 32)
    return [
        Row(
            "reviews to learn from",
            "25,000",
            "20,000: 20 % are held back",
            f"{len(data.train[1]) * 4 // 5:,}",
        ),
        Row("steps an epoch, batches of 64", "1875", "313", str(result.steps)),
        *printed,
        Row("test steps, batches of 32", "313", "782", str(steps)),
        Row("test accuracy", percent(0.7277), "", percent(result.test["accuracy"])),
    ]


def without_the_import(keras):
    return pad_sequences([[1, 2], [3]], maxlen=500)  # noqa: F821 - as printed


MISTAKES = (
    Mistake(
        what="pad_sequences is never imported",
        listing="x_train = pad_sequences(x_train, maxlen=500)",
        attempt=without_the_import,
        library="Python",
        quoted="name 'pad_sequences' is not defined",
    ),
)

PROGRAM = Program(
    name="S2-imdb-lstm",
    title="film reviews: embedding, LSTM with dropout, sigmoid",
    article="S2, section 5.2",
    epochs=5,
    batch_size=64,
    validation_split=0.2,
    load=load,
    build=build,
    rows=rows,
    mistakes=MISTAKES,
)
