"""Arithmetic, comparisons and functions of one number, entry by entry."""

from stepgrad.ops.elementwise.abs import abs, absolute
from stepgrad.ops.elementwise.add import add
from stepgrad.ops.elementwise.arccos import arccos
from stepgrad.ops.elementwise.arccosh import arccosh
from stepgrad.ops.elementwise.arcsin import arcsin
from stepgrad.ops.elementwise.arcsinh import arcsinh
from stepgrad.ops.elementwise.arctan import arctan
from stepgrad.ops.elementwise.arctan2 import arctan2
from stepgrad.ops.elementwise.arctanh import arctanh
from stepgrad.ops.elementwise.cbrt import cbrt
from stepgrad.ops.elementwise.ceil import ceil
from stepgrad.ops.elementwise.clip import clip
from stepgrad.ops.elementwise.copy import copy
from stepgrad.ops.elementwise.cos import cos
from stepgrad.ops.elementwise.cosh import cosh
from stepgrad.ops.elementwise.divide import divide, true_divide
from stepgrad.ops.elementwise.equal import equal
from stepgrad.ops.elementwise.erf import erf
from stepgrad.ops.elementwise.erfinv import erfinv
from stepgrad.ops.elementwise.exp import exp
from stepgrad.ops.elementwise.expm1 import expm1
from stepgrad.ops.elementwise.floor import floor
from stepgrad.ops.elementwise.floor_divide import floor_divide
from stepgrad.ops.elementwise.greater import greater
from stepgrad.ops.elementwise.greater_equal import greater_equal
from stepgrad.ops.elementwise.heaviside import heaviside
from stepgrad.ops.elementwise.hypot import hypot
from stepgrad.ops.elementwise.i0 import i0
from stepgrad.ops.elementwise.isfinite import isfinite
from stepgrad.ops.elementwise.isinf import isinf
from stepgrad.ops.elementwise.isnan import isnan
from stepgrad.ops.elementwise.less import less
from stepgrad.ops.elementwise.less_equal import less_equal
from stepgrad.ops.elementwise.log import log
from stepgrad.ops.elementwise.log1p import log1p
from stepgrad.ops.elementwise.log2 import log2
from stepgrad.ops.elementwise.log10 import log10
from stepgrad.ops.elementwise.logaddexp import logaddexp
from stepgrad.ops.elementwise.logical_and import logical_and
from stepgrad.ops.elementwise.logical_not import logical_not
from stepgrad.ops.elementwise.logical_or import logical_or
from stepgrad.ops.elementwise.logical_xor import logical_xor
from stepgrad.ops.elementwise.maximum import maximum
from stepgrad.ops.elementwise.minimum import minimum
from stepgrad.ops.elementwise.mod import mod
from stepgrad.ops.elementwise.multiply import multiply
from stepgrad.ops.elementwise.nan_to_num import nan_to_num
from stepgrad.ops.elementwise.negative import negative
from stepgrad.ops.elementwise.nextafter import nextafter
from stepgrad.ops.elementwise.not_equal import not_equal
from stepgrad.ops.elementwise.power import power
from stepgrad.ops.elementwise.reciprocal import reciprocal
from stepgrad.ops.elementwise.round import round
from stepgrad.ops.elementwise.rsqrt import rsqrt
from stepgrad.ops.elementwise.sign import sign
from stepgrad.ops.elementwise.signbit import signbit
from stepgrad.ops.elementwise.sin import sin
from stepgrad.ops.elementwise.sinh import sinh
from stepgrad.ops.elementwise.sqrt import sqrt
from stepgrad.ops.elementwise.square import square
from stepgrad.ops.elementwise.stop_gradient import stop_gradient
from stepgrad.ops.elementwise.subtract import subtract
from stepgrad.ops.elementwise.tan import tan
from stepgrad.ops.elementwise.tanh import tanh
from stepgrad.ops.elementwise.trunc import trunc
from stepgrad.ops.elementwise.where import where

__all__ = [
    "cbrt", "erfinv", "i0", "hypot", "logaddexp", "heaviside", "nextafter", "signbit", "abs", "absolute", "add", "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctan2", "arctanh",
    "ceil", "clip", "copy", "cos", "cosh", "divide", "equal", "erf", "exp", "expm1", "floor",
    "floor_divide", "greater", "greater_equal", "isfinite", "isinf", "isnan", "less", "less_equal", "log",
    "log10", "log1p", "log2", "logical_and", "logical_not", "logical_or", "logical_xor", "maximum",
    "minimum", "mod", "multiply", "nan_to_num", "negative", "not_equal", "power", "reciprocal", "round",
    "rsqrt", "sign", "sin", "sinh", "sqrt", "square", "stop_gradient", "subtract", "tan", "tanh",
    "true_divide", "trunc", "where",
]  # fmt: skip
