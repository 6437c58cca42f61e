"""Attention in which several heads share keys and values."""

from __future__ import annotations

import math
from typing import Any

from keras import ops
from keras.layers.arguments import int_of
from keras.layers.attention.projected import Projected
from keras.layers.input_spec import label

Tensor = Any


class GroupQueryAttention(Projected):
    """Multi-head attention in which groups of query heads share one key and value head (Ainslie et al. 2023).

    Args:
        head_dim: width of a head. num_query_heads, num_key_value_heads: the first must be a multiple of the second.
        dropout ... seed: as in `MultiHeadAttention`.

    Example:
        >>> import keras
        >>> x = keras.Input((5, 8))
        >>> keras.layers.GroupQueryAttention(head_dim=4, num_query_heads=4, num_key_value_heads=2)(x, x).shape
        (None, 5, 8)
    """

    def __init__(
        self,
        head_dim: int,
        num_query_heads: int,
        num_key_value_heads: int,
        dropout: float = 0.0,
        use_bias: bool = True,
        sliding_window: int | None = None,
        flash_attention: bool | None = None,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        use_gate: bool = False,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        options = dict(locals())
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self._begin(options)
        self.head_dim = int_of(self, "head_dim", head_dim)
        self.num_query_heads = int_of(self, "num_query_heads", num_query_heads)
        self.num_key_value_heads = int_of(self, "num_key_value_heads", num_key_value_heads)
        if num_query_heads % num_key_value_heads:
            raise ValueError(
                f"{label(self)}: `num_query_heads` must be a multiple of `num_key_value_heads`. "
                f"Received: {num_query_heads} and {num_key_value_heads}"
            )

    def build(self, query_shape: Any, value_shape: Any, key_shape: Any = None) -> None:
        into = "bqm,muh->bquh"
        wide, narrow = (
            (None, self.num_query_heads, self.head_dim),
            (None, self.num_key_value_heads, self.head_dim),
        )
        self._query_dense = self._dense("query", into, wide, "uh", query_shape)
        self._key_dense = self._dense("key", into, narrow, "uh", key_shape or value_shape)
        if self.use_gate:
            self._gate_dense = self._dense("gate", into, wide, "uh", query_shape)
        self._value_dense = self._dense("value", into, narrow, "uh", value_shape)
        heads = (query_shape[0], query_shape[1], self.num_query_heads, self.head_dim)
        self._output_dense = self._dense(
            "attention_output", "bquh,uhm->bqm", (None, query_shape[-1]), "m", heads
        )

    def call(
        self,
        query: Tensor,
        value: Tensor,
        key: Tensor | None = None,
        query_mask: Tensor | None = None,
        value_mask: Tensor | None = None,
        key_mask: Tensor | None = None,
        attention_mask: Tensor | None = None,
        return_attention_scores: bool = False,
        training: bool | None = None,
        use_causal_mask: bool = False,
    ) -> Any:
        masks = (query_mask, value_mask, key_mask)
        mask = self._combined_mask(query, value, masks, attention_mask, use_causal_mask)
        repeats = self.num_query_heads // self.num_key_value_heads
        q = self._query_dense(query)
        k = ops.repeat(self._key_dense(value if key is None else key), repeats, axis=2)
        v = ops.repeat(self._value_dense(value), repeats, axis=2)
        y, scores = self._weigh(
            q, k, v, mask, 1 / math.sqrt(self.head_dim), training, not return_attention_scores
        )
        if self.use_gate:
            y = y * ops.sigmoid(self._gate_dense(query))
        y = self._output_dense(y)
        return (y, scores) if return_attention_scores else y


GroupQueryAttention.__name__ = "GroupedQueryAttention"  # the name it has in Keras 3, and its group in files
