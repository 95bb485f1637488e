"""The command `stepgrad walk`."""

from __future__ import annotations

import inspect
import runpy
from pathlib import Path
from typing import Annotated, Any

import typer  # this module is imported by the command line only

from stepgrad.errors import ArgumentError, DataError, did_you_mean
from stepgrad.walk.recorder import walk as record
from stepgrad.walk.steps import Walk


def walk(
    name: Annotated[str, typer.Argument(help="A worked example, or FILE.py:function_or_model.")] = "",
    list_: Annotated[bool, typer.Option("--list", help="Name the worked examples.")] = False,
    html: Annotated[Path | None, typer.Option(help="Write the page to this file.")] = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print Markdown with LaTeX.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    open_page: Annotated[bool, typer.Option("--open", help="Show the page in the browser.")] = False,
) -> None:
    """Go through one training step: forward, loss, backward, update, with every formula and number.

    NAME is a worked example (see --list) or FILE.py:thing, where the file defines the thing (a model, a function of a
    tensor, or a function without parameters) and, as the thing needs it, x, y, loss and optimizer.
    In a terminal the arrow keys step forward and back and q quits; in a pipe everything is printed.
    """
    from stepgrad.walk import examples

    if list_ or not name:
        for known in examples.names:
            typer.echo(f"{known:<16} {examples.get(known).title}")
        return
    example = None if _is_file(name) else examples.get(name)
    steps = from_file(name) if example is None else example.walk()
    rows = example.check(steps) if example is not None else []
    if html is not None or open_page:
        from stepgrad.walk.page import render

        page = html or Path(f"{steps.title.replace('/', '-').replace(' ', '-')}.html")
        page.write_text(render(steps, example, rows), encoding="utf-8")
        typer.echo(f"{len(steps)} steps: {page}")
        if open_page:
            import webbrowser

            webbrowser.open(page.resolve().as_uri())
    elif markdown:
        from stepgrad.walk.markdown import render as as_markdown

        typer.echo(as_markdown(steps, example, rows))
    elif json:
        from stepgrad.walk.as_json import render as as_json
        from stepgrad.walk.table import as_dict

        typer.echo(as_json(steps, as_dict(example, rows) if example is not None else None))
    else:
        from stepgrad.walk.terminal import show

        show(steps, example, rows)


def from_file(name: str) -> Walk:
    """Walk through what a file defines; `name` is "FILE.py:thing"."""
    path, _, thing = name.rpartition(":")
    if not path or not Path(path).is_file():
        raise DataError(f"there is no file {path or thing!r}", expected="FILE.py:function_or_model", got=name)
    defined = runpy.run_path(path, run_name="stepgrad_walk")
    if thing not in defined:
        known = [key for key, value in defined.items() if callable(value) or isinstance(value, Walk)]
        raise ArgumentError(f"{path} does not define {thing!r}", fix=did_you_mean(thing, known))
    steps = _walk(defined[thing], defined, name)
    if not hasattr(defined[thing], "trainable_variables"):
        steps.title = thing
    return steps


def _walk(thing: Any, defined: dict, name: str) -> Walk:
    if isinstance(thing, Walk):
        return thing
    if not callable(thing):
        raise ArgumentError(f"{name} is neither a model nor a function", got=type(thing).__name__)
    settings = {
        word: defined[word]
        for word in ("loss", "optimizer")
        if word in defined and defined[word] is not thing
    }
    if _takes_nothing(thing):
        made = thing()
        return (
            made
            if isinstance(made, Walk)
            else record(lambda _: thing(), 0.0, optimizer=settings.get("optimizer"))
        )
    x = defined.get("x", defined.get("X"))
    if x is None:
        raise ArgumentError(f"{name} needs an input", fix="define x (and y, if there is a loss) in the file")
    y = defined.get("y", defined.get("Y"))
    return record(thing, x, y, **settings)


def _takes_nothing(thing: Any) -> bool:
    if hasattr(thing, "trainable_variables"):
        return False
    parameters = inspect.signature(thing).parameters.values()
    return all(p.default is not p.empty or p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD) for p in parameters)


def _is_file(name: str) -> bool:
    return ".py" in name or "/" in name
