# %% [markdown]
# # 05. Convolution, forward and back
#
# **Goal.** You can work a small convolution by hand with both of its gradients, say why each gradient is a convolution again, and explain what a
# convolutional layer can do that a dense one cannot.
#
# You need: tutorials 01 and 03; for the last part 04.

# %%
import time

import numpy as np
from exercises import exercise, show
from matplotlib.figure import Figure

import stepgrad as sg
from stepgrad import layers, ops
from stepgrad.datasets import fashion_mnist
from stepgrad.walk import examples
from stepgrad.walk.examples.convolution import FILTER, IMAGE, SLOPES

image, filter_, slopes = np.array(IMAGE), np.array(FILTER), np.array(SLOPES)
print("image x\n", image, "\nfilter w\n", filter_)

# %% [markdown]
# ## Forward: a window slides
#
# Put the 2x2 filter on the top left corner of the 3x3 image, multiply what lies on top of each other, add. Move it by one, again. There
# are four places, so the output is 2x2:
#
# $$y_{ij} = \sum_{k,l} x_{i+k,\,j+l}\; w_{kl}$$
#
# (The filter is not turned around, although mathematicians would. Deep learning calls this convolution all the same.)


# %%
def convolve(x, w):
    h, v = x.shape[0] - w.shape[0] + 1, x.shape[1] - w.shape[1] + 1
    y = np.zeros((h, v))
    for i in range(h):
        for j in range(v):
            y[i, j] = np.sum(x[i : i + w.shape[0], j : j + w.shape[1]] * w)
    return y


print(convolve(image, filter_))
walk = examples.get("convolution").walk()
print(walk.explain("y", [0, 0, 1, 0]), "(an index is: picture, row, column, channel)")

# %% [markdown]
# ## Back to the filter
#
# Suppose that $\bar y = \partial L / \partial y$ came back. (The example takes $L = \sum y \odot s$, so $\bar y = s$, four
# round numbers.) How does the filter's corner $w_{00}$ move $L$? It was used **four times**, once in every output, each time with another
# pixel. Tutorial 01: what is used several times gets the *sum* over its uses.
#
# $$\bar w_{kl} = \sum_{i,j} x_{i+k,\,j+l}\; \bar y_{ij}$$
#
# Look twice: this is a convolution too. The image is the image, and the *filter* is what came back.

# %%
print("what came back\n", slopes)
dw = convolve(image, slopes)
print("gradient of the filter\n", dw)
print(walk.explain("dw", [0, 0, 0, 0]))

# %% [markdown]
# ## Back to the image
#
# A pixel in the middle lies under four windows, a pixel in the corner under one. Every output sends its gradient back to the window that made it,
# through the weights: *scatter* instead of *gather*.
#
# $$\bar x_{i+k,\,j+l} \mathrel{+}= \bar y_{ij}\, w_{kl}$$


# %%
def scatter(dy, w, shape):
    dx = np.zeros(shape)
    for i in range(dy.shape[0]):
        for j in range(dy.shape[1]):
            dx[i : i + w.shape[0], j : j + w.shape[1]] += dy[i, j] * w
    return dx


dx = scatter(slopes, filter_, image.shape)
print("gradient of the image\n", dx)
print(walk.explain("dx", [0, 1, 1, 0]))
around = np.pad(slopes, 1)
print("the same as a convolution, with the filter turned by 180 degrees over what came back, padded:")
print(convolve(around, filter_[::-1, ::-1]))

# %% [markdown]
# Here the turned filter of the mathematicians is back. Compare all three with the tape, and the tape with differences:

# %%
same = np.array_equal(dx, walk.value("dx")[0, :, :, 0]) and np.array_equal(dw, walk.value("dw")[:, :, 0, 0])
print("the tape has the same numbers:", same)
print(sg.gradcheck(lambda x, w: ops.conv(x, w), [image[None, :, :, None], filter_[:, :, None, None]]))
print(
    sg.gradcheck(lambda x, w: ops.conv(x, w), [image[None, :, :, None], filter_[:, :, None, None]], order=2)
)

# %% [markdown]
# ## The same numbers, faster
#
# The two loops at the top are the lowest rung of a ladder. Each higher one is a small file in `csrc/conv2d` that opens with what it changes:
# `im2col` copies every window into the row of a matrix and lets matmul do the work; `implicit_gemm` keeps only a strip of that matrix, in the cache;
# `winograd` trades multiplications for additions and a little accuracy; `direct` reads the image where it lies, each address being the
# sum of two table entries (where the window starts, where the tap lies in it). Exchange the two tables and it computes the gradient of the filter.

# %%
rng = np.random.default_rng(0)
pictures = rng.standard_normal((8, 28, 28, 32), np.float32)
filters = rng.standard_normal((3, 3, 32, 32), np.float32)
exact = ops.conv(pictures.astype(float), filters.astype(float)).numpy()
for kernel in sg.kernels.rungs("conv2d"):
    with sg.kernels.use(conv2d=kernel.rung):
        start = time.perf_counter()
        y = ops.conv(pictures, filters).numpy()
        took = time.perf_counter() - start
    error = np.abs(y - exact).max() / np.abs(exact).max()
    print(f"{kernel.rung:<14}{1e3 * took:8.2f} ms   largest error {error:.1e}   {kernel.source}")

# %% [markdown]
# ## Why one wants it
#
# A dense layer gives each pixel its own weights; move the picture a little and it sees something entirely new. A filter is **shared**: what it
# finds, it finds anywhere, with few weights. Train a dense and a convolutional net on the same 1,500 pictures, in a frame of 12 dark pixels. Then
# move the test pictures by 4 pixels inside that frame.

# %%
sg.utils.set_random_seed(2)
(x_train, y_train), (x_test, y_test) = fashion_mnist.load_data(subset="slice")
frame = ((0, 0), (12, 12), (12, 12), (0, 0))
x_train, y_train = np.pad(x_train[:1500, :, :, None].astype("float32"), frame), y_train[:1500]
x_test, y_test = np.pad(x_test[:400, :, :, None].astype("float32"), frame), y_test[:400]
moved = np.roll(x_test, (4, 4), axis=(1, 2))

head = [layers.Input((52, 52, 1)), layers.Rescaling(1 / 255)]
nets = {
    "dense": sg.Sequential([*head, layers.Flatten(), layers.Dense(32, activation="relu"), layers.Dense(10)]),
    "convolutional": sg.Sequential(
        [
            *head,
            layers.Conv2D(8, 5, strides=2, activation="relu"),
            layers.Conv2D(16, 3, activation="relu"),
            layers.GlobalMaxPooling2D(),
            layers.Dense(10),
        ]
    ),
}
for name, net in nets.items():
    net.compile(
        sg.optimizers.Adam(0.005),
        sg.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    net.fit(x_train, y_train, epochs=8, verbose=0)
    still, shifted = (net.evaluate(x, y_test, verbose=0)[1] for x in (x_test, moved))
    print(
        f"{name:<14}{net.count_params():>7} weights   in place {still:.1%}   moved by 4 pixels {shifted:.1%}"
    )

# %% [markdown]
# The largest find counts, wherever it is (`GlobalMaxPooling2D`), so moving the picture changes nothing. The dense net has to be shown
# every picture in every place. The price: the small convolutional net no longer knows *where* it found something.
#
# ## What it looks for
#
# The eight filters of the first layer, and what each finds in one picture. Nobody drew them: gradient descent did.

# %%
convolution = next(layer for layer in nets["convolutional"].layers if isinstance(layer, layers.Conv2D))
kernel = convolution.kernel.numpy()
found = convolution(x_test[:1] / 255).numpy()
figure = Figure(figsize=(9, 2.6), layout="constrained")
for i, (top, bottom) in enumerate(figure.subplots(2, 8).T):
    top.imshow(kernel[:, :, 0, i], cmap="RdBu", vmin=-abs(kernel).max(), vmax=abs(kernel).max())
    bottom.imshow(found[0, :, :, i], cmap="gray_r")
    top.set_axis_off(), bottom.set_axis_off()
figure.suptitle(f"filters, and what they find in this {fashion_mnist.CLASS_NAMES[y_test[0]]}", fontsize=9)
figure.savefig("05_filters.png")
print("a picture: 05_filters.png")

# %% [markdown]
# ## Exercise 1: sizes
#
# A 28 x 28 picture goes through a 5 x 5 filter that moves by 2 pixels at a time, without padding. How many rows has the output?

# %%
answer_1 = None  # a whole number


@exercise
def check_1(answer):
    if answer == 12:
        return ""
    if answer == 24:
        return "24 would be right for steps of 1: 28 - 5 + 1. With steps of 2 only every second place counts."
    if answer == 14:
        return (
            "28 / 2 forgets that the window must fit: the last start is row 23. That would be padding='same'."
        )
    return (
        "The window starts at rows 0, 2, 4, ..., as long as start + 5 <= 28. Count them: (28 - 5) // 2 + 1."
    )


check_1(answer_1)

# %% [markdown]
# ## Exercise 2: the bias
#
# After the convolution a bias is added: $y_{ij} = \ldots + b$, one number for the whole picture. What came back is `slopes`, printed above.
# What is $\bar b$?

# %%
answer_2 = None  # a number


@exercise
def check_2(answer):
    if np.ndim(answer) == 0 and np.isclose(answer, slopes.sum()):
        return ""
    if np.ndim(answer) == 0 and np.isclose(answer, slopes.mean()):
        return "Added, not averaged: the bias moves each of the four outputs by as much as itself."
    if np.shape(answer) == slopes.shape:
        return "b is one number, so its gradient is one number. It was used in four outputs: add up what comes back."
    return "b has slope 1 in every output, and it is used in all four. Add what comes back from all."


check_2(answer_2)

# %% [markdown]
# ## Exercise 3: the gradient of a pooling
#
# Max pooling takes the largest of each 2x2 window (windows side by side). Write `pool_back(x, dy)` for a 4x4 image and a 2x2 gradient: the 4x4 gradient
# of the image.

# %%
answer_3 = None  # def pool_back(x, dy): ...


@exercise
def check_3(answer):
    x = np.array([[1.0, 5, 2, 0], [3, 4, 8, 1], [0, 2, 1, 1.5], [9, 6, 7, 3]])
    dy = np.array([[1.0, 2], [3, 4]])
    t = sg.Tensor(x[None, :, :, None], requires_grad=True)
    ops.max_pool(t, 2).backward(gradient=dy[None, :, :, None])
    expected = t.grad.numpy()[0, :, :, 0]
    got = np.asarray(answer(x.copy(), dy.copy()))
    if np.array_equal(got, expected):
        return ""
    if np.allclose(got, np.kron(dy, np.ones((2, 2))) / 4) or np.allclose(got, np.kron(dy, np.ones((2, 2)))):
        return (
            "You gave all four pixels of a window a share: that is *average* pooling. Nudge a pixel that is not the largest: the output "
            "does not move at all. All of the gradient belongs to the winner, and 0 to the others."
        )
    return f"For x =\n{x}\nand dy =\n{dy}\nthe winners get it all:\n{expected}\nYours:\n{got}"


check_3(answer_3)

# %% [markdown]
# ---
# ## Solutions (folded: try first)

# %% tags=["solution"] jupyter={"source_hidden": true}
show(check_1, wrong=24, right=12)
show(check_2, wrong=slopes, right=slopes.sum())


def shares(x, dy):
    return np.kron(dy, np.ones((2, 2))) / 4


def pool_back(x, dy):
    dx = np.zeros_like(x)
    for i in range(2):
        for j in range(2):
            window = x[2 * i : 2 * i + 2, 2 * j : 2 * j + 2]
            k, m = np.unravel_index(window.argmax(), (2, 2))
            dx[2 * i + k, 2 * j + m] = dy[i, j]
    return dx


show(check_3, wrong=shares, right=pool_back)
