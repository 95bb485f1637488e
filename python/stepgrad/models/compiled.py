"""What compile makes of losses and metrics: which belongs to which output."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from stepgrad import losses, metrics
from stepgrad.errors import ArgumentError, did_you_mean
from stepgrad.tape import Tensor
from stepgrad.utils.tree import flatten


def output_names(y_pred: Any, known: list[str] | None) -> list[str] | None:
    """Return one name an output, in the order in which outputs are listed; None for a single output."""
    if isinstance(y_pred, dict):
        return list(known) if known and set(known) == set(y_pred) else sorted(y_pred)
    if isinstance(y_pred, list | tuple) and len(y_pred) > 1:
        count = len(flatten(y_pred))
        return list(known) if known and len(known) == count else [f"output_{i}" for i in range(count)]
    return None


def per_output(value: Any, names: list[str] | None, what: str) -> list:
    """Return one entry for each output from a single value, a list or a dict by output name."""
    if names is None:
        if isinstance(value, list | tuple) and len(value) == 1:
            return list(value)
        if isinstance(value, dict) and len(value) == 1:
            return list(value.values())
        if isinstance(value, list | tuple | dict) and what != "metrics":
            raise ArgumentError(f"{what} has {len(value)} entries, and the model has one output")
        return [value]
    if isinstance(value, dict):
        unknown = [name for name in value if name not in names]
        if unknown:
            raise ArgumentError(
                f"{what} names an output that the model does not have",
                got=repr(unknown[0]),
                fix=did_you_mean(unknown[0], names),
            )
        return [value.get(name) for name in names]
    if isinstance(value, list | tuple):
        if len(value) != len(names):
            raise ArgumentError(
                f"{what} must have one entry for each output",
                expected=f"{len(names)}: " + ", ".join(names),
                got=f"{len(value)} entries",
                fix="give a list in this order, or a dict by these names",
            )
        return list(value)
    raise ArgumentError(
        f"the model has {len(names)} outputs, and {what} is a single value",
        expected="a list, or a dict with the keys " + ", ".join(names),
        got=type(value).__name__,
    )


def split_outputs(y: Any, y_pred: Any, names: list[str] | None) -> tuple[list, list]:
    """Return (labels, predictions), one entry for each output."""
    if names is None:
        [prediction] = flatten(y_pred)
        return per_output(y, None, "y"), [prediction]
    predictions = [y_pred[name] for name in names] if isinstance(y_pred, dict) else flatten(y_pred)
    if y is None:
        return [None] * len(names), predictions
    return per_output(y, names, "y"), predictions


class CompiledLoss:
    """The total loss: the weighted sum over the outputs.

    Attributes
    ----------
    metrics : list of Mean
        With several losses, the unweighted mean of each.
    """

    def __init__(self, loss: Any, loss_weights: Any, known_names: list[str] | None):
        self._loss, self._weights, self._known_names = loss, loss_weights, known_names
        self.functions: list[Any] | None = None
        self.metrics: list[Any] = []

    @property
    def built(self) -> bool:
        """Whether the functions are known, which takes a first batch."""
        return self.functions is not None

    def build(self, y: Any, y_pred: Any) -> None:
        """Find the loss of each output."""
        self.names = output_names(y_pred, self._known_names)
        count = len(self.names or [None])
        single = not isinstance(self._loss, list | tuple | dict)
        given = [self._loss] * count if single else per_output(self._loss, self.names, "loss")
        if self._weights is None:
            self.weights = [None] * count
        else:
            self.weights = per_output(self._weights, self.names, "loss_weights")
        labels, predictions = split_outputs(y, y_pred, self.names)
        self.functions = [loss and _loss_of(loss, t, p) for loss, t, p in zip(given, labels, predictions)]
        if sum(function is not None for function in self.functions) > 1 and self.names:
            self.metrics = [metrics.Mean(name=f"{n}_loss") for n, f in zip(self.names, self.functions) if f]

    def __call__(self, y: Any, y_pred: Any, sample_weight: Any = None) -> Tensor | None:
        """Return the total loss of a batch, None where no output has a loss."""
        if y is None:
            raise ArgumentError(
                "the loss needs labels, and there are none",
                got="y=None",
                fix="fit(x, y), or let the generator give (x, y); a model that makes its loss with add_loss "
                "is compiled without loss=",
            )
        if self.functions is None:
            self.build(y, y_pred)
        labels, predictions = split_outputs(y, y_pred, self.names)
        weights = _weights_per_output(sample_weight, self.names)
        total = None
        trackers = iter(self.metrics)
        for function, factor, label, prediction, weight in zip(
            self.functions or (), self.weights, labels, predictions, weights, strict=True
        ):
            if function is None:
                continue
            value = function(label, prediction, weight)
            if self.metrics:
                next(trackers).update_state(value.detach(), sample_weight=len(prediction))
            if factor is not None:
                value = value * factor
            total = value if total is None else total + value
        return total


def _weights_per_output(sample_weight: Any, names: list[str] | None) -> list:
    if names is None or isinstance(sample_weight, list | tuple | dict):
        return [None] if sample_weight is None else per_output(sample_weight, names, "sample_weight")
    return [sample_weight] * len(names)


def _loss_of(identifier: Any, y: Any, y_pred: Any) -> Callable:
    if identifier in ("crossentropy", "ce"):
        if y_pred.shape[-1] == 1:
            identifier = "binary_crossentropy"
        elif len(y.shape) < len(y_pred.shape) or y.shape[-1] == 1:
            identifier = "sparse_categorical_crossentropy"
        else:
            identifier = "categorical_crossentropy"
    loss = losses.get(identifier)
    if isinstance(loss, losses.Loss):
        return loss
    name = identifier if isinstance(identifier, str) else getattr(loss, "__name__", None)
    return losses.LossFunctionWrapper(loss, name=name)


class CompiledMetrics:
    """The metrics of every output, and the names under which they appear in logs."""

    def __init__(self, plain: Any, weighted: Any, known_names: list[str] | None, loss: Any):
        for what, value in (("metrics", plain), ("weighted_metrics", weighted)):
            if value is not None and not isinstance(value, list | tuple | dict):
                raise ArgumentError(
                    f"{what} must be a list or dict", got=repr(value), fix=f"{what}=[{value!r}]"
                )
        self._plain, self._weighted, self._known_names, self._loss = plain, weighted, known_names, loss
        self._entries: list[tuple[int, bool, str, Any]] | None = None  # output, weighted, name, metric

    @property
    def metrics(self) -> list:
        """The metric objects, once the first batch has told which are meant."""
        return [metric for *_, metric in self._entries or ()]

    @property
    def names(self) -> list[str]:
        """The names in the logs."""
        return [name for _, _, name, _ in self._entries or ()]

    @property
    def built(self) -> bool:
        """Whether the metrics are known, which takes a first batch."""
        return self._entries is not None

    def build(self, y: Any, y_pred: Any) -> None:
        """Find the metrics of each output."""
        self._output_names = output_names(y_pred, self._known_names)
        labels, predictions = split_outputs(y, y_pred, self._output_names)
        entries: list[tuple[int, bool, str, Any]] = []
        for given, weighted, what in (
            (self._plain, False, "metrics"),
            (self._weighted, True, "weighted_metrics"),
        ):
            for output, some in enumerate(self._of_outputs(given, what)):
                for identifier in flatten(some):
                    if identifier is None:
                        continue
                    metric = metrics.resolve(
                        identifier, labels[output].shape, predictions[output].shape, self._loss
                    )
                    prefix = f"{self._output_names[output]}_" if self._output_names else ""
                    entries.append(
                        (output, weighted, _unused(prefix, metric.name, weighted, entries), metric)
                    )
        self._entries = entries

    def _of_outputs(self, given: Any, what: str) -> list:
        if not given:
            return []
        if self._output_names is None:
            return [flatten(given)]
        return per_output(given, self._output_names, what)

    def update_state(self, y: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take a batch into account."""
        if self._entries is None:
            self.build(y, y_pred)
        labels, predictions = split_outputs(y, y_pred, self._output_names)
        weights = _weights_per_output(sample_weight, self._output_names)
        for output, weighted, _, metric in self._entries or ():
            if weighted and weights[output] is not None:
                metric.update_state(labels[output], predictions[output], sample_weight=weights[output])
            else:
                metric.update_state(labels[output], predictions[output])

    def result(self) -> dict[str, Any]:
        """Return the values since the last reset by name."""
        return {name: metric.result() for _, _, name, metric in self._entries or ()}


def _unused(prefix: str, name: str, weighted: bool, entries: list) -> str:
    taken = {entry[2] for entry in entries}
    name = f"{prefix}weighted_{name}" if weighted and prefix + name in taken else prefix + name
    number, unused = 1, name
    while unused in taken:
        unused, number = f"{name}_{number}", number + 1
    return unused
