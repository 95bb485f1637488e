"""compiled: a function of tensors that is recorded once and then replayed."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Any

from stepgrad import kernels
from stepgrad.device_arrays import is_array
from stepgrad.replay.kinds import Calls, Kind
from stepgrad.replay.plan import Plan
from stepgrad.replay.program import copied
from stepgrad.replay.recorder import Recorder
from stepgrad.replay.trust import disagreement, reproduces
from stepgrad.tape import Tensor, wrap
from stepgrad.utils.tree import flatten, pack


class Compiled(Calls):
    """A function that runs as it is at first, is recorded twice, and from then on is replayed.

    Attributes
    ----------
    refusal : str or None
        Why the last call could not be replayed; None while everything is well.
    plans : list of Plan
        What was recorded, one for each kind of arguments.
    """

    def __init__(self, function: Callable, quiet: bool = False):
        super().__init__()
        functools.update_wrapper(self, function)
        self.function = function
        self.refusal: str | None = None
        self._quiet = quiet

    @property
    def plans(self) -> list[Plan]:
        """The plans in use."""
        return [kind.stage for kind in self.kinds if isinstance(kind.stage, Plan)]

    def again(self, kind: Kind, args: tuple, kwargs: dict) -> Any:
        """Run a call of a kind that was met before and has no plan."""
        if isinstance(kind.stage, str):
            self.refusal = kind.stage
            return self.function(*args, **kwargs)
        return self._record(kind, args, kwargs)

    def _record(self, kind: Kind, args: tuple, kwargs: dict) -> Any:
        structure_of = (args, kwargs)
        leaves = [_own(leaf) for leaf in flatten(structure_of)]
        args, kwargs = pack(structure_of, leaves)
        recorder = Recorder(
            [leaf.array if isinstance(leaf, Tensor) else leaf for leaf in leaves if _is_input(leaf)]
        )
        self.kinds.remove(kind)  # should the function raise, it starts anew
        result = recorder.run(self.function, args, kwargs)
        first, kind.stage = kind.stage, recorder
        refusal = recorder.refusal or (first and disagreement(first, recorder))
        if not refusal and first is not None:
            try:
                plan = Plan(recorder, result)
            except RuntimeError as error:  # CUDA captures no graph of it
                refusal = str(error)
            else:
                if reproduces(plan, recorder):
                    plan.let_go()
                    kind.stage, kind.program = plan, plan.program
                    result = copied(result)
                else:
                    refusal = "a replay does not give the same bits"
        if refusal:
            self._refuse(refusal)
            kind.stage = refusal
        self.kinds.append(kind)
        return result

    def _refuse(self, why: str) -> None:
        if self.refusal is None and not self._quiet:
            name = getattr(self.function, "__qualname__", repr(self.function))
            warnings.warn(f"{name} cannot be compiled and runs op by op: {why}", stacklevel=4)
        self.refusal = why


def compiled(function: Callable) -> Compiled:
    """Record a training step, then run it again and again without Python.

    The first call of a kind of arguments (shapes, dtypes, other values) runs as it is; the second and third are recorded
    and compared; from the fourth on the recording is replayed: forward and backward in C++, with fused elementwise
    chains and planned memory, on a CUDA device from CUDA graphs, and with the same bits as before. What must stay Python
    does: an optimizer's ``apply``, and random numbers. A step that cannot be replayed runs as it is, with one warning that
    says why.

    Parameters
    ----------
    function : callable
        Computes with `stepgrad.ops`, layers and losses on tensors; arrays among the arguments are new data in each call.
        Other Python in it, such as ``print``, runs only while recording.

    Returns
    -------
    Compiled
        To be called like the function.

    Examples
    --------
    >>> import stepgrad as sg
    >>> w, optimizer = sg.Variable([1.0, 2.0], name="w"), sg.optimizers.SGD(0.1)
    >>> @sg.compiled
    ... def step(x, y):
    ...     with sg.GradientTape() as tape:
    ...         loss = sg.ops.mean((sg.ops.matmul(x, w) - y) ** 2)
    ...     optimizer.apply(tape.gradient(loss, [w]), [w])
    ...     return loss
    >>> x, y = sg.Tensor([[1.0, 0.0], [0.0, 1.0]]), sg.Tensor([3.0, 3.0])
    >>> [round(step(x, y).item(), 4) for _ in range(5)]
    [2.5, 2.025, 1.6403, 1.3286, 1.0762]
    >>> len(step.plans)
    1
    """
    return Compiled(function)


def _is_input(leaf: Any) -> bool:
    return type(leaf) is Tensor or is_array(leaf)


def _own(leaf: Any) -> Any:
    """Return a copy of an input: memory that belongs to the plan, to be filled with the data of each step.

    On a GPU numbers go there; integers stay where they are, because labels and indices are checked before they are used.
    """
    if not _is_input(leaf):
        return leaf
    array = leaf.array if type(leaf) is Tensor else leaf
    own = array.copy(order="C")
    if type(leaf) is not Tensor:
        return own
    move = kernels.to_device[0]
    return wrap(own if move is None or own.dtype.kind != "f" else move(own))
