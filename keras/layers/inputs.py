"""Where a functional graph begins: `Input`, and the layer that stands for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras import config, tree
from keras.backend import dtypes
from keras.backend.spec import KerasTensor, is_keras_tensor
from keras.layers import arguments
from keras.layers.layer import Layer
from keras.ops.node import Node

Tensor = Any
Shape = Sequence[int | None]


class InputLayer(Layer):
    """The place of an input in a graph; usually made by `Input`.

    Args:
        shape: without the batch, None for any size.
        batch_size: fixed size of the batch, or None.
        dtype: of the values; default floatx.
        sparse, ragged: accepted for compatibility; must be false.
        batch_shape: shape with the batch, in place of `shape` and `batch_size`.
        input_tensor: an existing symbolic tensor to be the input.
        optional: whether the model may be called with None here.
        name: of the input.

    Raises:
        ValueError: no shape, or two.

    Example:
        >>> import keras
        >>> keras.layers.InputLayer((3,)).output.shape
        (None, 3)
    """

    _not_in_config = frozenset({"input_shape", "batch_input_shape"})

    def __init__(
        self,
        shape: Shape | None = None,
        batch_size: int | None = None,
        dtype: Any = None,
        sparse: bool | None = None,
        ragged: bool | None = None,
        batch_shape: Shape | None = None,
        input_tensor: Tensor = None,
        optional: bool = False,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        shape = kwargs.pop("input_shape", shape)  # Keras 2's names
        batch_shape = kwargs.pop("batch_input_shape", batch_shape)
        kwargs.pop("trainable", None)
        who = f"Input {name!r}" if name else "Input"
        if input_tensor is not None:
            actual, dtype = _of_tensor(who, input_tensor, dtype)
            _check_shape_of_tensor(who, actual, shape, batch_size, batch_shape)
            shape, batch_size, batch_shape = None, None, actual
        self._dtype = dtypes.standardize(dtype or config.floatx())
        super().__init__(name=name, **kwargs)
        self.batch_shape = _batch_shape(who, shape, batch_size, batch_shape)
        self.sparse, self.ragged = bool(sparse), bool(ragged)
        self.optional = optional
        self.built = True
        placeholder = KerasTensor(self.batch_shape, self._dtype, self.sparse, self.ragged, name=self.name)
        Node(self, (), {}, placeholder if input_tensor is None else input_tensor)

    def call(self) -> Tensor:
        """Nothing is computed: the model puts the value here."""

    @property
    def dtype(self) -> str:
        """Dtype of the values."""
        return self._dtype

    def get_config(self) -> dict[str, Any]:
        """What is needed to make an equal input."""
        return {
            "batch_shape": self.batch_shape,
            "dtype": self._dtype,
            "sparse": self.sparse,
            "ragged": self.ragged,
            "name": self.name,
            "optional": self.optional,
        }


def Input(
    shape: Shape | None = None,
    batch_size: int | None = None,
    dtype: Any = None,
    sparse: bool | None = None,
    ragged: bool | None = None,
    batch_shape: Shape | None = None,
    name: str | None = None,
    tensor: Tensor = None,
    optional: bool = False,
) -> KerasTensor:
    """A symbolic tensor to begin a functional model with.

    Args:
        shape: without the batch, None for any size.
        batch_size: fixed size of the batch, or None.
        dtype: of the values; default floatx.
        sparse, ragged: accepted for compatibility; must be false.
        batch_shape: shape with the batch, in place of `shape` and `batch_size`.
        name: of the input.
        tensor: an existing symbolic tensor to be the input.
        optional: whether the model may be called with None here.

    Returns:
        The symbolic tensor.

    Raises:
        ValueError: no shape, or two.

    Example:
        >>> import keras
        >>> x = keras.Input((3,))
        >>> keras.Model(x, keras.layers.Dense(2)(x)).output_shape
        (None, 2)
    """
    layer = InputLayer(shape, batch_size, dtype, sparse, ragged, batch_shape, tensor, optional, name)
    return layer.output


def _of_tensor(who: str, tensor: Any, dtype: Any) -> tuple[tuple[int | None, ...], str]:
    """Shape and dtype of the tensor an input is made from."""
    if not is_keras_tensor(tensor):
        raise ValueError(f"{who}: expected a symbolic tensor. Received: {type(tensor).__name__}")
    if dtype is not None and dtypes.standardize(dtype) != tensor.dtype:
        raise ValueError(
            f"{who}: expected a tensor of dtype {dtypes.standardize(dtype)}. Received: {tensor!r}"
        )
    return tensor.shape, tensor.dtype


def _check_shape_of_tensor(
    who: str, actual: tuple[int | None, ...], shape: Any, batch_size: int | None, batch_shape: Any
) -> None:
    """A shape given beside a tensor must be the tensor's."""
    if batch_shape is not None:
        given = _dims(who, batch_shape)
    else:
        batch = actual[:1] if batch_size is None else (batch_size,)
        given = (*batch, *(actual[1:] if shape is None else _dims(who, shape)))
    if given != actual:
        raise ValueError(f"{who}: expected a tensor of shape {given}. Received: one of shape {actual}")


def _batch_shape(who: str, shape: Any, batch_size: int | None, batch_shape: Any) -> tuple[int | None, ...]:
    if (shape is None) == (batch_shape is None):
        given = "neither" if shape is None else "both"
        raise ValueError(
            f"{who}: give the shape, as `shape` (without the batch) or as `batch_shape`. Received: {given}"
        )
    if batch_shape is not None and batch_size is not None:
        raise ValueError(
            f"{who}: `batch_shape` holds the batch size already. "
            f"Received: batch_shape={batch_shape}, batch_size={batch_size}"
        )
    return _dims(who, batch_shape) if shape is None else _dims(who, (batch_size, *_dims(who, shape)))


def _dims(who: str, shape: Any) -> tuple[int | None, ...]:
    shape = tree.shape_tuple(shape)
    fits = isinstance(shape, (list, tuple)) and all(
        d is None or (arguments.is_int(d) and d >= 0) for d in shape
    )
    if not fits:
        hint = f" Did you mean ({shape},)?" if arguments.is_int(shape) and shape >= 0 else ""
        raise ValueError(
            f"{who}: expected a shape to be a tuple of ints and None, none below 0. Received: {shape!r}.{hint}"
        )
    return tuple(None if d is None else int(d) for d in shape)
