"""The parent's side of a worker: start it, ask it, stop it."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from stepgrad.bench.libraries import Library, environment

TIMEOUT = 120.0  # seconds for one answer; importing a big library on a busy machine takes a while


BUSY = "import os; parent = os.getppid()\nwhile os.getppid() == parent: sum(range(100_000))"


@contextmanager
def busy_neighbour() -> Iterator[None]:
    """Keep one core busy with another process, which also ends when this one does."""
    with subprocess.Popen([sys.executable, "-c", BUSY]) as process:
        try:
            yield
        finally:
            process.kill()


class WorkerError(Exception):
    """A contestant failed; the benchmark goes on without it."""


class Worker:
    """A process that runs one library.

    Parameters
    ----------
    library : Library
    threads : int
    """

    def __init__(self, library: Library, threads: int):
        self.library = library
        self._log = tempfile.TemporaryFile("w+")  # noqa: SIM115 - close() closes it
        self._process = subprocess.Popen(
            [sys.executable, "-m", "stepgrad.bench.worker", library.name, str(threads)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log, text=True, env=environment(library, threads),
        )  # fmt: skip

    def send(self, **request: Any) -> None:
        """Send a request without waiting for the answer."""
        try:
            print(json.dumps(request), file=self._process.stdin, flush=True)
        except BrokenPipeError:
            raise WorkerError(self._last_words()) from None

    def answer(self) -> dict[str, Any]:
        """Wait for the answer to the oldest request."""
        watchdog = threading.Timer(TIMEOUT, self._process.kill)
        watchdog.start()
        line = self._process.stdout.readline() if self._process.stdout else ""
        watchdog.cancel()
        if not line:
            raise WorkerError(self._last_words())
        answer = json.loads(line)
        if "error" in answer:
            raise WorkerError(answer["error"])
        return answer

    def ask(self, **request: Any) -> dict[str, Any]:
        """Send a request and wait for its answer."""
        self.send(**request)
        return self.answer()

    def _last_words(self) -> str:
        self._log.seek(0)
        lines = self._log.read().strip().splitlines()
        return (
            f"the process ended: {lines[-1][:200]}"
            if lines
            else "the process ended or did not answer in time"
        )

    def close(self) -> None:
        """End the process."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                pipe.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()
