"""The variables of an optimizer: how they are made, named, numbered, and kept in files."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, MutableMapping, Sequence
from typing import Any

import numpy as np

from keras import config
from keras.backend.dtypes import standardize, to_numpy_dtype
from keras.backend.state import HasVariables, Variable, name_scope
from keras.errors import unknown

Tensor = Any

_CONSTANTS = {"zeros": 0.0, "ones": 1.0}


class OwnsVariables(HasVariables):
    """What an optimizer knows about its own variables; the attributes are the optimizer's."""

    name: str
    _variables: list[Variable]
    _index: dict[int, int]
    _shared: dict[int, Variable]

    @property
    def variables(self) -> list[Variable]:
        """Iteration, learning rate, and all slots, in the order files keep them."""
        return list(self._variables)

    def add_variable(
        self,
        shape: Sequence[int],
        initializer: Any = "zeros",
        dtype: Any = None,
        aggregation: str = "none",
        layout: Any = None,
        name: str | None = None,
    ) -> Variable:
        """A new variable of the optimizer's own.

        Args:
            shape: its shape.
            initializer: `"zeros"`, `"ones"`, a number, an array, or a callable `(shape, dtype=...)`.
            dtype: `floatx()` if None.
            aggregation: how copies on several devices are joined.
            layout: accepted for compatibility.
            name: last part of its path.

        Returns:
            The variable.
        """
        shape, dtype = tuple(shape), standardize(dtype or config.floatx())
        if isinstance(initializer, str):
            if initializer not in _CONSTANTS:
                raise ValueError(
                    f"optimizer {self.name!r}: {unknown('initializer', initializer, _CONSTANTS)}"
                )
            initializer = _CONSTANTS[initializer]
        if isinstance(initializer, bool | int | float):
            initializer = np.full(shape, initializer, to_numpy_dtype(dtype))
        with name_scope(self.name, absolute=True):
            variable = Variable(
                initializer, shape=shape, dtype=dtype, trainable=False, aggregation=aggregation, name=name
            )
        self._variables.append(variable)
        self._variables_made()
        return variable

    def add_variable_from_reference(
        self, reference_variable: Variable, name: str | None = None, initializer: Any = "zeros"
    ) -> Variable:
        """A slot: a variable of the shape and dtype of another, named after both."""
        reference_variable = self._own(reference_variable)
        prefix = reference_variable.path.replace("/", "_")
        return self.add_variable(
            reference_variable.shape,
            initializer,
            reference_variable.dtype,
            name=f"{prefix}_{name or 'slot'}",
        )

    def add_optimizer_variables(
        self, trainable_variables: Sequence[Variable], name: str | Sequence[str], initializer: Any = "zeros"
    ) -> Any:
        """A slot beside every variable: a list; for several names, a list of slots for each, interleaved in files."""
        names = (name,) if isinstance(name, str) else tuple(name)
        slots: list[list[Variable]] = [[] for _ in names]
        for variable in trainable_variables:
            for one, kept in zip(names, slots, strict=True):
                kept.append(self.add_variable_from_reference(variable, one, initializer))
        return slots[0] if isinstance(name, str) else slots

    def _own(self, variable: Any) -> Variable:
        """The variable; for a `tf.Variable` one that shares its value. Raises TypeError for anything else."""
        if isinstance(variable, Variable):
            return variable
        if id(variable) not in self._shared:
            made = Variable.around(variable)
            if made is None:
                raise TypeError(f"optimizer {self.name!r}: expected variables. Received: {variable!r:.80}")
            self._shared[id(variable)] = made  # which keeps the other one, and its id
        return self._shared[id(variable)]

    def index_of(self, variable: Variable) -> int:
        """The place of a variable among those the optimizer was built with. Raises ValueError for another one."""
        try:
            return self._index[id(self._own(variable))]
        except KeyError:
            raise ValueError(
                f"optimizer {self.name!r} was not built with the variable {variable.path!r}. It serves only the "
                "variables it was built with: make a new optimizer for others."
            ) from None

    _get_variable_index = index_of

    # ------------------------------------------------------------------ writing, as subclasses of Keras do it
    def assign(self, variable: Variable, value: Tensor) -> None:
        """`variable.assign(value)`."""
        variable.assign(value)

    def assign_add(self, variable: Variable, value: Tensor) -> None:
        """`variable.assign_add(value)`."""
        variable.assign_add(value)

    def assign_sub(self, variable: Variable, value: Tensor) -> None:
        """`variable.assign_sub(value)`."""
        variable.assign_sub(value)

    # ------------------------------------------------------------------ files
    def save_own_variables(self, store: MutableMapping[str, Any]) -> None:
        """Write the variables into a mapping, by their number."""
        for i, variable in enumerate(self.variables):
            store[str(i)] = variable.numpy()

    def load_own_variables(self, store: Mapping[str, Any]) -> None:
        """Read the variables from a mapping; one with another number of them is not read, with a warning."""
        variables = self.variables
        if len(store.keys()) != len(variables):
            warnings.warn(
                f"optimizer {self.name!r}: the file holds {len(store.keys())} variables, the optimizer has "
                f"{len(variables)}; its state is not loaded.",
                stacklevel=2,
            )
            return
        for i, variable in enumerate(variables):
            variable.assign(np.asarray(store[str(i)]))

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Set all `variables` from a sequence of arrays."""
        variables = self.variables
        if len(weights) != len(variables):
            raise ValueError(
                f"optimizer {self.name!r}: expected {len(variables)} arrays, one per variable. Received: {len(weights)}"
            )
        for variable, weight in zip(variables, weights, strict=True):
            variable.assign(weight)
