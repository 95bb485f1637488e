"""Tests of the tests: every bug planted in planted/bugs.cu is caught, by the emulator or by a sanitizer on it."""

import os
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COMPILER = shutil.which("g++")
pytestmark = pytest.mark.skipif(COMPILER is None, reason="needs g++")
ENGINE = [*sorted((ROOT / "csrc/emulator").glob("*.cpp")), ROOT / "csrc/common/thread_pool.cpp"]
SANITIZERS = {"plain": "", "address": "STEPGRAD_ADDRESS_SANITIZER", "thread": "STEPGRAD_THREAD_SANITIZER"}
OPTIONS = ["-std=c++17", "-O1", "-g", "-pthread", "-Wall", "-Wextra", "-Werror", f"-I{ROOT / 'csrc'}"]


def compiler(*arguments):
    done = subprocess.run([COMPILER, *map(str, arguments)], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def programs(tmp_path_factory):
    """The program, built without and with each sanitizer. Only the kernels are instrumented: not the emulator itself."""
    folder = tmp_path_factory.mktemp("planted")

    def build(name):
        macro = SANITIZERS[name]
        define, sanitize = ([f"-D{macro}"], [f"-fsanitize={name}"]) if macro else ([], [])
        objects = []
        for source in ENGINE:
            objects.append(folder / f"{name}-{source.stem}.o")
            compiler(*OPTIONS, *define, "-c", source, "-o", objects[-1])
        bugs = folder / f"{name}-bugs.o"
        source = Path(__file__).parent / "planted/bugs.cu"
        compiler(*OPTIONS, *define, *sanitize, "-xc++", "-c", source, "-o", bugs)
        compiler("-pthread", *sanitize, bugs, *objects, "-o", folder / name)
        return folder / name

    with ThreadPoolExecutor(2) as pool:
        return dict(zip(SANITIZERS, pool.map(build, SANITIZERS), strict=True))


@pytest.fixture
def run(programs):
    def call(build, bug, **environment):
        settings = {f"STEPGRAD_EMULATOR_{key.upper()}": value for key, value in environment.items()}
        # Where the address space is laid out at random, this ThreadSanitizer sometimes does not start.
        start = ["setarch", "-R"] if build == "thread" and shutil.which("setarch") else []
        return subprocess.run(
            [*start, programs[build], bug],
            capture_output=True,
            text=True,
            env={
                **os.environ,
                **settings,
                "TSAN_OPTIONS": "exitcode=66",
                "ASAN_OPTIONS": "exitcode=66:detect_leaks=0",
            },
            timeout=120,
        )

    return call


ORDERS = ("forward", "reverse", "random", "random:7")


@pytest.mark.parametrize("bug", ["right", "right_pipeline", "atomic_update"])
def test_right_kernels_pass_everywhere(run, bug):
    for build in SANITIZERS:
        for order in ORDERS if build == "plain" else ORDERS[:1]:
            for copies in ("lazy", "eager"):
                done = run(build, bug, order=order, **{"async": copies})
                assert (done.returncode, done.stdout) == (0, "right\n"), (build, order, copies, done.stderr)


@pytest.mark.parametrize("bug", ["no_barrier_after_load", "no_barrier_before_load"])
def test_a_missing_barrier_gives_wrong_numbers_and_is_a_race(run, bug):
    assert any(run("plain", bug, order=order).stdout == "wrong\n" for order in ORDERS)
    done = run("thread", bug)
    assert done.returncode == 66 and "data race" in done.stderr and "bugs.cu" in done.stderr


@pytest.mark.parametrize("bug", ["lost_update", "lost_update_of_blocks"])
def test_a_lost_update_is_a_race(run, bug):
    done = run("thread", bug)
    assert done.returncode == 66 and "data race" in done.stderr and "bugs.cu" in done.stderr


@pytest.mark.parametrize("bug", ["global_out_of_bounds", "shared_out_of_bounds"])
def test_a_step_out_of_bounds_is_seen(run, bug):
    done = run("address", bug)
    assert done.returncode == 66 and "AddressSanitizer" in done.stderr and "bugs.cu" in done.stderr


def test_a_divergent_barrier_names_kernel_line_and_threads(run):
    done = run("plain", "divergent_barrier")
    assert done.returncode == 3
    assert "divergent_barrier: a barrier that not all threads of the block reach" in done.stdout
    assert "thread (0, 0, 0) waits at" in done.stdout and "bugs.cu:" in done.stdout
    assert "thread (16, 0, 0) has returned" in done.stdout


def test_a_divergent_shuffle_names_kernel_line_and_threads(run):
    done = run("plain", "divergent_shuffle")
    assert done.returncode == 3
    assert "divergent_shuffle: a warp operation that not all lanes of its mask reach" in done.stdout
    assert "bugs.cu:" in done.stdout and "thread (16, 0, 0) has returned" in done.stdout


def test_a_buffer_that_is_filled_too_early_is_caught(run):
    assert run("plain", "buffer_reused_early", **{"async": "eager"}).stdout == "wrong\n"
    done = run("thread", "buffer_reused_early", **{"async": "eager"})
    assert done.returncode == 66 and "data race" in done.stderr


def test_a_forgotten_wait_is_caught(run):
    assert run("plain", "wait_forgotten", **{"async": "lazy"}).stdout == "wrong\n"
