"""Where the values of variables are: resources of the runtime, each with a `tf.Variable` around it once one is wanted."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import numpy as np

from keras.backend.tensorflow_engine.loading import context, execute, module, tf

Tensor = Any


class Cell:
    """A resource that holds an array.

    Args:
        host: what it holds to begin with.
    """

    __slots__ = ("_shape", "_type", "_variable", "handle")

    def __init__(self, host: np.ndarray) -> None:
        # It outlives a graph it is made in.
        with nullcontext() if tf.executing_eagerly() else tf.init_scope():
            value = tf.constant(host)
            self._shape, self._type = host.shape, value.dtype
            # Not named: the eager runtime keeps a kernel (36 kB) for each name a resource was ever made with (2.21).
            self.handle = _execute(
                *("VarHandleOp", 1, []),
                *("container", "", "shared_name", context.anonymous_name()),
                *("dtype", value.dtype.as_datatype_enum, "shape", host.shape, "allowed_devices", []),
            )[0]
            self._variable: Any = None
            self.fill(value)

    @classmethod
    def around(cls, variable: tf.Variable) -> Cell:
        """The cell of a variable of the user's."""
        made = cls.__new__(cls)
        made._shape, made._type = tuple(variable.shape), variable.dtype
        made._variable, made.handle = variable, variable.handle
        return made

    def fill(self, value: Tensor) -> None:
        """Replace the value, at once and outside of graphs."""
        _execute("AssignVariableOp", 0, [self.handle, value], "dtype", self._type.as_datatype_enum)

    def read(self) -> Tensor:
        """The value, outside of graphs and tapes."""
        return _execute("ReadVariableOp", 1, [self.handle], "dtype", self._type.as_datatype_enum)[0]

    @property
    def variable(self) -> tf.Variable:
        """What TensorFlow's graphs and tapes know it by."""
        if self._variable is None:
            with tf.init_scope():
                self._variable = self._wrapped(tf.TensorShape(self._shape))
        return self._variable

    def _wrapped(self, shape: tf.TensorShape) -> tf.Variable:
        # `tf.Variable` takes no resource, and would ask the function that is being traced for one of its own.
        facts = module("ops.handle_data_util")
        facts.set_handle_data(self.handle, facts.create_handle_data(shape, self._type))
        return module("ops.resource_variable_ops").ResourceVariable(
            handle=self.handle, shape=shape, dtype=self._type, trainable=True
        )


def _execute(op: str, results: int, inputs: list[Tensor], *attributes: Any) -> list[Tensor]:
    return execute.execute(op, results, inputs, attributes, context.context())
