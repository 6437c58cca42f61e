"""What attention in heads shares: learned projections, and attention between what they give."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras import constraints, initializers, ops, regularizers
from keras.backend.masks import get_mask
from keras.layers.arguments import fraction_of, int_of
from keras.layers.attention.scores import masked_softmax
from keras.layers.dense import EinsumDense
from keras.layers.layer import Layer
from keras.ops.dispatch import cast, dtype_of, ndim_of, shape_of
from keras.random import SeedGenerator, dropout

Tensor = Any


class Projected(Layer):
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
    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """That of the query: there is an output for each of its steps."""
        return get_mask(inputs) if previous_mask is None else previous_mask

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
        logits = ops.einsum("btnh,bsnh->bnts", query * ops.cast(scale, dtype_of(query)), key)
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
