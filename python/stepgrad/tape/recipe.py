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
    line_a, line_b : Line or None
        The lines that make them, in a flat recipe.
    flat : bool
        Whether no line reads a number, or what another line made.
    own : bool
        True where each gradient is the array of a line, or what came, and they are not the same: both may be written to.
    keeps : bool
        True where what came is one of them.
    arrays : tuple of (dtype, list)
        The numbers as arrays of the dtype that they were last needed in.
    """

    def __init__(self, numbers, lines, flat, results):
        self.numbers = numbers
        self.lines = lines
        self.flat = flat
        self.to_a = results[0]
        self.to_b = results[1] if len(results) > 1 else NOTHING
        self.line_a = lines[self.to_a - FIRST] if flat and self.to_a >= FIRST else None
        self.line_b = lines[self.to_b - FIRST] if flat and self.to_b >= FIRST else None
        self.own = self.to_a >= G and self.to_b >= G and (self.to_a != self.to_b or self.to_a == NOTHING)
        self.keeps = G in results
        self.arrays = (None, [])


def gradients_at_once(step, g, arrivals):
    """Deliver the gradients of the inputs of `step`, or return False: its gradient must run as it is written.

    Parameters
    ----------
    step : Step
        One that is `alike`.
    g : Tensor or array
        The gradient of the output. A bare array is one that a recipe made and nobody else knows.
    arrivals : Arrivals
    """
    bare = not isinstance(g, Tensor)
    if step.released or (not bare and form_of(g).dtype is not step.form.dtype):
        return False
    if step.versions is not None:
        step.check()
    op = step.op
    recipes = op.recipes
    wanted = (step.source_a is not None) + 2 * (step.source_b is not None)
    recipe = recipes[wanted]
    if recipe is None:
        # On another rung, or from a repeated gradient, nothing goes the short way: what is read now would be no recipe.
        if op.direct is not None and (bare or g.array.flags.c_contiguous):
            recipes[wanted] = _read(step, g) or False
        return False
    return recipe is not False and _follow(recipe, step, g, bare, arrivals)


def _follow(recipe, step, g, bare, arrivals):
    """Run the kernels of a recipe and deliver what they make; False where one of them is not to be had now."""
    array = g if bare else g.array
    if recipe.flat:
        x = _result(recipe.line_a, recipe.to_a, step, array)
        y = _result(recipe.line_b, recipe.to_b, step, array)
        if x is NotImplemented or y is NotImplemented:
            return False
    else:
        known = _numbers(recipe, step.form.dtype)
        for line in recipe.lines:
            made = _run(line, step, array, known)
            if made is NotImplemented:
                return False
            known.append(made)
        x = _at(recipe.to_a, step, array, known)
        y = _at(recipe.to_b, step, array, known)
    form = step.form if step.op.elementwise else None
    if bare and not recipe.keeps and form is not None:
        form.give(array)
    if not recipe.own or (recipe.keeps and not bare):
        x = _shared(x, g)
        y = _shared(y, g)
    if x is not None:
        arrivals.deliver(step.source_a, step.index_a, x, form)
    if y is not None:
        arrivals.deliver(step.source_b, step.index_b, y, form)
    return True


def _result(line, place, step, array):
    """Return one gradient of a flat recipe: what a line makes, or what is there already."""
    return _at(place, step, array, None) if line is None else _run(line, step, array, None)


def _at(place, step, array, known):
    """Return the array at a place; `array` is the output's gradient, `known` the numbers and what lines have made."""
    if place == G:
        return array
    if place == NOTHING:
        return None
    if place == OUTPUT:
        return step.saved_outputs[0]
    if place < OUTPUT:
        tensor = step.saved_a if place == A else step.saved_b
        return tensor.array
    return known[place - FIRST]


def _run(line, step, array, known):
    """Run one line; NotImplemented where its kernel is not to be had now."""
    kernel = line.op.direct
    if kernel is None:
        return NotImplemented
    spare = step.form.take() if line.op.elementwise else None
    i = _at(line.i, step, array, known)
    if line.j == NOTHING:
        return kernel(i, spare)
    j = _at(line.j, step, array, known)
    return kernel(i, j, spare, **line.attrs) if line.attrs else kernel(i, j, spare)


def _shared(array, g):
    """Return an array that others know, too, as a Tensor: `g` itself where it is its array."""
    if array is None:
        return None
    return g if isinstance(g, Tensor) and array is g.array else make(array, None, 0, None)


def _numbers(recipe, dtype):
    """Return a list with the recipe's numbers as arrays of a dtype, room for what its lines make."""
    if recipe.arrays[0] is not dtype:
        recipe.arrays = (dtype, [constant(x, dtype).array for x in recipe.numbers])
    return recipe.arrays[1][:]


def _read(step, g):
    """Run the gradient of `step` on stand-ins, so that every operand is known by its identity, and list what it calls."""
    now = current()
    saved = step.saved_inputs
    stand_ins = tuple([None if t is None else make(t.array, None, 0, t.guard) for t in saved])
    g = make(g.array if isinstance(g, Tensor) else g, None, 0, None)
    step.saved_a = stand_ins[0]
    step.saved_b = stand_ins[1] if len(saved) > 1 else None
    now.listing = listing = []
    try:
        results = step.op.gradient(step, g)
    finally:
        now.listing = None
        step.saved_a = saved[0]
        step.saved_b = saved[1] if len(saved) > 1 else None
    places = {id(t): i for i, t in enumerate(stand_ins) if t is not None}
    places[id(g)] = G
    numbers = [x for call in listing if call for x in call[1] if not isinstance(x, Tensor)]
    lines = []
    flat = True
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
        flat = flat and max(at) < FIRST
        lines.append(Line(op, at[0], at[1] if len(at) > 1 else NOTHING, attrs))
        places[id(output)] = FIRST + len(numbers) + len(lines) - 1
    results = results if isinstance(results, tuple) else (results,)
    if len(results) != len(saved):
        return None
    found = [
        NOTHING if r is None or source is None else places.get(id(r), -2)
        for r, source in zip(results, step.sources, strict=True)
    ]
    if -2 in found:
        return None
    return Recipe(numbers, lines, flat, found)
