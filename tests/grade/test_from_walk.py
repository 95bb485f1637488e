"""Solutions from walks: the numbers are the tape's, and slips are found in them."""

import numpy as np
import pytest

import stepgrad as sg
from stepgrad import layers, losses, optimizers
from stepgrad.grade import grade
from stepgrad.grade.from_walk import from_walk
from stepgrad.grade.worksheet import find_solution
from stepgrad.walk import examples


def network(kind):
    sg.utils.set_random_seed(4)
    if kind == "dense":
        return sg.Sequential(
            [layers.Input((2,)), layers.Dense(3, activation="tanh"), layers.Dense(2, activation="softmax")]
        ), (4, 2)
    return sg.Sequential(
        [
            layers.Input((6, 6, 1)),
            layers.Conv2D(2, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(2, activation="softmax"),
        ]
    ), (2, 6, 6, 1)


def walked(kind, optimizer):
    model, shape = network(kind)
    x = np.random.default_rng(0).normal(size=shape).astype("float32")
    y = np.eye(2, dtype="float32")[np.arange(shape[0]) % 2]
    return sg.walk(model, x, y, loss=losses.CategoricalCrossentropy(), optimizer=optimizer)


@pytest.mark.parametrize("kind", ["dense", "conv"])
@pytest.mark.parametrize(
    "optimizer",
    [
        optimizers.SGD(0.1),
        optimizers.SGD(0.1, momentum=0.9),
        optimizers.Adam(0.1),
        optimizers.Adagrad(0.1),
        optimizers.RMSprop(0.1),
    ],
    ids=["sgd", "momentum", "adam", "adagrad", "rmsprop"],
)
def test_every_step_can_be_computed_again(kind, optimizer):
    steps = walked(kind, type(optimizer).from_config(optimizer.get_config()))
    solution = from_walk(steps)
    made = [v for s in steps for v in s.outputs]
    assert {v.name for v in made} == set(solution)
    for value in made:
        # The walk is float32, the solution float64; Adam and RMSprop divide by the root of small gradients.
        np.testing.assert_allclose(
            solution.truth[value.name], value.array, rtol=2e-3, atol=1e-5, err_msg=value.name
        )


@pytest.mark.parametrize("name", examples.names)
def test_every_worked_example_makes_a_solution(name):
    steps = examples.get(name).walk()
    solution = from_walk(steps)
    for step in steps:
        for value in step.outputs:
            np.testing.assert_allclose(
                solution.truth[value.name], value.array, rtol=1e-9, atol=1e-12, err_msg=value.name
            )


def test_slips_in_a_walk_are_located_and_named():
    solution = from_walk(walked("dense", optimizers.SGD(0.1)))
    truth = solution.truth
    slips = {
        "Z1": (truth["XW1"] - truth["b1"], "sign flipped"),
        "A1": (truth["Z1"], "activation forgotten"),
        "delta1": (truth["dA1"], "activation derivative forgotten"),
        "db1": (truth["delta1"][0], "gradient not summed over the batch"),
        "W1'": (truth["W1"] + 0.1 * truth["dW1"], "update added instead of subtracted"),
        "dW2": (-truth["dW2"], "sign flipped"),
    }
    names = list(solution)
    truth_before = {
        step: {n: truth[n] for n in (*solution.given, *names[: names.index(step)])} for step in slips
    }
    for step, (value, mistake) in slips.items():
        work = solution.follow({**truth_before[step], step: value})
        if np.array_equal(value, truth[step]):
            continue  # a bias that is zero has no sign
        marks = grade(solution, {n: [f"{x:.8f}" for x in work[n].flat] for n in names})
        assert marks.first_wrong.name == step
        assert mistake in [e.mistake for e in marks.first_wrong.explanations[:2]]


def test_float32_numbers_are_meant_as_they_are_written():
    W = sg.Variable(np.float32([[0.1]]), name="W")
    solution = from_walk(sg.walk(lambda X: X @ W, sg.Tensor(np.float32([[0.3]]), name="X")))
    assert solution.given["W"].item() == 0.1


def test_the_name_of_a_worked_example_is_a_problem():
    assert find_solution("micrograd").title == "micrograd"
