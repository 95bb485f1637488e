"""Every native rung of every update against the NumPy reference; formulas are there to be shown."""

import os
import subprocess
import sys

import numpy as np
import pytest

from stepgrad import Variable, kernels, optimizers
from stepgrad.optimizers.update import Update

CASES = [
    ("sgd_update", 0, {"learning_rate": 0.1, "momentum": 0.0, "nesterov": False}),
    ("sgd_update", 1, {"learning_rate": 0.1, "momentum": 0.9, "nesterov": False}),
    ("sgd_update", 1, {"learning_rate": 0.1, "momentum": 0.9, "nesterov": True}),
    ("adam_update", 2, {"step_size": 0.1, "beta_1": 0.9, "beta_2": 0.99, "epsilon": 1e-7}),
    ("adam_update", 3, {"step_size": 0.1, "beta_1": 0.9, "beta_2": 0.99, "epsilon": 1e-3}),
    ("rmsprop_update", 1, {"learning_rate": 0.1, "rho": 0.9, "momentum": 0.0, "epsilon": 1e-7}),
    ("rmsprop_update", 2, {"learning_rate": 0.1, "rho": 0.9, "momentum": 0.5, "epsilon": 1e-7}),
    ("rmsprop_update", 3, {"learning_rate": 0.1, "rho": 0.9, "momentum": 0.5, "epsilon": 1e-1}),
    ("adagrad_update", 1, {"learning_rate": 0.1, "epsilon": 1e-7}),
]
SLOTS = {"sgd_update": 1, "adam_update": 3, "rmsprop_update": 3, "adagrad_update": 1}
RUNGS = [(*case, k.rung) for case in CASES for k in kernels.rungs(case[0])[1:]]


def arrays(name, count, size, dtype):
    """Return w, g and the slots; those not in use are empty."""
    slots = SLOTS[name]
    generator = np.random.default_rng(size)
    w, g = generator.normal(size=(2, size)).astype(dtype)
    used = [generator.uniform(0.5, 1, size).astype(dtype) for _ in range(count)]
    if count == 3:
        # amsgrad: above and below v; centered: the square of the mean stays below the mean of the squares
        used[2] *= (
            generator.choice([0.5, 1.4], size).astype(dtype)
            if name == "adam_update"
            else np.dtype(dtype).type(0.5)
        )
    return [w, g, *used, *(np.empty(0, dtype) for _ in range(slots - count))]


@pytest.mark.skipif(not kernels.compiled(), reason="the C++ extension is not compiled")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("size", [0, 1, 7, 8, 67, 40_001])
@pytest.mark.parametrize(("name", "count", "numbers", "rung"), RUNGS)
def test_rung_is_the_reference(name, count, numbers, rung, size, dtype):
    got, want = (arrays(name, count, size, dtype) for _ in range(2))
    for _ in range(3):
        with kernels.use(**{name: rung}):
            kernels.chosen[name](*got, **numbers)
        with kernels.use(**{name: "numpy"}):
            kernels.chosen[name](*want, **numbers)
    # fused multiply-adds round once where NumPy rounds twice: a few units in the last place after three steps
    tolerance = 4e-6 if dtype == "float32" else 1e-14
    for a, b in zip(got, want, strict=True):
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)


@pytest.mark.skipif(not kernels.compiled(), reason="the C++ extension is not compiled")
@pytest.mark.parametrize(("name", "count", "numbers", "rung"), RUNGS)
def test_rung_lets_nan_through_in_its_place_only(name, count, numbers, rung):
    values = arrays(name, count, 37, "float32")
    values[1][35] = np.nan  # in the tail behind the last full vector
    with kernels.use(**{name: rung}):
        kernels.chosen[name](*values, **numbers)
    assert np.flatnonzero(np.isnan(values[0])).tolist() == [35]


def test_every_native_update_is_reached():
    if kernels.compiled():
        native = {op for op in kernels._native if op.endswith("_update")}
        assert native == {name for name, *_ in RUNGS}


def test_a_view_that_is_not_contiguous_is_updated_by_the_reference():
    w = Variable(np.zeros((4, 3)))
    w.array = np.zeros((3, 4), "float32").T
    optimizers.SGD(1.0).apply([np.ones((4, 3))], [w])
    assert (w.array == -1).all()


@pytest.mark.parametrize(
    "name",
    [
        n
        for n in optimizers.__all__
        if n[0].isupper() and n not in ("LossScaleOptimizer", "Optimizer", "Update")
    ],
)
def test_every_optimizer_shows_its_formula(name):
    update = getattr(optimizers, name).update
    assert isinstance(update, Update)
    assert update.formula and update.source
    assert update.formula.count("{") == update.formula.count("}")
    assert kernels.rungs(update.name)[0].rung == "numpy"


@pytest.mark.skipif(not kernels.compiled(), reason="the C++ extension is not compiled")
@pytest.mark.parametrize(("rung", "printed"), [("naive", "naive"), ("nave", "did you mean 'naive'?")])
def test_the_environment_chooses_rungs_of_updates(rung, printed):
    code = "from stepgrad import kernels, optimizers; print(kernels.current('adam_update').rung)"
    environment = {**os.environ, "STEPGRAD_KERNELS": f"adam_update={rung}"}
    run = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )
    assert printed in run.stdout + run.stderr


@pytest.mark.parametrize("make", [
    lambda: optimizers.SGD(0.125, momentum=0.9), lambda: optimizers.Adam(0.125, amsgrad=True),
    lambda: optimizers.RMSprop(0.125, momentum=0.5, centered=True), lambda: optimizers.Adagrad(0.1),
])  # fmt: skip
def test_many_variables_in_one_call_are_updated_like_one_after_the_other(make):
    """Different sizes, one beyond the piece that a thread takes, and two dtypes: the same bits (the rate is exact in both)."""
    shapes = [(3,), (129, 131), (0,), (20_000,), (), (2, 2)]
    draw = np.random.default_rng(0)
    starts = [
        np.asarray(draw.normal(size=shape), "float64" if i == 5 else "float32")
        for i, shape in enumerate(shapes)
    ]
    for mixed in (False, True):
        chosen = starts if mixed else starts[:-1]
        together = [Variable(w, dtype=w.dtype.name) for w in chosen]
        alone = [Variable(w, dtype=w.dtype.name) for w in chosen]
        one, each = make(), [make() for _ in chosen]
        for _ in range(2):
            grads = [np.asarray(draw.normal(size=w.shape), w.dtype) for w in chosen]
            one.apply(grads, together)
            for optimizer, g, v in zip(each, grads, alone, strict=True):
                optimizer.apply([g], [v])
        for a, b in zip(together, alone, strict=True):
            np.testing.assert_array_equal(a.numpy(), b.numpy())


def test_wrong_lists_are_refused():
    if kernels.compiled():
        native = kernels.native_of("adagrad_update")
        w = [np.ones(3, "float32")]
        with pytest.raises(ValueError, match="same length"):
            native(w, w, [], 0.1, 1e-7)
        with pytest.raises(ValueError, match="3 elements"):
            native(w, w, [np.ones(2, "float32")], 0.1, 1e-7)
        with pytest.raises(TypeError, match="adagrad_update"):
            native([[1.0]], w, w, 0.1, 1e-7)


def test_the_learning_rate_is_as_exact_as_the_weights():
    w = Variable(np.array([1.0]), dtype="float64")
    optimizer = optimizers.SGD(0.1)
    optimizer.apply([np.array([1.0])], [w])
    assert w.item() == 1.0 - 0.1
    optimizer.learning_rate = 0.2
    assert float(optimizer.learning_rate) == 0.2
    narrow = optimizers.SGD(0.1)
    narrow.build([Variable(np.zeros(1, "float32"))])
    assert narrow.learning_rate.dtype == "float32"
