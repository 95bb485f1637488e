# %% [markdown]
# # 06. MSE or cross-entropy?
#
# **Goal.** You can say, with one formula and one picture, why a classifier that is trained on the mean squared error learns slowly, and why
# cross-entropy does not; and you choose the loss that belongs to your last layer.
#
# An article of ours trains an image classifier with MSE and SGD. It works. It just takes its time. Why?
#
# You need: tutorials 03 and 04.

# %%
import numpy as np
from exercises import exercise, show
from matplotlib.figure import Figure

import stepgrad as sg
from stepgrad import layers, ops
from stepgrad.datasets import fashion_mnist

# %% [markdown]
# ## One neuron that is badly wrong
#
# The target is 1. A sigmoid neuron has $z = -6$, so it says $p = \sigma(-6)$, nearly 0: as wrong as can be. This is when one would
# like a large gradient. Ask the tape for both losses:


# %%
def mse(z):
    return ops.square(ops.sigmoid(z) - 1.0)


def crossentropy(z):
    return -ops.log(ops.sigmoid(z))


def slope(loss, z):
    z = sg.Tensor(z, dtype="float64", requires_grad=True)
    loss(z).backward()
    return z.grad.item()


print(f"{'z':>5}{'p':>10}{'MSE slope':>14}{'cross-entropy slope':>22}")
for z in (-6.0, -3.0, 0.0, 3.0):
    print(f"{z:>5}{1 / (1 + np.exp(-z)):>10.4f}{slope(mse, z):>14.6f}{slope(crossentropy, z):>22.6f}")

# %% [markdown]
# Where the neuron is most wrong, MSE hands back next to nothing. The chain rule says why. With $p = \sigma(z)$ and $\sigma' = p (1 - p)$:
#
# $$\frac{\partial}{\partial z} (p - 1)^2 = 2 (p - 1)\; \underbrace{p (1 - p)}_{\approx 0 \text{ when } p \approx 0}
# \qquad\qquad
# \frac{\partial}{\partial z} (-\log p) = -\frac{1}{p}\; p (1 - p) = p - 1$$
#
# The logarithm's slope $1/p$ cancels the flat end of the sigmoid. What is left is *the error itself*: wrong by 1, gradient 1.

# %%
zs = np.linspace(-8, 8, 81)
figure = Figure(figsize=(8, 3), layout="constrained")
left, right = figure.subplots(1, 2)
for loss, name in ((mse, "MSE"), (crossentropy, "cross-entropy")):
    left.plot(zs, [loss(sg.Tensor(z)).item() for z in zs], label=name)
    right.plot(zs, [abs(slope(loss, z)) for z in zs], label=name)
left.set(title="loss, target 1", xlabel="z")
right.set(title="size of the gradient", xlabel="z")
left.legend()
figure.savefig("06_two_losses.png")
print("a picture: 06_two_losses.png")

# %% [markdown]
# MSE lies on a plateau where the network is sure and wrong. Going downhill on a plateau takes long.
#
# ## Ten classes
#
# The same holds for softmax: with cross-entropy the gradient that arrives at the logits is $p - y$, with MSE it is multiplied with the slope of
# the softmax once more. See both on one sure and wrong answer:

# %%
target = np.array([[1.0, 0.0, 0.0]])
for name, loss_of in (
    ("cross-entropy", lambda z: -(ops.log_softmax(z) * target).sum()),
    ("MSE", lambda z: ops.square(ops.softmax(z) - target).mean()),
):
    z = sg.Tensor([[0.0, 6.0, 0.0]], requires_grad=True)
    loss_of(z).backward()
    print(f"{name:<14} gradient at the logits {np.round(z.grad.numpy()[0], 5)}")
print("p - y =", np.round(ops.softmax([[0.0, 6.0, 0.0]]).numpy()[0] - target[0], 5))

# %% [markdown]
# ## On real images
#
# The article's combination, MSE on class probabilities with SGD, against cross-entropy with the same SGD: same network, same initial weights,
# same batches.

# %%
(x_train, y_train), (x_test, y_test) = fashion_mnist.load_data(subset="slice")
x_train, y_train = x_train[:2000], sg.utils.to_categorical(y_train[:2000], 10)
x_test, y_test = x_test[:500], sg.utils.to_categorical(y_test[:500], 10)
curves = {}
for loss in ("mse", "categorical_crossentropy"):
    sg.utils.set_random_seed(4)
    net = sg.Sequential(
        [
            layers.Input((28, 28)),
            layers.Rescaling(1 / 255),
            layers.Flatten(),
            layers.Dense(32, activation="sigmoid"),
            layers.Dense(10, activation="softmax"),
        ]
    )
    net.compile(sg.optimizers.SGD(0.1), loss, metrics=["accuracy"])
    history = net.fit(x_train, y_train, epochs=12, validation_data=(x_test, y_test), verbose=0).history
    curves[loss] = history["val_accuracy"]
    print(
        f"{loss:<26} accuracy after epoch 1: {curves[loss][0]:.1%}, 4: {curves[loss][3]:.1%}, 12: {curves[loss][11]:.1%}"
    )

figure = Figure(figsize=(5, 3), layout="constrained")
axes = figure.subplots()
for loss, accuracy in curves.items():
    axes.plot(range(1, 13), accuracy, label=loss)
axes.set(xlabel="epoch", ylabel="accuracy on unseen pictures")
axes.legend()
figure.savefig("06_race.png")
print("a picture: 06_race.png")

# %% [markdown]
# Part of the gap is plain scale: MSE divides by the ten classes, so its gradients are smaller everywhere. Exercise 3 asks how much of it that explains.
#
# MSE is not a bad loss. It belongs to a *linear* last layer (regression), where its gradient is the error itself too. Each last layer has the loss
# whose gradient is $p - y$: linear with MSE, sigmoid with binary cross-entropy, softmax with categorical cross-entropy.
#
# ## Exercise 1: the slope by hand
#
# $p = 0.2$, target 1. What is $\partial L / \partial z$ for $L = (p - 1)^2$ and for $L = -\log p$? A tuple of two numbers.

# %%
answer_1 = None  # (?, ?)


@exercise
def check_1(answer):
    p = 0.2
    first, second = answer
    if np.allclose(answer, (2 * (p - 1) * p * (1 - p), p - 1)):
        return ""
    if np.isclose(first, 2 * (p - 1)):
        return "2 (p - 1) is the slope with respect to p. z comes before the sigmoid: multiply with its slope, p (1 - p)."
    if np.isclose(second, -1 / p):
        return (
            "-1/p is the slope with respect to p. Multiply with p (1 - p): the p cancels, and p - 1 is left."
        )
    return "Both times: slope of the loss with respect to p, times p (1 - p)."


check_1(answer_1)

# %% [markdown]
# ## Exercise 2: a pair that does not belong together
#
# A network ends in `Dense(10, activation="softmax")`. Which loss gives exactly $p - y$ at the logits? Write the line that makes it, for one-hot labels.

# %%
answer_2 = None  # sg.losses....


@exercise
def check_2(answer):
    sure = sg.Tensor([[0.0, 6.0, 0.0]], dtype="float64", requires_grad=True)
    p = ops.softmax(sure)
    answer(target, p).backward()
    if np.allclose(sure.grad.numpy(), p.numpy() - target, atol=1e-6):
        return ""
    if answer.get_config().get("from_logits"):
        return (
            "from_logits=True applies softmax a second time, to probabilities. The result still looks like probabilities, and it even learns a "
            "little. That is why nobody notices. Either softmax in the layer and from_logits=False, or neither."
        )
    return "Its gradient at the logits is not p - y. Softmax belongs to the categorical cross-entropy."


check_2(answer_2)

# %% [markdown]
# ## Exercise 3: is it only the scale?
#
# For the sure and wrong logits `[0, 6, 0]` above: with which factor must the gradient of the MSE (mean over 3 classes) at the *first* logit be multiplied
# to be as large as that of the cross-entropy? Would a learning rate that much larger be safe for logits `[0, 0, 0]`, where the gradient is healthy?
# Write (factor rounded to a whole number, True or False).

# %%
answer_3 = None  # (?, ?)


def mse_slope(logits):
    z = sg.Tensor([logits], dtype="float64", requires_grad=True)
    ops.square(ops.softmax(z) - target).mean().backward()
    return z.grad.numpy()[0, 0]


@exercise
def check_3(answer):
    p = ops.softmax(sg.Tensor([[0.0, 6.0, 0.0]], dtype="float64")).numpy()[0, 0]
    factor = (p - 1) / mse_slope([0.0, 6.0, 0.0])
    guess, safe = answer
    if abs(guess - factor) > 1:
        return f"Divide p - y by the MSE's gradient: {p - 1:.5f} / {mse_slope([0.0, 6.0, 0.0]):.5f}. The mean over 3 classes alone explains only a 3."
    if safe:
        return (
            f"At [0, 0, 0] the MSE's gradient is {mse_slope([0.0, 0.0, 0.0]):.3f}. Times {factor:.0f} that is a step of "
            f"{abs(mse_slope([0.0, 0.0, 0.0])) * factor:.0f} per unit of learning rate, where cross-entropy takes one below 1. "
            "No single learning rate mends a plateau: it is too large elsewhere."
        )
    return ""


check_3(answer_3)

# %% [markdown]
# ---
# ## Solutions (folded: try first)

# %% tags=["solution"] jupyter={"source_hidden": true}
show(check_1, wrong=(2 * (0.2 - 1), 0.2 - 1), right=(2 * (0.2 - 1) * 0.2 * 0.8, 0.2 - 1))
show(
    check_2,
    wrong=sg.losses.CategoricalCrossentropy(from_logits=True),
    right=sg.losses.CategoricalCrossentropy(),
)
ratio = (ops.softmax([[0.0, 6.0, 0.0]]).numpy()[0, 0] - 1) / mse_slope([0.0, 6.0, 0.0])
show(check_3, wrong=(round(float(ratio)), True), right=(round(float(ratio)), False))
