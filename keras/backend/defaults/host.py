"""Primitives that run on the host unless an engine has its own: the numpy engine's version, through `host_call`.

Their gradients on the host are the pull-backs of `keras.backend.vjp`, evaluated by the numpy engine.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from keras.backend.defaults.composed import Composed
from keras.backend.dtypes import complex_of, itemsize, real_of

if TYPE_CHECKING:
    from keras.backend.engine import Engine

Tensor = Any
Spec = tuple[tuple[int, ...], str]

_COMPLEX = {
    "float32": "complex64",
    "float64": "complex128",
    "complex64": "complex64",
    "complex128": "complex128",
}
_REAL = {"complex64": "float32", "complex128": "float64"}


class HostDefaults(Composed):
    """Linear algebra on the last two axes, batched over the others; complex too where the engine has it."""

    def cholesky(self, a: Tensor) -> Tensor:
        """Lower factor L of a Hermitian positive definite `a = L L^H`; only the lower triangle of `a` is read."""
        return self._on_host("cholesky", a)[0]

    def qr(self, a: Tensor, mode: str) -> tuple[Tensor, Tensor]:
        """`a = q r` with orthonormal columns of q and upper triangular r; mode "reduced" or "complete"."""
        q, r = self._on_host("qr", a, mode=mode)
        return q, r

    def svd(self, a: Tensor, full: bool, uv: bool) -> Any:
        """`a = u diag(s) vh`, s descending: `(u, s, vh)`, or `s` alone when not `uv`; `full` makes u and vh square."""
        outputs = self._on_host("svd", a, full=full, uv=uv)
        return tuple(outputs) if uv else outputs[0]

    def eigh(self, a: Tensor) -> tuple[Tensor, Tensor]:
        """Ascending eigenvalues and orthonormal eigenvectors (columns) of a Hermitian `a`; reads its lower triangle."""
        w, v = self._on_host("eigh", a)
        return w, v

    def eig(self, a: Tensor) -> tuple[Tensor, Tensor]:
        """Complex eigenvalues and right eigenvectors (unit columns) of a square `a`, in no particular order."""
        w, v = self._on_host("eig", a)
        return w, v

    def lu(self, a: Tensor) -> tuple[Tensor, Tensor]:
        """Partially pivoted LU of `a`: L (unit, below) and U packed in one matrix, and int32 pivots.

        `pivots[i] >= i` is the row that was swapped with row i at step i, as in LAPACK but counted from 0.
        """
        packed, pivots = self._on_host("lu", a)
        return packed, pivots

    def triangular_solve(self, a: Tensor, b: Tensor, lower: bool) -> Tensor:
        """x with `a x = b`, reading one triangle of `a` only; `b` is a (batch of) matrices, batches are equal."""
        return self._on_host("triangular_solve", a, b, lower=lower)[0]

    def solve(self, a: Tensor, b: Tensor) -> Tensor:
        """x with `a x = b`; `b` is a (batch of) matrices, batches are equal."""
        return self._on_host("solve", a, b)[0]

    def _on_host(self, name: str, *xs: Tensor, **static: Any) -> list[Tensor]:
        """Primitive `name` by the numpy engine, as a node of this engine's graph."""
        host = _host_engine()
        specs = _out_specs(name, [self.spec(x) for x in xs], **static)

        def forward(*arrays: np.ndarray) -> list[np.ndarray]:
            return _as_list(getattr(host, name)(*arrays, **static))

        def backward(
            inputs: Sequence[np.ndarray], outputs: Sequence[np.ndarray], gradients: Sequence[np.ndarray]
        ) -> list[np.ndarray]:
            from keras.backend.vjp import pull_back_of

            pulled = pull_back_of(name)(host, list(gradients), list(outputs), *inputs, *static.values())
            return [np.zeros_like(x) if g is None else g for x, g in zip(inputs, pulled, strict=True)]

        return list(self.host_call(forward, specs, list(xs), backward if name in _DIFFERENTIABLE else None))


_DIFFERENTIABLE = frozenset(
    {"cholesky", "qr", "svd", "eigh", "lu", "triangular_solve", "solve", "imag", "complex"}
)


def _host_engine() -> Engine:
    # Lazily: the numpy engine is itself an Engine, whose class is made from these bodies.
    from keras.backend.select import get

    return get("numpy")


def _as_list(outputs: Any) -> list[np.ndarray]:
    return list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]


def _out_specs(name: str, specs: list[Spec], **static: Any) -> list[Spec]:
    """Specs of the outputs of a host primitive, by name."""
    shape, dtype = specs[0]
    match name:
        case "qr" | "svd" | "eigh" | "eig" | "lu":
            return _factor_specs(name, shape, dtype, **static)
        case "solve" | "triangular_solve":
            return [specs[1]]
        case "cholesky":
            return [specs[0]]
        case "bitcast":
            return [(_recast(shape, dtype, static["dtype"]), static["dtype"])]
        case "random_bits":
            return [(tuple(static["shape"]), "uint32")]
        case "imag":
            return [(shape, real_of(dtype))]
        case "complex":
            return [(shape, complex_of(dtype))]
        case _:  # binaries
            return [(np.broadcast_shapes(shape, specs[1][0]), dtype)]


def _factor_specs(name: str, shape: tuple[int, ...], dtype: str, **static: Any) -> list[Spec]:
    *batch, m, n = shape
    b, k = tuple(batch), min(m, n)
    real = real_of(dtype)
    match name:
        case "qr":
            inner = m if static["mode"] == "complete" else k
            return [((*b, m, inner), dtype), ((*b, inner, n), dtype)]
        case "svd":
            if not static["uv"]:
                return [((*b, k), real)]
            rows, columns = (m, n) if static["full"] else (k, k)
            return [((*b, m, rows), dtype), ((*b, k), real), ((*b, columns, n), dtype)]
        case "eigh":
            return [((*b, n), real), (shape, dtype)]
        case "eig":
            return [((*b, n), complex_of(dtype)), (shape, complex_of(dtype))]
        case _:  # lu
            return [(shape, dtype), ((*b, k), "int32")]


def _recast(shape: tuple[int, ...], old: str, new: str) -> tuple[int, ...]:
    before, after = itemsize(old), itemsize(new)
    if before == after:
        return shape
    if not shape or shape[-1] * before % after:
        raise ValueError(
            f"bitcast: a last axis of {shape[-1] if shape else 'no'} {old} elements does not divide into {new}"
        )
    return (*shape[:-1], shape[-1] * before // after)
