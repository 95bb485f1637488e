"""Each program against Keras, or PyTorch, from the same weights: forward, gradients, 20 steps of training.

Tolerance: float32 and sums in another order. Adam divides each gradient by its own size, so that the rounding of a gradient near zero
becomes a step of nearly the whole learning rate: after 20 steps losses may be 3 % apart, with plain SGD 1e-4.
"""

import numpy as np
import pytest

import stepgrad as sg
from stepgrad import programs
from stepgrad.programs import against, s3_cnn, sentences

keras = pytest.importorskip("keras")
torch = pytest.importorskip("torch")

IN_TORCH = ("S1-simple", "S3-cnn")  # written for PyTorch
PAIRS = [(name, "torch" if name in IN_TORCH else "keras") for name in programs.NAMES if name != "S1-worked"]
STEPS, BATCH = 20, 8


@pytest.fixture(scope="module", autouse=True)
def small(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STEPGRAD_DATA", str(tmp_path_factory.mktemp("data")))
        patch.setattr(s3_cnn, "SMALL", 16)
        threads = torch.get_num_threads()
        torch.set_num_threads(1)  # many times faster where other tests run beside this one
        patch.setattr(sentences, "SENTENCE", 12)
        yield
        torch.set_num_threads(threads)


def no_dropout(model):
    """Random draws differ between libraries: nothing is dropped here; the tests of the layers look at dropout."""
    for layer in model.layers:
        part = getattr(layer, "cell", layer)
        for name in ("rate", "dropout", "recurrent_dropout"):
            if isinstance(getattr(part, name, None), float):
                setattr(part, name, 0.0)


@pytest.fixture(params=PAIRS, ids="-against-".join)
def peers(request):
    """Return the program, ours, theirs, and batches."""
    name, library = request.param
    program = programs.get(name)
    data = program.load(False, 4 * BATCH)
    ours, theirs = against.pair(program, data, library)
    for peer in (ours, theirs):
        if isinstance(peer, against.KerasPeer):
            no_dropout(peer.model)
    batches = []
    while len(batches) < STEPS:
        batches += [tuple(np.array(part[:BATCH]) for part in batch) for batch in data.batches("train", BATCH)]
    return program, ours, theirs, batches[:STEPS]


def gradients(peer, x, y):
    if isinstance(peer, against.TorchPeer):
        peer.module.zero_grad()
        peer.loss(peer.module(torch.from_numpy(x)), torch.from_numpy(y)).backward()
        return [as_ours(p.grad.numpy()) for p in peer.module.parameters()]
    model = peer.model
    if isinstance(model, sg.Model):
        with sg.GradientTape() as tape:
            loss = model.compute_loss(x=x, y=y, y_pred=model(x, training=True))
        return [np.asarray(g) for g in tape.gradient(loss, list(model.trainable_variables))]
    model.zero_grad()
    model.compute_loss(
        x=torch.from_numpy(x), y=torch.from_numpy(y), y_pred=model(torch.from_numpy(x), training=True)
    ).backward()
    return [v.value.grad.numpy() for v in model.trainable_variables]


def as_ours(array):
    """Return a kernel of PyTorch with Keras's axes."""
    return array.transpose({1: (0,), 2: (1, 0), 4: (2, 3, 1, 0)}[array.ndim])


def test_same_numbers(peers):
    program, ours, theirs, batches = peers
    x, y = batches[0]
    np.testing.assert_allclose(ours.predict(x), theirs.predict(x), rtol=1e-4, atol=1e-5)
    for mine, other in zip(gradients(ours, x, y), gradients(theirs, x, y), strict=True):
        scale = max(np.abs(other).max(), 1e-6)
        np.testing.assert_allclose(
            mine / scale, other / scale, atol=3e-4
        )  # of the largest gradient of a weight: that of a single bias is a difference of numbers that nearly cancel
    mine, other = ([peer.step(*batch) for batch in batches] for peer in (ours, theirs))
    assert mine[0] == pytest.approx(other[0], rel=1e-5)
    np.testing.assert_allclose(mine, other, rtol=1e-4 if program.name == "S2-cnn-mse" else 3e-2, atol=1e-4)
    assert mine[-1] != mine[0]
