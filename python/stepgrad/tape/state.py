"""What is switched on in this thread: recording, hooks, open tapes, and the layer that is running."""

import threading
from typing import Any

from stepgrad.errors import ArgumentError

public: dict[
    Any, Any
] = {}  # name -> public function of stepgrad.ops; filled there, used by the operators of tensors
symbolic_apply: list[
    Any
] = []  # one function, put here by stepgrad.tape.symbolic: what an op does with a KerasTensor


class _State(threading.local):
    """What is switched on in this thread."""

    recording = True  # off inside no_grad
    hooks: tuple[Any, ...] = ()  # see stepgrad.tape.hooks
    tapes: tuple[Any, ...] = ()  # the GradientTapes that are open
    frozen = False  # on in a symbolic run of a layer, where assignments to variables have no effect
    scope = ""  # path of the layer that is running, "model/dense_1"
    recorder: Any = None  # writes down a step that is to be replayed, see stepgrad.replay


state = _State()


class scope:
    """Name the layer that runs inside the block, for errors, hooks and the step-through."""

    def __init__(self, name):
        if not isinstance(name, str):
            raise ArgumentError("a scope is named by a string", got=repr(name))
        self.name = name
        self.before = ""

    def __enter__(self):
        self.before = state.scope
        state.scope = f"{self.before}/{self.name}" if self.before else self.name
        return self

    def __exit__(self, *exception):
        state.scope = self.before
        return False
