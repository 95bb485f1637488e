"""Functional: a model given by its inputs and outputs."""

from __future__ import annotations

from typing import Any

from stepgrad.errors import ArgumentError, DTypeError, ShapeError
from stepgrad.layers.calling import has_symbolic, parameters
from stepgrad.layers.input_layer import Input
from stepgrad.layers.input_spec import InputSpec, fits
from stepgrad.layers.layer import Layer
from stepgrad.layers.masks import mask_of, with_mask
from stepgrad.models import functional_config
from stepgrad.models.graph import Graph, is_input, parents
from stepgrad.models.model import MODELS, Model, copy_by_config, reduce_to_bytes
from stepgrad.tape import KerasTensor, Tensor
from stepgrad.tape.state import public, state
from stepgrad.utils.tree import flatten, map_shapes, map_structure, pack


@MODELS.register
class Functional(Model):
    """A model made of the layers and ops between its inputs and its outputs. `Model(inputs, outputs)` makes one.

    Parameters
    ----------
    inputs, outputs : KerasTensor, or a list, tuple or dict of them
        Inputs may also be intermediate tensors of another model; the layers between are shared with it.
    name : str, optional
    trainable : bool, optional

    Examples
    --------
    >>> from stepgrad import layers
    >>> x = layers.Input(shape=(3,))
    >>> model = Functional(x, layers.Dense(2)(x))
    >>> model.output_shape
    (None, 2)
    """

    _graph: Graph
    _plan: list[_Job]
    _inputs_struct: Any
    _outputs_struct: Any

    def __init__(
        self, inputs: Any, outputs: Any, name: str | None = None, trainable: bool | None = None, **kwargs: Any
    ):
        super(Model, self).__init__(name=name, **kwargs)
        self._start_trainer()
        for word, structure in (("inputs", inputs), ("outputs", outputs)):
            _check_symbolic(word, structure, self.name)
        if not all(is_input(x.node) for x in flatten(inputs)):
            inputs, outputs = _restart_at(inputs, outputs, self.name)
        keep = object.__setattr__  # the structures hold KerasTensors, not state
        keep(self, "_inputs_struct", inputs)
        keep(self, "_outputs_struct", outputs)
        keep(self, "_graph", Graph(flatten(inputs), flatten(outputs), self.name))
        keep(self, "_plan", _plan_of(self._graph))
        for operation in self._graph.operations:
            if isinstance(operation, Layer):
                self._track(operation)
        self.input_spec = self._make_input_spec()
        self.output_names = [self._graph.names[id(x.node.operation if isinstance(x.node.operation, Layer) else x.node)]
                             for x in self.outputs]  # fmt: skip
        self.path = self.name
        self.built = True
        if trainable is not None:
            self.trainable = trainable

    # -- what it is made of ----------------------------------------------------------------------------------------

    @property
    def inputs(self) -> list[KerasTensor]:
        """Flat list of the inputs."""
        return list(self._graph.inputs)

    @property
    def outputs(self) -> list[KerasTensor]:
        """Flat list of the outputs."""
        return list(self._graph.outputs)

    @property
    def input(self) -> Any:
        """The inputs as they were given."""
        return self._inputs_struct

    @property
    def output(self) -> Any:
        """The outputs as they were given."""
        return self._outputs_struct

    @property
    def input_names(self) -> list[str]:
        """Names of the inputs."""
        return [x.node.operation.name for x in self.inputs]

    @property
    def input_shape(self) -> Any:
        """Shape(s) of the inputs."""
        return _one([x.shape for x in self.inputs])

    @property
    def output_shape(self) -> Any:
        """Shape(s) of the outputs."""
        return _one([x.shape for x in self.outputs])

    @property
    def layers(self) -> list[Layer]:
        """The layers, from the inputs to the outputs."""
        return [operation for operation in self._graph.operations if isinstance(operation, Layer)]

    @property
    def operations(self) -> list[Any]:
        """The layers, and the nodes of ops that were called directly on KerasTensors."""
        return list(self._graph.operations)

    # -- running ---------------------------------------------------------------------------------------------------

    def build(self, input_shape: Any = None) -> None:
        """Nothing to do: the layers were built when they were called on KerasTensors."""

    def _lock_state(self) -> None:
        """A functional model may be given more state later."""

    def _convert(self, x: Any, positional: bool = False) -> Any:
        if isinstance(x, list | tuple | dict):
            return map_structure(lambda part: self._convert(part, positional), x)
        if x is None or isinstance(x, Tensor | KerasTensor | bool) or not hasattr(x, "__array__"):
            return x
        return Tensor(x)

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        values = {}
        arranged = self._arrange(inputs)
        if mask is not None:
            arranged = [with_mask(x, m) for x, m in zip(arranged, flatten(mask), strict=False)]
        for x, value in zip(self._graph.inputs, arranged, strict=True):
            values[id(x.node), x.index] = value
        for job in self._plan:
            job.run(values, training)
        return pack(self._outputs_struct, [values[id(x.node), x.index] for x in self._graph.outputs])

    def compute_output_spec(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        if all(a.shape == b.shape for a, b in zip(self._arrange(inputs), self._graph.inputs, strict=True)):
            return map_structure(lambda x: KerasTensor(x.shape, x.dtype), self._outputs_struct)
        return self.call(inputs)

    def compute_output_shape(self, input_shape: Any) -> Any:
        return map_structure(
            lambda x: x.shape, self.compute_output_spec(map_shapes(KerasTensor, input_shape))
        )

    def _arrange(self, inputs: Any) -> list:
        """Bring the inputs into the order, rank and dtype of the model's inputs."""
        if isinstance(inputs, dict) and not isinstance(self._inputs_struct, dict):
            inputs = [inputs[name] for name in self.input_names if name in inputs]
        elif isinstance(inputs, dict):
            inputs = [inputs[name] for name in sorted(self._inputs_struct) if name in inputs]
        flat = flatten(inputs)
        if len(flat) != len(self._graph.inputs):
            raise ArgumentError(
                "the number of inputs is wrong",
                layer=state.scope or self.name,
                expected=f"{len(self._graph.inputs)}: " + ", ".join(f"'{name}'" for name in self.input_names),
                got=f"{len(flat)}",
            )
        return [self._fit(x, wanted) for x, wanted in zip(flat, self._graph.inputs, strict=True)]

    def _fit(self, x: Any, wanted: KerasTensor) -> Any:
        if x is None:
            if getattr(wanted.node.operation, "optional", False):
                return None
            raise ArgumentError(
                f"the input '{wanted.name}' got None", layer=self.name, fix="Input(..., optional=True)"
            )
        if not isinstance(x, Tensor | KerasTensor):
            raise DTypeError(
                f"the input '{wanted.name}' is not an array", layer=self.name, got=type(x).__name__
            )
        if x.ndim != len(wanted.shape):  # a last axis of size 1 may be missing or too many, as in Keras
            if not fits(wanted.shape, x.shape, squeeze=True):
                raise ShapeError(
                    f"the input '{wanted.name}' has the wrong shape",
                    layer=self.name,
                    expected=str(wanted.shape),
                    got=str(x.shape),
                )
            mask = mask_of(x)
            x = public["squeeze"](x, -1) if x.ndim > len(wanted.shape) else public["expand_dims"](x, -1)
            x = with_mask(x, mask)
        return x if x.dtype == wanted.dtype else with_mask(public["cast"](x, wanted.dtype), mask_of(x))

    def _make_input_spec(self) -> list[InputSpec]:
        names = sorted(self._inputs_struct) if isinstance(self._inputs_struct, dict) else self.input_names
        return [
            InputSpec(
                shape=(None, *x.shape[1:]) if x.shape else (),
                allow_last_axis_squeeze=True,
                name=name,
                optional=getattr(x.node.operation, "optional", False),
            )
            for name, x in zip(names, self._graph.inputs, strict=True)
        ]

    # -- config ----------------------------------------------------------------------------------------------------

    def get_config(self) -> dict[str, Any]:
        return functional_config.write(self)

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: dict | None = None) -> Any:
        return functional_config.read(cls, config, custom_objects)

    def get_build_config(self) -> None:
        return None

    __deepcopy__ = copy_by_config
    __reduce__ = reduce_to_bytes


class _Job:
    """One node of the graph, ready to run."""

    def __init__(self, node: Any):
        self.operation, self.key = node.operation, id(node)
        self.args, self.kwargs = node.args, node.kwargs
        alone = len(node.args) == 1 and not node.kwargs and isinstance(node.args[0], KerasTensor)
        self.source = (id(node.args[0].node), node.args[0].index) if alone else None
        self.last_uses: list[tuple[int, int]] = []  # what nobody needs afterwards: let go of the memory
        self.takes_training = isinstance(node.operation, Layer) and "training" in parameters(
            type(node.operation).call
        )

    def run(self, values: dict, training: Any) -> None:
        more = {"training": training} if self.takes_training and training is not None else {}
        if self.source is not None:  # by far the most common
            result = self.operation(values[self.source], **more)
        else:
            args = self._filled(self.args, values)
            result = self.operation(*args, **{**more, **self._filled(self.kwargs, values)})
        if isinstance(result, list | tuple | dict):
            for i, part in enumerate(flatten(result)):
                values[self.key, i] = part
        else:
            values[self.key, 0] = result
        for source in self.last_uses:
            del values[source]

    def _filled(self, arguments: Any, values: dict) -> Any:
        """Put values in the place of KerasTensors, and leave what holds none as it is (a key of slices, a shape)."""
        if isinstance(arguments, dict):
            return {
                key: self._filled(part, values) if has_symbolic((part,)) else part
                for key, part in arguments.items()
            }
        return map_structure(
            lambda x: values[id(x.node), x.index] if isinstance(x, KerasTensor) else x, arguments
        )


def _plan_of(graph: Graph) -> list[_Job]:
    """Return the jobs in the order in which they run; each knows which values it is the last to use."""
    jobs = []
    used = {(id(x.node), x.index) for x in graph.outputs}
    for node in reversed([node for node in graph.nodes if not is_input(node)]):
        job = _Job(node)
        for x in parents(node):
            source = (id(x.node), x.index)
            if source not in used:
                used.add(source)
                job.last_uses.append(source)
        jobs.append(job)
    return jobs[::-1]


def _check_symbolic(word: str, structure: Any, name: str) -> None:
    flat = flatten(structure)
    if not flat:
        raise ArgumentError(f"a model needs {word}", layer=name, got=repr(structure))
    for x in flat:
        if not isinstance(x, KerasTensor):
            raise DTypeError(
                f"the {word} of a functional model are KerasTensors",
                layer=name,
                got=f"{type(x).__name__}: {x!r:.60}",
                fix="call the layer on Input(...) first: Dense(3)(x), not Dense(3)"
                if isinstance(x, Layer)
                else "begin with x = Input(shape=...)",
            )


def _restart_at(inputs: Any, outputs: Any, name: str) -> tuple[Any, Any]:
    """Run the graph again from fresh Inputs in place of intermediate tensors."""
    graph = Graph(flatten(inputs), flatten(outputs), name)
    values: dict = {}
    fresh = []
    for x in graph.inputs:
        fresh.append(x if is_input(x.node) else Input(batch_shape=x.shape, dtype=x.dtype))
        values[id(x.node), x.index] = fresh[-1]
    for node in graph.nodes:
        if not is_input(node):
            _Job(node).run(values, None)
    return pack(inputs, fresh), pack(outputs, [values[id(x.node), x.index] for x in graph.outputs])


def _one(shapes: list) -> Any:
    return shapes[0] if len(shapes) == 1 else shapes
