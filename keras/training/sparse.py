"""SciPy's sparse matrices as data: made dense batch by batch, for engines compute with dense tensors.

SciPy itself is not imported: who passes one of its matrices has it.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def is_sparse(x: Any) -> bool:
    """Whether `x` is a sparse matrix of SciPy.

    >>> is_sparse(np.eye(2))
    False
    """
    return hasattr(x, "tocsr") and hasattr(x, "toarray")


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
