"""sparse_plus, sparse_sigmoid: softplus and sigmoid with exact zeros; hard_tanh; squareplus."""

from __future__ import annotations

from stepgrad.tape.state import public


def sparse_plus(x):
    """0 below -1, x above 1, and (x + 1)^2 / 4 between: its gradient is `sparse_sigmoid`.

    Examples
    --------
    >>> sparse_plus([-2.0, 0.0, 3.0]).tolist()
    [0.0, 0.25, 3.0]
    """
    inside = public["clip"](x, -1.0, 1.0)
    return public["square"](inside + 1.0) * 0.25 + public["relu"](public["subtract"](x, 1.0))


def sparse_sigmoid(x):
    """0 below -1, 1 above 1, and (x + 1) / 2 between.

    Examples
    --------
    >>> sparse_sigmoid([-2.0, 0.0, 3.0]).tolist()
    [0.0, 0.5, 1.0]
    """
    return (public["clip"](x, -1.0, 1.0) + 1.0) * 0.5


def hard_tanh(x):
    """-1 below -1, 1 above 1, and x between.

    Examples
    --------
    >>> hard_tanh([-2.0, 0.5, 3.0]).tolist()
    [-1.0, 0.5, 1.0]
    """
    return public["clip"](x, -1.0, 1.0)


def squareplus(x, b=4):
    """(x + sqrt(x^2 + b)) / 2, a smooth relu without exponentials.

    Source: Barron 2021, arXiv:2112.11687.

    Examples
    --------
    >>> squareplus([0.0]).tolist()
    [1.0]
    """
    return public["add"](x, public["sqrt"](public["square"](x) + float(b))) * 0.5
