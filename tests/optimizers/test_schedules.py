"""Schedules against Keras over 100 steps."""

import keras
import numpy as np
import pytest

from stepgrad.optimizers import schedules

CASES = [
    ("ExponentialDecay", {"initial_learning_rate": 0.1, "decay_steps": 7, "decay_rate": 0.9}),
    (
        "ExponentialDecay",
        {"initial_learning_rate": 0.1, "decay_steps": 7, "decay_rate": 0.9, "staircase": True},
    ),
    ("PiecewiseConstantDecay", {"boundaries": [10, 50, 51], "values": [1.0, 0.5, 0.1, 0.01]}),
    ("PolynomialDecay", {"initial_learning_rate": 0.1, "decay_steps": 30, "power": 2.0}),
    (
        "PolynomialDecay",
        {"initial_learning_rate": 0.1, "decay_steps": 30, "cycle": True, "end_learning_rate": 0.01},
    ),
    ("InverseTimeDecay", {"initial_learning_rate": 0.1, "decay_steps": 7, "decay_rate": 0.5}),
    (
        "InverseTimeDecay",
        {"initial_learning_rate": 0.1, "decay_steps": 7, "decay_rate": 0.5, "staircase": True},
    ),
    ("CosineDecay", {"initial_learning_rate": 0.1, "decay_steps": 60, "alpha": 0.1}),
    (
        "CosineDecay",
        {"initial_learning_rate": 0.01, "decay_steps": 60, "warmup_target": 0.1, "warmup_steps": 20},
    ),
    ("CosineDecayRestarts", {"initial_learning_rate": 0.1, "first_decay_steps": 9}),
    (
        "CosineDecayRestarts",
        {"initial_learning_rate": 0.1, "first_decay_steps": 9, "t_mul": 1.0, "m_mul": 0.5},
    ),
    (
        "CosineDecayRestarts",
        {"initial_learning_rate": 0.1, "first_decay_steps": 9, "t_mul": 1.5, "alpha": 0.2},
    ),
]


@pytest.mark.parametrize(("name", "settings"), CASES)
def test_hundred_steps_are_those_of_keras(name, settings):
    ours, theirs = getattr(schedules, name)(**settings), getattr(keras.optimizers.schedules, name)(**settings)
    got = np.array([float(ours(step)) for step in range(100)])
    want = np.array([float(theirs(step)) for step in range(100)])
    if name == "CosineDecayRestarts":
        # At the first step of a period float32 may round the number of the period down, and Keras then gives the
        # end of the old period; ours starts the new one there. Everywhere else they must agree.
        starts = [s for s in range(100) if abs(got[s] - want[s]) > 1e-5]
        assert all(got[s] == max(got[s - 1 : s + 2]) for s in starts)
        assert len(starts) <= 2
        got[starts] = want[starts]
    np.testing.assert_allclose(got, want, rtol=2e-5, atol=1e-7)  # Keras computes in float32


@pytest.mark.parametrize(("name", "settings"), CASES)
def test_arrays_of_steps_and_configs(name, settings):
    schedule = getattr(schedules, name)(**settings)
    many = schedule(np.arange(100)).numpy()
    assert many.tolist() == [schedule(step).item() for step in range(100)]
    copy = schedules.deserialize(schedules.serialize(schedule))
    assert copy.get_config() == schedule.get_config()
    theirs = keras.optimizers.schedules.serialize(getattr(keras.optimizers.schedules, name)(**settings))
    assert schedules.deserialize(theirs).get_config() == theirs["config"]
