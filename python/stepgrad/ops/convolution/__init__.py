"""Convolutions."""

from stepgrad.ops.convolution.conv import conv, depthwise_conv, separable_conv
from stepgrad.ops.convolution.conv_transpose import conv_transpose

__all__ = ["conv", "conv_transpose", "depthwise_conv", "separable_conv"]
