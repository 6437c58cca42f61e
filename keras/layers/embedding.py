"""Tables of vectors: from ids to vectors, and back to a score for every id."""

from __future__ import annotations

from typing import Any

import numpy as np

from keras import constraints, initializers, ops, regularizers
from keras.backend.select import current
from keras.layers import arguments
from keras.layers.input_spec import label
from keras.layers.layer import Layer
from keras.ops.dispatch import convert, dtype_of, ndim_of
from keras.ops.kernels import embedding

Tensor = Any
Shape = tuple[int | None, ...]


class Embedding(Layer):
    """Rows of a table by integer index: `table[x]`.

    Args:
        input_dim: number of rows; indices are from 0 to `input_dim - 1`.
        output_dim: length of a row.
        embeddings_initializer, embeddings_regularizer, embeddings_constraint: of the table.
        mask_zero: whether index 0 means "nothing here", and is masked in later layers.
        weights: the table, or a list holding it, to start from.

    Input shape `(batch, ...)` of ints, output shape `(batch, ..., output_dim)`.

    Example:
        >>> import keras
        >>> keras.layers.Embedding(1000, 64)(keras.Input((10,), dtype="int32")).shape
        (None, 10, 64)
    """

    _not_in_config = frozenset({"input_length", "weights"})

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        embeddings_initializer: Any = "uniform",
        embeddings_regularizer: Any = None,
        embeddings_constraint: Any = None,
        mask_zero: bool = False,
        weights: Any = None,
        **kwargs: Any,
    ) -> None:
        kwargs.pop("input_length", None)  # Keras 2 asked for it
        kwargs.setdefault("autocast", False)  # indices given as floats must not be rounded to half precision
        super().__init__(**kwargs)
        self.input_dim = arguments.int_of(self, "input_dim", input_dim)
        self.output_dim = arguments.int_of(self, "output_dim", output_dim)
        self.embeddings_initializer = initializers.get(embeddings_initializer)
        self.embeddings_regularizer = regularizers.get(embeddings_regularizer)
        self.embeddings_constraint = constraints.get(embeddings_constraint)
        self.mask_zero = mask_zero
        self.supports_masking = mask_zero
        self._initial_weights = (
            weights if weights is None or isinstance(weights, (list, tuple)) else [weights]
        )
        if weights is not None:
            self.build()
            self._apply_initial_weights()

    def build(self, input_shape: Shape | None = None) -> None:
        self.embeddings = self.add_weight(
            (self.input_dim, self.output_dim),
            self.embeddings_initializer,
            regularizer=self.embeddings_regularizer,
            constraint=self.embeddings_constraint,
            name="embeddings",
        )

    def call(self, inputs: Tensor) -> Tensor:
        indices = convert(inputs if dtype_of(inputs) in ("int32", "int64") else ops.cast(inputs, "int32"))
        try:
            return embedding(convert(self.embeddings, self.compute_dtype), indices)
        except Exception:
            self._explain(indices)
            raise

    def _explain(self, indices: Tensor) -> None:
        """Raise our own error if the ids were at fault; inside a trace their values are not known."""
        try:
            ids = current().to_numpy(indices)
        except (TypeError, RuntimeError, AttributeError, NotImplementedError):
            return
        self.check_ids(ids)

    def check_ids(self, ids: np.ndarray, what: str = "the input") -> None:
        """Raise ValueError if a host array holds an id without a row.

        Args:
            ids: int array.
            what: its name, for the message.
        """
        if ids.size and not (ids.min() >= 0 and ids.max() < self.input_dim):
            wrong = ids[~((ids >= 0) & (ids < self.input_dim))].ravel()[0]  # so that NaN is wrong, too
            raise ValueError(
                f"{label(self)}: {what} holds the id {wrong}, but the layer has rows 0 to {self.input_dim - 1} "
                f"(input_dim={self.input_dim}). Give it a larger input_dim, or correct the ids."
            )

    def compute_mask(self, inputs: Tensor, mask: Tensor = None) -> Tensor:
        return ops.not_equal(inputs, 0) if self.mask_zero else None


class ReversibleEmbedding(Embedding):
    """Rows of a table by integer index; with `reverse=True`, how well vectors fit each row: `x @ table.T`.

    Args:
        input_dim: number of rows.
        output_dim: length of a row.
        tie_weights: whether the way back uses the table itself; if not, it has a weight `reverse_embeddings`
            of shape `(output_dim, input_dim)`.
        embeddings_initializer: first values of both.
        embeddings_regularizer, embeddings_constraint: of the table.
        mask_zero: whether index 0 means "nothing here".
        reverse_dtype: dtype of the way back; None is the compute dtype.
        logit_soft_cap: a number that scores approach but do not pass: `cap * tanh(scores / cap)`.

    Input shape `(batch, ...)` of ints, output shape `(batch, ..., output_dim)`; with `reverse=True`,
    `(batch, ..., output_dim)` and `(batch, ..., input_dim)`.

    Example:
        >>> import keras
        >>> layer = keras.layers.ReversibleEmbedding(1000, 64)
        >>> vectors = layer(keras.Input((10,), dtype="int32"))
        >>> layer(vectors, reverse=True).shape
        (None, 10, 1000)
    """

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        tie_weights: bool = True,
        embeddings_initializer: Any = "uniform",
        embeddings_regularizer: Any = None,
        embeddings_constraint: Any = None,
        mask_zero: bool = False,
        reverse_dtype: Any = None,
        logit_soft_cap: float | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            input_dim,
            output_dim,
            embeddings_initializer,
            embeddings_regularizer,
            embeddings_constraint,
            mask_zero,
            **kwargs,
        )
        self.tie_weights = tie_weights
        self.reverse_dtype = reverse_dtype
        self.logit_soft_cap = logit_soft_cap

    def build(self, input_shape: Shape | None = None) -> None:
        super().build(input_shape)
        if not self.tie_weights:
            self.reverse_embeddings = self.add_weight(
                (self.output_dim, self.input_dim), self.embeddings_initializer, name="reverse_embeddings"
            )

    def call(self, inputs: Tensor, reverse: bool = False) -> Tensor:
        if not reverse:
            return super().call(inputs)
        dtype = self.reverse_dtype or self.compute_dtype
        table = self.embeddings if self.tie_weights else self.reverse_embeddings
        kernel = convert(table, dtype)
        scores = ops.matmul(ops.cast(inputs, dtype), ops.transpose(kernel) if self.tie_weights else kernel)
        cap = self.logit_soft_cap
        return ops.tanh(scores / cap) * cap if cap else scores

    def _mask_outputs(self, inputs: Any, masks: Any, outputs: Any) -> None:
        if ndim_of(outputs) > ndim_of(inputs):  # a mask is made of ids, not of vectors on their way back
            super()._mask_outputs(inputs, masks, outputs)
