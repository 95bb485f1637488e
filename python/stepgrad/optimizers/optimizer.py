"""Optimizer: the base class. Learning rate, clipping, weight decay, moving averages, accumulation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from inspect import Signature, signature
from operator import itemgetter
from typing import Any

import numpy as np

from stepgrad import config
from stepgrad.errors import ArgumentError, NotBuiltError
from stepgrad.optimizers import gradients
from stepgrad.optimizers.averages import Averages
from stepgrad.optimizers.schedules import LearningRateSchedule
from stepgrad.optimizers.update import Update
from stepgrad.tape import Variable, no_grad, wrap
from stepgrad.tape.recording import Ready, on_host
from stepgrad.utils.naming import auto_name
from stepgrad.utils.serialization import Registry, deserialize_object, serialize_object

OPTIMIZERS = Registry("optimizers")


class Optimizer(Averages):
    """Changes variables so that the loss falls.

    Parameters
    ----------
    learning_rate : float, LearningRateSchedule or callable without arguments
    weight_decay : float, optional
        Before each update every variable shrinks by learning_rate * weight_decay of itself.
    clipnorm, global_clipnorm, clipvalue : float, optional
        Upper bound for the norm of each gradient, for the norm of all gradients together, for each entry. At most one.
    use_ema : bool
        Keep an exponential moving average of the variables, w_avg = ema_momentum * w_avg + (1 - ema_momentum) * w.
    ema_momentum : float
    ema_overwrite_frequency : int, optional
        Put the averages into the variables every so many steps; without it, `finalize_variable_values` does so at the end.
    loss_scale_factor : float, optional
        The loss was multiplied by this (see `scale_loss`), so gradients are divided by it.
    gradient_accumulation_steps : int, optional
        Update only every so many calls, with the mean of the gradients since.
    name : str, optional

    Notes
    -----
    An optimizer of your own defines ``update_step(gradient, variable, learning_rate)`` and, if it keeps anything for each
    variable, ``build(variables)``, which calls ``super().build(variables)`` and `add_variable_from_reference`.

    Examples
    --------
    >>> import numpy as np
    >>> import stepgrad as sg
    >>> class SignDescent(sg.optimizers.Optimizer):
    ...     def update_step(self, gradient, variable, learning_rate):
    ...         variable.assign_sub(np.sign(gradient.numpy()) * learning_rate)
    >>> w = sg.Variable([1.0, -1.0])
    >>> SignDescent(learning_rate=0.5).apply([sg.Tensor([3.0, -4.0])], [w])
    >>> w.tolist()
    [0.5, -0.5]
    """

    update: Update | None = None  # the rule, with its formula: the step-through shows it

    def __init_subclass__(cls, **kwargs: Any):
        """Let help() and editors show the words behind ``**kwargs``; they are given by name."""
        super().__init_subclass__(**kwargs)
        own = [p for p in signature(cls.__init__).parameters.values() if p.kind is not p.VAR_KEYWORD][1:]
        names = {p.name for p in own}
        shared = list(signature(Optimizer.__init__).parameters.values())[2:]  # without self, learning_rate
        hidden = any(p.kind is p.VAR_KEYWORD for p in signature(cls.__init__).parameters.values())
        shared = shared if hidden else []
        more = [p.replace(kind=p.KEYWORD_ONLY) for p in shared if p.name not in names]
        words = [p for p in own if p.kind is not p.VAR_POSITIONAL] + more
        type.__setattr__(cls, "__signature__", Signature(words))

    def __init__(
        self,
        learning_rate: float | LearningRateSchedule | Callable[[], Any],
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
    ):
        clips = {"clipnorm": clipnorm, "clipvalue": clipvalue, "global_clipnorm": global_clipnorm}
        if sum(value is not None for value in clips.values()) > 1:
            raise ArgumentError(
                "gradients can be clipped in one way only", got=str(clips), fix="keep one of the three"
            )
        if gradient_accumulation_steps is not None and gradient_accumulation_steps < 2:
            raise ArgumentError(
                "gradient_accumulation_steps must be at least 2", got=str(gradient_accumulation_steps)
            )
        if use_ema and not 0 <= ema_momentum <= 1:
            raise ArgumentError("ema_momentum must be between 0 and 1", got=str(ema_momentum))
        super().__init__(name or auto_name(type(self).__name__))
        self.weight_decay = weight_decay
        self.clipnorm, self.clipvalue, self.global_clipnorm = clipnorm, clipvalue, global_clipnorm
        self.use_ema, self.ema_momentum = use_ema, ema_momentum
        self.ema_overwrite_frequency = ema_overwrite_frequency
        self.loss_scale_factor = loss_scale_factor
        self.gradient_accumulation_steps = gradient_accumulation_steps
        self._trainable_variables: list[Variable] = []
        self._averages: list[Variable] = []
        self._gradient_sums: list[Variable] = []
        self._excluded: tuple[set[int], tuple[str, ...]] = (set(), ())
        self._warned: set[str] = set()
        self._iterations = self._add_number("iteration", "int64")
        self._learning_rate: Any = None
        if callable(learning_rate):
            self._learning_rate = learning_rate
        else:
            self._learning_rate = self._add_number("learning_rate", config.floatx())
            self._set_rate(learning_rate)

    def build(self, variables: Sequence[Variable]) -> None:
        """Create what the optimizer keeps for each variable. Happens by itself at the first `apply`."""
        if self.built:
            return
        self._indices = {id(v): i for i, v in enumerate(variables)}
        self._trainable_variables = list(variables)
        rate = self._learning_rate
        if isinstance(rate, Variable) and any(v.dtype == "float64" for v in variables):
            # As exact as the weights. Keras keeps it in float32, which would cost a float64 run half of its digits.
            exact = self._given_rate if np.float32(self._given_rate) == rate.array else rate.array
            rate.array = np.asarray(exact, np.float64)
            rate.form = None
        if self.use_ema:
            self._averages = self.add_optimizer_variables(variables, "average")
        if self.gradient_accumulation_steps:
            self._gradient_sums = self.add_optimizer_variables(variables, "gradient_accumulator")
        self.built = True

    # -- one step --------------------------------------------------------------------------------------------------

    def apply(self, grads: Sequence[Any], trainable_variables: Sequence[Variable] | None = None) -> None:
        """Do one step.

        Parameters
        ----------
        grads : sequence of Tensor, array or None
            None for a variable that the loss does not depend on; it is left as it is.
        trainable_variables : sequence of Variable, optional
            In the order of `grads`; those the optimizer was built for if left out.

        Raises
        ------
        GradientError
            If there is no gradient at all.
        """
        on_host(self._apply, grads, trainable_variables, ready=self._ready)

    def _apply(self, grads: Sequence[Any], trainable_variables: Sequence[Variable] | None) -> None:
        grads = list(grads)
        if trainable_variables is None:
            if not self.built:
                raise NotBuiltError(
                    f"optimizer '{self.name}' does not know its variables yet",
                    fix="pass them, apply(grads, variables), or call build(variables) first",
                )
            trainable_variables = self._trainable_variables
        variables = list(trainable_variables)
        if len(grads) != len(variables):
            raise ArgumentError(
                f"optimizer '{self.name}' needs one gradient a variable",
                expected=f"{len(variables)} gradients",
                got=f"{len(grads)}",
            )
        if not grads:
            return
        if not self.built:
            self.build(variables)
        self._check_known(variables)
        with no_grad():
            arrays, variables = gradients.with_values(grads, variables, self._warned)
            if self.loss_scale_factor is not None:
                arrays = [g / self.loss_scale_factor for g in arrays]
            self._update(arrays, variables)
            for variable in variables:
                if variable.constraint is not None:
                    variable.assign(variable.constraint(variable))
        self._count()
        self._iterations.changed()

    def _count(self) -> None:
        count = self._iterations.array
        count[()] = count.item() + 1  # a fifth of what NumPy needs to add 1

    def _ready(self, grads: Sequence[Any], variables: Sequence[Variable] | None) -> Ready | None:
        """Return what does the same as `_apply` with these very tensors, where that is the update alone."""
        variables = list(self._trainable_variables if variables is None else variables)
        more = (
            self.loss_scale_factor,
            self.gradient_accumulation_steps,
            self.weight_decay,
            self.use_ema or None,
        )
        clips = (self.clipnorm, self.global_clipnorm, self.clipvalue)
        simple = (
            all(x is None for x in more) and not any(clips) and all(v.constraint is None for v in variables)
        )
        if not simple or self.update is None or type(self).update_step is not Optimizer.update_step:
            return None
        slots = [self.slots(self.index_of(v)) for v in variables]
        update = self.update.ready(variables, list(grads), slots)
        if update is None:
            return None

        in_order = itemgetter(*self.update.numbers)

        def numbers() -> Iterable[float]:
            numbers = self.numbers(self._rate())
            self._count()
            return in_order(numbers)

        kept = [slot for of_variable in slots for slot in of_variable if slot is not None]
        return Ready(numbers, update, [self._iterations, *variables, *kept])

    def apply_gradients(self, grads_and_vars: Iterable[tuple[Any, Variable]]) -> Variable:
        """Do one step from (gradient, variable) pairs."""
        pairs = list(grads_and_vars)
        self.apply([g for g, _ in pairs], [v for _, v in pairs])
        return self._iterations

    def slots(self, i: int) -> tuple:
        """Return what the optimizer keeps for variable number `i`, in the order of `update`; None where not in use."""
        return ()

    def numbers(self, learning_rate: float) -> dict[str, Any]:
        """Return the numbers of this step for `update`."""
        raise NotImplementedError(
            f"{type(self).__name__} must define update_step(gradient, variable, learning_rate)"
        )

    def update_step(self, gradient: Any, variable: Variable, learning_rate: float) -> None:
        """Change one variable in place."""
        numbers = self.numbers(learning_rate)
        if self.update is not None:
            self.update(variable, gradient, *self.slots(self.index_of(variable)), **numbers)

    def update_all(self, grads: Sequence[Any], variables: Sequence[Variable], learning_rate: float) -> None:
        """Change all variables: in one call, unless `update_step` was overridden."""
        if self.update is not None and type(self).update_step is Optimizer.update_step:
            slots = [self.slots(self.index_of(variable)) for variable in variables]
            self.update.all(variables, grads, slots, **self.numbers(learning_rate))
            return
        for g, variable in zip(grads, variables, strict=True):
            self.update_step(wrap(g), variable, learning_rate)

    def _update(self, grads: list[np.ndarray], variables: list[Variable]) -> None:
        steps = self.gradient_accumulation_steps
        if steps:
            slots = [self._gradient_sums[self.index_of(v)] for v in variables]
            grads = [g + slot.array for g, slot in zip(grads, slots)]
            if (int(self._iterations) + 1) % steps:
                for slot, g in zip(slots, grads):
                    slot.assign(g)
            else:
                grads = [g / steps for g in grads]
                for slot in self._gradient_sums:
                    slot.assign(np.zeros(slot.shape, slot.dtype))
        if not steps or (int(self._iterations) + 1) % steps == 0:
            learning_rate = self._rate()
            grads = gradients.clip(grads, self.clipnorm, self.clipvalue, self.global_clipnorm)
            self._decay(variables, learning_rate)
            self.update_all(grads, variables, learning_rate)
        if self.use_ema:
            self._update_averages()

    def _check_known(self, variables: list[Variable]) -> None:
        for variable in variables:
            if id(variable) not in self._indices:
                raise ArgumentError(
                    f"optimizer '{self.name}' was built for other variables and does not know '{variable.path}'",
                    fix="use one optimizer for each model; after adding layers, create a new optimizer (compile again)",
                )

    def scale_loss(self, loss: Any) -> Any:
        """Multiply the loss by `loss_scale_factor`."""
        return loss if self.loss_scale_factor is None else loss * self.loss_scale_factor

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments, without the state."""
        rate = self._learning_rate
        return {
            "name": self.name,
            "learning_rate": float(rate) if isinstance(rate, Variable) else serialize_object(rate),
            "weight_decay": self.weight_decay,
            "clipnorm": self.clipnorm,
            "global_clipnorm": self.global_clipnorm,
            "clipvalue": self.clipvalue,
            "use_ema": self.use_ema,
            "ema_momentum": self.ema_momentum,
            "ema_overwrite_frequency": self.ema_overwrite_frequency,
            "loss_scale_factor": self.loss_scale_factor,
            "gradient_accumulation_steps": self.gradient_accumulation_steps,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> Optimizer:
        """Make the optimizer that a config describes, without state."""
        rate = config.get("learning_rate")
        if isinstance(rate, dict):
            config = {**config, "learning_rate": deserialize_object(rate, custom_objects)}
        return cls(**config)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name!r}, iterations={int(self.iterations)}>"
