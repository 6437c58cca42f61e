"""Multi-head attention."""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from typing import Any

from keras import ops
from keras.backend.masks import get_mask
from keras.layers.arguments import int_of, is_int
from keras.layers.attention.projected import Projected
from keras.layers.input_spec import label
from keras.ops.dispatch import axis_of, shape_of

Tensor = Any

_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def _known_as(name: str) -> property:
    """An attribute under another name."""
    return property(operator.attrgetter(name), lambda self, value: setattr(self, name, value))


class MultiHeadAttention(Projected):
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
