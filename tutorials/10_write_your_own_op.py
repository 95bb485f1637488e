# %% [markdown]
# # 10. Write your own op
#
# **Goal.** You can add a differentiable function to the engine, have its gradient checked to second order, read what the checker says
# when it is wrong, put it into a layer, and give it a faster kernel, in C++.
#
# You need: tutorials 01 and 04. For the last part a C++ compiler; without one that part is left out.

# %%
import ctypes
import shutil
import subprocess
import time
from pathlib import Path

import numpy as np
from exercises import exercise, show

import stepgrad as sg
from stepgrad import kernels, layers, ops

# %% [markdown]
# ## A formula and its gradient
#
# The bell curve $y = e^{-x^2}$ as an activation. An op says what it computes (`reference`, on NumPy arrays) and what it hands back
# (`gradient`, on tensors). The chain rule: what arrived, times the slope, $\bar x = \bar y \cdot (-2x)\, e^{-x^2}$.
#
# Start with a slip, because everybody does: the inner derivative is forgotten.


# %%
class Bell(sg.Op):
    formula = "y = e^{-x^2}"

    def reference(self, x):
        return np.exp(-x * x)

    def gradient(self, step, gy):
        (x,) = step.inputs
        return gy * -ops.exp(-x * x)


points = [-1.5, -0.5, 0.5, 1.0]
print(sg.gradcheck(Bell(), points, raise_exception=False))

# %% [markdown]
# The table shows each entry: what differences say, what the tape says. The two columns stand in the ratio $2x$. (At $x = 0.5$
# that ratio is 1, so a check at this single point would have passed: always check at several crooked points.) Put it in:


# %%
class Bell(sg.Op):
    formula = "y = e^{-x^2}"
    gradient_formula = r"\bar x = -2 x y \bar y"
    saves_output = True  # y is needed again: keep it, exp is expensive

    def reference(self, x):
        return np.exp(-x * x)

    def gradient(self, step, gy):
        (x,) = step.inputs
        return gy * (-2.0 * x * step.output)


bell = Bell()
print(sg.gradcheck(bell, points))

# %% [markdown]
# ## Second order, for nothing
#
# The gradient is written in the engine's own ops, on tensors. So it leaves a tape of its own, and can be differentiated again. (Had we written it in
# NumPy, the second derivative would be silently zero.)

# %%
print(sg.gradcheck(bell, points, order=2))

# %% [markdown]
# ## In a layer, and in a walk
#
# An op is a function of tensors, so it can be the activation of a layer. The walk shows its formula, because the op carries it.

# %%
sg.utils.set_random_seed(3)
model = sg.Sequential([layers.Input((1,)), layers.Dense(8, activation=bell), layers.Dense(1)])
model.compile(sg.optimizers.Adam(0.02), "mse")
x = np.linspace(-3, 3, 200, dtype="float32")[:, None]
y = np.sin(2 * x)
before = model.evaluate(x, y, verbose=0)
model.fit(x, y, epochs=60, verbose=0)
print(f"eight bells learn sin(2x): loss {before:.4f} -> {model.evaluate(x, y, verbose=0):.4f}")
steps = sg.walk(model, x[:1], y[:1])
for step in steps:
    if step.op == "bell":
        print(f"step {step.number}, {step.phase}: {step.formula}   kernel: {step.rung}")

# %% [markdown]
# ## A rung of the ladder
#
# The engine runs an op through the kernel table: op -> rung -> function. `reference` is the bottom rung, called `numpy`. It is the meaning, and
# need not be fast. `kernels.add` puts another rung on top. It must give the same numbers; so verify first, time after.


# %%
def bell_in_place(x):
    y = np.multiply(x, x)  # the only array that is made
    np.negative(y, out=y)
    return np.exp(y, out=y)


kernels.add("bell", "in_place", bell_in_place, "one array instead of three")
big = np.random.default_rng(0).normal(size=400_000).astype("float32")


def verify_and_time(op, data):
    expected = op.reference(data.astype("float64"))
    for kernel in kernels.rungs(op.name):
        with kernels.use(**{op.name: kernel.rung}):
            error = np.abs(op(data).numpy() - expected).max()
            laps = []
            for _ in range(7):
                start = time.perf_counter()
                op(data)
                laps.append(time.perf_counter() - start)
        print(f"  {kernel.rung:<10} error {error:.1e}   {sorted(laps)[3] * 1e3:7.2f} ms   {kernel.summary}")


verify_and_time(bell, big)

# %% [markdown]
# ## The same in C++
#
# A kernel is a loop on flat buffers. It knows nothing of shapes, Python or gradients. Here it is compiled on the spot and called through
# `ctypes`; the engine's own rungs live in `csrc/` and are compiled when it is installed (`csrc/README.md` says how to add one).

# %%
SOURCE = """
#include <cmath>
// y[n] = exp(-x[n]^2). One pass: x is read once, y is written once.
extern "C" void bell(const float* x, float* y, long n) {
  for (long i = 0; i < n; ++i) y[i] = std::exp(-x[i] * x[i]);
}
"""
compiler = shutil.which("c++")
if compiler is None:
    print("no C++ compiler here: this part is left out")
else:
    Path("bell.cpp").write_text(SOURCE)
    subprocess.run([compiler, "-O2", "-shared", "-fPIC", "bell.cpp", "-o", "bell.so"], check=True)
    native = ctypes.CDLL("./bell.so").bell
    native.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_long]
    native.restype = None

    def bell_cpp(x):
        if x.dtype != np.float32:  # gradcheck comes with float64: never compute it in a coarser type
            return bell.reference(x)
        x = np.ascontiguousarray(x)  # a kernel is promised a flat buffer
        y = np.empty_like(x)
        native(x.ctypes.data, y.ctypes.data, x.size)
        return y

    kernels.add("bell", "cpp", bell_cpp, "one pass over memory, in C++")
    verify_and_time(bell, big)
    print(
        "a strided input gives the same:",
        np.array_equal(bell(big[::2]).numpy(), bell(big[::2].copy()).numpy()),
    )
print("the rung that runs now:", kernels.current("bell").rung)
print(sg.gradcheck(bell, points))

# %% [markdown]
# Was C++ faster than NumPy? Perhaps not, and that is worth knowing: NumPy's loops are compiled as well, and its `exp` handles several numbers at once
# (SIMD), where ours takes one at a time. A language does not make a kernel fast. What does is written at the head of each rung in
# `csrc/`; tutorial 09 climbs such a ladder.
#
# ## Exercise 1: an op of two inputs
#
# Write an op `Weigh`, $y = a\,b^2$, with its gradients (a tuple, one for each input). The checker runs gradcheck to second order.

# %%
answer_1 = None  # class Weigh(sg.Op): ..., then answer_1 = Weigh


@exercise
def check_1(answer):
    op = answer()
    data = [np.array([1.5, -2.0, 0.5]), np.array([0.3, 1.0, -1.2])]
    if not np.allclose(op(*data).numpy(), data[0] * data[1] ** 2):
        return "reference: y = a * b * b, entry by entry."
    first = sg.gradcheck(op, data, raise_exception=False)
    if not first:
        return f"The slope of b^2 is 2b, and a stays in front: two gradients, gy * b^2 and gy * 2ab.\n{first}"
    second = sg.gradcheck(op, data, order=2, raise_exception=False)
    if not second:
        return f"The first order is right, the second is not: write gradient() in tensors, without .numpy().\n{second}"
    return ""


check_1(answer_1)

# %% [markdown]
# ## Exercise 2: a gradient that nobody can differentiate again
#
# Somebody writes the gradient of `Bell` as `return gy.numpy() * -2 * x.numpy() * np.exp(-x.numpy()**2)`. What is the *second* derivative that the tape
# then gives: "right", "zero" or "an error"?

# %%
answer_2 = None  # "right", "zero" or "an error"


class FrozenBell(Bell):
    def gradient(self, step, gy):
        x = step.inputs[0].numpy()
        return sg.Tensor(gy.numpy() * -2 * x * np.exp(-x * x))


@exercise
def check_2(answer):
    if answer == "zero":
        return ""
    report = sg.gradcheck(FrozenBell(), points, order=2, raise_exception=False)
    return (
        "The numbers of the first order are right, and NumPy leaves no steps on the tape: for the tape the gradient is a constant. Nothing "
        f"complains. Only a check of second order shows it:\n{report}"
    )


check_2(answer_2)

# %% [markdown]
# ## Exercise 3: a rung for it
#
# Write a function `square_bell(x)` with the meaning of `bell`, as a rung: it must not change `x`, must keep its dtype, and must accept any shape,
# an empty array too.

# %%
answer_3 = None  # def square_bell(x): ...


@exercise
def check_3(answer):
    for data in (
        np.array([[1.0, -2.0], [0.5, 0.0]], "float32"),
        np.zeros((0, 3)),
        np.array(0.5),
        np.array([np.nan, np.inf]),
    ):
        kept = data.copy()
        with np.errstate(invalid="ignore"):
            got = np.asarray(answer(data))
        if not np.array_equal(data, kept, equal_nan=True):
            return (
                "Your rung changed its input. The tape saved that very array for the backward pass, so the gradient would be computed from "
                "other numbers than the forward pass: the worst kind of bug, because nothing crashes. Work on a fresh array."
            )
        if got.dtype != data.dtype:
            return f"{data.dtype} came in and {got.dtype} went out. A rung keeps the dtype."
        if got.shape != data.shape or not np.allclose(got, np.exp(-data * data), equal_nan=True):
            return f"for {data!r} the reference gives {np.exp(-data * data)!r}, yours {got!r}"
    return ""


check_3(answer_3)

# %% [markdown]
# ---
# ## Solutions (folded: try first)


# %% tags=["solution"] jupyter={"source_hidden": true}
class Halfway(sg.Op):
    def reference(self, a, b):
        return a * b * b

    def gradient(self, step, gy):
        a, b = step.inputs
        return gy * b * b, gy * a * b


class Weigh(sg.Op):
    formula = "y = a b^2"

    def reference(self, a, b):
        return a * b * b

    def gradient(self, step, gy):
        a, b = step.inputs
        return gy * b * b, gy * 2.0 * a * b


show(check_1, wrong=Halfway, right=Weigh)
show(check_2, wrong="right", right="zero")


def careless(x):
    x *= x
    return np.exp(-x)


def square_bell(x):
    y = np.square(x)
    return np.exp(-y)


show(check_3, wrong=careless, right=square_bell)
