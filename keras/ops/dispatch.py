"""How a call of an op finds its way: to the graph, to an engine's own kernel, or to the shared body.

`@op` makes a public op: with a symbolic argument the body runs on the abstract engine and a graph node is recorded;
otherwise the body runs on the engine in force. Bodies settle everything friendly (promotion, negative axes, keepdims)
with the helpers below, and then call primitives of `current()`, kernels, or other ops.

`@kernel` makes a composed building block with strict arguments which an engine may override by a method of its name.
"""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np

from keras import config, tree
from keras.backend import dtypes
from keras.backend.abstract import ABSTRACT
from keras.backend.operators import OPS
from keras.backend.select import current, inner, scope
from keras.backend.spec import KerasTensor, Unknown
from keras.backend.state import Variable, auto_name, to_snake_case
from keras.backend.tables import describe, is_table, to_array
from keras.ops.node import Node, Operation, fresh

Tensor = Any
#: Dtypes that hold fractions.
INEXACT = frozenset(dtypes.FLOATS + dtypes.FLOAT8 + dtypes.COMPLEX)
F = TypeVar("F", bound=Callable[..., Any])

#: Kernels by name, for tests and docs.
KERNELS: dict[str, Callable[..., Any]] = {}


# ---------------------------------------------------------------------- op
def op(body: F) -> F:
    """Make `body` a public op."""
    name = body.__name__

    @functools.wraps(body)
    def call(*args: Any, **kwargs: Any) -> Any:
        if inner() is ABSTRACT:
            return body(*args, **kwargs)
        try:
            if has_symbolic(args) or (kwargs and has_symbolic(kwargs)):
                return record(call, args, kwargs)
            if current().checks_first:
                _replay(body, args, kwargs)
            return body(*args, **kwargs)
        except Exception as error:
            explained = _explained(error, body, args, kwargs)
            if explained is error:
                raise
            raise explained from None

    call.body = body  # type: ignore[attr-defined]
    OPS[name] = call
    return call  # type: ignore[return-value]


def has_symbolic(args: Any) -> bool:
    """Whether a symbolic tensor is among the arguments, inside lists, tuples and dicts too."""
    for a in args.values() if isinstance(args, dict) else args:
        if isinstance(a, KerasTensor) or (isinstance(a, (list, tuple, dict)) and has_symbolic(a)):
            return True
    return False


class OpCall(Operation):
    """A public op as a step of a functional graph."""

    def __init__(self, function: Callable[..., Any], name: str | None = None) -> None:
        super().__init__(name or auto_name(to_snake_case(function.__name__)))
        self.function = function

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.function(*args, **kwargs)


def record(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Run an op on the abstract engine and record the call as a node of the graph."""
    with scope(ABSTRACT):
        outputs = function.body(*args, **kwargs)  # type: ignore[attr-defined]
    symbolic = [t for t in tree.flatten((args, kwargs)) if isinstance(t, KerasTensor)]
    outputs = fresh(outputs, symbolic)
    Node(OpCall(function), args, kwargs, outputs)
    return outputs


def composed(name: str) -> Callable[[F], F]:
    """Make a function of several ops one step of a graph, called `name` there, when its arguments are symbolic.

    Its body then sees tensors whose unknown dimensions can be computed with.
    """

    def decorate(body: F) -> F:
        @functools.wraps(body)
        def call(*args: Any, **kwargs: Any) -> Any:
            if inner() is not ABSTRACT and (has_symbolic(args) or has_symbolic(kwargs)):
                return record(step, args, kwargs)
            return body(*args, **kwargs)

        def step(*args: Any, **kwargs: Any) -> Any:
            return body(*args, **kwargs)

        step.body = body  # type: ignore[attr-defined]
        step.__name__ = name
        return call  # type: ignore[return-value]

    return decorate


def _replay(body: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """Run the body on the abstract engine for its checks alone."""
    engine = current()

    def abstract(x: Any) -> Any:
        return KerasTensor(*engine.spec(x)) if engine.is_tensor(x) else x

    def argument(x: Any) -> Any:  # without tensors as it is: an error is about the very value that came
        return tree.map_structure(abstract, x) if any(map(engine.is_tensor, tree.flatten(x))) else x

    with scope(ABSTRACT):
        body(*map(argument, args), **{name: argument(x) for name, x in kwargs.items()})


def _explained(
    error: Exception, body: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Exception:
    """The library's own error if the arguments were at fault; an engine's words differ from engine to engine.

    It names the op that was called, not one that this op is made of.
    """
    if not hasattr(error, "_keras_explained") and not isinstance(error, (MemoryError, NotImplementedError)):
        error = _found_again(error, body, args, kwargs)
        error._keras_explained = True  # type: ignore[attr-defined]
    if type(error) in (ValueError, TypeError, IndexError):
        name_error(error, body, args, kwargs)
    return error


def _found_again(
    error: Exception, body: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Exception:
    """The error with which the abstract engine refuses the arguments, if it does."""
    try:
        _replay(body, args, kwargs)
    except (ValueError, TypeError, IndexError) as found:
        return found if _is_ours(found) else error
    except Exception:
        return error
    return error


def _is_ours(error: Exception) -> bool:
    """Whether the library raised it, and not what a caller's function gave an abstract tensor to."""
    place = error.__traceback__
    while place and place.tb_next:
        place = place.tb_next
    return place is not None and place.tb_frame.f_globals.get("__name__", "").startswith("keras.")


_LEADING_NAME = re.compile(r"[a-z]\w*: ")


def name_error(
    error: Exception, body: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> None:
    """Have the error's text begin with the op's name, and the argument's if that cannot be a tensor at all."""
    text = str(error)
    if hasattr(error, "not_a_tensor"):
        value, reason = error.not_a_tensor
        given = inspect.signature(body).bind_partial(*args, **kwargs).arguments
        names = [n for n, x in given.items() if any(y is value for y in (x, *tree.flatten(x)))]
        text = f"`{names[0]}` {reason}" if names else text
    elif any(map(callable, args)):
        return  # it may come from the user's own function
    inside = _LEADING_NAME.match(text)
    error.args = (f"{body.__name__}: {text[inside.end() :] if inside else text}",)


# ---------------------------------------------------------------------- kernel
def kernel(body: F) -> F:
    """Make `body` a kernel: an engine method of the same name and signature is called instead, if there is one."""
    name = body.__name__

    @functools.wraps(body)
    def call(*args: Any) -> Any:
        native = current().native(name)
        if native is not None:
            result = native(*args)
            if result is not NotImplemented:
                return result
        return body(*args)

    call.body = body  # type: ignore[attr-defined]
    KERNELS[name] = call
    return call  # type: ignore[return-value]


# ---------------------------------------------------------------------- settling arguments
def convert(x: Any, dtype: Any = None) -> Tensor:
    """Anything array-like to a tensor of the engine in force, of `dtype` if given.

    Without it, tensors and arrays keep their dtype; Python floats get `floatx`, ints `int32` if they fit, bools `bool`.
    """
    engine = current()
    wanted = None if dtype is None else dtypes.standardize(dtype)
    if isinstance(x, Variable):
        x = x.value
    if not engine.is_tensor(x):
        if type(x) is float and (
            wanted is None or wanted in dtypes.FLOATS
        ):  # a setting, the most frequent case
            return engine.full((), x, wanted or config.floatx())
        x = _constant(engine, x, wanted)
    return x if wanted is None or engine.dtype(x) == wanted else engine.cast(x, wanted)


def _constant(engine: Any, x: Any, wanted: str | None) -> Tensor:
    if isinstance(x, KerasTensor):
        x._no_value()
    if isinstance(x, (list, tuple)) and holds_tensors(x):
        return _stack([convert(e, wanted) for e in x])
    if engine is ABSTRACT and isinstance(x, Unknown):
        return KerasTensor((), wanted or (config.floatx() if x.kind is float else "int32"))
    if (
        engine is ABSTRACT
        and hasattr(x, "shape")
        and hasattr(x, "dtype")
        and not isinstance(x, (np.ndarray, np.generic))
        and not is_table(x)
    ):
        return KerasTensor(tuple(x.shape), wanted or dtypes.standardize(x.dtype))
    own = None if isinstance(x, (np.ndarray, np.generic, int, float)) else engine.adopt(x)
    if own is not None:
        return own
    array = _host_array(x)
    return engine.constant(array, wanted or _natural_dtype(x, array))


def _host_array(x: Any) -> np.ndarray:
    try:
        array = to_array(x) if is_table(x) else np.asarray(x)
    except ValueError:
        raise unsuitable(x, f"holds lists of unequal lengths. Received: {x!r:.80}", ValueError) from None
    if array.dtype.kind not in "biufcV":
        what = describe(x) if is_table(x) else f"{type(x).__name__} of dtype {array.dtype}"
        advice = (
            "Make sparse matrices dense first, with their method toarray()."
            if hasattr(x, "toarray")
            else "Encode strings and objects as integers first."
        )
        reason = f"cannot be made a tensor: expected numbers or bools. Received: {what}. {advice}"
        raise unsuitable(x, reason)
    return array


def unsuitable(value: Any, reason: str, kind: type[Exception] = TypeError) -> Exception:
    """The error for a value that cannot be what it was given for; the op that was called adds the argument's name."""
    wrong = kind(f"The value {reason}")
    wrong.not_a_tensor = (value, reason)  # type: ignore[attr-defined]
    return wrong


def _natural_dtype(x: Any, array: np.ndarray) -> str:
    if hasattr(x, "dtype"):
        return dtypes.standardize(array.dtype if is_table(x) else x.dtype)
    kind = array.dtype.kind
    if kind == "f" or array.size == 0:
        return config.floatx()
    if kind in "iu" and array.min() >= -(2**31) and array.max() < 2**31:
        return "int32"
    return dtypes.standardize(array.dtype)


def holds_tensors(x: Sequence[Any]) -> bool:
    """Whether a tensor or a variable is among the elements of nested lists."""
    engine = current()
    return any(
        isinstance(e, (Variable, KerasTensor, Unknown))
        or (engine.is_tensor(e) and not isinstance(e, np.ndarray))
        or (isinstance(e, (list, tuple)) and holds_tensors(e))
        for e in x
    )


def _stack(xs: list[Tensor]) -> Tensor:
    engine = current()
    xs = promote(*xs)
    return engine.concat([engine.reshape(x, (1, *engine.spec(x)[0])) for x in xs], 0)


def promote(*xs: Any) -> list[Tensor]:
    """Tensors of one dtype, by the promotion rules; Python scalars are weak."""
    engine = current()
    alike = _of_one_dtype(engine, xs)
    if alike is not None:
        return alike
    tensors = [engine.is_tensor(x) for x in xs]
    kinds = [engine.dtype(x) if known else dtype_or_type(x) for x, known in zip(xs, tensors, strict=True)]
    dtype = dtypes.result_type(*kinds)
    return [
        x if known and kind == dtype else convert(x, dtype)
        for x, kind, known in zip(xs, kinds, tensors, strict=True)
    ]


def _of_one_dtype(engine: Any, xs: tuple[Any, ...]) -> list[Tensor] | None:
    """Tensors and values of variables that have the dtype they meet in, as most have; None if they do not."""
    found: list[Tensor] = []
    common: str | None = None
    for x in xs:
        tensor = x.value if isinstance(x, Variable) else x
        if not engine.is_tensor(tensor):
            return None
        dtype = engine.dtype(tensor)
        if dtype != (common or dtype) or dtype not in dtypes.CLOSED:
            return None
        common = dtype
        found.append(tensor)
    return found


def dtype_or_type(x: Any) -> Any:
    """What promotion looks at: a tensor's or array's dtype name, or the Python type of a scalar."""
    if isinstance(x, (bool, int, float, complex)):
        return type(x)
    if isinstance(x, Unknown):
        return x.kind
    if isinstance(x, (list, tuple)):
        return current().dtype(convert(x))
    return dtype_of(x)


def as_float(x: Any) -> Tensor:
    """A float (or complex) tensor: ints and bools become `floatx`."""
    engine = current()
    if not engine.is_tensor(x):
        x = convert(x)
    return x if engine.dtype(x) in INEXACT else engine.cast(x, config.floatx())


def cast(x: Tensor, dtype: str) -> Tensor:
    """`x` as `dtype` (a standard name); `x` itself if it has it."""
    return x if dtype_of(x) == dtype else current().cast(x, dtype)


def shape_of(x: Any) -> tuple[Any, ...]:
    """Shape as a tuple of ints; UNKNOWN stands for dimensions an abstract tensor does not know."""
    engine = current()
    if engine.is_tensor(x):
        return engine.spec(x)[0]
    if isinstance(x, KerasTensor):
        return x.dims
    if isinstance(x, Variable):
        return x.shape
    return engine.spec(convert(x))[0]


def dtype_of(x: Any) -> str:
    """Dtype name of a tensor, variable or array."""
    engine = current()
    if engine.is_tensor(x):
        return engine.dtype(x)
    if isinstance(x, (np.ndarray, np.generic)):
        _host_array(x)
    if hasattr(x, "dtype") and not is_table(x):  # whose dtypes are their own, and may lack values
        return dtypes.standardize(x.dtype)
    return engine.dtype(convert(x))


def ndim_of(x: Any) -> int:
    """Rank."""
    return len(shape_of(x))


def axis_of(axis: Any, ndim: int, who: str, name: str = "axis") -> int:
    """`axis` as a non-negative int. Raises ValueError naming the op when it is out of range."""
    try:
        i = axis.__index__()
    except (AttributeError, TypeError):
        raise TypeError(f"{who}: `{name}` must be an int. Received: {name}={axis!r}") from None
    if ndim == 0:
        raise ValueError(f"{who}: axis {i} is out of bounds for a scalar. Received: {name}={i}")
    if not -ndim <= i < ndim:
        raise ValueError(
            f"{who}: axis {i} is out of bounds for a tensor of rank {ndim}; `{name}` must be from {-ndim} to {ndim - 1}"
        )
    return i % ndim


def axes_of(axis: Any, ndim: int, who: str, name: str = "axis") -> tuple[int, ...]:
    """`None` (all), an int or a sequence of ints to a sorted tuple of distinct non-negative axes."""
    if axis is None:
        return tuple(range(ndim))
    axes = [axis_of(a, ndim, who, name) for a in (axis if isinstance(axis, (list, tuple)) else (axis,))]
    if len(set(axes)) != len(axes):
        raise ValueError(f"{who}: `{name}` names an axis twice. Received: {name}={axis}")
    return tuple(sorted(axes))
