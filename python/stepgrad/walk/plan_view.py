"""The plan of a compiled step: what was fused, or launched as one CUDA graph, which buffers share their place, and what that saves."""

from __future__ import annotations

from typing import Any

from stepgrad.errors import NotBuiltError
from stepgrad.replay import Compiled, Plan
from stepgrad.replay.program import stretches
from stepgrad.replay.recorder import Host, Memory, Native, Python, owner
from stepgrad.tape import Variable
from stepgrad.utils.tree import flatten
from stepgrad.walk.columns import columns, human_bytes


def plan(step: Any) -> PlanView:
    """Show how a compiled step runs.

    Parameters
    ----------
    step : Compiled, or a model
        Of a model, its training step. It must have run four times: once as it is, twice recorded.

    Returns
    -------
    PlanView
        ``print`` it; its attributes hold the numbers.

    Raises
    ------
    NotBuiltError
        If nothing has been replayed, with the reason.

    Examples
    --------
    >>> import stepgrad as sg
    >>> double = sg.compiled(lambda x: sg.ops.sum(sg.ops.exp(sg.ops.abs(x))))
    >>> for _ in range(4):
    ...     y = double(sg.Tensor([1.0, -2.0]))
    >>> view = plan(double)
    >>> view.kernel_calls, view.fused_calls, view.python_calls
    (3, 2, 0)
    >>> print(view)
    call  op    rung  runs     reads     writes
       0  abs   simd  fused 1  input 0   L1 block
       1  exp   simd  fused 1  L1 block  arena +0
       2  sum   simd           arena +0  result
    <BLANKLINE>
    3 kernel calls, 2 of them in 1 fused loop; 0 ops and 0 other calls in Python.
    Temporary results: 16 B. 8 B never leave the L1 cache, the arena holds the rest in 64 B.
    """
    compiled = step if isinstance(step, Compiled) else getattr(step, "_compiled_steps", {}).get("train_step")
    if not isinstance(compiled, Compiled) or not compiled.plans:
        reason = getattr(compiled, "refusal", None)
        raise NotBuiltError(
            "this step is not replayed (yet)",
            got=reason or "it has not run often enough, or runs op by op",
            fix="call it four times with the same shapes; a model: compile(jit_compile=True), then fit",
        )
    return PlanView(compiled.plans[-1])


class PlanView:
    """A plan as a table.

    Attributes
    ----------
    kernel_calls, fused_calls, python_calls, host_calls : int
        Kernel calls in all and in fused loops; ops that run in Python; other Python, such as the optimizer.
    temporary_bytes, inner_bytes, arena_bytes : int
        Intermediate results as the uncompiled step has them; those that shrink to a block in the L1 cache; what the
        arena needs for the rest.
    graphs : int
        On a CUDA device: how many CUDA graphs the kernel calls are launched from.
    rows : list of tuple
        (call, op, rung, how it runs, what it reads, what it writes).
    """

    def __init__(self, plan: Plan):
        natives = [e for e in plan.entries if isinstance(e, Native)]
        self.kernel_calls = len(natives)
        self.fused_calls = sum(group.end - group.begin for group in plan.fused)
        self.groups = len(plan.fused)
        self.python_calls = sum(isinstance(e, Python) for e in plan.entries)
        self.host_calls = len(plan.entries) - self.kernel_calls - self.python_calls
        self.inner_bytes = sum(m.nbytes for group in plan.fused for m in group.inner)
        self.temporary_bytes = self.inner_bytes + sum(
            m.nbytes for buffer in plan.buffers for m in buffer.what
        )
        self.arena_bytes = plan.arena.nbytes
        names = _names(plan)
        in_group = {
            call: f"fused {n}"
            for n, group in enumerate(plan.fused, 1)
            for call in range(group.begin, group.end)
        }
        graphs = (
            [] if plan.device == "cpu" else [s for s in stretches(plan.entries) if isinstance(s[0], Native)]
        )
        in_group |= {entry.call: f"graph {n}" for n, stretch in enumerate(graphs, 1) for entry in stretch}
        self.graphs = len(graphs)
        self.rows = [_row(entry, names, in_group) for entry in plan.entries]

    def __str__(self) -> str:
        table = columns(("call", "op", "rung", "runs", "reads", "writes"), self.rows, right=("call",))
        loops = f", {self.fused_calls} of them in {self.groups} fused loop" + (
            "s" if self.groups != 1 else ""
        )
        together = (
            f" in {self.graphs} CUDA graph" + ("s" if self.graphs != 1 else "") if self.graphs else loops
        )
        return (
            f"{table}\n\n{self.kernel_calls} kernel calls{together}; "
            f"{self.python_calls} ops and {self.host_calls} other calls in Python.\n"
            f"Temporary results: {human_bytes(self.temporary_bytes)}. {human_bytes(self.inner_bytes)} never leave the "
            f"L1 cache, the arena holds the rest in {human_bytes(self.arena_bytes)}."
        )


def _names(plan: Plan) -> dict[int, str]:
    """Return what each block of memory is called, by its owner's identity."""
    names = {key: _constant(use.memory) for key, use in plan.uses.items()}
    for leaf in flatten([e.args for e in plan.entries if isinstance(e, Host)]):
        if isinstance(leaf, Variable):
            names[owner(leaf.array)] = "/".join(leaf.path.split("/")[-2:])
    for number, array in enumerate(plan.inputs):
        names[owner(array)] = f"input {number}"
    for group in plan.fused:
        names.update({memory.key: "L1 block" for memory in group.inner})
    for buffer in plan.buffers:
        names.update({memory.key: f"arena +{buffer.offset}" for memory in buffer.what})
    return names


def _constant(memory: Memory) -> str:
    if memory.before is None:
        return "result"  # somebody outside of the kernels reads it: the caller, an optimizer, a metric
    return f"{memory.before.item():g}" if memory.before.size == 1 else f"weight {memory.before.shape}"


def _row(entry: Any, names: dict[int, str], in_group: dict[int, str]) -> tuple[str, ...]:
    if isinstance(entry, Native):
        reads = [names[t.key] for t in entry.touches if not t.written]
        writes = [names[t.key] for t in entry.touches if t.written]
        group = in_group.get(entry.call, "")
        if any(name in reads for name in writes if name.startswith("arena")):
            group += ", in place" if group else "in place"
        layer = entry.scope.rpartition("/")[2]
        op = f"{entry.op} ({layer})" if layer else entry.op
        return (str(entry.call), op, entry.rung, group, ", ".join(reads), ", ".join(writes))
    if isinstance(entry, Python):
        return ("", entry.op, "numpy", "Python", "", "")
    name = getattr(entry.function, "__qualname__", type(entry.function).__name__)
    return ("", name, "", "Python", "", "")
