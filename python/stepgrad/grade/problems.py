"""The built-in problems: small networks that people work out by hand."""

from __future__ import annotations

from collections.abc import Callable

from stepgrad.errors import ArgumentError, did_you_mean
from stepgrad.grade.expression import Expression, apply, convolve, number, ref, slope, spread, total
from stepgrad.grade.solution import Quantity, Solution


def _updates(weights: str, rate: float) -> list[Quantity]:
    eta = number(rate, "eta")
    return [Quantity(f"{w}'", ref(w) - eta * ref(f"d{w}"), "update") for w in weights.split()]


def _half_square(difference: Expression) -> Expression:
    return number(0.5, "1/2") * total(apply("square", difference))


def mazur() -> Solution:
    """Two inputs, two hidden units, two outputs, sigmoid, half the squared error: after Matt Mazur's example."""
    X, Y, W1, b1, W2, b2 = map(ref, ("X", "Y", "W1", "b1", "W2", "b2"))
    Z1, A1, Z2, A2, delta1, delta2 = map(ref, ("Z1", "A1", "Z2", "A2", "delta1", "delta2"))
    given = {
        "X": [[0.05, 0.10]],
        "Y": [[0.01, 0.99]],
        "W1": [[0.15, 0.25], [0.20, 0.30]],
        "b1": [0.35, 0.35],
        "W2": [[0.40, 0.50], [0.45, 0.55]],
        "b2": [0.60, 0.60],
    }
    return Solution(
        "mazur",
        given,
        [
            Quantity("Z1", X @ W1 + b1),
            Quantity("A1", apply("sigmoid", Z1)),
            Quantity("Z2", A1 @ W2 + b2),
            Quantity("A2", apply("sigmoid", Z2)),
            Quantity("L", _half_square(A2 - Y), "loss"),
            Quantity("delta2", (A2 - Y) * slope("sigmoid", Z2, A2), "backward"),
            Quantity("dW2", A1.T @ delta2, "backward"),
            Quantity("db2", total(delta2, 0), "backward"),
            Quantity("delta1", (delta2 @ W2.T) * slope("sigmoid", Z1, A1), "backward"),
            Quantity("dW1", X.T @ delta1, "backward"),
            Quantity("db1", total(delta1, 0), "backward"),
            *_updates("W2 b2 W1 b1", 0.5),
        ],
    )


def relu_batch_of_4() -> Solution:
    """Four samples through 3 relu units to 2 classes: softmax, mean cross-entropy."""
    X, Y, W1, b1, W2, b2 = map(ref, ("X", "Y", "W1", "b1", "W2", "b2"))
    Z1, A1, Z2, P, delta1, delta2 = map(ref, ("Z1", "A1", "Z2", "P", "delta1", "delta2"))
    given = {
        "X": [[1.0, 2.0], [0.5, -1.5], [-1.0, 0.8], [2.0, 0.3]],
        "Y": [[1, 0], [0, 1], [0, 1], [1, 0]],
        "W1": [[0.4, -0.7, 0.2], [0.3, 0.6, -0.9]],
        "b1": [0.1, 0.2, 0.35],
        "W2": [[0.8, -0.2], [-0.5, 0.9], [0.25, 0.45]],
        "b2": [0.05, -0.15],
    }
    mean = number(0.25, "1/n")
    return Solution(
        "relu-batch-4",
        given,
        [
            Quantity("Z1", X @ W1 + b1),
            Quantity("A1", apply("relu", Z1)),
            Quantity("Z2", A1 @ W2 + b2),
            Quantity("P", apply("softmax", Z2)),
            Quantity("L", -(mean * total(Y * apply("log", P))), "loss"),
            Quantity("delta2", mean * (P - Y), "backward"),
            Quantity("dW2", A1.T @ delta2, "backward"),
            Quantity("db2", total(delta2, 0), "backward"),
            Quantity("delta1", (delta2 @ W2.T) * slope("relu", Z1, A1), "backward"),
            Quantity("dW1", X.T @ delta1, "backward"),
            Quantity("db1", total(delta1, 0), "backward"),
            *_updates("W2 b2 W1 b1", 0.1),
        ],
    )


def conv_3x3_2x2() -> Solution:
    """A 2x2 filter on a 3x3 image, tanh, half the squared error; gradients of image and filter."""
    X, Y, K, b, Z, A, delta = map(ref, ("X", "Y", "K", "b", "Z", "A", "delta"))
    given = {
        "X": [[0.1, 0.5, -0.2], [0.7, 0.3, 0.9], [-0.4, 0.6, 0.2]],
        "K": [[0.6, -0.3], [0.2, 0.8]],
        "b": 0.15,
        "Y": [[0.5, 1.0], [0.0, 0.5]],
    }
    return Solution(
        "conv-3x3-2x2",
        given,
        [
            Quantity("Z", convolve(X, K) + b),
            Quantity("A", apply("tanh", Z)),
            Quantity("L", _half_square(A - Y), "loss"),
            Quantity("delta", (A - Y) * slope("tanh", Z, A), "backward"),
            Quantity("dK", convolve(X, delta), "backward"),
            Quantity("db", total(delta), "backward"),
            Quantity("dX", spread(delta, K), "backward"),
            *_updates("K b", 0.2),
        ],
    )


def softmax_cross_entropy() -> Solution:
    """One sample, three features, three classes: softmax, cross-entropy, one step."""
    X, Y, W, b, Z, P, delta = map(ref, ("X", "Y", "W", "b", "Z", "P", "delta"))
    given = {
        "X": [[1.0, -2.0, 0.5]],
        "Y": [[0, 1, 0]],
        "W": [[0.2, -0.1, 0.4], [0.7, 0.3, -0.6], [-0.5, 0.9, 0.1]],
        "b": [0.1, -0.2, 0.3],
    }
    return Solution(
        "softmax-cross-entropy",
        given,
        [
            Quantity("Z", X @ W + b),
            Quantity("P", apply("softmax", Z)),
            Quantity("L", -total(Y * apply("log", P)), "loss"),
            Quantity("delta", P - Y, "backward"),
            Quantity("dW", X.T @ delta, "backward"),
            Quantity("db", total(delta, 0), "backward"),
            *_updates("W b", 0.3),
        ],
    )


def three_layers() -> Solution:
    """The hand-worked example of the source documents: three layers with one weight a unit, activation the identity."""
    names = "X Y W1 b1 W2 b2 W3 b3 Z1 A1 Z2 A2 Z3 A3 delta1 delta2 delta3".split()
    X, Y, W1, b1, W2, b2, W3, b3, Z1, A1, Z2, A2, Z3, A3, delta1, delta2, delta3 = map(ref, names)
    given = {
        "X": [1, 2, 3],
        "Y": [0, 1, 0],
        "W1": [0.1, 0.2, 0.3],
        "b1": [0.1, 0.1, 0.1],
        "W2": [0.1, 0.3, 0.5],
        "b2": [0.1, 0.1, 0.1],
        "W3": [0.1, 0.3, 0.5],
        "b3": [0.1, 0.1, 0.1],
    }
    backward = {
        "delta3": A3 - Y, "delta2": W3 * delta3, "delta1": W2 * delta2,
        "dW3": A2 * delta3, "db3": delta3, "dW2": A1 * delta2, "db2": delta2, "dW1": X * delta1, "db1": delta1,
    }  # fmt: skip
    return Solution(
        "3-3-3-3",
        given,
        [
            Quantity("Z1", W1 * X + b1),
            Quantity("A1", apply("identity", Z1)),
            Quantity("Z2", W2 * A1 + b2),
            Quantity("A2", apply("identity", Z2)),
            Quantity("Z3", W3 * A2 + b3),
            Quantity("A3", apply("identity", Z3)),
            *(Quantity(name, expression, "backward") for name, expression in backward.items()),
            *_updates("W3 b3 W2 b2 W1 b1", 0.01),
        ],
    )


PROBLEMS: dict[str, Callable[[], Solution]] = {
    "mazur": mazur,
    "relu-batch-4": relu_batch_of_4,
    "conv-3x3-2x2": conv_3x3_2x2,
    "softmax-cross-entropy": softmax_cross_entropy,
    "3-3-3-3": three_layers,
}


def problem(name: str) -> Solution:
    """Return a built-in problem.

    Examples
    --------
    >>> problem("mazur").truth["L"].round(9)
    np.float64(0.298371109)
    """
    if name not in PROBLEMS:
        raise ArgumentError(f"there is no problem called {name!r}", fix=did_you_mean(name, PROBLEMS))
    return PROBLEMS[name]()
