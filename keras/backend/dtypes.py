"""Dtype names and the promotion rules: what dtype comes out when tensors of several dtypes meet.

Dtypes are names (`"float32"`). Promotion follows Keras 3: dtypes form a lattice, and the result is the lowest dtype
above all operands. Python scalars are *weak*: `int` sits below every integer dtype and `float` between the integers and
the floats, so a scalar never widens a tensor of its kind.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from keras import config
from keras.errors import unknown

BOOL = ("bool",)
UNSIGNED = ("uint8", "uint16", "uint32", "uint64")
SIGNED = ("int8", "int16", "int32", "int64")
INTS = UNSIGNED + SIGNED
FLOATS = ("bfloat16", "float16", "float32", "float64")
FLOAT8 = ("float8_e4m3fn", "float8_e5m2")
COMPLEX = ("complex64", "complex128")
ALLOWED = FLOATS + INTS + BOOL + FLOAT8 + COMPLEX + ("string",)

#: The dtypes right above each one; `int` and `float` stand for weak Python scalars.
_ABOVE = {
    "bool": ("int",),
    "int": ("uint8", "int8"),
    "uint8": ("uint16", "int16"),
    "uint16": ("uint32", "int32"),
    "uint32": ("uint64", "int64"),
    "uint64": ("float",),
    "int8": ("int16",),
    "int16": ("int32",),
    "int32": ("int64",),
    "int64": ("float",),
    "float": ("bfloat16", "float16"),
    "bfloat16": ("float32",),
    "float16": ("float32",),
    "float32": ("float64",),
    "float64": ("complex64",),
    "complex64": ("complex128",),
    "complex128": (),
}
#: Results that Keras narrows: an engine without 64-bit unsigned or complex numbers then gives the same.
_NARROWED = {"uint64": "uint32", "complex128": "complex64"}
#: Dtypes that meet in themselves.
CLOSED = frozenset(BOOL + INTS + FLOATS + COMPLEX) - _NARROWED.keys()
_PYTHON = {bool: "bool", int: "int", float: "float"}
_ITEMSIZE = {"bool": 1, "bfloat16": 2, "float8_e4m3fn": 1, "float8_e5m2": 1}


@functools.cache
def _upward(name: str) -> frozenset[str]:
    """`name` and everything above it."""
    return frozenset({name}).union(*(_upward(n) for n in _ABOVE[name]))


def standardize(dtype: Any) -> str:
    """The name of a dtype given as a name, a Python type, or a dtype object of any library.

    Args:
        dtype: `"float32"`, `"float"`, `int`, `np.int8`, `tf.float16`, `torch.bfloat16`, ...; None means `floatx`.

    Returns:
        One of `ALLOWED`. Python's `int` is `int32` and its `float` is `floatx`.

    Raises:
        ValueError: not a dtype of the library.

    >>> standardize(np.float16), standardize("int"), standardize(bool)
    ('float16', 'int32', 'bool')
    """
    if type(dtype) is str and dtype in _ITSELF:
        return dtype
    if isinstance(dtype, np.dtype):
        return _name_of_array(dtype)
    if (
        dtype is None or dtype is float or (type(dtype) is str and dtype == "float")
    ):  # np.dtype("float64") == "float"
        return config.floatx()
    if dtype is int or (type(dtype) is str and dtype == "int"):
        return "int32"
    return _allowed(_name_of(dtype))


@functools.lru_cache(maxsize=256)
def _name_of_array(dtype: np.dtype) -> str:
    """As `standardize`; kept, for NumPy makes the name anew at every question, which a call of a model asks per array."""
    return _allowed(_name_of(dtype))


def _allowed(name: str) -> str:
    if name not in _ITSELF:
        raise ValueError(unknown("dtype", name, ALLOWED))
    return name


_ITSELF = frozenset(ALLOWED)


def _name_of(dtype: Any) -> str:
    """The name by which other libraries' dtype objects go."""
    if isinstance(dtype, str):
        return dtype
    if dtype is str:
        return "string"
    name = getattr(dtype, "name", None)  # np.dtype, tf.DType
    if not isinstance(name, str):
        name = getattr(dtype, "__name__", None) or str(dtype)  # bool, np.float32; torch.float32
    name = name.removeprefix("torch.").removesuffix("_")
    return {
        "half": "float16",
        "double": "float64",
        "long": "int64",
        "str": "string",
        "complex": "complex128",
    }.get(name, name)


def result_type(*dtypes: Any) -> str:
    """The dtype in which operands of these dtypes meet.

    Args:
        *dtypes: dtype names or objects; the classes `int`, `float` and `bool` stand for Python scalars, which are weak;
            None means `floatx`.

    Returns:
        The lowest dtype above all of them. What only weak scalars decide has the width of `floatx`.

    Raises:
        ValueError: an unknown dtype, or a float8 one (these are never promoted implicitly).

    >>> result_type("int8", "uint8"), result_type("float16", float), result_type("int32", float)
    ('int16', 'float16', 'float32')
    """
    return _result_type(tuple(d if type(d) is str else _PYTHON.get(d, d) for d in dtypes), config.floatx())


@functools.lru_cache(maxsize=4096)
def _result_type(dtypes: tuple[Any, ...], floatx: str) -> str:
    names = {d if d in _ABOVE else standardize(d) for d in dtypes} or {floatx}
    if eight := names & {*FLOAT8, "string"}:
        if len(names) == 1 and "string" in names:
            return "string"
        raise ValueError(
            f"{', '.join(sorted(eight))} tensors are not promoted implicitly: cast them first. Received: {dtypes}"
        )
    if len(names) == 1:
        lowest = next(iter(names))
    else:
        common = frozenset.intersection(*map(_upward, names))
        lowest = max(common, key=lambda n: len(_upward(n)))
    if lowest in ("int", "float"):
        return lowest + floatx[-2:]
    return _NARROWED.get(lowest, lowest)


def is_float(dtype: str) -> bool:
    """Whether a standard name is a real floating dtype, float8 included."""
    return dtype in FLOATS or dtype in FLOAT8


def is_int(dtype: str) -> bool:
    """Whether a standard name is an integer dtype, signed or not; bool is not."""
    return dtype in INTS


def is_unsigned(dtype: str) -> bool:
    """Whether a standard name is an unsigned integer dtype."""
    return dtype in UNSIGNED


def is_bool(dtype: str) -> bool:
    """Whether a standard name is `bool`."""
    return dtype == "bool"


def is_complex(dtype: str) -> bool:
    """Whether a standard name is a complex dtype."""
    return dtype in COMPLEX


def real_of(dtype: str) -> str:
    """The dtype of the parts of a complex one; any other dtype itself."""
    return {"complex64": "float32", "complex128": "float64"}.get(dtype, dtype)


def complex_of(dtype: str) -> str:
    """The complex dtype whose parts have this dtype: complex128 for float64, else complex64."""
    return "complex128" if dtype in ("float64", "complex128") else "complex64"


def itemsize(dtype: str) -> int:
    """Bytes of one element."""
    return _ITEMSIZE.get(dtype) or np.dtype(dtype).itemsize


def to_numpy_dtype(dtype: Any) -> np.dtype[Any]:
    """NumPy's dtype object; bfloat16 and float8 need the package `ml_dtypes`, which brings them to NumPy."""
    name = standardize(dtype)
    if name == "string":
        return np.dtype(object)
    if name != "bfloat16" and name not in FLOAT8:
        return np.dtype(name)
    try:
        import ml_dtypes
    except ImportError:
        raise ImportError(f"NumPy has no {name} of its own. Install it with: pip install ml_dtypes") from None
    return np.dtype(getattr(ml_dtypes, name))


def limits(dtype: str) -> tuple[float, float]:
    """Smallest and largest finite value of a real dtype, as Python numbers.

    >>> limits("int8"), limits("bool")
    ((-128, 127), (0, 1))
    """
    if dtype == "bool":
        return 0, 1
    if dtype in INTS:
        info = np.iinfo(dtype)
        return int(info.min), int(info.max)
    if dtype == "bfloat16":
        return -3.3895313892515355e38, 3.3895313892515355e38
    if dtype in FLOAT8:
        top = 448.0 if dtype == "float8_e4m3fn" else 57344.0
        return -top, top
    return float(np.finfo(dtype).min), float(np.finfo(dtype).max)


def resolution(dtype: str) -> float:
    """Spacing of a float dtype's numbers at 1."""
    return {"bfloat16": 2.0**-7, "float8_e4m3fn": 2.0**-3, "float8_e5m2": 2.0**-2}.get(dtype) or float(
        np.finfo(dtype).eps
    )
