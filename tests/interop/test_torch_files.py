"""Weights that go from stepgrad to PyTorch and back: same predictions, and training that goes on alike.

Tolerance: both compute in float32 and sum in another order; the rounding stays below 2e-5.
"""

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

import stepgrad as sg
from stepgrad import interop, layers
from stepgrad.errors import ArgumentError, DataError, ShapeError

CLOSE = {"rtol": 2e-5, "atol": 2e-5}
RNG = np.random.default_rng(0)


def stack(*parts):
    return sg.Sequential(list(parts))


# name -> (input shape, ours, theirs); images and sequences are channels-last here and channels-first there
PAIRS = {
    "dense": ((5,), lambda: stack(layers.Input((5,)), layers.Dense(7, activation="relu"), layers.Dense(2, use_bias=False)),
              lambda: nn.Sequential(nn.Linear(5, 7), nn.ReLU(), nn.Linear(7, 2, bias=False))),
    "lenet": ((8, 8, 3), lambda: stack(
                  layers.Input((8, 8, 3)), layers.Conv2D(4, 3, activation="relu"), layers.BatchNormalization(epsilon=1e-5),
                  layers.MaxPooling2D(), layers.Flatten(), layers.Dropout(0.1), layers.BatchNormalization(epsilon=1e-5),
                  layers.Dense(6, activation="relu"), layers.Dense(3)),
              lambda: nn.Sequential(
                  nn.Conv2d(3, 4, 3), nn.ReLU(), nn.BatchNorm2d(4), nn.MaxPool2d(2), nn.Flatten(), nn.Dropout(0.1),
                  nn.BatchNorm1d(36), nn.Linear(36, 6), nn.ReLU(), nn.Linear(6, 3))),
    "groups": ((6, 6, 4), lambda: stack(
                  layers.Input((6, 6, 4)), layers.Conv2D(4, 3, groups=2), layers.DepthwiseConv2D(3, depth_multiplier=2),
                  layers.PReLU(shared_axes=(1, 2)), layers.Conv2DTranspose(3, 2, strides=2)),
              lambda: nn.Sequential(
                  nn.Conv2d(4, 4, 3, groups=2), nn.Conv2d(4, 8, 3, groups=4), nn.PReLU(8),
                  nn.ConvTranspose2d(8, 3, 2, stride=2))),
    "sequence": ((9, 4), lambda: stack(
                  layers.Input((9, 4)), layers.Conv1D(5, 3), layers.Flatten(), layers.LayerNormalization(epsilon=1e-5),
                  layers.Dense(2)),
              lambda: nn.Sequential(nn.Conv1d(4, 5, 3), nn.Flatten(), nn.LayerNorm(35), nn.Linear(35, 2))),
}  # fmt: skip


def shuffled(module):
    """Give a module weights away from its first ones, also where these are all 0 or 1."""
    for name, tensor in module.state_dict().items():
        if tensor.is_floating_point():
            low = 0.5 if "var" in name else -0.5
            tensor.copy_(torch.from_numpy(RNG.uniform(low, 1.0, tensor.shape).astype("float32")))
    return module.eval()


def predict(module, x):
    with torch.no_grad():
        y = module(torch.from_numpy(np.moveaxis(x, -1, 1).copy() if x.ndim > 2 else x)).numpy()
    return np.moveaxis(y, 1, -1) if y.ndim > 2 else y


def inputs(shape):
    return RNG.normal(size=(3, *shape)).astype("float32")


@pytest.mark.parametrize("name", PAIRS)
def test_weights_of_pytorch_are_read(name, tmp_path):
    shape, make, make_theirs = PAIRS[name]
    ours, theirs, x = make(), shuffled(make_theirs()), inputs(shape)
    interop.from_torch(ours, theirs.state_dict())
    np.testing.assert_allclose(ours.predict(x, verbose=0), predict(theirs, x), **CLOSE)
    again = make()
    save_file(theirs.state_dict(), tmp_path / "w.safetensors")
    interop.load_torch(again, tmp_path / "w.safetensors")
    for a, b in zip(ours.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("name", PAIRS)
def test_weights_are_written_for_pytorch(name, tmp_path):
    shape, make, make_theirs = PAIRS[name]
    ours, theirs, x = make(), make_theirs().eval(), inputs(shape)
    interop.from_torch(ours, shuffled(make_theirs()).state_dict())
    modules = dict.fromkeys(key.rpartition(".")[0] for key in theirs.state_dict())
    weighted = [layer.name for layer in ours.layers if layer.weights]
    interop.save_torch(ours, tmp_path / "w.safetensors", names=dict(zip(modules, weighted, strict=True)))
    theirs.load_state_dict(load_file(tmp_path / "w.safetensors"))
    np.testing.assert_allclose(ours.predict(x, verbose=0), predict(theirs, x), **CLOSE)


def test_training_goes_on():
    shape, make, make_theirs = PAIRS["dense"]
    ours, theirs = make(), shuffled(make_theirs())
    interop.from_torch(ours, theirs.state_dict())
    x, y = inputs(shape), RNG.normal(size=(3, 2)).astype("float32")
    ours.compile(sg.optimizers.SGD(0.05, momentum=0.9), "mse")
    ours.fit(x, y, epochs=5, batch_size=3, shuffle=False, verbose=0)
    optimizer = torch.optim.SGD(theirs.parameters(), 0.05, momentum=0.9)
    for _ in range(5):
        optimizer.zero_grad()
        nn.functional.mse_loss(theirs(torch.from_numpy(x)), torch.from_numpy(y)).backward()
        optimizer.step()
    for key, array in interop.to_torch(ours, {"0": ours.layers[0].name, "2": ours.layers[1].name}).items():
        np.testing.assert_allclose(array, theirs.state_dict()[key].numpy(), **CLOSE)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(10, 4)
        self.blocks = nn.ModuleList([nn.Linear(4, 4), nn.Linear(4, 3)])

    def forward(self, x):
        return self.blocks[1](torch.relu(self.blocks[0](self.embed(x)))).mean(1)


class OurNet(sg.Model):
    def __init__(self):
        super().__init__()
        self.blocks = [
            layers.Dense(4, activation="relu"),
            layers.Dense(3),
        ]  # another order, but the same names
        self.embed = layers.Embedding(10, 4)

    def call(self, x):
        return sg.ops.mean(self.blocks[1](self.blocks[0](self.embed(x))), axis=1)


def test_subclassed_models_match_by_name():
    ours, theirs = OurNet(), shuffled(Net())
    x = RNG.integers(0, 10, (3, 6))
    ours(x)
    interop.from_torch(ours, theirs.state_dict())
    with torch.no_grad():
        np.testing.assert_allclose(ours(x).numpy(), theirs(torch.from_numpy(x)).numpy(), **CLOSE)
    theirs.load_state_dict({key: torch.from_numpy(array) for key, array in interop.to_torch(ours).items()})


def test_arrays_pass_by_dlpack():
    """No copy in either direction where both sides are float32 on the CPU."""
    tensor = sg.Tensor(np.arange(3.0))
    for view in (np.from_dlpack(tensor), torch.from_dlpack(tensor)):
        assert view.tolist() == [0, 1, 2]
    theirs = torch.arange(3.0)
    assert np.shares_memory(np.from_dlpack(tensor), tensor.array)
    assert sg.ops.convert_to_tensor(theirs).numpy().tolist() == [0, 1, 2]
    assert layers.Dense(2)(torch.ones(1, 3)).shape == (1, 2)


@pytest.mark.parametrize("name", ["SimpleRNN", "LSTM", "GRU"])
@pytest.mark.parametrize("both_ways", [False, True])
def test_recurrent_layers(name, both_ways):
    layer = getattr(layers, name)(5, return_sequences=True)
    ours = stack(layers.Input((6, 4)), layers.Bidirectional(layer) if both_ways else layer)
    theirs = shuffled(
        getattr(nn, name.removeprefix("Simple"))(4, 5, batch_first=True, bidirectional=both_ways)
    )
    interop.from_torch(ours, {f"rnn.{key}": value for key, value in theirs.state_dict().items()})
    x = inputs((6, 4))
    with torch.no_grad():
        np.testing.assert_allclose(
            ours.predict(x, verbose=0), theirs(torch.from_numpy(x))[0].numpy(), **CLOSE
        )
    written = interop.to_torch(ours, {"rnn": ours.layers[0].name})
    theirs.load_state_dict({key[4:]: torch.from_numpy(array) for key, array in written.items()})
    with torch.no_grad():
        np.testing.assert_allclose(
            ours.predict(x, verbose=0), theirs(torch.from_numpy(x))[0].numpy(), **CLOSE
        )


def test_a_gru_that_pytorch_has_not():
    model = stack(layers.Input((6, 4)), layers.GRU(5, reset_after=False))
    with pytest.raises(ArgumentError, match="reset_after=True"):
        interop.to_torch(model)


# -- what is refused ---------------------------------------------------------------------------------------------------


def test_pickles_are_not_read(tmp_path):
    torch.save(nn.Linear(2, 1).state_dict(), tmp_path / "w.pt")
    with pytest.raises(ArgumentError, match=r"(?s)pickles.*safetensors\.torch\.save_file"):
        interop.load_torch(stack(layers.Input((2,)), layers.Dense(1)), tmp_path / "w.pt")


def test_what_does_not_fit_changes_nothing():
    ours = stack(layers.Input((5,)), layers.Dense(7, name="a"), layers.Dense(2, name="b"))
    before = ours.get_weights()
    for theirs, error, message in (
        (
            nn.Sequential(nn.Linear(5, 7), nn.Linear(7, 3)),
            ShapeError,
            r"(?s)'1' has another shape than 'b'.*\(7, 2\)",
        ),
        (
            nn.Sequential(nn.Linear(5, 7), nn.Linear(7, 2, bias=False)),
            ShapeError,
            "(?s)does not fit 'b'.*'1.bias'",
        ),
        (nn.Sequential(nn.Linear(5, 7)), DataError, "(?s)2 layers with weights: a, b.*without a partner: b"),
        (nn.Sequential(nn.Linear(5, 7), nn.Bilinear(7, 2, 2)), ShapeError, "'1'"),
    ):
        with pytest.raises(error, match=message):
            interop.from_torch(ours, theirs.state_dict())
    for a, b in zip(before, ours.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_weights_without_a_place():
    ours = stack(layers.Input((5,)), layers.Dense(7, use_bias=False))
    with pytest.raises(ShapeError, match=r"(?s)no place.*bias \(7,\)"):
        interop.from_torch(ours, nn.Sequential(nn.Linear(5, 7)).state_dict())
    with pytest.raises(DataError, match="without a partner: fc1, fc2"):
        interop.to_torch(ours, {"x": "fc1", ours.layers[0].name: "fc2"} | {"y": ours.layers[0].name})


def test_a_flatten_that_cannot_be_seen():
    class Hidden(sg.Model):
        def __init__(self):
            super().__init__()
            self.flatten, self.dense = layers.Flatten(), layers.Dense(2)

        def call(self, x):
            return self.dense(self.flatten(x))

    model = Hidden()
    model(np.ones((1, 2, 2, 3)))
    with pytest.raises(ArgumentError, match="(?s)behind a Flatten.*Sequential or functional"):
        interop.to_torch(model)


def test_layers_without_a_layout():
    model = stack(layers.Input((6, 6, 3)), layers.SeparableConv2D(4, 3))
    with pytest.raises(ArgumentError, match="SeparableConv2D have no known layout"):
        interop.to_torch(model)
