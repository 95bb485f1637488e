"""Settings for every test: Keras, where it is compared with, runs on PyTorch."""

import os

os.environ["KERAS_BACKEND"] = "torch"
