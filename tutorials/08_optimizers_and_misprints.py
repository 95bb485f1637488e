# %% [markdown]
# # 08. Optimizers and misprints
#
# **Goal.** You can write SGD, momentum, Adagrad and Adam in a line or two each, say what each is good for, and show by experiment that a printed formula
# is wrong.
#
# Two articles print Adam wrongly, each in its own way. We run the right formula and both misprints side by side.
#
# You need: tutorials 01 and 02.

# %%
import math

import numpy as np
from exercises import exercise, show
from matplotlib.figure import Figure

import stepgrad as sg
from stepgrad.walk import examples
from stepgrad.walk.table import cells, verdict

# %% [markdown]
# ## A long valley
#
# $f(x, y) = \frac12 (x^2 + 20 y^2)$: steep across, flat along. Plain descent must take small steps because of the steep side, and then crawls along the
# flat one. Every optimizer below is an answer to this one difficulty. `g` is the gradient, `s` what the optimizer remembers.

# %%
CURVES = np.array([1.0, 20.0])


def f(w):
    return 0.5 * float(np.sum(CURVES * w * w))


def sgd(w, g, s, t, rate):
    return w - rate * g


def momentum(w, g, s, t, rate, mu=0.5):
    s["v"] = mu * s.get("v", 0) - rate * g  # a ball that rolls
    return w + s["v"]


def adagrad(w, g, s, t, rate):
    s["G"] = s.get("G", 0) + g * g  # each axis gets a step of its own; it only ever shrinks
    return w - rate * g / np.sqrt(s["G"])


def adam(w, g, s, t, rate, b1=0.9, b2=0.999):
    s["m"] = b1 * s.get("m", 0) + (1 - b1) * g  # a mean of the gradients, slowly forgetting
    s["v"] = b2 * s.get("v", 0) + (1 - b2) * g * g  # the same of their squares
    m_hat, v_hat = s["m"] / (1 - b1**t), s["v"] / (1 - b2**t)  # both start at 0: correct for that
    return w - rate * m_hat / np.sqrt(v_hat)


def descend(rule, rate, steps=60):
    w, state, path = np.array([-4.0, 1.0]), {}, []
    for t in range(1, steps + 1):
        path.append(w)
        with np.errstate(all="ignore"):
            w = rule(w, CURVES * w, state, t, rate)
    return np.array([*path, w])


paths = {
    "SGD": descend(sgd, 0.09),
    "momentum": descend(momentum, 0.12),
    "Adagrad": descend(adagrad, 0.8),
    "Adam": descend(adam, 0.4),
}
for name, path in paths.items():
    print(
        f"{name:<9} f: {f(path[0]):.3f} at the start, {f(path[10]):.4f} after 10 steps, {f(path[60]):.6f} after 60"
    )

figure = Figure(figsize=(7, 3.2), layout="constrained")
axes = figure.subplots()
xs, ys = np.meshgrid(np.linspace(-4.5, 2, 80), np.linspace(-1.6, 1.6, 60))
axes.contour(xs, ys, 0.5 * (xs**2 + 20 * ys**2), 14, colors="lightgray")
for name, path in paths.items():
    axes.plot(*path[:30].T, ".-", markersize=4, linewidth=1, label=name)
axes.set(xlim=(-4.5, 2), ylim=(-1.6, 1.6))
axes.legend(loc="lower right")
figure.savefig("08_valley.png")
print("a picture: 08_valley.png")

# %% [markdown]
# (The learning rates were chosen by hand, one for each. A race between optimizers with one rate for all proves nothing.)
#
# Are these four lines what the library does? Let both run and compare. (It keeps the learning rate as a float32; that is the difference in the last
# digits.)


# %%
def with_the_library(optimizer, steps=60):
    w = sg.Variable([-4.0, 1.0], dtype="float64", name="w")
    for _ in range(steps):
        optimizer.apply([CURVES * w.numpy()], [w])
    return w.numpy()


opt = sg.optimizers
for name, optimizer in {
    "SGD": opt.SGD(0.09),
    "momentum": opt.SGD(0.12, momentum=0.5),
    "Adagrad": opt.Adagrad(0.8, initial_accumulator_value=0.0, epsilon=1e-15),
    "Adam": opt.Adam(0.4, epsilon=1e-15),
}.items():
    print(
        f"{name:<9} ours and the library's differ by at most {np.abs(with_the_library(optimizer) - paths[name][-1]).max():.1e}"
    )

# %% [markdown]
# ## Two misprints of Adam
#
# The first article prints $m_t = \beta_1 m_{t-1} + (1 - \beta_1)(g_t - m_{t-1})$. It mixes two correct ways to write the same mean: it forgets the old
# mean twice. The second one prints an update in which $\hat v$ is *added*, and no root is taken.


# %%
def forgets_twice(w, g, s, t, rate, b1=0.9, b2=0.999):
    s["m"] = b1 * s.get("m", 0) + (1 - b1) * (g - s.get("m", 0))
    s["v"] = b2 * s.get("v", 0) + (1 - b2) * g * g
    return w - rate * s["m"] / (1 - b1**t) / np.sqrt(s["v"] / (1 - b2**t))


def adds_v(w, g, s, t, rate, b1=0.9, b2=0.999):
    s["m"] = b1 * s.get("m", 0) + (1 - b1) * g
    s["v"] = b2 * s.get("v", 0) + (1 - b2) * g * g
    return w - rate * s["m"] / (1 - b1**t) + s["v"] / (1 - b2**t)


for name, rule in {"Adam": adam, "m forgets twice": forgets_twice, "v is added": adds_v}.items():
    path = descend(rule, 0.05, steps=40)
    print(f"{name:<16}", "  ".join(f"step {t}: {f(path[t]):.4g}" for t in (1, 2, 5, 20, 40)))

# %% [markdown]
# The second misprint explodes, so anyone who runs it finds it. The first is treacherous: after one step it is exactly right (the mean was 0, there was
# nothing to forget), and afterwards it still goes downhill, only slower than it should. A formula that "works" is not yet right.
#
# With pencil and paper it takes two steps. Worked examples of the library, with the misprints as errata:

# %%
for name in ("adam", "adagrad"):
    rows = examples.get(name).check()
    print(examples.get(name).title)
    for row in rows:
        label, printed, _, right, erratum = cells(row)
        print(f"  {label:<32}{printed:>13}{right:>15}   {erratum}")
    print(" ", verdict(rows))

# %% [markdown]
# ## Exercise 1: the first step of Adam
#
# The gradient of the first step is 250, the learning rate 0.001. By how much does Adam move the weight (a positive number)? And if the gradient
# is 0.0004? Write both as a tuple.

# %%
answer_1 = None  # (?, ?)


@exercise
def check_1(answer):
    if np.allclose(answer, (0.001, 0.001), rtol=1e-3):
        return ""
    if np.isclose(answer[0], 0.25):
        return (
            "That is SGD: rate times gradient. In Adam the first m-hat is g and the first v-hat is g^2, so the step is rate * g / |g|: its size is the "
            "learning rate, whatever the gradient. That is why one learning rate fits so many networks."
        )
    return "At t = 1: m-hat = (1 - b1) g / (1 - b1) = g, and v-hat = g^2. What is g / sqrt(g^2)?"


check_1(answer_1)

# %% [markdown]
# ## Exercise 2: what the misprint remembers
#
# All gradients are 1, for ever. The right $m$ tends to 1. To which number does the misprinted one tend,
# $m = 0.9\,m + 0.1\,(1 - m)$?

# %%
answer_2 = None  # a number


@exercise
def check_2(answer):
    if math.isclose(answer, 0.5, abs_tol=1e-6):
        return ""
    if math.isclose(answer, 1.0):
        return (
            "Put m = 1 in: 0.9 * 1 + 0.1 * (1 - 1) = 0.9. It does not stay there. Look for the m that stays."
        )
    return "It tends to the m that does not change: solve m = 0.9 m + 0.1 (1 - m). So this Adam takes steps of half the size, and nobody can see why."


check_2(answer_2)

# %% [markdown]
# ## Exercise 3: RMSprop
#
# Adagrad's sum only grows, so it slows down for ever. RMSprop takes a *mean* that forgets instead: $v = \rho v + (1 - \rho) g^2$, then
# $w - \eta\, g / \sqrt{v}$. Write `rmsprop(w, g, s, t, rate, rho=0.9)` in the manner of the rules above (`s["v"]` starts at 0, no correction).

# %%
answer_3 = None  # def rmsprop(w, g, s, t, rate, rho=0.9): ...


@exercise
def check_3(answer):
    got, expected = (
        descend(answer, 0.05, steps=3),
        with_the_library(opt.RMSprop(0.05, rho=0.9, epsilon=1e-15), 3),
    )
    if np.allclose(got[-1], expected, rtol=1e-6):
        return ""

    def rootless(w, g, s, t, rate):
        s["v"] = 0.9 * s.get("v", 0) + 0.1 * g * g
        return w - rate * g / s["v"]

    if np.allclose(got[-1], descend(rootless, 0.05, steps=3)[-1]):
        return (
            "The root is missing. Then the step is rate / g: the *steeper* the axis, the smaller the step, and where the gradient fades the "
            "step explodes. With the root, the units cancel: gradient over size of gradient."
        )
    return f"After three steps of 0.05 the weights are {expected}, yours {got[-1]}."


check_3(answer_3)

# %% [markdown]
# ---
# ## Solutions (folded: try first)

# %% tags=["solution"] jupyter={"source_hidden": true}
show(check_1, wrong=(0.25, 0.0000004), right=(0.001, 0.001))
show(check_2, wrong=1.0, right=0.5)


def no_root(w, g, s, t, rate, rho=0.9):
    s["v"] = rho * s.get("v", 0) + (1 - rho) * g * g
    return w - rate * g / s["v"]


def rmsprop(w, g, s, t, rate, rho=0.9):
    s["v"] = rho * s.get("v", 0) + (1 - rho) * g * g
    return w - rate * g / np.sqrt(s["v"])


show(check_3, wrong=no_root, right=rmsprop)
