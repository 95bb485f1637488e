"""Optimizers against Keras over ten steps, with every setting; state, configs, accumulation, averages, constraints."""

import warnings

import keras
import numpy as np
import pytest

import stepgrad as sg
from stepgrad import constraints, losses, optimizers
from stepgrad.optimizers import schedules

SHAPES = [(3, 4), (4,), ()]
STEPS = 10
# Keras takes powers such as beta_2**t in float32, where 1 - 0.999 keeps four digits; ours are Python floats. Over ten
# steps of size 0.05 that is below 1e-5.
CLOSE = {"rtol": 1e-5, "atol": 1e-5}

CASES = [
    ("SGD", {}),
    ("SGD", {"momentum": 0.9}),
    ("SGD", {"momentum": 0.9, "nesterov": True}),
    ("Adam", {}),
    ("Adam", {"amsgrad": True, "beta_1": 0.8, "beta_2": 0.95}),
    ("Adam", {"epsilon": 0.1}),
    ("AdamW", {}),
    ("AdamW", {"weight_decay": 0.1, "amsgrad": True}),
    ("Adamax", {}),
    ("Adamax", {"epsilon": 0.1, "beta_1": 0.5}),
    ("Nadam", {}),
    ("Nadam", {"beta_1": 0.7, "epsilon": 0.01}),
    ("Adagrad", {}),
    ("Adagrad", {"initial_accumulator_value": 1.0, "epsilon": 0.1}),
    ("Adadelta", {}),
    ("Adadelta", {"rho": 0.5, "epsilon": 0.01}),
    ("RMSprop", {}),
    ("RMSprop", {"momentum": 0.9}),
    ("RMSprop", {"centered": True}),
    ("RMSprop", {"momentum": 0.5, "centered": True, "epsilon": 0.01, "rho": 0.7}),
    ("Ftrl", {}),
    ("Ftrl", {"l1_regularization_strength": 0.1, "l2_regularization_strength": 0.1, "beta": 0.1}),
    ("Ftrl", {"l2_shrinkage_regularization_strength": 0.1, "learning_rate_power": -0.7}),
    ("Lion", {}),
    ("Lion", {"beta_1": 0.5, "beta_2": 0.6}),
    ("Lamb", {}),
    ("Lamb", {"beta_1": 0.5, "epsilon": 0.1}),
    ("Adafactor", {}),
    ("Adafactor", {"beta_2_decay": -0.5, "clip_threshold": 0.5}),
    ("Muon", {}),
    ("Muon", {"nesterov": False, "rms_rate": None, "adam_lr_ratio": 0.5, "ns_steps": 2, "weight_decay": 0.1}),
]
IDS = [f"{name}-{'-'.join(settings) or 'defaults'}" for name, settings in CASES]
COMMON = [
    {"weight_decay": 0.1},
    {"clipnorm": 0.5},
    {"clipvalue": 0.3},
    {"global_clipnorm": 0.7},
    {"gradient_accumulation_steps": 3},
    {"gradient_accumulation_steps": 2, "clipnorm": 0.5, "weight_decay": 0.1},
    {"use_ema": True, "ema_momentum": 0.8},
    {"use_ema": True, "ema_momentum": 0.5, "ema_overwrite_frequency": 3},
    {"loss_scale_factor": 8.0},
]


def start(seed=0):
    generator = np.random.default_rng(seed)
    return [generator.normal(size=shape).astype("float32") for shape in SHAPES]


def gradients(step):
    generator = np.random.default_rng(100 + step)
    return [generator.normal(size=shape).astype("float32") for shape in SHAPES]


def run(module, name, settings, rate=0.05, steps=STEPS):
    """Train in either library and return the variables after each step, and the optimizer."""
    variable = keras.Variable if module is keras else sg.Variable
    wrap = keras.ops.convert_to_tensor if module is keras else sg.Tensor
    optimizer = getattr(module.optimizers, name)(learning_rate=rate, **settings)
    variables = [variable(value, name=f"v{i}") for i, value in enumerate(start())]
    history = []
    for step in range(steps):
        optimizer.apply([wrap(g) for g in gradients(step)], variables)
        history.append([np.array(v.numpy()) for v in variables])
    return history, optimizer, variables


def same(ours, theirs):
    for step, (mine, others) in enumerate(zip(ours, theirs, strict=True)):
        for a, b in zip(mine, others, strict=True):
            np.testing.assert_allclose(a, b, **CLOSE, err_msg=f"after step {step}")


@pytest.mark.parametrize(("name", "settings"), CASES, ids=IDS)
def test_ten_steps_are_those_of_keras(name, settings):
    same(run(sg, name, settings)[0], run(keras, name, settings)[0])


@pytest.mark.parametrize("settings", COMMON, ids=["-".join(s) for s in COMMON])
@pytest.mark.parametrize("name", ["SGD", "Adam", "Nadam"])
def test_common_settings_are_those_of_keras(name, settings):
    ours, optimizer, variables = run(sg, name, settings)
    theirs, original, originals = run(keras, name, settings)
    same(ours, theirs)
    if settings.get("use_ema"):
        optimizer.finalize_variable_values(variables)
        original.finalize_variable_values(originals)
        same([[v.numpy() for v in variables]], [[v.numpy() for v in originals]])


@pytest.mark.parametrize("name", ["SGD", "Adam"])
def test_schedules_count_steps_as_keras_does(name):
    for settings in ({}, {"gradient_accumulation_steps": 2}):
        runs = [
            run(m, name, settings, m.optimizers.schedules.ExponentialDecay(0.1, 3, 0.5))[0]
            for m in (sg, keras)
        ]
        same(*runs)


@pytest.mark.parametrize(
    "name", ["SGD", "Adam", "AdamW", "Adamax", "Nadam", "Adagrad", "Adadelta", "RMSprop", "Ftrl", "Lion"]
)
def test_defaults_and_config_are_those_of_keras(name):
    ours, theirs = getattr(optimizers, name)().get_config(), getattr(keras.optimizers, name)().get_config()
    ours.pop("name"), theirs.pop("name")
    assert ours == pytest.approx(theirs)  # the learning rate is a float32 on both sides
    theirs["name"] = "loaded"
    assert getattr(optimizers, name).from_config(theirs).get_config() == pytest.approx(theirs)


@pytest.mark.parametrize(("name", "settings"), CASES, ids=IDS)
def test_training_goes_on_exactly_where_it_was_saved(name, settings):
    whole, _, _ = run(sg, name, settings)
    history, optimizer, variables = run(sg, name, settings, steps=5)
    store = {}
    optimizer.save_own_variables(store)
    copy = optimizers.deserialize(optimizers.serialize(optimizer))
    fresh = [sg.Variable(v.numpy(), name=v.name) for v in variables]
    copy.build(fresh)
    copy.load_own_variables(store)
    for step in range(5, STEPS):
        copy.apply(gradients(step), fresh)
        for v, want in zip(fresh, whole[step], strict=True):
            np.testing.assert_array_equal(v.numpy(), want)


@pytest.mark.parametrize("name", ["sgd", "adam", "AdamW", "adamw", "rmsprop", "RMSprop", "Nadam", "ftrl"])
def test_names(name):
    assert type(optimizers.get(name)).__name__.lower() == name.lower()


def test_keras_configs_load():
    rate = keras.optimizers.schedules.CosineDecay(0.1, 10, warmup_target=0.2, warmup_steps=3)
    saved = keras.optimizers.serialize(keras.optimizers.Adam(rate, beta_1=0.8))
    optimizer = optimizers.deserialize(saved)
    assert optimizer.beta_1 == 0.8
    assert float(optimizer.learning_rate) == pytest.approx(0.1)
    assert isinstance(
        optimizers.deserialize(optimizers.serialize(optimizer))._learning_rate, schedules.CosineDecay
    )


def test_learning_rate_can_be_read_and_set():
    optimizer = optimizers.SGD(0.5)
    optimizer.learning_rate = 0.25
    optimizer.learning_rate.assign(0.125)
    assert float(optimizer.learning_rate) == 0.125
    assert optimizer.get_config()["learning_rate"] == 0.125
    optimizer.learning_rate = schedules.ExponentialDecay(1.0, 1, 0.5)
    assert float(optimizer.learning_rate) == 1.0
    assert [v.name for v in optimizer.variables] == ["iteration"]
    w = sg.Variable([0.0])
    by_function = optimizers.SGD(lambda: 2.0)
    by_function.apply([[1.0]], [w])
    assert w.tolist() == [-2.0]


def test_apply_gradients_counts_steps():
    w = sg.Variable([1.0])
    optimizer = optimizers.SGD(0.5)
    optimizer.apply_gradients([(sg.Tensor([1.0]), w)])
    assert int(optimizer.iterations) == 1
    assert w.tolist() == [0.5]


def test_weight_decay_leaves_excluded_variables_alone():
    kernel, bias, other = (sg.Variable([1.0], name=name) for name in ("kernel", "bias", "other"))
    optimizer = optimizers.SGD(0.5, weight_decay=0.1)
    optimizer.exclude_from_weight_decay(var_list=[other], var_names=["bias"])
    optimizer.apply([[0.0]] * 3, [kernel, bias, other])
    assert [round(v.item(), 6) for v in (kernel, bias, other)] == [0.95, 1.0, 1.0]


def test_an_optimizer_written_for_keras_runs():
    def make(module):
        ops = module.ops

        class Momentum(module.optimizers.Optimizer):
            def build(self, variables):
                super().build(variables)
                self.momentums = [
                    self.add_variable_from_reference(reference_variable=v, name="momentum") for v in variables
                ]

            def update_step(self, gradient, variable, learning_rate):
                learning_rate = ops.cast(learning_rate, variable.dtype)
                m = self.momentums[self._get_variable_index(variable)]
                self.assign(m, ops.subtract(ops.multiply(m, 0.9), ops.multiply(gradient, learning_rate)))
                self.assign_add(variable, m)

        return Momentum

    module = type("keras", (), {"optimizers": optimizers, "ops": sg.ops})
    optimizer, w = make(module)(learning_rate=0.1, weight_decay=0.1), sg.Variable(start()[0])
    original, v = make(keras)(learning_rate=0.1, weight_decay=0.1), keras.Variable(start()[0])
    for step in range(5):
        optimizer.apply([sg.Tensor(gradients(step)[0])], [w])
        original.apply([keras.ops.convert_to_tensor(gradients(step)[0])], [v])
    np.testing.assert_allclose(w.numpy(), v.numpy(), **CLOSE)


def test_constraints_hold_after_the_step():
    w = sg.Variable([0.1, -1.0])
    w.constraint = constraints.NonNeg()
    optimizers.SGD(1.0).apply([[1.0, -3.0]], [w])
    assert w.tolist() == [0.0, 2.0]


def test_one_missing_gradient_is_skipped_with_one_warning():
    used, unused = sg.Variable([1.0], name="used"), sg.Variable([1.0], name="unused")
    optimizer = optimizers.SGD(0.5)
    with pytest.warns(UserWarning, match="does not depend on unused"):
        optimizer.apply([[1.0], None], [used, unused])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        optimizer.apply([[1.0], None], [used, unused])
    assert (used.item(), unused.item()) == (0.0, 1.0)


def test_a_gradient_that_is_not_finite_is_not_hidden_by_clipping():
    for settings in ({"global_clipnorm": 1.0}, {"clipnorm": 1.0}):
        w = sg.Variable([1.0, 1.0])
        optimizers.SGD(0.1, **settings).apply([np.array([np.inf, 1.0], "float32")], [w])
        assert np.isnan(w.numpy()).any()


def test_clipping_a_zero_gradient_leaves_zero():
    w = sg.Variable([1.0])
    optimizers.SGD(0.1, clipnorm=1.0).apply([[0.0]], [w])
    assert w.item() == 1.0


def test_backward_after_a_step_sees_that_the_variable_changed():
    w = sg.Variable([2.0])
    loss = (w * w).sum()
    optimizers.SGD(0.5).apply([[1.0]], [w])
    with pytest.raises(sg.StepgradError, match="changed in place"):
        loss.backward()


def test_float64_variables_stay_float64():
    w = sg.Variable(np.array([1.0]), dtype="float64")
    optimizer = optimizers.Adam(0.1)
    optimizer.apply([np.array([1.0], "float32")], [w])
    assert w.dtype == "float64"
    assert {v.dtype for v in optimizer.variables[2:]} == {"float64"}


def test_training_with_the_engine_falls():
    x, y = np.linspace(-1, 1, 32, dtype="float32")[:, None], None
    y = 3 * x + 0.5
    w, b = sg.Variable([[0.0]]), sg.Variable([0.0])
    optimizer, loss = optimizers.Adam(0.1), losses.MeanSquaredError()
    for _ in range(200):
        with sg.GradientTape() as tape:
            value = loss(y, sg.ops.matmul(x, w) + b)
        optimizer.apply_gradients(zip(tape.gradient(value, [w, b]), [w, b], strict=True))
    assert w.item() == pytest.approx(3, abs=1e-2)
    assert b.item() == pytest.approx(0.5, abs=1e-2)


def test_loss_scale_grows_and_shrinks_as_kerass():
    """A step with infinity is left out and halves the factor; two good steps double it."""
    mine = optimizers.LossScaleOptimizer(optimizers.SGD(0.1), initial_scale=4.0, dynamic_growth_steps=2)
    other = keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.1), 4.0, 2)
    w, v = sg.Variable([1.0, 2.0]), keras.Variable(np.array([1.0, 2.0], "float32"))
    for g in ([4.0, 8.0], [np.inf, 1.0], [2.0, 2.0], [1.0, -1.0], [np.nan, 0.0], [3.0, 3.0]):
        g = np.array(g, "float32")
        assert mine.scale_loss(1.0) == float(other.scale_loss(keras.ops.array(1.0)))
        mine.apply([sg.Tensor(g)], [w])
        other.apply([keras.ops.array(g)], [v])
        np.testing.assert_allclose(w.numpy(), v.numpy(), rtol=1e-6)
        assert float(mine.dynamic_scale) == float(other.dynamic_scale)
    copy = optimizers.deserialize(optimizers.serialize(mine))
    assert copy.get_config() == mine.get_config()


def test_schedule_free_adamw_is_the_papers_algorithm():
    """Not compared with Keras: on PyTorch it reads the fast point after changing it in place. Three sequences say the same."""
    beta_1, beta_2, rate = 0.8, 0.99, 0.05
    settings = {"beta_1": beta_1, "beta_2": beta_2, "warmup_steps": 4}
    got, _, _ = run(sg, "ScheduleFreeAdamW", settings, rate)
    fast, average, squares = (start()[0].astype("float64") for _ in range(3))
    squares *= 0
    for step in range(STEPS):
        t, g = step + 1, gradients(step)[0].astype("float64")
        squares = beta_2 * squares + (1 - beta_2) * g**2
        fast = fast - rate * min(t / 4, 1) * g / (np.sqrt(squares / (1 - beta_2**t)) + 1e-8)
        average = (1 - 1 / t) * average + fast / t
        np.testing.assert_allclose(got[step][0], (1 - beta_1) * fast + beta_1 * average, **CLOSE)
