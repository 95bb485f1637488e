"""LaTeX in Markdown becomes MathML, which browsers draw without a script and screen readers read."""

from __future__ import annotations

import re

from latex2mathml.converter import convert

# Code is matched first, so that a dollar in it stays one.
_PARTS = re.compile(
    r"(?P<code>^(?P<fence>`{3,})[^\n]*\n.*?^(?P=fence)[ ]*$|(?P<tick>`+)(?!`).*?(?<!`)(?P=tick)(?!`))"
    r"|\$\$(?P<block>.+?)\$\$|(?<![\\$\w])\$(?P<inline>\S(?:[^$]*?\S)?)\$(?![\w$])",
    re.S | re.M,
)


def mathml(latex: str, display: str = "inline") -> str:
    """Return a formula as MathML."""
    # what the converter does not know: an escaped underscore, += as one sign, arg
    known = latex.replace(r"\_", "_").replace(r"\mathrel{+}=", "+=").replace(r"\arg", r"\operatorname{arg}")
    return convert(known, display=display)


def draw(markdown: str, drawn: list[str]) -> str:
    """Replace every formula by a mark that Markdown leaves alone, and append its MathML to `drawn`."""

    def replace(match: re.Match) -> str:
        if match["code"]:
            return match[0]
        block = match["block"]
        drawn.append(mathml(" ".join((block or match["inline"]).split()), "block" if block else "inline"))
        return f"FORMULA{len(drawn) - 1}END"

    return _PARTS.sub(replace, markdown)


def put_back(html: str, drawn: list[str]) -> str:
    """Replace the marks by the formulas."""
    return re.sub(r"FORMULA(\d+)END", lambda match: drawn[int(match[1])], html)
