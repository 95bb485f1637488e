"""CallbackList: calls a hook on every callback."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from stepgrad.callbacks.callback import Callback, Logs
from stepgrad.callbacks.history import History
from stepgrad.callbacks.progbar_logger import ProgbarLogger
from stepgrad.errors import DTypeError
from stepgrad.utils.nest import flatten

_BATCH_HOOKS = tuple(
    f"on_{phase}_batch_{when}" for phase in ("train", "test", "predict") for when in ("begin", "end")
)


class CallbackList:
    """Several callbacks behind one set of hooks.

    Parameters
    ----------
    callbacks : Callback or nested list of them, optional
    add_history, add_progbar : bool
        Put a History or a ProgbarLogger in, unless there is one.
    model : Model, optional
    **params
        ``verbose``, ``epochs``, ``steps``: passed on to the callbacks.

    Examples
    --------
    >>> callbacks = CallbackList(add_history=True)
    >>> callbacks.on_train_begin()
    >>> callbacks.on_epoch_end(0, {"loss": 0.5})
    >>> callbacks.callbacks[0].history
    {'loss': [0.5]}
    """

    def __init__(
        self,
        callbacks: Any = None,
        add_history: bool = False,
        add_progbar: bool = False,
        model: Any = None,
        **params: Any,
    ):
        self.callbacks: list[Callback] = [c for c in flatten(callbacks) if c is not None]
        for callback in self.callbacks:
            if not isinstance(callback, Callback):
                raise DTypeError(
                    "callbacks holds something that is not a callback",
                    expected="instances of stepgrad.callbacks.Callback",
                    got=repr(callback),
                    fix="write callbacks=[EarlyStopping(), ...], with the brackets that make an instance",
                )
        if add_progbar and not self._find(ProgbarLogger):
            self.callbacks.append(ProgbarLogger())
        if add_history and not self._find(History):
            self.callbacks.append(History())
        self._arrange()
        self.params, self.model = params, None
        self.set_params(params)
        if model is not None:
            self.set_model(model)

    # made below, from the hooks' names
    on_train_begin: Callable[..., None]
    on_train_end: Callable[..., None]
    on_test_begin: Callable[..., None]
    on_test_end: Callable[..., None]
    on_predict_begin: Callable[..., None]
    on_predict_end: Callable[..., None]

    def _find(self, kind: type) -> Any:
        return next((callback for callback in self.callbacks if isinstance(callback, kind)), None)

    def append(self, callback: Callback) -> None:
        """Add one more callback."""
        self.callbacks.append(callback)
        self._arrange()
        callback.set_params(self.params)
        if self.model is not None:
            self.set_model(self.model)

    def _arrange(self) -> None:
        self.history = self._find(History)
        self.callbacks.sort(key=lambda callback: callback.runs_last)
        # Most callbacks leave most hooks alone, and a step is short: remember who listens to which batch hook.
        self._listeners = {name: [c for c in self.callbacks if _overrides(c, name)] for name in _BATCH_HOOKS}

    def listens(self, hook: str) -> bool:
        """Tell whether any callback overrides a batch hook; if not, its logs need not be computed."""
        return bool(self._listeners[hook])

    def set_params(self, params: dict[str, Any]) -> None:
        """Pass the run's parameters on."""
        for callback in self.callbacks:
            callback.set_params(params)

    def set_model(self, model: Any) -> None:
        """Pass the model on, and leave the History in ``model.history``."""
        self.model = model
        if self.history is not None:
            model.history = self.history
        for callback in self.callbacks:
            callback.set_model(model)

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        """See `Callback.on_epoch_begin`."""
        for callback in self.callbacks:
            callback.on_epoch_begin(epoch, logs)

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """See `Callback.on_epoch_end`."""
        for callback in self.callbacks:
            callback.on_epoch_end(epoch, logs)


def _overrides(callback: Callback, name: str) -> bool:
    names = (name, name.replace("on_train_batch", "on_batch"))  # the old name counts too
    return any(
        getattr(type(callback), n, None) is not getattr(Callback, n, None) or n in vars(callback)
        for n in names
    )


def _batch_hook(name: str):
    def call(self: CallbackList, batch: int, logs: Logs = None) -> None:
        for callback in self._listeners[name]:
            getattr(callback, name)(batch, logs)

    call.__doc__ = f"See `Callback.{name}`."
    return call


def _phase_hook(name: str):
    def call(self: CallbackList, logs: Logs = None) -> None:
        for callback in self.callbacks:
            getattr(callback, name)(logs)

    call.__doc__ = f"See `Callback.{name}`."
    return call


for _name in _BATCH_HOOKS:
    setattr(CallbackList, _name, _batch_hook(_name))
for _name in (f"on_{phase}_{when}" for phase in ("train", "test", "predict") for when in ("begin", "end")):
    setattr(CallbackList, _name, _phase_hook(_name))
