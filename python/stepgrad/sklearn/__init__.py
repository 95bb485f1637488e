"""Models as scikit-learn's estimators, for its pipelines, grid searches and cross-validation."""

from stepgrad.sklearn.estimators import Classifier, Regressor

__all__ = ["Classifier", "Regressor"]
