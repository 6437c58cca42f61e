"""What a layer accepts: rank, dtype and sizes of its inputs, checked before `call` in words that name the layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from keras import tree
from keras.backend import dtypes
from keras.backend.select import current
from keras.backend.spec import is_keras_tensor, same, shape_str
from keras.backend.state import Variable
from keras.ops.dispatch import dtype_of, shape_of

if TYPE_CHECKING:
    from keras.layers.layer import Layer

Tensor = Any


class InputSpec:
    """Expected rank, dtype and sizes of one input of a layer; what is None is not checked.

    Args:
        dtype: dtype name.
        shape: tuple of sizes, None for any; fixes the rank too.
        ndim: exact rank.
        max_ndim: greatest rank.
        min_ndim: least rank.
        axes: sizes by axis, as `{-1: 8}`; a size of None is not checked.
        allow_last_axis_squeeze: whether `shape` may differ by a last axis of size 1.
        name: the key of this input when inputs come as a dict.
        optional: whether None may be passed.

    Raises:
        ValueError: an axis of `axes` outside the rank.

    Example:
        >>> import keras
        >>> keras.InputSpec(min_ndim=2, axes={-1: 8})
        InputSpec(min_ndim=2, axes={-1: 8})
    """

    def __init__(
        self,
        dtype: str | None = None,
        shape: Sequence[int | None] | None = None,
        ndim: int | None = None,
        max_ndim: int | None = None,
        min_ndim: int | None = None,
        axes: Mapping[int, int | None] | None = None,
        allow_last_axis_squeeze: bool = False,
        name: str | None = None,
        optional: bool = False,
    ) -> None:
        self.dtype = None if dtype is None else dtypes.standardize(dtype)
        self.shape = None if shape is None else tuple(shape)
        self.ndim = ndim if self.shape is None else len(self.shape)
        self.max_ndim = max_ndim
        self.min_ndim = min_ndim
        self.axes = {int(axis): size for axis, size in (axes or {}).items()}
        self.allow_last_axis_squeeze = allow_last_axis_squeeze
        self.name = name
        self.optional = optional
        rank = self.ndim if self.ndim is not None else self.max_ndim
        beyond = [axis for axis in self.axes if rank is not None and not -rank <= axis < rank]
        if beyond:
            raise ValueError(
                f"InputSpec: axis {beyond[0]} is out of range for rank {rank}. Received: axes={self.axes}"
            )

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor."""
        return dict(vars(self))

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> InputSpec:
        """A spec from its `get_config()`."""
        return cls(**{**config, "ndim": None} if config.get("shape") is not None else config)

    def __repr__(self) -> str:
        said = {k: v for k, v in vars(self).items() if v is not None and v is not False and v != {}}
        if self.shape is not None:
            del said["ndim"]
        return f"InputSpec({', '.join(f'{k}={v}' for k, v in said.items())})"


def label(layer: Layer) -> str:
    """How messages call a layer: `Dense "model/out"`."""
    return f'{type(layer).__name__} "{layer.path}"'


def check(spec: Any, inputs: Any, layer: Layer) -> None:
    """Raise ValueError if the inputs of a layer do not meet its spec(s).

    Args:
        spec: an InputSpec, or a structure of them.
        inputs: a tensor, or a structure of as many; a dict is matched by the specs' names.
        layer: named in the message.
    """
    specs = tree.flatten(spec)
    if isinstance(inputs, dict) and all(s.name is not None for s in specs):
        missing = [s.name for s in specs if s.name not in inputs and not s.optional]
        if missing:
            raise ValueError(
                f"{label(layer)}: expected inputs named {[s.name for s in specs]}. Received: {sorted(inputs)}"
            )
        tensors = [inputs.get(s.name) for s in specs]
    else:
        tensors = tree.flatten(inputs)
    if len(tensors) != len(specs):
        raise ValueError(
            f"{label(layer)}: expected {_count(len(specs), 'input')}. Received: {_count(len(tensors), 'tensor')}"
        )
    for i, (s, x) in enumerate(zip(specs, tensors, strict=True)):
        if s is not None and not (x is None and s.optional):
            _check_one(s, x, layer, "input" if len(specs) == 1 else f"input {s.name or i}")


def _check_one(spec: InputSpec, x: Any, layer: Layer, what: str) -> None:
    if not (
        current().is_tensor(x) or isinstance(x, Variable) or hasattr(x, "__array__") or is_keras_tensor(x)
    ):
        raise TypeError(
            f"{label(layer)}: expected {what} to be a tensor or an array. Received: {x!r} of type {type(x).__name__}"
        )
    shape = x.dims if is_keras_tensor(x) else shape_of(x)
    problem = _rank_problem(spec, len(shape)) or _size_problem(spec, shape)
    if problem is not None:
        raise ValueError(f"{label(layer)}: expected {problem}. Received: {what} of shape {shape_str(shape)}")
    if spec.dtype is not None and dtype_of(x) != spec.dtype:
        raise ValueError(
            f"{label(layer)}: expected {what} of dtype {spec.dtype}. Received: dtype {dtype_of(x)}"
        )


def _rank_problem(spec: InputSpec, rank: int) -> str | None:
    ranks = (
        {spec.ndim, spec.ndim - 1, spec.ndim + 1}
        if spec.ndim and spec.allow_last_axis_squeeze
        else {spec.ndim}
    )
    if spec.ndim is not None and rank not in ranks:
        return f"an input of rank {spec.ndim} (axes, the batch included)"
    if spec.min_ndim is not None and rank < spec.min_ndim:
        return f"an input of rank {spec.min_ndim} or more (axes, the batch included)"
    if spec.max_ndim is not None and rank > spec.max_ndim:
        return f"an input of rank {spec.max_ndim} or less (axes, the batch included)"
    return None


def _size_problem(spec: InputSpec, shape: tuple[Any, ...]) -> str | None:
    for axis, size in spec.axes.items():
        if not -len(shape) <= axis < len(shape):
            return f"an input with an axis {axis}"
        if size is not None and not same(shape[axis], size):
            if axis in (-1, len(shape) - 1):
                return f"the last axis to have {size} features, as built"
            return f"axis {axis} to have size {size}, as built"
    if spec.shape is not None and not any(_fits(spec.shape, s) for s in _squeezed(spec, shape)):
        return f"shape {shape_str(spec.shape)}"
    return None


def _fits(expected: tuple[Any, ...], shape: tuple[Any, ...]) -> bool:
    return len(expected) == len(shape) and all(
        e is None or same(e, d) for e, d in zip(expected, shape, strict=True)
    )


def _squeezed(spec: InputSpec, shape: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    """The shapes to compare: the one received, and, where allowed, with a last axis of 1 more or less."""
    if not spec.allow_last_axis_squeeze:
        return [shape]
    return [shape, (*shape, 1), *([shape[:-1]] if shape and same(shape[-1], 1) else [])]


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}" + ("" if n == 1 else "s")
