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
    "negative": "The sign of every entry of {0} is turned.",
    "square": "Every entry of {0} is multiplied with itself.",
    "sqrt": "The square root of every entry of {0}.",
    "rsqrt": "One divided by the square root, for every entry of {0}.",
    "reciprocal": "One divided by every entry of {0}.",
    "transpose": "Rows of {0} become columns.",
    "concatenate": "The inputs are put side by side.",
    "getitem": "A part of {0} is taken out.",
    "embedding": "Each index picks its row of the table.",
    "sparse_softmax_cross_entropy": "How surprised {0}, made into probabilities, is by the labels {1}: minus the logarithm of theirs.",
    "softmax_cross_entropy": "How surprised {0}, made into probabilities, is by {1}.",
}
BACKWARD = {
    "matmul": "{out} is sent back through both factors: dA = dY B^T and dB = A^T dY.",
    "conv2d": "Every output gradient is spread back over the window it came from, and over the filter that made it.",
    "subtract": "Subtracting passes the gradient on unchanged to the first, and with its sign turned to the second.",
    "divide": "The numerator gets the gradient divided by the denominator; the denominator's share has a minus sign.",
    "negative": "The gradient's sign is turned.",
    "square": "The slope of a square is twice the number.",
    "exp": "The exponential is its own slope.",
    "log": "The slope of the logarithm is one divided by the number.",
    "sigmoid": "The slope is y (1 - y): never more than a quarter, and next to nothing at both ends.",
    "tanh": "The slope is 1 - y squared: 1 in the middle, and next to nothing at both ends.",
    "softmax": "Every probability depends on every score: what the others lose is taken off.",
    "average_pool2d": "Every entry of a window gets an equal share of the gradient.",
    "cast": "The gradient is converted back.",
    "transpose": "The gradient is turned back.",
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
