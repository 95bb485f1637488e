"""The walk back: gradients are carried from the newest step to the oldest.

Accumulation, un-broadcasting and dtype live here and nowhere else. Gradients are written in the engine's own ops, so that a
gradient can be differentiated again.
"""

import numpy as np

from stepgrad.errors import GradientError, ShapeError, StepgradError
from stepgrad.tape.arrivals import Arrivals, as_gradient
from stepgrad.tape.recipe import gradients_at_once
from stepgrad.tape.state import current, public, walk_back
from stepgrad.tape.step import Step, steps_of
from stepgrad.tape.tensor import Tensor, as_tensor, wrap


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


walk_back.append(backward_from)


def _tensors(arrived):
    """Return what has arrived at a step as a list with one Tensor for each output, None where there is nothing."""
    return [None if g is None else as_gradient(g) for g in (arrived if type(arrived) is list else [arrived])]


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
    arrivals = Arrivals()
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
            arrivals.deliver(root if root.step is None else root.step, root.index, seed, None)
        while arrivals.next() is not None:
            step = arrivals.newest
            arrived = arrivals.arrived
            arrivals.newest = arrivals.arrived = None
            if needed is not None:
                if watched and step in watched:
                    arrived = _tensors(arrived)
                    for t in watched[step]:
                        found[id(t)] = arrived[t.index]
                    arrived = arrived if len(arrived) > 1 else arrived[0]
                if step not in needed:
                    continue
            if not (short and step.alike and gradients_at_once(step, arrived, arrivals)):
                now.scope = step.scope
                _as_written(step, _tensors(arrived), hooks, arrivals)
            if not retain and not create:
                step.release()
        leaves = arrivals.leaves
        for entry in leaves.values():
            if not isinstance(entry[1], Tensor):
                leaf = entry[0]
                g = entry[1] = as_gradient(entry[1])
                g.form = leaf.form
        if wanted is not None:
            return [
                found.get(id(t)) if t.step is not None else leaves.get(id(t), (t, None))[1] for t in wanted
            ]
        for leaf, g in leaves.values():
            leaf.grad = g if leaf.grad is None else public["add"](leaf.grad, g)
    finally:
        now.recording, now.scope = before


def _as_written(step, gradients, hooks, arrivals):
    """Run the gradient of a step as its op writes it, and pass on what it returns."""
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
    for g, source, index in zip(results, step.sources, step.source_index, strict=True):
        if g is not None and source is not None:
            arrivals.deliver(source, index, g, None)


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
