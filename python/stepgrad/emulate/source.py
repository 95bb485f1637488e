"""From an instruction to the line of the kernel it came from, and the text of that file."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable
from importlib import resources
from pathlib import Path

from stepgrad.errors import MissingExtraError

UNKNOWN = "?:0"


def lines_of(module: str, sites: list[int]) -> tuple[dict[int, str], dict[int, str]]:
    """Return for each instruction of a compiled module its line, "csrc/matmul/naive.cu:33", and its function."""
    if not sites:
        return {}, {}
    tool = shutil.which("addr2line")
    if tool is None:
        raise MissingExtraError(
            "emulate: addr2line names the line of an instruction, and was not found",
            fix="install GNU binutils",
        )
    command = [tool, "--exe", module, "--addresses", "--inlines", "--functions", "--demangle"]
    asked = "\n".join(map(hex, sites)) + "\n"
    answer = subprocess.run(command, input=asked, capture_output=True, text=True, check=True).stdout
    lines: dict[int, str] = {}
    functions: dict[int, str] = {}
    for part in answer.split("0x")[
        1:
    ]:  # an address, then function and line of each frame, the innermost first
        site, *frames = part.splitlines()
        lines[int(site, 16)], functions[int(site, 16)] = _kernel_frame(frames)
    return lines, functions


def _kernel_frame(frames: list[str]) -> tuple[str, str]:
    """Return line and function of the innermost frame that is a kernel's own, not one of CUDA's words."""
    calls = [(function, _place(where)) for function, where in zip(frames[::2], frames[1::2], strict=True)]
    known = [place for _, place in calls if place != UNKNOWN]
    # A kernel that several rungs share lies in a header: then the lines of that file are its own.
    header = known[-1].rpartition(":")[0] if known else ""
    own = [place for place in known if ".cu:" in place] or [
        p for p in known if p.rpartition(":")[0] == header
    ]
    return (own[0] if own else UNKNOWN), _bare(calls[-1][0])


def _bare(name: str) -> str:
    """Return void stepgrad::(anonymous namespace)::kernel<float, 16>(stepgrad::Args<float>) as kernel<float, 16>."""
    name = name.removeprefix("void ").replace("(anonymous namespace)::", "").partition("(")[0]
    return name.replace("stepgrad::", "").replace("> >", ">>")


def _place(where: str) -> str:
    file, _, line = where.split(" ")[0].rpartition(":")
    start = file.rfind("csrc/")
    return f"{file[start:]}:{line}" if start >= 0 and line.isdigit() else UNKNOWN


def texts(files: Iterable[str]) -> dict[str, list[str]]:
    """Return the lines of the kernels' files: beside the package, where it was installed, or in the source tree."""
    package, repository = resources.files("stepgrad"), Path(__file__).parents[3]
    found = {}
    for file in dict.fromkeys(files):
        for folder in (package, repository):
            if (path := folder.joinpath(file)).is_file():
                found[file] = path.read_text(encoding="utf-8").splitlines()
                break
    return found
