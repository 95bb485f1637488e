"""scikit-learn's own checks of an estimator, and its tools around ours."""

import numpy as np
import pytest
from sklearn.datasets import make_classification, make_regression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import stepgrad as sg
from stepgrad.sklearn import Classifier, Regressor


def expected(estimator):
    """Tell scikit-learn what an estimator that learns from shuffled batches cannot do; its own networks say the same."""
    why = "a sample of weight 2 comes once into one batch, a repeated one twice, perhaps into two"
    return {"check_sample_weight_equivalence_on_dense_data": why}


@parametrize_with_checks(
    [Classifier(epochs=40, random_state=0), Regressor(epochs=40, random_state=0)],
    expected_failed_checks=expected,
)
def test_scikit_learns_own_checks(estimator, check):
    check(estimator)


X, Y = make_classification(120, 6, n_informative=4, n_classes=3, random_state=0)


def test_pipelines_searches_and_cross_validation():
    pipeline = make_pipeline(StandardScaler(), Classifier(epochs=30, random_state=0))
    assert cross_val_score(pipeline, X, Y, cv=3).mean() > 0.6
    search = GridSearchCV(
        pipeline, {"classifier__hidden": [(), (16,)], "classifier__learning_rate": [0.01, 1e-6]}, cv=2
    )
    search.fit(X, Y)
    assert search.best_params_["classifier__learning_rate"] == 0.01
    assert search.best_estimator_[-1].n_iter_ == 30


def test_labels_of_any_kind():
    names = np.array(["cat", "dog", "owl"])[Y]
    model = Classifier(epochs=5, random_state=0).fit(X, names)
    assert set(model.predict(X)) <= set(names) and list(model.classes_) == ["cat", "dog", "owl"]
    np.testing.assert_allclose(model.predict_proba(X).sum(axis=1), 1)


def test_a_model_of_ones_own():
    def build(shape, outputs):
        model = sg.Sequential(
            [
                sg.layers.Input(shape),
                sg.layers.Dense(8, activation="tanh"),
                sg.layers.Dense(outputs, activation="softmax"),
            ]
        )
        model.compile("rmsprop", "sparse_categorical_crossentropy", metrics=["accuracy"])
        return model

    model = Classifier(build, epochs=3).fit(X, Y)
    assert "accuracy" in model.history_ and model.model_.layers[0].units == 8


def test_warm_start_goes_on():
    model = Classifier(epochs=3, warm_start=True, random_state=0).fit(X, Y)
    first, inner = model.history_["loss"], model.model_
    assert model.fit(X, Y).model_ is inner and model.history_["loss"][-1] < first[-1]


def test_several_targets():
    x, y = make_regression(100, 5, n_targets=2, random_state=0)
    model = make_pipeline(StandardScaler(), Regressor(hidden=(), learning_rate=0.5, random_state=0)).fit(x, y)
    assert model.predict(x).shape == y.shape and model.score(x, y) > 0.95


def test_an_optimizer_of_ones_own_serves_every_fit_anew():
    optimizer = sg.optimizers.SGD(0.1)
    a, b = (Classifier(optimizer=optimizer, epochs=2, random_state=0).fit(X, Y) for _ in range(2))
    np.testing.assert_array_equal(a.predict_proba(X), b.predict_proba(X))
    assert int(optimizer.iterations) == 0


def test_the_extra_is_named(monkeypatch):
    import importlib
    import sys

    from stepgrad.errors import MissingExtraError

    monkeypatch.setitem(sys.modules, "sklearn.base", None)
    monkeypatch.delitem(sys.modules, "stepgrad.sklearn.estimators")
    with pytest.raises(MissingExtraError, match=r"stepgrad\[sklearn\]"):
        importlib.import_module("stepgrad.sklearn.estimators")
