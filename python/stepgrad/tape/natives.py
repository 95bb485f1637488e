"""What the tape asks of Python itself; natives.pxd has the C functions that compiled modules call instead."""

import itertools

COMPILED = False  # where it is True, all fields of a new object are None
_numbers = itertools.count(1)


def next_number():
    """Return a number that is larger than all before it."""
    return next(_numbers)


def alone(x):
    """Tell whether nothing but one variable of the caller refers to `x`. Uncompiled nobody can tell: no."""
    return False


class cython:
    """Stands in for the compiler's decorators where Cython is not installed: uncompiled, they mean nothing."""

    @staticmethod
    def cclass(a_class):
        return a_class

    @staticmethod
    def freelist(_):
        return cython.cclass

    no_gc_clear = cclass
    trashcan = freelist
