"""What a direct call of a kernel looks like in a test: arguments, outputs full of rubbish, the expected values."""

from dataclasses import dataclass

import numpy as np

# Around the vector widths 2, 4, 8 and 16 and the unrolled loops above them; primes; nothing at all.
SIZES = (0, 1, 2, 3, 4, 5, 7, 8, 9, 13, 15, 16, 17, 31, 33, 65, 1009)
SPECIAL = (np.nan, np.inf, -np.inf, -0.0, 0.0, 1e-40)


@dataclass
class Out:
    """An argument that the kernel writes completely. It is passed in full of rubbish."""

    want: np.ndarray

    def make(self, dtype):
        own = np.asarray(self.want).dtype
        return np.full(np.shape(self.want), *((-77, own) if own.kind == "i" else (np.nan, dtype)))


@dataclass
class InOut:
    """An argument that the kernel updates in place."""

    start: np.ndarray
    want: np.ndarray

    def make(self, dtype):
        return self.start.astype(dtype)


@dataclass
class Case:
    """One call: arrays (float64 or int64), Out, InOut and plain numbers in the order of the kernel's arguments."""

    args: tuple
    rtol: float = 1e-5  # float32: a few roundings of 6e-8 each, and short sums
    atol: float = 1e-6

    def run(self, function, dtype):
        """Call ``function`` and return [(got, want), ...]; check that the inputs were left alone."""
        passed = [to_argument(a, dtype) for a in self.args]
        before = [a.copy() if isinstance(a, np.ndarray) else a for a in passed]
        function(*passed)
        results = []
        for arg, old, now in zip(self.args, before, passed, strict=True):
            if isinstance(arg, Out | InOut):
                results.append((now, arg.want))
            elif isinstance(arg, np.ndarray):
                np.testing.assert_array_equal(now, old, "an input was changed")
        return results

    def check(self, function, dtype):
        for got, want in self.run(function, dtype):
            if got.dtype.kind == "i":
                np.testing.assert_array_equal(got, want)
                continue
            shrink = 1 if dtype == "float32" else 1e-7  # double has nine digits more, minus a margin
            with np.errstate(over="ignore"):
                want = np.asarray(want).astype(dtype)
            np.testing.assert_allclose(got, want, rtol=self.rtol * shrink, atol=self.atol * shrink)


def to_argument(arg, dtype):
    if isinstance(arg, Out | InOut):
        return arg.make(dtype)
    if isinstance(arg, np.ndarray) and arg.dtype.kind == "f":
        return arg.astype(dtype)
    return arg


def rounded(a):
    """The values that float32 can hold: the reference must start from the same numbers as the kernel."""
    return np.asarray(a, "float32").astype("float64")


def draw(rng, *shape, scale=1.0):
    return rounded(rng.standard_normal(shape) * scale)
