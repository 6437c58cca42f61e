"""One table for both ends of a language model: from ids to vectors, and from vectors back to a score for every id."""

from __future__ import annotations

from typing import Any

from keras import ops
from keras.layers.core import Embedding
from keras.ops.dispatch import convert, ndim_of

Tensor = Any
Shape = tuple[int | None, ...]


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
