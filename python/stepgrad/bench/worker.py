"""A worker: the process of one contestant. It loads, verifies and times what it is told to, one line of JSON at a time.

Requests are {"do": "load", "name", "kind", "spec", "file"}, {"do": "calibrate", "name", "seconds"}, {"do": "sample", "name"},
{"do": "drop", "name"} and {"do": "memory", "name"}; each gets one answer, with "error" where it failed.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from stepgrad.bench import bf16, conv, gemm, ladder, lstm, singles, steps
from stepgrad.bench.timing import calibrate, page_faults, peak_memory, take_sample

KINDS = {
    "rung": ladder, "gemm": gemm, "bf16": bf16, "conv": conv, "lstm": lstm, "single": singles, "step": steps,
}  # fmt: skip


def pin(threads: int) -> None:
    """Keep the process on as many CPUs as it may use threads: some libraries have no other way to be told."""
    if hasattr(os, "sched_setaffinity"):
        cpus = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, cpus[-threads:])


def serve(library: str, threads: int, requests: Any, answer: Callable[[dict], None]) -> None:
    """Answer requests until there are no more."""
    runs: dict[str, Callable] = {}
    for line in requests:
        request = json.loads(line)
        try:
            answer(_do(library, threads, request, runs))
        except Exception as error:  # whatever another library raises is reported, and the benchmark goes on
            answer({"error": f"{type(error).__name__}: {error}".splitlines()[0][:200]})


def _do(library: str, threads: int, request: dict, runs: dict[str, Callable]) -> dict:
    match request["do"]:
        case "load":
            run, results = KINDS[request["kind"]].load(library, **request["spec"])
            np.savez(request["file"], *results)
            runs[request["name"]] = run
            return {}
        case "calibrate":
            run = runs[request["name"]]
            repetitions = calibrate(run, request["seconds"])
            runs[request["name"]] = partial(take_sample, run, repetitions, threads == 1)
            return {"repetitions": repetitions}
        case "sample":
            return runs[request["name"]]()._asdict()
        case "drop":
            runs.pop(request["name"], None)
            return {}
        case "memory":
            return {"peak": peak_memory(), "faults": page_faults(runs[request["name"]])}
    raise ValueError(f"unknown request {request['do']!r}")


def main() -> None:
    """Run as ``python -m stepgrad.bench.worker LIBRARY THREADS``."""
    library, threads = sys.argv[1], int(sys.argv[2])
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print must not get between the answers
    pin(threads)

    def answer(message: dict) -> None:
        answers.write(json.dumps(message) + "\n")
        answers.flush()

    serve(library, threads, sys.stdin, answer)


if __name__ == "__main__":
    main()
