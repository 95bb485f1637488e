# %% [markdown]
# # 04. A dense net on real images
#
# **Goal.** You can train a small network on photographs, say before it starts what loss it must begin with and how many weights it has,
# write the training loop yourself, and tell learning from learning by heart.
#
# You need: tutorials 01 to 03.

# %%
import math

import numpy as np
from exercises import exercise, show
from matplotlib.figure import Figure

import stepgrad as sg
from stepgrad import layers
from stepgrad.datasets import fashion_mnist

sg.utils.set_random_seed(1)
(x_train, y_train), (x_test, y_test) = fashion_mnist.load_data(subset="slice")
x_train, y_train, x_test, y_test = x_train[:3000], y_train[:3000], x_test[:500], y_test[:500]
print("to learn from:", x_train.shape, x_train.dtype, "  to be tested on:", x_test.shape)
print(
    "grey values from",
    x_train.min(),
    "to",
    x_train.max(),
    "  labels from",
    y_train.min(),
    "to",
    y_train.max(),
)

# %% [markdown]
# Ten kinds of clothes in 28 x 28 grey pixels (Fashion-MNIST). Look at your data before you train on it, always.

# %%
figure = Figure(figsize=(8, 3.6), layout="constrained")
for label, axes in enumerate(figure.subplots(2, 5).flat):
    axes.imshow(x_train[np.flatnonzero(y_train == label)[0]], cmap="gray_r")
    axes.set_title(fashion_mnist.CLASS_NAMES[label], fontsize=9)
    axes.set_axis_off()
figure.savefig("04_clothes.png")
print("a picture: 04_clothes.png")

# %% [markdown]
# ## The network
#
# A dense layer wants rows of numbers, so each picture is laid flat: 784 numbers. Then the network of tutorial 03, only larger. The ten
# outputs are *logits*: any numbers, the largest wins. The loss turns them into probabilities $p$ itself (softmax), and is
# $-\log p$ of the right class: 0 for a sure and right answer, large for a sure and wrong one.

# %%


def build(units=64):
    return sg.Sequential(
        [
            layers.Input((28, 28)),
            layers.Rescaling(1 / 255),  # grey values between 0 and 1
            layers.Flatten(),
            layers.Dense(units, activation="relu"),
            layers.Dense(10),
        ]
    )


model = build()
model.summary()
crossentropy = sg.losses.SparseCategoricalCrossentropy(from_logits=True)

# %% [markdown]
# ## Know the first loss before you see it
#
# A fresh network knows nothing. If it gave each of the ten classes the same probability, the loss would be $-\log \frac{1}{10}$. A first
# loss far from that is a bug in the data, the loss or the initial weights, and you found it before waiting for an hour.

# %%
print(f"a network that knows nothing: {math.log(10):.3f}")
print(f"our fresh network:            {crossentropy(y_test, model(x_test)).item():.3f}")
print(
    f"without Rescaling:            {crossentropy(y_test, sg.Sequential(model.layers[1:])(x_test.astype('float32'))).item():.3f}"
)

# %% [markdown]
# ## The training loop, by hand
#
# Four lines do all the work: predict, measure, differentiate, step. A *batch* of 32 pictures gives a gradient that is noisy and cheap.
# When each picture was used once, an *epoch* is over.

# %%
optimizer = sg.optimizers.SGD(0.1)
batch = 32


def accuracy(x, y):
    return float(np.mean(model.predict(x, verbose=0).argmax(axis=1) == y))


for epoch in range(3):
    order = np.random.permutation(len(x_train))
    total = 0.0
    for start in range(0, len(order), batch):
        chosen = order[start : start + batch]
        with sg.GradientTape() as tape:
            loss = crossentropy(y_train[chosen], model(x_train[chosen], training=True))
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply(gradients, model.trainable_variables)
        total += loss.item() * len(chosen)
    print(
        f"epoch {epoch + 1}: loss {total / len(order):.3f}, accuracy on unseen pictures {accuracy(x_test, y_test):.1%}"
    )

# %% [markdown]
# `compile` and `fit` are this loop, with the words of Keras. From here on we use them. First the same net again, for longer, and with few
# pictures: what happens?

# %%
sg.utils.set_random_seed(1)
model = build(128)
model.compile("adam", crossentropy, metrics=["accuracy"])
history = model.fit(
    x_train[:500], y_train[:500], epochs=40, validation_data=(x_test, y_test), verbose=0
).history
for epoch in (0, 9, 19, 29, 39):
    print(
        f"epoch {epoch + 1:2}: loss {history['loss'][epoch]:.3f} on what it learns from, {history['val_loss'][epoch]:.3f} on unseen pictures;"
        f" accuracy {history['accuracy'][epoch]:.1%} and {history['val_accuracy'][epoch]:.1%}"
    )
best = int(np.argmin(history["val_loss"]))
print(f"the loss on unseen pictures was smallest after epoch {best + 1}")

figure = Figure(figsize=(6, 3.2), layout="constrained")
axes = figure.subplots()
axes.plot(history["loss"], label="pictures it learns from")
axes.plot(history["val_loss"], label="unseen pictures")
axes.axvline(best, color="gray", linestyle=":")
axes.set(xlabel="epoch", ylabel="loss", title="Learning, and then learning by heart")
axes.legend()
figure.savefig("04_overfitting.png")
print("a picture: 04_overfitting.png")

# %% [markdown]
# The training loss goes on falling, the other stops and turns. From there on the network learns its 500 pictures by heart
# (**over-fitting**). The cure that always works is more data; others are to stop there (`EarlyStopping`), `Dropout`, a smaller net.
#
# ## What does it mix up?
#
# One figure hides a lot. Which pairs are confused most often?

# %%
guess = model.predict(x_test, verbose=0).argmax(axis=1)
confusion = np.zeros((10, 10), int)
np.add.at(confusion, (y_test, guess), 1)
np.fill_diagonal(confusion, 0)
for place in np.argsort(confusion, axis=None)[::-1][:4]:
    true, taken = np.unravel_index(place, confusion.shape)
    print(
        f"{confusion[true, taken]:3} times {fashion_mnist.CLASS_NAMES[true]} was taken for {fashion_mnist.CLASS_NAMES[taken]}"
    )

# %% [markdown]
# ## Exercise 1: count the weights
#
# How many numbers does a net with 784 inputs, one hidden layer of **100** units and 10 outputs learn? Write the number.

# %%
answer_1 = None  # a whole number


@exercise
def check_1(answer):
    expected = build(100).count_params()
    if answer == expected:
        return ""
    if answer == 784 * 100 + 100 * 10:
        return "Those are the kernels. Every unit has a bias as well: one more for each hidden unit, and one for each output."
    return "A dense layer from n to m has n * m weights and m biases. Flatten and Rescaling learn nothing."


check_1(answer_1)

# %% [markdown]
# ## Exercise 2: the loss of a coin
#
# A fresh network tells *two* classes apart, with the cross-entropy as its loss. What should the first loss be, about?

# %%
answer_2 = None  # a number


@exercise
def check_2(answer):
    if math.isclose(answer, math.log(2), abs_tol=0.005):
        return ""
    if math.isclose(answer, 0.5):
        return "0.5 is the probability that it gives to the right class (and its accuracy). The loss is -log of it."
    if math.isclose(answer, 1.0, abs_tol=0.005):
        return "That is -log2(1/2): one bit. Deep learning takes the natural logarithm."
    return "It gives each class the probability 1/2, whatever the picture. The loss is -log of the right one's probability."


check_2(answer_2)

# %% [markdown]
# ## Exercise 3: a loop with a leak
#
# Write `descend(w, loss_of, steps)`: `w` is a `Variable`, `loss_of(w)` gives a tensor with one entry. Repeat `steps` times: `backward()`, then
# move `w` against `w.grad` with learning rate 0.1 (`w.assign(...)`, and `.numpy()` of both). Use the tape's `backward()`, not `GradientTape`.

# %%
answer_3 = None  # def descend(w, loss_of, steps): ...


@exercise
def check_3(answer):
    w = sg.Variable([1.0])
    answer(w, lambda w: 0.5 * (w * w).sum(), 3)
    got, expected = w.numpy()[0], 0.9**3
    if math.isclose(got, expected, rel_tol=1e-5):
        return ""
    leaky, memory = 1.0, 0.0
    for _ in range(3):
        memory += leaky
        leaky -= 0.1 * memory
    if math.isclose(got, leaky, rel_tol=1e-5):
        return (
            f"After three steps w is {got:.4f}, and should be {expected:.4f}. backward() *adds* to w.grad, so the second step used the "
            "first gradient again. Set w.grad = None before each backward(). (Nobody notices in a loss curve: it looks like momentum.)"
        )
    return f"On w^2/2 from 1 each step takes a tenth away: three of them give {expected:.4f}, yours give {got:.4f}."


check_3(answer_3)

# %% [markdown]
# ---
# ## Solutions (folded: try first)

# %% tags=["solution"] jupyter={"source_hidden": true}
show(check_1, wrong=784 * 100 + 100 * 10, right=784 * 100 + 100 + 100 * 10 + 10)
show(check_2, wrong=0.5, right=0.6931)


def leaky(w, loss_of, steps):
    for _ in range(steps):
        loss_of(w).backward()
        w.assign(w.numpy() - 0.1 * w.grad.numpy())


def descend(w, loss_of, steps):
    for _ in range(steps):
        w.grad = None
        loss_of(w).backward()
        w.assign(w.numpy() - 0.1 * w.grad.numpy())


show(check_3, wrong=leaky, right=descend)
