"""GradientTape: TensorFlow's door to the same tape."""

import numpy as np
import pytest

import stepgrad as sg
from stepgrad import ops
from stepgrad.errors import ArgumentError, DTypeError, GradientError


def test_variables_are_watched_and_tensors_on_request():
    w, x = sg.Variable(3.0), sg.Tensor(2.0)
    with sg.GradientTape() as tape:
        tape.watch(x)
        y = w * x
    assert [g.item() for g in tape.gradient(y, [w, x])] == [2.0, 3.0]
    assert not x.requires_grad  # watched only while the tape was open


def test_the_result_is_arranged_like_the_sources():
    w, b = sg.Variable(3.0), sg.Variable(1.0)
    with sg.GradientTape() as tape:
        y = w * w + b
    gradients = tape.gradient(y, {"w": w, "rest": [b]})
    assert gradients["w"].item() == 6.0 and gradients["rest"][0].item() == 1.0


def test_gradients_of_intermediate_results():
    w = sg.Variable(3.0)
    with sg.GradientTape() as tape:
        h = w * w
        y = ops.exp(h) * h
    gh = tape.gradient(y, h).item()
    assert gh == pytest.approx(np.exp(9.0) * 10, rel=1e-6)  # float32


def test_only_a_persistent_tape_can_be_used_twice():
    w = sg.Variable(3.0)
    with sg.GradientTape() as tape:
        y = w * w
    tape.gradient(y, w)
    with pytest.raises(GradientError, match="persistent=True"):
        tape.gradient(y, w)
    with sg.GradientTape(persistent=True) as tape:
        y = w * w
    assert tape.gradient(y, w).item() == tape.gradient(y, w).item() == 6.0


def test_unconnected_sources():
    w, other = sg.Variable(3.0), sg.Variable([1.0, 2.0])
    with sg.GradientTape(persistent=True) as tape:
        y = w * w
    assert tape.gradient(y, other) is None
    assert tape.gradient(y, other, unconnected_gradients="zero").tolist() == [0.0, 0.0]
    with pytest.raises(ArgumentError):
        tape.gradient(y, other, unconnected_gradients="nothing")


def test_nested_tapes_give_second_derivatives():
    x = sg.Variable(2.0)
    with sg.GradientTape() as outer:
        with sg.GradientTape() as inner:
            y = x * x * x
        dy = inner.gradient(y, x)
    assert dy.item() == 12.0 and outer.gradient(dy, x).item() == 12.0


def test_several_targets_and_their_gradients():
    x = sg.Variable([1.0, 2.0])
    with sg.GradientTape(persistent=True) as tape:
        a, b = x * 2.0, x * x
    assert tape.gradient([a, b], x).tolist() == [4.0, 6.0]
    assert tape.gradient(a, x, output_gradients=sg.Tensor([1.0, 10.0])).tolist() == [2.0, 20.0]


def test_a_source_that_is_the_target():
    x = sg.Variable(2.0)
    with sg.GradientTape() as tape:
        pass
    assert tape.gradient(x, x).item() == 1.0


def test_the_tape_is_a_list_of_steps():
    w = sg.Variable(3.0)
    with sg.GradientTape() as tape:
        ops.exp(w * w)
        with tape.stop_recording():
            w + 1.0
    assert [step.op.name for step in tape.steps] == ["multiply", "exp"]


def test_only_float_tensors_can_be_watched():
    with sg.GradientTape() as tape:
        with pytest.raises(DTypeError):
            tape.watch(np.ones(3))
        with pytest.raises(DTypeError):
            tape.watch(sg.Tensor([1, 2]))
        tape.watch([sg.Tensor(1.0), sg.Tensor(2.0)])
