"""What is switched on in this thread: recording, hooks, open tapes, and the layer that is running."""

import threading
from typing import Any

from stepgrad.errors import ArgumentError
from stepgrad.tape import threads

public: dict[Any, Any] = {}  # name -> public function of stepgrad.ops; filled there
rules: dict[str, Any] = {}  # name -> op; filled in stepgrad.ops, used by the operators of tensors
symbolic_apply: list[
    Any
] = []  # one function, put here by stepgrad.tape.symbolic: what an op does with a KerasTensor
walk_back: list[Any] = []  # one function, put there by stepgrad.tape.backward: Tensor.backward


class Now:
    """What is switched on. An object of its own, so that the tape looks into the thread's storage once for an op."""

    def __init__(self):
        self.thread = threads.number()  # whose it is
        self.recording = True  # off inside no_grad
        self.hooks = ()  # see stepgrad.tape.hooks
        self.tapes = ()  # the GradientTapes that are open
        self.frozen = False  # on in a symbolic run of a layer, where assignments to variables have no effect
        self.bfloat16 = False  # on in layers whose policy wants products of bfloat16 numbers
        self.scope = ""  # path of the layer that is running, "model/dense_1"
        self.recorder = None  # writes down a step that is to be replayed, see stepgrad.replay
        self.listing = (
            None  # while a gradient is read for the first time: the ops it calls; see stepgrad.tape.recipe
        )


def _part(name):
    return property(lambda self: getattr(self.now, name), lambda self, value: setattr(self.now, name, value))


class _State:
    """The parts of this thread's Now."""

    recording, hooks, tapes, frozen, bfloat16, scope, recorder = map(
        _part, ("recording", "hooks", "tapes", "frozen", "bfloat16", "scope", "recorder")
    )

    @property
    def now(self):
        return current()


_thread = threading.local()
_last = None  # the Now that was asked for last: with one thread at work, there is nothing to look up
state = _State()


def current():
    """Return this thread's Now."""
    global _last
    now = _last
    if now is None or now.thread != threads.number():
        try:
            now = _thread.now
        except AttributeError:
            now = _thread.now = Now()
        _last = now
    return now


class scope:
    """Name the layer that runs inside the block, for errors, hooks and the step-through."""

    def __init__(self, name):
        if not isinstance(name, str):
            raise ArgumentError("a scope is named by a string", got=repr(name))
        self.name = name
        self.before = ""

    def __enter__(self):
        now = state.now
        self.before = now.scope
        now.scope = f"{self.before}/{self.name}" if self.before else self.name
        return self

    def __exit__(self, *exception):
        state.now.scope = self.before
        return False
