# %% [markdown]
# # 01. The tape by hand
#
# **Goal.** You can differentiate a small expression by hand, going backwards, and say what the tape wrote down, why a value
# that is used twice gets two gradients, and how to check any gradient without calculus.
#
# You need: Python, and what a derivative is. Nothing else.

# %%
import math

from exercises import exercise, show

import stepgrad as sg
from stepgrad.walk import examples
from stepgrad.walk.latex import plain

# %% [markdown]
# ## An expression is a list of steps
#
# Take $e = (a + b)(b + 1)$. Nobody computes it in one go. We add, we add again, we multiply:
#
# $$c = a + b \qquad d = b + 1 \qquad e = c\,d$$
#
# A `Tensor` with `requires_grad=True` asks the engine to write these steps down as they happen. The list is called the **tape**.

# %%
a = sg.Tensor(2.0, requires_grad=True, name="a")
b = sg.Tensor(1.0, requires_grad=True, name="b")
c = a + b
d = b + 1.0
e = c * d
print("e =", e.item())
for step in sg.steps_of(e):
    print(step)

# %% [markdown]
# ## Back along the list
#
# The question is: if I nudge $a$ a little, how much does $e$ move? Start at the end. $e$ moves as much as $e$:
#
# $$\frac{\partial e}{\partial e} = 1$$
#
# Then take the steps in reverse. Each step knows only its own slope, a rule of school calculus:
#
# * a product hands each factor *what arrived, times the other factor*: $\bar c = \bar e\, d$ and $\bar d = \bar e\, c$
#   (a bar means "derivative of the end result with respect to this");
# * a sum hands on *what arrived*, unchanged: $\bar a = \bar c$.
#
# And $b$? It was used twice, so it moves $e$ along two ways, and what comes back along both is **added**.

# %%
e_bar = 1.0
c_bar = e_bar * d.item()
d_bar = e_bar * c.item()
a_bar = c_bar
b_bar = c_bar + d_bar
print(f"by hand:   da = {a_bar:g}, db = {b_bar:g}")

e.backward()
print(f"the tape:  da = {a.grad.item():g}, db = {b.grad.item():g}")

# %% [markdown]
# `backward()` did exactly this. To watch it, record a *walk*: the same steps with their formulas and numbers, forward and back.
# This expression is one of the built-in worked examples (it is Christopher Olah's), `stepgrad walk colah` shows it in the terminal.

# %%
steps = examples.get("colah").walk()
for step in steps:
    print(f"{step.number}. {step.phase:<9} {'   '.join(map(plain, step.numbers))}")
    print(f"   {step.sentence}")

# %% [markdown]
# ## Check it without calculus
#
# A slope is a quotient of two small differences. Nudge $b$ by $h$ to either side, and divide:
#
# $$\frac{\partial e}{\partial b} \approx \frac{e(b + h) - e(b - h)}{2h}$$
#
# This needs no tape, so it can judge the tape. `sg.gradcheck` does it for every input, in double precision.


# %%
def expression(a, b):
    return (a + b) * (b + 1.0)


h = 1e-5
print("by differences: db =", (expression(2.0, 1.0 + h) - expression(2.0, 1.0 - h)) / (2 * h))
print(sg.gradcheck(expression, [[2.0], [1.0]]))

# %% [markdown]
# ## Backward adds, and backward frees
#
# Two things surprise everybody once. Gradients are **added** to what is in `.grad` already (so that a value used in two losses
# gets both). And the tape lets go of the numbers that it saved when it has been used, so a second `backward()` on the same tape
# is refused, with a reason:

# %%
x = sg.Tensor(3.0, requires_grad=True)
y = x * x
y.backward(retain_graph=True)
print("after one backward: ", x.grad.item())
y.backward()
print("after two backwards:", x.grad.item(), "(added, not replaced)")
try:
    y.backward()
except sg.StepgradError as error:
    print(error)

# %% [markdown]
# ## Exercise 1: the sum of two ways
#
# $f(x) = x^2 + 3x$ at $x = 4$. Go back by hand: what is $\bar x$? Write a number.

# %%
answer_1 = None  # your turn


@exercise
def check_1(answer):
    x = sg.Tensor(4.0, requires_grad=True)
    (x * x + 3.0 * x).backward()
    if math.isclose(answer, x.grad.item()):
        return ""
    if answer in (3, 4, 7):
        return (
            "In x * x the tape sees two factors, and both of them are x: each gets what arrived times the *other* one. "
            "A value that is used n times gets n contributions, and they are added."
        )
    if answer in (8, 24):
        return "x is used in x * x and again in 3x. What comes back along all ways is added, never multiplied, none left out."
    return "Write c = x * x, d = 3 * x, f = c + d, start with 1 at f and go back: two contributions from c, one from d."


check_1(answer_1)

# %% [markdown]
# ## Exercise 2: the neuron of micrograd
#
# $o = \tanh(x_1 w_1 + x_2 w_2 + b)$ with $x_1 = 2$, $x_2 = 0$, $w_1 = -3$, $w_2 = 1$ and
# $b = 6.8813735870195432$. The slope of $\tanh$ at $n$ is $1 - \tanh(n)^2$.
# Give the gradients of `w1` and `w2` as a tuple of two numbers, to four digits.

# %%
answer_2 = None  # for example (0.1, 0.2)


@exercise
def check_2(answer):
    walk = examples.get("micrograd").walk()
    w1, w2 = float(walk.value("dw1")), float(walk.value("dw2"))
    mine1, mine2 = answer
    if math.isclose(mine1, w1, abs_tol=5e-5) and math.isclose(mine2, w2, abs_tol=5e-5):
        return ""
    if math.isclose(mine1, 2.0, abs_tol=5e-5):
        return (
            "You stopped at the sum. tanh is a step as well: what arrives is multiplied with its slope, 1 - o^2, before it goes on "
            "to the product. " + str(walk.explain("dn"))
        )
    if not math.isclose(mine2, 0.0, abs_tol=5e-5):
        return (
            "A weight's gradient is what arrived times its *input*. The input x2 is 0: whatever w2 is, it cannot move the output "
            "here, so its gradient is 0. (An input that is always 0 never teaches its weight anything.)"
        )
    return "Steps: x1*w1, x2*w2, their sum, + b, tanh. " + str(walk.explain("dw1"))


check_2(answer_2)

# %% [markdown]
# ## Exercise 3: a tape of your own
#
# Write a function `back(tape, end)` for scalars, in plain Python. `tape` is a list of tuples
# `(result, op, left, right)` in the order in which they ran, with `op` either `"+"` or `"*"`; `values` gives each name's number.
# Return a dict: name -> derivative of `end` with respect to it. Six lines are enough.

# %%
answer_3 = None  # def back(tape, values, end): ...


@exercise
def check_3(answer):
    tape = [("c", "+", "a", "b"), ("d", "+", "b", "one"), ("e", "*", "c", "d")]
    got = answer(tape, {"a": 2.0, "b": 1.0, "one": 1.0, "c": 3.0, "d": 2.0, "e": 6.0}, "e")
    if got.get("b") in (2.0, 3.0):
        return "b was used twice, and the second contribution replaced the first. Accumulate: g[name] = g.get(name, 0) + ..."
    if not (got.get("a") == 2.0 and got.get("b") == 5.0):
        return f"On (a + b)(b + 1) at a = 2, b = 1 you return {got}. Start with 1 at the end, and go through the tape *in reverse*."
    square = answer([("y", "*", "x", "x")], {"x": 3.0, "y": 9.0}, "y")
    if square.get("x") != 6.0:
        return f"x * x at 3 gives {square.get('x')}: both factors are the same name, and both contributions count."
    return ""


check_3(answer_3)

# %% [markdown]
# ---
# ## Solutions (folded: try first)

# %% tags=["solution"] jupyter={"source_hidden": true}
show(check_1, wrong=8, right=11)
show(check_2, wrong=(2.0, 0.0), right=(1.0, 0.0))


def forgetful(tape, values, end):
    g = {end: 1.0}
    for result, op, left, right in reversed(tape):
        g[left] = g[result] * (values[right] if op == "*" else 1.0)
        g[right] = g[result] * (values[left] if op == "*" else 1.0)
    return g


def back(tape, values, end):
    g = {end: 1.0}
    for result, op, left, right in reversed(tape):
        for name, other in ((left, right), (right, left)):
            g[name] = g.get(name, 0.0) + g[result] * (values[other] if op == "*" else 1.0)
    return g


show(check_3, wrong=forgetful, right=back)
