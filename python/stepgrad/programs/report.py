"""The table, the picture and the mistakes of a program."""

from __future__ import annotations

from pathlib import Path

from stepgrad.errors import require
from stepgrad.programs.program import Mistake, Program, Result, Row


def table(rows: list[Row], head: tuple[str, ...] = ("", "article", "corrected", "ours")) -> None:
    """Print rows as a table."""
    require("rich", "cli", "the table")
    from rich.console import Console
    from rich.table import Table

    shown = Table(*head)
    for row in rows:
        shown.add_row(*row)
    Console().print(shown)


def curves(program: Program, result: Result, out: Path) -> Path:
    """Draw loss and metrics over the epochs, of the program and of what was trained beside it."""
    figure_module = require("matplotlib.figure", "plot", "the training curves")
    out.mkdir(parents=True, exist_ok=True)
    names = [name for name in result.history if not name.startswith("val_")]
    figure = figure_module.Figure(figsize=(4.5 * len(names), 3.5), layout="constrained")
    for axes, name in zip(figure.subplots(1, len(names), squeeze=False)[0], names, strict=True):
        for label, run in {"": result, **result.others}.items():
            for key, part, style in ((name, "training", "-"), (f"val_{name}", "validation", "--")):
                if key in run.history:
                    values = run.history[key]
                    words = f"{label}: {part}" if label else part
                    axes.plot(range(1, len(values) + 1), values, style, label=words)
        axes.set(title=name, xlabel="epoch")
        axes.legend(fontsize="small")
    figure.suptitle(program.name)
    path = out / f"{program.name}.png"
    figure.savefig(path)
    return path


def mistake(mistake: Mistake, message: str) -> None:
    """Print a mistake: the listing, the library's words, stepgrad's words."""
    print(f"\n{mistake.what}")
    for line in mistake.listing.strip("\n").splitlines():
        print(f"    {line}")
    quoted = mistake.quoted if mistake.silent else f'"{mistake.quoted}"'
    print(f"  {mistake.library}: {quoted}")
    print("  stepgrad: " + message.replace("\n", "\n    "))


def percent(value: float) -> str:
    """Return 0.7283 as 72.83%.

    Examples
    --------
    >>> percent(0.7283)
    '72.83%'
    """
    return f"{100 * value:.2f}%"
