"""`stepgrad run`: train, test, table and picture."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import stepgrad as sg
from stepgrad.callbacks import LambdaCallback
from stepgrad.errors import StepgradError
from stepgrad.programs import report
from stepgrad.programs.program import Data, Program, Result, Row


def run(
    program: Program,
    epochs: int | None = None,
    full: bool = False,
    limit: int | None = None,
    out: str | Path = "stepgrad-programs",
    verbose: int | str = "auto",
) -> tuple[list[Row], Result | None]:
    """Run a program and print its table; the picture goes into `out`.

    Returns
    -------
    rows of the table, and what was measured (None where nothing is trained)
    """
    print(f"{program.name}: {program.title} ({program.article})")
    if program.tell is not None:
        rows = program.tell()
        report.table(rows)
        return rows, None
    data = program.load(full, limit)
    print(f"data: {data.source}")
    result = train(program, data, epochs or program.epochs, verbose)
    rows = [*program.rows(data, result), Row("seconds of training", "", "", f"{result.seconds:.1f}")]
    report.table(rows)
    print("training curves:", report.curves(program, result, Path(out)))
    return rows, result


def train(program: Program, data: Data, epochs: int, verbose: int | str) -> Result:
    """Train the model, and then its variants, from the same seed."""
    results = {}
    for label, build in {"": program.build, **program.variants}.items():
        if label:
            print(f"beside it: {label}")
        sg.utils.set_random_seed(1)
        model = build(sg, data.facts)
        if verbose and not label:
            model.summary()
        results[label] = _fit(program, model, data, epochs, verbose)
    first = results.pop("")
    return Result(first.history, first.test, first.steps, first.seconds, results)


def _fit(program: Program, model: Any, data: Data, epochs: int, verbose: int | str) -> Result:
    settings: dict[str, Any] = {"epochs": epochs, "verbose": verbose}
    if program.report_every:
        settings["verbose"] = 0
        if verbose:
            settings["callbacks"] = [LambdaCallback(on_epoch_end=_reporter(program.report_every))]
    size = None if isinstance(data.train, sg.data.Dataset) else program.batch_size
    if program.validation_split:
        settings["validation_split"] = program.validation_split
    start = time.perf_counter()
    history = model.fit(*_arguments(data.train), batch_size=size, **settings)
    seconds = time.perf_counter() - start
    test = model.evaluate(*_arguments(data.test), batch_size=size, verbose=0, return_dict=True)
    return Result(history.history, test, history.params["steps"], seconds)


def _reporter(every: int):
    def on_epoch_end(epoch: int, logs: dict) -> None:
        if epoch == 0 or (epoch + 1) % every == 0:
            print(f"epoch {epoch + 1:>5}  loss {logs['loss']:.4f}")

    return on_epoch_end


def _arguments(part: Any) -> tuple:
    return (part,) if isinstance(part, sg.data.Dataset) else tuple(part)


def as_printed(program: Program) -> list[str]:
    """Run the article's listing as it is printed, and show what stepgrad says about it; return the messages."""
    print(f"{program.name} as printed ({program.article})")
    messages = []
    for mistake in program.mistakes:
        try:
            mistake.attempt(sg)
            message = "nothing: stepgrad runs it"
        except (StepgradError, NameError) as error:
            message = f"{type(error).__name__}: {error}"
        messages.append(message)
        report.mistake(mistake, message)
    if not program.mistakes:
        print("The listing has no mistake that a program could find.")
    return messages
