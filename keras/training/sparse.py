"""Sparse data, made dense, for engines compute with dense tensors: SciPy's matrices batch by batch, TensorFlow's tensors whole.

Neither is imported here: who passes one of theirs has it.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def is_sparse(x: Any) -> bool:
    """Whether `x` is a sparse matrix of SciPy, or a sparse tensor of TensorFlow.

    >>> is_sparse(np.eye(2))
    False
    """
    return is_matrix(x) or all(hasattr(x, name) for name in ("indices", "values", "dense_shape"))


def is_matrix(x: Any) -> bool:
    """Whether `x` is a sparse matrix of SciPy."""
    return hasattr(x, "tocsr") and hasattr(x, "toarray")


def to_dense(x: Any) -> np.ndarray:
    """All of `x`, which is sparse, the zeros included."""
    if is_matrix(x):
        return x.toarray()
    values = np.asarray(x.values)
    array = np.zeros(np.asarray(x.dense_shape), values.dtype)
    array[tuple(np.asarray(x.indices).T)] = values
    return array


class SparseRows:
    """A sparse matrix that looks like an array whose rows can be taken: what is taken is dense.

    Args:
        matrix: of SciPy, with two axes.
        dtype: of the rows.
    """

    ndim = 2

    def __init__(self, matrix: Any, dtype: np.dtype[Any]) -> None:
        self._matrix = matrix.tocsr()
        self.shape: tuple[int, ...] = tuple(matrix.shape)
        self.dtype = dtype

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: slice | np.ndarray) -> np.ndarray:
        return np.asarray(self._matrix[rows].toarray(), self.dtype)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.asarray(self[:], dtype)

    def part(self, rows: slice) -> Any:
        """These rows, still sparse."""
        return self._matrix[rows]

    @property
    def size(self) -> int:
        """Elements, the zeros included."""
        return self.shape[0] * self.shape[1]

    @property
    def nbytes(self) -> int:
        """Bytes that all rows would take if they were dense: batches are."""
        return self.size * self.dtype.itemsize
