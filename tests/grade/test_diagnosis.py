"""Diagnosis: slips that are computed here with plain NumPy, not with the grader's own library."""

import numpy as np
import pytest

from stepgrad.grade import grade, problem
from stepgrad.grade.injection import run

MAZUR, BATCH, CONV, SOFTMAX = map(problem, ("mazur", "relu-batch-4", "conv-3x3-2x2", "softmax-cross-entropy"))


def v(solution):
    """The solution's names as attributes."""
    return type("Values", (), {name.replace("'", "_new"): value for name, value in solution.truth.items()})


m, q, c, s = map(v, (MAZUR, BATCH, CONV, SOFTMAX))


def swapped(x, index, text):
    x = x.copy()
    x[index] = float(text)
    return x


CASES = [
    (MAZUR, "Z1", m.X @ m.W1, "bias forgotten"),
    (MAZUR, "Z1", m.X @ m.W1.T + m.b1, "transposed weight"),
    (MAZUR, "Z2", m.A1 * np.diag(m.W2) + m.b2, "elementwise instead of matrix product"),
    (MAZUR, "A1", np.tanh(m.Z1), "a different activation"),
    (MAZUR, "A1", m.Z1, "activation forgotten"),
    (MAZUR, "L", ((m.A2 - m.Y) ** 2).sum(), "mean instead of sum"),
    (MAZUR, "L", ((m.A2 - m.Y) ** 2).mean() / 2, "mean instead of sum"),
    (MAZUR, "delta2", m.A2 - m.Y, "activation derivative forgotten"),
    (MAZUR, "delta2", (m.Y - m.A2) * m.A2 * (1 - m.A2), "sign flipped"),
    (MAZUR, "delta2", (m.A2 - m.Y) * m.Z2 * (1 - m.Z2), "activation derivative at the wrong place"),
    (MAZUR, "delta2", (m.A2 - m.Y) * (1 - m.A2**2), "derivative of a different activation"),
    (MAZUR, "delta1", (m.delta2 @ m.W2_new.T) * m.A1 * (1 - m.A1), "new weights in the backward pass"),
    (MAZUR, "delta1", (m.delta2 @ m.W2) * m.A1 * (1 - m.A1), "transposed weight"),
    (MAZUR, "dW1", m.delta1.T @ m.X, "transposed weight"),
    (MAZUR, "dW2", m.X.T @ m.delta2, "wrong operand"),
    (MAZUR, "W1'", m.W1 - m.dW1, "learning rate forgotten"),
    (MAZUR, "W2'", m.W2 - 0.25 * m.dW2, "learning rate applied twice"),
    (MAZUR, "b2'", m.b2 + 0.5 * m.db2, "update added instead of subtracted"),
    (MAZUR, "W2'", m.W2 + m.dW2, "learning rate forgotten + update added instead of subtracted"),
    (MAZUR, "A2", swapped(m.A2, (0, 0), "0.75163507"), "digits swapped"),
    (MAZUR, "dW1", m.dW1 * 10, "off by a power of ten"),
    (MAZUR, "dW2", swapped(m.dW2, (1, 0), m.dW2[0, 0]), "value copied from elsewhere"),
    (MAZUR, "Z2", np.round(m.A1, 2) @ m.W2 + m.b2, "rounded too early"),
    (BATCH, "P", np.exp(q.Z2), "softmax forgotten"),
    (BATCH, "delta2", (q.Z2 - q.Y) / 4, "softmax forgotten"),
    (BATCH, "delta2", q.P - q.Y, "mean instead of sum"),
    (BATCH, "db2", q.delta2[0], "gradient not summed over the batch"),
    (BATCH, "dW1", np.outer(q.X[3], q.delta1[3]), "gradient not summed over the batch"),
    (BATCH, "db1", q.delta1.mean(0), "mean instead of sum"),
    (BATCH, "delta1", q.delta2 @ q.W2.T, "activation derivative forgotten"),
    (BATCH, "Z1", q.X[::-1] @ q.W1 + q.b1, "wrong row or index"),
    (CONV, "Z", np.array([[(c.X[i : i + 2, j : j + 2] * c.K[::-1, ::-1]).sum() for j in (0, 1)] for i in (0, 1)]) + c.b, "transposed weight"),
    (CONV, "delta", c.A - c.Y, "activation derivative forgotten"),
    (CONV, "db", c.delta.mean(), "mean instead of sum"),
    (SOFTMAX, "P", np.exp(s.Z) / (1 + np.exp(s.Z)), "a different activation"),
    (SOFTMAX, "delta", s.Y - s.P, "sign flipped"),
    (SOFTMAX, "L", -(s.Y * s.P).sum(), "square or logarithm forgotten"),
    (SOFTMAX, "dW", -s.dW, "sign flipped"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("solution", "step", "value", "mistake"), CASES, ids=[f"{k[0].title}-{k[1]}-{k[3]}" for k in CASES]
)
def test_a_slip_is_located_and_named(solution, step, value, mistake):
    before = {}
    for name in (*solution.given, *solution):
        if name == step:
            break
        before[name] = solution.truth[name]
    work = solution.follow({**before, step: np.asarray(value)})
    marks = grade(solution, {name: [f"{x:.8f}" for x in work[name].flat] for name in solution})
    assert marks.first_wrong.name == step
    assert mistake in [e.mistake for e in marks.first_wrong.explanations[:2]]


def test_a_slip_in_a_step_that_was_not_written_down():
    a1 = 1 / (1 + np.exp(-(m.X @ m.W1)))
    marks = grade(MAZUR, {"A1": [f"{x:.8f}" for x in a1.flat]})
    best = marks.first_wrong.explanations[0]
    assert (best.mistake, best.step) == ("bias forgotten", "Z1")
    assert "not written down" in best.text


def test_digits_swapped_in_one_entry_says_which():
    marks = grade(MAZUR, {"A2": ["0.75163507", "0.77292847"]})
    assert marks.first_wrong.explanations[0].text.endswith("0.75136507 became 0.75163507")


def test_nonsense_is_not_explained():
    marks = grade(MAZUR, {"Z1": ["17.3921", "-4.7702"]})
    assert marks.first_wrong.explanations == []
    assert marks.first_wrong.unexplained.all()


@pytest.fixture(scope="module")
def injected():
    return run(ways=1, seed=1)


def share(flags):
    flags = list(flags)
    return sum(flags) / len(flags)


def test_injected_mistakes_are_located_and_named(injected):
    assert len(injected) > 500
    assert share(r.located for r in injected) >= 0.95
    assert share(r.named for r in injected) >= 0.90


@pytest.mark.parametrize(
    "name", ["mazur", "relu-batch-4", "conv-3x3-2x2", "softmax-cross-entropy", "3-3-3-3"]
)
def test_in_every_network(injected, name):
    mine = [r for r in injected if r.problem == name]
    assert share(r.located for r in mine) >= 0.95
    assert share(r.named for r in mine) >= 0.90
