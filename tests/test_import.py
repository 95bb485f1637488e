"""`import stepgrad` needs NumPy only, prints nothing, and installs without what is optional."""

import subprocess
import sys

CODE = """
import sys

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"rich", "typer", "matplotlib", "safetensors", "latex2mathml", "torch", "keras", "h5py", "PIL"}:
            raise ImportError(name + " is refused in this test")

sys.meta_path.insert(0, Refuse())
import stepgrad
from stepgrad import activations, callbacks, constraints, datasets, initializers, layers, losses, metrics, models
from stepgrad import optimizers, random, regularizers, saving, utils

model = stepgrad.Sequential([layers.Input((3,)), layers.Dense(2)])
model.compile("sgd", "mse")
model.fit([[1.0, 2.0, 3.0]], [[1.0, 0.0]], verbose=0)
"""


def test_only_numpy_is_needed_and_nothing_is_printed():
    result = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert result.stdout == "" and result.stderr == ""


def test_imports_only_point_down():
    code = "import sys, stepgrad.{}; print([m for m in sys.modules if m.startswith('stepgrad')])"
    floors = {
        "tape.step": ("ops", "layers", "models", "walk"),
        "ops.op": ("layers", "models", "losses", "optimizers"),
        "layers": ("models", "callbacks", "datasets", "walk.page"),
    }
    pure = "import sys; sys.modules['stepgrad'] = __import__('types').ModuleType('stepgrad'); sys.modules['stepgrad'].__path__ = [{!r}]; "
    import stepgrad

    for module, above in floors.items():
        run = pure.format(stepgrad.__path__[0]) + code.format(module)
        loaded = subprocess.run(
            [sys.executable, "-c", run], capture_output=True, text=True, check=True
        ).stdout
        for package in above:
            assert f"'stepgrad.{package}'" not in loaded, f"stepgrad.{module} imports stepgrad.{package}"


def test_unknown_attributes_are_named():
    import pytest

    import stepgrad

    with pytest.raises(AttributeError, match="no attribute 'Dense'"):
        _ = stepgrad.Dense
    assert "layers" in dir(stepgrad)
