"""Wrong programs at the level of ops and the tape, and what each is told."""

import numpy as np
import pytest

import stepgrad as sg
from stepgrad import ops
from stepgrad.errors import StepgradError


def ones(*shape, dtype="float32"):
    return sg.Tensor(np.ones(shape, dtype))


def backward_twice():
    x = sg.Tensor(1.0, requires_grad=True)
    y = x * x
    y.backward()
    y.backward()


def assign_before_backward():
    w = sg.Variable([1.0], name="kernel")
    y = (w * w).sum()
    w.assign([2.0])
    y.backward()


WRONG = {
    "inner sizes differ": (
        lambda: ones(2, 3) @ ones(4, 5),
        r"matmul: .*\n.*expected: columns of a == rows of b\n.*3 != 4\n.*fix",
    ),
    "a number in a matrix product": (lambda: ones() @ ones(2), r"matmul(.|\n)*use \* for scaling"),
    "shapes that do not broadcast": (
        lambda: ones(2, 3) + ones(2),
        r"add(.|\n)*on axis -1(.|\n)*column vector",
    ),
    "reshape to another size": (lambda: ones(2, 3).reshape(4, 2), r"reshape(.|\n)*6 entries"),
    "an axis that is not there": (lambda: ones(2, 3).sum(2), r"sum(.|\n)*axis=2"),
    "an index that is not there": (lambda: ones(2)[5], r"getitem(.|\n)*5"),
    "words as data": (lambda: sg.Tensor(["cat", "dog"]), r"numbers and booleans(.|\n)*words to indices"),
    "gradient of integers": (
        lambda: sg.Tensor([1], requires_grad=True),
        r"floating-point(.|\n)*dtype='float32'",
    ),
    "backward of a vector": (
        lambda: sg.Tensor([1.0, 2.0], requires_grad=True).backward(),
        r"one entry(.|\n)*\.mean\(\)",
    ),
    "backward of a constant": (
        lambda: sg.Tensor(1.0).backward(),
        r"does not depend(.|\n)*requires_grad=True",
    ),
    "backward twice": (backward_twice, r"multiply(.|\n)*retain_graph=True"),
    "assign before backward": (assign_before_backward, r"multiply(.|\n)*kernel(.|\n)*before assign"),
    "change in place": (lambda: ones(2).__setitem__(0, 1.0), r"never changed in place(.|\n)*ops.where"),
    "truth of a vector": (lambda: bool(ones(2)), r"ops\.all"),
    "NumPy's out=": (lambda: np.add(ones(2), 1.0, out=np.ones(2, "float32")), r"leave the tape"),
    "channels first": (lambda: ops.conv(ones(1, 3, 32, 32), ones(3, 3, 3, 8)), r"conv(.|\n)*channels"),
    "no batch axis": (lambda: ops.conv(ones(32, 32, 3), ones(3, 3, 3, 8)), r"conv(.|\n)*batch"),
    "a kernel larger than the image": (
        lambda: ops.conv(ones(1, 2, 2, 1), ones(3, 3, 1, 1)),
        r"conv(.|\n)*larger|same",
    ),
    "a label outside the classes": (
        lambda: ops.sparse_categorical_crossentropy(np.array([0, 7]), ones(2, 3)),
        r"7(.|\n)*3 classes|3(.|\n)*7",
    ),
    "one-hot labels for the sparse loss": (
        lambda: ops.sparse_categorical_crossentropy(np.eye(3), ones(3, 3)),
        r"categorical_crossentropy",
    ),
    "integer labels for the categorical loss": (
        lambda: ops.categorical_crossentropy(np.array([0, 1, 2]), ones(3, 3)),
        r"sparse_categorical_crossentropy|one-hot|one_hot",
    ),
    "a word that the table does not have": (
        lambda: ops.embedding(np.array([5]), ones(3, 2)),
        r"5(.|\n)*input_dim",
    ),
    "sizes that differ on another axis": (
        lambda: ops.concatenate([ones(2, 3), ones(2, 4)], axis=0),
        r"concatenate(.|\n)*axis",
    ),
    "an einsum that does not fit": (
        lambda: ops.einsum("ij,jk->ik", ones(2, 3), ones(4, 5)),
        r"einsum(.|\n)*j",
    ),
    "a Variable of another shape": (
        lambda: sg.Variable([1.0, 2.0], name="w").assign([1.0]),
        r"'w' keeps its shape",
    ),
    "watching a NumPy array": (lambda: sg.GradientTape().watch(np.ones(2)), r"only a Tensor can be watched"),
    "an unknown rung": (lambda: sg.kernels.use(matmul="fast").__enter__(), r"matmul has no rung 'fast'"),
}


@pytest.mark.parametrize("name", WRONG)
def test_the_message_says_what_to_do(name):
    program, message = WRONG[name]
    with pytest.raises(StepgradError, match=message):
        program()


def test_an_error_names_the_layer_that_was_running():
    with (
        sg.scope("model"),
        sg.scope("dense_1"),
        pytest.raises(StepgradError, match="in layer 'model/dense_1'"),
    ):
        ones(2, 3) @ ones(4, 5)
