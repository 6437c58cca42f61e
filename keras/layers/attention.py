"""Attention layers: multi-head, grouped-query, and the classic dot-product and additive ones."""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from typing import Any

from keras import constraints, initializers, ops, regularizers
from keras.backend.masks import get_mask
from keras.errors import unknown
from keras.layers.arguments import fraction_of, int_of, is_int
from keras.layers.core import EinsumDense
from keras.layers.input_spec import label
from keras.layers.layer import Layer
from keras.ops.dispatch import axis_of, cast, dtype_of, ndim_of, shape_of
from keras.random import SeedGenerator, dropout

Tensor = Any

_LETTERS = "abcdefghijklmnopqrstuvwxyz"


class _Projected(Layer):
    """What attention layers with learned projections share: their sublayers, masks and the weighted sum."""

    #: A choice of kernel, not of numbers.
    _not_in_config = frozenset({"flash_attention"})

    def _begin(self, options: dict[str, Any]) -> None:
        self.dropout = fraction_of(self, "dropout", options["dropout"])
        self.use_bias = options["use_bias"]
        self.use_gate = options["use_gate"]
        self.sliding_window = options["sliding_window"]
        self.flash_attention = options["flash_attention"]
        self.seed = options["seed"]
        if self.sliding_window is not None:
            int_of(self, "sliding_window", self.sliding_window)
        for part in ("kernel", "bias"):
            setattr(self, f"{part}_initializer", initializers.get(options[f"{part}_initializer"]))
            setattr(self, f"{part}_regularizer", regularizers.get(options[f"{part}_regularizer"]))
            setattr(self, f"{part}_constraint", constraints.get(options[f"{part}_constraint"]))
        self.seed_generator = SeedGenerator(self.seed) if self.dropout > 0 else None
        self.supports_masking = True

    def _dense(
        self, name: str, equation: str, output_shape: Sequence[Any], bias_axes: str, input_shape: Any
    ) -> EinsumDense:
        """One projection, built in this layer's name scope."""
        parts = {
            f"{part}_{kind}": getattr(self, f"{part}_{kind}")
            for part in ("kernel", "bias")
            for kind in ("regularizer", "constraint")
        }
        starts = {f"{p}_initializer": _fresh(getattr(self, f"{p}_initializer")) for p in ("kernel", "bias")}
        bias = bias_axes if self.use_bias else None
        dense = EinsumDense(
            equation,
            tuple(output_shape),
            bias_axes=bias,
            activity_regularizer=self.activity_regularizer,
            name=name,
            dtype=self._dtype_policy,
            **parts,
            **starts,
        )
        dense.build(tuple(input_shape))
        return dense

    # ------------------------------------------------------------------ masks
    def _combined_mask(
        self,
        query: Tensor,
        value: Tensor,
        masks: Sequence[Tensor | None],
        attention_mask: Tensor | None,
        causal: bool,
    ) -> Tensor | None:
        """Padding masks of query, value and key, the given mask, causality and the sliding window, as one [batch, T, S]."""
        query_mask, value_mask, key_mask = masks
        parts = []
        if query_mask is not None:
            parts.append(ops.expand_dims(ops.cast(query_mask, "bool"), -1))
        for m in (value_mask, key_mask):
            if m is not None:
                parts.append(ops.expand_dims(ops.cast(m, "bool"), -2))
        if causal:
            parts.append(self._band(query, value, lambda d: ops.greater_equal(d, 0)))
        if self.sliding_window is not None:
            parts.append(self._band(query, value, lambda d: ops.less(ops.abs(d), self.sliding_window)))
        if attention_mask is not None:
            parts.append(ops.cast(attention_mask, "bool"))
        mask = None
        for part in parts:
            mask = part if mask is None else ops.logical_and(mask, part)
        return mask

    def _band(self, query: Tensor, value: Tensor, keep: Any) -> Tensor:
        """[1, T, S]: `keep(row - column)`."""
        t, s = shape_of(query)[1], shape_of(value)[1]
        distance = ops.expand_dims(ops.arange(t), 1) - ops.expand_dims(ops.arange(s), 0)
        return ops.expand_dims(keep(distance), 0)

    # ------------------------------------------------------------------ the weighted sum
    def _weigh(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        mask: Tensor | None,
        scale: float,
        training: bool | None,
        fused: bool,
    ) -> tuple[Tensor, Tensor | None]:
        """[batch, T, heads, dim] from query [batch, T, heads, dim] and key and value [batch, S, heads, dim].

        A query that may attend to nothing gets the mean of the values from the fused kernel and zeros otherwise, as in
        Keras 3; the kernel gives no scores and has no dropout.
        """
        if mask is not None and ndim_of(mask) < 4:
            mask = ops.expand_dims(mask, 1 if ndim_of(mask) == 3 else (0, 1))
        if fused and not self.dropout:
            return ops.dot_product_attention(query, key, value, mask=mask, scale=scale), None
        logits = ops.einsum("btnh,bsnh->bnts", query * cast_like(scale, query), key)
        weights = masked_softmax(logits, mask)
        if mask is not None:
            weights = weights * cast(mask, dtype_of(weights))
        dropped = (
            dropout(weights, self.dropout, seed=self.seed_generator) if self.dropout and training else weights
        )
        return ops.einsum("bnts,bsnh->btnh", dropped, value), weights


def _fresh(initializer: Any) -> Any:
    """A copy, so that two weights do not begin equal."""
    return initializer.clone() if hasattr(initializer, "clone") else initializer


def cast_like(value: float, like: Tensor) -> Tensor:
    """A scalar tensor in the dtype of `like`."""
    return ops.cast(value, dtype_of(like))


def masked_softmax(logits: Tensor, mask: Tensor | None, axis: int = -1) -> Tensor:
    """Softmax in which masked-out entries get (next to) nothing."""
    if mask is not None:
        low = -3e4 if dtype_of(logits) == "float16" else -1e9
        logits = logits + (1.0 - cast(mask, dtype_of(logits))) * low
    return ops.softmax(logits, axis=axis)


def _known_as(name: str) -> property:
    """An attribute under another name."""
    return property(operator.attrgetter(name), lambda self, value: setattr(self, name, value))


class MultiHeadAttention(_Projected):
    """softmax(Q K^T / sqrt(d)) V in several heads, with learned projections (Vaswani et al. 2017).

    Args:
        num_heads: number of heads. key_dim: width of a head's query and key. value_dim: of its value; default `key_dim`.
        dropout: rate for the attention weights. use_bias: of the projections.
        output_shape: last dimension(s) of the output; default that of the query.
        attention_axes: axes attended over; default all but the first and the last.
        sliding_window: attend only to positions nearer than this.
        use_gate: multiply the heads by a sigmoid gate of the query.
        kernel_initializer ... bias_constraint, seed: as in `Dense` and `Dropout`.

    Call arguments:
        query [batch, T, dim], value [batch, S, dim], key (default `value`); `attention_mask` [batch, T, S], True = attend;
        `use_causal_mask`: no position attends to later ones; `return_attention_scores`: also return [batch, heads, T, S].

    Example:
        >>> import keras
        >>> x = keras.Input((5, 8))
        >>> keras.layers.MultiHeadAttention(num_heads=2, key_dim=4)(x, x).shape
        (None, 5, 8)
    """

    #: What tf.keras 2 wrote of its inputs.
    _of_keras_2 = frozenset({"query_shape", "key_shape", "value_shape", "softmax_robust_masking"})
    _not_in_config = _of_keras_2

    # Names by which subclasses in other libraries know what Keras's layer has.
    _num_heads, _key_dim, _value_dim = map(_known_as, ("num_heads", "key_dim", "value_dim"))
    _query_dense, _key_dense = _known_as("query_dense"), _known_as("key_dense")
    _value_dense, _output_dense = _known_as("value_dense"), _known_as("output_dense")

    def __init__(
        self,
        num_heads: int,
        key_dim: int,
        value_dim: int | None = None,
        dropout: float = 0.0,
        use_bias: bool = True,
        output_shape: Any = None,
        attention_axes: Any = None,
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
        for name in self._of_keras_2:
            kwargs.pop(name, None)
        options = dict(locals())
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self._begin(options)
        self.num_heads = int_of(self, "num_heads", num_heads)
        self.key_dim = int_of(self, "key_dim", key_dim)
        self.value_dim = self.key_dim if value_dim is None else int_of(self, "value_dim", value_dim)
        self.output_shape = self._output_shape_argument(output_shape)
        axes = (attention_axes,) if isinstance(attention_axes, int) else attention_axes
        self.attention_axes = axes and tuple(axes)

    def _output_shape_argument(self, given: Any) -> tuple[int, ...] | None:
        sizes = given if given is None or isinstance(given, (list, tuple)) else (given,)
        if sizes is not None and not all(is_int(n) for n in sizes):
            raise ValueError(
                f"{label(self)}: expected `output_shape` to be an int or a tuple of ints. Received: output_shape={given!r}"
            )
        return tuple(sizes) if sizes else None

    def build(self, query_shape: Any, value_shape: Any, key_shape: Any = None) -> None:
        key_shape = value_shape if key_shape is None else key_shape
        rank = len(query_shape)
        if not rank == len(value_shape) == len(key_shape):
            raise ValueError(
                f"{label(self)}: query, value and key must have one rank. Received shapes {query_shape}, {value_shape}, {key_shape}"
            )
        self._axes = tuple(
            axis_of(a, rank, label(self), "attention_axes") for a in self.attention_axes or range(1, rank - 1)
        )
        free = _LETTERS[: rank - 1]
        into = f"{free}x,xyz->{free}yz"
        middle = [None] * (rank - 2)
        self.query_dense = self._dense(
            "query", into, [*middle, self.num_heads, self.key_dim], "yz", query_shape
        )
        self.key_dense = self._dense("key", into, [*middle, self.num_heads, self.key_dim], "yz", key_shape)
        if self.use_gate:
            self._gate_dense = self._dense(
                "gate", into, [*middle, self.num_heads, self.value_dim], "yz", query_shape
            )
        self.value_dense = self._dense(
            "value", into, [*middle, self.num_heads, self.value_dim], "yz", value_shape
        )
        out = tuple(self.output_shape or (query_shape[-1],))
        letters = "uvwxyzst"[: len(out)]
        equation = f"{free}mn,mn{letters}->{free}{letters}"
        heads = (*query_shape[:-1], self.num_heads, self.value_dim)
        self.output_dense = self._dense("attention_output", equation, [*middle, *out], letters, heads)

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
        key = value if key is None else key
        masks = (get_mask(query), value_mask, key_mask)  # as in Keras 3, `query_mask` itself is not looked at
        mask = self._combined_mask(query, value, masks, attention_mask, use_causal_mask)
        q, k, v = self.query_dense(query), self.key_dense(key), self.value_dense(value)
        y, scores = self._compute_attention(q, k, v, mask, training, return_attention_scores)
        if self.use_gate:
            y = y * ops.sigmoid(self._gate_dense(query))
        y = self.output_dense(y)
        return (y, scores) if return_attention_scores else y

    def _compute_attention(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        attention_mask: Tensor | None = None,
        training: bool | None = None,
        return_attention_scores: bool = False,
    ) -> tuple[Tensor, Tensor | None]:
        """Heads of the output and, if asked for, the scores, of projected queries, keys and values.

        Subclasses in other libraries call it, and replace it.
        """
        fold = _Fold(self._axes, shape_of(query), shape_of(key))
        fused = fold.plain and not return_attention_scores
        y, scores = self._weigh(
            fold.queries(query),
            fold.keys(key),
            fold.keys(value),
            fold.mask(attention_mask),
            1 / math.sqrt(self.key_dim),
            training,
            fused,
        )
        return fold.back(y), fold.scores(scores)

    def _add_activity_losses(self, outputs: Any) -> None:
        """None: the projections have them, the last one that of the outputs."""

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        return get_mask(inputs) if previous_mask is None else previous_mask


class _Fold:
    """Puts any number of batch and attention axes into one each, and back: [B, T, heads, dim]."""

    def __init__(self, axes: tuple[int, ...], query_shape: Any, key_shape: Any) -> None:
        rank = len(query_shape) - 2
        self.plain = rank == 2 and axes == (1,)
        self.batch = tuple(i for i in range(rank) if i not in axes)
        self.axes = axes
        self.query_shape, self.key_shape = query_shape, key_shape

    def queries(self, x: Tensor) -> Tensor:
        return self._fold(x)

    keys = queries

    def _fold(self, x: Tensor) -> Tensor:
        if self.plain:
            return x
        shape = shape_of(x)
        n = len(shape)
        x = ops.transpose(x, (*self.batch, *self.axes, n - 2, n - 1))
        return ops.reshape(
            x, (self._product(shape, self.batch), self._product(shape, self.axes), shape[-2], shape[-1])
        )

    @staticmethod
    def _product(shape: Any, axes: Sequence[int]) -> Any:
        return math.prod(shape[a] for a in axes)

    def mask(self, mask: Tensor | None) -> Tensor | None:
        """[batch..., T..., S...] to [B, T, S]."""
        if mask is None or self.plain:
            return mask
        t, s = self._product(self.query_shape, self.axes), self._product(self.key_shape, self.axes)
        lead = [self.query_shape[a] for a in self.batch]
        targets = [self.query_shape[a] for a in self.axes]
        sources = [self.key_shape[a] for a in self.axes]
        mask = ops.broadcast_to(mask, (*lead, *targets, *sources))
        return ops.reshape(mask, (math.prod(lead), t, s))

    def back(self, y: Tensor) -> Tensor:
        if self.plain:
            return y
        shape = shape_of(y)
        order = (*self.batch, *self.axes)
        y = ops.reshape(y, (*(self.query_shape[a] for a in order), shape[-2], shape[-1]))
        inverse = sorted(range(len(order)), key=order.__getitem__)
        return ops.transpose(y, (*inverse, len(order), len(order) + 1))

    def scores(self, scores: Tensor | None) -> Tensor | None:
        """[B, heads, T, S] to [batch..., heads, T..., S...]."""
        if scores is None or self.plain:
            return scores
        lead = [self.query_shape[a] for a in self.batch]
        targets = [self.query_shape[a] for a in self.axes]
        sources = [self.key_shape[a] for a in self.axes]
        return ops.reshape(scores, (*lead, shape_of(scores)[1], *targets, *sources))


class GroupQueryAttention(_Projected):
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

    def compute_mask(self, inputs: Any, previous_mask: Any) -> None:
        """None: in Keras 3.15 the mask ends here, unlike in MultiHeadAttention."""


GroupQueryAttention.__name__ = "GroupedQueryAttention"  # the name it has in Keras 3, and its group in files


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
