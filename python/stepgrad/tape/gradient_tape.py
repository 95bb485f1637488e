"""GradientTape, and switching recording off."""

from __future__ import annotations

from typing import Any

from stepgrad.errors import ArgumentError, DTypeError, GradientError
from stepgrad.tape.backward import run_backward
from stepgrad.tape.state import state
from stepgrad.tape.tensor import Tensor, as_tensor, wrap


class no_grad:
    """Record nothing inside the block.

    Examples
    --------
    >>> import stepgrad as sg
    >>> x = sg.Tensor(1.0, requires_grad=True)
    >>> with sg.no_grad():
    ...     y = x * 2
    >>> y.requires_grad
    False
    """

    def __enter__(self) -> None:
        self.before, state.recording = state.recording, False

    def __exit__(self, *exception) -> None:
        state.recording = self.before


class GradientTape:
    """Record steps in a block, then differentiate: TensorFlow's words for the same tape.

    Parameters
    ----------
    persistent : bool
        Allow more than one call of :meth:`gradient`.
    watch_accessed_variables : bool
        Kept for Keras programs; variables are always watched.

    Attributes
    ----------
    steps : list of Step
        What was recorded while the block was open, in order.

    Examples
    --------
    >>> import stepgrad as sg
    >>> x = sg.Tensor(3.0)
    >>> with sg.GradientTape() as tape:
    ...     tape.watch(x)
    ...     y = x * x
    >>> tape.gradient(y, x).item()
    6.0
    """

    def __init__(self, persistent: bool = False, watch_accessed_variables: bool = True):
        self.persistent = persistent
        self.watch_accessed_variables = watch_accessed_variables
        self.steps: list = []
        self._used = False
        self._watched: list[Tensor] = []

    def __enter__(self) -> GradientTape:
        state.tapes += (self,)
        return self

    def __exit__(self, *exception) -> None:
        state.tapes = tuple(tape for tape in state.tapes if tape is not self)
        for tensor in self._watched:
            tensor.requires_grad = False
        self._watched.clear()

    def watch(self, tensor: Tensor) -> None:
        """Follow a tensor (or each of a list) that is not a Variable while the block is open."""
        if isinstance(tensor, list | tuple):
            for one in tensor:
                self.watch(one)
        elif not isinstance(tensor, Tensor):
            raise DTypeError(
                "only a Tensor can be watched", got=type(tensor).__name__, fix="x = stepgrad.Tensor(x)"
            )
        elif not tensor.requires_grad:
            if tensor.array.dtype.kind != "f":
                raise DTypeError("only floating-point tensors have gradients", got=tensor.dtype)
            tensor.requires_grad = True
            self._watched.append(tensor)

    def stop_recording(self) -> no_grad:
        """Return a block in which nothing is recorded."""
        return no_grad()

    def gradient(
        self, target: Any, sources: Any, output_gradients: Any = None, unconnected_gradients: str = "none"
    ) -> Any:
        """Differentiate the sum of `target` with respect to `sources`.

        Parameters
        ----------
        target : Tensor or list of Tensor
        sources : Tensor, or a list, tuple or dict of them
            Leaves or intermediate results.
        output_gradients : Tensor or list of Tensor, optional
            dL/dtarget; ones when left out.
        unconnected_gradients : {"none", "zero"}
            What to return for a source that `target` does not depend on.

        Returns
        -------
        The gradients, arranged like `sources`.
        """
        if unconnected_gradients not in ("none", "zero"):
            raise ArgumentError(
                "unconnected_gradients must be 'none' or 'zero'", got=repr(unconnected_gradients)
            )
        if self._used and not self.persistent:
            raise GradientError(
                "this GradientTape was already used, and its steps were freed",
                fix="GradientTape(persistent=True)",
            )
        self._used = True
        flat = _flatten(sources)
        targets = list(target) if isinstance(target, list | tuple) else [target]
        seeds = (
            output_gradients
            if isinstance(output_gradients, list | tuple)
            else [output_gradients] * len(targets)
        )
        pairs = [
            (t, wrap(t.array * 0 + 1) if seed is None else as_tensor(seed))
            for t, seed in zip(targets, seeds, strict=True)
            if isinstance(t, Tensor) and t.requires_grad or any(t is w for w in flat)
        ]
        gradients = run_backward(
            [t for t, _ in pairs], [s for _, s in pairs], flat, self.persistent, create=bool(state.tapes)
        )
        if unconnected_gradients == "zero":
            gradients = [wrap(s.array * 0) if g is None else g for s, g in zip(flat, gradients, strict=True)]
        if not self.persistent:
            self.steps = []
        return _arrange(sources, iter(gradients))


def _flatten(sources: Any) -> list[Tensor]:
    if isinstance(sources, dict):
        sources = list(sources.values())
    if isinstance(sources, list | tuple):
        return [tensor for part in sources for tensor in _flatten(part)]
    return [sources]


def _arrange(sources: Any, gradients: Any) -> Any:
    if isinstance(sources, dict):
        return {key: _arrange(part, gradients) for key, part in sources.items()}
    if isinstance(sources, list | tuple):
        return type(sources)(_arrange(part, gradients) for part in sources)
    return next(gradients)
