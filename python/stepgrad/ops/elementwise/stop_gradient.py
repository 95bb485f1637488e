"""stop_gradient: the same values, but no way back."""

from __future__ import annotations

from stepgrad.ops.op import Op


class StopGradient(Op):
    formula = r"y = x"
    gradient_formula = r"\bar x = 0: \text{the path is cut}"
    promote = None
    view = True
    differentiable = False

    def reference(self, x):
        return x


_stop_gradient = StopGradient()


def stop_gradient(variable):
    """Return the same values as a constant: no gradient flows through.

    Examples
    --------
    >>> import stepgrad as sg
    >>> x = sg.Tensor(3.0, requires_grad=True)
    >>> (x * stop_gradient(x)).backward()
    >>> x.grad.item()
    3.0
    """
    return _stop_gradient(variable)
