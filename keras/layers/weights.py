"""Where a layer's weights are made: their names and dtypes follow from the layer's."""

from __future__ import annotations

from typing import Any

from keras import constraints, dtype_policies, initializers, regularizers, tree
from keras.backend import dtypes, state
from keras.backend.state import Variable
from keras.layers.context import running_call
from keras.layers.signature import by_place
from keras.layers.tracking import Tracked

Shape = Any


class Weighted(Tracked):
    """`add_weight`, the layer's path, and its dtypes."""

    _parent_path: str | None
    _dtype_policy: Any
    autocast: bool

    @property
    def path(self) -> str:
        """Names from the outermost enclosing layer down to this one, joined by '/'."""
        return f"{self._parent_path}/{self.name}" if self._parent_path else self.name

    def _path_here(self) -> str:
        """The path; if it is not fixed yet, as it would be here: where a weight is made need not be where the layer is called."""
        parent = state.current_path() if self._parent_path is None else self._parent_path
        return f"{parent}/{self.name}" if parent else self.name

    def _full_path(self) -> str:
        """The path, fixed at the first use inside an enclosing layer."""
        if self._parent_path is None:
            self._parent_path = state.current_path()
        return self.path

    @property
    def dtype_policy(self) -> Any:
        """Dtypes of the computation and the weights; a policy, or the name of one, can be assigned."""
        policy = self._dtype_policy
        return policy[self.path] if isinstance(policy, dtype_policies.DTypePolicyMap) else policy

    @dtype_policy.setter
    def dtype_policy(self, value: Any) -> None:
        policy, mine = dtype_policies.get(value), self._dtype_policy
        if isinstance(mine, dtype_policies.DTypePolicyMap):
            mine.policy_map[self.path] = policy
        else:
            self._dtype_policy = policy

    @property
    def dtype(self) -> str | None:
        """Dtype of the weights."""
        return self.variable_dtype

    @property
    def compute_dtype(self) -> str | None:
        """Dtype of the computation."""
        return self.dtype_policy.compute_dtype

    @property
    def variable_dtype(self) -> str | None:
        """Dtype of the weights."""
        return self.dtype_policy.variable_dtype

    @property
    def quantization_mode(self) -> None:
        """Always None: a quantised layer is another layer, around this one."""
        return None

    @property
    def input_dtype(self) -> str | None:
        """Dtype that float inputs are cast to."""
        return self.dtype_policy.compute_dtype

    def _autocast_dtype(self) -> str | None:
        same = self.compute_dtype == self.variable_dtype
        return self.compute_dtype if self.autocast and not same else None

    def add_weight(
        self,
        *args: Any,
        shape: Shape = None,
        initializer: Any = None,
        dtype: Any = None,
        trainable: bool = True,
        autocast: bool = True,
        regularizer: Any = None,
        constraint: Any = None,
        aggregation: str = "none",
        overwrite_with_gradient: bool = False,
        name: str | None = None,
    ) -> Variable:
        """Make a variable that belongs to the layer.

        Args:
            *args: shape, initializer and dtype may be given by position, in this order.
            shape: tuple of ints; default a scalar.
            initializer: name, config or callable; default `glorot_uniform` for floats, else zeros.
            dtype: default the policy's variable dtype.
            trainable: whether it is trained.
            autocast: whether it is read in the compute dtype.
            regularizer: adds a loss. constraint: applied after each update.
            name: last part of its path.

        Raises:
            ValueError: a name by position, as in Keras 2, or a call inside `call`.
            TypeError: an argument by position and by keyword, or more than three by position.
        """
        self._check_initialised()
        self._refuse_state(f"add_weight(name={name!r})")
        if args:
            by_name = {"shape": shape, "initializer": initializer, "dtype": dtype}
            shape, initializer, dtype = by_place(args, by_name, f"{type(self).__name__}: add_weight")
        shape = tree.shape_tuple(shape)
        shape = tuple(
            int(d) for d in (shape if isinstance(shape, (tuple, list)) else () if shape is None else (shape,))
        )
        dtype = dtypes.standardize(dtype) if dtype is not None else self.variable_dtype
        if initializer is None:
            initializer = "glorot_uniform" if dtypes.is_float(dtype) else "zeros"
        with state.name_scope(self._path_here(), absolute=True):
            variable = Variable(
                initializers.get(initializer),
                shape,
                dtype,
                trainable,
                autocast=autocast,
                aggregation=aggregation,
                name=name,
            )
        variable.trainable = trainable and self._trainable
        variable.regularizer = regularizers.get(regularizer)
        variable.constraint = constraints.get(constraint)
        variable.overwrite_with_gradient = overwrite_with_gradient
        self._own_variables.append(variable)
        return variable

    def _refuse_state(self, what: str) -> None:
        """ValueError while the layer's own `call` runs: what it made would be new at each call, and never trained."""
        context = running_call.get()
        if context is not None and context.running is self:
            raise ValueError(
                f"`call` makes state: {what}. Variables, layers, metrics and seed generators that are made there "
                "are new at each call and never trained. Make them in `__init__` or in `build`."
            )

    def __setattr__(self, name: str, value: Any) -> None:
        context = running_call.get()
        if context is not None and context.running is self and self._holds_new_state(value):
            self._refuse_state(f"self.{name}, a {type(value).__name__}")
        super().__setattr__(name, value)

    def _check_initialised(self) -> None:
        if "_own_variables" not in self.__dict__:
            name = type(self).__name__
            raise RuntimeError(
                f"{name}.__init__ did not call the constructor of Layer. Begin it with `super().__init__(**kwargs)`."
            )
