# %% [markdown]
# # 12. The compiled step: write a training step down once, then only run it
#
# **Goal.** You can say where the time of a small network's step goes, how a recorder takes Python out of it, how two tricks (one loop for a chain of
# elementwise ops, one place for buffers that never meet) save memory traffic, and which steps must not be recorded.
#
# You need: tutorials 01, 04 and 09, and the C++ kernels (`stepgrad doctor` says whether they were compiled).

# %%
import time
import warnings

import numpy as np
from exercises import exercise, show

import stepgrad as sg
from stepgrad import kernels, layers, ops
from stepgrad.replay.arena import Buffer, place

if not kernels.compiled():
    raise SystemExit(
        "exercise 1: open. exercise 2: open. This tutorial replays C++ kernels, and they were not compiled here."
    )

# %% [markdown]
# ## Where the time goes
#
# A network of three layers with three units each. Its arithmetic is about a hundred multiplications: nothing.


# %%
def build():
    sg.utils.set_random_seed(1)
    model = sg.Sequential(
        [layers.Input((3,)), layers.Dense(3, "sigmoid"), layers.Dense(3, "sigmoid"), layers.Dense(3)]
    )
    return model, sg.optimizers.Adam(0.01)


def training_step(model, optimizer):
    weights = model.trainable_variables

    def step(x, y):
        with sg.GradientTape() as tape:
            loss = ops.mean((model(x, training=True) - y) ** 2)
        optimizer.apply(tape.gradient(loss, weights), weights)
        return loss

    return step


rng = np.random.default_rng(0)
data = [
    (sg.Tensor(rng.normal(size=(1, 3)).astype("float32")), sg.Tensor(np.zeros((1, 3), "float32")))
    for _ in range(50)
]


def time_of(step):
    """Return the best time of a step in microseconds, and the losses."""
    best, losses = np.inf, [step(*batch).item() for batch in data]
    for x, y in data * 4:
        start = time.perf_counter()
        step(x, y)
        best = min(best, time.perf_counter() - start)
    return best * 1e6, losses


slow = training_step(*build())
microseconds, losses = time_of(slow)
print(f"op by op: {microseconds:.0f} us a step, {losses[-1]:.6f} the last loss")

# %% [markdown]
# What is it doing all the time? It looks up kernels, checks shapes, allocates tiny arrays, and leaves a step on the tape for each op: *Python*.
# But the second step does exactly what the first one did, with other numbers. So let us write it down.
#
# ## A recorder in ten lines
#
# Every op goes through the kernel table. Whoever stands there sees the whole step, forward and backward: the kernel, the arrays it read, the array it
# wrote.


# %%
def record(function, *arguments):
    """Run a function and write down every op: (kernel, the arrays it read, its attributes, the array it wrote)."""
    before, program = dict(kernels.chosen), []

    def watched(name, kernel):
        def run(*arrays, **attrs):
            result = np.asarray(kernel(*arrays, **attrs))
            program.append((name, kernel, arrays, attrs, result))
            return result

        return run

    for name, kernel in before.items():
        kernels.chosen[name] = watched(name, kernel)
    direct, kernels.direct = kernels.direct, {}  # the short way past the table, closed for now
    try:
        return function(*arguments), program
    finally:
        kernels.chosen.update(before)
        kernels.direct = direct


x = sg.Tensor([1.0, 2.0, 3.0])
y, program = record(lambda x: ops.sum(ops.tanh(x * 2.0) * x), x)
for name, _, arrays, _, result in program:
    print(
        f"{name:9} reads {', '.join(str(a.round(3).tolist()) for a in arrays):52} writes {result.round(3).tolist()}"
    )

# %% [markdown]
# Now put new numbers into the *same* input array, run the kernels again in order, and let each write over its old result. No tape, no checks, no shapes:


# %%
def replay(program):
    for _, kernel, arrays, attrs, result in program:
        result[...] = kernel(*arrays, **attrs)


x.array[...] = [3.0, 2.0, 1.0]
replay(program)
print("replayed:", y.array.item(), " computed:", ops.sum(ops.tanh(x * 2.0) * x).item())

# %% [markdown]
# That is all. `sg.compiled` does the same one floor further down: it writes down the *C++ calls* with their pointers, so that a replay is one loop in C++ and
# no Python runs between the kernels. What must stay Python (an optimizer's decisions, random numbers) is called in its place.

# %%
fast = sg.compiled(training_step(*build()))
quick, same = time_of(fast)
print(f"op by op {microseconds:.0f} us, compiled {quick:.0f} us: {microseconds / quick:.0f} times as fast")
print("the same losses, bit for bit:", same == losses)
if same != losses:
    raise SystemExit("a replay must not change a bit")

# %% [markdown]
# The first call ran as it was, the second and third were recorded *twice* and compared. Then the recording was replayed on its own inputs, in memory full of
# NaN, and had to give the same bits. Only after that it may stand in for your function.
#
# ## The plan
#
# Before it runs, a recording becomes a plan. Here is the one of our step: look at the columns *runs* and *writes*.

# %%
print(sg.plan(fast))

# %% [markdown]
# **Fused.** `add` and `sigmoid` follow each other over the same elements. Run one after the other, they send the sum to memory and fetch it again. The plan
# makes one loop of them: a block of 1024 elements goes through all calls of the group while it is in the L1 cache. The sum is needed by nobody else,
# so it never exists as a whole: it is an *L1 block*.
#
# **In place.** An elementwise call may write over an input that nobody reads afterwards.
#
# **The arena.** What remains lies in one block of memory. Two buffers may share a place if they are never needed at the same time. That is a puzzle of
# rectangles: time to the right, bytes upwards.

# %%
buffers = [Buffer(400, 0, 2), Buffer(300, 1, 3), Buffer(400, 3, 5), Buffer(100, 4, 6)]
size = place(buffers)
print(f"together {sum(b.size for b in buffers)} bytes, placed in {size}:")
for b in buffers:
    print(f"  moments {b.first} to {b.last}: bytes {b.offset} to {b.offset + b.size}")

# %% [markdown]
# ## What must not be written down
#
# A recording knows what the kernels did, not why. If Python looks at a value and decides, the decision of the recorded step would stand for ever. So
# `compiled` refuses, says why, and runs the function as it is:

# %%
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    clipped = sg.compiled(lambda x: x * 0.5 if float(ops.sum(x)) > 1 else x)
    noisy = sg.compiled(lambda x: x + sg.Tensor(np.random.default_rng().normal(size=3).astype("float32")))
    for _ in range(4):
        clipped(x), noisy(x)
for warning in caught:
    print("-", str(warning.message).partition(": ")[2])

# %% [markdown]
# Both can be written so that the kernels see everything: `ops.where(ops.sum(x) > 1, x * 0.5, x)`, and `sg.random.normal`, which a replay calls again.
#
# `model.compile(...)` does all this by itself where layers and losses are stepgrad's own (`jit_compile="auto"`); say `True` for layers of yours. And the
# step-through is never blinded: while a hook watches, every step runs op by op.
#
# ## Exercise 1: how small can it be?
#
# Four buffers of 1 KiB: A is needed in moments 0 to 2, B in 1 to 3, C in 3 to 4, D in 4 to 6. How many KiB must the arena have at least?

# %%
answer_1 = None


@exercise
def check_1(answer):
    if answer == 2:
        return ""
    if answer == 4:
        return "That is all of them side by side. C begins after A has ended: it can lie where A was."
    if answer == 1:
        return "In moment 1 both A and B are needed: one place is not enough."
    return "Count for each moment how many buffers are needed. The busiest moment decides, if no one stands in the way."


check_1(answer_1)

# %% [markdown]
# ## Exercise 2: a step that can be written down
#
# `looks` decides in Python. Write `step_2(x, w)` that returns the same value without looking at a number in Python:
# `x * w` where the sum of `x * w` is above 1, else `x`.


# %%
def looks(x, w):
    product = x * w
    return product if float(ops.sum(product)) > 1 else x


answer_2 = None  # def step_2(x, w): ...


@exercise
def check_2(answer):
    step, w = sg.compiled(answer), sg.Variable([1.0, 2.0])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for i in range(6):
            batch = sg.Tensor([1.0, 1.0]) if i % 2 else sg.Tensor([-1.0, 1.0])
            if not np.array_equal(step(batch, w).numpy(), looks(batch, w).numpy()):
                return f"for x = {batch.tolist()} the value must be {looks(batch, w).tolist()}"
    if step.refusal:
        return f"Right values, but it cannot be written down: {step.refusal}"
    return ""


check_2(answer_2)

# %% [markdown]
# ---
# ## Solutions (folded: try first)

# %% tags=["solution"] jupyter={"source_hidden": true}
show(check_1, wrong=4, right=2)


def step_2(x, w):
    product = x * w
    return ops.where(ops.sum(product) > 1, product, x)


show(check_2, wrong=looks, right=step_2)
