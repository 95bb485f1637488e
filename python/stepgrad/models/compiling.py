"""Compiling: what compile sets up, and the loss and metrics of a batch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stepgrad import metrics as metric_classes
from stepgrad import optimizers
from stepgrad.errors import ArgumentError
from stepgrad.models.compiled import CompiledLoss, CompiledMetrics
from stepgrad.tape import Tensor
from stepgrad.utils.serialization import deserialize_object, serialize_object
from stepgrad.utils.tree import flatten

if TYPE_CHECKING:
    from stepgrad.layers.layer import Layer as Base  # what this is mixed into
else:
    Base = object


class Compiling(Base):
    """The part of a model that `compile` sets up."""

    compiled = False
    optimizer: Any = None
    loss: Any = None
    steps_per_execution = 1
    run_eagerly = False
    jit_compile: str | bool = "auto"
    _compiled_steps: dict[str, Any]
    _compile_loss: CompiledLoss | None = None
    _compile_metrics: CompiledMetrics | None = None
    _loss_tracker: Any = None
    _compile_config: dict[str, Any]

    # -- compile -------------------------------------------------------------------------------------------------------

    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        loss_weights: Any = None,
        metrics: Any = None,
        weighted_metrics: Any = None,
        run_eagerly: bool = False,
        steps_per_execution: int = 1,
        jit_compile: str | bool = "auto",
        auto_scale_loss: bool = True,
    ) -> None:
        """Say how to train: with which optimizer, on which loss, watching which metrics.

        Parameters
        ----------
        optimizer : str or Optimizer
        loss : str, Loss, callable, or a list or dict of them by output
        loss_weights : float, list or dict, optional
            Factors of the losses in the total.
        metrics, weighted_metrics : list or dict, optional
            Names, Metric objects or functions; by output for several outputs. Weighted ones see the sample weights.
        steps_per_execution : int
            Batches between two calls of the batch callbacks.
        jit_compile : {"auto", True, False}
            Record a step and replay it without Python, with the same results to the bit (see `stepgrad.compiled`). "auto"
            does so where layers and losses are all this package's own; True also with yours, whose Python then runs
            only while recording. Hooks (the step-through, the profiler) see every op all the same: while one watches,
            steps run op by op.
        run_eagerly : bool
            Run every step op by op, whatever `jit_compile` says.
        auto_scale_loss
            Taken for Keras programs; it has no effect.

        Examples
        --------
        >>> import stepgrad as sg
        >>> model = sg.Sequential([sg.layers.Input((2,)), sg.layers.Dense(1)])
        >>> model.compile(optimizer="sgd", loss="mse", metrics=["mae"])
        >>> history = model.fit([[0.0, 1.0], [1.0, 0.0]], [1.0, 0.0], epochs=2, verbose=0)
        >>> sorted(history.history)
        ['loss', 'mae']
        """
        if (
            isinstance(steps_per_execution, bool)
            or not isinstance(steps_per_execution, int)
            or steps_per_execution < 1
        ):
            raise ArgumentError(
                "steps_per_execution must be a positive integer", got=repr(steps_per_execution)
            )
        if jit_compile not in ("auto", True, False):
            raise ArgumentError('jit_compile is "auto", True or False', got=repr(jit_compile))
        names = getattr(self, "output_names", None)
        arguments = {
            "optimizer": optimizers.get(optimizer),
            "loss": loss,
            "loss_weights": loss_weights,
            "metrics": metrics,
            "weighted_metrics": weighted_metrics,
            "run_eagerly": run_eagerly,
            "steps_per_execution": steps_per_execution,
            "jit_compile": jit_compile,
        }
        watched = metrics is not None or weighted_metrics is not None
        compiled_metrics = CompiledMetrics(metrics, weighted_metrics, names, loss) if watched else None
        # Past the tracking of attributes: these are no weights, sublayers or metrics of the model's own.
        object.__setattr__(self, "_compile_config", arguments)
        object.__setattr__(self, "_loss_tracker", metric_classes.Mean(name="loss"))
        object.__setattr__(self, "loss", loss)
        self.optimizer = arguments["optimizer"]
        self._compile_loss = None if loss is None else CompiledLoss(loss, loss_weights, names)
        self._compile_metrics = compiled_metrics
        self.run_eagerly, self.steps_per_execution = run_eagerly, steps_per_execution
        self.jit_compile = jit_compile
        object.__setattr__(self, "_compiled_steps", {})
        self.stop_training = False
        self.compiled = True

    def get_compile_config(self) -> dict[str, Any] | None:
        """Return the arguments of `compile`, for saving."""
        return serialize_object(self._compile_config) if self.compiled else None

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """Compile with what `get_compile_config` returned."""
        self.compile(**deserialize_object(config))
        if self.built and self.optimizer is not None:
            self.optimizer.build(self.trainable_variables)

    # -- the loss and metrics of a batch ----------------------------------------------------------------------------------

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Tensor:
        """Return the total loss: the compiled losses, `add_loss` and the regularizers. May be overridden."""
        total = None if self._compile_loss is None else self._compile_loss(y, y_pred, sample_weight)
        for extra in self.losses:
            extra = extra if extra.ndim == 0 else extra.sum()
            total = extra if total is None else total + extra
        if total is None:
            raise ArgumentError(
                "there is no loss to compute", fix="compile(loss=...), or use add_loss in the model"
            )
        return total

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> dict[str, Any]:
        """Take a batch into the compiled metrics and return all values. May be overridden."""
        if self._compile_metrics is not None:
            self._compile_metrics.update_state(y, y_pred, sample_weight)
        return self.get_metrics_result()

    def get_metrics_result(self) -> dict[str, Any]:
        """Return the value of every metric since the last reset, by name."""
        results: dict[str, Any] = {}
        for name, metric in self._named_metrics():
            value = metric.result()
            results.update(value if isinstance(value, dict) else {name: value})
        return results

    def _track_loss(self, loss: Tensor, x: Any) -> None:
        if self._loss_tracker is not None:
            self._loss_tracker.update_state(loss.detach(), sample_weight=len(flatten(x)[0]))

    def _named_metrics(self) -> list[tuple[str, Any]]:
        """Return (name, metric): the loss, compiled metrics, one loss an output, own metrics, those of the layers."""
        pairs = [] if self._loss_tracker is None else [("loss", self._loss_tracker)]
        if self._compile_metrics is not None:
            pairs += zip(self._compile_metrics.names, self._compile_metrics.metrics, strict=True)
        own = list(self._compile_loss.metrics) if self._compile_loss is not None else []
        own += self._metrics
        for layer in self._flatten_layers()[1:]:
            if not isinstance(
                layer, Compiling
            ):  # a model inside brings its own trainer, which is not at work
                own += layer._metrics
        return pairs + [(metric.name, metric) for metric in own]

    @property
    def metrics(self) -> list:
        """Every metric of the model."""
        return [metric for _, metric in self._named_metrics()]

    @property
    def metrics_names(self) -> list[str]:
        """The names of what `evaluate` returns, in its order."""
        return [name for name, _ in self._named_metrics()]

    def reset_metrics(self) -> None:
        """Start all metrics anew."""
        for metric in self.metrics:
            metric.reset_state()
