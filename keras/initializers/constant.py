"""Initializers without chance."""

from collections.abc import Callable
from typing import Any

import numpy as np

from keras.backend.dtypes import to_numpy_dtype
from keras.errors import shorten, unknown
from keras.initializers.initializer import Initializer, Shape


class Zeros(Initializer):
    """All zeros.

    >>> Zeros()((2, 2)).tolist()
    [[0.0, 0.0], [0.0, 0.0]]
    """

    def host(self, shape: Shape, dtype: Any) -> np.ndarray:
        return np.zeros(shape, to_numpy_dtype(dtype))


class Ones(Initializer):
    """All ones.

    >>> Ones()((2,)).tolist()
    [1.0, 1.0]
    """

    def host(self, shape: Shape, dtype: Any) -> np.ndarray:
        return np.ones(shape, to_numpy_dtype(dtype))


class Constant(Initializer):
    """One value everywhere, or an array broadcast to the shape.

    Args:
        value: a number or an array.

    Raises:
        ValueError: if the value is not made of numbers, or an array does not broadcast to the shape asked for.

    >>> Constant([1.0, 2.0])((2, 2)).tolist()
    [[1.0, 2.0], [1.0, 2.0]]
    """

    def __init__(self, value: Any = 0.0) -> None:
        self.value = value

    def host(self, shape: Shape, dtype: Any) -> np.ndarray:
        try:
            value = np.asarray(self.value).astype(to_numpy_dtype(dtype))
        except (TypeError, ValueError):
            raise ValueError(
                f"Constant: expected a number or an array of numbers. Received: {shorten(self.value)}"
            ) from None
        try:
            return np.broadcast_to(value, shape).copy()
        except ValueError:
            raise ValueError(
                f"Constant: a value of shape {value.shape} does not fit weights of shape {tuple(shape)}"
            ) from None


class Identity(Initializer):
    """`gain` times the identity matrix.

    Args:
        gain: factor.

    Raises:
        ValueError: if the shape asked for is not that of a matrix.

    >>> Identity(2.0)((2, 3)).tolist()
    [[2.0, 0.0, 0.0], [0.0, 2.0, 0.0]]
    """

    def __init__(self, gain: float = 1.0) -> None:
        self.gain = gain

    def host(self, shape: Shape, dtype: Any) -> np.ndarray:
        if len(shape) != 2:
            raise ValueError(f"Identity: expected the shape of a matrix, got {tuple(shape)}")
        return (self.gain * np.eye(*shape)).astype(to_numpy_dtype(dtype))


class STFT(Initializer):
    """The kernel of a short-time Fourier transform: windowed cosines or negative sines, one frequency per channel.

    For a Conv1D kernel of shape `(frame_length, 1, fft_length // 2 + 1)`.

    Args:
        side: `"real"` for the real part, `"imag"` for the imaginary part.
        window: the window's name (`"hann"`, `"hamming"`, `"blackman"`, `"bartlett"`, or with SciPy installed any that
            `scipy.signal.get_window` makes from a name alone), its values, or None.
        scaling: `"density"` divides by the root of the sum of the squared window, `"spectrum"` by the sum of its sizes,
            None by nothing.
        periodic: whether the window is periodic rather than symmetric.

    Raises:
        ValueError: if an argument is none of these, or the shape is not of this form.

    >>> STFT(window=None)((2, 1, 2)).tolist()
    [[[1.0, 1.0]], [[1.0, -1.0]]]
    """

    def __init__(
        self,
        side: str = "real",
        window: Any = "hann",
        scaling: str | None = "density",
        periodic: bool = False,
    ) -> None:
        if side not in ("real", "imag"):
            raise ValueError(unknown("side of STFT", side, ("real", "imag")))
        if isinstance(window, str):
            _named_window(window, 1, periodic)  # is there one?
        if scaling not in ("density", "spectrum", None):
            raise ValueError(unknown("scaling of STFT", scaling, ("density", "spectrum")))
        self.side, self.window, self.scaling, self.periodic = side, window, scaling, periodic

    def host(self, shape: Shape, dtype: Any) -> np.ndarray:
        if len(shape) != 3 or shape[1] != 1:
            raise ValueError(
                f"STFT: expected a shape (frame_length, 1, fft_length // 2 + 1), got {shorten(tuple(shape))}"
            )
        frame_length, _, channels = shape
        fft_length = 2 * (channels - 1)
        angles = 2 * np.pi * np.outer(np.arange(frame_length), np.arange(channels)) / fft_length
        waves = np.cos(angles) if self.side == "real" else -np.sin(angles)
        return (self._window(frame_length)[:, None, None] * waves[:, None, :]).astype(to_numpy_dtype(dtype))

    def _window(self, length: int) -> np.ndarray:
        if self.window is None:
            return np.ones(length)  # which Keras does not scale
        if isinstance(self.window, str):
            window = _named_window(self.window, length, self.periodic)
        else:
            window = np.asarray(self.window, "float64")
            if window.shape != (length,):
                raise ValueError(f"STFT: expected a window of {length} values, got the shape {window.shape}")
        if self.scaling == "density":
            return window / np.sqrt(np.sum(window**2))
        return window / np.sum(np.abs(window)) if self.scaling == "spectrum" else window


_WINDOWS: dict[str, Callable[[int], np.ndarray]] = {
    "hann": np.hanning,
    "hamming": np.hamming,
    "blackman": np.blackman,
    "bartlett": np.bartlett,
}


def _named_window(name: str, length: int, periodic: bool) -> np.ndarray:
    if name in _WINDOWS:
        return _WINDOWS[name](length + 1 if periodic else length)[:length]
    try:
        from scipy.signal import get_window  # for rare windows only: nothing else here needs SciPy
    except ImportError:
        raise ValueError(
            unknown("window of STFT", name, _WINDOWS) + " SciPy, not installed here, has more."
        ) from None
    try:
        return get_window(name, length, fftbins=periodic)
    except ValueError as error:  # no such window, or one with parameters
        raise ValueError(f"{unknown('window of STFT', name, _WINDOWS)} SciPy says: {error}") from None
