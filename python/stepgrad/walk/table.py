"""The table of a worked example: each printed number, what follows from the source's own numbers, and the right one."""

from __future__ import annotations

from stepgrad.walk.examples.example import Example, Row
from stepgrad.walk.latex import number

HEADS = ("name", "printed", "follows", "right", "")


def cells(row: Row) -> tuple[str, str, str, str, str]:
    """Return one line of the table as text; the last cell is empty where the printed number is right."""
    p = row.printed
    follows = "" if p.follows is None else number(p.follows, 9)
    return p.name, p.digits, follows, number(row.right, max(9, len(p.digits.lstrip("-0.")))), p.erratum


def verdict(rows: list[Row]) -> str:
    """Return the count of right numbers and errata in one sentence."""
    wrong = sum(bool(row.printed.erratum) for row in rows)
    unsettled = [row.printed.name for row in rows if not row.settled]
    text = (
        f"{len(rows)} printed numbers: {len(rows) - wrong} right to the last digit printed, {wrong} errata."
    )
    return text + (f" NOT SETTLED: {', '.join(unsettled)}." if unsettled else "")


def as_dict(example: Example, rows: list[Row]) -> dict:
    """Return the example and its table for JSON."""
    lines = [
        dict(
            zip(
                ("name", "printed", "follows", "right", "erratum"),
                (r.printed.name, r.printed.digits, r.printed.follows, r.right, r.printed.erratum),
            )
        )
        for r in rows
    ]
    return {"title": example.title, "source": example.source, "about": example.about, "numbers": lines}
