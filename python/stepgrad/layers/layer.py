"""Layer: weights, and a function that uses them. Keras 3's contract."""

from __future__ import annotations

from typing import Any

import numpy as np

from stepgrad import constraints, dtype_policies, initializers, regularizers
from stepgrad.errors import ArgumentError, DTypeError, ShapeError
from stepgrad.layers import calling, masks
from stepgrad.layers.calling import context
from stepgrad.layers.input_spec import check_inputs
from stepgrad.layers.state import State
from stepgrad.tape import KerasTensor, Tensor, Variable, scope
from stepgrad.tape.state import public, state
from stepgrad.utils.naming import auto_name
from stepgrad.utils.serialization import Registry, serialize_object
from stepgrad.utils.tree import flatten, map_shapes, map_structure

LAYERS = Registry("layers")


@LAYERS.register
class Layer(State):
    """Base class of all layers: state (weights) and a function `call` that uses it.

    A layer of your own sets its sublayers in ``__init__``, creates its weights in ``build(self, input_shape)`` with
    :meth:`add_weight`, and computes in ``call(self, inputs)``. `build` runs by itself on the first call.

    Parameters
    ----------
    activity_regularizer : str or callable, optional
        A penalty on the output, added to `losses`.
    trainable : bool
        Whether the optimizer changes the weights.
    dtype : str or DTypePolicy, optional
        The dtype of weights and computation, or "mixed_bfloat16" (:class:`~stepgrad.dtype_policies.DTypePolicy` says
        what is rounded then); ``config.dtype_policy()`` when left out.
    autocast : bool
        Whether float inputs are cast to `dtype`.
    name : str, optional
        Unique in the model; made from the class name when left out.

    Examples
    --------
    >>> import numpy as np
    >>> from stepgrad import layers
    >>> class Scale(layers.Layer):
    ...     def build(self, input_shape):
    ...         self.factor = self.add_weight(shape=(input_shape[-1],), initializer="ones", name="factor")
    ...     def call(self, inputs):
    ...         return inputs * self.factor
    >>> scale = Scale()
    >>> scale(np.ones((2, 3))).shape, scale.count_params()
    ((2, 3), 3)
    """

    supports_masking = False
    rounds_products = True  # whether "mixed_bfloat16" has a meaning for the layer
    _building = False
    _calls: list[calling.Call]
    _build_shapes: dict[str, Any] | None

    def __init_subclass__(cls, **kwargs: Any):
        super().__init_subclass__(**kwargs)
        if "compute_mask" in cls.__dict__ and "supports_masking" not in cls.__dict__:
            cls.supports_masking = True
        if "build" in cls.__dict__:
            type.__setattr__(cls, "build", calling.managed_build(cls.__dict__["build"]))

    def __init__(
        self,
        *,
        activity_regularizer: Any = None,
        trainable: bool = True,
        dtype: Any = None,
        autocast: bool = True,
        name: str | None = None,
        **kwargs: Any,
    ):
        self._start_tracking()
        if kwargs:
            raise ArgumentError(
                f"{type(self).__name__} does not know the argument '{next(iter(kwargs))}'",
                fix="start the model with Input(shape=...)"
                if "input_shape" in kwargs or "input_dim" in kwargs
                else f"see help({type(self).__name__})",
            )
        if not isinstance(trainable, bool):
            raise DTypeError("trainable must be True or False", got=repr(trainable))
        self.name = auto_name(type(self).__name__) if name is None else str(name)
        if "/" in self.name:
            raise ArgumentError("a name has no '/': it separates the names in a path", got=repr(name))
        self.activity_regularizer = regularizers.get(activity_regularizer)
        self.autocast = autocast
        self.input_spec: Any = None
        self.path: str | None = None
        self._dtype_policy = dtype_policies.get(dtype)
        self._dtype = self._dtype_policy.variable_dtype
        self._bfloat16 = self.rounds_products and self._dtype_policy.compute_dtype == "bfloat16"
        self._trainable = trainable
        object.__setattr__(self, "_losses", [])
        object.__setattr__(self, "_calls", [])  # symbolic calls: (Node, outputs)
        object.__setattr__(self, "_build_shapes", None)

    # -- running ---------------------------------------------------------------------------------------------------

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Build on the first call, then run `call`; with a KerasTensor, compute the output's shape only."""
        if "_losses" not in self.__dict__:
            raise ArgumentError(
                f"{type(self).__name__} was called before it was initialized",
                fix="call super().__init__() as the first statement of __init__",
            )
        original = (args, dict(kwargs))
        args = tuple([self._convert(x, True) for x in args])
        if kwargs:
            kwargs = {key: self._convert(x) for key, x in kwargs.items()}
        training = calling.resolve_training(self, kwargs)
        symbolic = calling.has_symbolic(args) or (bool(kwargs) and calling.has_symbolic(kwargs.values()))
        if context.depth == 0 and not symbolic:
            self._clear_losses()
        with scope(self.name), context.entered(training, self._bfloat16):
            if self.input_spec is not None and args:
                check_inputs(self.input_spec, args[0], state.scope)
            if not self.built:
                self._build_for(args, kwargs)
            if symbolic:
                return calling.symbolic_call(self, original, args, kwargs)
            mask = masks.incoming(self, args, kwargs)
            outputs = self.call(*args, **kwargs)
            if mask is not None or type(self).compute_mask is not Layer.compute_mask:
                masks.outgoing(self, args[0] if args else next(iter(kwargs.values()), None), outputs, mask)
            if self.activity_regularizer is not None:
                for output in flatten(outputs):
                    self.add_loss(self.activity_regularizer(output) / (len(output) if output.ndim else 1))
        return outputs

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """Compute the output; every layer writes this."""
        raise ArgumentError(f"{type(self).__name__} has no call()", fix="define call(self, inputs)")

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """Return the mask of the output(s), None where all of it counts; the input's own mask unless overridden."""
        return previous_mask

    def _convert(self, x: Any, positional: bool = False) -> Any:
        """Bring an argument to a tensor of the layer's dtype: floats are cast, integers and booleans stay."""
        if isinstance(x, Tensor):
            if self.autocast and x.array.dtype.kind == "f" and x.dtype != self._dtype:
                return masks.with_mask(public["cast"](x, self.compute_dtype), x._keras_mask)
            return x
        if isinstance(x, KerasTensor):
            floating = np.dtype(x.dtype).kind == "f" and self.autocast
            return KerasTensor(x.shape, self.compute_dtype if floating else x.dtype, x.name)
        if isinstance(x, list | tuple | dict):
            return map_structure(lambda part: self._convert(part, positional), x)
        if hasattr(x, "__array__") and not isinstance(x, np.dtype):
            x = np.asarray(x)
            return Tensor(x, self.compute_dtype if self.autocast and x.dtype.kind == "f" else None)
        if positional and x is not None:
            raise DTypeError(
                "the positional arguments of a layer are tensors",
                layer=self.name,
                got=f"{type(x).__name__}: {x!r:.60}",
                fix="call that layer first: b(a(x)), not b(a)"
                if isinstance(x, Layer)
                else "numpy.array(x) for numbers in a list; other arguments go by name: layer(x, factor=2)",
            )
        return x

    # -- building --------------------------------------------------------------------------------------------------

    def build(self, input_shape: Any) -> None:
        """Create the weights; without weights of its own a layer builds its sublayers by a symbolic run of `call`."""
        with calling.whole_build(self, {"input_shape": input_shape}):
            if self._layers and input_shape is not None:
                with context.tracing_calls():
                    self.call(map_shapes(lambda shape: KerasTensor(shape, self.compute_dtype), input_shape))

    def _build_for(self, args: tuple, kwargs: dict) -> None:
        shapes = calling.build_arguments(self, args, kwargs)
        if type(self).build is Layer.build:  # sublayers build themselves while call runs
            object.__setattr__(self, "_build_shapes", shapes)
            self.path = state.scope
            self.built = True
            return
        self.build(**shapes)
        if self.input_spec is not None and args:
            check_inputs(self.input_spec, args[0], state.scope)

    def add_weight(
        self,
        shape: tuple | None = None,
        initializer: Any = None,
        dtype: str | None = None,
        trainable: bool = True,
        regularizer: Any = None,
        constraint: Any = None,
        name: str | None = None,
    ) -> Variable:
        """Create a weight.

        Parameters
        ----------
        shape : tuple of int
            () when left out.
        initializer : str or callable, optional
            "glorot_uniform" for floats, "zeros" otherwise.
        dtype : str, optional
            The layer's.
        trainable : bool
        regularizer, constraint : str or callable, optional
            The penalty joins `losses`; the optimizer applies the constraint after its step.
        name : str, optional

        Returns
        -------
        Variable
        """
        if "_losses" not in self.__dict__:
            raise ArgumentError(
                "add_weight was called before the layer exists",
                fix="call super().__init__() first in __init__",
            )
        shape = (shape,) if isinstance(shape, int) else tuple(shape or ())
        if None in shape:
            raise ShapeError(
                f"the weight '{name or 'variable'}' needs a known shape",
                layer=self.name,
                got=str(shape),
                fix="give that axis of the Input a size",
            )
        dtype = dtype or self.variable_dtype
        if initializer is None:
            initializer = "glorot_uniform" if np.dtype(dtype).kind == "f" else "zeros"
        with calling.own_scope(self):
            variable = Variable(initializers.get(initializer), shape, dtype, trainable, name)
        variable.regularizer = regularizers.get(regularizer)
        variable.constraint = constraints.get(constraint)
        self._track(variable)
        if not self.trainable:
            variable.trainable = False
        return variable

    # -- shapes ----------------------------------------------------------------------------------------------------

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """Return KerasTensors like the output: by `compute_output_shape` where it is defined, else by a run of `call`."""
        if type(self).compute_output_shape is Layer.compute_output_shape:
            return self.call(*args, **kwargs)
        shapes = calling.shape_arguments(type(self).compute_output_shape, type(self).call, args, kwargs)
        return map_shapes(lambda s: KerasTensor(s, self.compute_dtype), self.compute_output_shape(**shapes))

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the output's shape(s) for input shape(s); builds the layer where that is needed to know."""
        with context.tracing_calls():
            outputs = self(map_shapes(lambda s: KerasTensor(s, self.compute_dtype), input_shape))
        return map_structure(lambda x: x.shape, outputs)

    @property
    def input(self) -> Any:
        """The KerasTensor(s) that the layer was called on, the first time."""
        arguments = calling.the_call(self, "input").node.args
        return arguments[0] if len(arguments) == 1 else list(arguments)

    @property
    def output(self) -> Any:
        """The KerasTensor(s) that the layer returned, the first time."""
        return calling.the_call(self, "output").outputs

    # -- dtype and config ------------------------------------------------------------------------------------------

    @property
    def dtype(self) -> str:
        """The dtype of the weights."""
        return self._dtype

    compute_dtype = variable_dtype = dtype

    @property
    def dtype_policy(self) -> dtype_policies.DTypePolicy:
        """The policy: the weights' dtype, and what the factors of products are rounded to."""
        return self._dtype_policy

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as a dict of plain values."""
        if type(self).get_config is Layer.get_config:
            calling.refuse_default_config(self)
        settings = {"name": self.name, "trainable": self.trainable, "dtype": self._dtype_policy.name}
        if self.activity_regularizer is not None:
            settings["activity_regularizer"] = serialize_object(self.activity_regularizer)
        return settings

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Layer:
        """Make a layer from what `get_config` returned."""
        return cls(**calling.without_absent_features(config))

    def get_build_config(self) -> dict[str, Any] | None:
        """Return the shapes that the layer was built with, for saving, in Keras's form."""
        shapes = self._build_shapes
        if not shapes:
            return shapes
        return {"input_shape": next(iter(shapes.values()))} if len(shapes) == 1 else {"shapes_dict": shapes}

    def build_from_config(self, config: dict[str, Any]) -> None:
        """Build from what `get_build_config` returned."""
        if not config or self.built:
            return
        if set(config) == {"input_shape"}:
            self.build(calling.as_shapes(config["input_shape"]))
        else:
            shapes = config.get("shapes_dict", config)
            self.build(**{key: calling.as_shapes(value) for key, value in shapes.items()})

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"
