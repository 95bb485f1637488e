"""S3-cnn: a folder of image files, two convolutions, and 401,408 features that are 6,422,528."""

import shutil
from pathlib import Path

import numpy as np

from stepgrad.datasets import fashion_mnist_m
from stepgrad.datasets._files import data_folder
from stepgrad.programs.program import Data, Mistake, Program, Row
from stepgrad.programs.report import percent
from stepgrad.utils import array_to_img, image_dataset_from_directory

MEAN, STD = np.array([0.485, 0.456, 0.406], "float32"), np.array([0.229, 0.224, 0.225], "float32")
SIZE, SMALL = 224, 64  # the article's pixels; and what a laptop trains in minutes


def image_folder(train: int, test: int, subset: str | None) -> Path:
    """Write Fashion-MNIST-M as files, ``train/bag/17.png``, unless an earlier run did; return the folder."""
    root = data_folder() / f"image-folder-{train}-{test}"
    if root.is_dir():
        return root
    partial = root.with_name(root.name + ".partial")  # a run that is broken off leaves no half of a folder
    shutil.rmtree(partial, ignore_errors=True)
    names = [name.lower().replace("/", "-").replace(" ", "-") for name in fashion_mnist_m.CLASS_NAMES]
    for part, count, (x, y) in zip(
        ("train", "test"), (train, test), fashion_mnist_m.load_data(subset=subset), strict=True
    ):
        for name in names:
            (partial / part / name).mkdir(parents=True)
        for i, (image, label) in enumerate(zip(x[:count], y[:count, 0], strict=True)):
            array_to_img(image, "channels_last", scale=False).save(partial / part / names[label] / f"{i}.png")
    return partial.rename(root)


def load(full, limit):
    """Resize, ToTensor, Normalize, ImageFolder, DataLoader: the files are read when their batch is due."""
    train, test = (60_000, 10_000) if full else (limit or 1000, max(1, (limit or 1000) // 5))
    root, size = image_folder(train, test, None if full else "slice"), SIZE if full else SMALL

    def images(part):
        data = image_dataset_from_directory(
            root / part,
            image_size=(size, size),
            batch_size=32,
            shuffle=part == "train",
            seed=1,
            verbose=False,
        )
        return data.map(lambda x, y: ((x / 255 - MEAN) / STD, y.astype("int64")))

    return Data(
        images("train"),
        images("test"),
        f"{train} + {test} image files in {root.name}, read at {size} x {size}",
        {"size": size},
    )


def build(keras, facts):
    size = facts["size"]
    model = keras.Sequential(
        [
            keras.Input(shape=(size, size, 3)),
            keras.layers.Conv2D(64, 3, padding="same", activation="relu"),
            keras.layers.MaxPooling2D(2),  # not in the article
            keras.layers.Conv2D(128, 3, padding="same", activation="relu"),
            keras.layers.MaxPooling2D(2),  # not in the article
            keras.layers.Flatten(),
            keras.layers.Dense(1024, activation="relu"),
            keras.layers.Dense(10),
        ]
    )
    model.compile(
        optimizer=keras.optimizers.Adam(0.001),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    return model


def build_torch(facts):
    import torch
    from torch import nn

    class Images(nn.Module):
        def forward(self, x):
            return x.permute(0, 3, 1, 2).contiguous()  # our batches are channels-last

    class Flatten(nn.Module):
        def forward(self, x):
            return x.permute(0, 2, 3, 1).flatten(
                1
            )  # in our order of features, so that the weights can be copied

    module = nn.Sequential(
        Images(),
        nn.Conv2d(3, 64, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(64, 128, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        Flatten(),
        nn.Linear(128 * (facts["size"] // 4) ** 2, 1024), nn.ReLU(),
        nn.Linear(1024, 10),
    )  # fmt: skip
    return (
        module,
        nn.CrossEntropyLoss(),
        torch.optim.Adam(module.parameters(), lr=0.001, eps=1e-7),
    )  # Keras's epsilon


def rows(data, result):
    size = data.facts["size"]
    features = 128 * (size // 4) ** 2
    return [
        Row("features before the dense layers", "401,408", "6,422,528 as printed; 401,408 with two poolings", f"{features:,} at {size} x {size}"),
        Row("test accuracy", "no figure", "", percent(result.test["accuracy"])),
    ]  # fmt: skip


def without_pooling(keras):
    """Two convolutions on one image of 224 x 224, then a dense layer for 128 x 56 x 56 features."""
    layers = keras.layers
    x = np.zeros((1, SIZE, SIZE, 3), "float32")
    for filters in (64, 128):
        x = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
    dense = layers.Dense(
        8, activation="relu"
    )  # 8 of the 1024 units: all of them would take 1.6 GB and fail alike
    dense.build((None, 128 * 56 * 56))  # PyTorch's Linear wants to be told; Keras's Dense looks for itself
    return dense(layers.Flatten()(x))


def without_pooling_torch():
    import torch
    from torch import nn

    linear = nn.utils.skip_init(nn.Linear, 128 * 56 * 56, 1024)
    features = nn.Sequential(
        nn.Conv2d(3, 64, 3, padding=1), nn.ReLU(), nn.Conv2d(64, 128, 3, padding=1), nn.ReLU(), nn.Flatten()
    )
    with torch.no_grad():
        return linear(features(torch.zeros(1, 3, SIZE, SIZE)))


MISTAKES = (
    Mistake(
        what="two 2 x 2 poolings are missing between 224 x 224 and 56 x 56",
        listing="nn.Conv2d(3, 64, kernel_size=3, padding=1), nn.ReLU(),\n"
        "nn.Conv2d(64, 128, kernel_size=3, padding=1), nn.ReLU(),\n"
        "nn.Linear(128 * 56 * 56, 1024)",
        attempt=without_pooling,
        library="PyTorch 2.13",
        quoted="mat1 and mat2 shapes cannot be multiplied (1x6422528 and 401408x1024)",
        theirs=without_pooling_torch,
    ),
)

PROGRAM = Program(
    name="S3-cnn",
    title="a folder of image files, two convolutions, two dense layers",
    article="S3, section 5.2",
    epochs=10,
    batch_size=32,
    load=load,
    build=build,
    build_torch=build_torch,
    rows=rows,
    mistakes=MISTAKES,
)
