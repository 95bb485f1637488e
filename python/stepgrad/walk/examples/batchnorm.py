"""Batch normalization, taken apart, and its backward pass derived."""

import numpy as np

from stepgrad import ops
from stepgrad.tape import Tensor, Variable
from stepgrad.walk.examples.example import Example, printed
from stepgrad.walk.naming import named
from stepgrad.walk.recorder import walk
from stepgrad.walk.steps import Walk

X, GAMMA, BETA, EPSILON = [[1.0], [2.0], [3.0], [6.0]], [2.0], [0.5], 1e-3
SLOPES = [[1.0], [0.0], [0.0], [-1.0]]  # the loss is the sum of the output times these


def run() -> Walk:
    """Record the normalization of a batch of four, op by op."""
    gamma, beta = Variable(GAMMA, name="gamma"), Variable(BETA, name="beta")
    slopes = Tensor(SLOPES, name="slopes")

    def normalize(x):
        d = named(x - named(ops.mean(x, 0), "mu"), "d")
        v = named(ops.mean(named(ops.square(d), "d2"), 0), "v")
        r = named(ops.rsqrt(named(v + EPSILON, "ve")), "r")
        y = named(named(named(d * r, "xhat") * gamma, "gx") + beta, "y")
        return named(ops.sum(named(y * slopes, "ys")), "L")

    return walk(normalize, Tensor(X, requires_grad=True, name="x"))


def further() -> dict:
    """The same gradient from the ops that layers use, and from the formula in one line."""
    x = Tensor(X, requires_grad=True)
    mean, variance = ops.moments(x, 0)
    y = ops.batch_normalization(x, mean, variance, -1, Tensor(BETA), Tensor(GAMMA), EPSILON)
    ops.sum(y * Tensor(SLOPES)).backward()
    x64, dy, n = np.array(X), np.array(SLOPES), len(X)
    r = 1 / np.sqrt(x64.var(0) + EPSILON)
    xhat = (x64 - x64.mean(0)) * r
    formula = np.array(GAMMA) * r / n * (n * dy - dy.sum(0) - xhat * (dy * xhat).sum(0))
    return {"from the layer's ops": x.grad.numpy(), "from the formula": formula}


DIGITS = "0.3056158732 -0.3816382032 0 0.0760223301"
EXAMPLE = Example(
    name="batchnorm",
    title="Batch normalization and its backward pass",
    source="Ioffe and Szegedy, Batch Normalization, 2015 (formulas); numbers worked for this project, checked against PyTorch",
    about="x reaches y along three ways: itself, the mean and the variance. Added up: "
    "dx = gamma r / n (n dy - sum dy - xhat sum(dy xhat)), with r = 1 / sqrt(v + epsilon).",
    run=run,
    further=further,
    printed=(
        *printed("mu", "3", shape=(1,)),
        *printed("v", "3.5", shape=(1,)),
        *printed("y", "-1.6377845593 -0.5688922797 0.5 3.7066768390", shape=(4, 1)),
        *printed("dgamma", "-2.6722306991", shape=(1,)),
        *printed("dbeta", "0", shape=(1,)),
        *printed("dx", DIGITS, shape=(4, 1)),
        *printed("from the layer's ops", DIGITS, shape=(4, 1)),
        *printed("from the formula", DIGITS, shape=(4, 1)),
    ),
)
