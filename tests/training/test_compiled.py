"""The compiled step: the same bits as the step it replays, and a refusal wherever that cannot be promised."""

import sys

import numpy as np
import pytest

import stepgrad as sg
from stepgrad import kernels, layers, losses, ops, optimizers
from stepgrad.errors import DataError, NotBuiltError
from stepgrad.replay.arena import ALIGNMENT, Buffer, place
from stepgrad.utils.nest import flatten

pytestmark = pytest.mark.skipif(not kernels.compiled(), reason="the compiled step replays C++ kernels")
RNG = np.random.default_rng(0)


def floats(*shape):
    return RNG.standard_normal(shape).astype("float32")


def net(name):
    return {
        "mlp": lambda: [layers.Input((7,)), layers.Dense(9, "sigmoid"), layers.Dense(5, "tanh"), layers.Dense(4)],
        "cnn": lambda: [
            layers.Input((8, 8, 2)), layers.Conv2D(3, 3, activation="relu", kernel_regularizer="l2"), layers.BatchNormalization(),
            layers.MaxPooling2D(), layers.Dropout(0.3), layers.Flatten(), layers.LayerNormalization(), layers.Dense(4, "gelu"),
        ],
        "words": lambda: [
            layers.Input((6,), dtype="int32"), layers.Embedding(11, 5), layers.LSTM(3), layers.Dense(4, "softmax"),
        ],
        "pooled": lambda: [
            layers.Input((9, 3)), layers.Conv1D(4, 2, activation="silu"), layers.GlobalAveragePooling1D(), layers.Dense(4),
        ],
    }[name]()  # fmt: skip


def batches(name, count):
    shape = {"mlp": (7,), "cnn": (8, 8, 2), "words": (6,), "pooled": (9, 3)}[name]
    for i in range(count):
        n = 5 if i % 3 else 3  # two batch sizes: two plans
        x = RNG.integers(0, 11, (n, *shape)).astype("int32") if name == "words" else floats(n, *shape)
        yield x, RNG.integers(0, 4, n)


@pytest.mark.parametrize("name", ["mlp", "cnn", "words", "pooled"])
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_training_gives_the_same_bits(name, optimizer):
    data = list(batches(name, 14))
    results = []
    for jit in (False, "auto", True):
        sg.utils.set_random_seed(1)
        model = sg.Sequential(net(name))
        loss = losses.SparseCategoricalCrossentropy(from_logits=name != "words")
        model.compile(optimizer, loss, metrics=["accuracy"], jit_compile=jit)
        logs = [model.train_on_batch(x, y, return_dict=True) for x, y in data]
        results.append((logs, [w.tobytes() for w in model.get_weights()]))
        if jit:
            assert model._compiled_steps["train_step"].refusal is None
            assert len(model._compiled_steps["train_step"].plans) == 2
    assert results[0] == results[1] == results[2]


def test_rungs_frozen_layers_and_watchers_are_respected():
    model = sg.Sequential(net("mlp"))
    model.compile("sgd", "mse")
    x, y = floats(4, 7), floats(4, 4)
    for _ in range(5):
        model.train_on_batch(x, y)
    step = model._compiled_steps["train_step"]
    assert len(step.plans) == 1
    seen = []

    class Watcher(sg.Hook):
        def before_forward(self, op, inputs, attrs):
            seen.append(op.name)

    with sg.hooks(Watcher()):
        model.train_on_batch(x, y)
    assert "matmul" in seen or "dense" in seen
    model.layers[0].trainable = False
    before = model.layers[0].get_weights()
    for _ in range(5):
        model.train_on_batch(x, y)
    for a, b in zip(before, model.layers[0].get_weights()):
        np.testing.assert_array_equal(a, b)
    with kernels.use(matmul="naive"):
        for _ in range(5):
            model.train_on_batch(x, y)
    assert any(
        entry.rung == "naive" for plan in step.plans for entry in plan.entries if hasattr(entry, "rung")
    )


def test_fused_layers_are_recorded_fused():
    model = sg.Sequential(net("mlp"))
    model.compile("sgd", "mse")
    for _ in range(5):
        model.train_on_batch(floats(4, 7), floats(4, 4))
    ops_of_plan = [row[1] for row in sg.plan(model).rows]
    assert sum(op.startswith("dense (") for op in ops_of_plan) == 3


def test_wrong_labels_are_still_refused():
    model = sg.Sequential(net("mlp"))
    model.compile("sgd", losses.SparseCategoricalCrossentropy(from_logits=True))
    x = floats(4, 7)
    for _ in range(5):
        model.train_on_batch(x, np.array([0, 1, 2, 3]))
    assert model._compiled_steps["train_step"].plans
    with pytest.raises(DataError):
        model.train_on_batch(x, np.array([0, 1, 2, 9]))


def test_learning_rate_and_schedules_keep_their_meaning():
    def weights(jit):
        sg.utils.set_random_seed(3)
        model = sg.Sequential(net("mlp"))
        rate = optimizers.schedules.ExponentialDecay(0.1, 2, 0.5)
        model.compile(optimizers.Adam(rate, clipnorm=0.5), "mse", jit_compile=jit)
        rng = np.random.default_rng(5)
        for _ in range(8):
            model.train_on_batch(rng.standard_normal((4, 7)), rng.standard_normal((4, 4)))
        return [w.tobytes() for w in model.get_weights()]

    assert weights(False) == weights(True)


def test_moved_variables_are_recorded_anew():
    """A plan knows where weights and slots lay; an update is prepared for these very arrays."""
    results = []
    for jit in (False, True):
        sg.utils.set_random_seed(3)
        model = sg.Sequential(net("mlp"))
        model.compile("adam", "mse", jit_compile=jit)
        rng = np.random.default_rng(5)
        for i in range(12):
            if i == 6:
                for variable in model.optimizer.variables:
                    variable.array = variable.array.copy()
                model.optimizer.to("cpu")
            model.train_on_batch(rng.standard_normal((4, 7)), rng.standard_normal((4, 4)))
        results.append([v.numpy().tobytes() for v in (*model.weights, *model.optimizer.variables)])
    assert len(model._compiled_steps["train_step"].plans) == 2
    assert results[0] == results[1]


# ---- functions -------------------------------------------------------------------------------------------------------


def run(function, *arguments, times=6):
    return [function(*[sg.Tensor(a + i) for a in arguments]).numpy() for i in range(times)]


def test_results_belong_to_the_caller():
    step = sg.compiled(lambda x: ops.exp(x) + 1.0)
    results = run(step, floats(5))
    assert step.plans
    assert len({r.tobytes() for r in results}) == len(results)


def test_calls_that_nest_their_arguments_otherwise_have_a_plan_of_their_own():
    def function(x, y):
        factor = 2.0 if isinstance(x, dict) and "twice" in x else 1.0
        return sum(flatten(x)) * factor - sum(flatten(y))

    x, y, z = (sg.Tensor(floats(3)) for _ in range(3))
    ways = [(x, y), ([x], y), ({"twice": x}, y), ({"once": x}, y), ((x, y), z), (x, (y, z))]
    step = sg.compiled(function)
    for _ in range(5):
        for way in ways:
            np.testing.assert_array_equal(step(*way).numpy(), function(*way).numpy())
    assert len(step.plans) == len(ways)


def test_elementwise_chains_are_fused_in_blocks():
    def chain(x, y):
        return ops.sum(ops.tanh(ops.sigmoid(x * y) - y) * 3.0)

    step = sg.compiled(chain)
    x, y = floats(5000), floats(5000)  # more than four blocks
    assert [r.tobytes() for r in run(step, x, y)] == [r.tobytes() for r in run(chain, x, y)]
    view = sg.plan(step)
    assert view.fused_calls == 5 and view.inner_bytes >= 3 * x.nbytes
    assert "L1 block" in str(view) and "fused 1" in str(view)


def test_random_numbers_are_drawn_anew():
    def noisy(x, seed):
        return x + sg.random.normal(x.shape, seed=seed)

    seeds = sg.random.SeedGenerator(1), sg.random.SeedGenerator(1)
    x = sg.Tensor(floats(4))
    step = sg.compiled(noisy)
    for _ in range(7):
        np.testing.assert_array_equal(step(x, seeds[0]).numpy(), noisy(x, seeds[1]).numpy())
    assert step.plans


def test_dropout_goes_on_where_it_was_left():
    """A replayed step draws the masks that the step itself draws, and its state resumes to the same bits."""
    x = sg.Tensor(floats(40, 30))
    ours, theirs = layers.Dropout(0.4, seed=2), layers.Dropout(0.4, seed=2)
    step = sg.compiled(lambda x: ours(x, training=True) * 2)
    for count in range(6):
        np.testing.assert_array_equal(step(x).numpy(), theirs(x, training=True).numpy() * 2)
        assert ours.seed_generator.get_state() == {"seed": 2, "count": count + 1}
    assert step.plans
    ours.seed_generator.set_state({"seed": 2, "count": 0})
    theirs = layers.Dropout(0.4, seed=2)
    np.testing.assert_array_equal(step(x).numpy(), theirs(x, training=True).numpy() * 2)


def compiled_chain(x):
    """A plan of eight products, of which each needs the one before."""

    def chain(x):
        y = x
        for _ in range(8):
            y = ops.matmul(y, x)
        return ops.sum(y)

    step = sg.compiled(chain)
    for _ in range(4):
        step(x)
    return step


@pytest.mark.skipif("red_zones" in sys.modules, reason="it gives every buffer a place of its own")
def test_buffers_share_places():
    x = sg.Tensor(floats(256, 256) / 16)
    view = sg.plan(compiled_chain(x))
    assert view.temporary_bytes >= 8 * x.array.nbytes > 3 * view.arena_bytes


def test_the_recorded_run_gives_its_memory_back():
    x = sg.Tensor(floats(256, 256) / 16)  # 256 KiB: blocks of this size are counted
    before = kernels.memory()["in_use"]
    step = compiled_chain(x)
    assert step.plans
    assert kernels.memory()["in_use"] - before <= x.array.nbytes  # the arena comes from elsewhere


REFUSED = {
    "reads the value": lambda x: x * 2 if float(ops.sum(x)) > 0 else x,
    "different in every step": lambda x: (
        x + sg.Tensor(np.random.default_rng().standard_normal(3).astype("float32"))
    ),
    "behind the tape's back": lambda x: ops.exp(sg.Tensor(np.square(x.array))),
}


@pytest.mark.parametrize("why", REFUSED)
def test_what_cannot_be_replayed_runs_as_it_is(why):
    function = REFUSED[why]
    step = sg.compiled(function)
    with pytest.warns(UserWarning, match=why):
        for _ in range(5):
            step(sg.Tensor(floats(3)))
    assert why in step.refusal and not step.plans
    if "every step" not in why:
        np.testing.assert_array_equal(
            step(sg.Tensor([1.0, 2.0, 3.0])).numpy(), function(sg.Tensor([1.0, 2.0, 3.0])).numpy()
        )
    with pytest.raises(NotBuiltError, match=why):
        sg.plan(step)


def test_attributes_that_change_are_refused():
    power = [1.0]

    def growing(x):
        power[0] += 1
        return ops.clip(x, -power[0], power[0])

    step = sg.compiled(growing)
    with pytest.warns(UserWarning, match="every step"):
        for i in range(5):
            assert step(sg.Tensor([100.0])).item() == i + 2


def test_a_failing_step_leaves_everything_as_it_was():
    def broken(x):
        return ops.matmul(x, ops.transpose(x)) @ ops.ones((7, 7))

    step = sg.compiled(broken)
    before = dict(kernels.chosen)
    for _ in range(4):
        with pytest.raises(sg.StepgradError):
            step(sg.Tensor(floats(2, 3)))
    assert kernels.chosen == before
    assert sg.Tensor([2.0]).item() == 2.0  # nothing is being recorded


def test_user_code_is_left_alone_unless_asked():
    calls = []

    class Mine(layers.Layer):
        def call(self, inputs):
            calls.append(1)
            return inputs * 2

    for jit, expected in (("auto", 8), (True, 4)):
        calls.clear()
        model = sg.Sequential([layers.Input((3,)), Mine(), layers.Dense(2)])
        model.compile("sgd", "mse", jit_compile=jit)
        calls.clear()
        for _ in range(8):
            model.train_on_batch(floats(4, 3), floats(4, 2))
        assert len(calls) in (expected, expected + 1), "one more run builds the loss"


# ---- the arena -------------------------------------------------------------------------------------------------------


def test_no_two_buffers_that_are_needed_at_once_overlap():
    rng = np.random.default_rng(2)
    buffers = []
    for _ in range(200):
        first = int(rng.integers(0, 60))
        buffers.append(Buffer(int(rng.integers(1, 5000)), first, first + int(rng.integers(0, 12))))
    size = place(buffers)
    for i, a in enumerate(buffers):
        assert a.offset % ALIGNMENT == 0 and a.offset + a.size <= size
        for b in buffers[:i]:
            assert not a.meets(b) or a.offset + a.size <= b.offset or b.offset + b.size <= a.offset
    needed = max(sum(b.size for b in buffers if b.first <= t <= b.last) for t in range(80))
    assert size < 1.5 * needed
