# %% [markdown]
# # 03. The Mazur network
#
# **Goal.** You can write the forward and backward pass of a dense network with matrices, follow one weight's gradient by the chain rule,
# and avoid the most popular mistake of hand-made backpropagation: using a *new* weight in the backward pass of the *old* network.
#
# The network is the one of Matt Mazur's "A Step by Step Backpropagation Example" (2015), which many people learned from.
#
# You need: tutorials 01 and 02, and what a matrix product is.

# %%
import numpy as np
from exercises import exercise, show

import stepgrad as sg
from stepgrad.walk import examples
from stepgrad.walk.examples.example import in_float64
from stepgrad.walk.examples.mazur import train
from stepgrad.walk.table import cells, verdict

np.set_printoptions(precision=9, suppress=True)

# %% [markdown]
# ## Two, two, two
#
# Two inputs, two hidden units, two outputs, all sigmoid. With one row an example, the weights of a layer are a matrix: `W[i, j]` leads
# from unit $i$ to unit $j$, and
#
# $$Z = X W + b \qquad A = \sigma(Z) = \frac{1}{1 + e^{-Z}} \qquad E = \sum_j \tfrac12 (A_{2,j} - Y_j)^2$$

# %%
X, Y = np.array([[0.05, 0.10]]), np.array([[0.01, 0.99]])
W1, b1 = np.array([[0.15, 0.25], [0.20, 0.30]]), np.array([0.35, 0.35])
W2, b2 = np.array([[0.40, 0.50], [0.45, 0.55]]), np.array([0.60, 0.60])
ETA = 0.5


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def error_of(W1, W2):
    return 0.5 * np.sum((sigmoid(sigmoid(X @ W1 + b1) @ W2 + b2) - Y) ** 2)


A1 = sigmoid(X @ W1 + b1)
A2 = sigmoid(A1 @ W2 + b2)
print("hidden:", A1, " output:", A2, " error:", error_of(W1, W2))

# %% [markdown]
# ## Back: the last layer
#
# Follow one weight, $w_5$ = `W2[0, 0]`. It reaches the error through the first output only, in three links of a chain:
#
# $$\frac{\partial E}{\partial w_5} =
#   \underbrace{(A_2 - Y)}_{\partial E/\partial A_2} \cdot
#   \underbrace{A_2 (1 - A_2)}_{\text{slope of } \sigma} \cdot
#   \underbrace{A_1}_{\text{what it was multiplied with}}$$
#
# The first two links are the same for every weight that leads into that output. They have a name, $\delta_2$. For all
# weights at once the third link makes a matrix product: entry $(i, j)$ of $A_1^T \delta_2$ is input $i$ times $\delta_j$.

# %%
delta2 = (A2 - Y) * A2 * (1 - A2)
dW2 = A1.T @ delta2
print("w5, link by link:", (A2 - Y)[0, 0], "*", (A2 * (1 - A2))[0, 0], "*", A1[0, 0], "=", dW2[0, 0])
print("all of dW2:\n", dW2)

# %% [markdown]
# ## Back: the hidden layer
#
# A hidden unit moves **both** outputs, so two ways lead back to it, and their contributions are added (tutorial 01). For all hidden units
# at once: $\delta_2 W_2^T$. Then the same two steps as before: slope of the sigmoid, and what came in.

# %%
dA1 = delta2 @ W2.T
delta1 = dA1 * A1 * (1 - A1)
dW1 = X.T @ delta1
print("hidden unit 1 gets", delta2[0, 0] * W2[0, 0], "+", delta2[0, 1] * W2[0, 1], "=", dA1[0, 0])
print("all of dW1:\n", dW1)

# %% [markdown]
# The tape says the same, and shows its work for any entry. The names are those of the formulas
# (`dA1W2` is the gradient of the product before the bias was added: the same numbers as delta2).

# %%
example = examples.get("mazur")
walk = example.walk()
print("agrees with the tape:", np.allclose(dW1, walk.value("dW1")) and np.allclose(dW2, walk.value("dW2")))
for name in ("Z1", "dW2", "dA1", "W2'"):
    print(walk.explain(name, [0, 0]))

# %% [markdown]
# ## One step, and the published digits
#
# Each weight moves against its gradient. (The article leaves the biases alone, and so do we.) Then compare with what was published.

# %%
new_W1, new_W2 = W1 - ETA * dW1, W2 - ETA * dW2
print("error after one step:", error_of(new_W1, new_W2))
rows = example.check(walk)
for row in rows:
    name, digits, _, right, erratum = cells(row)
    print(f"{name:<28}{digits:>14}{right:>18}   {erratum}")
print(verdict(rows))

# %% [markdown]
# Everything is right to the last digit, except the error *after* the step and what follows from it. The article warns: use the original
# weights in the backward pass, not the updated ones. What if its own program did not heed that? Go back through the **new** `W2`:

# %%
wrong_delta1 = (delta2 @ new_W2.T) * A1 * (1 - A1)
wrong_W1 = W1 - ETA * X.T @ wrong_delta1
published = next(row.printed.digits for row in rows if row.printed.name == "E total after 1 step")
print("through the old output weights:", f"{error_of(new_W1, new_W2):.9f}")
print("through the new output weights:", f"{error_of(wrong_W1, new_W2):.9f}")
print("published:                     ", published)

# %% [markdown]
# The published digits are those of the mistake. It is so small that no one sees it in a curve of the loss: both versions learn. Only
# digits, or a gradient check, bring it to light.

# %%
with in_float64():
    runs = {"right": train(300), "with the mistake": train(300, fresh=True)}
for name, path in runs.items():
    print(f"{name:<17} error after 1 step {path[0]:.9f}, after 300 steps {path[1]:.9f}")


def error_on_the_tape(w1, w2):
    hidden = sg.ops.sigmoid(X @ w1 + b1)
    return 0.5 * sg.ops.sum(sg.ops.square(sg.ops.sigmoid(hidden @ w2 + b2) - Y))


print(sg.gradcheck(error_on_the_tape, [W1, W2]))
h = 1e-5
moved = W1.copy()
moved[0, 0] += h
back = W1.copy()
back[0, 0] -= h
print(f"dE/dw1 by differences     {(error_of(moved, W2) - error_of(back, W2)) / (2 * h):.9f}")
print(f"dE/dw1 through old W2     {dW1[0, 0]:.9f}")
print(f"dE/dw1 through new W2     {(X.T @ wrong_delta1)[0, 0]:.9f}")

# %% [markdown]
# ## Exercise 1: the second output
#
# The second output is `A2[0, 1]`, its target 0.99. Write its $\delta$ (the second entry of `delta2`), worked with your own hands from the
# numbers printed above, to six digits.

# %%
answer_1 = None  # a number


@exercise
def check_1(answer):
    if np.isclose(answer, delta2[0, 1], atol=5e-7):
        return ""
    if np.isclose(answer, (A2 - Y)[0, 1], atol=1e-6):
        return (
            "That is A2 - Y, the slope of the error with respect to the *output* of the sigmoid. delta is with respect to its *input*: "
            "multiply with the slope of the sigmoid, A2 (1 - A2)."
        )
    if np.isclose(answer, -delta2[0, 1], atol=5e-7):
        return "The sign: the derivative of (A2 - Y)^2 / 2 is A2 - Y. The output is too small, so more output means less error."
    return "delta = (A2 - Y) * A2 * (1 - A2), with the second entry of each."


check_1(answer_1)

# %% [markdown]
# ## Exercise 2: two ways back
#
# What comes back to the *second* hidden unit, $\partial E / \partial A_1$ at `[0, 1]`? Write an expression in `delta2` and `W2`.

# %%
answer_2 = None  # for example delta2[0, 0] * W2[...] ...


@exercise
def check_2(answer):
    if np.isclose(answer, dA1[0, 1]):
        return ""
    if any(np.isclose(answer, delta2[0, j] * W2[1, j]) for j in (0, 1)):
        return "That is one of two ways. The unit moves both outputs, so add what comes back from both."
    if np.isclose(answer, (delta2 @ W2)[0, 1]):
        return "You used a column of W2. W2[i, j] leads from hidden unit i: the second unit's weights are *row* 1. Going back, W2 is transposed."
    return f"Open it on the tape: {walk.explain('dA1', [0, 0])} is the first unit's. Now the second."


check_2(answer_2)

# %% [markdown]
# ## Exercise 3: a step of your own
#
# Write `step(W1, W2)` that does one whole training step (the names `X, Y, b1, b2, ETA, sigmoid` are there) and returns the two new matrices.

# %%
answer_3 = None  # def step(W1, W2): ...


@exercise
def check_3(answer):
    got1, got2 = answer(W1.copy(), W2.copy())
    if not np.allclose(got2, new_W2):
        return "W2 is not right yet: delta2 = (A2 - Y) A2 (1 - A2), dW2 = A1^T delta2, W2 - ETA dW2."
    if np.allclose(got1, new_W1, rtol=0, atol=1e-12):
        return ""
    if np.allclose(got1, wrong_W1, rtol=0, atol=1e-12):
        return (
            "W2 was already updated when you went back through it. The gradient belongs to the network that made the error, the old one. "
            "Compute *all* gradients first, then update. (You made the published mistake!)"
        )
    return "W2 is right, W1 is not: delta1 = (delta2 W2^T) A1 (1 - A1), dW1 = X^T delta1."


check_3(answer_3)

# %% [markdown]
# ---
# ## Solutions (folded: try first)

# %% tags=["solution"] jupyter={"source_hidden": true}
show(check_1, wrong=A2[0, 1] - 0.99, right=(A2[0, 1] - 0.99) * A2[0, 1] * (1 - A2[0, 1]))
show(check_2, wrong=delta2[0, 0] * W2[1, 0], right=delta2[0, 0] * W2[1, 0] + delta2[0, 1] * W2[1, 1])


def hasty(W1, W2):
    hidden = sigmoid(X @ W1 + b1)
    output = sigmoid(hidden @ W2 + b2)
    delta = (output - Y) * output * (1 - output)
    W2 = W2 - ETA * hidden.T @ delta
    delta = delta @ W2.T * hidden * (1 - hidden)
    return W1 - ETA * X.T @ delta, W2


def step(W1, W2):
    hidden = sigmoid(X @ W1 + b1)
    output = sigmoid(hidden @ W2 + b2)
    delta = (output - Y) * output * (1 - output)
    behind = delta @ W2.T * hidden * (1 - hidden)
    return W1 - ETA * X.T @ behind, W2 - ETA * hidden.T @ delta


show(check_3, wrong=hasty, right=step)
