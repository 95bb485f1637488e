# %% [markdown]
# # 07. Dead ReLUs and zero initialisation, seen
#
# **Goal.** You can recognise two networks that will never learn, from one look at their gradients, and you know what to change.
#
# Both come from articles: one lists zero as a way to start weights, the other puts a ReLU on the logits.
#
# You need: tutorials 03 and 04.

# %%
import math

import numpy as np
from exercises import exercise, show
from matplotlib.figure import Figure

import stepgrad as sg
from stepgrad import layers, ops
from stepgrad.datasets import fashion_mnist

# %% [markdown]
# ## All alike for ever
#
# Start every weight of a net at the same number. Then all hidden units compute the same, so the same comes back to each, so
# each gets the same update, so they are the same again. Four units do the work of one. Nothing in gradient descent can tell them apart.

# %%
x = np.array([[0.5, -1.0], [1.5, 2.0], [-0.5, 1.0]])
y = np.array([[1.0], [0.0], [1.0]])


def two_layers(W1, W2):
    W1, W2 = sg.Variable(W1, dtype="float64", name="W1"), sg.Variable(W2, dtype="float64", name="W2")
    ops.square(ops.tanh(x @ W1) @ W2 - y).mean().backward()
    return W1.grad.numpy(), W2.grad.numpy()


np.set_printoptions(precision=4, suppress=True)
dW1, dW2 = two_layers(np.full((2, 4), 0.3), np.full((4, 1), 0.3))
print("all weights 0.3: dW1, a column for each hidden unit\n", dW1)
dW1, dW2 = two_layers(np.zeros((2, 4)), np.zeros((4, 1)))
print("all weights 0: dW1\n", dW1, "\ndW2", dW2.ravel())

# %% [markdown]
# Equal columns: the units stay equal. And with zeros it is worse: nothing goes forward (`tanh(0) = 0`, so `dW2 = 0`) and nothing comes back (through
# `W2 = 0`). The gradients of the weights are zero: it cannot even start.
#
# On real pictures, with the layers' own words:

# %%
(x_train, y_train), (x_test, y_test) = fashion_mnist.load_data(subset="slice")
x_train, y_train, x_test, y_test = x_train[:1500], y_train[:1500], x_test[:400], y_test[:400]
starts = {"zeros": "zeros", "all 0.01": sg.initializers.Constant(0.01), "glorot_uniform": "glorot_uniform"}
trained = {}
for name, start in starts.items():
    sg.utils.set_random_seed(5)
    net = sg.Sequential(
        [
            layers.Input((28, 28)),
            layers.Rescaling(1 / 255),
            layers.Flatten(),
            layers.Dense(16, activation="tanh", kernel_initializer=start, name="hidden"),
            layers.Dense(10, kernel_initializer=start),
        ]
    )
    net.compile("adam", sg.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    net.fit(x_train, y_train, epochs=5, verbose=0)
    trained[name] = net
    kernel = net.get_layer("hidden").kernel.numpy()
    different = len(np.unique(kernel.round(6), axis=1).T)
    print(
        f"{name:<16} accuracy {net.evaluate(x_test, y_test, verbose=0)[1]:.1%}, different hidden units after training: {different} of 16"
    )

# %% [markdown]
# `Dense` starts from `glorot_uniform`: random, so that units differ, and of a size ($\sqrt{6 / (n + m)}$) with which numbers neither grow nor fade from
# layer to layer. Biases may start at 0: the weights tell the units apart already.
#
# ## The ReLU that never wakes
#
# $\max(0, z)$ has slope 0 wherever $z < 0$. A unit that is negative for *every* example gets no gradient at all: not now, not later. It is dead.
# One step that is too large can do it. Watch the number of dead units in a hidden layer grow with the learning rate:


# %%
def dead_after(rate, activation="relu"):
    sg.utils.set_random_seed(6)
    hidden = layers.Dense(64, name="hidden")
    net = sg.Sequential(
        [
            layers.Input((28, 28)),
            layers.Rescaling(1 / 255),
            layers.Flatten(),
            hidden,
            layers.Activation(activation),
            layers.Dense(10),
        ]
    )
    net.compile(sg.optimizers.SGD(rate), sg.losses.SparseCategoricalCrossentropy(from_logits=True))
    net.fit(x_train[:480], y_train[:480], epochs=2, verbose=0)
    z = hidden(x_train.reshape(-1, 784) / np.float32(255)).numpy()
    return int(np.sum((z <= 0).all(axis=0)))


rates = [0.1, 0.5, 1.0, 2.0, 4.0]
dead = [dead_after(rate) for rate in rates]
for rate, count in zip(rates, dead, strict=True):
    print(f"learning rate {rate:3}: {count:2} of 64 units are dead after two epochs")

figure = Figure(figsize=(4.5, 3), layout="constrained")
axes = figure.subplots()
axes.plot(rates, dead, "o-")
axes.set(xlabel="learning rate", ylabel="dead units of 64")
figure.savefig("07_dead_units.png")
print("a picture: 07_dead_units.png")

# %% [markdown]
# ## A ReLU on the logits
#
# One article builds `Linear(3, 3)` + ReLU three times, and feeds the last ReLU into the cross-entropy: one example `[1, 2, 3]`, target class 1, Adam.
# If the three last units are all negative, the logits are `[0, 0, 0]`, the probabilities one third each, the loss $\ln 3$, and the
# gradient nothing. Try twenty seeds, and the mended net, without the last ReLU:


# %%
def losses_of_the_article(seed, last):
    sg.utils.set_random_seed(seed)
    net = sg.Sequential(
        [
            layers.Input((3,)),
            layers.Dense(3, activation="relu"),
            layers.Dense(3, activation="relu"),
            layers.Dense(3, activation=last),
        ]
    )
    loss_of, adam = sg.losses.SparseCategoricalCrossentropy(from_logits=True), sg.optimizers.Adam(0.01)
    data, path = np.array([[1.0, 2.0, 3.0]], "float32"), []
    for _ in range(50):
        with sg.GradientTape() as tape:
            loss = loss_of(np.array([1]), net(data))
        adam.apply(tape.gradient(loss, net.trainable_variables), net.trainable_variables)
        path.append(loss.item())
    return path


print("ln 3 =", round(math.log(3), 4))
for last in ("relu", None):
    paths = [losses_of_the_article(seed, last) for seed in range(20)]
    frozen = sum(path[0] == path[-1] for path in paths)
    learned = sum(path[-1] < 0.1 for path in paths)
    print(
        f"last activation {last}: {frozen} of 20 never moved, {learned} of 20 came below a loss of 0.1 in 50 steps"
    )
    stuck = next((path for path in paths if path[0] == path[-1]), None)
    if stuck:
        print("  one of the frozen ones:", [round(v, 4) for v in (stuck[0], stuck[24], stuck[49])])

# %% [markdown]
# Without the ReLU on the logits none has to freeze: the last biases always learn. But many are slow, those where all three units of a *hidden* layer are
# dead, so that nothing else can learn. Three units are few.
#
# What to do: no activation on logits; a smaller learning rate; wider layers; He's initialisation (`he_normal`), made for ReLU; or
# `LeakyReLU`, which keeps a small slope below zero.
#
# ## Exercise 1: how many are there really?
#
# A hidden layer of 64 units starts with all weights equal (and not zero), and is trained for a year. How many *different* functions do its units compute?

# %%
answer_1 = None  # a whole number


@exercise
def check_1(answer):
    if answer == 1:
        return ""
    if answer == 64:
        return (
            "Training does not break the tie: equal units get equal gradients, always. Look at dW1 above: its columns are the same. Only "
            "chance (random initial weights) makes them differ."
        )
    return "Look at the columns of dW1 above: can any two units ever become different?"


check_1(answer_1)

# %% [markdown]
# ## Exercise 2: find the dead
#
# Write `dead(z)`: from the values *before* the ReLU, an array `[examples, units]`, the number of units that get no gradient from any example.

# %%
answer_2 = None  # def dead(z): ...


@exercise
def check_2(answer):
    z = np.array([[-1.0, -2.0, 3.0, 0.0], [2.0, -0.5, 1.0, -1.0], [-3.0, -1.0, 2.0, -2.0]])
    t = sg.Tensor(z, requires_grad=True)
    ops.relu(t).sum().backward()
    expected = int((t.grad.numpy() == 0).all(axis=0).sum())
    got = answer(z)
    if got == expected:
        return ""
    if got == int((z <= 0).any(axis=0).sum()):
        return "Units 0 and 3 are asleep for *some* examples: that is what ReLUs do. Dead means asleep for *all* of them: all(axis=0), not any."
    if got == int((z < 0).all(axis=0).sum()):
        return (
            "The unit whose largest value is exactly 0 is dead too: the slope of the engine's relu at 0 is 0."
        )
    return f"For\n{z}\nthe tape finds {expected} units without any gradient, and you {got}."


check_2(answer_2)

# %% [markdown]
# ## Exercise 3: bring it back to life
#
# Below is a unit with weight -1, input 2 and target 1. Choose the activation (a function of a tensor, from `ops` or your own) with which ten steps of descent lower the
# loss. It must still be zero or negative below zero, and the identity above.

# %%
answer_3 = None  # ops....


@exercise
def check_3(answer):
    probe = np.asarray(answer(sg.Tensor([-1.0, 2.0])).numpy())
    if not (probe[0] <= 0 and np.isclose(probe[1], 2.0)):
        return f"At [-1, 2] it gives {probe}; wanted is something like relu: at most 0 below zero, and the identity above."
    w, path = sg.Variable(-1.0, name="w"), []
    for _ in range(10):
        w.grad = None
        loss = ops.square(answer(w * 2.0) - 1.0)
        loss.backward()
        path.append(loss.item())
        w.assign(w.numpy() - 0.1 * w.grad.numpy())
    if path[-1] < path[0]:
        return ""
    return f"The loss stays at {path[-1]:g}: the slope below zero is 0, so nothing comes back, in none of the ten steps. Take one with a slope there."


check_3(answer_3)

# %% [markdown]
# ---
# ## Solutions (folded: try first)

# %% tags=["solution"] jupyter={"source_hidden": true}
show(check_1, wrong=64, right=1)
show(
    check_2, wrong=lambda z: int((z <= 0).any(axis=0).sum()), right=lambda z: int((z <= 0).all(axis=0).sum())
)
show(check_3, wrong=ops.relu, right=ops.leaky_relu)
