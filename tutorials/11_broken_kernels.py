# %% [markdown]
# # 11. Broken kernels
#
# **Goal.** You can find bugs that training hides: five planted ones, each with the tool that finds its kind. You also know why a test of a kernel
# must try odd sizes, NaN, and its own input.
#
# You need: tutorials 09 and 10.

# %%
import contextlib

import numpy as np
from exercises import exercise, show

import stepgrad as sg
from stepgrad import kernels, layers, ops
from stepgrad.datasets import fashion_mnist

# %% [markdown]
# ## A colleague sends five improvements
#
# Four new rungs and one new op, all "tested in training". The next cell is folded: do not look yet. Each holds one bug of a kind that really happens.

# %% tags=["suspects"] jupyter={"source_hidden": true}
SUSPECTS = ("matmul", "relu", "exp", "softmax")


def matmul_fast(a, b, transpose_a=False, transpose_b=False):
    a = np.swapaxes(a, -1, -2) if transpose_a else a
    b = np.swapaxes(b, -1, -2) if transpose_b else b
    whole = a.shape[-1] // 4 * 4  # four at a time; the tail is left out
    return a[..., :whole] @ b[..., :whole, :]


def relu_fast(x):
    return np.fmax(x, np.zeros((), x.dtype))  # fmax prefers the number: it swallows NaN


def exp_fast(x):
    return np.exp(x, out=x)  # saves an array, and overwrites the caller's


def softmax_fast(x, axis=-1):
    e = np.exp(x)  # without the maximum taken off first
    return e / e.sum(axis, keepdims=True)


class Standardise(sg.Op):
    formula = r"y = x - \frac{1}{n} \sum x"

    def shape(self, x):
        return x

    def reference(self, x):
        return x - x.mean(-1, keepdims=True)

    def gradient(self, step, gy):
        return gy  # treats the mean as a constant; it depends on every x


standardise = Standardise()

# %%
healthy = contextlib.ExitStack()
healthy.enter_context(
    kernels.use(**dict.fromkeys(SUSPECTS, "numpy"))
)  # the reference, unless a block asks for another
for op, function in zip(SUSPECTS, (matmul_fast, relu_fast, exp_fast, softmax_fast), strict=True):
    kernels.add(op, "fast", function, "a colleague's")
print("on the ladders now:", {op: [k.rung for k in kernels.rungs(op)] for op in SUSPECTS})

# %% [markdown]
# ## They pass the test that people do
#
# Train with all of them, look whether the loss goes down. It does:

# %%
sg.utils.set_random_seed(8)
(x_train, y_train), _ = fashion_mnist.load_data(subset="slice")
x_train, y_train = x_train[:600].reshape(-1, 784).astype("float32") / 255, y_train[:600]
net = sg.Sequential(
    [
        layers.Input((784,)),
        layers.Dense(32),
        layers.Lambda(standardise),
        layers.ReLU(),
        layers.Dense(10, activation="softmax"),
    ]
)
net.compile(sg.optimizers.SGD(0.1), "sparse_categorical_crossentropy", metrics=["accuracy"])
with kernels.use("fast"):
    history = net.fit(x_train, y_train, epochs=5, verbose=0).history
print(
    "with all five bugs, loss:",
    [round(v, 3) for v in history["loss"]],
    f"accuracy {history['accuracy'][-1]:.1%}",
)

# %% [markdown]
# "The loss goes down" is the weakest test there is. Now the tools.
#
# ## Bug 1: odd sizes
#
# Compare each rung with the reference on *many* sizes, above all on those that no loop likes: 1, primes, one more and one less than a power of two.


# %%
def compare(op, rung, *arrays, **attrs):
    """Return what is wrong with a rung for one input, or ""."""
    kernel = next(k for k in kernels.rungs(op) if k.rung == rung)
    copies = [a.copy() for a in arrays]
    with np.errstate(all="ignore"):
        got, expected = kernel.function(*copies, **attrs), kernels.rungs(op)[0].function(*arrays, **attrs)
    if not np.allclose(got, expected, rtol=1e-5, atol=1e-6, equal_nan=True):
        return "wrong numbers"
    if not all(np.array_equal(a, b, equal_nan=True) for a, b in zip(arrays, copies, strict=True)):
        return "its input was changed"
    return ""


rng = np.random.default_rng(1)
for inner in (1, 3, 4, 7, 8, 9, 16, 17):
    a, b = rng.normal(size=(5, inner)), rng.normal(size=(inner, 6))
    print(f"matmul with inner size {inner:2}: {compare('matmul', 'fast', a, b) or 'agrees'}")

# %% [markdown]
# Right for multiples of four, wrong for the rest: the loop takes four at a time, and someone forgot the tail. Our pictures have 784 = 4 * 196 pixels and the net
# 32 units, so training never saw it. (The gradient of the last layer sums over 10 classes. It was wrong all the time, and the loss went down nevertheless.)
#
# ## Bug 2: the NaN that disappears
#
# Numbers that are not numbers must come through, or nobody learns that something broke before:

# %%
strange = np.array([1.0, -1.0, np.nan, np.inf, -np.inf])
for kernel in kernels.rungs("relu"):
    with np.errstate(invalid="ignore"):
        print(
            f"relu, rung {kernel.rung:<6} of {strange} is {kernel.function(strange)}  {compare('relu', kernel.rung, strange)}"
        )

# %% [markdown]
# `fast` turns NaN into 0. The model would go on with a hole in its data. From here on nothing is left for `find_nan` to see.
#
# ## Bug 3: the kernel that eats its input
#
# Right numbers, every size, NaN and all. And yet `compare` complains:

# %%
values = rng.normal(size=6)
print("exp:", compare("exp", "fast", values) or "agrees")
with kernels.use(exp="fast"):
    x = sg.Tensor([0.1, 0.2])
    for _ in range(2):
        print("exp(x) =", ops.exp(x).numpy(), " and now x =", x.numpy())
    try:
        sg.gradcheck(ops.exp, [0.1, 0.2])
    except sg.StepgradError as error:
        print(error)

# %% [markdown]
# `gradcheck` refuses a function that gives two results for the same input. In training this bug corrupts what *other* steps had saved for the way back.
#
# ## Bug 4: only when it gets hot
#
# Softmax without taking the maximum off first is right as long as the logits are small. Let them grow, as they do late in training, and ask the NaN finder.

# %%
for size in (1.0, 10.0, 100.0, 1000.0):
    scores = size * np.array([[1.0, 0.5, -1.0]])
    print(f"logits around {size:6g}: {compare('softmax', 'fast', scores) or 'agrees'}")
with kernels.use(softmax="fast"), sg.find_nan():
    try:
        loss = -ops.log(ops.softmax(sg.Tensor([[1000.0, 500.0]]))).sum()
    except sg.StepgradError as error:
        print(error)

# %% [markdown]
# The finder stops at the **first** op that makes a NaN, names it and its input. Without it you would see a loss of NaN an epoch later, and suspect everything.
#
# ## Bug 5: the gradient that is nearly right
#
# The new op `standardise` takes the mean off each row. Forward it is perfect, so no comparison of outputs can find it. Differences can:

# %%
row = np.array([[0.3, -1.2, 2.0, 0.7]])
print(sg.gradcheck(standardise, row, raise_exception=False))

# %% [markdown]
# All four are off by the same number: a mean was forgotten. It depends on every entry, so a path leads back through it: what comes back has to lose its mean too, $\bar x = \bar y - \frac1n \sum \bar y$.
# (Batch and layer normalisation have this term, and it is what hand-written ones forget most.)
#
# ## What to take home
#
# | bug | hidden because | found by |
# |---|---|---|
# | tail left out | nice sizes | the reference, on odd sizes |
# | NaN swallowed | good data | NaN and infinities in the test, a comparison that knows NaN |
# | input changed | right result | comparing the *input* with its copy; gradcheck |
# | overflow | young networks | large inputs; `find_nan` |
# | gradient | the loss goes down | `gradcheck` |
#
# ## Exercise 1: a comparison that cannot be fooled
#
# Write `agree(got, expected)`: True when two arrays agree to `1e-6`. It will meet NaN.

# %%
answer_1 = None  # def agree(got, expected): ...


@exercise
def check_1(answer):
    good = np.array([1.0, 2.0, 3.0])
    if not answer(good, good.copy()) or answer(good, good + 1e-3):
        return "Already with plain numbers it judges wrongly: equal arrays agree, arrays that are off by 1e-3 do not."
    if answer(np.array([1.0, np.nan, 3.0]), good):
        return (
            "A result with NaN passed your test! Every comparison with NaN is False, so `not (difference > tolerance)` is True for it, and so is "
            "`not any(...)`. Ask for what must hold (difference <= tolerance everywhere), not for what must not."
        )
    if not answer(np.array([1.0, np.nan]), np.array([1.0, np.nan])):
        return "Where the reference gives NaN the kernel has to, so NaN agrees with NaN here (equal_nan)."
    if answer(good, np.array([1.0, 2.0])) or answer(np.array([1.0]), np.array([1.0, 1.0])):
        return "Arrays of different shapes agreed: broadcasting is not agreement. Compare the shapes first."
    return ""


check_1(answer_1)

# %% [markdown]
# ## Exercise 2: mend the gradient
#
# Write the gradient of `standardise` as a function of `gy` (a tensor `[rows, n]`), in ops that can be differentiated again.

# %%
answer_2 = None  # def mended(gy): ...


@exercise
def check_2(answer):
    class Mended(Standardise):
        def gradient(self, step, gy):
            return answer(gy)

    report = sg.gradcheck(
        Mended(), np.array([[0.3, -1.2, 2.0, 0.7], [1.0, 0.5, -0.4, 0.0]]), raise_exception=False
    )
    if not report:
        return f"Take off the mean of each *row* of what came back (axis -1, keepdims): the rows have nothing to do with each other.\n{report}"
    return ""


check_2(answer_2)

# %% [markdown]
# ## Exercise 3: the sixth bug
#
# A rung of `sigmoid` computes `1 / (1 + exp(-x))` in float32. For which input does it show: `0.0`, `-100.0` or `100.0`? (What does float32 do with
# `exp(100)`?) And is the *result* wrong? Write (input, True or False).

# %%
answer_3 = None  # (?, ?)


@exercise
def check_3(answer):
    with np.errstate(over="ignore"):
        results = {v: 1 / (1 + np.exp(np.float32(-v))) for v in (0.0, -100.0, 100.0)}
    where, wrong = answer
    if where != -100.0:
        return f"exp(-x) overflows where -x is large: at x = -100 it is {np.exp(np.float64(100)):.1e}, more than a float32 can hold ({np.finfo('float32').max:.1e})."
    if wrong:
        return (
            f"Try it: it gives {results[-100.0]}, and the right value, {np.exp(np.float64(-100)):.1e}, rounds to nearly nothing in float32. 1 / infinity saves it. "
            "A warning without harm here; but the gradient y (1 - y), or log(y), goes on with that 0. log(0) is where find_nan will stop."
        )
    return ""


check_3(answer_3)

# %% [markdown]
# ---
# ## Solutions (folded: try first)


# %% tags=["solution"] jupyter={"source_hidden": true}
def blind(got, expected):
    return got.shape == expected.shape and not np.abs(got - expected).max() > 1e-6


def agree(got, expected):
    return got.shape == expected.shape and np.allclose(got, expected, rtol=0, atol=1e-6, equal_nan=True)


show(check_1, wrong=blind, right=agree)
show(check_2, wrong=lambda gy: gy - gy.mean(), right=lambda gy: gy - gy.mean(-1, keepdims=True))
show(check_3, wrong=(-100.0, True), right=(-100.0, False))
