"""Attention: means of values, weighted by how well their keys fit a query."""

from __future__ import annotations

import math
from typing import Any

from keras.backend.select import current
from keras.backend.spec import UNKNOWN, shape_str
from keras.ops import kernels
from keras.ops.dispatch import as_float, cast, convert, dtype_of, op, promote, shape_of
from keras.ops.settling import scalar

Tensor = Any


@op
def dot_product_attention(
    query: Any,
    key: Any,
    value: Any,
    bias: Any = None,
    mask: Any = None,
    scale: float | None = None,
    is_causal: bool = False,
    flash_attention: bool | None = None,
    attn_logits_soft_cap: float | None = None,
) -> Tensor:
    """softmax(scale query key^T + bias) value, per head.

    Args:
        query: `[batch, queries, heads, dim]`.
        key: `[batch, keys, key heads, dim]`; the number of heads is a multiple of that of key heads.
        value: `[batch, keys, key heads, dim]`.
        bias: added to the scores; broadcasts against `[batch, heads, queries, keys]`.
        mask: bool, broadcasts likewise; False hides a key from a query.
        scale: of the scores; 1 / sqrt(dim) by default.
        is_causal: hide keys later than the query.
        flash_attention: accepted for compatibility; engines use what they have.
        attn_logits_soft_cap: scores are limited smoothly to this size, by tanh.

    Returns:
        `[batch, queries, heads, dim]`.

    >>> ones = [[[[1.0, 1.0]]]]
    >>> dot_product_attention(ones, ones, ones).tolist()
    [[[[1.0, 1.0]]]]
    """
    q, k, v = (as_float(x) for x in promote(query, key, value))
    shapes = [shape_of(x) for x in (q, k, v)]
    if any(len(s) != 4 for s in shapes):
        raise ValueError(
            "dot_product_attention: query, key and value must have rank 4: [batch, time, heads, dim]. "
            f"Received: {', '.join(map(shape_str, shapes))}"
        )
    if not _same(shapes[0][3], shapes[1][3]) or not _same(shapes[1][1], shapes[2][1]):
        raise ValueError(
            "dot_product_attention: query and key must have equal dims, key and value equal times. "
            f"Received: {', '.join(map(shape_str, shapes))}"
        )
    scale = _default_scale(shapes[0][3]) if scale is None else scale
    k, v = (_heads(x, shapes[0][2], shapes) for x in (k, v))
    if bias is not None:
        bias = convert(bias, dtype_of(q))
    if mask is not None:
        mask = convert(mask, "bool")
        if len(shape_of(mask)) != 4:
            raise ValueError(
                "dot_product_attention: `mask` must have rank 4, to broadcast against [batch, heads, queries, keys]. "
                f"Received: mask.shape={shape_str(shape_of(mask))}"
            )
    if attn_logits_soft_cap is None:
        return kernels.attention(q, k, v, bias, mask, scale, bool(is_causal))
    return _capped(q, k, v, bias, mask, scale, bool(is_causal), attn_logits_soft_cap)


def _same(a: Any, b: Any) -> bool:
    return a is UNKNOWN or b is UNKNOWN or a == b


def _default_scale(dim: Any) -> Any:
    return dim if dim is UNKNOWN else 1.0 / math.sqrt(dim)


def _heads(x: Tensor, heads: Any, shapes: list[tuple[Any, ...]]) -> Tensor:
    """Keys or values with as many heads as the queries have."""
    e = current()
    batch, time, have, dim = shape_of(x)
    if _same(have, heads):
        return x
    if heads % have:
        raise ValueError(
            "dot_product_attention: the number of query heads must be a multiple of that of key and value heads. "
            f"Received: {', '.join(map(shape_str, shapes))}"
        )
    n = heads // have
    x = e.broadcast_to(e.reshape(x, (batch, time, have, 1, dim)), (batch, time, have, n, dim))
    return e.reshape(x, (batch, time, heads, dim))


def _capped(
    q: Tensor, k: Tensor, v: Tensor, bias: Any, mask: Any, scale: float, causal: bool, cap: float
) -> Tensor:
    """Attention whose scores pass through cap tanh(score / cap), handed to the kernel as a bias alone."""
    e = current()
    queries, keys = (e.transpose(t, order) for t, order in ((q, (0, 2, 1, 3)), (k, (0, 2, 3, 1))))
    scores = e.matmul(e.mul(queries, scalar(scale, q)), keys)
    limit = scalar(cap, scores)
    scores = e.mul(limit, e.tanh(e.div(scores, limit)))
    if bias is not None:
        scores = e.add(scores, cast(bias, dtype_of(scores)))
    return kernels.attention(q, k, v, scores, mask, 0.0, causal)
