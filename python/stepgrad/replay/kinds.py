"""Kinds of calls: which recording a call belongs to. Compiled by Cython, as the tape is: it is asked in every step."""

from stepgrad import kernels
from stepgrad.device_arrays import is_array
from stepgrad.tape.state import current
from stepgrad.tape.tensor import Form, Tensor, the_form
from stepgrad.tape.variable import structure
from stepgrad.utils.nest import flatten

COMPILED = kernels.compiled()
MANY = 16  # kinds that are remembered
VALUES = (int, float, str, type(None))  # compared by what they are; other things by their identity


class Kind:
    """What calls have in common that can be one recording: shapes, dtypes and values of arguments, kernels, trained variables.

    Attributes
    ----------
    stage : None, Recorder, Plan or str
        How far its recording has come; a str says why there is none.
    program : Program or None
        What runs in a call's place, once there is a plan.
    """

    def __init__(self, leaves, words):
        self.version, self.structure, self.recording = kernels.version[0], structure[0], current().recording
        self.words = words
        self.leaves = [_form(leaf) for leaf in leaves]
        self.stage = self.program = None

    def arrays(self, leaves, words):
        """Return the arrays among a call's arguments, None where the call is of another kind."""
        if (
            self.version != kernels.version[0]
            or self.structure != structure[0]
            or self.recording != current().recording
            or self.words != words
            or len(self.leaves) != len(leaves)
        ):
            return None
        arrays = []
        for i, leaf in enumerate(leaves):
            known = self.leaves[i]
            if type(leaf) is Tensor:
                tensor = leaf
                leaf = tensor.array
            elif not is_array(leaf):
                if leaf is known or isinstance(leaf, VALUES) and type(leaf) is type(known) and leaf == known:
                    continue
                return None
            if type(known) is not Form:
                return None
            form = known
            if leaf.shape != form.shape or leaf.dtype != form.dtype:
                return None
            arrays.append(leaf)
        return arrays


def _form(leaf):
    if type(leaf) is Tensor:
        leaf = leaf.array
    return the_form(leaf.shape, leaf.dtype) if is_array(leaf) else leaf


class Calls:
    """A function whose calls are replayed where they are of a kind that is known well enough."""

    def __init__(self):
        self.kinds = []

    def __call__(self, *args, **kwargs):
        leaves = flatten((args, kwargs)) if kwargs else flatten(args)
        if _is_watched(leaves):
            return self.function(*args, **kwargs)
        words = _words(args, kwargs)
        for kind in self.kinds:
            arrays = kind.arrays(leaves, words)
            if arrays is not None:
                if kind.program is not None:
                    return kind.program.run(arrays)
                return self.again(kind, args, kwargs)
        if len(self.kinds) == MANY:
            self.kinds.pop(0)
        self.kinds.append(Kind(leaves, words))
        return self.function(*args, **kwargs)  # it may still build things


def _words(args, kwargs):
    """Return what a call says beside its leaves: how many arguments they are, by which names, and how they are nested."""
    if not kwargs:
        for arg in args:
            if isinstance(arg, (list, tuple, dict)):
                break
        else:
            return len(args)
    return _nesting((args, kwargs))


def _nesting(structure):
    if isinstance(structure, dict):
        return dict, [(key, _nesting(structure[key])) for key in sorted(structure)]
    if isinstance(structure, (list, tuple)):
        return type(structure), [_nesting(part) for part in structure]
    return None


def _is_watched(leaves):
    """Tell whether a call must run op by op."""
    now = current()
    if now.hooks or now.tapes or now.recorder is not None or not COMPILED:
        return True  # somebody wants to see the steps
    for leaf in leaves:
        if type(leaf) is Tensor:
            tensor = leaf
            if tensor.requires_grad or tensor._keras_mask is not None:
                return True  # a gradient belongs to the caller; a mask is no input
    return False
