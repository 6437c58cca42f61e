"""Tables as data: what pandas, polars and pyarrow hold in columns, each with a dtype of its own.

None of them is imported: who passes a table has it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

_SHOWN_COLUMNS = 4
_NUMBERS = {"b": np.bool_, "i": np.int64, "u": np.uint64, "f": np.float64}


def is_table(x: Any) -> bool:
    """Whether `x` is a table or a column of one.

    >>> is_table(np.eye(2))
    False
    """
    return hasattr(x, "to_numpy")


def to_array(x: Any) -> np.ndarray:
    """A table or a column as one array; what is missing in columns of numbers becomes NaN.

    pandas makes Python objects of columns whose dtypes have no common one for it, such as bools beside floats (which is
    what `get_dummies` gives) or its own dtypes that can lack values.
    """
    # pyarrow's own `to_numpy` refuses what it would have to copy.
    array = np.asarray(x if hasattr(x, "__array__") else x.to_numpy())
    if array.dtype.kind != "O":
        return array
    kinds = {getattr(dtype, "kind", "O") for dtype in _dtypes(x)}
    if not kinds or not kinds.issubset(_NUMBERS):
        return array
    if np.any(x.isna()):
        return np.asarray(x.to_numpy(dtype=np.float64, na_value=np.nan))
    return np.asarray(x.to_numpy(dtype=np.result_type(*(_NUMBERS[kind] for kind in kinds))))


def describe(x: Any) -> str:
    """A table for a message: the columns that are not numbers, with their dtypes."""
    name = type(x).__name__
    columns = getattr(x, "columns", None)
    if columns is None:
        return f"{name} of dtype {getattr(x, 'dtype', None) or getattr(x, 'type', 'unknown')}"
    parts = {str(column): x[column] for column in columns}
    odd = [
        f'"{c}" ({_dtype_of(part)})' for c, part in parts.items() if to_array(part).dtype.kind not in "biufc"
    ]
    more = f" and {len(odd) - _SHOWN_COLUMNS} more" if len(odd) > _SHOWN_COLUMNS else ""
    return f"{name} with the columns {', '.join(odd[:_SHOWN_COLUMNS])}{more}" if odd else name


def _dtypes(x: Any) -> Iterable[Any]:
    """Of the columns of a pandas table, or of a column itself."""
    several: Any = getattr(x, "dtypes", None)
    return list(several) if hasattr(several, "__iter__") else [getattr(x, "dtype", None)]


def _dtype_of(part: Any) -> Any:
    """Of a column, or of the several columns that have one name."""
    return part.dtype if hasattr(part, "dtype") else "several of one name"
