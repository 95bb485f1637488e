"""Run the nine programs and write docs/programs.md from what they gave.

    python tools/make_programs_page.py [PROGRAM ...]      # all of them without a name; a few minutes

The figures are kept in docs/programs.json, so that one program can be run again alone. Run it on an idle machine.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

from stepgrad import programs
from stepgrad.bench.machine import describe
from stepgrad.programs.against import compare
from stepgrad.programs.report import percent
from stepgrad.programs.running import run
from stepgrad.walk.examples.example import rounds_to

DOCS = Path(__file__).resolve().parents[1] / "docs"
EPOCHS = {
    "S1-simple": 1000,
    "S2-cnn-mse": 3,
    "S3-cnn": 2,
    "S4-cifar": 5,
    "S4-128": 2,
}  # the article's, or fewer
AGAINST = {
    "S1-simple": ("torch", 300, None),
    "S3-cnn": ("torch", 1, 320),
    "S4-128": ("keras", 1, 640),
}  # library, epochs, samples; else Keras, 1, all
HEAD = """# Nine programs, measured

The programs of the articles ([what they are](tutorials/programs.md)) as `stepgrad run` gives them, on the data that ships with stepgrad:
slices of Fashion-MNIST and of the movie sentences, and Fashion-MNIST-M. The articles' own figures come from other data, and are here to be
compared in kind only; the column "corrected" says what follows from the article's own text.

This page is written by `python tools/make_programs_page.py`.
"""


def measure(name: str) -> dict:
    """Run a program, and then beside Keras or PyTorch; return what the page shows."""
    program = programs.get(name)
    epochs = EPOCHS.get(name, program.epochs)
    rows, result = run(program, epochs=epochs, out=DOCS / "images" / "programs", verbose=2)
    found = {
        "title": program.title,
        "article": program.article,
        "epochs": epochs,
        "rows": rows,
        "where": _where(),
    }
    if result is not None:
        library, against_epochs, limit = AGAINST.get(name, ("keras", 1, None))
        figures = compare(program, library, against_epochs, False, limit)
        ours, theirs = figures["losses"]
        found["data"] = program.load(False, None).source
        found["against"] = {
            "library": library,
            "steps": len(ours),
            "apart": [abs(ours[i] - theirs[i]) for i in (0, min(19, len(ours) - 1))],
            "accuracy": figures["accuracy"],
            "ms": figures["ms"],
        }
    else:  # 63 rows are too many for the page
        wrong = sum(not rounds_to(float(row.corrected), row.article) for row in rows)
        agree = sum(np.isclose(float(row.ours), float(row.corrected), rtol=1e-5) for row in rows)
        found["rows"] = [
            ("numbers", f"{len(rows)} printed", f"{wrong} of them wrong", f"{agree} agree with the corrected")
        ]
    return found


def _where() -> str:
    machine = describe()
    versions = ", ".join(
        f"{name} {machine['versions'][name]}" for name in ("stepgrad", "numpy", "keras", "torch")
    )
    return (
        f"{machine['cpu']}, {machine['cores']} cores, kernels for {machine['isa']}, tape {machine['tape']}; "
        f"Python {machine['python']}, {versions}; {machine['date'][:10]}"
    )


def page(found: dict[str, dict]) -> str:
    """Return the page."""
    parts = [HEAD, "## Beside Keras and PyTorch\n", *_against(found)]
    for name in programs.NAMES:
        if name not in found:
            continue
        one = found[name]
        parts += [f"\n## {name}\n", f"{one['title'][0].upper()}{one['title'][1:]} ({one['article']}).\n"]
        if "data" in one:
            parts.append(f"Data: {one['data']}. Epochs: {one['epochs']}.\n")
        parts += ["| | article | corrected | ours |", "| --- | --- | --- | --- |"]
        parts += ["| " + " | ".join(row) + " |" for row in one["rows"]]
        if (DOCS / "images" / "programs" / f"{name}.png").exists():
            parts.append(f"\n![training curves](images/programs/{name}.png)")
    return "\n".join(parts) + "\n"


def _against(found: dict[str, dict]) -> list[str]:
    lines = [
        "The same initial weights and the same batches, a step of each in turn, in one process with one thread each. Times are of the processor,",
        "the median of all steps but the first three; the machine may have been busy with other things, so that only ratios mean something.",
        "Random draws of dropout differ, and with them the losses of S2-imdb-lstm.\n",
        "| program | beside | steps | losses apart at step 1, 20 | accuracy: ours, theirs | ms a step: ours, theirs | ratio |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name, one in found.items():
        if "against" not in one:
            continue
        a = one["against"]
        first, second = a["ms"]
        lines.append(
            f"| {name} | {a['library']} | {a['steps']} | {a['apart'][0]:.0e}, {a['apart'][1]:.0e} "
            f"| {percent(a['accuracy'][0])}, {percent(a['accuracy'][1])} | {first:.1f}, {second:.1f} | {second / first:.2f} |"
        )
    return [*lines, "", f"Measured on: {next(iter(found.values()))['where']}."]


def main() -> None:
    store = DOCS / "programs.json"
    found = json.loads(store.read_text(encoding="utf-8")) if store.exists() else {}
    for name in sys.argv[1:] or programs.NAMES:
        found[name] = measure(name)
        found = {known: found[known] for known in programs.NAMES if known in found}
        store.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
        (DOCS / "programs.md").write_text(page(found), encoding="utf-8")


if __name__ == "__main__":
    main()
