"""Trainer: fit, evaluate and predict."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np

from stepgrad import saving
from stepgrad.callbacks import CallbackList, History
from stepgrad.errors import ArgumentError, GradientError, NotBuiltError
from stepgrad.models.compiling import Compiling
from stepgrad.models.data_adapter import (
    as_given,
    class_weights_of,
    split_validation,
    to_batch,
    unpack,
    unpack_validation,
)
from stepgrad.models.epoch_iterator import EpochIterator
from stepgrad.models.epochs import numbers, run_epoch, should_validate
from stepgrad.models.jit import is_ours
from stepgrad.random import SeedGenerator
from stepgrad.replay import Compiled
from stepgrad.tape import Tensor, no_grad, silent
from stepgrad.tape.recording import on_host
from stepgrad.utils.tree import flatten, map_structure, pack


class Trainer(Compiling):
    """The part of a model that trains it. `Model` mixes it in; everything here is called on a model."""

    stop_training = False
    stop_evaluating = False
    stop_predicting = False
    history: History | None = None
    _shuffle_generator: SeedGenerator | None = None
    _training_data: EpochIterator | None = None  # while fit runs
    _training_callbacks: CallbackList | None = None
    _unused_layers: frozenset = frozenset()  # unbuilt even after a run
    _resume_at: tuple[int, int] | None = None  # (epoch, batch), set by BackupAndRestore

    # -- one batch -----------------------------------------------------------------------------------------------------

    def train_step(self, data: Any) -> dict[str, Any]:
        """Learn from one batch. Override it for a training loop of your own; fit does the rest.

        Parameters
        ----------
        data : tuple
            (x, y, sample_weight) of Tensors, without what was not given: (x, y) or (x,).

        Returns
        -------
        dict of str to number or Tensor
            The logs; normally the metrics' values since the epoch began.
        """
        x, y, sample_weight = unpack(data)
        y_pred = self(x, training=True)
        loss = self.compute_loss(x, y, y_pred, sample_weight, training=True)
        variables = self.trainable_variables
        if variables:
            for variable in variables:
                variable.grad = None
            try:
                self.optimizer.scale_loss(loss).backward()
            except GradientError as error:
                if not loss.requires_grad:
                    error.fix = (
                        "compute the outputs from the inputs with layers and stepgrad.ops, not with numpy()"
                    )
                raise
            self.optimizer.apply([variable.grad for variable in variables], variables)
        on_host(self._track_loss, loss, x)  # last: it waits for a GPU
        with no_grad():
            return on_host(self.compute_metrics, x, y, y_pred, sample_weight)

    def test_step(self, data: Any) -> dict[str, Any]:
        """Measure one batch; runs under no_grad."""
        x, y, sample_weight = unpack(data)
        y_pred = self(x, training=False)
        on_host(self._track_loss, self.compute_loss(x, y, y_pred, sample_weight, training=False), x)
        return on_host(self.compute_metrics, x, y, y_pred, sample_weight)

    def _step(self, name: str) -> Callable:
        """Return `train_step` or `test_step`; where `jit_compile` allows it, one that is recorded and replayed."""
        step = getattr(self, name)
        if getattr(type(self), name) is not getattr(Trainer, name):
            own = step
            step = lambda batch: own(as_given(batch))  # noqa: E731
        if self.run_eagerly or not self.jit_compile:
            return step
        if name not in self._compiled_steps:
            wanted = self.jit_compile is True or is_ours(self)
            self._compiled_steps[name] = Compiled(step, quiet=self.jit_compile == "auto") if wanted else step
        return self._compiled_steps[name]

    def predict_step(self, data: Any) -> Any:
        """Return the outputs for one batch; runs under no_grad."""
        return self(unpack(data)[0], training=False)

    # -- fit -----------------------------------------------------------------------------------------------------------

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: str | int = "auto",
        callbacks: Any = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: bool = True,
        class_weight: dict[int, float] | None = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: int | list[int] = 1,
    ) -> History:
        """Train for some epochs.

        Parameters
        ----------
        x : array, list or dict of arrays, or an iterable or sequence of batches
            A batch is x, (x, y) or (x, y, sample_weight).
        y : array, or a list or dict of them for several outputs
        batch_size : int
            32 when left out.
        epochs, initial_epoch : int
            Epochs from `initial_epoch` up to `epochs` are run.
        verbose : {"auto", 0, 1, 2}
            0 is silent, 1 draws progress bars, 2 prints one line an epoch.
        callbacks : list of Callback, optional
        validation_split : float
            The last part of the data (before shuffling) is kept for validation.
        validation_data : tuple (x, y) or (x, y, sample_weight), or batches as for x
        shuffle : bool
            Take the samples (of a sequence, the batches) in a new order in every epoch.
        class_weight : dict of class to float, optional
        sample_weight : array, optional
            What each sample counts in the loss.
        steps_per_epoch, validation_steps : int, optional
            Batches in an epoch, where it is not one pass over the data.
        validation_batch_size : int, optional
        validation_freq : int or list of int
            Validate every so many epochs, or after the listed ones, which count from 1.

        Returns
        -------
        History
            ``history.history`` holds the metrics of every epoch by name.
        """
        self._require_compiled("fit")
        if validation_split and validation_data is None:
            (x, y, sample_weight), validation_data = split_validation((x, y, sample_weight), validation_split)
        if shuffle and self._shuffle_generator is None:
            self._shuffle_generator = SeedGenerator()
        generator = self._shuffle_generator if shuffle else None
        data = EpochIterator(x, y, sample_weight, batch_size, steps_per_epoch, generator, class_weight)
        validation = None
        if validation_data is not None:
            validation = EpochIterator(
                *unpack_validation(validation_data), validation_batch_size or batch_size, validation_steps
            )
        self._prepare(data.peek)
        if not isinstance(callbacks, CallbackList):
            callbacks = CallbackList(
                callbacks,
                add_history=True,
                add_progbar=verbose != 0,
                model=self,
                verbose=verbose,
                epochs=epochs,
                steps=data.num_batches,
                validates=validation is not None,
            )
        if callbacks.history is None:
            callbacks.append(History())
        self._training_data, self._training_callbacks = data, callbacks
        self.stop_training, self._resume_at = False, None
        try:
            logs = self._run_epochs(data, validation, callbacks, initial_epoch, epochs, validation_freq)
        finally:
            self._training_data = self._training_callbacks = self._resume_at = None
        callbacks.on_train_end(logs)
        return callbacks.history

    def _run_epochs(
        self, data, validation, callbacks, initial_epoch, epochs, validation_freq
    ) -> dict[str, float]:
        callbacks.on_train_begin()
        first_epoch, batch = self._resume_at or (initial_epoch, 0)
        logs: dict[str, float] = {}
        for epoch in range(first_epoch, epochs):
            if not batch:
                self.reset_metrics()
            callbacks.on_epoch_begin(epoch)
            last = run_epoch(self, data, self._step("train_step"), "train", callbacks, skip=batch)
            batch = 0
            if last is None and data.ran_out:
                break
            logs = numbers(last or self.get_metrics_result())
            if validation is not None and should_validate(epoch, validation_freq):
                results = self._run_evaluation(validation, callbacks)
                logs = numbers(logs | {f"val_{name}": value for name, value in results.items()})
            callbacks.on_epoch_end(epoch, logs)
            if self.stop_training or data.ran_out:
                break
        if self.optimizer is not None and self.optimizer.built and epochs > first_epoch:
            self.optimizer.finalize_variable_values(self.trainable_variables)
        return logs

    # -- evaluate and predict --------------------------------------------------------------------------------------------

    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        verbose: str | int = "auto",
        sample_weight: Any = None,
        steps: int | None = None,
        callbacks: Any = None,
        return_dict: bool = False,
    ) -> Any:
        """Measure loss and metrics on data; the arguments are those of `fit`.

        Returns
        -------
        float, list of float or dict
            The loss; with metrics, a list in the order of `metrics_names`; with ``return_dict=True``, a dict.
        """
        self._require_compiled("evaluate")
        data = EpochIterator(x, y, sample_weight, batch_size, steps)
        self._prepare(data.peek)
        logs = self._run_evaluation(data, self._callback_list(callbacks, verbose, data))
        return logs if return_dict else self._as_list(logs)

    def _run_evaluation(self, data: EpochIterator, callbacks: CallbackList) -> dict[str, float]:
        self.stop_evaluating = False
        data.reset()
        callbacks.on_test_begin()
        self.reset_metrics()
        with no_grad():
            logs = numbers(
                run_epoch(self, data, self._step("test_step"), "test", callbacks) or self.get_metrics_result()
            )
        callbacks.on_test_end(logs)
        return logs

    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: str | int = "auto",
        steps: int | None = None,
        callbacks: Any = None,
    ) -> Any:
        """Return the outputs for x, as NumPy arrays.

        Parameters
        ----------
        x : array, list or dict of arrays, or batches
        batch_size : int
            32 when left out.

        Returns
        -------
        numpy.ndarray, or a list or dict of them for several outputs
        """
        data = EpochIterator(x, batch_size=batch_size, steps=steps)
        callbacks = self._callback_list(callbacks, verbose, data)
        self.stop_predicting = False
        parts: list[Any] = []

        def step(batch: Any) -> dict[str, Any]:
            parts.append(map_structure(_numpy, self.predict_step(batch)))
            return {"outputs": parts[-1]}

        callbacks.on_predict_begin()
        with no_grad():
            run_epoch(self, data, step, "predict", callbacks)
        callbacks.on_predict_end()
        if not parts:
            raise ArgumentError("there is no data to predict from", got="0 batches")
        return pack(parts[0], [np.concatenate(group) for group in zip(*map(flatten, parts), strict=True)])

    # -- single batches --------------------------------------------------------------------------------------------------

    def train_on_batch(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        class_weight: dict[int, float] | None = None,
        return_dict: bool = False,
    ) -> Any:
        """Do one training step on a batch; returns what `evaluate` returns, for this batch alone."""
        self._require_compiled("train_on_batch")
        if class_weight is not None:
            if sample_weight is not None:
                raise ArgumentError("class_weight and sample_weight do not go together")
            sample_weight = class_weights_of(y, class_weight)
        batch = to_batch(x, y, sample_weight)
        self._prepare(lambda: batch)
        self.reset_metrics()
        logs = numbers(self._step("train_step")(batch))
        return logs if return_dict else self._as_list(logs)

    def test_on_batch(
        self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False
    ) -> Any:
        """Measure one batch; returns what `evaluate` returns."""
        self._require_compiled("test_on_batch")
        batch = to_batch(x, y, sample_weight)
        self._prepare(lambda: batch)
        self.reset_metrics()
        with no_grad():
            logs = numbers(self._step("test_step")(batch))
        return logs if return_dict else self._as_list(logs)

    def predict_on_batch(self, x: Any) -> Any:
        """Return the outputs for one batch, as NumPy arrays."""
        with no_grad():
            return map_structure(_numpy, self.predict_step(to_batch(x)))

    # -- files -----------------------------------------------------------------------------------------------------------

    def save(self, filepath: str | os.PathLike, overwrite: bool = True) -> None:
        """Save the whole model; see `stepgrad.saving.save_model`."""
        saving.save_model(self, filepath, overwrite)

    def save_weights(self, filepath: str | os.PathLike, overwrite: bool = True) -> None:
        """Save the weights alone; see `stepgrad.saving.save_weights`."""
        saving.save_weights(self, filepath, overwrite)

    def load_weights(self, filepath: str | os.PathLike) -> None:
        """Load weights that `save` or `save_weights` wrote; see `stepgrad.saving.load_weights`."""
        saving.load_weights(self, filepath)

    # -- helpers ---------------------------------------------------------------------------------------------------------

    def _require_compiled(self, method: str) -> None:
        if not self.compiled:
            raise NotBuiltError(
                f"{method}() needs a compiled model",
                layer=self.name,
                fix='model.compile(optimizer="adam", loss="mse")'
                if method == "fit"
                else "call compile() first",
            )

    def _prepare(self, first_batch: Any) -> None:
        """Build what is not built yet (the model, losses, metrics, optimizer) by a run of the first batch."""
        standard = type(self).train_step is Trainer.train_step
        parts = [
            part for part in (self._compile_loss, self._compile_metrics) if part is not None and standard
        ]
        open_parts = [part for part in parts if not part.built]
        if open_parts or self._unbuilt_layers() != self._unused_layers:
            batch = first_batch()
            if batch is not None:
                x, y, _ = batch
                with no_grad(), silent():
                    y_pred = self(x, training=False)
                self._unused_layers = self._unbuilt_layers()
                for part in open_parts:
                    if y is not None:
                        part.build(y, y_pred)
        if self.optimizer is not None and not self.optimizer.built and self.trainable_variables:
            self.optimizer.build(self.trainable_variables)

    def _unbuilt_layers(self) -> frozenset:
        return frozenset(layer for layer in self._flatten_layers() if not layer.built)

    def _callback_list(self, callbacks: Any, verbose: Any, data: EpochIterator) -> CallbackList:
        if isinstance(callbacks, CallbackList):
            return callbacks
        return CallbackList(
            callbacks, add_progbar=verbose != 0, model=self, verbose=verbose, epochs=1, steps=data.num_batches
        )

    def _as_list(self, logs: dict[str, float]) -> Any:
        if len(logs) == 1:
            return next(iter(logs.values()))
        known = [name for name in self.metrics_names if name in logs]
        return [logs[name] for name in [*known, *sorted(set(logs) - set(known))]]


def _numpy(x: Any) -> np.ndarray:
    return x.numpy() if isinstance(x, Tensor) else np.asarray(x)
