"""Small arrays that nobody needs any more serve the next results: only those, and only where nobody can tell."""

import copy
import gc
import pickle
import weakref

import numpy as np
import pytest

import stepgrad as sg
from stepgrad import kernels, ops
from stepgrad.tape import is_compiled

pytestmark = pytest.mark.skipif(
    not kernels.compiled() or not is_compiled(), reason="uncompiled, arrays are freed"
)
MANY = 200  # more than are kept for one form


def results(x, count=MANY):
    return [x * x for _ in range(count)]


def tensor(*shape):
    return sg.Tensor(np.full(shape, 3, np.float32))


def test_a_result_takes_an_array_that_a_tensor_left():
    x = tensor(7)
    gone = results(x, 50)
    places = {id(y.array) for y in gone}
    del gone
    taken = [np.empty(7, np.float32) for _ in range(1000)]  # what was freed is theirs now
    assert not places.isdisjoint({id(y.array) for y in results(x, 50)})
    del taken


@pytest.mark.parametrize("hold", [lambda y: y.array, lambda y: y.numpy(), lambda y: memoryview(y.array)])
def test_an_array_that_somebody_knows_keeps_its_values(hold):
    x = tensor(5)
    held = [hold(y) for y in results(x)]
    later = results(x * 2.0)
    assert all(np.asarray(array).tolist() == [9.0] * 5 for array in held)
    assert all(y.tolist() == [36.0] * 5 for y in later)


def test_what_a_step_saved_keeps_its_values():
    x = sg.Tensor([0.5, 1.0], requires_grad=True)
    loss = sum((ops.exp(ops.exp(x)) for _ in range(20)), start=sg.Tensor([0.0, 0.0]))
    results(tensor(2))
    loss.backward(sg.Tensor([1.0, 1.0]))
    np.testing.assert_allclose(
        x.grad.numpy(), 20 * np.exp(np.exp([0.5, 1.0])) * np.exp([0.5, 1.0]), rtol=1e-6
    )


def test_a_view_is_nobodys_to_give():
    x = tensor(1, 6)
    for _ in range(MANY):
        view = ops.reshape(x, (6,))
        view * view  # now its form is known
        del view
    results(tensor(6))
    assert x.tolist() == [[3.0] * 6]


def test_a_weak_reference_dies_with_its_array():
    x = tensor(4)
    arrays = [weakref.ref(y.array) for y in results(x)]
    assert all(array() is None for array in arrays)


def test_a_cycle_of_tensors_is_freed():
    x = sg.Tensor([1.0, 2.0], requires_grad=True)
    (x * x * x).backward(sg.Tensor([1.0, 1.0]), create_graph=True)  # x.grad knows x
    gone = weakref.ref(x)
    for n in range(300):  # the table of forms begins anew: the form, too, is known to the cycle alone
        -sg.Tensor(np.zeros(n + 3))
    del x
    gc.collect()
    assert gone() is None
    assert results(tensor(2))[0].tolist() == [9.0, 9.0]


def test_copies_share_nothing():
    x = tensor(3)
    y = x * x
    for other in (copy.deepcopy(y), pickle.loads(pickle.dumps(y))):
        assert other.array is not y.array and other.tolist() == [9.0] * 3
        assert (other * other).tolist() == [81.0] * 3
