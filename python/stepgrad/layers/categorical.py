"""CategoryEncoding, Discretization, Hashing and HashedCrossing: features as class numbers, and class numbers as vectors."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

import numpy as np

from stepgrad import ops
from stepgrad.errors import ArgumentError, DTypeError, NotBuiltError, ShapeError
from stepgrad.layers.layer import LAYERS, Layer
from stepgrad.layers.weighted import check_choice, check_positive, refuse
from stepgrad.tape import Tensor

_VECTORS = ("one_hot", "multi_hot", "count", "tf_idf")


def encode(numbers: np.ndarray, mode: str, size: int, dtype: str, weights: Any = None) -> np.ndarray:
    """Turn class numbers into vectors.

    Parameters
    ----------
    numbers : int array
        [...] for "one_hot"; [..., n] for the others, which look at n numbers together. Numbers out of range are left out.
    mode : {"one_hot", "multi_hot", "count", "tf_idf"}
    size : int
        Of a vector.
    weights : array, optional
        With "count", how much each number counts; with "tf_idf" the weight of each class.

    Examples
    --------
    >>> encode(np.array([[0, 2, 2]]), "count", 4, "float32").tolist()
    [[1.0, 0.0, 2.0, 0.0]]
    """
    if mode == "one_hot":
        numbers = numbers[..., 0] if numbers.ndim and numbers.shape[-1] == 1 else numbers
        return (numbers[..., None] == np.arange(size)).astype(dtype)
    if not numbers.ndim:
        numbers = numbers[None]
    rows = numbers.reshape(-1, numbers.shape[-1])
    known = (rows >= 0) & (rows < size)
    counts = np.zeros((len(rows), size), np.float64)
    amounts = (
        np.ones(rows.shape)
        if weights is None or mode == "tf_idf"
        else np.broadcast_to(weights, numbers.shape)
    )
    which = np.broadcast_to(np.arange(len(rows))[:, None], rows.shape)
    np.add.at(counts, (which[known], rows[known]), amounts.reshape(rows.shape)[known])
    if mode == "multi_hot":
        counts = np.minimum(counts, 1)
    elif mode == "tf_idf":
        counts *= weights
    return counts.reshape(*numbers.shape[:-1], size).astype(dtype)


def numbers_of(layer: Layer, inputs: Any) -> np.ndarray:
    """Return the values of a layer's input."""
    if getattr(inputs, "is_symbolic", False):
        raise DTypeError(
            "this layer needs values", layer=layer.name, fix="run it over the data before the model"
        )
    return inputs.array if isinstance(inputs, Tensor) else np.asarray(inputs)


@LAYERS.register
class CategoryEncoding(Layer):
    """Turn class numbers into vectors.

    Parameters
    ----------
    num_tokens : int
    output_mode : {"one_hot", "multi_hot", "count"}
    sparse : bool
        Only False is offered.

    Examples
    --------
    >>> CategoryEncoding(4)(np.array([[0, 2]])).tolist()
    [[1.0, 0.0, 1.0, 0.0]]
    """

    def __init__(
        self,
        num_tokens: int | None = None,
        output_mode: str = "multi_hot",
        sparse: bool = False,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        refuse(self, sparse=sparse)
        self.num_tokens = check_positive(self, "num_tokens", num_tokens)
        self.output_mode = check_choice(self, "output_mode", output_mode, _VECTORS[:3])

    def call(self, inputs: Any, count_weights: Any = None) -> Any:
        x = numbers_of(self, inputs)
        if x.size and not 0 <= x.min() <= x.max() < self.num_tokens:
            raise ArgumentError(
                "a number is out of range", layer=self.name, expected=f"0 <= number < {self.num_tokens}",
                got=f"{x.min()} to {x.max()}",
            )  # fmt: skip
        weights = None if count_weights is None else np.asarray(count_weights)
        return ops.convert_to_tensor(
            encode(x.astype(np.int64), self.output_mode, self.num_tokens, self.compute_dtype, weights)
        )

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        if self.output_mode != "one_hot":
            return (*input_shape[:-1], self.num_tokens)
        return (*(input_shape[:-1] if input_shape[-1:] == (1,) else input_shape), self.num_tokens)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "num_tokens": self.num_tokens, "output_mode": self.output_mode}


class Numbering(Layer):
    """A layer whose result is class numbers, or vectors made of them."""

    def _start(self, output_mode: str, modes: tuple[str, ...], sparse: bool) -> None:
        refuse(self, sparse=sparse)
        self.output_mode = check_choice(self, "output_mode", output_mode, modes)
        self.autocast = False

    def _finish(self, numbers: np.ndarray, size: int) -> Any:
        if self.output_mode == "int":
            return ops.convert_to_tensor(numbers.astype(np.int64))
        dtype = self.compute_dtype if np.dtype(self.compute_dtype).kind == "f" else "float32"
        return ops.convert_to_tensor(encode(numbers, self.output_mode, size, dtype))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run on values of any kind, words included: these layers stand before the model."""
        if any(getattr(x, "is_symbolic", False) for x in args):
            return super().__call__(*args, **kwargs)
        return self.call(*args, **kwargs)


@LAYERS.register
class Discretization(Numbering):
    """Tell into which of some bins each number falls.

    Parameters
    ----------
    bin_boundaries : list of float, optional
        n ascending boundaries make n + 1 bins.
    num_bins : int, optional
        So many bins, with boundaries that :meth:`adapt` finds so that all hold about as many numbers.
    epsilon : float
        Kept for Keras programs: quantiles are exact here.
    output_mode : {"int", "one_hot", "multi_hot", "count"}
    sparse : bool
        Only False is offered.
    dtype, name : str, optional

    Examples
    --------
    >>> Discretization([0.0, 1.0])(np.array([-1.0, 0.5, 7.0])).tolist()
    [0, 1, 2]
    """

    def __init__(
        self, bin_boundaries: Any = None, num_bins: int | None = None, epsilon: float = 0.01, output_mode: str = "int",
        sparse: bool = False, dtype: Any = None, name: str | None = None, **kwargs: Any,
    ):  # fmt: skip
        super().__init__(dtype=dtype, name=name, **kwargs)
        self._start(output_mode, ("int", *_VECTORS[:3]), sparse)
        if (bin_boundaries is None) == (num_bins is None):
            raise ArgumentError("Discretization takes either bin_boundaries or num_bins", layer=self.name)
        self.given = None if bin_boundaries is None else sorted(float(x) for x in bin_boundaries)
        self.bin_boundaries, self.num_bins, self.epsilon = self.given, num_bins, epsilon

    def adapt(self, data: Any) -> None:
        """Find boundaries in an array, or an iterable of batches."""
        if self.num_bins is None:
            raise ArgumentError(
                "the boundaries were given", layer=self.name, fix="Discretization(num_bins=...)"
            )
        whole = isinstance(data, np.ndarray | Tensor | list)
        values = np.concatenate([np.ravel(np.asarray(part)) for part in ([data] if whole else data)])
        parts = np.linspace(0, 1, self.num_bins + 1)[1:-1]
        self.bin_boundaries = np.quantile(values, parts).astype(np.float32).tolist()

    def call(self, inputs: Any) -> Any:
        if self.bin_boundaries is None:
            raise NotBuiltError("the layer knows no boundaries yet", layer=self.name, fix="layer.adapt(data)")
        places = np.searchsorted(np.asarray(self.bin_boundaries), numbers_of(self, inputs), side="right")
        return self._finish(places, len(self.bin_boundaries) + 1)

    def get_config(self) -> dict[str, Any]:
        return {
            "name": self.name, "dtype": self.dtype, "bin_boundaries": self.given, "num_bins": self.num_bins,
            "epsilon": self.epsilon, "output_mode": self.output_mode,
        }  # fmt: skip


def bucket(value: Any, bins: int, salt: Any = None) -> int:
    """Return a number below `bins` that depends on the value and the salt only, on every machine.

    Examples
    --------
    >>> bucket("cat", 1)
    0
    """
    digest = hashlib.blake2b(
        str(value).encode(), digest_size=8, key=repr(salt).encode()[:64] if salt else b""
    )
    return int.from_bytes(digest.digest(), "little") % bins


@LAYERS.register
class Hashing(Numbering):
    """Give words or numbers class numbers without a vocabulary; a few of them will share one.

    The hash is BLAKE2: the numbers are not those of Keras, which uses other hashes.

    Parameters
    ----------
    num_bins : int
    mask_value : optional
        This value gets the number 0, and no other does.
    salt : int or list of int, optional
        For another distribution.
    output_mode : {"int", "one_hot", "multi_hot", "count"}
    sparse : bool
        Only False is offered.

    Examples
    --------
    >>> Hashing(1)(np.array(["cat", "dog"])).tolist()
    [0, 0]
    """

    def __init__(
        self, num_bins: int, mask_value: Any = None, salt: Any = None, output_mode: str = "int", sparse: bool = False,
        **kwargs: Any,
    ):  # fmt: skip
        super().__init__(**kwargs)
        self._start(output_mode, ("int", *_VECTORS[:3]), sparse)
        self.num_bins = check_positive(self, "num_bins", num_bins)
        self.mask_value, self.salt = mask_value, salt

    def call(self, inputs: Any) -> Any:
        values = numbers_of(self, inputs)
        masked = self.mask_value is not None
        bins = self.num_bins - 1 if masked and self.num_bins > 1 else self.num_bins
        first = self.num_bins - bins
        numbers = [
            0 if masked and v == self.mask_value else first + bucket(v, bins, self.salt)
            for v in values.ravel().tolist()
        ]
        return self._finish(np.array(numbers, np.int64).reshape(values.shape), self.num_bins)

    def get_config(self) -> dict[str, Any]:
        words = "num_bins mask_value salt output_mode".split()
        return {**super().get_config(), **{word: getattr(self, word) for word in words}}


@LAYERS.register
class HashedCrossing(Numbering):
    """Give each combination of two or more features a class number, by hashing it.

    Parameters
    ----------
    num_bins : int
    output_mode : {"int", "one_hot"}
    sparse : bool
        Only False is offered.
    name, dtype : str, optional

    Examples
    --------
    >>> HashedCrossing(1)((np.array(["a", "b"]), np.array([1, 2]))).tolist()
    [0, 0]
    """

    def __init__(
        self, num_bins: int, output_mode: str = "int", sparse: bool = False, name: str | None = None, dtype: Any = None,
        **kwargs: Any,
    ):  # fmt: skip
        super().__init__(name=name, dtype=dtype, **kwargs)
        self._start(output_mode, ("int", "one_hot"), sparse)
        self.num_bins = check_positive(self, "num_bins", num_bins)

    def call(self, inputs: Iterable[Any]) -> Any:
        features = [numbers_of(self, x) for x in inputs]
        if len(features) < 2 or len({x.shape for x in features}) > 1:
            raise ShapeError(
                "a crossing needs two or more features of one shape",
                layer=self.name,
                got=str([x.shape for x in features]),
            )
        rows = zip(*(x.ravel().tolist() for x in features), strict=True)
        numbers = [bucket("\x00".join(map(str, row)), self.num_bins) for row in rows]
        return self._finish(np.array(numbers, np.int64).reshape(features[0].shape), self.num_bins)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "num_bins": self.num_bins, "output_mode": self.output_mode}
