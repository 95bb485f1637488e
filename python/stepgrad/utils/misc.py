"""Seeds, sessions, one-hot labels and the plot of a History."""

from __future__ import annotations

import random as python_random
from typing import Any

import numpy as np

from stepgrad import config, kernels
from stepgrad.errors import ArgumentError, DTypeError, require
from stepgrad.utils.naming import reset_names


def set_random_seed(seed: int) -> None:
    """Seed Python, NumPy and stepgrad, so that a program gives the same numbers on every run.

    Examples
    --------
    >>> from stepgrad import random
    >>> set_random_seed(1)
    >>> a = random.normal((2,))
    >>> set_random_seed(1)
    >>> bool((a == random.normal((2,))).all())
    True
    """
    from stepgrad import random

    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise ArgumentError("a seed is an integer that is not negative", got=repr(seed))
    python_random.seed(int(seed))
    np.random.seed(int(seed) % 2**32)
    random.set_seed(int(seed))


def clear_session() -> None:
    """Start automatic names anew ("dense", "dense_1", ...), and give memory kept for later arrays back to the system."""
    reset_names()
    kernels.empty_memory()


def to_categorical(x: Any, num_classes: int | None = None) -> np.ndarray:
    """Return one-hot rows for integer labels.

    Parameters
    ----------
    x : array_like of int
        Labels of any shape; a last axis of size 1 is dropped, as in Keras.
    num_classes : int, optional
        The largest label + 1 when left out.

    Returns
    -------
    numpy.ndarray of ``config.floatx()``, shape ``x.shape + (num_classes,)``

    Examples
    --------
    >>> to_categorical([0, 2]).tolist()
    [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    """
    labels = np.asarray(x)
    if labels.dtype.kind not in "iub" and not (
        labels.dtype.kind == "f" and np.all(labels == np.round(labels))
    ):
        raise DTypeError(
            "to_categorical takes whole numbers",
            got=f"dtype {labels.dtype}",
            fix="map the labels to 0, 1, ...",
        )
    labels = labels.astype(np.int64)
    if labels.ndim > 1 and labels.shape[-1] == 1:
        labels = labels[..., 0]
    if num_classes is None:
        if not labels.size:
            raise ArgumentError("the number of classes of no labels is not known", fix="pass num_classes")
        num_classes = int(labels.max()) + 1
    if labels.size and (labels.min() < 0 or labels.max() >= num_classes):
        raise ArgumentError(
            "a label is outside of the classes",
            expected=f"0 <= label < {num_classes}",
            got=f"labels from {labels.min()} to {labels.max()}",
        )
    out = np.zeros((labels.size, num_classes), dtype=config.floatx())
    out[np.arange(labels.size), labels.reshape(-1)] = 1
    return out.reshape(*labels.shape, num_classes)


def plot_history(history: Any, path: str | None = None):
    """Plot every metric over the epochs, training and validation in one panel.

    Parameters
    ----------
    history : History or dict
        What ``fit`` returned, or its ``history``.
    path : str, optional
        Where to write the picture; matplotlib chooses the format by the suffix.

    Returns
    -------
    matplotlib.figure.Figure
    """
    figure_module = require("matplotlib.figure", "plot", "plot_history")
    logs = getattr(history, "history", history)
    names = [name for name in logs if not name.startswith("val_")]
    if not names:
        raise ArgumentError("there is nothing to plot", got="a history without epochs", fix="call fit first")
    figure = figure_module.Figure(figsize=(4.5 * len(names), 3.5), layout="constrained")
    for axes, name in zip(figure.subplots(1, len(names), squeeze=False)[0], names, strict=True):
        for key, label in ((name, "training"), (f"val_{name}", "validation")):
            if key in logs:
                axes.plot(range(1, len(logs[key]) + 1), logs[key], marker="o", markersize=3, label=label)
        axes.set(title=name, xlabel="epoch")
        axes.legend()
    if path is not None:
        figure.savefig(path)
    return figure
