"""S1-worked: backpropagation by hand through three layers of three units; 63 printed numbers, most of them wrong."""

from stepgrad.programs.program import Program, Row
from stepgrad.walk.examples import get

# Worked by hand: one weight a unit, identity activation, half the sum of squares, learning rate 0.01.
RIGHT = {
    "Z1": (0.2, 0.5, 1), "A1": (0.2, 0.5, 1), "Z2": (0.12, 0.25, 0.6), "A2": (0.12, 0.25, 0.6),
    "Z3": (0.112, 0.175, 0.4), "A3": (0.112, 0.175, 0.4),
    "delta3": (0.112, -0.825, 0.4), "delta2": (0.0112, -0.2475, 0.2), "delta1": (0.00112, -0.07425, 0.1),
    "dW3": (0.01344, -0.20625, 0.24), "db3": (0.112, -0.825, 0.4),
    "dW2": (0.00224, -0.12375, 0.2), "db2": (0.0112, -0.2475, 0.2),
    "dW1": (0.00112, -0.1485, 0.3), "db1": (0.00112, -0.07425, 0.1),
    "W3'": (0.0998656, 0.3020625, 0.4976), "b3'": (0.09888, 0.10825, 0.096),
    "W2'": (0.0999776, 0.3012375, 0.498), "b2'": (0.099888, 0.102475, 0.098),
    "W1'": (0.0999888, 0.201485, 0.297), "b1'": (0.0999888, 0.1007425, 0.099),
}  # fmt: skip


def tell():
    """Return article, corrected and the tape's number, for each of the 63."""
    example = get("3-3-3-3")
    rows, checked = [], example.check(example.walk())
    for row in checked:
        name, _, place = row.printed.name.partition("[")
        right = RIGHT[name][int(place[:-1])]
        rows.append(Row(row.printed.name, row.printed.digits, f"{right:g}", f"{row.right:g}"))
    wrong = sum(not row.agrees for row in checked)
    print(
        f"{wrong} of {len(rows)} printed numbers are wrong. What went wrong with each: stepgrad walk 3-3-3-3"
    )
    return rows


PROGRAM = Program(
    name="S1-worked",
    title="the hand-worked example, 3-3-3-3, number by number",
    article="S1, section 4.3",
    tell=tell,
)
