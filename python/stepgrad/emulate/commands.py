"""The command `stepgrad emulate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer  # this module is imported by the command line only

from stepgrad.emulate import record


def emulate(
    op: Annotated[str, typer.Argument(help="An op with a CUDA kernel: matmul, copy, sum, ...")] = "",
    rung: Annotated[str | None, typer.Option(help="The kernel; without it, all rungs are compared.")] = None,
    size: Annotated[int, typer.Option(help="Matrices have this many rows and columns.")] = 8,
    bug: Annotated[
        str | None, typer.Option(help="missing_barrier, or missing_barrier:LINE: run it without one.")
    ] = None,
    html: Annotated[Path | None, typer.Option(help="Write the page, step by step, to this file.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    open_page: Annotated[bool, typer.Option("--open", help="Show the page in the browser.")] = False,
) -> None:
    """Record a CUDA kernel on the emulator: no GPU is needed.

    Shows which thread reads and writes which element, where the barriers are, which accesses coalesce (32-byte sectors a
    warp's request), which banks of shared memory conflict, and the races.
    """
    from stepgrad.emulate import terminal

    if not op:
        for name, ladder in record.rungs().items():
            typer.echo(f"{name:<10} {', '.join(ladder)}")
        return
    wants_page = html is not None or open_page
    if rung is None and bug is None and not wants_page and not json:
        known: list[str | None] = [*record.rungs(op).get(op, [])]
        terminal.compare([record.emulate(op, each, size) for each in known or [None]])
        return
    recording = record.emulate(op, rung, size, bug)
    if json:
        from stepgrad.emulate.as_json import render as as_json

        typer.echo(as_json(recording))
        return
    terminal.show(recording)
    if wants_page:
        from stepgrad.emulate.page import render

        page = html or Path(f"{op}-{recording.rung}.html")
        page.write_text(render(recording), encoding="utf-8")
        typer.echo(f"step by step: {page}")
        if open_page:
            import webbrowser

            webbrowser.open(page.resolve().as_uri())
