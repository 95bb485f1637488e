"""The command line: doctor, kernels, demo, run, walk, emulate, ladder, bench, grade and worksheet."""

from __future__ import annotations

from pathlib import Path

from stepgrad.errors import StepgradError, require


def main() -> None:
    """Run the command line; our own errors are printed without a traceback."""
    typer = require("typer", "cli", "the command line")
    try:
        _app(typer)()
    except StepgradError as error:
        raise SystemExit(f"stepgrad: {error}") from None


def _app(typer):
    from stepgrad.bench import commands
    from stepgrad.emulate.commands import emulate
    from stepgrad.grade import commands as grading
    from stepgrad.programs.commands import run
    from stepgrad.walk.commands import walk

    app = typer.Typer(
        help="A deep-learning engine that shows its work.", no_args_is_help=True, add_completion=False,
        pretty_exceptions_enable=False, rich_markup_mode=None,
    )  # fmt: skip
    app.callback(invoke_without_command=True)(_version(typer))
    app.command()(doctor)
    app.command()(kernels)
    app.command()(demo)
    app.command()(run)
    app.command()(walk)
    app.command()(emulate)
    app.command()(commands.ladder)
    app.command()(commands.bench)
    app.command()(grading.grade)
    app.command()(grading.worksheet)
    return app


def _version(typer):
    import stepgrad

    def options(version: bool = typer.Option(False, "--version", help="Print the version and stop.")) -> None:
        if version:
            print(f"stepgrad {stepgrad.__version__}")
            raise typer.Exit

    return options


def doctor() -> None:
    """Report what is installed, what is compiled, and what could be added."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from stepgrad.doctor import findings

    table = Table(show_header=False, box=None)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for topic, finding in findings():
        table.add_row(topic, escape(finding))  # "[tensorboard]" is an extra, not markup
    Console().print(table)


def kernels(op: str = "", device: str = "cpu") -> None:
    """Print the kernel table: op, device, rung in use, why, and the ladder below it.

    With --op, only the ops whose name contains it; with --device, the table of cuda or cuda-emulated.
    """
    from rich.console import Console
    from rich.table import Table

    import stepgrad
    from stepgrad import optimizers  # noqa: F401 - their updates are entries of the table too

    table = Table("op", "device", "rung", "why", "ladder")
    with stepgrad.device(device):
        for row in stepgrad.kernels.table():
            if op in row["op"]:
                table.add_row(row["op"], row["device"], row["rung"], row["why"], row["rungs"])
    Console().print(table)


def demo(
    epochs: int = 10,
    out: Path = Path("stepgrad-demo"),
    data: Path | None = None,
    open_page: bool = False,
) -> None:
    """Train a small convolutional network on real images, and show one image going forward and back.

    Writes curve.png, page.html and model.stepgrad into --out. --data names a folder with the whole of Fashion-MNIST.
    """
    from stepgrad.demo import run

    run(epochs=epochs, out=out, data=data)
    if open_page:
        import webbrowser

        webbrowser.open((out / "page.html").resolve().as_uri())
