"""A profile as a self-contained page, and as a picture."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from stepgrad.errors import require

if TYPE_CHECKING:
    from stepgrad.walk.profile import Profile

COLOURS = {"forward": "#2f6db3", "backward": "#c8651b"}  # told apart in grey and by the colour-blind too
_STYLE = f"""<style>
.sg-profile {{ font: 15px/1.5 system-ui, sans-serif; overflow-x: auto; }}
.sg-profile table {{ border-collapse: collapse; margin: 1em 0; }}
.sg-profile th, .sg-profile td {{ padding: .15em .7em; text-align: left; white-space: nowrap; border-bottom: 1px solid #8884; }}
.sg-profile .n {{ text-align: right; font-variant-numeric: tabular-nums; }}
.sg-profile .bar {{ min-width: 10em; width: 22em; }}
.sg-profile .bar div {{ height: .9em; }}
.sg-profile .forward {{ background: {COLOURS["forward"]}; }}
.sg-profile .backward {{ background: {COLOURS["backward"]}; }}
</style>"""


def fragment(profile: Profile) -> str:
    """Return the tables with bars, to stand in a page or a notebook."""
    parts = [f"<p>{escape(profile.summary())}.</p>"]
    longest = max((row.seconds for row in [*profile.by_op(), *profile.by_layer()]), default=0.0) or 1.0
    for (head, lines), rows in zip(profile.tables(), (profile.by_op(), profile.by_layer())):
        cells = "".join(f'<th scope="col">{escape(name)}</th>' for name in head)
        body = "".join(
            "<tr>"
            + "".join(
                f'<td class="{"n" if 2 <= i <= 5 else "t"}">{escape(cell)}</td>'
                for i, cell in enumerate(line)
            )
            + f'<td class="bar"><div class="{row.phase}" style="width:{100 * row.seconds / longest:.1f}%"></div></td></tr>'
            for line, row in zip(lines, rows)
        )
        parts.append(f'<table><tr>{cells}<th scope="col">time, forward and backward</th></tr>{body}</table>')
    return f'{_STYLE}<div class="sg-profile">{"".join(parts)}</div>'


def page(profile: Profile) -> str:
    """Return the fragment as a whole page that needs no network."""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>stepgrad profile</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">'
        f"</head><body><h1>Profile</h1>{fragment(profile)}</body></html>\n"
    )


def picture(profile: Profile, most: int = 20) -> Any:
    """Return a matplotlib figure: a horizontal bar an op, its backward part beside its forward part."""
    figure_of = require("matplotlib.figure", "cli", "drawing the profile").Figure
    times: dict[str, dict[str, float]] = {}
    for row in profile.by_op():
        parts = times.setdefault(row.op, dict.fromkeys(COLOURS, 0.0))
        parts[row.phase] += row.seconds * 1e3
    slowest = sorted(times, key=lambda op: -sum(times[op].values()))[:most]
    figure = figure_of(figsize=(8, 1.2 + 0.3 * len(slowest)), layout="constrained")
    axes = figure.add_subplot()
    start = [0.0] * len(slowest)
    for phase, colour in COLOURS.items():
        widths = [times[op][phase] for op in slowest]
        axes.barh(slowest, widths, left=start, color=colour, label=phase)
        start = [a + b for a, b in zip(start, widths)]
    axes.invert_yaxis()
    axes.set_xlabel("milliseconds")
    axes.spines[["top", "right"]].set_visible(False)
    if slowest:
        axes.legend(frameon=False, loc="lower right")
    return figure
