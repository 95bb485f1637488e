"""The compiled step on a CUDA device: graphs, the same bits as op by op, and what is not allowed to come back to the host."""

import os

import numpy as np
import pytest

import stepgrad as sg
from kernels import gpu_stand_in, on_device
from stepgrad import device_arrays, devices, layers, losses, metrics, ops, optimizers
from stepgrad.errors import DataError

pytestmark = pytest.mark.skipif(
    not (on_device.module(on_device.EMULATED) or on_device.module(on_device.GPU)),
    reason="neither the emulator nor _cuda was built",
)
EACH_DEVICE = pytest.mark.parametrize("device", on_device.EACH_DEVICE)
STAND_IN = pytest.mark.skipif(
    os.environ.get("STEPGRAD_GPU_STAND_IN") != "1", reason="only the stand-in notices copies"
)


def floats(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype("float32")


def cnn():
    """Everything that differs from step to step: new data, dropout's masks, running statistics, Adam's numbers."""
    return sg.Sequential(
        [
            layers.Input((8, 8, 2)),
            layers.Conv2D(3, 3, activation="relu", kernel_regularizer="l2"),
            layers.BatchNormalization(),
            layers.MaxPooling2D(),
            layers.Dropout(0.3),
            layers.Flatten(),
            layers.LayerNormalization(),
            layers.Dense(4, "gelu"),
        ]
    )


def words():
    return sg.Sequential(
        [
            layers.Input((6,), dtype="int32"),
            layers.Embedding(11, 5),
            layers.LSTM(3),
            layers.Dropout(0.2),
            layers.Dense(4, "softmax"),
        ]
    )


def train(build, data, jit, steps=11):
    """Return the logs of a few steps on batches of two sizes, the weights, and the compiled step."""
    sg.utils.set_random_seed(1)
    model = build()
    rate = optimizers.schedules.ExponentialDecay(0.01, 2, 0.5)
    loss = losses.SparseCategoricalCrossentropy(from_logits=build is cnn)
    model.compile(optimizers.Adam(rate), loss, metrics=["accuracy"], jit_compile=jit)
    rng = np.random.default_rng(2)
    logs = []
    for i in range(steps):
        n = 5 if i % 3 else 3
        logs.append(model.train_on_batch(data(rng, n), rng.integers(0, 4, n), return_dict=True))
    return logs, [w.numpy().tobytes() for w in model.weights], model._compiled_steps.get("train_step")


DATA = {
    cnn: lambda rng, n: rng.standard_normal((n, 8, 8, 2)).astype("float32"),
    words: lambda rng, n: rng.integers(0, 11, (n, 6)).astype("int32"),
}


@EACH_DEVICE
@pytest.mark.parametrize("build", DATA, ids=lambda f: f.__name__)
def test_training_gives_the_same_bits(device, build):
    with sg.device(device):
        *expected, _ = train(build, DATA[build], False)
        *got, step = train(build, DATA[build], True)
        assert step.refusal is None and len(step.plans) == 2  # a plan, and its graphs, for each batch size
        assert got == expected


@EACH_DEVICE
def test_every_kernel_of_a_replayed_step_is_launched_by_a_graph(device, monkeypatch):
    module = on_device.module(device)
    graph, made, launched = module.Graph, [], []

    class Graph:
        def __init__(self, launches):
            self.launches, self.inner = launches, graph(launches)
            made.append(self)

        def launch(self):
            launched.append(self)
            self.inner.launch()

    monkeypatch.setattr(module, "Graph", Graph)
    drop = layers.Dropout(0.5, seed=1)
    with sg.device(device):
        step = sg.compiled(lambda x: ops.exp(drop(ops.tanh(x), training=True)) * 2)
        for _ in range(4):
            step(sg.Tensor(floats(7)))
        (plan,) = step.plans
        assert [g.launches.args for g in made] == [
            (0, 1),
            (1, 4),
        ]  # dropout's mask lies in between: its key is new
        assert len(plan.calls) == 4 and "4 kernel calls in 2 CUDA graphs" in str(sg.plan(step))
        launched.clear()
        step(sg.Tensor(floats(7)))
        assert launched == made


# ---- a graph alone ----------------------------------------------------------------------------------------------------


def on(device, array):
    return device_arrays.to_device(array) if device == on_device.GPU else array.copy()


@EACH_DEVICE
def test_a_graph_runs_when_it_is_launched(device):
    with sg.device(device):
        x, y = on(device, floats(1, 40)), on(device, np.zeros((1, 40), "float32"))
        recorder = devices.new_recorder()
        recorder.start()
        devices.native("add")(x, x, y)
        recorder.stop()
        y[...] = 0
        graph = devices.as_graph(lambda: recorder.replay(0, 1))
        assert not device_arrays.to_host(y).any()  # written down, not run
        for seed in (1, 2):
            x[...] = on(device, floats(1, 40, seed=seed))
            graph()
            np.testing.assert_array_equal(device_arrays.to_host(y), 2 * floats(1, 40, seed=seed))


@EACH_DEVICE
def test_a_graph_owns_the_temporary_memory_of_its_launchers(device):
    with sg.device(device):
        step = sg.compiled(lambda x: ops.sum(x))  # two passes: partial sums in between
        batches = [sg.Tensor(floats(3000, seed=i)) for i in range(6)]
        results = [step(x).item() for x in batches]
        assert step.plans and results == [ops.sum(x).item() for x in batches]


@EACH_DEVICE
def test_after_a_failed_capture_kernels_run_again(device):
    with sg.device(device):
        with pytest.raises(ZeroDivisionError):
            devices.as_graph(lambda: 1 / 0)
        assert ops.add(sg.Tensor([1.0]), sg.Tensor([2.0])).item() == 3


@pytest.mark.gpu
@STAND_IN
def test_the_host_gets_nothing_and_nothing_is_allocated_while_a_stream_is_captured():
    with sg.device("cuda"):
        x = device_arrays.to_device(floats(4))
        for wrong in (lambda: device_arrays.to_host(x), lambda: device_arrays.empty((4,), "float32")):
            with pytest.raises(RuntimeError, match="while a stream is being captured"):
                devices.as_graph(wrong)


# ---- steps that cannot be graphs ----------------------------------------------------------------------------------------


REFUSED = {
    "reads the value": lambda x: x * 2 if float(ops.sum(x)) > 0 else x,
    "different in every step": lambda x: (
        x + sg.Tensor(np.random.default_rng().standard_normal(3).astype("float32"))
    ),
}


@EACH_DEVICE
@pytest.mark.parametrize("why", REFUSED)
def test_what_cannot_be_replayed_runs_op_by_op_and_says_why(device, why):
    with sg.device(device):
        step = sg.compiled(REFUSED[why])
        with pytest.warns(UserWarning, match=f"runs op by op: .*{why}"):
            for _ in range(5):
                step(sg.Tensor(floats(3)))
        assert why in step.refusal and not step.plans


@EACH_DEVICE
def test_a_step_that_cannot_be_captured_runs_op_by_op(device, monkeypatch):
    def refuse(launches):
        raise RuntimeError("CUDA: end of a capture: operation not permitted")

    monkeypatch.setattr(on_device.module(device), "Graph", refuse)
    with sg.device(device):
        step = sg.compiled(lambda x: ops.exp(x) + 1.0)
        with pytest.warns(UserWarning, match="runs op by op: .*not permitted"):
            results = [step(sg.Tensor(floats(5) + i)).numpy().tobytes() for i in range(6)]
        assert results == [(ops.exp(sg.Tensor(floats(5) + i)) + 1.0).numpy().tobytes() for i in range(6)]


@EACH_DEVICE
def test_wrong_labels_are_still_refused(device):
    with sg.device(device):
        model = cnn()
        model.compile("sgd", losses.SparseCategoricalCrossentropy(from_logits=True), jit_compile=True)
        x = floats(4, 8, 8, 2)
        for _ in range(5):
            model.train_on_batch(x, np.array([0, 1, 2, 3]))
        assert model._compiled_steps["train_step"].plans
        with pytest.raises(DataError):
            model.train_on_batch(x, np.array([0, 1, 2, 9]))


# ---- whose memory ---------------------------------------------------------------------------------------------------------


@EACH_DEVICE
def test_results_belong_to_the_caller_and_the_arena_to_the_plan(device):
    def chain(x):
        y = ops.tanh(ops.sigmoid(x) * x)
        return ops.matmul(y, ops.transpose(y))

    with sg.device(device):
        step = sg.compiled(chain)
        kept, garbage = [], []
        for i in range(9):
            kept.append((step(sg.Tensor(floats(9, 9, seed=i))), chain(sg.Tensor(floats(9, 9, seed=i)))))
            garbage = [
                sg.Tensor(np.full((9, 9), np.nan, "float32")) for _ in range(i)
            ]  # new blocks, old ones freed
        assert step.plans and garbage
        for got, expected in kept:
            np.testing.assert_array_equal(got.numpy(), expected.numpy())


@EACH_DEVICE
def test_weights_that_moved_are_recorded_again(device):
    with sg.device(device):
        dense = layers.Dense(3)
        step = sg.compiled(lambda x: dense(x))
        x = sg.Tensor(floats(2, 4))
        for _ in range(5):
            step(x)
        before = len(step.plans)
        dense.to("cpu").to(device)
        dense.kernel.assign(np.zeros((4, 3), "float32"))
        assert before == 1 and not step(x).numpy().any()


@EACH_DEVICE
def test_a_number_that_stayed_on_the_host_may_change(device):
    factor = sg.Variable(2.0)  # made on the CPU
    with sg.device(device):
        step = sg.compiled(lambda x: x * factor)
        x = sg.Tensor(floats(4))
        for value in (2, 2, 2, 2, 3, 4, 4, 5):
            factor.assign(np.float32(value))
            np.testing.assert_array_equal(step(x).numpy(), value * floats(4))
        assert step.plans


@pytest.mark.gpu
def test_statistics_that_stayed_on_the_host_are_refused():
    layer = layers.BatchNormalization()
    layer.build((None, 3))
    with sg.device("cuda"):
        step = sg.compiled(lambda x: layer(x, training=True))
        with pytest.warns(UserWarning, match="moving_mean' does not lie on the GPU"):
            for i in range(5):
                step(sg.Tensor(floats(4, 3, seed=i)))


# ---- copies to the host -----------------------------------------------------------------------------------------------------


@pytest.mark.gpu
@STAND_IN
@pytest.mark.parametrize("jit", [False, True])
@pytest.mark.parametrize("build", DATA, ids=lambda f: f.__name__)
def test_only_the_numbers_that_are_shown_are_copied_to_the_host(jit, build):
    with sg.device("cuda"):
        sg.utils.set_random_seed(1)
        model = build()
        loss = losses.SparseCategoricalCrossentropy(from_logits=build is cnn)
        model.compile("adam", loss, metrics=["accuracy"], jit_compile=jit)
        rng = np.random.default_rng(2)
        for _ in range(6):
            gpu_stand_in.copies.clear()
            model.train_on_batch(DATA[build](rng, 5), rng.integers(0, 4, 5))
        assert gpu_stand_in.copies == [(), ()]  # the loss, and how many predictions were right


METRICS = {  # the metric -> what it copies of a batch
    lambda: metrics.AUC(num_thresholds=7, multi_label=True, num_labels=3): (2 * (7 + 1) * 3,),
    lambda: metrics.AUC(num_thresholds=7, curve="PR", label_weights=[1, 2, 3.0]): (2 * (7 + 1),),
    lambda: metrics.AUC(thresholds=[0.3, 0.35, 0.9], from_logits=True): (2 * (5 + 1),),
    lambda: metrics.Precision([0.7, 0.2]): (2 * (2 + 1),),
    lambda: metrics.Recall(top_k=2): (2 * (1 + 1),),
    lambda: metrics.TrueNegatives(): (2 * (1 + 1),),
    lambda: metrics.PrecisionAtRecall(0.5, num_thresholds=5, class_id=1): (2 * (5 + 1),),
    lambda: metrics.F1Score(): (4, 3),
    lambda: metrics.FBetaScore("micro", threshold=0.4): (4,),
    lambda: metrics.OneHotMeanIoU(3): (9,),
    lambda: metrics.BinaryIoU([0, 1]): (4,),
    lambda: metrics.RootMeanSquaredError(): (),
    lambda: metrics.R2Score(): (4, 3),
    lambda: metrics.BinaryAccuracy(): (),
    lambda: metrics.TopKCategoricalAccuracy(2): (),
    lambda: metrics.KLDivergence(): (),
}


@pytest.mark.gpu
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("build", METRICS)
def test_metrics_copy_what_they_gather(build, weighted):
    rng = np.random.default_rng(3)
    labels = np.eye(3, dtype="float32")[rng.integers(0, 3, 50)]
    predictions = rng.uniform(0.01, 0.99, (50, 3)).astype("float32")
    metric = build()
    pixels = (50, 3) if isinstance(metric, metrics.BinaryIoU) else 50
    weights = rng.uniform(0.5, 2, pixels).astype("float32") if weighted else None
    metric.update_state(labels, predictions, weights)
    want = metric.result().numpy()
    copied = [METRICS[build]] + [()] * (
        weighted and isinstance(metric, metrics.Mean)
    )  # the sum of the weights
    with sg.device("cuda"):
        y_true, y_pred = sg.Tensor(labels), sg.Tensor(predictions)
        for y in (labels, y_true):  # fit has them on the host
            metric.reset_state()
            gpu_stand_in.copies.clear()
            metric.update_state(y, y_pred, weights)
            if os.environ.get("STEPGRAD_GPU_STAND_IN") == "1":
                assert gpu_stand_in.copies == copied
            np.testing.assert_allclose(metric.result().numpy(), want, rtol=1e-5)
