"""Linear algebra by LAPACK as NumPy offers it, and the two factorisations NumPy leaves out."""

from __future__ import annotations

from typing import Any

import numpy as np

from keras.backend.numpy.arrays import Array, in_float32
from keras.errors import NOT_DEFINITE, SINGULAR

_BLOCK = 32


class LinearAlgebra:
    """Batched over all but the last two axes."""

    @in_float32
    def cholesky(self, a: Array) -> Array:
        try:
            return np.linalg.cholesky(a)
        except np.linalg.LinAlgError:
            raise ValueError(NOT_DEFINITE) from None

    @in_float32
    def qr(self, a: Array, mode: Any) -> tuple[Array, Array]:
        q, r = np.linalg.qr(a, mode)
        return q, r

    @in_float32
    def svd(self, a: Array, full: bool, uv: bool) -> Any:
        finite = np.isfinite(a).all((-2, -1), keepdims=True)
        if not finite.all():  # LAPACK may fail, or never come back
            rest = self.svd(np.where(finite, a, 0), full, uv)
            clear = finite[..., 0, 0]
            return tuple(map(_holed, rest, (clear,) * 3)) if uv else _holed(rest, clear)
        return tuple(np.linalg.svd(a, full)) if uv else np.linalg.svd(a, compute_uv=False)

    @in_float32
    def eigh(self, a: Array) -> tuple[Array, Array]:
        w, v = np.linalg.eigh(a, "L")
        return w, v

    @in_float32
    def eig(self, a: Array) -> tuple[Array, Array]:
        w, v = np.linalg.eig(a)
        wanted = np.result_type(a, np.complex64)  # NumPy answers with reals when all eigenvalues are
        return w.astype(wanted, copy=False), v.astype(wanted, copy=False)

    @in_float32
    def solve(self, a: Array, b: Array) -> Array:
        try:
            return np.linalg.solve(a, b)
        except np.linalg.LinAlgError:
            raise ValueError(SINGULAR) from None

    @in_float32
    def triangular_solve(self, a: Array, b: Array, lower: bool) -> Array:
        if not lower:  # reversed on both axes, an upper triangle is a lower one
            return _solve_lower(a[..., ::-1, ::-1], b[..., ::-1, :])[..., ::-1, :]
        return _solve_lower(a, b)

    @in_float32
    def lu(self, a: Array) -> tuple[Array, Array]:
        *batch, m, n = a.shape
        packed = np.array(a, order="C").reshape(-1, m, n)
        pivots = np.zeros((len(packed), min(m, n)), np.int32)
        every = np.arange(len(packed))
        for k in range(min(m, n)):  # one step of elimination on all matrices of the batch
            row = k + np.abs(packed[:, k:, k]).argmax(-1)
            pivots[:, k] = row
            packed[every, k], packed[every, row] = packed[every, row], packed[every, k]
            pivot = packed[:, k, k, None]
            packed[:, k + 1 :, k] /= np.where(pivot == 0, 1, pivot)  # a zero pivot has zeros below it
            packed[:, k + 1 :, k + 1 :] -= packed[:, k + 1 :, k, None] * packed[:, None, k, k + 1 :]
        return packed.reshape(a.shape), pivots.reshape(*batch, min(m, n))


def _holed(x: Array, clear: Array) -> Array:
    """NaN in the results for those matrices of a batch that are not `clear`."""
    return np.where(clear.reshape(clear.shape + (1,) * (x.ndim - clear.ndim)), x, np.nan).astype(x.dtype)


def _solve_lower(a: Array, b: Array) -> Array:
    """Forward substitution, block by block so that most of the work is matrix products."""
    n = a.shape[-1]
    if n > _BLOCK:
        half = n // 2
        top = _solve_lower(a[..., :half, :half], b[..., :half, :])
        rest = b[..., half:, :] - a[..., half:, :half] @ top
        return np.concatenate([top, _solve_lower(a[..., half:, half:], rest)], -2)
    x = np.zeros(b.shape, b.dtype)
    for i in range(n):
        known = a[..., i, None, :i] @ x[..., :i, :]
        x[..., i, :] = (b[..., i, :] - known[..., 0, :]) / a[..., i, i, None]
    return x
