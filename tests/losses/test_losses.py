"""Losses against Keras, their gradients against differences, configs there and back."""

import keras
import numpy as np
import pytest

import stepgrad as sg
from stepgrad import kernels, losses
from stepgrad.losses.loss import apply_mask, reduce_weighted_values
from stepgrad.utils.serialization import deserialize_object, serialize_object

# Both sides compute in float32, where logarithms differ in the last two or three bits.
CLOSE = {"rtol": 2e-6, "atol": 2e-6}

RNG = np.random.default_rng(7)
N, C = 6, 4


def positive(*shape):
    return RNG.uniform(0.05, 0.95, shape).astype("float32")


def normal(*shape):
    return RNG.normal(size=shape).astype("float32")


def one_hot(*shape):
    return np.eye(shape[-1], dtype="float32")[RNG.integers(0, shape[-1], shape[:-1])]


def distribution(*shape):
    x = positive(*shape)
    return x / x.sum(-1, keepdims=True)


def classes(*shape):
    return RNG.integers(0, C, shape).astype("int32")


def bits(*shape):
    return RNG.integers(0, 2, shape).astype("float32")


CASES = [
    # class, settings, labels, predictions
    ("MeanSquaredError", {}, normal(N, C), normal(N, C)),
    ("MeanAbsoluteError", {}, normal(N, C), normal(N, C)),
    ("MeanAbsolutePercentageError", {}, normal(N, C), normal(N, C)),
    ("MeanSquaredLogarithmicError", {}, positive(N, C), normal(N, C)),
    ("Huber", {}, normal(N, C), 2 * normal(N, C)),
    ("Huber", {"delta": 0.3}, normal(N, C), 2 * normal(N, C)),
    ("LogCosh", {}, normal(N, C), 30 * normal(N, C)),
    ("CosineSimilarity", {}, normal(N, C), normal(N, C)),
    ("CosineSimilarity", {"axis": 1}, normal(N, 3, C), normal(N, 3, C)),
    ("BinaryCrossentropy", {}, bits(N, C), positive(N, C)),
    ("BinaryCrossentropy", {"from_logits": True}, bits(N, C), 20 * normal(N, C)),
    ("BinaryCrossentropy", {"label_smoothing": 0.2}, bits(N, C), positive(N, C)),
    ("BinaryFocalCrossentropy", {"gamma": 1.5}, bits(N, C), positive(N, C)),
    (
        "BinaryFocalCrossentropy",
        {"apply_class_balancing": True, "from_logits": True},
        bits(N, C),
        normal(N, C),
    ),
    ("CategoricalCrossentropy", {}, one_hot(N, C), distribution(N, C)),
    ("CategoricalCrossentropy", {}, distribution(N, C), 3 * positive(N, C)),
    ("CategoricalCrossentropy", {"from_logits": True}, one_hot(N, C), 20 * normal(N, C)),
    (
        "CategoricalCrossentropy",
        {"label_smoothing": 0.1, "from_logits": True},
        one_hot(N, 3, C),
        normal(N, 3, C),
    ),
    ("CategoricalCrossentropy", {"axis": 1, "from_logits": True}, distribution(N, C, 3), normal(N, C, 3)),
    ("CategoricalFocalCrossentropy", {"alpha": 0.5}, one_hot(N, C), distribution(N, C)),
    ("SparseCategoricalCrossentropy", {}, classes(N), distribution(N, C)),
    ("SparseCategoricalCrossentropy", {}, classes(N, 1), distribution(N, C)),
    ("SparseCategoricalCrossentropy", {"from_logits": True}, classes(N, 3), 20 * normal(N, 3, C)),
    ("SparseCategoricalCrossentropy", {"ignore_class": 1}, classes(N, 3), distribution(N, 3, C)),
    ("SparseCategoricalCrossentropy", {"ignore_class": 1, "from_logits": True}, classes(N), normal(N, C)),
    ("KLDivergence", {}, distribution(N, C), distribution(N, C)),
    ("Poisson", {}, positive(N, C), positive(N, C)),
    ("Hinge", {}, bits(N, C), normal(N, C)),
    ("Hinge", {}, 2 * bits(N, C) - 1, normal(N, C)),
    ("SquaredHinge", {}, bits(N, C), normal(N, C)),
    ("CategoricalHinge", {}, one_hot(N, C), normal(N, C)),
    ("Dice", {"axis": 1}, bits(N, C), positive(N, C)),
    ("Tversky", {"alpha": 0.3, "beta": 0.7, "axis": 1}, bits(N, C), positive(N, C)),
    ("Tversky", {"axis": -1}, bits(N, C), positive(N, C)),
    ("CategoricalGeneralizedCrossEntropy", {"q": 0.3}, classes(N), distribution(N, C)),
]
IDS = [f"{name}-{i}" for i, (name, *_) in enumerate(CASES)]


@pytest.mark.parametrize(
    "reduction", ["sum_over_batch_size", "mean", "sum", "mean_with_sample_weight", None, "none"]
)
@pytest.mark.parametrize(("name", "settings", "y_true", "y_pred"), CASES, ids=IDS)
def test_value_is_that_of_keras(name, settings, y_true, y_pred, reduction):
    ours = getattr(losses, name)(reduction=reduction, **settings)
    theirs = getattr(keras.losses, name)(reduction=reduction, **settings)
    weights = [None, positive(N), positive(N, 1)]
    if y_pred.ndim > 2:  # Keras aligns (n,) with (n, time) from the right: see test_weights_go_with_samples
        weights = [None, positive(N, y_pred.shape[2 if settings.get("axis") == 1 else 1])]
    for sample_weight in weights:
        got = ours(y_true, y_pred, sample_weight).numpy()
        want = theirs(y_true, y_pred, sample_weight).numpy()
        np.testing.assert_allclose(got, want, **CLOSE)
        assert got.shape == want.shape


def test_one_column_may_be_left_out():
    y, p = positive(N), positive(N, 1)
    for name in ("MeanSquaredError", "MeanAbsoluteError", "Huber", "Hinge", "Poisson", "KLDivergence"):
        for pair in ((y, p), (p, y)):
            got, want = (getattr(module, name)()(*pair) for module in (losses, keras.losses))
            np.testing.assert_allclose(float(got), float(want), **CLOSE)
    got, want = (m.BinaryCrossentropy(from_logits=True)(bits(N) * 0 + 1, p) for m in (losses, keras.losses))
    np.testing.assert_allclose(float(got), float(want), **CLOSE)


def test_weights_go_with_samples():
    y, p, weight = normal(3, 3, C), normal(3, 3, C), np.array([1.0, 0.0, 2.0], "float32")
    values = losses.MeanSquaredError(reduction=None)(y, p, weight).numpy()
    np.testing.assert_allclose(values, np.square(y - p).mean(-1) * weight[:, None], **CLOSE)


@pytest.mark.parametrize("reduction", ["sum_over_batch_size", "sum", "mean_with_sample_weight", None])
def test_mask_is_that_of_keras(reduction):
    from keras.src.losses.loss import reduce_weighted_values as theirs

    values, mask = positive(N, 3), RNG.integers(0, 2, (N, 3)).astype(bool)
    for weight in (None, positive(N, 3)):
        want = theirs(values, weight, mask, reduction).numpy()
        np.testing.assert_allclose(
            reduce_weighted_values(values, weight, mask, reduction).numpy(), want, **CLOSE
        )


def test_mask_without_a_valid_entry_gives_zero():
    assert reduce_weighted_values([1.0, 2.0], mask=[False, False]).item() == 0.0
    assert apply_mask(None, [False, False], "mean").tolist() == [0.0, 0.0]


def test_mask_as_argument():
    y, p = normal(4, 1), normal(4, 1)
    masked = losses.MeanSquaredError()(y, p, mask=[True, False, True, False]).item()
    np.testing.assert_allclose(masked, np.square(y - p)[[0, 2]].mean(), **CLOSE)


def test_ignored_samples_do_not_spread_nan():
    p = normal(2, C)
    p[1] = np.nan
    got = losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=-1)([2, -1], p).item()
    np.testing.assert_allclose(
        got, losses.SparseCategoricalCrossentropy(from_logits=True)([2], p[:1]).item(), **CLOSE
    )


@pytest.mark.parametrize(("name", "settings", "y_true", "y_pred"), CASES, ids=IDS)
def test_gradient_is_that_of_differences(name, settings, y_true, y_pred):
    if "from_logits" in settings or name == "LogCosh":
        y_pred = (
            y_pred / np.abs(y_pred).max()
        )  # where the loss is curved, not where it has become a straight line
    loss = getattr(losses, name)(**settings)
    y_true = y_true.astype("float64") if y_true.dtype.kind == "f" else y_true
    x = sg.Tensor(y_pred.astype("float64"), requires_grad=True)
    loss(y_true, x).backward()
    direction = RNG.normal(size=y_pred.shape)
    h = 1e-6
    if name in ("Huber", "MeanAbsoluteError", "Hinge", "SquaredHinge", "CategoricalHinge"):
        assert not _crosses_a_kink(loss, y_true, x.array, direction, h)
    change = (loss(y_true, x.array + h * direction).item() - loss(y_true, x.array - h * direction).item()) / (
        2 * h
    )
    # central differences in float64: an error of h^2 times the third derivative, and 1e-16 / h
    np.testing.assert_allclose((x.grad.array * direction).sum(), change, rtol=1e-6, atol=1e-8)


def _crosses_a_kink(loss, y_true, y_pred, direction, h):
    """The one-sided differences disagree where a kink lies between."""
    value = [loss(y_true, y_pred + k * h * direction).item() for k in (-1, 0, 1)]
    return abs((value[2] - value[1]) - (value[1] - value[0])) > 1e-3 * h


@pytest.mark.parametrize(("name", "settings", "y_true", "y_pred"), CASES, ids=IDS)
def test_config_goes_there_and_back(name, settings, y_true, y_pred):
    loss = getattr(losses, name)(reduction="sum", **settings)
    copy = losses.deserialize(losses.serialize(loss))
    assert type(copy) is type(loss)
    assert copy.get_config() == loss.get_config()
    assert copy(y_true, y_pred).item() == loss(y_true, y_pred).item()


@pytest.mark.parametrize(
    "name", [n for n in losses.__all__ if n[0].isupper() and n not in ("Loss", "LossFunctionWrapper")]
)
def test_keras_configs_load(name):
    config = keras.losses.serialize(getattr(keras.losses, name)())
    assert isinstance(deserialize_object(config, registry=losses.LOSSES), getattr(losses, name))


def test_a_function_of_ones_own_is_saved_by_name():
    wrapped = losses.LossFunctionWrapper(losses.huber, delta=0.5)
    copy = deserialize_object(serialize_object(wrapped))
    assert copy([[0.0]], [[3.0]]).item() == wrapped([[0.0]], [[3.0]]).item()


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("mse", losses.mean_squared_error),
        ("MAE", losses.mean_absolute_error),
        ("mape", losses.mean_absolute_percentage_error),
        ("msle", losses.mean_squared_logarithmic_error),
        ("bce", losses.binary_crossentropy),
        ("kld", losses.kl_divergence),
        ("categorical_crossentropy", losses.categorical_crossentropy),
        ("huber", losses.huber),
    ],
)
def test_names_of_functions(name, function):
    assert losses.get(name) is function


def test_names_of_classes():
    assert isinstance(losses.get("MeanSquaredError"), losses.MeanSquaredError)
    assert losses.get(None) is None
    mine = losses.Huber()
    assert losses.get(mine) is mine


def test_empty_batch_and_scalars():
    assert losses.MeanSquaredError()(np.zeros((0, 3)), np.zeros((0, 3))).shape == (
        0,
    )  # as in Keras: nothing to reduce
    assert losses.MeanSquaredError()([2.0], [5.0]).item() == 9


def test_dtype_and_steps_carry_the_losses_name():
    x = sg.Tensor([[1.0]], requires_grad=True)
    loss = losses.MeanSquaredError(dtype="float64")([[0.0]], x)
    assert loss.dtype == "float64"
    assert "mean_squared_error" in {step.scope for step in sg.steps_of(loss)}


@pytest.mark.parametrize(
    "settings", [{}, {"gamma": 3.0, "margin": 0.2}, {"gamma": 2.0, "remove_diagonal": False}]
)
def test_circle_is_that_of_keras(settings):
    """Labels of which each occurs twice: rows without a partner are NaN-prone and left out of the mean in Keras."""
    x = normal(6, 4)
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    labels = np.array([0, 1, 2, 2, 1, 0])
    got = losses.Circle(reduction=None, **settings)(labels, x).numpy()
    want = keras.ops.convert_to_numpy(keras.losses.Circle(reduction=None, **settings)(labels, x))
    np.testing.assert_allclose(got, want, rtol=1e-4, atol=1e-4)  # exponents up to 80 times a rounding


@pytest.mark.parametrize("name", ["Dice", "Tversky"])
def test_overlap_of_a_whole_batch_is_that_of_keras(name):
    y, p = bits(N, C), positive(N, C)
    got, want = (getattr(module, name)()(y, p) for module in (losses, keras.losses))
    np.testing.assert_allclose(float(got), float(want), **CLOSE)


@pytest.mark.parametrize("rung", [k.rung for k in kernels.rungs("sparse_probability_cross_entropy_gradient")])
def test_an_impossible_class_has_no_gradient(rung):
    """A softmax may give exactly 0: the probability is clipped, and its gradient is 0, not NaN, of both orders."""
    y = sg.Tensor(np.array([[0.0, 1.0], [0.5, 0.5]], "float32"), requires_grad=True)
    with kernels.use(sparse_probability_cross_entropy_gradient=rung), sg.GradientTape() as outer:
        with sg.GradientTape() as tape:
            loss = sg.ops.sparse_categorical_crossentropy([0, 1], y).sum()
        gradient = tape.gradient(loss, y)
        square = (gradient * gradient).sum()
    assert gradient.tolist() == [[0.0, 0.0], [1.0, -1.0]]
    assert outer.gradient(square, y).tolist() == [[0.0, 0.0], [0.0, -8.0]]
