"""The page of a recording: one HTML file with everything in it."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any

from stepgrad.emulate.recording import KINDS, Barrier, Recording
from stepgrad.emulate.terminal import headline, verdict

STEPS = 4000  # that a page holds: it must stay a few hundred kilobytes


def render(recording: Recording) -> str:
    """Return the page for a recording, as one string of HTML."""
    requests = recording.requests(STEPS)
    steps: list[dict[str, Any]] = []
    met = {(b.launch, b.block, b.epoch): b for b in recording.barriers if not b.left_out}
    for before, r in zip([None, *requests], requests, strict=False):
        if before is not None:
            steps += _barriers(met, (before.launch, before.block, before.epoch), (r.launch, r.block, r.epoch))
        steps.append(
            {
                "launch": r.launch, "block": r.block, "warp": r.warp, "line": r.line, "array": r.array, "kind": r.kind,
                "size": r.size, "lanes": r.lanes, "offsets": r.offsets, "units": r.units, "best": r.best,
            }
        )  # fmt: skip
    if requests and len(requests) == recording.request_count:
        last = requests[-1]
        steps += _barriers(met, (last.launch, last.block, last.epoch), (last.launch + 1, 0, 0))
    title = f"{recording.op}, {recording.rung}" + (f", {recording.bug}" if recording.bug else "")
    data = {
        "steps": steps,
        "count": recording.request_count,
        "headline": headline(recording),
        "launches": [vars(launch) for launch in recording.launches],
        "memory": [vars(m) for m in recording.memory],
        "kinds": KINDS,
        "text": recording.text,
        "costs": [
            {
                "line": c.line, "what": f"{KINDS[c.kind]} {c.array.name}", "requests": c.requests, "units": c.units,
                "best": c.best, "space": c.array.space, "verdict": verdict(c),
            }
            for c in recording.costs
        ],
        "races": [vars(race) for race in recording.races],
        "left_out": sorted({b.line for b in recording.barriers if b.left_out}),
    }  # fmt: skip
    template = resources.files("stepgrad.emulate").joinpath("page.html").read_text(encoding="utf-8")
    text = json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")
    return template.replace("__TITLE__", title.replace("&", "&amp;").replace("<", "&lt;")).replace(
        "__DATA__", text
    )


def _barriers(
    met: dict[tuple[int, int, int], Barrier], after: tuple[int, int, int], before: tuple[int, int, int]
) -> list[dict[str, Any]]:
    """Return the barriers that a block met after one request and before the next."""
    launch, block, epoch = after
    end = before[2] if before[:2] == after[:2] else epoch + len(met)
    passed = [met[launch, block, e] for e in range(epoch, end) if (launch, block, e) in met]
    return [{"barrier": True, "launch": launch, "block": block, "line": b.line} for b in passed]
