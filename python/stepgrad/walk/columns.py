"""Plain-text tables, and numbers of bytes and seconds that a person can read."""

from __future__ import annotations

from collections.abc import Sequence


def columns(head: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[str] = ()) -> str:
    """Return a table in aligned columns; those named in `right` are aligned to the right.

    Examples
    --------
    >>> print(columns(["op", "calls"], [["matmul", "12"], ["add", "3"]], right=["calls"]))
    op      calls
    matmul     12
    add         3
    """
    lines = [list(head), *rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    pads = [str.rjust if name in right else str.ljust for name in head]
    return "\n".join(
        "  ".join(pad(cell, width) for pad, cell, width in zip(pads, line, widths)).rstrip() for line in lines
    )


def human_bytes(count: float) -> str:
    """Return a number of bytes with its unit.

    Examples
    --------
    >>> human_bytes(12), human_bytes(2048), human_bytes(3 * 1024**2)
    ('12 B', '2.0 KiB', '3.0 MiB')
    """
    power = 0
    while count >= 1024 and power < 3:
        count, power = count / 1024, power + 1
    return f"{count:.1f} {('B', 'KiB', 'MiB', 'GiB')[power]}" if power else f"{count:.0f} B"


def human_seconds(seconds: float) -> str:
    """Return a time with its unit.

    Examples
    --------
    >>> human_seconds(2.5), human_seconds(0.0125), human_seconds(3.2e-6)
    ('2.50 s', '12.50 ms', '3.2 us')
    """
    if seconds >= 1:
        return f"{seconds:.2f} s"
    return f"{seconds * 1e3:.2f} ms" if seconds >= 1e-4 else f"{seconds * 1e6:.1f} us"
