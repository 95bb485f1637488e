# %% [markdown]
# # 02. A worked example and its errata
#
# **Goal.** You can carry one training step of a small network through by hand, and you can read somebody else's hand calculation
# like a proof-reader: find the *first* wrong number, say what happened there, and tell a new slip from an old one carried along.
#
# A popular article on neural networks works an example by hand, with 63 printed numbers. We do it again, number by number.
#
# You need: tutorial 01.

# %%
import numpy as np
from exercises import exercise, show

import stepgrad as sg
from stepgrad.grade import grade, problem
from stepgrad.walk import examples
from stepgrad.walk.examples.three_layers import DIGITS, ETA, GIVEN

for name, row in GIVEN.items():
    print(f"{name:<3} = {row}")
print("learning rate =", ETA)

# %% [markdown]
# ## What the network is
#
# Three layers of three units. The article prints *three* numbers for each weight, where a dense layer from three units to three
# has a 3x3 matrix of nine. The only reading under which its shapes fit: one weight a unit. Every unit looks at one number only, and a
# layer is an elementwise product and a sum:
#
# $$Z_k = A_{k-1} \odot W_k + b_k \qquad A_k = \sigma(Z_k)$$
#
# Here a second riddle: the article *writes* $\sigma$, but all its numbers have $A = Z$. It applies the identity. We do the same.
# The loss is half the sum of squares, so that $\delta_3 = \partial L / \partial Z_3 = A_3 - Y$.
#
# ## The right numbers
#
# In NumPy, line by line, as one would do it on paper. Read it as three parts: forward, back, update.


# %%
def by_hand(v):
    v = {name: np.array(row) for name, row in v.items()}
    previous = v["X"]
    for k in "123":
        v["Z" + k] = previous * v["W" + k] + v["b" + k]
        previous = v["A" + k] = v["Z" + k]
    v["delta3"] = v["A3"] - v["Y"]
    v["delta2"] = v["delta3"] * v["W3"]  # the slope of the identity is 1: nothing else to multiply
    v["delta1"] = v["delta2"] * v["W2"]
    for k, incoming in (("3", v["A2"]), ("2", v["A1"]), ("1", v["X"])):
        v["dW" + k] = incoming * v["delta" + k]  # what went in, times what came back
        v["db" + k] = v["delta" + k]
        v["W" + k + "'"] = v["W" + k] - ETA * v["dW" + k]
        v["b" + k + "'"] = v["b" + k] - ETA * v["db" + k]
    return v


right = by_hand(GIVEN)
for name in DIGITS:
    print(f"{name:<7}", *(f"{x:>11.7g}" for x in right[name]))

# %% [markdown]
# The tape gets the same without being told any of the backward rules. `walk` records the step; each value can be opened.

# %%
example = examples.get("3-3-3-3")
walk = example.walk()
differences = [np.abs(walk.value(name.replace("A", "Z")) - right[name]).max() for name in DIGITS]
print("largest difference between us and the tape:", max(differences))
print(walk.explain("delta2", [1]))
print(walk.explain("W3'", [1]))

# %% [markdown]
# ## The article's numbers
#
# Three columns are needed to be fair. *Printed* is what the article says. *Right* is the number above. *Follows* is what comes out
# when the step is done correctly **from the article's own previous numbers**. A number that differs from "right" but agrees with
# "follows" is no new mistake: it inherited one.

# %%
rows = example.check(walk)
print(f"{'':<10}{'printed':>12}{'follows':>13}{'right':>12}   what is wrong")
for row in rows:
    p = row.printed
    print(f"{p.name:<10}{p.digits:>12}{p.follows:>13.8g}{row.right:>12.7g}   {p.erratum}")

# %% [markdown]
# How many are right, how many only inherit, and how many are new slips?

# %%
errata = [row.printed for row in rows if row.printed.erratum]
inherited = [p for p in errata if p.erratum.startswith("right, but") or p.name.startswith("db3[0]")]
unexplained = [p for p in errata if p.erratum.startswith("does not follow")]
print(f"{len(rows)} numbers printed, {len(rows) - len(errata)} right, {len(errata)} wrong. Of the wrong ones")
print(f"{len(inherited)} are worked correctly from wrong numbers before them,")
print(f"{len(errata) - len(inherited) - len(unexplained)} are new slips that can be named,")
print(f"{len(unexplained)} are new slips that no simple mistake reproduces.")
first = errata[0]
print(f"It starts at the very first number: {first.name} is printed as {first.digits}: {first.erratum}.")

# %% [markdown]
# The grader reads a worksheet the same way; it is what `stepgrad grade FILE` runs. It allows for the rounding of the numbers that went
# in, so it calls a few more of them inherited than we did, and it tries a library of common slips at the first wrong step. Several slips
# can give the same numbers: $3 W_1$ and $X \cdot 0.3$ look alike here, and then nobody but the author can tell.

# %%
marks = grade(problem("3-3-3-3"), {name: row.split() for name, row in DIGITS.items()})
print(marks)
diagnosis = marks.first_wrong.explanations[0]
print("the first wrong step:", " or ".join([diagnosis.text, *diagnosis.also]))

# %% [markdown]
# ## Does it matter?
#
# One step should make the loss smaller. Try both sets of new weights on the same network.


# %%
def loss_with(w):
    z = np.array(GIVEN["X"])
    for k in "123":
        z = z * w["W" + k] + w["b" + k]
    return 0.5 * np.sum((z - GIVEN["Y"]) ** 2)


before = {name: np.array(GIVEN[name]) for name in ("W1", "b1", "W2", "b2", "W3", "b3")}
ours = {name: right[name + "'"] for name in before}
theirs = {name: np.array([float(word) for word in DIGITS[name + "'"].split()]) for name in before}
print(f"loss before:                     {loss_with(before):.6f}")
print(f"loss after the right update:     {loss_with(ours):.6f}")
print(f"loss after the printed update:   {loss_with(theirs):.6f}")

# %% [markdown]
# A wrong gradient can still lower the loss by luck. That is why "the loss goes down" never proves a gradient right, and why we check
# with differences.


# %%
def loss_of(W1, W2, W3):
    z = np.array(GIVEN["X"])
    for w, b in ((W1, "b1"), (W2, "b2"), (W3, "b3")):
        z = z * w + np.array(GIVEN[b])
    return 0.5 * sg.ops.sum(sg.ops.square(z - np.array(GIVEN["Y"])))


print(sg.gradcheck(loss_of, [GIVEN["W1"], GIVEN["W2"], GIVEN["W3"]]))

# %% [markdown]
# ## Exercise 1: the first layer
#
# $X = [1, 2, 3]$, $W_1 = [0.1, 0.2, 0.3]$, $b_1 = [0.1, 0.1, 0.1]$. What is $Z_1$? Three numbers.

# %%
answer_1 = None  # [?, ?, ?]


@exercise
def check_1(answer):
    if np.allclose(answer, right["Z1"]):
        return ""
    if np.allclose(answer, [0.4, 0.7, 1.0]):
        return (
            "You printed the article's numbers. It multiplied every weight with the last input: 3 * 0.1 + 0.1 = 0.4. "
            "Entry i of an elementwise product uses entry i of both."
        )
    if np.allclose(answer, right["Z1"] - 0.1):
        return "The bias is missing: Z1 = X * W1 + b1."
    return "Entry by entry: Z1[i] = X[i] * W1[i] + b1[i]."


check_1(answer_1)

# %% [markdown]
# ## Exercise 2: mark one number fairly
#
# The article has $A_3 = [0.009, 0.0405, 0.07275]$ and $Y = [0, 1, 0]$, and prints
# $\delta_3 = [-0.009, -0.9595, 0.07275]$. Judge it from the article's *own* $A_3$: which positions (0, 1, 2) are *new* slips? Write a set.

# %%
answer_2 = None  # {?, ...}


@exercise
def check_2(answer):
    if set(answer) == {0}:
        return ""
    if set(answer) == {0, 1, 2}:
        return (
            "All three differ from the right numbers, but two of them follow from the A3 that the article had. A teacher who "
            "marks those wrong again punishes one slip three times. Compute A3 - Y from the article's own A3 and compare."
        )
    return "delta3 = A3 - Y from the article's A3 is [0.009 - 0, 0.0405 - 1, 0.07275 - 0]. Compare it with what is printed, sign included."


check_2(answer_2)

# %% [markdown]
# ## Exercise 3: detective work
#
# The article prints `b3'[2] = 0.02725`, with its own `b3[2] = 0.1` and `db3[2] = 0.07275`. The rule is $b' = b - \eta\, db$ with
# $\eta = 0.01$. Which learning rate did the article really use there?

# %%
answer_3 = None  # a number


@exercise
def check_3(answer):
    if np.isclose(answer, 1.0):
        return ""
    if np.isclose(answer, ETA):
        return (
            f"With {ETA} it would be {0.1 - ETA * 0.07275:.7g}. Solve 0.02725 = 0.1 - eta * 0.07275 for eta."
        )
    return "Solve 0.02725 = 0.1 - eta * 0.07275 for eta. A round number comes out, and it has a name: the learning rate was forgotten."


check_3(answer_3)

# %% [markdown]
# ---
# ## Solutions (folded: try first)

# %% tags=["solution"] jupyter={"source_hidden": true}
show(check_1, wrong=[0.4, 0.7, 1.0], right=[0.2, 0.5, 1.0])
show(check_2, wrong={0, 1, 2}, right={0})
show(check_3, wrong=0.01, right=1)
