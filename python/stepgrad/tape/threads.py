"""A number for each thread that no other ever gets; threads.pxd has the C function that compiled modules call instead."""

import itertools
import threading

_numbers = itertools.count(1)
_own = threading.local()


def number():
    """Return the number of this thread."""
    try:
        return _own.number
    except AttributeError:
        _own.number = next(_numbers)
        return _own.number
