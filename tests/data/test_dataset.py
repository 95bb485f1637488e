"""Dataset: what its methods give, that it streams, and what it says about mistakes."""

import threading
import time
import tracemalloc

import numpy as np
import pytest

from stepgrad import Tensor, utils
from stepgrad.data import AUTOTUNE, INFINITE, UNKNOWN, Dataset
from stepgrad.errors import ArgumentError, DataError, DTypeError, ShapeError


def numbers(n=10):
    return Dataset.from_tensor_slices(np.arange(n))


def streamed(n=10):
    return Dataset.from_generator(lambda: iter(range(n)))


def ints(data):
    return [np.asarray(e).tolist() for e in data]


SOURCES = pytest.mark.parametrize("source", [numbers, streamed], ids=["arrays", "generator"])


@SOURCES
def test_what_the_methods_give(source):
    assert ints(source().take(3)) == [0, 1, 2] and ints(source().take(-1)) == list(range(10))
    assert ints(source().skip(8)) == [8, 9] and ints(source().skip(20)) == []
    assert ints(source(3).repeat(2)) == [0, 1, 2, 0, 1, 2] and ints(source(3).repeat(0)) == []
    assert ints(source(3).repeat().take(5)) == [0, 1, 2, 0, 1]
    assert ints(source(5).batch(2)) == [[0, 1], [2, 3], [4]]
    assert ints(source(5).batch(2, drop_remainder=True)) == [[0, 1], [2, 3]]
    assert ints(source(5).batch(2).batch(2, drop_remainder=True)) == [[[0, 1], [2, 3]]]
    assert ints(source(4).map(lambda x: x * x)) == [0, 1, 4, 9]
    assert ints(source(4).prefetch(AUTOTUNE)) == [0, 1, 2, 3]
    assert ints(Dataset.zip(source(2), source(9))) == [[0, 0], [1, 1]]
    assert ints(Dataset.zip((source(2), source(9)))) == [[0, 0], [1, 1]]
    data = source().batch(4)
    assert ints(data) == ints(data), "every iteration starts anew"


def test_lengths():
    data = numbers(10)
    assert len(data) == 10 and len(data.batch(4)) == 3 and len(data.batch(4, drop_remainder=True)) == 2
    assert len(data.repeat(3)) == 30 and len(data.skip(7)) == 3 and len(data.take(99)) == 10
    assert len(data.map(abs).cache().prefetch(1).shuffle(3)) == 10
    assert data.repeat().cardinality() == INFINITE and len(data.repeat().take(7)) == 7
    assert streamed().cardinality() == UNKNOWN and streamed().take(3).cardinality() == UNKNOWN
    assert Dataset.zip(data.repeat(), numbers(4)).cardinality() == 4
    for endless in (data.repeat(), streamed()):
        assert endless, "a data set is true, whatever its length"
        with pytest.raises(TypeError, match="endless|unknown"):
            len(endless)


def test_tuples_and_dicts_keep_their_structure():
    x, y = np.arange(12.0).reshape(6, 2), np.arange(6)
    data = Dataset.from_tensor_slices((x, {"a": y, "b": (y, -y)}))
    batch_x, rest = next(iter(data.batch(4)))
    assert batch_x.shape == (4, 2) and rest["b"][1].tolist() == [0, -1, -2, -3]
    mapped = data.map(lambda x, rest: {"sum": x.sum() + rest["a"], "tensor": Tensor(x)})
    element = next(iter(mapped.skip(1)))
    assert element["sum"] == 6.0 and isinstance(element["tensor"], np.ndarray)


@SOURCES
def test_shuffle(source):
    data = source(50).shuffle(50, seed=3)
    first, second = ints(data), ints(data)
    assert sorted(first) == list(range(50)) and first != list(range(50)) and first != second
    assert ints(source(50).shuffle(50, seed=3)) == first, "one seed, one order"
    fixed = source(50).shuffle(50, seed=3, reshuffle_each_iteration=False)
    assert ints(fixed) == ints(fixed) == first
    small = ints(source(50).shuffle(5, seed=3))
    assert sorted(small) == list(range(50)) and all(e <= i + 4 for i, e in enumerate(small)), (
        "an element cannot come before it is in the buffer"
    )
    assert ints(source(50).shuffle(1)) == list(range(50))
    epochs = ints(source(20).shuffle(20, seed=1).repeat(2))
    assert epochs[:20] != epochs[20:] and sorted(epochs[20:]) == list(range(20))


def test_the_order_follows_the_random_seed():
    orders = []
    for seed in (1, 1, 2):
        utils.set_random_seed(seed)
        orders.append(ints(numbers(30).shuffle(30)))
    assert orders[0] == orders[1] != orders[2]


def test_shuffle_is_uniform():
    # 3! orders in 1200 passes: 200 each; 60 is more than 4 standard deviations
    data, seen = numbers(3).shuffle(3, seed=0), {}
    for _ in range(1200):
        order = tuple(ints(data))
        seen[order] = seen.get(order, 0) + 1
    assert len(seen) == 6 and all(abs(count - 200) < 60 for count in seen.values())


@pytest.mark.parametrize("calls", [1, 3, AUTOTUNE])
def test_parallel_map_keeps_the_order_and_hands_errors_on(calls):
    def slow_at_first(x):
        time.sleep(0.02 if x == 0 else 0)
        return x * 2

    assert ints(numbers(8).map(slow_at_first, num_parallel_calls=calls)) == list(range(0, 16, 2))
    with pytest.raises(ZeroDivisionError):
        list(numbers(4).map(lambda x: 1 // 0, num_parallel_calls=calls))


def test_map_in_processes():
    assert ints(numbers(4).map(np.square, 2, use_multiprocessing=True)) == [0, 1, 4, 9]
    with pytest.raises(ArgumentError, match="(?s)top of a module.*lambda"):
        numbers(4).map(lambda x: x, 2, use_multiprocessing=True)


def test_threads_end_when_the_reader_stops():
    iterator = iter(numbers(1000).map(lambda x: x, num_parallel_calls=2).prefetch(3))
    assert next(iterator) == 0
    iterator.close()
    del iterator
    assert not [t for t in threading.enumerate() if t.name.startswith("stepgrad-")]


def test_parallel_stages_do_not_run_ahead():
    made = []
    data = streamed(10_000).map(lambda x: made.append(x) or x, num_parallel_calls=2).prefetch(4)
    iterator = iter(data)
    next(iterator)
    time.sleep(0.05)
    assert len(made) <= 4 + 2 * 2 + 2


def test_cache_in_memory_and_in_a_file(tmp_path):
    for arguments in ((), (tmp_path / "kept",)):
        calls = []

        def count(x, y, calls=calls):
            calls.append(x)
            return {"x": x * 2, "text": np.array("a"), "pair": (y, y)}

        data = (
            Dataset.from_tensor_slices((np.arange(6).reshape(3, 2), np.ones(3))).map(count).cache(*arguments)
        )
        assert len(list(data.take(1))) == 1, "a pass that stops early keeps nothing"
        first, second = list(data), list(data)
        assert len(calls) == 4
        for a, b in zip(first, second, strict=True):
            assert b["x"].tolist() == a["x"].tolist() and b["text"] == "a" and isinstance(b["pair"], tuple)
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]
    unpicklable = Dataset.from_generator(lambda: [np.array([[1], None], object)]).cache(tmp_path / "no")
    with pytest.raises(DTypeError, match="objects cannot be cached"):
        list(unpicklable)
    ragged = Dataset.from_generator(lambda: iter([1, (1, 2)])).cache(tmp_path / "no")
    with pytest.raises(ShapeError, match="one structure"):
        list(ragged)


def test_memory_stays_flat_however_long_the_stream(tmp_path):
    """The peak over 400 images is that over 40: only the batches under way are in memory."""
    images = np.lib.format.open_memmap(tmp_path / "images.npy", "w+", np.uint8, (400, 64, 64, 3))

    def peak(count):
        data = (
            Dataset.from_tensor_slices((images, np.arange(400)))
            .shuffle(400, seed=1)
            .map(lambda x, y: (x.astype("float32") / 255, y), num_parallel_calls=2)
            .batch(4)
            .prefetch(2)
        )
        tracemalloc.start()
        assert sum(len(y) for _, y in data.take(count // 4)) == count
        top = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return top

    peak(40)  # imports and first calls
    short, long = peak(40), peak(400)
    one_image = 64 * 64 * 3 * 4
    assert long < short + 16 * one_image, (short, long)
    assert long < 100 * one_image, "400 images of the stream, but never a quarter of them at once"


@pytest.mark.parametrize(
    ("make", "kind", "words"),
    [
        (lambda: Dataset.from_tensor_slices((np.ones(3), np.ones(4))), ShapeError, "(?s)rows together.*(3,)"),
        (lambda: Dataset.from_tensor_slices(5), ShapeError, "rows together"),
        (lambda: Dataset.from_tensor_slices([]), DataError, "no data"),
        (lambda: Dataset.from_generator(iter([1])), DTypeError, "(?s)function.*without calling"),
        (lambda: numbers().batch(0), ArgumentError, "batch_size must be an integer, 1 or more"),
        (lambda: numbers().shuffle(2.5), ArgumentError, "buffer_size"),
        (lambda: numbers().take(-2), ArgumentError, "count"),
        (
            lambda: list(Dataset.from_generator(lambda: [[1], [1, 2]]).batch(2)),
            ShapeError,
            "(?s)one batch.*pad",
        ),
    ],
)
def test_mistakes(make, kind, words):
    with pytest.raises(kind, match=words):
        make()
