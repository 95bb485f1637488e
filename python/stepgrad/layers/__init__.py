"""Keras 3's layers."""

from typing import Any

from stepgrad.layers.activation import Activation
from stepgrad.layers.activity_regularization import ActivityRegularization
from stepgrad.layers.adaptive_pooling import (
    AdaptiveAveragePooling1D,
    AdaptiveAveragePooling2D,
    AdaptiveAveragePooling3D,
    AdaptiveMaxPooling1D,
    AdaptiveMaxPooling2D,
    AdaptiveMaxPooling3D,
)
from stepgrad.layers.attention import AdditiveAttention, Attention
from stepgrad.layers.augmentation import (
    CenterCrop,
    RandomCrop,
    RandomFlip,
    RandomRotation,
    RandomShear,
    RandomTranslation,
    RandomZoom,
    Resizing,
)
from stepgrad.layers.augmentation_color import (
    AutoContrast,
    Equalization,
    RandomBrightness,
    RandomColorDegeneration,
    RandomContrast,
    RandomErasing,
    RandomGaussianBlur,
    RandomGrayscale,
    RandomHue,
    RandomInvert,
    RandomPosterization,
    RandomSaturation,
    RandomSharpness,
    Solarization,
)
from stepgrad.layers.augmentation_mixed import MixUp, Pipeline, RandomColorJitter
from stepgrad.layers.average_pooling1d import AveragePooling1D
from stepgrad.layers.average_pooling2d import AveragePooling2D
from stepgrad.layers.batch_normalization import BatchNormalization
from stepgrad.layers.bidirectional import Bidirectional
from stepgrad.layers.categorical import CategoryEncoding, Discretization, HashedCrossing, Hashing
from stepgrad.layers.conv1d import Conv1D
from stepgrad.layers.conv2d import Conv2D
from stepgrad.layers.conv2d_transpose import Conv1DTranspose, Conv2DTranspose
from stepgrad.layers.conv3d import Conv3D, Conv3DTranspose
from stepgrad.layers.cropping import Cropping1D, Cropping2D, Cropping3D
from stepgrad.layers.dense import Dense
from stepgrad.layers.depthwise_conv2d import DepthwiseConv1D, DepthwiseConv2D
from stepgrad.layers.dropout import Dropout
from stepgrad.layers.einsum_dense import EinsumDense
from stepgrad.layers.elu import ELU
from stepgrad.layers.embedding import Embedding
from stepgrad.layers.flatten import Flatten
from stepgrad.layers.global_average_pooling1d import GlobalAveragePooling1D
from stepgrad.layers.global_average_pooling2d import GlobalAveragePooling2D
from stepgrad.layers.global_max_pooling1d import GlobalMaxPooling1D
from stepgrad.layers.global_max_pooling2d import GlobalMaxPooling2D
from stepgrad.layers.group_normalization import GroupNormalization
from stepgrad.layers.gru import GRU, GRUCell
from stepgrad.layers.identity import Identity
from stepgrad.layers.input_layer import Input, InputLayer
from stepgrad.layers.input_spec import InputSpec
from stepgrad.layers.lambda_layer import Lambda
from stepgrad.layers.layer import LAYERS, Layer
from stepgrad.layers.layer_normalization import LayerNormalization
from stepgrad.layers.leaky_relu import LeakyReLU
from stepgrad.layers.lookup import IntegerLookup, StringLookup, TextVectorization
from stepgrad.layers.lstm import LSTM, LSTMCell
from stepgrad.layers.masking import Masking
from stepgrad.layers.max_pooling1d import MaxPooling1D
from stepgrad.layers.max_pooling2d import MaxPooling2D
from stepgrad.layers.merging import (
    Add,
    Average,
    Concatenate,
    Dot,
    Maximum,
    Minimum,
    Multiply,
    Subtract,
    add,
    average,
    concatenate,
    dot,
    maximum,
    minimum,
    multiply,
    subtract,
)
from stepgrad.layers.multi_head_attention import GroupQueryAttention, MultiHeadAttention
from stepgrad.layers.noise import AlphaDropout, GaussianDropout, GaussianNoise
from stepgrad.layers.normalization import Normalization
from stepgrad.layers.permute import Permute
from stepgrad.layers.pooling3d import (
    AveragePooling3D,
    GlobalAveragePooling3D,
    GlobalMaxPooling3D,
    MaxPooling3D,
)
from stepgrad.layers.prelu import PReLU
from stepgrad.layers.relu import ReLU
from stepgrad.layers.repeat_vector import RepeatVector
from stepgrad.layers.rescaling import Rescaling
from stepgrad.layers.reshape import Reshape
from stepgrad.layers.reversible_embedding import ReversibleEmbedding
from stepgrad.layers.rms_normalization import RMSNormalization
from stepgrad.layers.rnn import RNN
from stepgrad.layers.separable_conv2d import SeparableConv1D, SeparableConv2D
from stepgrad.layers.simple_rnn import SimpleRNN, SimpleRNNCell
from stepgrad.layers.softmax import Softmax
from stepgrad.layers.spatial_dropout import SpatialDropout1D, SpatialDropout2D, SpatialDropout3D
from stepgrad.layers.spectral_normalization import SpectralNormalization
from stepgrad.layers.stacked_rnn_cells import StackedRNNCells
from stepgrad.layers.time_distributed import TimeDistributed
from stepgrad.layers.unit_normalization import UnitNormalization
from stepgrad.layers.up_sampling import UpSampling1D, UpSampling2D, UpSampling3D
from stepgrad.layers.wrapper import Wrapper
from stepgrad.layers.zero_padding import ZeroPadding1D, ZeroPadding2D, ZeroPadding3D

# Keras's second names
MaxPool1D = MaxPooling1D
MaxPool2D = MaxPooling2D
AvgPool1D = AveragePooling1D
AvgPool2D = AveragePooling2D
GlobalMaxPool1D = GlobalMaxPooling1D
GlobalMaxPool2D = GlobalMaxPooling2D
GlobalAvgPool1D = GlobalAveragePooling1D
GlobalAvgPool2D = GlobalAveragePooling2D
MaxPool3D = MaxPooling3D
AvgPool3D = AveragePooling3D
GlobalMaxPool3D = GlobalMaxPooling3D
GlobalAvgPool3D = GlobalAveragePooling3D
Convolution3D = Conv3D
Convolution3DTranspose = Conv3DTranspose
Convolution1D = Conv1D
Convolution2D = Conv2D
Convolution1DTranspose = Conv1DTranspose
Convolution2DTranspose = Conv2DTranspose
SeparableConvolution1D = SeparableConv1D
SeparableConvolution2D = SeparableConv2D

deserialize = LAYERS.deserialize


def serialize(layer: Any) -> Any:
    """Return the saved form of a layer: plain values that JSON can hold.

    Examples
    --------
    >>> serialize(Identity(name="a"))["class_name"]
    'Identity'
    """
    return LAYERS.serialize(layer)


__all__ = [
    "Activation", "ActivityRegularization", "AdaptiveAveragePooling1D", "AdaptiveAveragePooling2D",
    "AdaptiveAveragePooling3D", "AdaptiveMaxPooling1D", "AdaptiveMaxPooling2D", "AdaptiveMaxPooling3D",
    "Add", "AdditiveAttention", "AlphaDropout", "Attention", "AutoContrast", "Average",
    "AveragePooling1D", "AveragePooling2D", "AveragePooling3D", "AvgPool1D", "AvgPool2D", "AvgPool3D",
    "BatchNormalization", "Bidirectional", "CategoryEncoding", "CenterCrop", "Concatenate", "Conv1D",
    "Conv1DTranspose", "Conv2D", "Conv2DTranspose", "Conv3D", "Conv3DTranspose", "Convolution1D",
    "Convolution1DTranspose", "Convolution2D", "Convolution2DTranspose", "Convolution3D",
    "Convolution3DTranspose", "Cropping1D", "Cropping2D", "Cropping3D", "Dense", "DepthwiseConv1D",
    "DepthwiseConv2D", "Discretization", "Dot", "Dropout", "ELU", "EinsumDense", "Embedding",
    "Equalization", "Flatten", "GRU", "GRUCell", "GaussianDropout", "GaussianNoise",
    "GlobalAveragePooling1D", "GlobalAveragePooling2D", "GlobalAveragePooling3D", "GlobalAvgPool1D",
    "GlobalAvgPool2D", "GlobalAvgPool3D", "GlobalMaxPool1D", "GlobalMaxPool2D", "GlobalMaxPool3D",
    "GlobalMaxPooling1D", "GlobalMaxPooling2D", "GlobalMaxPooling3D", "GroupNormalization",
    "GroupQueryAttention", "HashedCrossing", "Hashing", "Identity", "Input", "InputLayer", "InputSpec",
    "IntegerLookup", "LSTM", "LSTMCell", "Lambda", "Layer", "LayerNormalization", "LeakyReLU", "Masking",
    "MaxPool1D", "MaxPool2D", "MaxPool3D", "MaxPooling1D", "MaxPooling2D", "MaxPooling3D", "Maximum",
    "Minimum", "MixUp", "MultiHeadAttention", "Multiply", "Normalization", "PReLU", "Permute", "Pipeline",
    "RMSNormalization", "RNN", "RandomBrightness", "RandomColorDegeneration", "RandomColorJitter",
    "RandomContrast", "RandomCrop", "RandomErasing", "RandomFlip", "RandomGaussianBlur",
    "RandomGrayscale", "RandomHue", "RandomInvert", "RandomPosterization", "RandomRotation",
    "RandomSaturation", "RandomSharpness", "RandomShear", "RandomTranslation", "RandomZoom", "ReLU",
    "RepeatVector", "Rescaling", "Reshape", "Resizing", "ReversibleEmbedding", "SeparableConv1D",
    "SeparableConv2D", "SeparableConvolution1D", "SeparableConvolution2D", "SimpleRNN", "SimpleRNNCell",
    "Softmax", "Solarization", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D",
    "SpectralNormalization", "StackedRNNCells", "StringLookup", "Subtract", "TextVectorization",
    "TimeDistributed", "UnitNormalization", "UpSampling1D", "UpSampling2D", "UpSampling3D", "Wrapper",
    "ZeroPadding1D", "ZeroPadding2D", "ZeroPadding3D", "add", "average", "concatenate", "deserialize",
    "dot", "maximum", "minimum", "multiply", "serialize", "subtract",
]  # fmt: skip
