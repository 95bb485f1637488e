"""stepgrad: a deep-learning engine that shows its work.

Keras 3's words (`Sequential`, `layers`, `losses`, `fit`), an autograd tape that can be held in the hand
(`Tensor`, `GradientTape`, `hooks`), and every kernel as a ladder of readable rungs (`kernels`).
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from stepgrad._pure import use_pure_python_if_asked

use_pure_python_if_asked()

from stepgrad import config, kernels, ops
from stepgrad.devices import device
from stepgrad.errors import StepgradError
from stepgrad.gradcheck import gradcheck
from stepgrad.ops import stop_gradient
from stepgrad.ops.op import Op
from stepgrad.tape import (
    GradientTape,
    Hook,
    KerasTensor,
    Tensor,
    Variable,
    hooks,
    no_grad,
    scope,
    steps_of,
)
from stepgrad.walk import find_nan, memory, profile, walk

if TYPE_CHECKING:
    from stepgrad import (
        activations,
        callbacks,
        constraints,
        data,
        datasets,
        dtype_policies,
        initializers,
        interop,
        layers,
        losses,
        metrics,
        models,
        optimizers,
        preprocessing,
        random,
        regularizers,
        saving,
        sklearn,
        utils,
    )
    from stepgrad.layers import Input, Layer
    from stepgrad.models import Model, Sequential
    from stepgrad.replay import compiled  # type: ignore[no-redef]
    from stepgrad.walk.plan_view import plan

__version__ = "0.1.0"

# Imported when first used, so that `import stepgrad` stays quick.
_PACKAGES = (
    "activations callbacks constraints data datasets dtype_policies initializers interop layers losses metrics models "
    "optimizers preprocessing random regularizers saving sklearn utils"
).split()
_NAMES = {
    "Input": "layers", "Layer": "layers", "Model": "models", "Sequential": "models", "compiled": "replay",
    "plan": "walk.plan_view",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in _PACKAGES:
        return importlib.import_module(f"stepgrad.{name}")
    if name in _NAMES:
        return getattr(importlib.import_module(f"stepgrad.{_NAMES[name]}"), name)
    raise AttributeError(f"stepgrad has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_PACKAGES, *_NAMES})


__all__ = [
    "GradientTape", "Hook", "Input", "KerasTensor", "Layer", "Model", "Op", "Sequential", "StepgradError", "Tensor",
    "Variable", "activations", "callbacks", "compiled", "config", "constraints", "data", "datasets", "device", "dtype_policies",
    "find_nan",
    "gradcheck", "hooks", "initializers", "interop", "kernels", "layers", "losses", "memory", "metrics", "models",
    "no_grad", "ops", "optimizers", "plan", "preprocessing", "profile", "random", "regularizers", "saving", "scope",
    "sklearn", "steps_of", "stop_gradient", "utils", "walk",
]  # fmt: skip
