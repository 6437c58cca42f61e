"""Attention: means of values, weighted by how well their keys fit a query."""

from __future__ import annotations

import math
from typing import Any

from keras.backend.select import current
from keras.backend.spec import Unknown, is_unknown, same, shape_str
from keras.ops.dispatch import (
    INEXACT,
    as_float,
    cast,
    convert,
    dtype_of,
    kernel,
    ndim_of,
    op,
    promote,
    shape_of,
)
from keras.ops.kernels import softmax
from keras.ops.numpy.joining import equal_parts
from keras.ops.settling import in_float32, scalar

Tensor = Any

_MANY_SCORES = 1 << 23  # 32 MB of float32: more than that is neither in a cache nor needed at once


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
    q, k, v = promote(query, key, value)
    if dtype_of(q) not in INEXACT:
        q, k, v = map(as_float, (q, k, v))
    shapes = [shape_of(x) for x in (q, k, v)]
    if any(len(s) != 4 for s in shapes):
        raise ValueError(
            "dot_product_attention: query, key and value must have rank 4: [batch, time, heads, dim]. "
            f"Received: {', '.join(map(shape_str, shapes))}"
        )
    if not same(shapes[0][3], shapes[1][3]) or not same(shapes[1][1], shapes[2][1]):
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
        return _in_groups(q, k, v, bias, mask, scale, bool(is_causal))
    return _capped(q, k, v, bias, mask, scale, bool(is_causal), attn_logits_soft_cap)


def _default_scale(dim: Any) -> Any:
    return dim**-0.5 if is_unknown(dim) else 1.0 / math.sqrt(dim)


def _heads(x: Tensor, heads: Any, shapes: list[tuple[Any, ...]]) -> Tensor:
    """Keys or values with as many heads as the queries have."""
    batch, time, have, dim = shape_of(x)
    if same(have, heads):
        return x
    e = current()
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
    return _in_groups(q, k, v, scores, mask, 0.0, causal)


def _in_groups(
    q: Tensor, k: Tensor, v: Tensor, bias: Tensor | None, mask: Tensor | None, scale: float, causal: bool
) -> Tensor:
    """Very many scores are made group by group of the batch, so that they need not all be in memory."""
    groups = _groups(shape_of(q), shape_of(k)[1])
    if groups == 1:
        return attention(q, k, v, bias, mask, scale, causal)
    parts = zip(*(_parts(x, groups) for x in (q, k, v, bias, mask)), strict=True)
    return current().concat([attention(*(*part, scale, causal)) for part in parts], 0)


def _groups(shape: tuple[Any, ...], keys: Any) -> int:
    """How many equal groups of the batch to make, given the shape of the queries."""
    if 0 in shape or any(isinstance(d, Unknown) for d in (*shape, keys)):
        return 1
    batch, queries, heads, _ = shape
    least = math.ceil(batch * heads * queries * keys / _MANY_SCORES)
    return next((n for n in range(max(least, 1), batch) if batch % n == 0), batch)


def _parts(x: Tensor | None, groups: int) -> tuple[Tensor | None, ...]:
    """Each group's share; what is the same for the whole batch goes to all of them."""
    if x is None or ndim_of(x) < 4 or shape_of(x)[0] == 1:
        return (x,) * groups
    return equal_parts(x, groups, 0)


# ---------------------------------------------------------------------- the kernel
@kernel
def attention(
    q: Tensor, k: Tensor, v: Tensor, bias: Tensor | None, mask: Tensor | None, scale: float, causal: bool
) -> Tensor:
    """softmax(scale q k^T + bias) v per head, `[batch, time, heads, dim]`; False in `mask` means: do not look.

    `bias` and `mask` broadcast against `[batch, heads, queries, keys]`; `causal` hides keys later than the query.
    """
    e = current()
    queries = shape_of(q)[1]
    keys = shape_of(k)[1]
    q, k, v = (e.transpose(t, (0, 2, 1, 3)) for t in (q, k, v))
    scores = e.matmul(e.mul(q, scalar(scale, q)), e.transpose(k, (0, 1, 3, 2)))
    if bias is not None:
        scores = e.add(scores, bias)
    if causal:
        later = e.less(e.reshape(e.iota(queries, "int32"), (queries, 1)), e.iota(keys, "int32"))
        visible = e.logical_not(later)
        mask = visible if mask is None else e.logical_and(mask, visible)
    if mask is not None:
        scores = e.select(mask, scores, scalar(_hidden_score(dtype_of(scores)), scores))
    weights = in_float32(softmax, scores, 3)
    return e.transpose(e.matmul(weights, v), (0, 2, 1, 3))


def _hidden_score(dtype: str) -> float:
    """What stands for -inf in attention: rows with nothing to look at then average instead of becoming NaN."""
    return -3e4 if dtype == "float16" else -1e30
