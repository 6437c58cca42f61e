"""The metric as users meet it: state in variables, `update_state` per batch, `result` at any time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn

import numpy as np

from keras import config, dtype_policies, ops
from keras.backend.dtypes import standardize, to_numpy_dtype
from keras.backend.state import HasVariables, Variable, auto_name, name_scope, to_snake_case
from keras.errors import unknown
from keras.serializable import Serializable

Tensor = Any

_CONSTANTS = {"zeros": 0.0, "ones": 1.0}


class Metric(HasVariables, Serializable):
    """Base of all metrics: subclass it and write `__init__` (with `add_variable`), `update_state` and `result`.

    Args:
        dtype: dtype of what is computed from a batch; `floatx()` if None.
        name: name of the metric; made from the class name if None.

    >>> from keras import ops
    >>> class Largest(Metric):
    ...     def __init__(self, name="largest", **kwargs):
    ...         super().__init__(name=name, **kwargs)
    ...         self.value = self.add_variable((), "zeros", name="value")
    ...     def update_state(self, y_true, y_pred, sample_weight=None):
    ...         self.value.assign(ops.maximum(self.value, ops.max(ops.convert_to_tensor(y_pred))))
    ...     def result(self):
    ...         return self.value
    >>> metric = Largest()
    >>> metric.update_state([0.0, 0.0], [2.0, 5.0])
    >>> float(metric.result())
    5.0
    """

    def __init__(self, dtype: Any = None, name: str | None = None) -> None:
        self.name = name or auto_name(to_snake_case(type(self).__name__))
        self._dtype = None if dtype is None else dtype_policies.get(dtype).compute_dtype
        self._variables: list[Variable] = []
        self.built = False

    # ------------------------------------------------------------------ what a subclass writes
    def build(self, y_true_shape: tuple[Any, ...], y_pred_shape: tuple[Any, ...]) -> None:
        """Make the variables whose shapes depend on the data; called once, before the first update or trace.

        Args:
            y_true_shape: shape of the targets, None for unknown dimensions.
            y_pred_shape: shape of the predictions.
        """

    def update_state(self, *args: Any, **kwargs: Any) -> None:
        """Take one batch into account; usually `update_state(y_true, y_pred, sample_weight=None)`."""
        self._must_write("update_state")

    def result(self) -> Any:
        """The value over all batches since the last reset: a scalar, or a dict of scalars."""
        self._must_write("result")

    def reset_state(self) -> None:
        """Forget all batches: every variable becomes zero."""
        for variable in self.variables:
            variable._clear()

    def _must_write(self, method: str) -> NoReturn:
        raise NotImplementedError(f"{type(self).__name__} must write {method}()")

    # ------------------------------------------------------------------ what it gets
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """`update_state(...)`, then `result()`."""
        self.update_state(*args, **kwargs)
        return self.result()

    @property
    def dtype(self) -> str:
        """Dtype of what is computed from a batch."""
        return self._dtype or config.floatx()

    def add_variable(
        self,
        shape: Sequence[int] = (),
        initializer: Any = "zeros",
        dtype: Any = None,
        aggregation: str = "sum",
        name: str | None = None,
    ) -> Variable:
        """A new state variable.

        Args:
            shape: its shape.
            initializer: `"zeros"`, `"ones"`, an array, or a callable `(shape, dtype=...)`. A reset gives zeros.
            dtype: `floatx()` if None, also for a metric of another dtype: counts need the digits.
            aggregation: how copies on several devices are joined.
            name: last part of its path.

        Returns:
            The variable.
        """
        shape = tuple(shape)
        dtype = standardize(dtype or config.floatx())
        if isinstance(initializer, str):
            if initializer not in _CONSTANTS:
                raise ValueError(f"metric {self.name!r}: {unknown('initializer', initializer, _CONSTANTS)}")
            initializer = np.full(shape, _CONSTANTS[initializer], to_numpy_dtype(dtype))
        with name_scope(self.name, absolute=True):
            variable = Variable(
                initializer, shape=shape, dtype=dtype, trainable=False, aggregation=aggregation, name=name
            )
        self._variables.append(variable)
        return variable

    def add_weight(
        self,
        shape: Sequence[int] = (),
        initializer: Any = "zeros",
        dtype: Any = None,
        name: str | None = None,
    ) -> Variable:
        """The same as `add_variable`."""
        return self.add_variable(shape, initializer, dtype, name=name)

    @property
    def variables(self) -> list[Variable]:
        """All state variables: added ones, then those in attributes, lists and dicts, and those of metrics there."""
        found = {id(v): v for v in self._variables}
        for part in _leaves(vars(self)):
            if isinstance(part, Variable):
                found.setdefault(id(part), part)
            elif isinstance(part, Metric):
                found.update({id(v): v for v in part.variables})
        return list(found.values())

    def stateless_update_state(
        self, metric_variables: Sequence[Any], *args: Any, **kwargs: Any
    ) -> list[Tensor]:
        """The values `update_state` gives when the variables begin with `metric_variables`; nothing else changes."""
        with self._holding(metric_variables):
            self.update_state(*args, **kwargs)
            return [v.value for v in self.variables]

    def stateless_result(self, metric_variables: Sequence[Any]) -> Any:
        """The result for these values of the variables."""
        with self._holding(metric_variables):
            return self.result()

    def stateless_reset_state(self) -> list[Tensor]:
        """The values of the variables after a reset."""
        return [ops.zeros(v.shape, dtype=v.dtype) for v in self.variables]

    @contextmanager
    def _holding(self, values: Sequence[Any]) -> Iterator[None]:
        variables = self.variables
        if len(values) != len(variables):
            raise ValueError(
                f"metric {self.name!r}: expected {len(variables)} values, one per variable. Received: {len(values)}"
            )
        before = [ops.copy(v.value) for v in variables]
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value)
        try:
            yield
        finally:
            for variable, value in zip(variables, before, strict=True):
                variable.assign(value)

    def _build_once(self, y_true: Any, y_pred: Any) -> None:
        if not self.built:
            self.build(tuple(ops.shape(y_true)), tuple(ops.shape(y_pred)))
            self.built = True
            self._variables_made()

    def _base_config(self) -> dict[str, Any]:
        return {"name": self.name, "dtype": self.dtype}

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"


def _leaves(container: dict[Any, Any] | Sequence[Any]) -> Iterator[Any]:
    """What is in dicts, lists and tuples inside each other, in their order."""
    for part in container.values() if isinstance(container, dict) else container:
        if isinstance(part, dict | list | tuple):
            yield from _leaves(part)
        else:
            yield part
