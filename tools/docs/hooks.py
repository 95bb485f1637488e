"""MkDocs hook: makes the pages that are written nowhere as Markdown, and turns formulas into MathML.

README, CONTRIBUTING and the like are taken from where they stand; tutorials from their Python files; the reference from the
packages' docstrings; the tables of ops and kernels from the registry. Nothing is fetched, nothing is pasted.
"""

from __future__ import annotations

import re
from pathlib import Path

from formulas import draw, put_back
from links import relink
from mkdocs.structure.files import File
from reference import PACKAGES, package_page
from tables import kernel_table, op_table
from tutorials import page_of_tutorial

ROOT = Path(__file__).resolve().parents[2]
TEXTS = {  # where it stands in the repository -> page
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "csrc/README.md": "csrc.md",
    "tutorials/README.md": "tutorials/index.md",
    "tutorials/programs/README.md": "tutorials/programs.md",
}
TUTORIALS = {  # files with a number: the others are helpers
    path.relative_to(ROOT).as_posix(): f"tutorials/{path.stem}.md"
    for path in sorted(ROOT.glob("tutorials/[0-9]*.py"))
}


def on_config(config):
    """Put the tutorials and packages into the navigation."""
    for section in config["nav"]:
        if "Course" in section:
            section["Course"] += list(TUTORIALS.values())
        if "Reference" in section:
            section["Reference"] += [{f"stepgrad.{name}": f"reference/{name}.md"} for name in PACKAGES]
    return config


def on_files(files, config):
    """Add the generated pages."""
    pages = {}
    for source, page in TEXTS.items():
        if (ROOT / source).exists():
            pages[page] = relink(
                (ROOT / source).read_text(encoding="utf-8"), source, page, {**TEXTS, **TUTORIALS}
            )
    for source, page in TUTORIALS.items():
        text = page_of_tutorial((ROOT / source).read_text(encoding="utf-8"), source)
        pages[page] = relink(text, source, page, {**TEXTS, **TUTORIALS})
    for name in PACKAGES:
        pages[f"reference/{name}.md"] = package_page(name)
    pages["reference/op-table.md"] = op_table()
    pages["reference/kernel-table.md"] = kernel_table()
    for page, text in pages.items():
        files.append(File.generated(config, page, content=text))
    return files


def on_page_markdown(markdown, page, **_):
    """Draw formulas before Markdown can mistake their underscores for emphasis."""
    return draw(markdown, page.meta.setdefault("formulas", []))


def on_page_content(html, page, **_):
    """Put the drawn formulas where they belong; take reStructuredText's roles off the names in docstrings."""
    html = put_back(html, page.meta.pop("formulas", []))
    return re.sub(r":(?:func|class|meth|mod|attr):(?=<code>)", "", html)
