"""The networks whose training steps are compared, described once for every library."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from stepgrad.bench.gpt import gpt, gpt_weights


class Net(NamedTuple):
    """A sequential network with its batch.

    Attributes
    ----------
    name, title : str
    input_shape : tuple
    layers : tuple
        ("conv", filters, size, activation), ("pool",), ("flatten",), ("dense", units, activation), ("embedding", rows, width),
        ("lstm", units); or one entry, ("gpt", blocks, width, heads), on `classes` different tokens.
    classes, batch : int
    one_hot : bool
        Whether labels are one-hot rows or class numbers.
    from_logits : bool
        Whether the last layer leaves softmax to the loss.
    positive : bool
        Start from positive weights, so that no ReLU is dead.
    """

    name: str
    title: str
    input_shape: tuple[int, ...]
    layers: tuple[tuple, ...]
    classes: int = 10
    batch: int = 32
    one_hot: bool = False
    from_logits: bool = False
    positive: bool = False

    @property
    def words(self) -> int:
        """How many words there are, where the input is word numbers; 0 for inputs of floats."""
        kind, *numbers = self.layers[0]
        return numbers[0] if kind == "embedding" else 0


def _convolutional(last: str | None) -> tuple[tuple, ...]:
    convolutions = ("conv", 32, 3, "relu"), ("pool",), ("conv", 64, 3, "relu"), ("pool",)
    return (*convolutions, ("flatten",), ("dense", 64, "relu"), ("dense", 10, last))


NETS = {
    net.name: net
    for net in (
        Net(
            "tiny", "3-3-3-3 net, batch 1", (3,), (("dense", 3, "relu"),) * 3,
            classes=3, batch=1, one_hot=True, from_logits=True, positive=True,
        ),
        Net(
            "s0-mlp", "S0-mlp: dense 1000-1000-500-10, batch 32", (1000,),
            (("dense", 1000, "sigmoid"), ("dense", 500, "sigmoid"), ("dense", 10, "softmax")), one_hot=True,
        ),
        Net(
            "s2-imdb-lstm", "S2-imdb-lstm: 500 words, embedding 32, LSTM 128, batch 64", (500,),
            (("embedding", 5000, 32), ("lstm", 128), ("dense", 2, "softmax")), classes=2, batch=64,
        ),
        Net("s4-cifar", "S4-cifar: conv net on 32 x 32 x 3, batch 32", (32, 32, 3), _convolutional("softmax")),
        Net(
            "demo", "the demo's conv net on 28 x 28 x 1, batch 32 (dropout off)", (28, 28, 1),
            _convolutional(None), from_logits=True,
        ),
        Net(
            "gpt", "GPT: 4 blocks, 128 wide, 16 x 64 tokens", (64,), (("gpt", 4, 128, 4),),
            classes=100, batch=16, from_logits=True,
        ),
    )
}  # fmt: skip


def is_gpt(net: Net) -> bool:
    """Tell whether a net takes tokens."""
    return net.layers[0][0] == "gpt"


def batch(net: Net, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return one batch (x, y): random inputs, random labels."""
    rng = np.random.default_rng(seed)
    if is_gpt(net):
        x, y = rng.integers(0, net.classes, (2, net.batch, *net.input_shape)).astype(np.int32)
        return x, y
    if net.words:
        x = rng.integers(0, net.words, (net.batch, *net.input_shape)).astype(np.int32)
    else:
        x = rng.random((net.batch, *net.input_shape), np.float32)
    y = rng.integers(0, net.classes, net.batch)
    if net.one_hot:
        return x, np.eye(net.classes, dtype=np.float32)[y]
    return x, y.astype(np.int32)


def weights(net: Net, seed: int = 1) -> list[np.ndarray]:
    """Return [kernel, bias, kernel, bias, ...] in Keras's layout, the same for every library (He et al., 2015)."""
    rng = np.random.default_rng(seed)
    if is_gpt(net):
        return gpt_weights(rng, net.classes, *net.layers[0][1:])
    result = []
    shape = net.input_shape
    for kind, *numbers in net.layers:
        if kind == "pool":
            shape = (shape[0] // 2, shape[1] // 2, shape[2])
        elif kind == "flatten":
            shape = (int(np.prod(shape)),)
        elif kind == "embedding":
            result.append(rng.standard_normal(numbers, np.float32) * np.float32(0.1))
            shape = (*shape, numbers[1])
        elif kind == "lstm":
            result += _lstm_weights(rng, shape[-1], numbers[0])
            shape = (numbers[0],)
        else:
            units, window = numbers[0], () if kind == "dense" else (numbers[1], numbers[1])
            fan_in = int(np.prod(window, dtype=int)) * shape[-1]
            kernel = rng.standard_normal((*window, shape[-1], units), np.float32) * np.float32(
                np.sqrt(2 / fan_in)
            )
            result += [np.abs(kernel) if net.positive else kernel, np.zeros(units, np.float32)]
            shape = (
                (units,) if kind == "dense" else (shape[0] - numbers[1] + 1, shape[1] - numbers[1] + 1, units)
            )
    return result


def _lstm_weights(rng: np.random.Generator, n: int, units: int) -> list[np.ndarray]:
    kernels = [
        rng.standard_normal((size, 4 * units), np.float32) * np.float32(np.sqrt(1 / size))
        for size in (n, units)
    ]
    return [*kernels, np.repeat(np.array([0, 1, 0, 0], np.float32), units)]


def sequential(net: Net, library: Any) -> Any:
    """Build the network in Keras's words, with `library` = stepgrad or keras, and give it its weights."""
    if is_gpt(net):
        _, blocks, width, heads = net.layers[0]
        model = gpt(library, net.input_shape[0], net.batch, net.classes, blocks, width, heads)
        model.set_weights(weights(net))
        return model
    make = {
        "conv": lambda filters, size, activation: library.layers.Conv2D(filters, size, activation=activation),
        "dense": lambda units, activation: library.layers.Dense(units, activation=activation),
        "pool": library.layers.MaxPooling2D,
        "flatten": library.layers.Flatten,
        "embedding": library.layers.Embedding,
        "lstm": library.layers.LSTM,
    }
    layers = [make[kind](*numbers) for kind, *numbers in net.layers]
    model = library.Sequential(
        [
            library.layers.Input(net.input_shape, batch_size=net.batch, dtype="int32" if net.words else None),
            *layers,
        ]
    )
    model.set_weights(weights(net))
    return model


def loss_of(net: Net, library: Any) -> Any:
    """Return the loss in Keras's words."""
    name = "CategoricalCrossentropy" if net.one_hot else "SparseCategoricalCrossentropy"
    return getattr(library.losses, name)(from_logits=net.from_logits)
