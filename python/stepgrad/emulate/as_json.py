"""A recording as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict

from stepgrad.emulate.recording import KINDS, Recording


def render(recording: Recording) -> str:
    """Return a recording as JSON: launches, arrays, costs by line, barriers, races, and every warp's requests."""
    memory = recording.memory
    return json.dumps(
        {
            "op": recording.op,
            "rung": recording.rung,
            "source": recording.source,
            "bug": recording.bug,
            "error": recording.error if recording.error == recording.error else None,
            "launches": [asdict(launch) for launch in recording.launches],
            "arrays": [asdict(m) for m in memory],
            "lines": [
                asdict(c) | {"array": c.array.name, "space": c.array.space, "kind": KINDS[c.kind]}
                for c in recording.costs
            ],
            "barriers": [asdict(b) for b in recording.barriers],
            "races": [asdict(r) for r in recording.races],
            "requests": [
                asdict(r)
                | {
                    "array": memory[r.array].name,
                    "kind": KINDS[r.kind],
                    "elements": [memory[r.array].index(o) for o in r.offsets],
                }
                for r in recording.requests()
            ],
        },
        indent=1,
    )
