"""`stepgrad run --against keras` or `torch`: the same data, initial weights and batches, step by step in turn."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

import stepgrad as sg
from stepgrad.errors import ArgumentError, require
from stepgrad.programs import report
from stepgrad.programs.program import Data, Program, Row
from stepgrad.utils.nest import flatten

WARM_UP = 3  # steps that are not timed


class Peer:
    """A trained thing: ``step(x, y)`` returns the loss, ``predict(x)`` an array."""

    step: Callable[[np.ndarray, np.ndarray], float]
    predict: Callable[[np.ndarray], np.ndarray]


class KerasPeer(Peer):
    """A Keras model, or ours: they have the same words."""

    def __init__(self, model: Any):
        self.model = model

    def step(self, x: np.ndarray, y: np.ndarray) -> float:
        self.model.reset_metrics()  # train_on_batch reports the mean since the last reset
        return float(flatten(self.model.train_on_batch(x, y))[0])

    def predict(self, x: np.ndarray) -> np.ndarray:
        return np.asarray(self.model.predict_on_batch(x))


class TorchPeer(Peer):
    """A PyTorch module, its loss and its optimizer."""

    def __init__(self, module: Any, loss: Any, optimizer: Any):
        self.torch = require("torch", "bench", "--against torch")
        self.module, self.loss, self.optimizer = module, loss, optimizer

    def step(self, x: np.ndarray, y: np.ndarray) -> float:
        self.module.train()
        self.optimizer.zero_grad()
        loss = self.loss(self.module(self.torch.from_numpy(x)), self.torch.from_numpy(y))
        loss.backward()
        self.optimizer.step()
        return loss.item()

    def predict(self, x: np.ndarray) -> np.ndarray:
        self.module.eval()
        with self.torch.no_grad():
            return self.module(self.torch.from_numpy(x)).numpy()


def pair(program: Program, data: Data, library: str) -> tuple[KerasPeer, Peer]:
    """Return our model and the other library's, with the same weights."""
    sg.utils.set_random_seed(1)
    ours = program.build(sg, data.facts)
    if library == "keras":
        os.environ.setdefault("KERAS_BACKEND", "torch")
        keras = require("keras", "bench", "--against keras")
        keras.utils.set_random_seed(1)
        theirs = program.build(keras, data.facts)
        theirs.set_weights(ours.get_weights())
        return KerasPeer(ours), KerasPeer(theirs)
    if library != "torch" or program.build_torch is None:
        known = "keras or torch" if program.build_torch else "keras"
        raise ArgumentError(f"{program.name} cannot run against {library!r}", expected=known)
    require("torch", "bench", "--against torch")
    peer = TorchPeer(*program.build_torch(data.facts))
    copy_weights(ours, peer.module)
    return KerasPeer(ours), peer


def copy_weights(model: Any, module: Any) -> None:
    """Copy the kernels and biases of Dense and Conv2D layers into the Linear and Conv2d modules, in their order."""
    import torch

    weights = [layer.get_weights() for layer in model.layers if layer.weights]
    targets = [part for part in module.modules() if hasattr(part, "weight")]
    for (kernel, bias), target in zip(weights, targets, strict=True):
        axes = (1, 0) if kernel.ndim == 2 else (3, 2, 0, 1)  # [in, out] -> [out, in]; HWIO -> OIHW
        with torch.no_grad():
            target.weight.copy_(torch.from_numpy(np.ascontiguousarray(kernel.transpose(axes))))
            target.bias.copy_(torch.from_numpy(bias))


def compare(
    program: Program, library: str, epochs: int | None, full: bool, limit: int | None
) -> dict[str, Any]:
    """Train both on the same batches, one step of each in turn; print and return the figures."""
    data = program.load(full, limit)
    peers = pair(program, data, library)
    print(f"{program.name} against {library}, one thread each\ndata: {data.source}")
    one_thread()
    losses: tuple[list[float], list[float]] = ([], [])
    times: tuple[list[float], list[float]] = ([], [])
    for number, (x, y) in enumerate(_batches(program, data, epochs or 1)):
        for peer, found, spent in zip(peers, losses, times, strict=True):
            start = time.process_time()  # of the processor: neighbours on a busy machine do not count
            found.append(peer.step(x, y))
            if number >= WARM_UP:
                spent.append(time.process_time() - start)
    scores = [accuracy(peer, data, program.batch_size) for peer in peers]
    milliseconds = [1000 * statistics.median(spent) if spent else float("nan") for spent in times]
    apart = [abs(a - b) for a, b in zip(*losses, strict=True)]
    rows = [
        Row("steps", str(len(apart)), str(len(apart)), ""),
        *(Row(f"loss at step {at + 1}", f"{losses[0][at]:.6f}", f"{losses[1][at]:.6f}", f"{apart[at]:.1e} apart")
          for at in sorted({0, min(19, len(apart) - 1), len(apart) - 1})),
        Row("test accuracy", report.percent(scores[0]), report.percent(scores[1]), ""),
        Row("milliseconds a step (median)", f"{milliseconds[0]:.2f}", f"{milliseconds[1]:.2f}", f"{milliseconds[1] / milliseconds[0]:.2f} x"),
    ]  # fmt: skip
    report.table(rows, ("", "stepgrad", library, ""))
    return {"losses": losses, "accuracy": scores, "ms": milliseconds}


def one_thread() -> None:
    """Let both compute on one thread: two pools in one process would get in each other's way."""
    from stepgrad.bench.threads import set_threads

    set_threads(1)
    require("torch", "bench", "--against").set_num_threads(1)


def _batches(program: Program, data: Data, epochs: int) -> Iterator:
    for batch in data.batches("train", program.batch_size, seed=1).repeat(epochs):
        yield tuple(np.require(part, requirements=["C", "W"]) for part in batch)  # PyTorch warns else


def accuracy(peer: Peer, data: Data, batch_size: int) -> float:
    """Return the share of test samples whose class is right."""
    right = count = 0
    for x, y in data.batches("test", batch_size):
        found, wanted = classes(peer.predict(np.require(x, requirements=["C", "W"]))), classes(y)
        right, count = right + int((found == wanted).sum()), count + len(wanted)
    return right / count


def classes(values: np.ndarray) -> np.ndarray:
    """Return class numbers from probabilities, one-hot rows, or class numbers.

    Examples
    --------
    >>> classes(np.array([[0.1, 0.9], [0.8, 0.2]])), classes(np.array([[0.3], [0.7]]))
    (array([1, 0]), array([0, 1]))
    """
    values = np.asarray(values)
    if values.ndim > 1 and values.shape[-1] > 1:
        return values.argmax(-1)
    return np.round(values.reshape(len(values))).astype(int)
