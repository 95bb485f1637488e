"""`stepgrad demo`: train a small convolutional network on real images and show one image going forward and back."""

from __future__ import annotations

from pathlib import Path

import stepgrad as sg
from stepgrad import kernels, layers, utils
from stepgrad.datasets import fashion_mnist
from stepgrad.walk import walk


def build_model() -> sg.Sequential:
    """Return the network of the demo: two convolutions, each with pooling, and two dense layers.

    Examples
    --------
    >>> build_model().output_shape
    (None, 10)
    """
    return sg.Sequential(
        [
            layers.Input((28, 28, 1)),
            layers.Rescaling(1 / 255),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dropout(0.3),
            layers.Dense(64, activation="relu"),
            layers.Dense(10),
        ],
        name="demo",
    )


def run(
    epochs: int = 10,
    out: str | Path = "stepgrad-demo",
    data: str | Path | None = None,
    verbose: int | str = "auto",
) -> float:
    """Train, test, draw the curve, write the step-through page and the model.

    Parameters
    ----------
    epochs : int
    out : path
        Folder for curve.png, page.html and model.stepgrad.
    data : path, optional
        Folder with the whole of Fashion-MNIST; the slice in the package otherwise.

    Returns
    -------
    float
        Accuracy on the test images.
    """
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    utils.set_random_seed(1)
    loaded = fashion_mnist.load_data(path=data, subset="slice" if data is None else None)
    (x_train, y_train), (x_test, y_test) = loaded
    x_train, x_test = x_train[..., None].astype("float32"), x_test[..., None].astype("float32")
    print(
        f"data: Fashion-MNIST, {len(x_train)} images to learn from, {len(x_test)} unseen ones to be tested on"
    )
    print(
        "kernels: "
        + ("C++" if kernels.compiled() else "NumPy (no C++ compiler was found when stepgrad was installed)")
    )

    model = build_model()
    model.summary()
    model.compile("adam", sg.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    history = model.fit(x_train, y_train, epochs=epochs, validation_data=(x_test, y_test), verbose=verbose)
    accuracy = history.history["val_accuracy"][-1]

    curve = out / "curve.png"
    utils.plot_history(history, str(curve))
    steps = walk(model, x_test[:1], y_test[:1])
    page = steps.save(out / "page.html")
    model.save(out / "model.stepgrad")
    print(f"test accuracy: {accuracy:.1%}")
    print(f"training curve: {curve}")
    print(f"one image ({fashion_mnist.CLASS_NAMES[y_test[0]]}) forward and back, {len(steps)} steps: {page}")
    print(f"the trained model: {out / 'model.stepgrad'}")
    return accuracy
