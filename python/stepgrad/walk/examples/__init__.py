"""Worked examples, digit for digit: every published number beside the tape's.

One file an example: the network, the inputs, each number as printed with its digits, its source, and the errata.
"""

from __future__ import annotations

import importlib

from stepgrad.errors import ArgumentError, did_you_mean
from stepgrad.walk.examples.example import Example, Printed, Row

_FILES = {
    "3-3-3-3": "three_layers",
    "mazur": "mazur",
    "cs231n-circuit": "cs231n_circuit",
    "cs231n-neuron": "cs231n_neuron",
    "micrograd": "micrograd",
    "colah": "colah",
    "convolution": "convolution",
    "softmax": "softmax",
    "lstm": "lstm",
    "attention": "attention",
    "adam": "adam",
    "adagrad": "adagrad",
    "batchnorm": "batchnorm",
}
names = tuple(_FILES)


def get(name: str) -> Example:
    """Return a worked example by its name.

    Examples
    --------
    >>> get("colah").title
    "Colah's e = (a + b)(b + 1)"
    """
    if name not in _FILES:
        raise ArgumentError(f"there is no example {name!r}", fix=did_you_mean(name, names))
    return importlib.import_module(f"stepgrad.walk.examples.{_FILES[name]}").EXAMPLE


__all__ = ["Example", "Printed", "Row", "get", "names"]
