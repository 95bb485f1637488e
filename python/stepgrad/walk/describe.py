"""Plain sentences for the steps of a walk."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

FORWARD = {
    "matmul": "Every row of {0} meets every column of {1}: multiply entry by entry and add up.",
    "conv2d": "The filters {1} slide over {0}; at every position the window is multiplied with the filter and added up.",
    "add": "{0} and {1} are added entry by entry; a smaller one is repeated.",
    "subtract": "{1} is taken away from {0}, entry by entry.",
    "multiply": "{0} and {1} are multiplied entry by entry.",
    "divide": "{0} is divided by {1}, entry by entry.",
    "relu": "Negative entries of {0} become 0, the others pass.",
    "sigmoid": "Every entry of {0} is squeezed into the range from 0 to 1.",
    "tanh": "Every entry of {0} is squeezed into the range from -1 to 1.",
    "max_pool2d": "Of every window of {0} only the largest entry goes on.",
    "average_pool2d": "Every window of {0} is replaced by its mean.",
    "reshape": "The same numbers as in {0}, in another shape.",
    "softmax": "{0} becomes probabilities: exponentials, divided by their sum.",
    "log_softmax": "{0} becomes logarithms of probabilities.",
    "sum": "The entries of {0} are added up.",
    "mean": "The mean of the entries of {0}.",
    "exp": "The exponential of every entry of {0}.",
    "log": "The natural logarithm of every entry of {0}.",
    "cast": "{0} is converted to another number type.",
}
BACKWARD = {
    "matmul": "{out} is sent back through both factors: dA = dY B^T and dB = A^T dY.",
    "conv2d": "Every output gradient is spread back over the window it came from, and over the filter that made it.",
    "add": "Adding passes the gradient on unchanged to both; where one was repeated, its copies are added up.",
    "relu": "The gradient passes where the input was positive and stops where it was not.",
    "max_pool2d": "The gradient goes to the entry that won its window, and to no other.",
    "reshape": "The gradient goes back into the old shape.",
    "sum": "Every summand gets the whole gradient.",
    "mean": "Every entry gets an equal share of the gradient.",
    "multiply": "Each factor gets the gradient times the other factor.",
    "sparse_softmax_cross_entropy": "The gradient with respect to the logits is softmax minus one-hot label: p - y.",
    "softmax_cross_entropy": "The gradient with respect to the logits is softmax minus label: p - y.",
}


def sentence(phase: str, op: str, inputs: Sequence[Any], outputs: Sequence[Any], of: Any = None) -> str:
    """Say in one sentence what a step does.

    Examples
    --------
    >>> from stepgrad.walk.steps import Value
    >>> sentence("forward", "relu", [Value("Z1", None)], [])
    'Negative entries of Z1 become 0, the others pass.'
    """
    names = [value.name for value in inputs]
    if phase == "backward":
        text = BACKWARD.get(op, "The chain rule: the gradient that arrived, times the slope of {op}.")
        return text.format(op=op, out=" and ".join(names))
    text = FORWARD.get(op, "")
    if not text or text.count("{") > len(names):
        return f"{op} of {', '.join(names)}."
    return text.format(*names)
