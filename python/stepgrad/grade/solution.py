"""A solution: quantities in order, each of which can be computed again from other numbers than its own."""

from __future__ import annotations

import dataclasses
import functools
import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from stepgrad.errors import ArgumentError, did_you_mean
from stepgrad.grade.expression import Expression, call, ref


@dataclasses.dataclass(frozen=True, eq=False)
class Quantity:
    """One step of a solution.

    Attributes
    ----------
    name : str
    expression : Expression
        How it follows from others.
    phase : str
        "given", "forward", "loss", "backward" or "update".
    """

    name: str
    expression: Expression
    phase: str = "forward"

    @functools.cached_property
    def inputs(self) -> tuple[str, ...]:
        return self.expression.names()

    @property
    def formula(self) -> str:
        return f"{self.name} = {self.expression}"

    def compute(self, values: Mapping[str, np.ndarray]) -> np.ndarray:
        """Compute the quantity from the values of its inputs, which may be a learner's."""
        return np.asarray(self.expression.value(values), dtype=float)


class Solution(Mapping):
    """The right numbers, and how each follows from the ones before.

    Parameters
    ----------
    title : str
    given : dict of str to array_like
    quantities : iterable of Quantity
        In the order in which they are worked out; each may use the given values and the ones before.

    Examples
    --------
    >>> W, x = ref("W"), ref("x")
    >>> s = Solution("line", {"x": 2.0, "W": 3.0}, [Quantity("Z", W * x), Quantity("A", ref("Z") * ref("Z"))])
    >>> float(s.truth["A"]), s["A"].formula
    (36.0, 'A = Z * Z')
    """

    def __init__(self, title: str, given: Mapping[str, Any], quantities: Any):
        self.title = title
        self.given = {name: np.asarray(value, dtype=float) for name, value in given.items()}
        self.quantities: dict[str, Quantity] = {}
        known = set(self.given)
        for quantity in quantities:
            missing = [name for name in quantity.inputs if name not in known]
            if missing or quantity.name in known:
                problem = f"uses {missing[0]}, which does not come before it" if missing else "is there twice"
                raise ArgumentError(
                    f"{quantity.name} {problem}", fix="list the quantities in the order of the work"
                )
            self.quantities[quantity.name] = quantity
            known.add(quantity.name)

    def __getitem__(self, name: str) -> Quantity:
        return self.quantities[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.quantities)

    def __len__(self) -> int:
        return len(self.quantities)

    @functools.cached_property
    def truth(self) -> dict[str, np.ndarray]:
        """The right value of everything, given values included."""
        return self.follow({})

    @functools.cached_property
    def updated(self) -> dict[str, str]:
        """For each weight the name of its new value."""
        found = {}
        for quantity in self.quantities.values():
            if quantity.phase == "update" and quantity.name.endswith("'"):
                found[quantity.name[:-1]] = quantity.name
        return found

    @functools.cached_property
    def constants(self) -> dict[str, float]:
        """The constants of the formulas that have a name of their own, such as the learning rate."""
        nodes = [node for q in self.quantities.values() for node, _ in q.expression.places()]
        return {n.data[1]: n.data[0] for n in nodes if n.kind == "number" and n.data[1].isidentifier()}

    def follow(self, fixed: Mapping[str, np.ndarray], until: str | None = None) -> dict[str, np.ndarray]:
        """Compute everything in order; the values in `fixed` stand whatever they should be."""
        values = {**self.given, **fixed}
        for name, quantity in self.quantities.items():
            if name not in values:
                values[name] = quantity.compute(values)
            if name == until:
                break
        return values

    def find(self, name: str) -> str:
        """Return the solution's spelling of a name: spaces do not matter, and "W1 after", "W1_new" and "new W1" are W1'.

        Raises
        ------
        ArgumentError
            If nothing is called so, with the nearest name.
        """
        known = {_plain(n): n for n in (*self.given, *self.quantities)}
        if _plain(name) in known:
            return known[_plain(name)]
        raise ArgumentError(
            f"'{self.title}' has no quantity called {name!r}", fix=did_you_mean(name, known.values())
        )

    @classmethod
    def of_functions(
        cls, title: str, given: Mapping[str, Any], functions: Mapping[str, Callable]
    ) -> Solution:
        """Build a solution from plain functions, whose arguments are named after the quantities that they use.

        Examples
        --------
        >>> s = Solution.of_functions("line", {"x": 2.0}, {"Z": lambda x: 3 * x, "A": lambda Z: Z + 1})
        >>> float(s.truth["A"])
        7.0
        """
        quantities = []
        for name, function in functions.items():
            names = list(inspect.signature(function).parameters)
            label = f"{name}({', '.join(names)})"
            quantities.append(Quantity(name, call(label, function, *map(ref, names)), _phase(name)))
        return cls(title, given, quantities)


def _phase(name: str) -> str:
    if name.endswith("'"):
        return "update"
    return "backward" if name.startswith(("d", "delta")) else "forward"


def _plain(name: str) -> str:
    """Bring the spellings of a name together."""
    plain = (
        name.strip()
        .replace("\N{GREEK SMALL LETTER DELTA}", "delta")
        .replace("\N{PRIME}", "'")
        .replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    )
    if plain.startswith("new "):
        plain = plain[4:] + "'"
    for ending in (" after", "_after", "_new", " new"):
        plain = plain.removesuffix(ending) + "'" if plain.endswith(ending) else plain
    plain = plain.replace(" ", "").replace("_", "")
    return "delta" + plain[2:] if plain[:2] == "dZ" and plain[2:].isdigit() else plain
