"""Arrivals: the gradients that are on their way back, and the steps that they wait for."""

import heapq

from stepgrad.tape.state import rules
from stepgrad.tape.step import Step
from stepgrad.tape.tensor import Tensor, make


class Arrivals:
    """What has arrived at steps and leaves, and which step is next.

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
    """

    def __init__(self):
        self.newest = None
        self.arrived = None
        self.heap = []
        self.pending = {}
        self.leaves = {}
        self.rule = rules["add"]

    def deliver(self, source, index, g, form):
        """Add a gradient to what has already arrived at a step's output, or at a leaf; a bare array's Form may be given."""
        if not isinstance(source, Step):
            entry = self.leaves.get(id(source))
            if entry is None:
                self.leaves[id(source)] = [source, g]
            else:
                entry[1] = self.add(entry[1], g, form)
            return
        step = source
        outputs = step.op.outputs
        known = self.arrived if step is self.newest else self.pending.get(step) if self.heap else None
        if outputs > 1:
            if known is None:
                known = [None] * outputs
                self.begin(step, known)
            known[index] = g if known[index] is None else self.add(known[index], g, form)
        elif known is None:
            self.begin(step, g)
        elif step is self.newest:
            self.arrived = self.add(known, g, form)
        else:
            self.pending[step] = self.add(known, g, form)

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

    def add(self, known, g, form):
        """Add two gradients, into the first where it is a bare array."""
        if not isinstance(known, Tensor):
            kernel = self.rule.direct
            array = g.array if isinstance(g, Tensor) else g
            if kernel is not None and kernel(known, array, known) is known:
                if array is g and form is not None:
                    form.give(array)
                return known
        return self.rule(as_gradient(known), as_gradient(g))


def as_gradient(g):
    """Return a gradient as a Tensor, whose array is never written to."""
    return g if isinstance(g, Tensor) else make(g, None, 0, None)
