# %% [markdown]
# # 09. From the tape to the kernel: climb the matmul ladder
#
# **Goal.** You can follow a product of a training step down to the loop that computes it, choose another loop while training, count
# what a product costs, and say why the same multiplications in another order take a fraction of the time.
#
# You need: tutorials 03 and 04. With the C++ kernels compiled there are seven rungs; without, only NumPy's.

# %%
import time

import numpy as np
from exercises import exercise, show
from matplotlib.figure import Figure

import stepgrad as sg
from stepgrad import kernels, layers
from stepgrad.datasets import fashion_mnist

# %% [markdown]
# ## Down from the layer
#
# A `Dense` layer is a matrix product on the tape. A step of the walk names the kernel that ran, and the file to read:

# %%
sg.utils.set_random_seed(7)
(x_train, y_train), _ = fashion_mnist.load_data(subset="slice")
x_train, y_train = x_train[:512], y_train[:512]


def build():
    sg.utils.set_random_seed(7)
    net = sg.Sequential(
        [
            layers.Input((28, 28)),
            layers.Rescaling(1 / 255),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            layers.Dense(10),
        ]
    )
    net.compile(sg.optimizers.SGD(0.1), sg.losses.SparseCategoricalCrossentropy(from_logits=True))
    return net


for step in sg.walk(build(), x_train[:32], y_train[:32]):
    if step.op == "matmul":
        shapes = ", ".join(f"{v.name}{list(v.array.shape)}" for v in step.outputs)
        print(f"step {step.number:2} {step.phase:<9} -> {shapes:<34} rung {step.rung}, {step.source}")

# %% [markdown]
# Forward one product a layer, backward up to two: the gradients of a product are products (tutorial 03). Nearly all of the time of such a net is spent in
# this one op.
#
# ## The ladder
#
# All rungs compute $C = A B$. Read the summaries: no rung does *fewer* multiplications than `naive`. They are cleverer about memory.

# %%
for kernel in kernels.rungs("matmul"):
    print(f"{kernel.rung:<11} {kernel.summary:<72} {kernel.source}")

# %% [markdown]
# ## Why order matters
#
# Entry $C_{ij} = \sum_k A_{ik} B_{kj}$ walks along a row of $A$ and **down a column** of $B$. Memory is laid out in rows: one step down is
# a jump over a whole row. Processors fetch memory in lines of 64 bytes, 16 floats. Down a column, 1 of the 16 is used; along a row, all.
#
# NumPy shows it as well, with sums that read the same numbers:

# %%
table = np.ones((3000, 3000), "float32")


def milliseconds(work, laps=5):
    times = []
    for _ in range(laps):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return sorted(times)[laps // 2] * 1e3


rows = milliseconds(lambda: [table[i].sum() for i in range(3000)])
columns = milliseconds(lambda: [table[:, j].sum() for j in range(3000)])
print(
    f"adding up row by row {rows:.1f} ms, column by column {columns:.1f} ms: {columns / rows:.1f} times as long"
)

# %% [markdown]
# The second rung, `loop_order`, swaps two of the three loops (i-k-j), so that the innermost one runs along rows of $B$ and $C$. `blocked` keeps
# a part of $B$ in the fastest cache while it is used again and again. `packed` copies $A$ and $B$ into the order in which they are used and keeps a small tile of $C$ in
# registers; `simd` makes the tile of whole vectors, as large as the registers allow. (`csrc/README.md` says in which order to read them.)
#
# ## Verify, then time
#
# A kernel that is fast and wrong is worthless, so look at the error first. A product of $[M, K]$ and $[K, N]$ takes $2MKN$ operations (a multiplication
# and an addition for each), which makes rungs comparable: operations per second. `stepgrad ladder matmul` does this with more care.

# %%
size = 192
rng = np.random.default_rng(0)
a, b = (rng.normal(size=(size, size)).astype("float32") for _ in "ab")
exact = a.astype("float64") @ b.astype("float64")
rates = {}
for kernel in kernels.rungs("matmul"):
    with kernels.use(matmul=kernel.rung):
        error = np.abs((sg.Tensor(a) @ sg.Tensor(b)).numpy() - exact).max()
        ms = milliseconds(lambda: sg.Tensor(a) @ sg.Tensor(b))
    rates[kernel.rung] = 2 * size**3 / ms / 1e6
    print(f"{kernel.rung:<11} error {error:.1e}   {ms:7.2f} ms   {rates[kernel.rung]:6.1f} GFLOP/s")

figure = Figure(figsize=(5.5, 2.6), layout="constrained")
axes = figure.subplots()
axes.barh(list(rates), list(rates.values()))
axes.set(xlabel=f"GFLOP/s, {size} x {size}, here and now")
figure.savefig("09_ladder.png")
print("a picture: 09_ladder.png")

# %% [markdown]
# ## Climb inside a training run
#
# `kernels.use` chooses a rung for a block, so the very same program trains on any of them. The numbers must agree. They agree to rounding only:
# rungs add in different orders, and floats do not care for the law of association.

# %%
last = {}
for kernel in kernels.rungs("matmul"):
    net = build()
    with kernels.use(matmul=kernel.rung):
        start = time.perf_counter()
        last[kernel.rung] = net.fit(x_train, y_train, epochs=2, verbose=0).history["loss"][-1]
        seconds = time.perf_counter() - start
    print(f"{kernel.rung:<11} loss after two epochs {last[kernel.rung]:.7f}   {seconds:.2f} s")
print("largest difference of the losses:", max(last.values()) - min(last.values()))
print("(0.1 + 0.2) + 0.3 == 0.1 + (0.2 + 0.3):", (0.1 + 0.2) + 0.3 == 0.1 + (0.2 + 0.3))

# %% [markdown]
# (NumPy's product brings threads of its own. On an idle machine it is near the top of the ladder; on a busy one its threads wait for each other, and
# it can land at the bottom.)
#
# The training run gains less than the product alone: reading batches, Python, and all other ops take their time too (Amdahl's law).
#
# ## Exercise 1: count
#
# The first layer takes a batch of 32 pictures of 784 pixels to 128 units. How many floating-point operations is its forward product?

# %%
answer_1 = None  # a whole number


@exercise
def check_1(answer):
    if answer == 2 * 32 * 784 * 128:
        return ""
    if answer == 32 * 784 * 128:
        return "Those are the multiplications. Each is followed by an addition: twice as many operations."
    if answer == 2 * 784 * 128:
        return "That is one picture. The batch has 32."
    return "Each of the 32 * 128 outputs is a sum of 784 products: 784 multiplications and as many additions."


check_1(answer_1)

# %% [markdown]
# ## Exercise 2: the backward pass
#
# How many times the operations of the forward product does the *whole* step need for a layer in the middle of the net (forward, gradient of the
# weights, gradient of the input)?

# %%
answer_2 = None  # a whole number


@exercise
def check_2(answer):
    if answer == 3:
        return ""
    if answer == 2:
        return "Forward is one product. Backward is *two*: dW = X^T dZ, and dX = dZ W^T for the layer below. (The first layer needs no dX.)"
    return "Z = X W; dW = X^T dZ; dX = dZ W^T. Count the products: all three need 2 M K N operations."


check_2(answer_2)

# %% [markdown]
# ## Exercise 3: a rung of your own
#
# Write `outer(a, b)`, the product of two matrices as a sum over $k$ of (column $k$ of $A$) times (row $k$ of $B$): no entry is finished before the last
# $k$. It is the idea behind the `simd` rung. The checker tries shapes that are not square.

# %%
answer_3 = None  # def outer(a, b): ...


@exercise
def check_3(answer):
    for m, k, n in ((2, 3, 4), (5, 1, 2), (3, 0, 2)):
        left, right = rng.normal(size=(m, k)), rng.normal(size=(k, n))
        got = np.asarray(answer(left, right))
        if got.shape != (m, n):
            return f"[{m}, {k}] times [{k}, {n}] is [{m}, {n}], yours is {list(got.shape)}. The sizes of C come from the rows of A and the columns of B."
        if not np.allclose(got, left @ right):
            if k > 1 and np.allclose(got, np.outer(left[:, -1], right[-1])):
                return "Only the last k is left: every k must be *added* to C, which starts at 0."
            return f"for shapes [{m}, {k}] and [{k}, {n}] the numbers are off by up to {np.abs(got - left @ right).max():.2g}"
    return ""


check_3(answer_3)

# %% [markdown]
# ---
# ## Solutions (folded: try first)

# %% tags=["solution"] jupyter={"source_hidden": true}
show(check_1, wrong=32 * 784 * 128, right=2 * 32 * 784 * 128)
show(check_2, wrong=2, right=3)


def replaced(a, b):
    c = np.zeros((len(a), b.shape[1]))
    for k in range(a.shape[1]):
        c = np.outer(a[:, k], b[k])
    return c


def outer(a, b):
    c = np.zeros((len(a), b.shape[1]))
    for k in range(a.shape[1]):
        c += np.outer(a[:, k], b[k])
    return c


show(check_3, wrong=replaced, right=outer)
