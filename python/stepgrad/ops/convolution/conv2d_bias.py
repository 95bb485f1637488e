"""conv2d_bias: a convolution, its bias and ReLU in one pass over memory; the same numbers as the three ops one by one."""

from __future__ import annotations

from stepgrad import kernels
from stepgrad.errors import ShapeError
from stepgrad.ops.activation.bias_activation import bias_activation_gradients
from stepgrad.ops.activation.relu import _relu
from stepgrad.ops.convolution.conv2d import _conv2d, convolution_gradients
from stepgrad.ops.convolution.windows import resolve_padding
from stepgrad.ops.op import Op, contiguous
from stepgrad.tape.state import state


class Conv2dBias(Op):
    formula = r"y_{nhwo} = \phi\Big(b_o + \sum_{i,j,c} x_{n,\,hs+id-p,\,ws+jd-p,\,c}\; w_{ijco}\Big),\quad \phi = \mathrm{relu\ or\ identity}"
    gradient_formula = (
        r"\bar z = \bar y \odot \phi'(z),\quad \bar b_o = \sum_{n,h,w} \bar z_{nhwo},"
        r"\quad \bar x, \bar w\ \text{from}\ \bar z\ \text{as in conv2d}"
    )
    saves_inputs, saves_output = (0, 1), True

    def shape(self, x, w, b, relu=False, **geometry):
        y = _conv2d.shape(x, w, **geometry)
        if tuple(b) != (y[3],):
            raise ShapeError("each filter has one bias", expected=str((y[3],)), got=str(tuple(b)))
        return y

    def reference(self, x, w, b, relu=False, **geometry):
        self.shape(x.shape, w.shape, b.shape, **geometry)
        z = _conv2d.reference(x, w, **geometry) + b
        return _relu.reference(z) if relu else z

    def launch(self, native, x, w, b, relu=False, strides=(1, 1), padding="valid", dilation=(1, 1), groups=1):
        y = kernels.empty(self.shape(x.shape, w.shape, b.shape, False, strides=strides, padding=padding,
                                dilation=dilation, groups=groups), x.dtype)  # fmt: skip
        (top, _), (left, _) = resolve_padding(padding, x.shape[1:3], w.shape[:2], strides, dilation)
        x, w, b = contiguous(x), contiguous(w), contiguous(b)
        native(x, w, b, y, relu, *strides, top, left, *dilation, groups)
        return y

    def gradient(self, step, gy):
        attrs = dict(step.attrs)
        activation = "relu" if attrs.pop("relu", False) else "linear"
        gz, gb = bias_activation_gradients(step.output, gy, activation, wants_b=step.needs(2))
        return *convolution_gradients(step, gz, attrs), gb


_conv2d_bias = Conv2dBias()


def fuses() -> bool:
    """Tell whether one op may stand for three: nobody watches, no other rung of conv2d was asked for, no factor is rounded."""
    return not state.hooks and not state.bfloat16 and kernels.is_top("conv2d")
