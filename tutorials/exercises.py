"""What marks the exercises of the tutorials: right, or the lesson."""

import functools
import textwrap
from collections.abc import Callable
from typing import Any


def exercise(judge: Callable[[Any], str]) -> Callable[[Any], bool]:
    """Turn a function that returns the lesson ("" for a right answer) into one that prints it and tells whether all is well."""
    name = judge.__name__.replace("check_", "exercise ")

    @functools.wraps(judge)
    def check(answer: Any) -> bool:
        if answer is None:
            _say(f"{name}: open. Write your answer in place of None and run the cell again.")
            return False
        try:
            lesson = judge(answer)
        except Exception as error:  # whatever a learner's answer raises belongs to the learner
            _say(f"{name}: your answer raised {type(error).__name__}:\n{error}")
            return False
        _say(f"{name}: right." if not lesson else f"{name}: not yet. {lesson}")
        return not lesson

    return check


def show(check: Callable[[Any], bool], *, wrong: Any, right: Any) -> None:
    """Print what a check says to a typical wrong answer and to a right one. A right one that is refused is an error."""
    print("a typical slip ->", end=" ")
    taught = not check(wrong)
    print("a solution     ->", end=" ")
    if not (check(right) and taught):
        raise SystemExit(f"{check.__name__} marks wrongly")


def _say(text: str) -> None:
    for line in text.splitlines():
        print(textwrap.fill(line, 110, subsequent_indent="    "))
