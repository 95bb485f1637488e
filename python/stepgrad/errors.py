"""Errors that teach: where it happened, what was expected, what came, and the likely fix."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class StepgradError(Exception):
    """Base of every error of stepgrad.

    Parameters
    ----------
    problem : str
        One sentence: what is wrong.
    op, layer : str, optional
        The op and the layer path. The tape fills them in when it knows them and the raiser did not.
    expected, got, fix : str, optional
        The relation that must hold, what was found, and what most often mends it.

    Examples
    --------
    >>> error = ShapeError("the inner sizes differ", op="matmul", expected="a.shape[-1] == b.shape[-2]",
    ...                    got="3 != 4", fix="transpose one of them")
    >>> print(error)
    matmul: the inner sizes differ
      expected: a.shape[-1] == b.shape[-2]
      got:      3 != 4
      fix:      transpose one of them
    """

    def __init__(
        self,
        problem: str,
        *,
        op: str | None = None,
        layer: str | None = None,
        expected: str | None = None,
        got: str | None = None,
        fix: str | None = None,
    ):
        super().__init__(problem)
        self.problem, self.op, self.layer = problem, op, layer
        self.expected, self.got, self.fix = expected, got, fix
        self.phase: str | None = None  # "backward" when it was raised while gradients were computed

    def at(self, op: str | None = None, layer: str | None = None, phase: str | None = None) -> StepgradError:
        """Fill in where it happened, without overwriting what is already known."""
        self.op = self.op or op
        self.layer = self.layer or layer
        self.phase = self.phase or phase
        return self

    def __str__(self) -> str:
        where = self.op or ""
        if self.layer:
            where += f" in layer '{self.layer}'" if where else f"layer '{self.layer}'"
        if self.phase:
            where += f" ({self.phase})"
        lines = [f"{where.strip()}: {self.problem}" if where else self.problem]
        for label, text in (("expected", self.expected), ("got", self.got), ("fix", self.fix)):
            if text:
                lines.append(f"  {label + ':':<9} {text}")
        return "\n".join(lines)


class ShapeError(StepgradError, ValueError):
    """Shapes that do not fit together."""


class DTypeError(StepgradError, TypeError):
    """A dtype, or a type of value, that the op cannot take."""


class ArgumentError(StepgradError, ValueError):
    """An argument outside of what is allowed."""


class GradientError(StepgradError, RuntimeError):
    """A gradient that cannot be computed: freed saved values, no path, an op without a gradient."""


class InPlaceError(GradientError):
    """An array that the tape saved for backward was changed before backward used it."""


class NaNError(StepgradError, ArithmeticError):
    """The NaN finder met the first NaN or infinity."""


class NotBuiltError(StepgradError, ValueError):
    """A layer or model was asked for weights or shapes that it gets only when it is built."""


class DeviceError(StepgradError, RuntimeError):
    """A device that is not there, or cannot be used."""


class KernelError(StepgradError, ValueError):
    """An unknown kernel or rung was asked for."""


class DataError(StepgradError, ValueError):
    """A data file that is missing, truncated or not what its name says."""


class MissingExtraError(StepgradError, ImportError):
    """An optional package is needed and not installed."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return a hint that names the nearest known word, or lists a few of them.

    Examples
    --------
    >>> did_you_mean("rleu", ["relu", "tanh"])
    "did you mean 'relu'?"
    """
    known = sorted(known)
    close = difflib.get_close_matches(str(name), known, n=1)
    if close:
        return f"did you mean '{close[0]}'?"
    return "use one of: " + ", ".join(known[:12]) + (", ..." if len(known) > 12 else "")


def require(module: str, extra: str, purpose: str):
    """Import an optional package, or say which extra brings it.

    Examples
    --------
    >>> require("json", "none", "reading JSON").__name__
    'json'
    """
    import importlib

    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MissingExtraError(
            f"{purpose} needs the package '{module.split('.')[0]}', which is not installed",
            fix=f'pip install "stepgrad[{extra}]"',
        ) from error
