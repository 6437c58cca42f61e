"""Whatever people hold data in, as host arrays: NumPy, lists of numbers, tables, sparse matrices, tensors of any library.

Floats become `floatx`, whole numbers and bools stay. What cannot become numbers is refused here, by name.
"""

from __future__ import annotations

import datetime
from numbers import Number
from typing import Any

import numpy as np

from keras import config, tree
from keras.backend import dtypes
from keras.backend.state import to_host
from keras.backend.tables import describe, is_table, to_array
from keras.errors import shorten
from keras.training.sparse import SparseRows, is_matrix, is_sparse, to_dense

_SHOWN_SIZES = 8


def as_arrays(data: Any, what: str, by_rows: bool = False) -> Any:
    """`data` with every leaf a host array; lists of plain numbers count as one leaf.

    Args:
        data: an array-like, or a list, tuple or dict of array-likes; None stays None.
        what: the name of the data, for messages.
        by_rows: whether rows are all that will be asked for, so that a sparse matrix may stay one.

    Raises:
        TypeError: text, objects or functions. ValueError: nested lists of unequal lengths.

    >>> as_arrays({"a": [1, 2], "b": [[0.5], [1.5]]}, "x")["b"].dtype.name
    'float32'
    """
    if data is None:
        return None
    if isinstance(data, (list, tuple)) and not _is_numbers(data):
        children = [as_arrays(part, f"{what}[{i}]", by_rows) for i, part in enumerate(data)]
        return tuple(children) if isinstance(data, tuple) else children
    if is_sparse(data):  # before dicts: one of SciPy's formats is one
        rows = by_rows and is_matrix(data) and len(data.shape) == 2
        return SparseRows(data, as_array(data.tocsr()[:1], what).dtype) if rows else as_array(data, what)
    if isinstance(data, dict):
        return {key: as_arrays(part, f"{what}[{key!r}]", by_rows) for key, part in data.items()}
    return as_array(data, what)


def as_array(x: Any, what: str) -> np.ndarray:
    """One array-like as a host array; see `as_arrays`."""
    array = _host(x, what)
    kind = array.dtype.kind
    if kind == "f" or (
        kind == "V" and not array.dtype.names and dtypes.is_float(dtypes.standardize(array.dtype))
    ):
        wanted = dtypes.to_numpy_dtype(config.floatx())
        return array if array.dtype == wanted else array.astype(wanted)
    if kind not in "biuc":
        raise TypeError(f"{what}: expected numbers or bools. Received: {_describe(x)}. {_advice(array, x)}")
    return array


def _host(x: Any, what: str) -> np.ndarray:
    if type(x) is np.ndarray:
        return x
    if is_table(x):
        return to_array(x)
    if is_sparse(x):
        return to_dense(x)
    if callable(getattr(x, "detach", None)):  # a torch tensor, perhaps with gradients or on another device
        x = x.detach().cpu()
    try:
        return np.asarray(to_host(x))  # a matrix or a masked array indexes and multiplies in its own way
    except ValueError as error:
        if isinstance(x, (list, tuple)):
            raise ValueError(
                f"{what}: the lists inside have unequal lengths, so they do not make an array. "
                "Bring them to one length first: keras.utils.pad_sequences(x)."
            ) from None
        raise TypeError(f"{what}: cannot make an array of {_describe(x)}: {error}") from None


def _is_numbers(x: Any) -> bool:
    """Whether a list holds plain numbers (or text), possibly in lists inside, rather than arrays."""
    while isinstance(x, (list, tuple)):
        if not x:
            return True
        first = next((part for part in x if part is not None), None)  # a number may be missing
        if x[0] is None and isinstance(first, (list, tuple)):
            return False  # a part of several
        x = first
    return isinstance(x, (bool, int, float, complex, str, bytes, np.generic))


def sizes(data: Any, what: str) -> dict[str, int]:
    """First dimension of every array in `data`, by name. Raises ValueError for a scalar."""
    found = {}
    for path, x in tree.flatten_with_path(data):
        if x is None:
            continue
        name = what + "".join(f"[{key!r}]" for key in path)
        if x.ndim == 0:
            raise ValueError(
                f"{name}: expected an array with one row per sample. Received: the single number {x}."
            )
        found[name] = x.shape[0]
    return found


def check_sizes(x: Any, y: Any, sample_weight: Any, label: str = "") -> int:
    """The number of samples, the same in all arrays.

    Args:
        x: inputs.
        y: targets or None.
        sample_weight: weights or None.
        label: put before the message.

    Raises:
        ValueError: unequal lengths, naming each array and its length; or no samples at all.

    >>> check_sizes([np.zeros((3, 2))], np.zeros(3), None)
    3
    """
    found = {**sizes(x, "x"), **sizes(y, "y"), **sizes(sample_weight, "sample_weight")}
    if not found:
        raise ValueError(f"{label}no data: `x` holds no array.")
    if len(set(found.values())) > 1:
        listed = ", ".join(f"{name}: {size}" for name, size in list(found.items())[:_SHOWN_SIZES])
        more = f" and {len(found) - _SHOWN_SIZES} more" if len(found) > _SHOWN_SIZES else ""
        hint = (
            " A list of arrays is one array for each input or output; numpy.stack() makes one array of rows."
            if any(isinstance(data, (list, tuple)) for data in (x, y, sample_weight))
            else ""
        )
        raise ValueError(
            f"{label}all arrays must have the same number of samples. Received: {listed}{more}.{hint}"
        )
    samples = next(iter(found.values()))
    if samples == 0:
        raise ValueError(f"{label}the data is empty: {', '.join(found)} have 0 samples.")
    return samples


def take(data: Any, rows: Any) -> Any:
    """The given rows of every array; `rows` is a slice or an array of indices. None stays None."""
    return tree.map_structure(lambda x: None if x is None else x[rows], data)


def _describe(x: Any) -> str:
    if is_table(x):
        return describe(x)
    dtype = getattr(x, "dtype", None)
    return f"{type(x).__name__}{f' of dtype {dtype}' if dtype is not None else f' {shorten(x)}'}"


def _holds(array: np.ndarray, kinds: Any) -> bool:
    """Whether the first elements that are Python objects hold one of these kinds."""
    return array.dtype.kind == "O" and any(isinstance(v, kinds) for v in array.reshape(-1)[:100])


def _advice(array: np.ndarray, x: Any) -> str:
    if array.dtype.kind in "US" or _holds(array, (str, bytes)):
        return "Text must be encoded as numbers first, for example with numpy.unique(labels, return_inverse=True)."
    if callable(x):
        return "It is a function: call it."
    if array.dtype.kind in "mM" or _holds(array, (datetime.date, datetime.timedelta)):
        return "Turn dates and durations into numbers first."
    if array.dtype.names:
        return "Its rows are records; numpy.lib.recfunctions.structured_to_unstructured(x) makes columns of their fields."
    if array.dtype.kind == "O" and all(v is None or isinstance(v, Number) for v in array.reshape(-1)[:100]):
        return "Its numbers are Python objects; numpy.array(x, dtype=float) makes floats of them, and NaN of None."
    return "Its elements are Python objects; give every sample the same shape, then numpy.stack() them."
