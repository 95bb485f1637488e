"""Every example in a docstring of the installed package runs."""

import doctest
import importlib
import pkgutil

import numpy as np
import pytest

import stepgrad

SKIPPED = {"stepgrad.__main__"}
MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(stepgrad.__path__, "stepgrad.")
    if module.name not in SKIPPED and not module.name.startswith("stepgrad._")
)


@pytest.mark.parametrize("name", ["stepgrad", *MODULES])
def test_docstring_examples(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with np.printoptions(legacy=False):
        result = doctest.testmod(importlib.import_module(name), optionflags=doctest.NORMALIZE_WHITESPACE)
    assert not result.failed


def test_the_public_ops_have_examples():
    examples = doctest.DocTestFinder()
    missing = [
        name
        for name in stepgrad.ops.__all__
        if callable(getattr(stepgrad.ops, name))
        and not any(t.examples for t in examples.find(getattr(stepgrad.ops, name)))
    ]
    assert not missing
