"""Gradients the short way: what the gradient of an elementwise op or a product computes, read once and run on the arrays.

A gradient is written in one place, its op, with the engine's own ops. Most gradients of elementwise ops are one or two
kernels on arrays of one shape, those of a product are two products. When such a gradient runs for the first time, the ops
that it calls are listed; the list, its *recipe*, is all that later calls need: no tensors, no promotion, nothing recorded.
Where hooks look on, where the gradient shall itself be differentiated, or where something has no short way, the gradient
runs as it is written.
"""

from stepgrad.tape.state import current
from stepgrad.tape.step import constant
from stepgrad.tape.tensor import Tensor, form_of, make

_UNREAD = object()


class Line:
    """One op of a gradient: the places of its operands, `j` -1 where there is no second one, and its attributes."""

    def __init__(self, op, i, j, attrs):
        self.op = op
        self.i = i
        self.j = j
        self.attrs = attrs


class Recipe:
    """The ops of a gradient. Places: the inputs, the output, its gradient, numbers, one for each line.

    Attributes
    ----------
    numbers : tuple
        Python numbers that the gradient multiplies with, or the like.
    lines : list of Line
    results : list of int
        The places of the inputs' gradients; -1 for None.
    own : bool
        True where each result is the array of a line, or what came, and none is there twice: all may be written to.
    keeps : bool
        True where what came is a result, too.
    constants : tuple of (dtype, list) or None
        The numbers as arrays of the dtype that they were last needed in.
    """

    def __init__(self, numbers, lines, results, of_g):
        places = [place for place in results if place >= 0]
        self.numbers = numbers
        self.lines = lines
        self.results = results
        self.own = min(places, default=of_g) >= of_g and len(set(places)) == len(places)
        self.keeps = of_g in places
        self.constants = None


def gradients_at_once(step, g, spare):
    """Return the gradients of the inputs of `step`, or None where its gradient must run as it is written.

    Parameters
    ----------
    step : Step
    g : Tensor or array
        The gradient of the output. A bare array is one that a recipe made and nobody else knows.
    spare : list of array
        Arrays that nobody needs any more: kernels put their results there. What `g` was goes there, too.

    Returns
    -------
    list of (Tensor, array or None) or None
        Bare arrays where nobody else knows them.
    """
    bare = not isinstance(g, Tensor)
    if not step.alike or not (bare or form_of(g).dtype is step.input_dtypes[0]):
        return None
    if step.versions is not None:
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
        if op.direct is None or not (bare or g.array.flags.c_contiguous):
            return None
        recipes[wanted] = _read(step, g)
        return None
    return None if recipe is None else _follow(recipe, step, g, bare, spare)


def _follow(recipe, step, g, bare, spare):
    """Run the kernels of a recipe; None where one of them is not to be had now."""
    array = g if bare else g.array
    arrays = [None if t is None else t.array for t in step.saved_inputs]
    arrays.append(None if step.saved_outputs is None else step.saved_outputs[0])
    arrays.append(array)
    if recipe.numbers:
        arrays += _constants(recipe, step.input_dtypes[0])
    for line in recipe.lines:
        kernel = line.op.direct
        if kernel is None:
            return None
        out = spare.pop() if spare else None
        x = arrays[line.i]
        if line.attrs:
            made = kernel(x, arrays[line.j], out, **line.attrs)
        else:
            made = kernel(x, out) if line.j < 0 else kernel(x, arrays[line.j], out)
        if made is NotImplemented:
            return None
        arrays.append(made)
    if bare and not recipe.keeps:
        spare.append(array)
    results = [None if place < 0 else arrays[place] for place in recipe.results]
    if recipe.own and (bare or not recipe.keeps):
        return results
    return [None if a is None else g if a is array and not bare else make(a, None, 0, None) for a in results]


def _constants(recipe, dtype):
    known = recipe.constants
    if known is None or known[0] is not dtype:
        known = recipe.constants = (dtype, [constant(x, dtype).array for x in recipe.numbers])
    return known[1]


def _read(step, g):
    """Run the gradient of `step` on stand-ins, so that every operand is known by its identity, and list what it calls."""
    now = current()
    saved = step.saved_inputs
    stand_ins = tuple([None if t is None else make(t.array, None, 0, t.guard) for t in saved])
    g = make(g.array if isinstance(g, Tensor) else g, None, 0, None)
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
        op, operands, attrs, output = call
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
        lines.append(Line(op, at[0], at[1] if len(at) > 1 else -1, attrs))
        places[id(output)] = first + len(numbers) + len(lines) - 1
    results = results if isinstance(results, tuple) else (results,)
    found = [-1 if r is None else places.get(id(r), -2) for r in results]
    if -2 in found or len(found) != len(saved):
        return None
    return Recipe(tuple(numbers), lines, found, len(saved) + 1)
