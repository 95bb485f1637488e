"""The command line, as a user meets it."""

import re
import subprocess
import sys

import pytest


def stepgrad(*words, env=None):
    import os

    return subprocess.run(
        [sys.executable, "-m", "stepgrad", *words],
        capture_output=True, text=True, timeout=600, env={**os.environ, "COLUMNS": "200", **(env or {})},
    )  # fmt: skip


def test_help_names_the_commands():
    text = stepgrad("--help").stdout
    assert all(command in text for command in ("doctor", "kernels", "demo"))


def test_version():
    assert re.fullmatch(r"stepgrad \d+\.\d+\.\d+\n", stepgrad("--version").stdout)


def test_doctor_reports_every_topic():
    text = stepgrad("doctor").stdout
    for topic in ("stepgrad", "machine", "tape", "C++ kernels", "GPU", "to install for more"):
        assert topic in text


def test_doctor_names_the_extra_in_brackets(monkeypatch):
    from stepgrad import doctor

    monkeypatch.setattr(doctor, "_installed", lambda package: package != "tensorboard")
    assert 'pip install "stepgrad[tensorboard]"' in dict(doctor.findings())["to install for more"]


def test_kernels_prints_the_rung_that_the_environment_asked_for():
    result = stepgrad("kernels", "--op", "matmul", env={"STEPGRAD_KERNELS": "matmul=numpy"})
    row = next(line for line in result.stdout.splitlines() if " matmul " in line)
    assert "numpy" in row and "asked for by STEPGRAD_KERNELS" in row


def test_an_unknown_rung_in_the_environment_is_explained():
    result = stepgrad("kernels", env={"STEPGRAD_KERNELS": "matmul=numppy"})
    assert result.returncode != 0 and "did you mean 'numpy'?" in result.stderr


@pytest.mark.parametrize("kernels", ["", "numpy"])
def test_the_demo_trains_and_writes_what_it_promises(tmp_path, kernels):
    epochs = "1"
    result = stepgrad(
        "demo", "--epochs", epochs, "--out", str(tmp_path / "demo"), env={"STEPGRAD_KERNELS": kernels}
    )
    assert result.returncode == 0, result.stderr
    accuracy = float(re.search(r"test accuracy: ([\d.]+)%", result.stdout)[1])
    assert accuracy > 60  # one epoch; the ten of the demo pass 84
    assert {p.name for p in (tmp_path / "demo").iterdir()} == {"curve.png", "page.html", "model.stepgrad"}
