"""What nvcc makes of the kernels, where nvcc is: nothing spills, tensor-core rungs contain tensor-core instructions."""

import functools
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CSRC = Path(__file__).parents[2] / "csrc"
NVCC = shutil.which(os.environ.get("CUDACXX", "nvcc"))
pytestmark = pytest.mark.skipif(NVCC is None, reason="nvcc is not installed")

NEVER_SPILL = [
    "matmul/register_tile_1d",
    "matmul/register_tile_2d",
    "matmul/vectorised",
    "matmul/warp_tile",
    "matmul/dense_warp_tile",
    "matmul/tf32_mma",
    "matmul/bf16_mma",
    "matmul/tf32_wgmma",
    "matmul/bf16_wgmma",
    "attention/bf16_mma",
    "attention/bf16_mma_gradient",
    "attention/tf32_mma",
    "attention/tf32_mma_gradient",
    "elementwise/bias_activation_vectorised",
    "pool2d/vectorised",
    "embedding/take_vectorised",
    "conv2d/implicit_gemm",
]
# What only these rungs may need: HMMA multiplies on a tensor core, LDGSTS is cp.async, LDSM is ldmatrix.
INSTRUCTIONS = {
    "elementwise/bias_activation_vectorised": {r"LDG\.E\.128", r"STG\.E\.128"},
    "matmul/vectorised": {r"LDG\.E\.128", r"LDS\.128", r"STG\.E\.128"},
    "matmul/warp_tile": {r"LDG\.E\.128", r"LDS\.128", r"STG\.E\.128"},
    "matmul/tf32_mma": {r"HMMA\.1688\.F32\.TF32", r"LDGSTS\.E\.BYPASS\.128"},
    "matmul/bf16_mma": {r"HMMA\.16816\.F32\.BF16", r"LDGSTS\.E\.BYPASS\.128", r"LDSM\.16\.M88\.4"},
    "matmul/tf32_wgmma": {r"HGMMA\.64x128x8\.F32\.TF32", r"UTMALDG\.2D"},  # wgmma and TMA
    "matmul/bf16_wgmma": {r"HGMMA\.64x128x16\.F32\.BF16", r"UTMALDG\.2D"},
    "attention/bf16_mma": {
        r"HMMA\.16816\.F32\.BF16",
        r"LDSM\.16\.MT88\.4",
        r"MUFU\.EX2",
    },  # MT: turned around
    "attention/tf32_mma": {r"HMMA\.1688\.F32\.TF32", r"LDSM\.16\.M88\.4", r"MUFU\.EX2"},
    "attention/tf32_mma_gradient": {r"HMMA\.1688\.F32\.TF32", r"LDSM\.16\.M88\.4"},
    "attention/bf16_mma_gradient": {r"HMMA\.16816\.F32\.BF16", r"LDSM\.16\.MT88\.4", r"MUFU\.EX2"},
}
ARCHITECTURE = {"matmul/tf32_wgmma": "sm_90a", "matmul/bf16_wgmma": "sm_90a"}  # the others: sm_80
ON_HOPPER_TOO = [
    "matmul/warp_tile",
    "matmul/dense_warp_tile",
    "matmul/tf32_mma",
]  # those with no register to spare


def search_path():
    """PATH, and where `pip install nvidia-cuda-cuobjdump nvidia-cuda-nvdisasm` puts the tools."""
    return os.pathsep.join([os.environ["PATH"], *(str(Path(p, "nvidia/cu13/bin")) for p in sys.path)])


@functools.cache
def compiled(rung, architecture, folder):
    """The object file of a rung, and what ptxas reports."""
    target = Path(folder, f"{rung.replace('/', '_')}_{architecture}.o")
    command = [
        NVCC,
        "-std=c++17",
        "-O3",
        f"-I{CSRC}",
        "-Werror=all-warnings",
        "-Xptxas=-v",
        f"-arch={architecture}",
    ]
    done = subprocess.run([*command, "-c", CSRC / f"{rung}.cu", "-o", target], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return target, done.stderr


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return str(tmp_path_factory.mktemp("compiled"))


@pytest.mark.parametrize(
    "rung, architecture",
    [(rung, ARCHITECTURE.get(rung, "sm_80")) for rung in NEVER_SPILL]
    + [(rung, "sm_90a") for rung in ON_HOPPER_TOO],
)
def test_nothing_spills(rung, architecture, folder):
    _, report = compiled(rung, architecture, folder)
    spills = re.findall(r"(\d+) bytes spill stores, (\d+) bytes spill loads", report)
    assert spills and all(pair == ("0", "0") for pair in spills), report


@pytest.mark.parametrize("rung", INSTRUCTIONS)
def test_machine_code_has_the_instructions_that_the_rung_is_about(rung, folder):
    path = search_path()
    tool = shutil.which("cuobjdump", path=path)
    if tool is None or shutil.which("nvdisasm", path=path) is None:
        pytest.skip(
            "cuobjdump or nvdisasm is missing: pip install nvidia-cuda-cuobjdump nvidia-cuda-nvdisasm"
        )
    target, _ = compiled(rung, ARCHITECTURE.get(rung, "sm_80"), folder)
    environment = {**os.environ, "PATH": path}  # cuobjdump calls nvdisasm
    code = subprocess.run(
        [tool, "-sass", target], capture_output=True, text=True, check=True, env=environment
    ).stdout
    spilled = re.findall(r"\b(?:LDL|STL)\b[^;]*", code)  # to local memory, and back
    assert not spilled, f"{rung}: {spilled[:3]}"
    missing = [name for name in INSTRUCTIONS[rung] if not re.search(name, code)]
    assert not missing, f"{rung}: no {missing} in the machine code"
