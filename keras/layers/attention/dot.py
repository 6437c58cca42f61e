"""Attention without projections: by products, and additive."""

from __future__ import annotations

from typing import Any

from keras import ops
from keras.errors import unknown
from keras.layers.arguments import fraction_of, is_int
from keras.layers.attention.scores import masked_softmax
from keras.layers.input_spec import label
from keras.layers.layer import Layer
from keras.ops.dispatch import cast, dtype_of, shape_of
from keras.random import SeedGenerator, dropout

Tensor = Any


class Attention(Layer):
    """Dot-product attention of [query, value] or [query, value, key] (Luong et al. 2015).

    Args:
        use_scale: multiply the scores by a learned scalar.
        score_mode: `dot` for Q K^T, `concat` for the sum of tanh(Q + K).
        dropout: rate for the attention weights. seed: of the dropout.

    Call arguments:
        inputs: list of query [batch, T, dim], value [batch, S, dim] and optionally key [batch, S, dim];
        mask: list of the query's and value's masks; `use_causal_mask`, `return_attention_scores`.

    Example:
        >>> import keras
        >>> q, v = keras.Input((5, 8)), keras.Input((7, 8))
        >>> keras.layers.Attention()([q, v]).shape
        (None, 5, 8)
    """

    def __init__(
        self,
        use_scale: bool = False,
        score_mode: str = "dot",
        dropout: float = 0.0,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if score_mode not in ("dot", "concat"):
            raise ValueError(f"{label(self)}: {unknown('score_mode', score_mode, ['dot', 'concat'])}")
        self.use_scale = use_scale
        self.score_mode = score_mode
        self.dropout = fraction_of(self, "dropout", dropout)
        self.seed = seed
        self.seed_generator = SeedGenerator(seed) if self.dropout > 0 else None
        self.supports_masking = True

    def build(self, input_shape: Any) -> None:
        self._check_inputs(input_shape)
        self.scale = self.add_weight((), "ones", name="scale") if self.use_scale else None
        self.concat_score_weight = (
            self.add_weight((), "ones", name="concat_score_weight") if self.score_mode == "concat" else None
        )

    def _check_inputs(self, inputs: Any, mask: Any = None) -> None:
        """Tensors, or their shapes, and masks."""
        one = not isinstance(inputs, (list, tuple)) or any(n is None or is_int(n) for n in inputs)
        if one or len(inputs) not in (2, 3):
            raise ValueError(
                f"{label(self)}: expected a list [query, value] or [query, value, key]. Received: {inputs!r:.120}"
            )
        if mask is not None and (not isinstance(mask, (list, tuple)) or len(mask) not in (2, 3)):
            raise ValueError(
                f"{label(self)}: expected `mask` to be a list [query mask, value mask]. Received: {mask!r:.120}"
            )

    def _scores(self, query: Tensor, key: Tensor) -> Tensor:
        if self.score_mode == "dot":
            scores = ops.matmul(query, ops.swapaxes(key, -1, -2))
            return scores if self.scale is None else scores * self.scale
        both = ops.expand_dims(query, -2) + ops.expand_dims(key, -3)
        both = both if self.scale is None else both * self.scale
        return self.concat_score_weight * ops.sum(ops.tanh(both), axis=-1)

    def call(
        self,
        inputs: Any,
        mask: Any = None,
        training: bool = False,
        return_attention_scores: bool = False,
        use_causal_mask: bool = False,
    ) -> Any:
        self._check_inputs(inputs, mask)
        query, value, key = inputs[0], inputs[1], inputs[-1]
        query_mask, value_mask = (None, None) if mask is None else mask[:2]
        scores = self._scores(query, key)
        weights = masked_softmax(scores, self._weights_mask(scores, value_mask, use_causal_mask))
        if self.dropout and training:
            weights = dropout(weights, self.dropout, seed=self.seed_generator)
        y = ops.matmul(weights, value)
        if query_mask is not None:
            y = y * ops.expand_dims(cast(query_mask, dtype_of(y)), -1)
        return (y, weights) if return_attention_scores else y

    def _weights_mask(self, scores: Tensor, value_mask: Tensor | None, causal: bool) -> Tensor | None:
        mask = None if value_mask is None else ops.expand_dims(value_mask, -2)
        if causal:
            t, s = shape_of(scores)[-2:]
            lower = ops.greater_equal(ops.expand_dims(ops.arange(t), 1), ops.expand_dims(ops.arange(s), 0))
            mask = lower if mask is None else ops.logical_and(mask, lower)
        return mask

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        self._check_inputs(inputs, mask)
        return None if mask is None or mask[0] is None else ops.convert_to_tensor(mask[0])


class AdditiveAttention(Attention):
    """Additive attention: scores are sums of scale * tanh(Q + K) (Bahdanau et al. 2015).

    Args:
        use_scale: learn a weight per feature. dropout: rate for the attention weights. seed: of the dropout.

    Example:
        >>> import keras
        >>> q, v = keras.Input((5, 8)), keras.Input((7, 8))
        >>> keras.layers.AdditiveAttention()([q, v]).shape
        (None, 5, 8)
    """

    def __init__(self, use_scale: bool = True, dropout: float = 0.0, **kwargs: Any) -> None:
        kwargs.pop("score_mode", None)
        super().__init__(use_scale=use_scale, dropout=dropout, **kwargs)

    def get_config(self) -> dict[str, Any]:
        own = {"use_scale": self.use_scale, "dropout": self.dropout, "seed": self.seed}
        return {**self._base_config(), **own}

    def build(self, input_shape: Any) -> None:
        self._check_inputs(input_shape)
        dim = input_shape[0][-1]
        self.scale = self.add_weight((dim,), "glorot_uniform", name="scale") if self.use_scale else None

    def _scores(self, query: Tensor, key: Tensor) -> Tensor:
        both = ops.tanh(ops.expand_dims(query, -2) + ops.expand_dims(key, -3))
        return ops.sum(both if self.scale is None else both * self.scale, axis=-1)
