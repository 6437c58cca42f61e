"""Layers that pass on what comes in: Identity, and Masking, which marks steps to be skipped."""

from __future__ import annotations

from typing import Any

from keras import ops
from keras.layers.layer import Layer
from keras.ops.dispatch import cast, convert, dtype_of

Tensor = Any


class Masking(Layer):
    """Mask the time steps in which every feature equals a value: later layers skip them.

    Args:
        mask_value: the value that stands for "nothing here".

    Input shape `(batch, time, features)`, kept; masked steps are set to zero.

    Example:
        >>> import keras, numpy as np
        >>> keras.layers.Masking(-1.0)(np.array([[[1.0, 2.0], [-1.0, -1.0]]], "float32")).tolist()
        [[[1.0, 2.0], [0.0, 0.0]]]
    """

    _stateless = True

    def __init__(self, mask_value: Any = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.mask_value = mask_value
        self.supports_masking = True

    def call(self, inputs: Tensor) -> Tensor:
        return ops.where(self._kept(inputs, keepdims=True), inputs, cast(convert(0), dtype_of(inputs)))

    def compute_mask(self, inputs: Tensor, mask: Tensor = None) -> Tensor:
        return self._kept(inputs, keepdims=False)

    def _kept(self, inputs: Tensor, keepdims: bool) -> Tensor:
        return ops.any(ops.not_equal(inputs, self.mask_value), axis=-1, keepdims=keepdims)


class Identity(Layer):
    """The input, unchanged: a place holder.

    Example:
        >>> import keras, numpy as np
        >>> keras.layers.Identity()(np.array([1.0, 2.0], "float32")).tolist()
        [1.0, 2.0]
    """

    _stateless = True

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True

    def call(self, inputs: Tensor) -> Tensor:
        return inputs
