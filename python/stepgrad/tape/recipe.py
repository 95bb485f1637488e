"""Gradients the short way: what an elementwise op's gradient computes, read once and then run on the arrays.

A gradient is written in one place, its op, with the engine's own ops. Most gradients of elementwise ops are one or two
kernels on arrays of one shape. When such a gradient runs for the first time, the ops that it calls are listed; the list, its
*recipe*, is all that later calls need: no tensors, no promotion, nothing recorded. Where hooks look on, where the gradient
shall itself be differentiated, or where something has no short way, the gradient runs as it is written.
"""

from stepgrad.tape.state import state
from stepgrad.tape.step import constant
from stepgrad.tape.tensor import Tensor, form_of, make

_UNREAD = object()


class Recipe:
    """The ops of a gradient as lines of numbers. Places: the inputs, the output, its gradient, numbers, one for each line.

    Attributes
    ----------
    numbers : tuple
        Python numbers that the gradient multiplies with, or the like.
    lines : tuple of (Op, int, int)
        Op, and the places of its operands; -1 where there is no second one.
    results : tuple of int
        The places of the inputs' gradients; -1 for None.
    """

    def __init__(self, numbers, lines, results):
        self.numbers = numbers
        self.lines = lines
        self.results = results


def gradients_at_once(step, g):
    """Return the gradients of the inputs of `step`, or None where its gradient must run as it is written."""
    if not step.alike or form_of(g).dtype is not step.input_dtypes[0]:
        return None
    step.check()
    wanted = 0
    for i, source in enumerate(step.sources):
        if source is not None:
            wanted |= 1 << i
    op = step.op
    recipes = op.recipes
    recipe = recipes.get(wanted, _UNREAD)
    if recipe is _UNREAD:
        # On another rung, or from a repeated gradient, nothing goes the short way: what is read now would be no recipe.
        if op.direct is None or not g.array.flags.c_contiguous:
            return None
        recipes[wanted] = _read(step, g)
        return None
    return None if recipe is None else _follow(recipe, step, g)


def _follow(recipe, step, g):
    """Run the kernels of a recipe; None where one of them is not to be had now."""
    arrays = [None if t is None else t.array for t in step.saved_inputs]
    arrays.append(None if step.saved_outputs is None else step.saved_outputs[0])
    of_g = len(arrays)
    arrays.append(g.array)
    for number in recipe.numbers:
        arrays.append(constant(number, g.array.dtype).array)
    for op, i, j in recipe.lines:
        kernel = op.direct
        if kernel is None:
            return None
        array = kernel(arrays[i]) if j < 0 else kernel(arrays[i], arrays[j])
        if array is NotImplemented:
            return None
        arrays.append(array)
    return [
        None if place < 0 else g if place == of_g else make(arrays[place], None, 0, None)
        for place in recipe.results
    ]


def _read(step, g):
    """Run the gradient of `step` on stand-ins, so that every operand is known by its identity, and list what it calls."""
    now = state.now
    saved = step.saved_inputs
    stand_ins = tuple([None if t is None else make(t.array, None, 0, t.guard) for t in saved])
    g = make(g.array, None, 0, None)
    step.saved_inputs = stand_ins
    now.listing = listing = []
    try:
        results = step.op.gradient(step, g)
    finally:
        now.listing = None
        step.saved_inputs = saved
    places = {id(t): i for i, t in enumerate(stand_ins) if t is not None}
    places[id(g)] = len(saved) + 1
    numbers = [x for call in listing if call for x in call[1] if not isinstance(x, Tensor)]
    first = len(saved) + 2
    lines = []
    for call in listing:
        if call is None:
            return None
        op, operands, output = call
        at = []
        for x in operands:
            if not isinstance(x, Tensor):
                at.append(first + numbers.index(x))
            elif x.step is step:
                at.append(len(saved))
            else:
                at.append(places.get(id(x), -1))
        if -1 in at:
            return None
        lines.append((op, at[0], at[1] if len(at) > 1 else -1))
        places[id(output)] = first + len(numbers) + len(lines) - 1
    results = results if isinstance(results, tuple) else (results,)
    found = tuple([-1 if r is None else places.get(id(r), -2) for r in results])
    if -2 in found or len(found) != len(saved):
        return None
    return Recipe(tuple(numbers), tuple(lines), found)
