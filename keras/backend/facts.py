"""Small public functions of `keras.backend`: dtype names, unique ids, starting anew."""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any

from keras.backend import dtypes, select, state

#: What else `clear_session` starts anew; modules above register here.
ON_CLEAR: list[Callable[[], None]] = []


def backend() -> str:
    """Name of the engine in force.

    Example:
        >>> import keras
        >>> with keras.backend.using("numpy"):
        ...     keras.backend.backend()
        'numpy'
    """
    return select.current_name()


def clear_session(free_memory: bool = True) -> None:
    """Start automatic names anew; with `free_memory` also collect garbage. No model is affected."""
    state.reset_names()
    for start_anew in ON_CLEAR:
        start_anew()
    if free_memory:
        gc.collect()


def get_uid(prefix: str = "") -> int:
    """A number unique for this prefix, counting from 1.

    Example:
        >>> import keras
        >>> first = keras.backend.get_uid("thing")
        >>> keras.backend.get_uid("thing") - first
        1
    """
    if not isinstance(prefix, str):
        raise TypeError(f"get_uid: `prefix` must be a string. Received: prefix={prefix!r}")
    return state.next_number(prefix)


def standardize_dtype(dtype: Any) -> str:
    """The name of a dtype given as name, Python type or dtype object; None is `floatx`."""
    return dtypes.standardize(dtype)


def result_type(*dtypes_or_types: Any) -> str:
    """The dtype to which operands of these dtypes are promoted; Python types are weak."""
    return dtypes.result_type(*dtypes_or_types)


def is_float_dtype(dtype: Any) -> bool:
    """Whether the dtype is a floating point one."""
    return dtypes.is_float(dtypes.standardize(dtype))


def is_int_dtype(dtype: Any) -> bool:
    """Whether the dtype is an integer one."""
    return dtypes.is_int(dtypes.standardize(dtype))
