"""Links between files of the repository become links between pages of the site."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_LINK = re.compile(r"(?P<bang>!?)\[(?P<text>[^\]]*)\]\((?P<target>[^)\s]+)\)")


def relink(text: str, source: str, page: str, pages: dict[str, str]) -> str:
    """Rewrite the relative links of `source`, now shown as `page`; a link to a file that is no page becomes plain text."""
    folder, here = posixpath.dirname(source), posixpath.dirname(page)

    def replace(match: re.Match) -> str:
        target, _, anchor = match["target"].partition("#")
        if not target or ":" in target:
            return match[0]
        path = posixpath.normpath(posixpath.join(folder, target))
        if path.startswith("docs/"):
            new = path.removeprefix("docs/")
        elif path in pages:
            new = pages[path]
        elif (ROOT / path).exists():
            return match["text"]
        else:
            return match[0]  # broken: the strict build says so
        new = posixpath.relpath(new, here or ".")
        return f"{match['bang']}[{match['text']}]({new}{'#' + anchor if anchor else ''})"

    return _LINK.sub(replace, text)
