"""Loops over functions of tensors. They are Python's own loops; what they add is Keras's way of naming the parts."""

from __future__ import annotations

import builtins
from collections.abc import Callable
from typing import Any

import numpy as np

from stepgrad.errors import ArgumentError, ShapeError
from stepgrad.ops.control.branches import truth
from stepgrad.ops.op import to_tensor
from stepgrad.ops.words import ops


def while_loop(cond: Callable, body: Callable, loop_vars: Any, maximum_iterations: int | None = None) -> Any:
    """Run ``loop_vars = body(*loop_vars)`` as long as ``cond(*loop_vars)`` holds.

    Examples
    --------
    >>> while_loop(lambda i: i < 10, lambda i: (i + 3,), (0,))
    (12,)
    """
    single = not isinstance(loop_vars, list | tuple)
    values = (loop_vars,) if single else tuple(loop_vars)
    rounds = 0
    while (maximum_iterations is None or rounds < maximum_iterations) and truth(cond(*values), "while_loop"):
        result = body(*values)
        values = tuple(result) if isinstance(result, list | tuple) else (result,)
        rounds += 1
    return values[0] if single else values


def fori_loop(lower: int, upper: int, body_fun: Callable, init_val: Any) -> Any:
    """Run ``value = body_fun(i, value)`` for each i from `lower` to ``upper - 1``.

    Examples
    --------
    >>> fori_loop(0, 4, lambda i, total: total + i, 0)
    6
    """
    value = init_val
    for i in range(int(truth(lower, "fori_loop")), int(truth(upper, "fori_loop"))):
        value = body_fun(i, value)
    return value


def map(f: Callable, xs: Any) -> Any:
    """Apply `f` to each slice along the first axis, and stack the results.

    Parameters
    ----------
    f : callable
    xs : tensor, or a nested list, tuple or dict of tensors
        With one length.

    Examples
    --------
    >>> map(lambda x: x * x, [1, 2, 3]).tolist()
    [1, 4, 9]
    """
    xs = _tensors(xs)
    return _stacked([f(_at(xs, i)) for i in range(_length(xs, "map"))])


def vectorized_map(function: Callable, elements: Any) -> Any:
    """`map` under the name of its faster relative in other frameworks.

    Examples
    --------
    >>> vectorized_map(lambda x: x * x, [1, 2]).tolist()
    [1, 4]
    """
    return map(function, elements if not isinstance(elements, list) else to_tensor(elements))


def scan(
    f: Callable,
    init: Any,
    xs: Any = None,
    length: int | None = None,
    reverse: bool = False,
    unroll: int | bool = 1,
) -> tuple[Any, Any]:
    """Carry a state along the first axis: ``carry, y = f(carry, x)`` for each slice x; the y are stacked.

    Parameters
    ----------
    f : callable
    init : tensor, or a nested structure of them
        The first state.
    xs : tensor or nested structure, optional
        None: run `length` times without.
    reverse : bool
        Begin at the end.
    unroll
        Kept for Keras programs.

    Returns
    -------
    the last state, and the stacked results

    Examples
    --------
    >>> last, sums = scan(lambda total, x: (total + x, total + x), 0, [1, 2, 3])
    >>> last.item(), sums.tolist()
    (6, [1, 3, 6])
    """
    if xs is None and length is None:
        raise ArgumentError("scan needs xs, or a length", op="scan")
    xs = None if xs is None else _tensors(xs)
    count = _length(xs, "scan") if xs is not None else int(length or 0)
    if length is not None and length != count:
        raise ArgumentError("length is not the length of xs", op="scan", expected=str(count), got=str(length))
    carry, results = _tensors(init), []
    for i in reversed(range(count)) if reverse else range(count):
        carry, y = f(carry, None if xs is None else _at(xs, i))
        results.append(y)
    return carry, _stacked(results[::-1] if reverse else results)


def associative_scan(f: Callable, elems: Any, reverse: bool = False, axis: int = 0) -> Any:
    """Combine all entries up to each one with the associative function `f`: a running sum, where f adds.

    Examples
    --------
    >>> associative_scan(lambda a, b: a + b, np.array([1, 2, 3])).tolist()
    [1, 3, 6]
    """
    elems = _leaves(_tensors(elems), lambda x: ops.moveaxis(x, axis, 0))
    count = _length(elems, "associative_scan")
    results: list[Any] = []
    for i in reversed(range(count)) if reverse else range(count):
        x = _at(elems, slice(i, i + 1))
        results.append(f(results[-1], x) if results else x)
    results = results[::-1] if reverse else results
    joined = _zip(results, lambda parts: ops.concatenate(parts, 0))
    return _leaves(joined, lambda x: ops.moveaxis(x, 0, axis))


def vectorize(pyfunc: Callable, *, excluded: Any = None, signature: str | None = None) -> Callable:
    """Return a function that applies `pyfunc` entry by entry, broadcasting its arguments.

    Parameters
    ----------
    excluded : set of int, optional
        Arguments that are passed on whole.

    Examples
    --------
    >>> vectorize(lambda a, b: a if a > b else b)([1, 5], 3).tolist()
    [3, 5]
    """
    if signature is not None:
        raise ArgumentError("vectorize offers functions of numbers, without a signature", op="vectorize")
    whole = set(excluded or ())

    def run(*args: Any) -> Any:
        own = {i: to_tensor(x) for i, x in enumerate(args) if i not in whole}
        shape = np.broadcast_shapes(*(x.shape for x in own.values()))
        flat = {i: ops.reshape(ops.broadcast_to(x, shape), (-1,)) for i, x in own.items()}
        count = int(np.prod(shape, dtype=np.int64))
        rows = [pyfunc(*(flat[i][k] if i in flat else x for i, x in enumerate(args))) for k in range(count)]
        return ops.reshape(ops.stack(rows), shape)

    return run


def _leaves(structure: Any, function: Callable) -> Any:
    if isinstance(structure, dict):
        return {key: _leaves(value, function) for key, value in structure.items()}
    if isinstance(structure, list | tuple):
        return type(structure)(_leaves(value, function) for value in structure)
    return None if structure is None else function(structure)


def _tensors(structure: Any) -> Any:
    """Turn the leaves into tensors; a list of plain numbers is one tensor."""
    if isinstance(structure, list) and not any(hasattr(x, "shape") for x in structure):
        return to_tensor(structure)
    return _leaves(structure, to_tensor)


def _at(structure: Any, key: Any) -> Any:
    return _leaves(structure, lambda x: x[key])


def _zip(structures: list, join: Callable) -> Any:
    """Join the leaves that stand in the same place of several structures."""
    first = structures[0]
    if isinstance(first, dict):
        return {key: _zip([s[key] for s in structures], join) for key in first}
    if isinstance(first, list | tuple):
        return type(first)(_zip(list(parts), join) for parts in zip(*structures, strict=True))
    return None if first is None else join(structures)


def _stacked(results: list) -> Any:
    return _zip(results, ops.stack) if results else None


def _length(structure: Any, op: str) -> int:
    lengths: set[Any] = set()
    _leaves(structure, lambda x: lengths.add(x.shape[0] if x.ndim else None))
    if len(lengths) != 1 or None in lengths:
        raise ShapeError(
            "the tensors need one known length", op=op, got=str(builtins.sorted(map_str(lengths)))
        )
    return lengths.pop()


def map_str(values: Any) -> list[str]:
    """Return the values as words."""
    return [str(value) for value in values]
