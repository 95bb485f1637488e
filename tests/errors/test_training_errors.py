"""Mistakes in training, and the words that mend them."""

import numpy as np
import pytest

import stepgrad as sg
from stepgrad import constraints, losses, metrics, optimizers, regularizers
from stepgrad.errors import StepgradError
from stepgrad.optimizers import schedules

LABELS = np.array([0, 2, 1, 2])
ONE_HOT = np.eye(3, dtype="float32")[LABELS]
PROBABILITIES = np.full((4, 3), 1 / 3, "float32")


def W():
    return sg.Variable([1.0, 2.0], name="kernel")


def apply_to_another_variable():
    optimizer = optimizers.SGD()
    optimizer.apply([[1.0, 1.0]], [W()])
    optimizer.apply([[1.0, 1.0]], [sg.Variable([1.0, 2.0], name="stranger")])


def load_foreign_state():
    optimizer = optimizers.Adam()
    optimizer.build([W()])
    optimizer.load_own_variables({"0": np.array(3)})


def exclude_too_late():
    optimizer = optimizers.AdamW()
    optimizer.build([W()])
    optimizer.exclude_from_weight_decay(var_names=["bias"])


def set_the_rate_of_a_schedule():
    optimizers.SGD(schedules.ExponentialDecay(0.1, 10, 0.9)).learning_rate = 0.5


def metric_without_super():
    class Mine(metrics.Metric):
        def __init__(self):
            self.total = self.add_variable(())

    Mine()


CASES = {
    # what somebody does: (how, words that the error must hold)
    "class numbers in categorical_crossentropy": (
        lambda: losses.CategoricalCrossentropy()(LABELS, PROBABILITIES),
        [
            "categorical_crossentropy",
            "(4, 3)",
            "(4,)",
            "sparse_categorical_crossentropy",
            "to_categorical(labels, 3)",
        ],
    ),
    "a column of class numbers in categorical_crossentropy": (
        lambda: losses.categorical_crossentropy(LABELS[:, None], PROBABILITIES),
        ["(4, 1)", "sparse_categorical_crossentropy"],
    ),
    "one-hot labels in the sparse loss": (
        lambda: losses.SparseCategoricalCrossentropy()(ONE_HOT, PROBABILITIES),
        [
            "sparse_categorical_crossentropy",
            "labels of shape (4,)",
            "use categorical_crossentropy",
            "numpy.argmax",
        ],
    ),
    "class numbers in MSE": (
        lambda: losses.MeanSquaredError()(LABELS, PROBABILITIES),
        [
            "mean_squared_error",
            "labels (4,), predictions (4, 3)",
            "Dense(1)",
            "sparse_categorical_crossentropy",
        ],
    ),
    "as many samples as outputs, which NumPy would broadcast": (
        lambda: losses.MeanSquaredError()(np.zeros(3), np.zeros((3, 3))),
        ["different shapes", "labels (3,), predictions (3, 3)"],
    ),
    "a column against several outputs, which NumPy would broadcast": (
        lambda: losses.MeanAbsoluteError()(np.zeros((4, 1)), np.zeros((4, 3))),
        ["mean_absolute_error", "Dense(1)"],
    ),
    "one prediction too many in the batch": (
        lambda: losses.MeanSquaredError()(np.zeros((5, 1)), np.zeros((4, 1))),
        ["different batch sizes", "expected: 4 labels", "same length"],
    ),
    "sparse labels of another batch": (
        lambda: losses.SparseCategoricalCrossentropy()(LABELS[:3], PROBABILITIES),
        ["different batch sizes", "labels (3,), predictions (4, 3)"],
    ),
    "labels from 1 to 3": (
        lambda: losses.SparseCategoricalCrossentropy()(LABELS + 1, PROBABILITIES),
        ["outside of the classes", "0 <= label < 3", "label 3 at index 1", "subtract 1"],
    ),
    "more classes than outputs": (
        lambda: losses.SparseCategoricalCrossentropy(from_logits=True)([0, 9, 1, 2], PROBABILITIES),
        ["label 9 at index 1", "10 units"],
    ),
    "a negative label": (
        lambda: losses.SparseCategoricalCrossentropy()([0, -1, 1, 2], PROBABILITIES),
        ["label -1 at index 1", "ignore_class=-1"],
    ),
    "measured values in the sparse loss": (
        lambda: losses.SparseCategoricalCrossentropy()([0.0, 0.5, 1.0, 2.0], PROBABILITIES),
        ["whole numbers", "label 0.5 at index 1", "mean_squared_error"],
    ),
    "the wrong number of units": (
        lambda: losses.BinaryCrossentropy()(np.zeros((4, 2)), PROBABILITIES),
        ["binary_crossentropy", "give the last layer 2 units"],
    ),
    "a model that forgot its Flatten": (
        lambda: losses.MeanSquaredError()(np.zeros((4, 1)), np.zeros((4, 7, 1))),
        ["labels (4, 1), predictions (4, 7, 1)", "did you forget Flatten"],
    ),
    "weights for another number of samples": (
        lambda: losses.MeanSquaredError()(np.zeros((4, 1)), np.zeros((4, 1)), [1.0, 2.0]),
        ["sample_weight of shape (2,)", "one weight a sample"],
    ),
    "an unknown reduction": (lambda: losses.MeanSquaredError(reduction="summ"), ["did you mean 'sum'?"]),
    "a misspelt loss": (
        lambda: losses.get("categorical_crossentrop"),
        ["did you mean 'categorical_crossentropy'?"],
    ),
    "a misspelt metric": (
        lambda: metrics.get("SparseCategorialAccuracy"),
        ["did you mean 'SparseCategoricalAccuracy'?"],
    ),
    "a misspelt optimizer": (lambda: optimizers.get("adma"), ["there is no 'adma'", "adam"]),
    "an optimizer that is none": (lambda: optimizers.get(lambda: 1), ["not an optimizer"]),
    "class numbers in categorical accuracy": (
        lambda: metrics.CategoricalAccuracy()(LABELS, PROBABILITIES),
        ["categorical_accuracy", "use sparse_categorical_accuracy"],
    ),
    "one-hot labels in sparse accuracy": (
        lambda: metrics.SparseCategoricalAccuracy()(ONE_HOT, PROBABILITIES),
        ["labels of shape (4, 3)", "use categorical_accuracy"],
    ),
    "binary accuracy of several classes": (
        lambda: metrics.BinaryAccuracy()(LABELS, PROBABILITIES),
        ["binary_accuracy", "labels (4,), predictions (4, 3)"],
    ),
    "the best 5 of 3 classes": (
        lambda: metrics.TopKCategoricalAccuracy()(ONE_HOT, PROBABILITIES),
        ["1 <= k <= 3", "k=5"],
    ),
    "precision of class numbers": (
        lambda: metrics.Precision()(LABELS, PROBABILITIES),
        ["precision", "labels (4,), predictions (4, 3)"],
    ),
    "a class that is not there": (
        lambda: metrics.Recall(class_id=3)(ONE_HOT, PROBABILITIES),
        ["there is no class 3", "(4, 3)"],
    ),
    "a threshold in per cent": (lambda: metrics.Recall(thresholds=50), ["0 <= threshold <= 1", "50"]),
    "an unknown curve": (lambda: metrics.AUC(curve="RC"), ["did you mean 'ROC'?"]),
    "a metric without super": (metric_without_super, ["super().__init__()"]),
    "no gradient at all": (
        lambda: optimizers.SGD().apply([None], [W()]),
        ["no variable got a gradient", "kernel", "inside the tape"],
    ),
    "more gradients than variables": (
        lambda: optimizers.SGD().apply([[1.0, 1.0], [1.0]], [W()]),
        ["1 gradients", "got:      2"],
    ),
    "a gradient of another shape": (
        lambda: optimizers.SGD().apply([[1.0]], [W()]),
        ["gradient of 'kernel'", "expected: (2,)", "got:      (1,)"],
    ),
    "an optimizer for two models": (apply_to_another_variable, ["stranger", "one optimizer for each model"]),
    "no variables": (lambda: optimizers.SGD().apply([[1.0]]), ["build(variables)"]),
    "the state of another optimizer": (load_foreign_state, ["expected: 4 arrays", "got:      1"]),
    "two ways to clip": (lambda: optimizers.SGD(clipnorm=1.0, clipvalue=1.0), ["one way only", "clipnorm"]),
    "accumulation over one step": (lambda: optimizers.SGD(gradient_accumulation_steps=1), ["at least 2"]),
    "excluding variables too late": (exclude_too_late, ["before the optimizer is built"]),
    "a rate that is set beside a schedule": (
        set_the_rate_of_a_schedule,
        ["follows a schedule", "ExponentialDecay"],
    ),
    "a rate that is no number": (lambda: optimizers.SGD("fast"), ["a learning rate is a number", "'fast'"]),
    "momentum above 1": (lambda: optimizers.SGD(momentum=9.0), ["SGD", "between 0 and 1", "9.0"]),
    "values that do not fit the boundaries": (
        lambda: schedules.PiecewiseConstantDecay([1, 2], [0.1, 0.2]),
        ["expected: 3 values", "got:      2"],
    ),
    "a decay over no steps": (
        lambda: schedules.CosineDecay(0.1, 0),
        ["decay_steps must be positive", "CosineDecay"],
    ),
    "a negative penalty": (lambda: regularizers.L2(-1.0), ["l2 must be", "-1.0"]),
    "an orthogonal image": (
        lambda: regularizers.OrthogonalRegularizer()(np.zeros((2, 2, 2))),
        ["matrix", "(2, 2, 2)"],
    ),
    "a misspelt constraint": (lambda: constraints.get("MaxNrm"), ["did you mean 'MaxNorm'?"]),
}


@pytest.mark.parametrize("mistake", CASES)
def test_the_error_teaches(mistake):
    how, words = CASES[mistake]
    with pytest.raises(StepgradError) as caught:
        how()
    missing = [word for word in words if word not in str(caught.value)]
    assert not missing, f"{missing} not in:\n{caught.value}"


def test_a_loss_names_itself_in_the_error():
    with pytest.raises(StepgradError) as caught:
        losses.Huber(name="my_loss")(LABELS, PROBABILITIES)
    assert str(caught.value).splitlines() == [
        "huber: labels and predictions have different shapes",
        "  expected: labels of shape (4, 3)",
        "  got:      labels (4,), predictions (4, 3)",
        "  fix:      the model gives 3 values where the labels have one: end it with Dense(1), or, when the labels are "
        "class numbers, use sparse_categorical_crossentropy",
    ]
