"""The command `stepgrad run`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer  # this module is imported by the command line only

from stepgrad import programs


def run(
    name: Annotated[str, typer.Argument(help="A program of the articles; see --list.")] = "",
    list_: Annotated[bool, typer.Option("--list", help="Name the programs.")] = False,
    epochs: Annotated[int | None, typer.Option(help="In place of the article's number.")] = None,
    full: Annotated[bool, typer.Option("--full", help="The whole data and the article's sizes: slow.")] = False,
    limit: Annotated[int | None, typer.Option(help="At most so many training samples.")] = None,
    as_printed: Annotated[bool, typer.Option("--as-printed", help="The article's listing, and what is wrong with it.")] = False,
    against: Annotated[str | None, typer.Option(help="keras or torch: the same weights and batches, side by side.")] = None,
    out: Annotated[Path, typer.Option(help="Folder for the picture.")] = Path("stepgrad-programs"),
) -> None:  # fmt: skip
    """Run one of nine programs from articles on deep learning, corrected, on real data; then compare with the article.

    The data ships with stepgrad: slices of Fashion-MNIST and of movie sentences. Where all of it, IMDB or CIFAR-10 are in the data
    folder (see stepgrad.datasets), they are used.
    """
    if list_ or not name:
        for known in programs.NAMES:
            typer.echo(f"{known:<14} {programs.get(known).title}")
        return
    program = programs.get(name)
    if as_printed:
        from stepgrad.programs.running import as_printed as show

        show(program)
    elif against:
        from stepgrad.programs.against import compare

        compare(program, against, epochs, full, limit)
    else:
        from stepgrad.programs.running import run as run_program

        run_program(program, epochs, full, limit, out)
