"""Variables, and the scopes that decide what reading and writing one means.

A `Variable` holds a host (NumPy) value until an engine first touches it, so building a model needs no engine. Reads
and writes go through the engine in force: the abstract engine answers with a spec, a tape with its traced leaf, an
engine that compiles pure functions with the value recorded so far in the call (`RecordingScope`).
"""

from __future__ import annotations

import importlib
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import numpy as np

from keras import config
from keras.backend import dtypes, select
from keras.backend.operators import TensorOperators, public_op
from keras.backend.tables import is_table, to_array
from keras.errors import shorten

if TYPE_CHECKING:
    from keras.backend.engine import Engine

Tensor = Any

_recording: ContextVar[RecordingScope | None] = ContextVar("keras_recording", default=None)
_autocast: ContextVar[str | None] = ContextVar("keras_autocast", default=None)
_uninitialized: ContextVar[bool] = ContextVar("keras_uninitialized", default=False)
_names: ContextVar[tuple[str, ...]] = ContextVar("keras_name_scope", default=())
_counters: dict[str, int] = defaultdict(int)

_AGGREGATIONS = (None, "none", "mean", "sum", "only_first_replica")
_SYNCHRONIZATIONS = (None, "none", "on_read", "on_write", "auto")


class _HasVariables:
    """What is common to layers, optimizers, metrics and seed generators: nothing, but for what an engine adds."""

    def _variables_made(self) -> None:
        """Called when variables have been made, for whoever waits for them."""


class HasVariables(_HasVariables):
    """Base of all that has variables.

    An engine may give it another base, and so put what its own library asks of such objects into all of them.
    """

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        select.meet()
        return super().__new__(cls, *args, **kwargs)


def _function_of_values(name: str) -> Any:
    """An attribute that takes a function or None: a wrong one is told where it is set, not in the training step."""

    def read(self: Any) -> Any:
        return self.__dict__.get(name)

    def write(self: Any, value: Any) -> None:
        if value is not None and not callable(value):
            raise ValueError(
                f"Variable {self.path!r}: `{name}` must be a function, such as one of `keras.{name}s`, or None. "
                f"Received: {shorten(value)}"
            )
        self.__dict__[name] = value

    return property(read, write)


class Variable(TensorOperators):
    """A tensor that keeps its value between calls: weights, optimizer slots, counters, seeds.

    Args:
        initializer: the initial value (array-like), or a callable `(shape, dtype=...)`, or the name of an initializer.
        shape: required when `initializer` is no value.
        dtype: name; default that of the value, or `floatx`.
        trainable: whether gradients are wanted.
        autocast: whether a layer's compute dtype applies when it is read inside the layer.
        name: last part of `path`; made up from the class name if absent.

    Raises:
        ValueError: an initializer without a shape, a value of another shape, or an unknown name.

    Example:
        >>> import keras
        >>> v = keras.Variable([1.0, 2.0], name="v")
        >>> v.assign_add([1.0, 1.0]).numpy().tolist()
        [2.0, 3.0]
    """

    regularizer = _function_of_values("regularizer")
    constraint = _function_of_values("constraint")

    def __init__(
        self,
        initializer: Any,
        shape: tuple[int, ...] | None = None,
        dtype: Any = None,
        trainable: bool = True,
        autocast: bool = True,
        aggregation: str = "none",
        synchronization: str = "auto",
        name: str | None = None,
    ) -> None:
        self.name = name or auto_name(to_snake_case(type(self).__name__))
        if not isinstance(self.name, str) or "/" in self.name:
            raise ValueError(f"A variable's name must be a string without '/'. Received: name={self.name!r}")
        self.path = "/".join((*_names.get(), self.name))
        self._check_choice("aggregation", aggregation, _AGGREGATIONS)
        self._check_choice("synchronization", synchronization, _SYNCHRONIZATIONS)
        self.trainable = self.made_trainable = trainable
        self.autocast = autocast
        self.aggregation = aggregation
        self.synchronization = synchronization
        self.regularizer = self.constraint = None
        self.overwrite_with_gradient = False
        value = self._initial_value(initializer, shape, dtype)
        self._shape: tuple[int, ...] = value.shape
        self._dtype: str = dtypes.standardize(value.dtype)
        self._host: np.ndarray | None = value
        self._cell: Any = None
        self._owner: str = select.current_name()

    @classmethod
    def around(cls, x: Any) -> Variable | None:
        """A variable that shares the value of one of the engine's package (a `tf.Variable`); None for anything else."""
        cell = select.current().cell_of(x)
        if cell is None:
            return None
        name = x.name.partition(":")[0].rpartition("/")[2]
        made = cls(np.empty(tuple(x.shape), dtypes.to_numpy_dtype(dtypes.standardize(x.dtype))), name=name)
        made._cell, made._host = cell, None
        return made

    def _check_choice(self, argument: str, value: Any, choices: tuple[str | None, ...]) -> None:
        if value not in choices:
            raise ValueError(
                f"Variable {self.path!r}: expected `{argument}` to be one of {choices}. Received: {argument}={value!r}"
            )

    def _initial_value(self, initializer: Any, shape: tuple[int, ...] | None, dtype: Any) -> np.ndarray:
        if isinstance(initializer, str):  # initializers lie above variables: a lazy look upwards
            initializer = importlib.import_module("keras.initializers").get(initializer)
        if callable(initializer):
            if shape is None:
                raise ValueError(
                    f"Variable {self.path!r}: an initializer needs a shape. Received: initializer={initializer}"
                )
            shape = tuple(int(d) for d in shape)
            dtype = dtypes.standardize(dtype or config.floatx())
            if _uninitialized.get():
                return _zeros(shape, dtype, self.path)
            if hasattr(initializer, "host"):
                value = initializer.host(shape, dtype)
            else:
                with select.scope(None):  # a real value is wanted, also while shapes are being inferred
                    value = to_host(initializer(shape, dtype=dtype))
        else:
            value = to_host(initializer)
            if dtype is None:
                dtype = _default_dtype(initializer, value)
        value = np.array(value, dtype=dtypes.to_numpy_dtype(dtype))
        if shape is not None and value.shape != tuple(shape):
            raise ValueError(
                f"Variable {self.path!r}: expected a value of shape {tuple(shape)}. Received: {value.shape}"
            )
        return value

    # ------------------------------------------------------------------ facts
    @property
    def shape(self) -> tuple[int, ...]:
        return self._shape

    @property
    def dtype(self) -> str:
        """The dtype it is read with: the compute dtype inside a layer that autocasts, else the stored one."""
        wanted = _autocast.get()
        if wanted is not None and self.autocast and dtypes.is_float(self._dtype):
            return wanted
        return self._dtype

    @property
    def ndim(self) -> int:
        return len(self._shape)

    @property
    def engine_name(self) -> str:
        """Name of the engine this variable belongs to."""
        return self._owner

    def __repr__(self) -> str:
        facts = f"path={self.path}, shape={self._shape}, dtype={self._dtype}"
        if recording() is not None:
            return f"<Variable {facts}>"  # here it has another value, or none yet
        try:
            return f"<Variable {facts}, value={self.numpy()}>"
        except Exception:  # in a graph of the engine's own; what stands in error messages must not raise
            return f"<Variable {facts}>"

    def __len__(self) -> int:
        return self._shape[0]

    # ------------------------------------------------------------------ reading
    @property
    def value(self) -> Tensor:
        """The current value as a tensor of the engine in force."""
        engine = select.current()
        x = engine.read_variable(self)
        return x if self.dtype == self._dtype else engine.cast(x, self.dtype)

    def numpy(self) -> np.ndarray:
        """The current value as a host array (a copy)."""
        if self._cell is None:
            assert self._host is not None
            return self._host.copy()
        engine = select.get(self._owner)
        return np.array(engine.to_numpy(engine.read(self._cell)))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return self.numpy() if dtype is None else self.numpy().astype(dtype)

    def __float__(self) -> float:
        return float(self.numpy())

    def __int__(self) -> int:
        return int(self.numpy())

    def __bool__(self) -> bool:
        return bool(self.numpy())

    def __invert__(self) -> Any:
        return public_op("bitwise_not" if dtypes.is_int(self._dtype) else "logical_not")(self)

    # ------------------------------------------------------------------ writing
    def assign(self, value: Any) -> Variable:
        """Replace the value; shapes must agree, the dtype is converted, but not complex to real. Returns the variable."""
        engine = select.current()
        if (
            self._cell is None
            and engine.name == self._owner
            and not engine.is_tensor(value)
            and _recording.get() is None
        ):
            host = np.asarray(to_host(value))
            self._checked_shape(host.shape)
            self._checked_real(host.dtype.kind == "c")
            self._host = np.array(host, dtypes.to_numpy_dtype(self._dtype))
            return self
        tensor = public_op("convert_to_tensor")(value)
        shape, dtype = engine.spec(tensor)
        self._checked_shape(shape)
        self._checked_real(dtypes.is_complex(dtype))
        engine.write_variable(self, tensor if dtype == self._dtype else engine.cast(tensor, self._dtype))
        return self

    def _clear(self) -> None:
        """`assign` zeros, for less: metrics are reset in every epoch."""
        engine = select.current()
        if self._cell is None:
            self.assign(np.zeros(self._shape, dtypes.to_numpy_dtype(self._dtype)))
        else:
            engine.write_variable(self, engine.full(self._shape, 0, self._dtype))

    def assign_add(self, value: Any) -> Variable:
        """`assign(self + value)`."""
        return self.assign(public_op("add")(self._stored(), value))

    def assign_sub(self, value: Any) -> Variable:
        """`assign(self - value)`."""
        return self.assign(public_op("subtract")(self._stored(), value))

    def _stored(self) -> Tensor:
        return select.current().read_variable(self)

    def _checked_real(self, is_complex: bool) -> None:
        if is_complex and not dtypes.is_complex(self._dtype):
            raise TypeError(
                f"Variable {self.path!r}: cannot assign complex values; the variable is {self._dtype}"
            )

    def _checked_shape(self, shape: tuple[Any, ...]) -> None:
        if len(shape) != len(self._shape) or any(
            isinstance(a, int) and a != b for a, b in zip(shape, self._shape, strict=True)
        ):
            raise ValueError(
                f"Variable {self.path!r}: cannot assign a value of shape {tuple(shape)}; the variable's shape is {self._shape}"
            )

    # ------------------------------------------------------------------ the engine's side
    def cell(self, engine: Engine) -> Any:
        """The engine's cell, made at the first call. Raises RuntimeError for another engine's variable."""
        if engine.name != self._owner:
            raise RuntimeError(
                f"Variable {self.path!r} belongs to engine {self._owner!r} but engine {engine.name!r} is in force. "
                f"Run this inside `with keras.backend.using({self._owner!r}):`, or copy the values over: "
                "`other_model.set_weights(model.get_weights())`."
            )
        if self._cell is None:
            assert self._host is not None
            self._cell = engine.variable(self._host, self._dtype, self.path)
            self._host = None
        return self._cell

    def __getattr__(self, name: str) -> Any:
        # Only for names the engine's own API looks for on a variable (for example TensorFlow's `handle`).
        owner = self.__dict__.get("_owner")
        if owner is None or (name.startswith("__") and name.endswith("__")):
            raise AttributeError(name)
        return select.get(owner).variable_attribute(self, name)


def to_host(value: Any) -> np.ndarray:
    """Anything with a concrete value to a host array: arrays, tensors of any engine, variables, lists, scalars."""
    if isinstance(value, Variable):
        return value.numpy()
    if isinstance(value, np.ndarray):
        return value
    for engine in (select.current(), select.get(select.current_name())):
        if engine.is_tensor(value):
            return engine.to_numpy(value)
    return to_array(value) if is_table(value) else np.asarray(value)


def _default_dtype(initial: Any, value: np.ndarray) -> str:
    if hasattr(initial, "dtype"):
        return dtypes.standardize(value.dtype if is_table(initial) else initial.dtype)
    if value.dtype.kind == "f":
        return config.floatx()
    return "int32" if value.dtype.kind == "i" else dtypes.standardize(value.dtype)


# ---------------------------------------------------------------------- scopes
class RecordingScope:
    """State of one call of a pure compiled function: what was read, and what each written variable holds now.

    An engine that compiles pure functions enters the scope while it traces (or runs) `f`, and then commits
    `written` its own way, all or nothing.
    """

    #: Whether even an engine that writes its cells directly must go through this scope.
    isolates = False

    def __init__(self, reader: Callable[[Variable], Tensor]) -> None:
        self.read: dict[Variable, Tensor] = {}
        self.written: dict[Variable, Tensor] = {}
        self._reader = reader

    def get(self, variable: Variable) -> Tensor:
        """The value inside the call: the last one written, else the one it began with."""
        if variable in self.written:
            return self.written[variable]
        if variable not in self.read:
            self.read[variable] = self._reader(variable)
        return self.read[variable]

    def set(self, variable: Variable, value: Tensor) -> None:
        """Record a new value; nothing outside the call changes yet."""
        self.written[variable] = value

    def __enter__(self) -> RecordingScope:
        self._token = _recording.set(self)
        return self

    def __exit__(self, *exc: object) -> None:
        _recording.reset(self._token)


class StatelessScope(RecordingScope):
    """Run code with other variable values and keep what it writes to itself.

    Args:
        state_mapping: pairs (variable, value) to begin with.

    Raises:
        ValueError: a pair whose first is no variable, or whose second has another shape.

    Example:
        >>> import keras
        >>> v = keras.Variable(1.0)
        >>> with StatelessScope([(v, 5.0)]) as inside:
        ...     v.assign_add(1.0)
        <Variable path=variable, shape=(), dtype=float32>
        >>> float(inside.get(v)), float(v)
        (6.0, 1.0)
    """

    isolates = True

    def __init__(self, state_mapping: Iterable[tuple[Variable, Any]] | None = None) -> None:
        super().__init__(self._read_outside)
        self._outer = _recording.get()
        for variable, value in state_mapping or ():
            if not isinstance(variable, Variable):
                raise ValueError(
                    "StatelessScope: `state_mapping` must hold pairs (variable, value). "
                    f"Received: {shorten(variable)}"
                )
            tensor = public_op("convert_to_tensor")(value, dtype=variable._dtype)
            variable._checked_shape(select.current().spec(tensor)[0])
            self.set(variable, tensor)

    def _read_outside(self, variable: Variable) -> Tensor:
        token = _recording.set(self._outer)
        try:
            return select.current().read_variable(variable)
        finally:
            _recording.reset(token)

    def get_current_value(self, variable: Variable) -> Tensor:
        return self.written.get(variable)

    def add_update(self, update: tuple[Variable, Tensor]) -> None:
        self.set(*update)


def recording() -> RecordingScope | None:
    """The scope of the compiled call being traced or run, if any."""
    return _recording.get()


@contextmanager
def uninitialized() -> Iterator[None]:
    """Variables made in the block hold zeros: their values are about to come from a file.

    Memory of such a variable is not touched before it is written, so a file that declares huge layers costs nothing.
    """
    token = _uninitialized.set(True)
    try:
        yield
    finally:
        _uninitialized.reset(token)


def _zeros(shape: tuple[int, ...], dtype: str, path: str) -> np.ndarray:
    try:
        return np.zeros(shape, dtypes.to_numpy_dtype(dtype))
    except (MemoryError, ValueError) as error:
        raise ValueError(
            f"Variable {path!r}: a variable of shape {shape} is too large for this machine: {error}"
        ) from None


@contextmanager
def autocast(dtype: str | None) -> Iterator[None]:
    """Float variables that allow it are read as `dtype` inside the block."""
    token = _autocast.set(dtype)
    try:
        yield
    finally:
        _autocast.reset(token)


@contextmanager
def name_scope(name: str, absolute: bool = False) -> Iterator[None]:
    """Prefix the paths of variables made inside the block; `absolute` starts anew from `name`'s parts."""
    token = _names.set(tuple(name.split("/")) if absolute else (*_names.get(), name))
    try:
        yield
    finally:
        _names.reset(token)


def current_path() -> str:
    """The name scopes in force, joined by '/'."""
    return "/".join(_names.get())


# ---------------------------------------------------------------------- names
def auto_name(prefix: str) -> str:
    """`prefix`, then `prefix_1`, `prefix_2`, ...: unique until `reset_names()`."""
    n = next_number(prefix)
    return prefix if n == 1 else f"{prefix}_{n - 1}"


def next_number(prefix: str) -> int:
    """1, 2, 3, ... for each prefix, until `reset_names()`."""
    _counters[prefix] += 1
    return _counters[prefix]


def reset_names() -> None:
    """Start the automatic names anew."""
    _counters.clear()


def to_snake_case(name: str) -> str:
    """`Conv2DTranspose` to `conv2d_transpose`: a word starts before Capital+lower, or where a capital follows a small letter.

    What is neither letter nor digit falls away: `<lambda>` is `lambda`.
    """
    return re.sub(r"(?<=.)(?=[A-Z][a-z])|(?<=[a-z])(?=[A-Z])", "_", re.sub(r"\W+", "", name)).lower()
