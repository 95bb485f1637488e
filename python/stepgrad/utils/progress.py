"""Progbar: the line that shows how far an epoch is."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Iterable

_INTERVAL = 0.05  # seconds between two drawings; the eye does not need more, and a step is often shorter


class Progbar:
    """Draw progress as Keras does.

    In a terminal the line is redrawn in place. Into a pipe or a file only the finished line is written, without colours.

    Parameters
    ----------
    target : int or None
        Number of steps, None where it is not known.
    width : int
        Width of the bar, in characters.
    verbose : {0, 1, 2}
        0 is silent, 2 is one line without a bar.
    unit_name : str

    Examples
    --------
    >>> bar = Progbar(3, verbose=2, clock=iter([0.0, 6.0]).__next__)
    >>> bar.update(3, [("loss", 0.25)])
    3/3 - 6s - 2s/step - loss: 0.2500
    """

    def __init__(
        self, target: int | None, width: int = 20, verbose: int = 1, unit_name: str = "step", clock=time.time
    ):
        self.target, self.width, self.verbose, self.unit_name = target, width, verbose, unit_name
        self._clock = clock
        self._seen = 0
        self._start = clock()
        self._first_step_done: float | None = None
        self._drawn = -1.0
        self._width_before = 0
        stream = sys.stdout
        self._in_place = bool(getattr(stream, "isatty", lambda: False)()) or "ipykernel" in sys.modules
        self._glyph = "━" if _can_print("━", stream) else "="

    def update(
        self, current: int, values: Iterable[tuple[str, float]] = (), finalize: bool | None = None
    ) -> None:
        """Show that `current` steps are done; `values` are (name, number) pairs, shown as they are."""
        if finalize is None:
            finalize = self.target is not None and current >= self.target
        self._seen = current
        now = self._clock()
        if current == 1 and self._first_step_done is None:
            self._first_step_done = now
        if self.verbose == 0 or (not finalize and (self.verbose == 2 or not self._in_place)):
            return
        if not finalize and now - self._drawn < _INTERVAL:
            return
        self._drawn = now
        per_unit = self._seconds_per_unit(current, now)
        numbers = "".join(f" - {name}: {_number(value)}" for name, value in values)
        if self.verbose == 2:
            print(f"{self._count()} - {now - self._start:.0f}s - {self._rate(per_unit)}{numbers}", flush=True)
        else:
            self._draw(now, per_unit, numbers, finalize)

    def add(self, n: int, values: Iterable[tuple[str, float]] = ()) -> None:
        """Show that `n` more steps are done."""
        self.update(self._seen + n, values)

    def _draw(self, now: float, per_unit: float, numbers: str, finalize: bool) -> None:
        if self.target and not finalize:
            seconds = _duration(per_unit * (self.target - self._seen))
        else:
            seconds = f"{now - self._start:.0f}s"
        filled = int(self.width * self._seen / self.target) if self.target else 0
        filled = min(filled, self.width)
        done, left = self._glyph * filled, self._glyph * (self.width - filled) if self.target else ""
        tail = f" {self._rate(per_unit)}{numbers}"
        if not self._in_place:
            bar = f" {done}{left}" if self.target else ""
            print(f"{self._count()}{bar} {seconds}{tail}", flush=True)
            return
        if not finalize and "ipykernel" not in sys.modules:
            # a line that wraps cannot be redrawn in place
            columns = shutil.get_terminal_size().columns
            tail = tail[: max(0, columns - 1 - len(f"{self._count()} {done}{left} {seconds}"))]
        bar = f" \x1b[32m{done}\x1b[0m\x1b[37m{left}\x1b[0m" if self.target else ""
        width = len(f"{self._count()} {done}{left} {seconds}{tail}")
        blanks = " " * (self._width_before - width)  # over the rest of a longer line
        self._width_before = width
        end = "\n" if finalize else ""
        print(
            f"\r\x1b[1m{self._count()}\x1b[0m{bar} \x1b[1m{seconds}\x1b[0m{tail}{blanks}", end=end, flush=True
        )

    def _count(self) -> str:
        if not self.target:
            return f"{self._seen}/Unknown"
        return f"{self._seen:>{len(str(self.target))}}/{self.target}"

    def _seconds_per_unit(self, current: int, now: float) -> float:
        """The first step, which builds and warms up, is left out where there are others."""
        if not current:
            return 0.0
        if self._first_step_done is not None and current > 1:
            return (now - self._first_step_done) / (current - 1)
        return (now - self._start) / current

    def _rate(self, per_unit: float) -> str:
        if per_unit >= 1 or per_unit == 0:
            return f"{per_unit:.0f}s/{self.unit_name}"
        if per_unit >= 1e-3:
            return f"{per_unit * 1e3:.0f}ms/{self.unit_name}"
        return f"{per_unit * 1e6:.0f}us/{self.unit_name}"


def _number(value: float) -> str:
    value = float(value)
    return f"{value:.4f}" if abs(value) > 1e-3 else f"{value:.4e}"


def _duration(seconds: float) -> str:
    minutes, seconds = divmod(int(seconds), 60)
    if minutes >= 60:
        return f"{minutes // 60}:{minutes % 60:02d}:{seconds:02d}"
    return f"{minutes}:{seconds:02d}" if minutes else f"{seconds}s"


def _can_print(text: str, stream) -> bool:
    try:
        text.encode(getattr(stream, "encoding", None) or "ascii")
    except UnicodeEncodeError:
        return False
    return True
