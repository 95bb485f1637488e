"""The compiled step with sample weights, class weights and masks: recorded, and the same bits as the step itself."""

import numpy as np
import pytest

import stepgrad as sg
from stepgrad import devices, kernels, layers, losses

pytestmark = pytest.mark.skipif(not kernels.compiled(), reason="the compiled step replays C++ kernels")
STEPS = 9


def trained(jit, make, batch):
    """Return what every step returned and the weights in the end; every batch comes from `batch(i, rng)`."""
    sg.utils.set_random_seed(1)
    rng = np.random.default_rng(0)
    model = make()
    model.jit_compile = jit
    logs = [model.train_on_batch(**batch(i, rng), return_dict=True) for i in range(STEPS)]
    if jit:
        step = model._compiled_steps["train_step"]
        assert step.refusal is None and len(step.plans) == 1
    return logs, [w.tobytes() for w in model.get_weights()]


def dense(loss, **settings):
    model = sg.Sequential([layers.Input((7,)), layers.Dense(9, "tanh"), layers.Dense(4)])
    model.compile("adam", loss, **settings)
    return model


def floats(rng, *shape):
    return rng.standard_normal(shape).astype("float32")


WEIGHTED = {
    "classes": (losses.SparseCategoricalCrossentropy(from_logits=True), lambda rng: rng.integers(0, 4, 5)),
    "rows": (losses.CategoricalCrossentropy(from_logits=True), lambda rng: np.eye(4, dtype="float32")[rng.integers(0, 4, 5)]),
    "numbers": (losses.MeanSquaredError(), lambda rng: floats(rng, 5, 4)),
    "mean": (losses.MeanSquaredError(reduction="mean_with_sample_weight"), lambda rng: floats(rng, 5, 4)),
}  # fmt: skip


@pytest.mark.parametrize("name", WEIGHTED)
def test_sample_weights(name):
    loss, labels = WEIGHTED[name]

    def batch(i, rng):
        return {"x": floats(rng, 5, 7), "y": labels(rng), "sample_weight": rng.random(5).astype("float32")}

    results = [
        trained(jit, lambda: dense(loss, weighted_metrics=["accuracy"]), batch) for jit in (False, "auto")
    ]
    assert results[0] == results[1]


def test_class_weights_in_fit():
    rng = np.random.default_rng(0)
    x, y = floats(rng, 40, 7), rng.integers(0, 4, 40)
    results = []
    for jit in (False, "auto"):
        sg.utils.set_random_seed(1)
        model = dense(losses.SparseCategoricalCrossentropy(from_logits=True), jit_compile=jit)
        history = model.fit(x, y, 8, epochs=2, verbose=0, class_weight={0: 3.0, 2: 0.5}).history
        results.append((history, [w.tobytes() for w in model.get_weights()]))
    assert model._compiled_steps["train_step"].plans
    assert results[0] == results[1]


def test_ignored_labels_may_come_after_the_recording():
    """All labels count in the first batches: the mask is the same in both recordings, and must not become a constant."""
    loss = losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=3)

    def batch(i, rng):
        return {"x": floats(rng, 5, 7), "y": rng.integers(0, 3 if i < STEPS // 2 else 4, 5)}

    results = [trained(jit, lambda: dense(loss), batch) for jit in (False, "auto")]
    assert results[0] == results[1]


def test_hinge_looks_at_the_labels_of_each_batch():
    """0 and 1 mean -1 and 1; labels that are -1 and 1 already stay."""

    def batch(i, rng):
        y = rng.integers(0, 2, (5, 4)).astype("float32")
        return {"x": floats(rng, 5, 7), "y": y if i < STEPS // 2 else 2 * y - 1}

    results = [trained(jit, lambda: dense("hinge"), batch) for jit in (False, "auto")]
    assert results[0] == results[1]


MASKED = {
    "embedding": lambda: [
        layers.Input((6,), dtype="int32"), layers.Embedding(11, 5, mask_zero=True), layers.LSTM(3, return_sequences=True),
    ],
    "masking": lambda: [layers.Input((6, 2)), layers.Masking(), layers.GRU(3, return_sequences=True)],
}  # fmt: skip


@pytest.mark.parametrize("device", ["cpu", "cuda-emulated"])
@pytest.mark.parametrize("name", MASKED)
@pytest.mark.parametrize("weighted", [False, True])
def test_masked_losses(name, weighted, device):
    if devices.problem(device):
        pytest.skip(devices.problem(device))

    def make():
        model = sg.Sequential([*MASKED[name](), layers.Dense(1)])
        model.compile("sgd", "mse", metrics=["mae"])
        return model

    def batch(i, rng):
        steps = np.arange(6) < rng.integers(1, 7, (5, 1))  # the first batches may have padding, or not
        x = (
            steps * rng.integers(1, 11, (5, 6))
            if name == "embedding"
            else steps[..., None] * floats(rng, 5, 6, 2)
        )
        weight = {"sample_weight": rng.random(5).astype("float32")} if weighted else {}
        return {
            "x": x.astype("int32" if name == "embedding" else "float32"),
            "y": floats(rng, 5, 6, 1),
            **weight,
        }

    with sg.device(device):
        results = [trained(jit, make, batch) for jit in (False, "auto")]
    assert results[0] == results[1]
