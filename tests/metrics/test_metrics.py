"""Metrics against Keras over several batches, configs there and back."""

import keras
import numpy as np
import pytest

import stepgrad as sg
from stepgrad import losses, metrics, ops
from stepgrad.utils.serialization import deserialize_object

CLOSE = {"rtol": 5e-6, "atol": 5e-6}  # float32 on both sides, sums in another order
RNG = np.random.default_rng(11)
BATCHES, N, C = 3, 16, 5


def normal(*shape):
    return RNG.normal(size=shape).astype("float32")


def positive(*shape):
    return RNG.uniform(0.02, 0.98, shape).astype("float32")


def bits(*shape):
    return RNG.integers(0, 2, shape).astype("float32")


def classes(*shape):
    return RNG.integers(0, C, shape).astype("int32")


def one_hot(*shape):
    return np.eye(C, dtype="float32")[RNG.integers(0, C, shape)]


def distribution(*shape):
    x = positive(*shape, C)
    return x / x.sum(-1, keepdims=True)


CASES = [
    # class, settings, labels, predictions; each a function that makes one batch
    ("Accuracy", {}, lambda: classes(N), lambda: classes(N)),
    ("Accuracy", {}, lambda: classes(N), lambda: classes(N, 1)),
    ("BinaryAccuracy", {}, lambda: bits(N), lambda: positive(N, 1)),
    ("BinaryAccuracy", {"threshold": 0.7}, lambda: bits(N, 3), lambda: positive(N, 3)),
    ("CategoricalAccuracy", {}, lambda: one_hot(N), lambda: distribution(N)),
    ("CategoricalAccuracy", {}, lambda: one_hot(N, 3), lambda: distribution(N, 3)),
    ("SparseCategoricalAccuracy", {}, lambda: classes(N), lambda: distribution(N)),
    ("SparseCategoricalAccuracy", {}, lambda: classes(N, 1), lambda: distribution(N)),
    ("SparseCategoricalAccuracy", {}, lambda: classes(N, 3), lambda: distribution(N, 3)),
    ("TopKCategoricalAccuracy", {"k": 2}, lambda: one_hot(N), lambda: distribution(N)),
    ("SparseTopKCategoricalAccuracy", {"k": 3}, lambda: classes(N), lambda: distribution(N)),
    ("SparseTopKCategoricalAccuracy", {"k": 1}, lambda: classes(N, 3), lambda: distribution(N, 3)),
    (
        "SparseTopKCategoricalAccuracy",
        {"k": 2, "from_sorted_ids": True},
        lambda: classes(N),
        lambda: classes(N, 3),
    ),
    ("MeanSquaredError", {}, lambda: normal(N, 3), lambda: normal(N, 3)),
    ("RootMeanSquaredError", {}, lambda: normal(N, 3), lambda: normal(N, 3)),
    ("RootMeanSquaredError", {}, lambda: normal(N), lambda: normal(N, 1)),
    ("MeanAbsoluteError", {}, lambda: normal(N), lambda: normal(N, 1)),
    ("MeanAbsolutePercentageError", {}, lambda: positive(N, 3), lambda: normal(N, 3)),
    ("MeanSquaredLogarithmicError", {}, lambda: positive(N, 3), lambda: positive(N, 3)),
    ("CosineSimilarity", {}, lambda: normal(N, 3), lambda: normal(N, 3)),
    ("LogCoshError", {}, lambda: normal(N, 3), lambda: normal(N, 3)),
    ("PearsonCorrelation", {}, lambda: normal(N, 5), lambda: normal(N, 5)),
    ("ConcordanceCorrelation", {}, lambda: normal(N, 5), lambda: normal(N, 5)),
    ("R2Score", {}, lambda: normal(N, 3), lambda: normal(N, 3)),
    ("R2Score", {"class_aggregation": None}, lambda: normal(N, 3), lambda: normal(N, 3)),
    (
        "R2Score",
        {"class_aggregation": "variance_weighted_average"},
        lambda: normal(N, 3),
        lambda: normal(N, 3),
    ),
    ("R2Score", {"num_regressors": 2}, lambda: normal(N, 1), lambda: normal(N, 1)),
    ("BinaryCrossentropy", {}, lambda: bits(N, 3), lambda: positive(N, 3)),
    (
        "BinaryCrossentropy",
        {"from_logits": True, "label_smoothing": 0.1},
        lambda: bits(N, 3),
        lambda: normal(N, 3),
    ),
    ("CategoricalCrossentropy", {}, lambda: one_hot(N), lambda: distribution(N)),
    ("CategoricalCrossentropy", {"from_logits": True}, lambda: one_hot(N, 3), lambda: normal(N, 3, C)),
    ("SparseCategoricalCrossentropy", {}, lambda: classes(N), lambda: distribution(N)),
    ("SparseCategoricalCrossentropy", {"ignore_class": 2}, lambda: classes(N), lambda: distribution(N)),
    ("KLDivergence", {}, lambda: distribution(N), lambda: distribution(N)),
    ("Poisson", {}, lambda: positive(N, 3), lambda: positive(N, 3)),
    ("Hinge", {}, lambda: bits(N, 3), lambda: normal(N, 3)),
    ("SquaredHinge", {}, lambda: bits(N, 3), lambda: normal(N, 3)),
    ("CategoricalHinge", {}, lambda: one_hot(N), lambda: distribution(N)),
    ("TruePositives", {}, lambda: bits(N), lambda: positive(N)),
    ("FalsePositives", {"thresholds": [0.2, 0.9]}, lambda: bits(N, 3), lambda: positive(N, 3)),
    ("TrueNegatives", {"thresholds": [0.0, 0.5, 1.0]}, lambda: bits(N), lambda: positive(N)),
    ("FalseNegatives", {"thresholds": [0.8, 0.1]}, lambda: bits(N), lambda: positive(N, 1)),
    ("Precision", {}, lambda: bits(N), lambda: positive(N)),
    ("Precision", {"thresholds": [0.3, 0.6, 0.61]}, lambda: bits(N, 3), lambda: positive(N, 3)),
    ("Precision", {"top_k": 2}, lambda: one_hot(N), lambda: distribution(N)),
    ("Precision", {"top_k": 2, "class_id": 1}, lambda: one_hot(N), lambda: distribution(N)),
    ("Precision", {"class_id": 3, "thresholds": 0.2}, lambda: one_hot(N), lambda: distribution(N)),
    ("Recall", {}, lambda: bits(N), lambda: positive(N, 1)),
    ("Recall", {"thresholds": [0.0, 0.25, 0.5, 0.75, 1.0]}, lambda: bits(N), lambda: positive(N)),
    ("Recall", {"top_k": 3}, lambda: one_hot(N), lambda: distribution(N)),
    ("AUC", {}, lambda: bits(N), lambda: positive(N)),
    ("AUC", {"num_thresholds": 7, "curve": "PR"}, lambda: bits(N), lambda: positive(N)),
    ("AUC", {"curve": "PR", "summation_method": "majoring"}, lambda: bits(N), lambda: positive(N)),
    ("AUC", {"summation_method": "minoring"}, lambda: bits(N), lambda: positive(N)),
    ("AUC", {"thresholds": [0.1, 0.7, 0.4]}, lambda: bits(N), lambda: positive(N)),
    ("AUC", {"from_logits": True}, lambda: bits(N), lambda: normal(N)),
    ("AUC", {"multi_label": True, "num_labels": 3}, lambda: bits(N, 3), lambda: positive(N, 3)),
    ("AUC", {"multi_label": True, "thresholds": [0.2, 0.3]}, lambda: bits(N, 3), lambda: positive(N, 3)),
    (
        "AUC",
        {"multi_label": True, "num_labels": 3, "label_weights": [1.0, 2.0, 0.5], "curve": "PR"},
        lambda: bits(N, 3),
        lambda: positive(N, 3),
    ),
    ("SensitivityAtSpecificity", {"specificity": 0.6}, lambda: bits(N), lambda: positive(N)),
    (
        "SpecificityAtSensitivity",
        {"sensitivity": 0.3, "num_thresholds": 11},
        lambda: bits(N),
        lambda: positive(N),
    ),
    ("PrecisionAtRecall", {"recall": 0.4}, lambda: bits(N), lambda: positive(N)),
    ("RecallAtPrecision", {"precision": 0.5, "num_thresholds": 1}, lambda: bits(N), lambda: positive(N)),
    ("F1Score", {}, lambda: one_hot(N), lambda: distribution(N)),
    ("F1Score", {"average": "micro", "threshold": 0.3}, lambda: one_hot(N), lambda: distribution(N)),
    ("FBetaScore", {"average": "macro", "beta": 2.0}, lambda: one_hot(N), lambda: distribution(N)),
    ("FBetaScore", {"average": "weighted", "beta": 0.5}, lambda: one_hot(N), lambda: distribution(N)),
    ("IoU", {"num_classes": C, "target_class_ids": [0, 2]}, lambda: classes(N), lambda: classes(N)),
    ("MeanIoU", {"num_classes": C}, lambda: classes(N, 4), lambda: classes(N, 4)),
    (
        "MeanIoU",
        {"num_classes": C, "sparse_y_pred": False, "ignore_class": 1},
        lambda: classes(N),
        lambda: distribution(N),
    ),
    (
        "OneHotIoU",
        {"num_classes": C, "target_class_ids": [0, 2]},
        lambda: one_hot(N),
        lambda: distribution(N),
    ),
    (
        "OneHotMeanIoU",
        {"num_classes": C, "sparse_y_pred": True, "ignore_class": 0},
        lambda: one_hot(N),
        lambda: classes(N),
    ),
    ("BinaryIoU", {"target_class_ids": [0, 1], "threshold": 0.3}, lambda: bits(N), lambda: positive(N)),
]
IDS = [f"{name}-{i}" for i, (name, *_) in enumerate(CASES)]
UNWEIGHTED = (
    "IoU",
    "MeanIoU",
    "OneHotIoU",
    "OneHotMeanIoU",
    "BinaryIoU",
)  # Keras keeps their weights as integers


@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
@pytest.mark.parametrize(("name", "settings", "labels", "predictions"), CASES, ids=IDS)
def test_value_is_that_of_keras(name, settings, labels, predictions, weighted):
    if weighted and name in UNWEIGHTED:
        pytest.skip("Keras turns the weights of this metric into integers")
    ours, theirs = getattr(metrics, name)(**settings), getattr(keras.metrics, name)(**settings)
    for batch in range(BATCHES):
        y_true, y_pred = labels(), predictions()
        weight = positive(N) if weighted else None
        ours.update_state(y_true, sg.Tensor(y_pred), weight)
        theirs.update_state(y_true, y_pred, weight)
        np.testing.assert_allclose(
            ours.result().numpy(), np.asarray(theirs.result()), **CLOSE, err_msg=f"after batch {batch}"
        )
    ours.reset_state()
    assert all(not v.numpy().any() for v in ours.variables)
    fresh, y_true, y_pred = getattr(metrics, name)(**settings), labels(), predictions()
    np.testing.assert_array_equal(ours(y_true, y_pred).numpy(), fresh(y_true, y_pred).numpy())


@pytest.mark.parametrize(("name", "settings", "labels", "predictions"), CASES, ids=IDS)
def test_config_goes_there_and_back(name, settings, labels, predictions):
    metric = getattr(metrics, name)(name="mine", **settings)
    copy = metrics.deserialize(metrics.serialize(metric))
    assert type(copy) is type(metric)
    assert copy.get_config() == metric.get_config()
    if "label_weights" in settings:
        return  # Keras saves them as a tensor of its own
    theirs = keras.metrics.serialize(getattr(keras.metrics, name)(name="theirs", **settings))
    loaded = deserialize_object(theirs, registry=metrics.METRICS)
    y_true, y_pred = labels(), predictions()
    np.testing.assert_array_equal(loaded(y_true, y_pred).numpy(), copy(y_true, y_pred).numpy())


@pytest.mark.parametrize("name", ["Mean", "Sum"])
def test_mean_and_sum(name):
    ours, theirs = getattr(metrics, name)(), getattr(keras.metrics, name)()
    for values, weight in [
        (3.0, None), (normal(4), None), (normal(4, 3), None), (normal(4), positive(4)), (normal(4, 3), positive(4)),
        (normal(4, 3), positive(4, 3)), (normal(4, 3), positive(4, 1)),
    ]:  # fmt: skip
        if isinstance(weight, np.ndarray) and weight.shape == (4, 1):
            weight = np.broadcast_to(weight, (4, 3)).copy()
        ours.update_state(values, weight)
        theirs.update_state(values, weight)
        np.testing.assert_allclose(float(ours.result()), float(theirs.result()), **CLOSE)


def test_nothing_yet_is_zero():
    for name in ("Mean", "Sum", "AUC", "Precision", "F1Score", "R2Score", "SparseCategoricalAccuracy"):
        assert not getattr(metrics, name)().result().numpy().any()


def test_nan_is_not_counted_as_a_positive():
    for thresholds in (0.5, [0.0, 0.5, 1.0]):
        assert not metrics.TruePositives(thresholds)([1.0], [np.nan]).numpy().any()


def test_metrics_leave_no_steps_and_no_gradient():
    x = sg.Tensor([[0.5]], requires_grad=True)
    with sg.GradientTape() as tape:
        for metric in (
            metrics.MeanSquaredError(),
            metrics.BinaryAccuracy(),
            metrics.BinaryCrossentropy(),
            metrics.AUC(),
        ):
            metric.update_state([[1.0]], x)
        assert tape.steps == []
    assert x.grad is None


@pytest.mark.parametrize(
    ("y_true", "y_pred", "kind"),
    [
        ((8,), (8, 1), "Binary"),
        ((8, 1), (8, 1), "Binary"),
        ((8,), (8, C), "SparseCategorical"),
        ((8, 1), (8, C), "SparseCategorical"),
        ((8, 3), (8, 3, C), "SparseCategorical"),
        ((8, C), (8, C), "Categorical"),
    ],
)
def test_words_are_chosen_by_the_shapes(y_true, y_pred, kind):
    for word in ("accuracy", "acc", "Accuracy"):
        metric = metrics.resolve(word, y_true, y_pred)
        assert type(metric).__name__ == f"{kind}Accuracy"
        assert metric.name == word
    loss = losses.BinaryCrossentropy(from_logits=True)
    metric = metrics.resolve("crossentropy", y_true, y_pred, loss)
    assert type(metric).__name__ == f"{kind}Crossentropy"
    assert metric.get_config()["from_logits"] is True


def test_resolve_keeps_names():
    assert metrics.resolve("mae", (8, 1), (8, 1)).name == "mae"
    assert metrics.resolve(metrics.AUC(name="area"), (8, 1), (8, 1)).name == "area"

    def largest_error(y_true, y_pred):
        return ops.max(ops.abs(y_true - y_pred), axis=-1)

    metric = metrics.resolve(largest_error, (2, 2), (2, 2))
    assert metric.name == "largest_error"
    assert metric([[0.0, 0.0]], [[1.0, -3.0]]).item() == 3.0


@pytest.mark.parametrize(
    "name", ["mse", "MSE", "mae", "mape", "msle", "bce", "auc", "AUC", "precision", "categorical_accuracy"]
)
def test_names(name):
    assert isinstance(metrics.get(name), metrics.Metric)


def test_wrapped_functions_are_saved_by_name():
    for function in (losses.huber, metrics.binary_accuracy):
        wrapped = metrics.MeanMetricWrapper(function, name="mine")
        copy = metrics.deserialize(metrics.serialize(wrapped))
        assert copy([[0.0]], [[3.0]]).item() == wrapped([[0.0]], [[3.0]]).item()
        assert copy.name == "mine"


def test_a_keras_metric_of_ones_own():
    class Ratio(metrics.Metric):
        def __init__(self, name="ratio", **kwargs):
            super().__init__(name=name, **kwargs)
            self.parts = [metrics.Sum(), metrics.Mean()]
            self.total = self.add_weight(name="total", initializer="ones")

        def update_state(self, y_true, y_pred, sample_weight=None):
            self.parts[0].update_state(y_pred)
            self.total.assign_add(ops.sum(ops.cast(y_true, "float32")))

        def result(self):
            return self.parts[0].result() / self.total

    metric = Ratio()
    assert float(metric([1, 2], [2.0, 6.0])) == 2.0
    assert len(metric.variables) == 4
    metric.reset_state()
    assert float(metric.total) == 0.0
