"""A tutorial in the percent format becomes a Markdown page."""

from __future__ import annotations

import re


def page_of_tutorial(source: str, path: str) -> str:
    """Return the cells of a tutorial as Markdown; a line below the title says how to run it."""
    blocks = []
    for head, body in re.findall(r"^# %%([^\n]*)\n(.*?)(?=^# %%|\Z)", source, re.S | re.M):
        if "[markdown]" in head:
            blocks.append(
                "\n".join(line.removeprefix("#").removeprefix(" ") for line in body.strip().splitlines())
            )
        elif body.strip():
            blocks.append(f"```python\n{body.strip()}\n```")
    title, _, rest = blocks[0].partition("\n")
    run = f"This page is `{path}`. Its numbers are computed while it runs: `python {path}`."
    return "\n\n".join([title, run, rest.strip(), *blocks[1:]]) + "\n"
