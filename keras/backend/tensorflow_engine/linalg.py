"""Linear algebra and the Fourier transform. `lu` keeps the shared body, whose pivots are LAPACK's."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from keras.backend.engine import Engine
from keras.backend.tensorflow_engine.leaf import DTYPES, raw
from keras.backend.tensorflow_engine.loading import tf
from keras.errors import NOT_DEFINITE, SINGULAR

Tensor = Any


def in_float32(f: Callable[..., Any]) -> Callable[..., Any]:
    """A primitive computed in float32 when it is given 16 bit floats, for which TensorFlow has no kernel."""

    @functools.wraps(f)
    def method(self: Any, a: Tensor, *rest: Any) -> Any:
        if a.dtype not in (tf.float16, tf.bfloat16):
            return f(self, a, *rest)
        wide = [self.cast(x, "float32") if isinstance(x, tf.Tensor) else x for x in (a, *rest)]
        out = f(self, *wide)
        back = lambda y: self.cast(y, a.dtype.name) if y.dtype == tf.float32 else y  # noqa: E731
        return tuple(map(back, out)) if isinstance(out, tuple) else back(out)

    return method


class LinalgPart(Engine):
    """On the last two axes, batched over the others."""

    @in_float32
    def cholesky(self, a: Tensor) -> Tensor:
        factor = raw.Cholesky(input=a)
        # NaN in the factor of numbers is its way to say that there is none.
        if tf.executing_eagerly() and np.isfinite(a).all() and not np.isfinite(np.tril(factor)).all():
            raise ValueError(NOT_DEFINITE)
        return factor

    @in_float32
    def qr(self, a: Tensor, mode: str) -> tuple[Tensor, Tensor]:
        q, r = raw.Qr(input=a, full_matrices=mode == "complete")
        return q, r

    @in_float32
    def svd(self, a: Tensor, full: bool, uv: bool) -> Any:
        s, u, v = raw.Svd(input=a, compute_uv=uv, full_matrices=full)
        return (u, s, tf.linalg.adjoint(v)) if uv else s

    @in_float32
    def eigh(self, a: Tensor) -> tuple[Tensor, Tensor]:
        w, v = raw.SelfAdjointEigV2(input=a)
        return self.real(w), v

    @in_float32
    def eig(self, a: Tensor) -> tuple[Tensor, Tensor]:
        w, v = raw.Eig(input=a, Tout=DTYPES[_WIDE[a.dtype.name]])
        return w, v

    @in_float32
    def triangular_solve(self, a: Tensor, b: Tensor, lower: bool) -> Tensor:
        return raw.MatrixTriangularSolve(matrix=a, rhs=b, lower=lower)

    @in_float32
    def solve(self, a: Tensor, b: Tensor) -> Tensor:
        try:
            return raw.MatrixSolve(matrix=a, rhs=b)
        except tf.errors.InvalidArgumentError:
            raise ValueError(SINGULAR) from None

    def fft(self, re: Tensor, im: Tensor, inverse: bool) -> tuple[Tensor, Tensor]:
        dtype = re.dtype.name
        if dtype in ("float16", "bfloat16"):
            wide = self.fft(self.cast(re, "float32"), self.cast(im, "float32"), inverse)
            return self.cast(wide[0], dtype), self.cast(wide[1], dtype)
        y = (raw.IFFT if inverse else raw.FFT)(input=tf.complex(re, im))
        return tf.math.real(y), tf.math.imag(y)


_WIDE = {
    "float32": "complex64",
    "float64": "complex128",
    "complex64": "complex64",
    "complex128": "complex128",
}
