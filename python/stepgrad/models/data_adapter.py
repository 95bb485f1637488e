"""From what users pass to fit, evaluate and predict to batches (x, y, sample_weight) of Tensors."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Iterator
from typing import Any

import numpy as np

from stepgrad import config
from stepgrad.errors import ArgumentError, DataError, DTypeError, ShapeError
from stepgrad.models.frames import is_table, table_to_array
from stepgrad.tape import Tensor, wrap
from stepgrad.utils.tree import flatten, map_structure

Batch = tuple[Any, Any, Any]


def to_array(value: Any, what: str) -> np.ndarray:
    """Return `value` as a contiguous array of numbers with a first axis; floats become ``config.floatx()``."""
    array = _as_array(value, what)
    if array.dtype.kind not in "fiub":
        fixes = {
            "O": "pad the rows to one length, or leave out None and other things that are no numbers",
            "U": "map the words to integers first, for example with a StringLookup or a dict",
        }
        raise DTypeError(
            f"{what} must hold numbers",
            expected="floats, integers or booleans",
            got=f"an array of {'objects' if array.dtype.kind == 'O' else 'dtype ' + str(array.dtype)}",
            fix=fixes.get(
                "U" if array.dtype.kind in "US" else array.dtype.kind, "convert it to floats first"
            ),
        )
    if array.ndim == 0:
        raise ShapeError(f"{what} must have a first axis, the samples", got=f"the single number {array}")
    if array.dtype.kind == "f" and array.dtype != config.floatx():
        return array.astype(config.floatx(), order="C")
    return np.ascontiguousarray(array)


def _as_array(value: Any, what: str) -> np.ndarray:
    if type(value) is np.ndarray:
        return value
    if isinstance(value, Tensor):
        return value.array
    if is_table(value):
        return table_to_array(value, what)
    if hasattr(value, "detach"):  # a tensor of PyTorch, perhaps with a gradient, perhaps on a GPU
        value = value.detach().cpu()
    return np.asarray(value)


def to_arrays(data: Any, what: str) -> Any:
    """Apply `to_array` to each array of a nested structure; lists of numbers become one array, None stays."""
    if data is None:
        return None
    if isinstance(data, dict):
        return {key: to_arrays(part, f"{what}['{key}']") for key, part in data.items()}
    if isinstance(data, list | tuple) and any(
        hasattr(part, "shape") or isinstance(part, dict) for part in data
    ):
        return tuple([to_arrays(part, f"{what}[{i}]") for i, part in enumerate(data)])
    try:
        return to_array(data, what)
    except ValueError as error:
        if isinstance(error, ShapeError):
            raise
        raise ShapeError(
            f"{what} is no regular array", got=str(error), fix="pad the rows to one length, or cut them"
        ) from error


def to_sample_weight(data: Any) -> Any:
    """Return sample weights as float arrays."""
    return (
        None
        if data is None
        else map_structure(
            lambda w: None if w is None else w.astype(config.floatx(), copy=False),
            to_arrays(data, "sample_weight"),
        )
    )


def class_weights_of(y: Any, class_weight: dict[int, float]) -> np.ndarray:
    """Return one weight a sample by its class; classes that are not named weigh 1.

    Examples
    --------
    >>> class_weights_of(np.array([0, 2, 1]), {0: 0.5, 2: 3.0}).tolist()
    [0.5, 3.0, 1.0]
    """
    labels = to_arrays(y, "y")
    if not isinstance(labels, np.ndarray):
        raise ArgumentError(
            "class_weight needs a single array of labels", fix="use sample_weight for several outputs"
        )
    shape = labels.shape
    if labels.ndim > 1:
        labels = labels.argmax(axis=-1) if labels.shape[-1] != 1 else labels[..., 0]
    labels = np.round(labels).astype(np.int64)
    if labels.ndim > 1:
        raise ArgumentError(
            "class_weight needs one class a sample", got=f"labels of shape {shape}", fix="use sample_weight"
        )
    weights = np.ones(len(labels), dtype=config.floatx())
    for label, weight in class_weight.items():
        weights[labels == label] = weight
    return weights


def unpack(data: Any) -> Batch:
    """Return (x, y, sample_weight) from what a batch or ``validation_data`` may be: x, (x,), (x, y) or all three."""
    if isinstance(data, list):
        data = tuple(data)
    if not isinstance(data, tuple):
        return data, None, None
    if len(data) > 3 or not data:
        raise ArgumentError(
            "data must be x, (x, y) or (x, y, sample_weight)",
            got=f"a tuple of {len(data)}",
            fix="put several inputs into a list: ([x1, x2], y)",
        )
    return tuple(data) + (None,) * (3 - len(data))


def as_given(batch: Any) -> Any:
    """Return a batch without what was not given, as a `train_step` of somebody's own expects it: ``x, y = data``."""
    if not isinstance(batch, tuple):
        return batch
    x, y, sample_weight = batch
    return batch if sample_weight is not None else (x, y) if y is not None else (x,)


def number_of_samples(x: Any, y: Any, sample_weight: Any) -> int:
    """Check that all arrays have the same length, and return it."""
    lengths: dict[int, str] = {}
    for name, data in (("x", x), ("y", y), ("sample_weight", sample_weight)):
        for array in flatten(data):
            if array is not None:
                lengths.setdefault(len(array), name)
    if len(lengths) > 1:
        (first, a), (second, b) = list(lengths.items())[:2]
        where = f"two arrays in {a}" if a == b else f"{a} and {b}"
        raise ShapeError(
            f"{where} have different numbers of samples",
            expected=f"{first} samples in each",
            got=f"{first} in {a}, {second} in {b}",
            fix="the first axis counts the samples; was one of them transposed, or cut differently?",
        )
    count = next(iter(lengths), 0)
    if count == 0:
        raise DataError("there is no data", got="0 samples", fix="check how x was loaded or filtered")
    return count


class ArraySource:
    """Arrays in memory: a batch is a slice, or, shuffled, a gather."""

    def __init__(self, x: Any, y: Any, sample_weight: Any, batch_size: int | None, class_weight: dict | None):
        self.x, self.y = to_arrays(x, "x"), to_arrays(y, "y")
        self.sample_weight = to_sample_weight(sample_weight)
        self.samples = number_of_samples(self.x, self.y, self.sample_weight)
        if class_weight is not None:
            self.sample_weight = class_weights_of(self.y, class_weight)
        self.batch_size = 32 if batch_size is None else batch_size
        self.num_batches: int | None = -(-self.samples // self.batch_size)

    def pass_over(self, order: np.random.Generator | None, skip: int) -> Iterator[Batch]:
        """Yield the batches of one pass over the data, from number `skip` on."""
        permutation = None if order is None else order.permutation(self.samples)
        data = (self.x, self.y, self.sample_weight)
        for start in range(skip * self.batch_size, self.samples, self.batch_size):
            stop = min(start + self.batch_size, self.samples)
            if permutation is None:
                yield tuple([_map(part, lambda a: wrap(a[start:stop])) for part in data])  # noqa: B023
            else:
                rows = permutation[start:stop]
                yield tuple([_map(part, lambda a: wrap(a.take(rows, axis=0))) for part in data])  # noqa: B023


def _map(data: Any, function: Any) -> Any:
    if data is None or isinstance(data, np.ndarray):
        return None if data is None else function(data)
    if isinstance(data, dict):
        return {key: _map(part, function) for key, part in data.items()}
    return tuple([_map(part, function) for part in data])


class _BatchSource:
    """Batches that somebody else made."""

    def __init__(self, data: Any, class_weight: dict | None):
        self.data, self.class_weight = data, class_weight
        self.num_batches: int | None = None

    def _batch(self, item: Any) -> Batch:
        x, y, sample_weight = unpack(item)
        if self.class_weight is not None:
            if sample_weight is not None:
                raise _both_weights()
            sample_weight = class_weights_of(y, self.class_weight)
        return to_batch(x, y, sample_weight)


def to_batch(x: Any, y: Any = None, sample_weight: Any = None) -> Batch:
    """Return one batch of Tensors, with lengths checked."""
    x, y, sample_weight = to_arrays(x, "x"), to_arrays(y, "y"), to_sample_weight(sample_weight)
    number_of_samples(x, y, sample_weight)
    return tuple([_map(part, wrap) for part in (x, y, sample_weight)])


class SequenceSource(_BatchSource):
    """An object with a length whose items are batches: Keras's PyDataset. Shuffling changes the order of the batches."""

    def __init__(self, data: Any, class_weight: dict | None):
        super().__init__(data, class_weight)
        self.num_batches = self._length = len(data)
        if not self._length:
            raise DataError("there is no data", got=f"{type(data).__name__} of length 0")

    def pass_over(self, order: np.random.Generator | None, skip: int) -> Iterator[Batch]:
        """Yield the batches of one pass over the data, from number `skip` on."""
        numbers = np.arange(self._length) if order is None else order.permutation(self._length)
        for i in numbers[skip:]:
            yield self._batch(self.data[int(i)])
        if hasattr(self.data, "on_epoch_end"):
            self.data.on_epoch_end()


class IterableSource(_BatchSource):
    """A generator, or anything else that can be iterated; its order is its own."""

    def __init__(self, data: Any, class_weight: dict | None):
        super().__init__(data, class_weight)
        self.one_pass = iter(data) is data
        self.num_batches = operator.length_hint(data) or None  # a Dataset may have a length or not

    def pass_over(self, order: np.random.Generator | None, skip: int) -> Iterator[Batch]:
        """Yield the batches of one pass over the data, from number `skip` on."""
        for item in itertools.islice(iter(self.data), skip, None):
            yield self._batch(item)


def source_of(x: Any, y: Any, sample_weight: Any, batch_size: int | None, class_weight: dict | None) -> Any:
    """Return the source that fits what the user passed."""
    batches = y is None and _holds_batches(x)
    if not batches:
        if class_weight is not None and sample_weight is not None:
            raise _both_weights()
        if class_weight is not None and y is None:
            raise ArgumentError("class_weight needs the labels y")
        return ArraySource(x, y, sample_weight, batch_size, class_weight)
    for name, value in (("sample_weight", sample_weight), ("batch_size", batch_size)):
        if value is not None:
            raise ArgumentError(
                f"{name} does not go with data that comes in batches",
                got=f"x of type {type(x).__name__}",
                fix="let every batch be (x, y, sample_weight)"
                if name == "sample_weight"
                else "leave batch_size out",
            )
    is_sequence = hasattr(x, "__len__") and hasattr(x, "__getitem__") and not isinstance(x, list)
    return (SequenceSource if is_sequence else IterableSource)(x, class_weight)


def _holds_batches(x: Any) -> bool:
    if x is None:
        raise ArgumentError("there is no data", got="x=None", fix="pass x, and y")
    if isinstance(x, dict | tuple) or hasattr(x, "__array__") or hasattr(x, "shape"):
        return False
    if isinstance(x, list):
        return (
            bool(x) and all(isinstance(item, tuple) for item in x) and any(hasattr(a, "shape") for a in x[0])
        )
    if isinstance(x, str | bytes) or not (hasattr(x, "__iter__") or hasattr(x, "__getitem__")):
        raise DTypeError(
            "this is no data",
            expected="arrays, a list or dict of arrays, or an iterable of batches",
            got=f"{type(x).__name__}: {x!r:.60}",
            fix="call the function to get its generator" if callable(x) else None,
        )
    return True


def _both_weights() -> ArgumentError:
    return ArgumentError(
        "class_weight and sample_weight do not go together",
        fix="multiply the class weights into sample_weight",
    )


def unpack_validation(data: Any) -> Batch:
    """Return (x, y, sample_weight) from ``validation_data``, which may also be an iterable of batches."""
    return (data, None, None) if isinstance(data, list) and _holds_batches(data) else unpack(data)


def split_validation(data: Batch, fraction: float) -> tuple[Batch, Batch]:
    """Cut the last `fraction` of the samples off, as Keras does, before any shuffling."""
    if not 0 < fraction < 1:
        raise ArgumentError("validation_split must lie between 0 and 1", got=repr(fraction))
    if data[1] is None and _holds_batches(data[0]):
        raise ArgumentError("validation_split needs arrays", fix="pass validation_data instead")
    x, y, sample_weight = to_arrays(data[0], "x"), to_arrays(data[1], "y"), to_sample_weight(data[2])
    samples = number_of_samples(x, y, sample_weight)
    at = int(np.floor(samples * (1 - fraction)))
    if at in (0, samples):
        raise ArgumentError(
            "validation_split leaves one part without data",
            got=f"{samples} samples and validation_split={fraction}",
        )
    parts = (x, y, sample_weight)
    return tuple(_map(p, lambda a: a[:at]) for p in parts), tuple(_map(p, lambda a: a[at:]) for p in parts)
