"""Classifier and Regressor: scikit-learn's fit, predict and score around a stepgrad model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from stepgrad import layers
from stepgrad.errors import require
from stepgrad.models import Sequential
from stepgrad.random import SeedGenerator
from stepgrad.utils.misc import set_random_seed

base = require("sklearn.base", "sklearn", "stepgrad.sklearn")
multiclass = require("sklearn.utils.multiclass", "sklearn", "stepgrad.sklearn")
validation = require("sklearn.utils.validation", "sklearn", "stepgrad.sklearn")


class _Estimator(base.BaseEstimator):  # type: ignore[name-defined]
    """What both share: the constructor's arguments, building the model and training it."""

    def __init__(
        self,
        build_model: Callable[[tuple, int], Any] | None = None,
        hidden: tuple[int, ...] = (32,),
        activation: str = "relu",
        optimizer: Any = "adam",
        learning_rate: float = 0.01,
        epochs: int = 100,
        batch_size: int = 32,
        warm_start: bool = False,
        verbose: int = 0,
        callbacks: Any = None,
        random_state: Any = None,
    ):
        self.build_model, self.hidden, self.activation = build_model, hidden, activation
        self.optimizer, self.learning_rate = optimizer, learning_rate
        self.epochs, self.batch_size = epochs, batch_size
        self.warm_start, self.verbose, self.callbacks = warm_start, verbose, callbacks
        self.random_state = random_state

    def _train(self, x: np.ndarray, y: np.ndarray, outputs: int, last: Any, loss: str, weights: Any) -> None:
        rng = validation.check_random_state(self.random_state)
        if not (self.warm_start and hasattr(self, "model_")):
            if self.random_state is not None:
                set_random_seed(int(rng.randint(2**31)))
            self.model_ = self._make_model(x.shape[1:], outputs, last)
        if not self.model_.compiled:
            self.model_.compile(self._make_optimizer(), loss)
        if self.random_state is not None:
            self.model_._shuffle_generator = SeedGenerator(int(rng.randint(2**31)))
        history = self.model_.fit(
            x, y, batch_size=self.batch_size, epochs=self.epochs, verbose=self.verbose, callbacks=self.callbacks,
            sample_weight=weights,
        )  # fmt: skip
        self.history_ = history.history
        self.n_iter_ = len(next(iter(self.history_.values()), ()))

    def _make_model(self, shape: tuple, outputs: int, last: Any) -> Any:
        if self.build_model is not None:
            return self.build_model(shape, outputs)
        stack = [layers.Dense(units, activation=self.activation) for units in self.hidden]
        return Sequential([layers.Input(shape), *stack, layers.Dense(outputs, activation=last)])

    def _make_optimizer(self) -> Any:
        from stepgrad import optimizers

        if not isinstance(self.optimizer, str):
            return optimizers.get(optimizers.serialize(self.optimizer))  # a fresh one for every fit
        return optimizers.get({"class_name": self.optimizer, "config": {"learning_rate": self.learning_rate}})

    def _weights(self, sample_weight: Any, x: np.ndarray) -> Any:
        if sample_weight is None:
            return None
        return validation._check_sample_weight(sample_weight, x, dtype=np.float32)

    def _outputs(self, x: Any) -> np.ndarray:
        validation.check_is_fitted(self)
        x = validation.validate_data(self, x, reset=False, dtype=np.float32, allow_nd=True)
        return self.model_.predict(x, batch_size=self.batch_size, verbose=0).astype(np.float64)


class Classifier(base.ClassifierMixin, _Estimator):  # type: ignore[name-defined]
    """A neural network that learns classes, as an estimator of scikit-learn.

    Parameters
    ----------
    build_model : callable, optional
        ``build_model(input_shape, outputs)`` returns a model, compiled or not; its output is ``outputs`` probabilities a sample,
        and its loss takes class numbers. Without it, a stack of Dense layers is made.
    hidden : tuple of int
        Units of the Dense layers between input and output.
    activation : str
        Theirs.
    optimizer : str or Optimizer
        A name goes with `learning_rate`; an Optimizer has its own.
    learning_rate : float
    epochs, batch_size, verbose, callbacks
        See `stepgrad.Model.fit`.
    warm_start : bool
        Whether another call of `fit` trains the same model on.
    random_state : int, RandomState or None
        Fixes the first weights and the order of the samples.

    Attributes
    ----------
    classes_ : ndarray
        The labels, in the order of `predict_proba`'s columns.
    model_ : Model
    history_ : dict of str to list
        Loss and metrics, epoch by epoch.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([[0.0, 1.0], [1.0, 0.0], [0.1, 0.9], [0.8, 0.1]])
    >>> Classifier(random_state=0).fit(x, ["up", "right", "up", "right"]).predict([[0.0, 2.0]]).tolist()
    ['up']
    """

    def fit(self, x: Any, y: Any, sample_weight: Any = None) -> Classifier:
        """Learn from samples [n, ...] and their labels [n]."""
        x, y = validation.validate_data(self, x, y, dtype=np.float32, allow_nd=True)
        multiclass.check_classification_targets(y)
        self.classes_, numbers = np.unique(y, return_inverse=True)
        loss = "sparse_categorical_crossentropy"
        self._train(x, numbers, len(self.classes_), "softmax", loss, self._weights(sample_weight, x))
        return self

    def predict_proba(self, x: Any) -> np.ndarray:
        """Return the probability of every class, [n, classes]."""
        p = self._outputs(x)
        return p / p.sum(axis=1, keepdims=True)  # the float32 sum differs from 1 in its last digits

    def predict(self, x: Any) -> np.ndarray:
        """Return the likeliest label of every sample, [n]."""
        outputs = self._outputs(x)
        return self.classes_.take(np.argmax(outputs, axis=1))


class Regressor(base.RegressorMixin, _Estimator):  # type: ignore[name-defined]
    """A neural network that learns numbers, as an estimator of scikit-learn.

    The parameters are those of `Classifier`; a model from `build_model` has one output a target.

    Attributes
    ----------
    model_ : Model
    history_ : dict of str to list
        Loss and metrics, epoch by epoch.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.linspace(0, 1, 32)[:, None]
    >>> Regressor(random_state=0).fit(x, 3 * x[:, 0]).score(x, 3 * x[:, 0]) > 0.95
    True
    """

    def fit(self, x: Any, y: Any, sample_weight: Any = None) -> Regressor:
        """Learn from samples [n, ...] and their targets [n] or [n, targets]."""
        x, y = validation.validate_data(
            self, x, y, dtype=np.float32, allow_nd=True, multi_output=True, y_numeric=True
        )
        self._targets = y.shape[1:]
        self._train(
            x,
            y.reshape(len(y), -1),
            int(np.prod(self._targets)),
            None,
            "mse",
            self._weights(sample_weight, x),
        )
        return self

    def predict(self, x: Any) -> np.ndarray:
        """Return the numbers for every sample, [n] or [n, targets]."""
        return self._outputs(x).reshape(-1, *self._targets)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
