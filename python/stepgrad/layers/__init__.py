"""Keras 3's layers."""

from stepgrad.layers.average_pooling1d import AveragePooling1D
from stepgrad.layers.average_pooling2d import AveragePooling2D
from stepgrad.layers.conv1d import Conv1D
from stepgrad.layers.conv2d import Conv2D
from stepgrad.layers.dense import Dense
from stepgrad.layers.dropout import Dropout
from stepgrad.layers.flatten import Flatten
from stepgrad.layers.input_layer import Input, InputLayer
from stepgrad.layers.input_spec import InputSpec
from stepgrad.layers.layer import LAYERS, Layer
from stepgrad.layers.max_pooling1d import MaxPooling1D
from stepgrad.layers.max_pooling2d import MaxPooling2D
