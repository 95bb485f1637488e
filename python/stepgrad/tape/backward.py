"""The walk back: gradients are carried from the newest step to the oldest.

Accumulation, un-broadcasting and dtype live here and nowhere else. Gradients are written in the engine's own ops, so that a
gradient can be differentiated again.
"""

import heapq

import numpy as np

from stepgrad.errors import GradientError, ShapeError, StepgradError
from stepgrad.tape.recipe import gradients_at_once
from stepgrad.tape.state import current, public, rules
from stepgrad.tape.step import Step, steps_of
from stepgrad.tape.tensor import Tensor, as_tensor, make, wrap


def backward_from(tensor, gradient, retain, create):
    """Carry `gradient` (1 when left out) from one tensor back to the leaves; see Tensor.backward."""
    if not tensor.requires_grad:
        raise GradientError(
            "this tensor does not depend on anything that requires a gradient",
            fix="create the input with requires_grad=True, use a Variable, or leave no_grad()",
        )
    if gradient is None and tensor.array.size != 1:
        raise GradientError(
            "backward() without a gradient needs a tensor with one entry",
            got=f"shape {tensor.array.shape}",
            fix="reduce the loss first, for example with .mean() or .sum(), or pass backward(gradient=...)",
        )
    seed = wrap(np.ones_like(tensor.array)) if gradient is None else as_tensor(gradient)
    if seed.array.shape != tensor.array.shape:
        raise ShapeError(
            "the gradient must have the tensor's shape", expected=str(tensor.shape), got=str(seed.shape)
        )
    run_backward((tensor,), (seed,), None, retain, create)


class Walk:
    """The gradients that are on their way back, and the steps that they wait for.

    A gradient is a Tensor, or a bare array: one that a recipe made. Nobody else knows a bare array, so more is added to it
    where it lies, and when it has been used its memory serves the next kernel.

    Attributes
    ----------
    newest, arrived : Step or None, gradient or list
        The step whose turn it is, and the gradient of its output, a list where the op has several. They are not in
        `heap` and `pending`: a chain needs neither.
    heap : list of Step
        All other steps that something has arrived at, the newest on top.
    pending : dict of Step to gradient or list
        What has arrived there.
    leaves : dict of id to list
        [leaf, gradient]
    spare : list of array
        Arrays that nobody needs any more.
    """

    def __init__(self):
        self.newest = None
        self.arrived = None
        self.heap = []
        self.pending = {}
        self.leaves = {}
        self.spare = []
        self.rule = rules["add"]

    def deliver(self, source, index, g):
        """Add a gradient to what has already arrived at a step's output, or at a leaf."""
        if not isinstance(source, Step):
            entry = self.leaves.get(id(source))
            if entry is None:
                self.leaves[id(source)] = [source, g]
            else:
                entry[1] = self.add(entry[1], g)
            return
        step = source
        op = step.op
        known = self.arrived if step is self.newest else self.pending.get(step) if self.heap else None
        if op.outputs > 1:
            if known is None:
                known = [None] * op.outputs
                self.begin(step, known)
            known[index] = g if known[index] is None else self.add(known[index], g)
        elif known is None:
            self.begin(step, g)
        elif step is self.newest:
            self.arrived = self.add(known, g)
        else:
            self.pending[step] = self.add(known, g)

    def begin(self, step, arrived):
        """Find the place of a step that nothing has arrived at before."""
        newest = self.next()
        if newest is None or newest.number < step.number:
            if newest is not None:
                self.put_off(newest, self.arrived)
            self.newest = step
            self.arrived = arrived
        else:
            self.put_off(step, arrived)

    def put_off(self, step, arrived):
        """Let a step wait until it is the newest."""
        self.pending[step] = arrived
        heapq.heappush(self.heap, step)

    def next(self):
        """Return the newest step, None at the end; `arrived` holds the gradients of its outputs."""
        if self.newest is None and self.heap:
            self.newest = heapq.heappop(self.heap)
            self.arrived = self.pending.pop(self.newest)
        return self.newest

    def add(self, known, g):
        """Add two gradients, into the first where it is a bare array."""
        if not isinstance(known, Tensor):
            kernel = self.rule.direct
            array = g.array if isinstance(g, Tensor) else g
            if kernel is not None and kernel(known, array, known) is known:
                if array is g:
                    self.spare.append(g)
                return known
        return self.rule(_tensor(known), _tensor(g))


def _tensor(g):
    """Return a gradient as a Tensor, whose array is never written to."""
    return g if isinstance(g, Tensor) else make(g, None, 0, None)


def _tensors(arrived):
    """Return what has arrived at a step as a list with one Tensor for each output, None where there is nothing."""
    return [None if g is None else _tensor(g) for g in (arrived if type(arrived) is list else [arrived])]


def run_backward(roots, seeds, wanted, retain, create):
    """Carry gradients from `roots` back to the leaves.

    Parameters
    ----------
    roots, seeds : sequence of Tensor
        Where to start and dL/droot for each.
    wanted : sequence of Tensor or None
        None: add gradients to ``grad`` of every leaf. Otherwise: return a list with dL/dwanted, None where no path leads.
    retain, create : bool
        Keep the saved values; record the backward pass.
    """
    walk = Walk()
    needed = None if wanted is None else _leading_to(roots, wanted)
    found = {}
    watched = {}
    for t in wanted or ():
        if t.step is not None:
            watched.setdefault(t.step, []).append(t)
    now = current()
    before = (now.recording, now.scope)
    now.recording = create
    hooks = now.hooks
    short = not hooks and not create and now.recorder is None
    try:
        for root, seed in zip(roots, seeds, strict=True):
            short = short and root.array.shape == seed.array.shape
            walk.deliver(root if root.step is None else root.step, root.index, seed)
        while walk.next() is not None:
            step = walk.newest
            arrived = walk.arrived
            walk.newest = walk.arrived = None
            if needed is not None:
                if watched and step in watched:
                    arrived = _tensors(arrived)
                    for t in watched[step]:
                        found[id(t)] = arrived[t.index]
                    arrived = arrived if len(arrived) > 1 else arrived[0]
                if step not in needed:
                    continue
            now.scope = step.scope
            if short and step.alike and not step.released:
                results = gradients_at_once(step, arrived, walk.spare)
                if results is not None:
                    _pass_on(step, results, walk)
                    if not retain:
                        step.release()
                    continue
            _as_written(step, _tensors(arrived), hooks, walk)
            if not retain and not create:
                step.release()
        leaves = walk.leaves
        for entry in leaves.values():
            entry[1] = _tensor(entry[1])
        if wanted is not None:
            return [
                found.get(id(t)) if t.step is not None else leaves.get(id(t), (t, None))[1] for t in wanted
            ]
        for leaf, g in leaves.values():
            leaf.grad = g if leaf.grad is None else public["add"](leaf.grad, g)
    finally:
        now.recording, now.scope = before


def _as_written(step, gradients, hooks, walk):
    """Run the gradient of a step as its op writes it, and pass on what it returns."""
    walk.spare.clear()
    for i, shape in enumerate(_output_shapes(step, gradients)):
        if gradients[i] is None:
            gradients[i] = wrap(np.zeros(shape, step.input_dtypes[0]))
    for hook in hooks:
        hook.before_backward(step, gradients)
    step._check_alive()
    try:
        results = step.op.gradient(step, *gradients)
    except StepgradError as error:
        error.at(step.op.name, step.scope, "backward")
        raise
    if not isinstance(results, tuple):
        results = (results,)
    results = [_fit(step, i, g) for i, g in enumerate(_counted(step, results))]
    for hook in hooks:
        hook.after_backward(step, gradients, results)
    _pass_on(step, results, walk)


def _pass_on(step, results, walk):
    """Deliver the gradients of a step's inputs to where the inputs came from."""
    sources = step.sources
    for i in range(len(sources)):
        g = results[i]
        if g is not None and sources[i] is not None:
            walk.deliver(sources[i], step.source_index[i], g)


def _output_shapes(step, gradients):
    """Return the outputs' shapes where some output got no gradient and zeros must stand in."""
    if all(g is not None for g in gradients):
        return ()
    shapes = step.op.shape(*step.input_shapes, **step.attrs)
    return shapes if step.op.outputs > 1 else (shapes,)


def _counted(step, results):
    if len(results) != len(step.input_shapes):
        raise GradientError(
            "gradient() must return one gradient (or None) for each input",
            op=step.op.name,
            expected=f"{len(step.input_shapes)} gradients",
            got=f"{len(results)}",
        )
    return results


def _fit(step, i, g):
    """Bring a gradient to the shape and dtype of its input: undo broadcasting by summing, undo promotion by casting."""
    if g is None:
        return None
    g = as_tensor(g)
    shape = step.input_shapes[i]
    if g.array.shape != shape:
        extra = g.array.ndim - len(shape)
        axes = [
            a for a in range(g.array.ndim) if a < extra or (shape[a - extra] == 1 and g.array.shape[a] != 1)
        ]
        try:
            g = public["reshape"](public["sum"](g, tuple(axes), True), shape)
        except StepgradError:
            raise GradientError(
                f"gradient() returned a wrong shape for input {i}",
                op=step.op.name,
                layer=step.scope or None,
                expected=str(shape),
                got=str(g.array.shape),
            ) from None
    if g.array.dtype != step.input_dtypes[i]:
        g = public["cast"](g, step.input_dtypes[i].name)
    return g


def _leading_to(roots, wanted):
    """Return the steps between `wanted` and `roots`: the only ones whose gradients are of use."""
    leaf_ids = {id(t) for t in wanted if t.step is None}
    starts = {t.step for t in wanted if t.step is not None}
    needed = set()
    for step in steps_of(*roots):
        for source in step.sources:
            if isinstance(source, Step):
                leads = source in needed or source in starts
            else:
                leads = source is not None and id(source) in leaf_ids
            if leads:
                needed.add(step)
                break
    return needed
