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


# Places of a recipe: inputs, output, its gradient, None; from FIRST on the numbers and one for each line.
A, B, OUTPUT, G, NOTHING, FIRST = range(6)


class Line:
    """One op of a gradient: the places of its operands, `j` NOTHING where there is no second one, and its attributes."""

    def __init__(self, op, i, j, attrs):
        self.op = op
        self.i = i
        self.j = j
        self.attrs = attrs


class Recipe:
    """The ops of a gradient.

    Attributes
    ----------
    numbers : list
        Python numbers that the gradient multiplies with, or the like.
    lines : list of Line
    to_a, to_b : int
        The places of the inputs' gradients.
    own : bool
        True where each of them is the array of a line, or what came, and they are not the same: both may be written to.
    keeps : bool
        True where what came is one of them.
    places : tuple of (dtype, list)
        All places, those of the numbers filled with arrays of the dtype that they were last needed in.
    """

    def __init__(self, numbers, lines, results):
        self.numbers = numbers
        self.lines = lines
        self.to_a = results[0]
        self.to_b = results[1] if len(results) > 1 else NOTHING
        self.own = self.to_a >= G and self.to_b >= G and (self.to_a != self.to_b or self.to_a == NOTHING)
        self.keeps = G in results
        self.places = (None, [])


def gradients_at_once(step, g, spare):
    """Return the gradients of the inputs of `step`, or None where its gradient must run as it is written.

    Parameters
    ----------
    step : Step
        One that is `alike`.
    g : Tensor or array
        The gradient of the output. A bare array is one that a recipe made and nobody else knows.
    spare : list of array
        Arrays that nobody needs any more: kernels put their results there. What `g` was goes there, too.

    Returns
    -------
    tuple of (Tensor, array or None) or None
        One for each input; bare arrays where nobody else knows them.
    """
    bare = not isinstance(g, Tensor)
    if not bare and form_of(g).dtype is not step.input_dtypes[0]:
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
    saved = step.saved_inputs
    a = saved[0]
    b = saved[1] if len(saved) > 1 else None
    known = recipe.places
    if known[0] is not step.input_dtypes[0]:
        known = _fill(recipe, step.input_dtypes[0])
    arrays = known[1][:]
    if a is not None:
        arrays[A] = a.array
    if b is not None:
        arrays[B] = b.array
    if step.saved_outputs is not None:
        arrays[OUTPUT] = step.saved_outputs[0]
    arrays[G] = array = g if bare else g.array
    place = FIRST + len(recipe.numbers)
    for line in recipe.lines:
        kernel = line.op.direct
        if kernel is None:
            return None
        out = spare.pop() if spare else None
        if line.attrs:
            made = kernel(arrays[line.i], arrays[line.j], out, **line.attrs)
        elif line.j == NOTHING:
            made = kernel(arrays[line.i], out)
        else:
            made = kernel(arrays[line.i], arrays[line.j], out)
        if made is NotImplemented:
            return None
        arrays[place] = made
        place += 1
    if bare and not recipe.keeps:
        spare.append(array)
    x, y = arrays[recipe.to_a], arrays[recipe.to_b]
    if not recipe.own or (recipe.keeps and not bare):
        x = _shared(x, g)
        y = _shared(y, g)
    return (x, y) if len(saved) > 1 else (x,)


def _shared(array, g):
    """Return an array that others know, too, as a Tensor: `g` itself where it is its array."""
    if array is None:
        return None
    return g if isinstance(g, Tensor) and array is g.array else make(array, None, 0, None)


def _fill(recipe, dtype):
    """Lay out the places for arrays of a dtype."""
    numbers = [constant(x, dtype).array for x in recipe.numbers]
    recipe.places = (dtype, [None] * FIRST + numbers + [None] * len(recipe.lines))
    return recipe.places


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
    places[id(g)] = G
    numbers = [x for call in listing if call for x in call[1] if not isinstance(x, Tensor)]
    lines = []
    for call in listing:
        if call is None:
            return None
        op, operands, attrs, output = call
        at = []
        for x in operands:
            if not isinstance(x, Tensor):
                at.append(FIRST + numbers.index(x))
            elif x.step is step:
                at.append(OUTPUT)
            else:
                at.append(places.get(id(x), -1))
        if -1 in at:
            return None
        lines.append(Line(op, at[0], at[1] if len(at) > 1 else NOTHING, attrs))
        places[id(output)] = FIRST + len(numbers) + len(lines) - 1
    results = results if isinstance(results, tuple) else (results,)
    found = [NOTHING if r is None else places.get(id(r), -2) for r in results]
    if -2 in found or len(found) != len(saved):
        return None
    return Recipe(numbers, lines, found)
