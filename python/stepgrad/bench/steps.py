"""Whole training steps: forward, backward and Adam, in each library's own words."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from stepgrad.bench.gpt import torch_gpt
from stepgrad.bench.libraries import (
    AUTOCAST,
    CHANNELS_LAST,
    COMPILED,
    EAGER,
    FIT,
    FLUSHED,
    FUSED,
    JAX,
    KERAS_TORCH,
    MIXED,
    ON_NUMPY,
    STEPGRAD,
    TENSORFLOW,
    TORCH,
)
from stepgrad.bench.lstm import flushed
from stepgrad.bench.nets import NETS, Net, batch, is_gpt, loss_of, sequential, weights

COMPILED_NETS = ("s0-mlp", "s4-cifar", "gpt")
STEPS, RATE, EPSILON = 3, 1e-3, 1e-7  # steps that are verified; Adam's numbers, Keras's defaults
# Updates by Adam divide by gradients close to 0, where the last digits of float32 count. Products of bfloat16 numbers err by 2^-9
# each, but a loss is a mean over many of them: 1e-4.
TOLERANCE = 2e-3


def losses(step: Callable[[], Any]) -> tuple[np.ndarray, ...]:
    """Return the losses of the first steps: equal only if forward, backward and update are."""
    return (np.array([_number(step()) for _ in range(STEPS)]),)


def _number(loss: Any) -> float:
    return float(
        loss.detach() if hasattr(loss, "detach") else loss
    )  # PyTorch warns about numbers still on its tape


def load(library: str, net: str) -> tuple[Callable[[], Any], tuple[np.ndarray, ...]]:
    """Return (a training step, the first losses)."""
    step = make(net, library)
    return step, losses(step)


@functools.cache
def expected(net: str) -> tuple[np.ndarray, ...]:
    """Return the losses in float64, computed by the engine on the NumPy reference of every op."""
    from stepgrad import config, kernels

    floatx = config.floatx()
    config.set_floatx("float64")
    try:
        with kernels.use(kernels.REFERENCE):
            return losses(_stepgrad(NETS[net], np.float64))
    finally:
        config.set_floatx(floatx)


def make(net: str, library: str) -> Callable[[], Any]:
    """Return a training step that returns the loss before its update."""
    of = NETS[net]
    if library in (STEPGRAD.name, EAGER.name, ON_NUMPY.name):
        return _stepgrad(of, compiled=library == STEPGRAD.name)
    if library == MIXED.name:
        from stepgrad import config

        before = config.dtype_policy()
        config.set_dtype_policy("mixed_bfloat16")
        try:
            return _stepgrad(of, compiled=True)
        finally:
            config.set_dtype_policy(before)
    if library == FIT.name:
        import stepgrad

        return _train_on_batch(of, stepgrad)
    if library == KERAS_TORCH.name:
        import keras

        return _train_on_batch(of, keras)
    if library == FLUSHED.name:
        return flushed(_torch(of, fused=True, channels_last=False))
    if library == COMPILED.name:
        import torch

        return _torch(of, fused=True, channels_last=False, prepare=torch.compile)
    if library == AUTOCAST.name:
        import torch

        return _torch(of, fused=True, channels_last=False, around=torch.autocast("cpu", torch.bfloat16))
    if library in (TORCH.name, FUSED.name, CHANNELS_LAST.name):
        return _torch(of, fused=library == FUSED.name, channels_last=library == CHANNELS_LAST.name)
    return {JAX.name: _jax, TENSORFLOW.name: _tensorflow}[library](of)


def contestants(net: str, quick: bool = False) -> list[str]:
    """Return who can run a network: channels_last means something for images only, flushing denormals for long sequences.

    PyTorch's compiler needs half a minute before the first step: it gets the three nets of most interest, and no quick run.
    An LSTM that runs op by op (on NumPy, in Keras on PyTorch, and as PyTorch's compiler unrolls it) takes minutes, so it is
    left out; in a quick run so is PyTorch's own, which denormals slow down.
    """
    images = [CHANNELS_LAST] if len(NETS[net].input_shape) == 3 else []
    rounded = [MIXED, AUTOCAST] if is_gpt(NETS[net]) else []  # most of its work is products
    recurrent = [FLUSHED] if any(kind == "lstm" for kind, *_ in NETS[net].layers) else []
    torch = [TORCH, FUSED, *images, *recurrent]
    every = [STEPGRAD, EAGER, FIT, ON_NUMPY, *torch, KERAS_TORCH, JAX, TENSORFLOW, COMPILED, *rounded]
    slow = [COMPILED] if quick or net not in COMPILED_NETS else []
    if recurrent:
        slow += [ON_NUMPY, KERAS_TORCH, *([TORCH] if quick else [])]
    return [library.name for library in every if library not in slow]


def _stepgrad(net: Net, dtype: type = np.float32, compiled: bool = False) -> Callable[[], Any]:
    import stepgrad

    model, loss, optimizer = (
        sequential(net, stepgrad),
        loss_of(net, stepgrad),
        stepgrad.optimizers.Adam(RATE, epsilon=EPSILON),
    )
    x, y = batch(net)
    inputs = stepgrad.Tensor(x if x.dtype.kind == "i" else x.astype(dtype))
    labels = stepgrad.Tensor(y.astype(dtype) if net.one_hot else y)
    variables = model.trainable_variables

    def step(inputs, labels):
        for variable in variables:
            variable.grad = None
        value = loss(labels, model(inputs, training=True))
        value.backward()
        optimizer.apply([variable.grad for variable in variables], variables)
        return value

    return functools.partial(stepgrad.compiled(step) if compiled else step, inputs, labels)


def _train_on_batch(net: Net, library: Any) -> Callable[[], Any]:
    model = sequential(net, library)
    model.compile(library.optimizers.Adam(RATE, epsilon=EPSILON), loss_of(net, library))
    x, y = batch(net)

    def step():
        model.reset_metrics()  # what train_on_batch returns is a mean since the last reset
        return model.train_on_batch(x, y)

    return step


def _torch(
    net: Net,
    fused: bool,
    channels_last: bool,
    prepare: Callable = lambda model: model,
    around: Callable = lambda forward: forward,
) -> Callable[[], Any]:
    import torch

    model = prepare(torch_model(net))
    x, y = (torch.from_numpy(a) for a in batch(net))
    if x.ndim == 4:
        x = x.permute(0, 3, 1, 2).contiguous()
    if channels_last:
        model, x = (
            model.to(memory_format=torch.channels_last),
            x.contiguous(memory_format=torch.channels_last),
        )
    y = y if net.one_hot else y.long().reshape(-1)
    criterion = torch.nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), RATE, eps=EPSILON, **({"fused": True} if fused else {}))

    @around
    def forward():
        return criterion(model(x), y)

    def step():
        optimizer.zero_grad()
        value = forward()
        value.backward()
        optimizer.step()
        return value

    return step


def torch_model(net: Net) -> Any:
    """Build the network for PyTorch, channels first, from the same weights. Softmax is left to the loss."""
    import torch
    from torch import nn

    if is_gpt(net):
        blocks, _, heads = net.layers[0][1:]
        return torch_gpt(weights(net), blocks, heads)

    def parameter(array):
        return nn.Parameter(torch.from_numpy(np.ascontiguousarray(array)))

    given, modules, shape, flattened = iter(weights(net)), [], net.input_shape, None
    for kind, *numbers in net.layers:
        if kind == "pool":
            modules.append(nn.MaxPool2d(2))
            shape = (shape[0] // 2, shape[1] // 2, shape[2])
            continue
        if kind == "flatten":
            modules.append(nn.Flatten())
            flattened = shape
            continue
        if kind == "embedding":
            modules.append(nn.Embedding(*numbers, _weight=parameter(next(given))))
            shape = (*shape, numbers[1])
            continue
        if kind == "lstm":
            modules.append(_torch_lstm(shape[-1], numbers[0], [next(given) for _ in range(3)]))
            shape = (numbers[0],)
            continue
        kernel, bias = next(given), next(given)
        if kind == "conv":
            layer = nn.Conv2d(*kernel.shape[2:], kernel.shape[:2])
            layer.weight = parameter(kernel.transpose(3, 2, 0, 1))
            shape = (shape[0] - kernel.shape[0] + 1, shape[1] - kernel.shape[1] + 1, kernel.shape[3])
        else:
            if flattened:  # its pixels come channels first here
                kernel = kernel.reshape(*flattened, -1).transpose(2, 0, 1, 3).reshape(kernel.shape)
                flattened = None
            layer = nn.Linear(*kernel.shape)
            layer.weight = parameter(kernel.T)
        layer.bias = parameter(bias)
        modules.append(layer)
        activation = {"relu": nn.ReLU, "sigmoid": nn.Sigmoid}.get(numbers[-1])
        modules += [activation()] if activation else []
    return nn.Sequential(*modules)


def _torch_lstm(n: int, units: int, given: list) -> Any:
    """An LSTM that returns its last output. PyTorch adds two biases; the second one stays zero, so that there is one to train."""
    import torch
    from torch import nn

    class Last(nn.Module):
        def __init__(self):
            super().__init__()
            self.lstm = nn.LSTM(n, units, batch_first=True)
            kernel, recurrent, bias = (torch.from_numpy(np.ascontiguousarray(a.T)) for a in given)
            values = {
                "weight_ih_l0": kernel,
                "weight_hh_l0": recurrent,
                "bias_ih_l0": bias,
                "bias_hh_l0": bias * 0,
            }
            self.lstm.load_state_dict(values)
            self.lstm.bias_hh_l0.requires_grad_(False)

        def forward(self, x):
            return self.lstm(x)[0][:, -1]

    return Last()


def _jax(net: Net) -> Callable[[], Any]:
    """A Keras model on JAX, its whole step under jax.jit."""
    import jax
    import keras

    model, loss, optimizer = (
        sequential(net, keras),
        loss_of(net, keras),
        keras.optimizers.Adam(RATE, epsilon=EPSILON),
    )
    optimizer.build(model.trainable_variables)
    x, y = (jax.numpy.asarray(a) for a in batch(net))
    fixed = [v.value for v in model.non_trainable_variables]

    def compute(trainable):
        return loss(y, model.stateless_call(trainable, fixed, x, training=True)[0])

    @jax.jit
    def update(trainable, slots):
        value, gradients = jax.value_and_grad(compute)(trainable)
        trainable, slots = optimizer.stateless_apply(slots, gradients, trainable)
        return value, trainable, slots

    state = [[v.value for v in model.trainable_variables], [v.value for v in optimizer.variables]]

    def step():
        value, *state[:] = update(*state)
        return value.block_until_ready()

    return step


def _tensorflow(net: Net) -> Callable[[], Any]:
    """A Keras model on TensorFlow, its whole step in a tf.function."""
    import keras
    import tensorflow as tf

    model, loss, optimizer = (
        sequential(net, keras),
        loss_of(net, keras),
        keras.optimizers.Adam(RATE, epsilon=EPSILON),
    )
    x, y = (tf.constant(a) for a in batch(net))
    optimizer.build(model.trainable_variables)

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            value = loss(y, model(x, training=True))
        optimizer.apply(tape.gradient(value, model.trainable_variables), model.trainable_variables)
        return value

    return lambda: float(step())
