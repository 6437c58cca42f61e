"""Checks of constructor arguments that many layers share: each returns the settled value or raises a teaching error."""

from __future__ import annotations

import numbers
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from keras import config, errors
from keras.backend.spec import shape_str
from keras.layers.input_spec import label

if TYPE_CHECKING:
    from keras.layers.layer import Layer


def is_int(value: Any) -> bool:
    """Whether a value is a whole number, of Python or NumPy, and no bool."""
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)


def int_of(layer: Layer, name: str, value: Any, least: int = 1) -> int:
    """An int of at least `least`."""
    if not is_int(value) or value < least:
        kind = "a positive int" if least == 1 else f"an int of at least {least}"
        raise ValueError(f"{label(layer)}: expected `{name}` to be {kind}. Received: {name}={value!r}")
    return int(value)


def ints_of(layer: Layer, name: str, value: Any, n: int, least: int = 1) -> tuple[int, ...]:
    """A tuple of `n` ints; one int stands for all of them."""
    values = (value,) * n if is_int(value) else value
    fits = (
        isinstance(values, (list, tuple))
        and len(values) == n
        and all(is_int(v) and v >= least for v in values)
    )
    if not fits:
        what = f"{n} ints" if n > 1 else "one int"
        size = f"of at least {least}" if least != 1 else "above 0"
        raise ValueError(
            f"{label(layer)}: expected `{name}` to be an int or {what} {size}. Received: {name}={value!r}"
        )
    return tuple(int(v) for v in values)


def choice(layer: Layer, name: str, value: Any, choices: Sequence[str]) -> str:
    """One of a few words, in any case."""
    word = value.lower() if isinstance(value, str) else value
    if word not in choices:
        raise ValueError(f"{label(layer)}: {errors.unknown(name, value, choices)}")
    return word


def data_format_of(layer: Layer, value: Any) -> str:
    """`channels_last` or `channels_first`; None is the configured one."""
    if value is None:
        return config.image_data_format()
    return choice(layer, "data_format", value, ("channels_last", "channels_first"))


def set_window(
    layer: Any,
    kernel_size: Any,
    strides: Any,
    padding: str,
    data_format: str | None,
    dilation_rate: Any,
    paddings: Sequence[str] = ("valid", "same"),
) -> None:
    """Settle how the window of a convolution slides over the `rank` spatial axes of a layer, as the layer's attributes."""
    layer.kernel_size = ints_of(layer, "kernel_size", kernel_size, layer.rank)
    layer.strides = ints_of(layer, "strides", strides, layer.rank)
    layer.padding = choice(layer, "padding", padding, paddings)
    layer.data_format = data_format_of(layer, data_format)
    layer.dilation_rate = ints_of(layer, "dilation_rate", dilation_rate, layer.rank)
    if max(layer.strides) > 1 and max(layer.dilation_rate) > 1:
        raise ValueError(
            f"{label(layer)}: expected `strides` or `dilation_rate` to be 1. "
            f"Received: strides={layer.strides}, dilation_rate={layer.dilation_rate}"
        )


def fraction_of(layer: Layer, name: str, value: Any, below_one: bool = False) -> float:
    """A number from 0 to 1."""
    if not is_number(value) or not 0 <= value <= 1 or (below_one and value == 1):
        most = "1, and below it" if below_one else "1"
        raise ValueError(
            f"{label(layer)}: expected `{name}` to be a number from 0 to {most}. Received: {name}={value!r}"
        )
    return value


def non_negative(layer: Layer, name: str, value: Any) -> Any:
    """A number of at least 0."""
    if not is_number(value) or value < 0:
        raise ValueError(
            f"{label(layer)}: expected `{name}` to be a number of at least 0. Received: {name}={value!r}"
        )
    return value


def is_number(value: Any) -> bool:
    """Whether a value is a real number and no bool."""
    return isinstance(value, numbers.Real) and not isinstance(value, bool)


def known_size(layer: Layer, shape: Sequence[int | None], axis: int, name: str = "axis") -> int:
    """The size of an axis that weights depend on.

    Raises:
        ValueError: there is no such axis, or its size is not known yet.
    """
    rank = len(shape)
    if not -rank <= axis < rank:
        raise ValueError(
            f"{label(layer)}: `{name}`={axis} is out of range for an input of rank {rank}. "
            f"Received: input of shape {shape_str(shape)}"
        )
    size = shape[axis]
    if size is None:
        which = "the last axis" if axis in (-1, rank - 1) else f"axis {axis}"
        raise ValueError(
            f"{label(layer)}: the size of {which} must be known, since weights depend on it. "
            f"Received: input of shape {shape_str(shape)}. Give it in `Input(shape=...)`."
        )
    return int(size)


def channel_axis(data_format: str, rank: int) -> int:
    """Where the channels of an image batch with `rank` spatial axes are."""
    return rank + 1 if data_format == "channels_last" else 1


def spatial_axes(data_format: str, rank: int) -> tuple[int, ...]:
    """Where the spatial axes are."""
    first = 1 if data_format == "channels_last" else 2
    return tuple(range(first, first + rank))
