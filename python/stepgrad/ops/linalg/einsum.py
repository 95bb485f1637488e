"""einsum: sums of products in index notation, made of matmul, multiply, sum and moved axes."""

from __future__ import annotations

import functools
import string
from typing import Any

from stepgrad.errors import ArgumentError, ShapeError
from stepgrad.ops.linalg.matmul import matrix_product
from stepgrad.ops.linalg.products import product, reshaped, transposed
from stepgrad.ops.op import to_tensor
from stepgrad.tape.state import public
from stepgrad.tape.tensor import Tensor


def einsum(subscripts: str, *operands: Any) -> Tensor:
    """Sum products of tensors over all indices that the output does not have.

    Operands are contracted from left to right, each pair by one matrix product.

    Parameters
    ----------
    subscripts : str
        One letter for each axis: "ij,jk->ik" is the matrix product. "..." stands for any axes, which broadcast; a letter
        twice in one operand takes its diagonal; without "->" the letters that occur once are the output.
    *operands : tensors

    Returns
    -------
    tensor, one axis for each letter after "->"

    Examples
    --------
    >>> einsum("ij,j->i", [[1.0, 2.0], [3.0, 4.0]], [1.0, 10.0]).tolist()
    [21.0, 43.0]
    >>> einsum("ii", [[1.0, 2.0], [3.0, 4.0]]).item()
    5.0
    """
    tensors = [to_tensor(x) for x in operands]
    terms, output = _parse(subscripts, tuple(x.ndim for x in tensors))
    _check_sizes(subscripts, terms, tensors)
    parts = [_diagonals(x, list(labels)) for x, labels in zip(tensors, terms)]
    x, labels = parts[0]
    for i, (other, other_labels) in enumerate(parts[1:], 1):
        keep = set(output).union(*(labels for _, labels in parts[i + 1 :]))
        left = _sum_out(x, labels, keep | set(other_labels))
        right = _sum_out(other, other_labels, keep | set(labels))
        x, labels = _contract(left, right, keep)
    x, labels = _sum_out(x, labels, set(output))
    return transposed(x, [labels.index(label) for label in output])


@functools.lru_cache(maxsize=256)
def _parse(subscripts, ndims):
    """Return a tuple of labels for each operand, and for the output; the axes of "..." are "0" (the last), "1", ..."""
    left, arrow, right = subscripts.replace(" ", "").partition("->")
    terms = left.split(",")
    bare = (left + right).replace("...", "").replace(",", "")
    strange = set(bare) - set(string.ascii_letters)
    if strange or "," in right:
        raise ArgumentError(
            f"cannot read {subscripts!r}",
            op="einsum",
            expected='letters, commas, "..." and one "->"',
            got=f"the character {sorted(strange)[0]!r}" if strange else "two outputs",
        )
    if len(terms) != len(ndims):
        raise ArgumentError(
            f"{subscripts!r} does not fit the number of tensors",
            op="einsum",
            expected=f"{len(terms)} tensors",
            got=str(len(ndims)),
        )
    hidden = [ndim - len(term.replace("...", "")) if "..." in term else 0 for term, ndim in zip(terms, ndims)]
    for term, ndim, more in zip(terms, ndims, hidden):
        if more < 0 or ("..." not in term and len(term) != ndim):
            raise ShapeError(
                f"'{term}' does not fit a tensor with {ndim} axes",
                op="einsum",
                expected="a letter for each axis",
            )
    inputs = tuple(_labels(term, more) for term, more in zip(terms, hidden))
    if arrow:
        output = _labels(right, max(hidden))
        if max(hidden) and "..." not in right:
            raise ArgumentError('the output must have "...", as the inputs do', op="einsum", got=subscripts)
    else:
        counts = "".join(terms).replace("...", "")
        output = _labels("...", max(hidden)) + tuple(sorted(c for c in set(counts) if counts.count(c) == 1))
    known = {label for labels in inputs for label in labels}
    if len(set(output)) < len(output) or not set(output) <= known:
        raise ArgumentError(
            "each letter of the output must stand in an input, and once in the output",
            op="einsum",
            got=subscripts,
        )
    return inputs, output


def _labels(term, hidden):
    before, dots, after = term.partition("...")
    return (*before, *(str(i) for i in reversed(range(hidden if dots else 0))), *after)


def _check_sizes(subscripts, terms, operands):
    sizes = {}
    for labels, x in zip(terms, operands):
        for label, size in zip(labels, x.shape):
            known = sizes.setdefault(label, size)
            if known in (None, 1) and label.isdigit():
                sizes[label] = size
            elif None not in (known, size) and known != size and not (label.isdigit() and size == 1):
                raise ShapeError(
                    f"'{label if label.isalpha() else '...'}' stands for axes of different sizes",
                    op="einsum",
                    expected=f"the same size wherever it stands in {subscripts!r}",
                    got=" and ".join(str(tuple(x.shape)) for x in operands),
                )


def _diagonals(x, labels):
    """Where a label stands twice, keep only the entries at which both indices are equal."""
    for label in dict.fromkeys(labels):
        while labels.count(label) > 1:
            i = labels.index(label)
            j = labels.index(label, i + 1)
            others = [axis for axis in range(x.ndim) if axis not in (i, j)]
            n = x.shape[i]
            x = reshaped(transposed(x, [*others, i, j]), (*(x.shape[axis] for axis in others), n * n))
            x = x[..., :: n + 1]  # entry (k, k) stands at k * (n + 1)
            labels = [*(labels[axis] for axis in others), label]
    return x, labels


def _sum_out(x, labels, keep):
    axes = tuple(axis for axis, label in enumerate(labels) if label not in keep)
    return (x.sum(axes), [label for label in labels if label in keep]) if axes else (x, labels)


def _contract(left, right, keep):
    """Multiply two tensors and sum over the labels that both have and nobody needs any more."""
    (a, a_labels), (b, b_labels) = left, right
    shared = [label for label in a_labels if label in b_labels]
    batch, summed = [s for s in shared if s in keep], [s for s in shared if s not in keep]
    a_free, b_free = ([label for label in labels if label not in shared] for labels in (a_labels, b_labels))
    result = batch + a_free + b_free
    if not summed:
        return public["multiply"](_align(a, a_labels, result), _align(b, b_labels, result)), result
    transpose_a, transpose_b = a_labels == batch + summed + a_free, b_labels == batch + b_free + summed
    a_order = [batch, summed, a_free] if transpose_a else [batch, a_free, summed]
    b_order = [batch, b_free, summed] if transpose_b else [batch, summed, b_free]
    y = matrix_product(
        _as_matrices(a, a_labels, a_order),
        _as_matrices(b, b_labels, b_order),
        transpose_a=transpose_a,
        transpose_b=transpose_b,
    )
    sizes = {**dict(zip(a_labels, a.shape)), **{k: v for k, v in zip(b_labels, b.shape) if k in b_free}}
    return reshaped(y, (*y.shape[: len(batch)], *(sizes[label] for label in a_free + b_free))), result


def _align(x, labels, result):
    """Give `x` the axes of `result`, with size 1 where it does not have them."""
    sizes = dict(zip(labels, x.shape))
    x = transposed(x, [labels.index(label) for label in result if label in sizes])
    return reshaped(x, [sizes.get(label, 1) for label in result])


def _as_matrices(x, labels, order):
    """Bring `x` to [*batch, rows, columns], each of the last two a product of axes."""
    sizes = dict(zip(labels, x.shape))
    x = transposed(x, [labels.index(label) for part in order for label in part])
    batch, *parts = order
    return reshaped(x, (*(sizes[s] for s in batch), *(product(sizes[s] for s in part) for part in parts)))
