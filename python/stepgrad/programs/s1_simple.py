"""S1-simple: three Linear layers, each with a ReLU, learn one sample for 1000 epochs."""

import numpy as np

import stepgrad as sg
from stepgrad.programs.program import Data, Mistake, Program, Row

X, Y = np.array([[1.0, 2.0, 3.0]], "float32"), np.array([[0.0, 1.0, 0.0]], "float32")


def load(full, limit):
    return Data((X, Y), (X, Y), "the article's one sample, [1, 2, 3] of class 1")


def build(keras, facts, last="relu"):
    model = keras.Sequential(
        [
            keras.Input(shape=(3,)),
            keras.layers.Dense(3, activation="relu"),
            keras.layers.Dense(3, activation="relu"),
            keras.layers.Dense(
                3, activation=last
            ),  # the article ends in a ReLU too: logits below 0 are cut off
        ]
    )
    model.compile(
        optimizer=keras.optimizers.Adam(0.01),
        loss=keras.losses.CategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    return model


def without_the_last_relu(keras, facts):
    return build(keras, facts, last=None)


def build_torch(facts):
    import torch
    from torch import nn

    module = nn.Sequential(nn.Linear(3, 3), nn.ReLU(), nn.Linear(3, 3), nn.ReLU(), nn.Linear(3, 3), nn.ReLU())
    return (
        module,
        nn.CrossEntropyLoss(),
        torch.optim.Adam(module.parameters(), lr=0.01, eps=1e-7),
    )  # Keras's epsilon


def dead_starts(seeds=20):
    """Count the random starts at which every logit is cut off: no gradient passes, and the loss stays ln 3 for ever."""
    dead = 0
    for seed in range(seeds):
        sg.utils.set_random_seed(seed)
        dead += not np.any(build(sg, {}).predict_on_batch(X))
    return dead, seeds


def rows(data, result):
    other = result.others["without the last ReLU"]
    return [
        Row("loss after training", "no figure", "towards 0", f"{result.history['loss'][-1]:.4f}"),
        Row("... without the last ReLU", "", "towards 0", f"{other.history['loss'][-1]:.4f}"),
        Row("random starts that are dead", "not mentioned", "their loss stays at ln 3 = 1.0986", "{} of {}".format(*dead_starts())),
        Row("accuracy on the sample", "index == one-hot row", "index == index", f"{result.test['accuracy']:.0%}"),
    ]  # fmt: skip


def arrays_into_a_module():
    from torch import nn

    return nn.Linear(3, 3)(np.array([[1.0, 2.0, 3.0]]))


def index_against_one_hot(keras):
    predicted = np.array([1])  # argmax: the right class
    return keras.metrics.Accuracy()(Y, predicted)


def index_against_one_hot_torch():
    import torch

    return (torch.tensor([1]) == torch.from_numpy(Y)).float().mean().item()


MISTAKES = (
    Mistake(
        what="NumPy arrays are fed to the model",
        listing="X = np.array([[1, 2, 3]])\noutputs = model(X)",
        attempt=lambda keras: keras.layers.Dense(3)(np.array([[1, 2, 3]])),
        library="PyTorch 2.13",
        quoted="linear(): argument 'input' (position 1) must be Tensor, not numpy.ndarray",
        theirs=arrays_into_a_module,
    ),
    Mistake(
        what="the predicted class, a number, is compared with a one-hot row",
        listing="predicted = torch.argmax(outputs, dim=1)\naccuracy = (predicted == Y).float().mean()",
        attempt=index_against_one_hot,
        library="PyTorch 2.13",
        quoted="says nothing: 1 is compared with each of 0, 1, 0, and a right prediction scores 0.3333",
        theirs=index_against_one_hot_torch,
        silent=True,
    ),
)

PROGRAM = Program(
    name="S1-simple",
    title="three Linear layers with ReLU learn one sample",
    article="S1, section 5.2",
    epochs=1000,
    batch_size=1,
    load=load,
    build=build,
    build_torch=build_torch,
    rows=rows,
    variants={"without the last ReLU": without_the_last_relu},
    mistakes=MISTAKES,
    report_every=100,
)
