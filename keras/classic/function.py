"""`K.function`: a function of arrays, compiled from the graph between symbolic tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from keras import tree
from keras.backend import dtypes
from keras.backend.select import current
from keras.backend.spec import KerasTensor, same, shape_str
from keras.backend.state import Variable, to_host
from keras.backend.tracing import Compiled
from keras.classic.checked import checked
from keras.classic.gradients import gradients
from keras.classic.phase import fixed_phase, phase_placeholder
from keras.classic.program import Program
from keras.layers import Layer
from keras.ops.core import convert_to_tensor
from keras.optimizers.descent import Descent

Tensor = Any


@checked
def function(
    inputs: Any, outputs: Any, updates: Sequence[Any] | None = None, name: str | None = None, **kwargs: Any
) -> Function:
    """A function of arrays, compiled from the graph between symbolic tensors.

    Args:
        inputs: placeholders, or any tensors of the graph; the learning phase may be among them.
        outputs: a tensor, or a list or dict of them.
        updates: pairs (variable, new value), each written once all outputs are computed. A new value is a symbolic
            tensor, a number, an array, or a function of no arguments that is evaluated at each call. And what
            `optimizer.get_updates(loss, params)` returns: a step of the optimizer.
        name: shown in messages.

    Returns:
        A function of a list of arrays that returns arrays in the structure of `outputs`.

    Raises:
        ValueError: an output does not follow from the inputs.

    >>> x, y = keras.backend.placeholder((None, 2)), keras.backend.placeholder((2,))
    >>> f = function([x, y], [x * y, x + y])
    >>> [r.tolist() for r in f([[[1.0, 2.0]], [3.0, 4.0]])]
    [[[3.0, 8.0]], [[4.0, 6.0]]]
    """
    if kwargs:
        raise ValueError(
            f"function: {sorted(kwargs)} are settings of TensorFlow 1 sessions, and there is no session. Leave them out."
        )
    return Function(inputs, outputs, [] if updates is None else updates, name)


class Function:
    """What `K.function` returns. It is compiled once for each learning phase and each set of input shapes."""

    def __init__(self, inputs: Any, outputs: Any, updates: Sequence[Any], name: str | None = None) -> None:
        self.name = name or "function"
        self.inputs = list(inputs) if isinstance(inputs, (list, tuple)) else [inputs]
        self.outputs = tree.map_structure(lambda t: t, outputs)  # the caller's list may change later
        self._descents = [(*u, gradients(u.loss, u.variables)) for u in updates if isinstance(u, Descent)]
        self.updates = [self._pair(u) for u in updates if not isinstance(u, Descent)]
        self._alone = not isinstance(inputs, (list, tuple))
        self._check()
        self._phase = phase_placeholder()
        data = [t for t in self.inputs if t is not self._phase]
        slopes = [slope for _, _, _, slope in self._descents]
        ends = tree.flatten((outputs, [new for _, new in self.updates], slopes))
        self._data, self._ends = data, [t for t in ends if isinstance(t, KerasTensor)]
        for optimizer, _, variables, _ in self._descents:
            optimizer.build(variables)
        self._program = Program([*data, self._phase], self._ends)
        self._steps = FunctionSteps(self._compute, name=self.name.replace("/", "_"))
        self._compiled = Compiled(self._run)

    def __repr__(self) -> str:
        return f"<Function {self.name}: {self.inputs} -> {self.outputs}>"

    def __call__(self, inputs: Any = ()) -> Any:
        """The outputs as arrays, for a list of values of the inputs."""
        given = self._given(inputs)
        phase = fixed_phase()
        values = []
        for i, (t, x) in enumerate(zip(self.inputs, given, strict=True)):
            if t is self._phase:
                phase = int(bool(np.asarray(to_host(x)).any()))
            else:
                values.append(self._value(i, t, x))
        outputs = self._compiled(values, phase)
        return tree.map_structure(lambda y: to_host(y)[()], outputs)

    @property
    def trace_count(self) -> int:
        """How often it has been compiled."""
        return self._compiled.trace_count

    # ------------------------------------------------------------------ settling
    def _pair(self, update: Any) -> tuple[Variable, Any]:
        if isinstance(update, Variable):
            raise ValueError(
                f"{self.name}: an update is a pair (variable, new value). Received: {update!r}: `K.update` has written the "
                "new value already, since nothing in it is symbolic. To write it at each call, give the pair "
                "`(variable, function of no arguments)`."
            )
        if not isinstance(update, (list, tuple)) or len(update) != 2 or not isinstance(update[0], Variable):
            raise ValueError(
                f"{self.name}: `updates` must be pairs (variable, new value). Received: {update!r:.80}"
            )
        return update[0], update[1]

    def _check(self) -> None:
        for i, t in enumerate(self.inputs):
            if not isinstance(t, KerasTensor):
                hint = (
                    " A learning phase that is fixed is no input: leave it out." if isinstance(t, int) else ""
                )
                raise ValueError(
                    f"{self.name}: input {i} must be a symbolic tensor. Received: {type(t).__name__} {t!r:.80}.{hint}"
                )
        for i, t in enumerate(tree.flatten(self.outputs)):
            if t is None:
                raise ValueError(
                    f"{self.name}: output {i} is None. `K.gradients` gives None where the loss does not follow from the "
                    "tensor or variable; leave it out. A variable counts where it meets a symbolic tensor: in "
                    "`K.square(v * x)`, not in `K.square(v) * x`, whose square is computed at once."
                )

    def _given(self, inputs: Any) -> list[Any]:
        if self._alone and not (
            isinstance(inputs, (list, tuple)) and len(inputs) == 1 and hasattr(inputs[0], "shape")
        ):
            return [inputs]
        given = list(inputs) if isinstance(inputs, (list, tuple)) else [inputs]
        if len(given) != len(self.inputs):
            raise ValueError(
                f"{self.name}: expected a list of {len(self.inputs)} values, one per input. Received: {len(given)}"
            )
        return given

    def _value(self, i: int, t: KerasTensor, x: Any) -> Any:
        """The value of an input as a tensor or array of its dtype, checked."""
        engine = current()
        if isinstance(x, Variable):
            x = x.value
        if not engine.is_tensor(x) or isinstance(x, np.ndarray):
            x = np.asarray(to_host(x), dtypes.to_numpy_dtype(t.dtype))
            shape = x.shape
        else:
            x = convert_to_tensor(x, t.dtype)
            shape = engine.spec(x)[0]
        if len(shape) != len(t.dims) or not all(map(same, shape, t.dims)):
            raise ValueError(
                f"{self.name}: input {i} ({t.name!r}) must have the shape {t.shape}. Received: {shape_str(shape)}"
            )
        return x

    # ------------------------------------------------------------------ running
    def _run(self, values: list[Tensor], phase: int) -> Any:
        return self._steps([*values, convert_to_tensor(bool(phase), "bool")], training=bool(phase))

    def _compute(self, values: list[Tensor]) -> Any:
        results = dict(zip(map(id, self._ends), self._program.run(values), strict=True))

        def value(x: Any) -> Any:
            if isinstance(x, KerasTensor):
                return results[id(x)]
            return convert_to_tensor(x() if callable(x) else x)

        outputs = tree.map_structure(value, self.outputs)
        news = [(variable, value(new)) for variable, new in self.updates]
        for variable, new in news:
            variable.assign(new)
        for optimizer, _, variables, slope in self._descents:
            optimizer.apply([None if g is None else value(g) for g in slope], variables)
        return outputs


class FunctionSteps(Layer):
    """A layer around a function's computation: the layers inside learn the training flag from its call.

    >>> float(FunctionSteps(lambda values: values[0] + values[1])([np.float32(1), np.float32(2)]))
    3.0
    """

    def __init__(self, compute: Any, name: str | None = None) -> None:
        super().__init__(autocast=False, name=name)
        self._compute = compute

    def call(self, values: list[Tensor], training: bool | None = None) -> Any:
        """The computation."""
        return self._compute(values)
