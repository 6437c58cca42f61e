"""`rearrange`: reshapes and transpositions written as a pattern of named axes."""

from __future__ import annotations

import math
import re
from typing import Any

from keras.backend.select import current
from keras.backend.spec import is_unknown, shape_str
from keras.ops.dispatch import convert, op, shape_of
from keras.ops.settling import check_text

Tensor = Any


@op
def rearrange(tensor: Any, pattern: str, **axes_lengths: int) -> Tensor:
    """A tensor with its axes split, moved and joined as a pattern says.

    Args:
        tensor: array-like.
        pattern: as in `"b (h w) c -> b h w c"`: names of axes on both sides; a pair of parentheses is one axis made of
            several; `...` stands for any number of axes, `1` for an axis of size 1.
        **axes_lengths: sizes of named axes, where the tensor's shape does not say.

    Raises:
        ValueError: a pattern that does not fit the tensor.

    >>> rearrange([[1, 2, 3, 4]], "b (h w) -> b w h", h=2).tolist()
    [[[1, 3], [2, 4]]]
    """
    check_text(pattern, "rearrange", "pattern")
    x = convert(tensor)
    left, arrow, right = pattern.partition("->")
    if not arrow:
        raise ValueError(f"rearrange: the pattern needs an arrow, as in 'a b -> b a'. Received: {pattern!r}")
    shape = shape_of(x)
    dots = [f"dots {i}" for i in range(len(shape) - len(_groups(left, [])))] if "..." in left else []
    old, new = _groups(left, dots), _groups(right, dots)
    if len(old) != len(shape):
        raise ValueError(
            f"rearrange: {pattern!r} describes {len(old)} axes. Received: shape {shape_str(shape)}"
        )
    sizes = _sizes(pattern, old, shape, axes_lengths)
    names, wanted = [n for g in old for n in g], [n for g in new for n in g]
    if sorted(names) != sorted(wanted) or len(set(names)) != len(names):
        raise ValueError(f"rearrange: both sides of {pattern!r} must name the same axes, each once")
    e = current()
    x = e.reshape(x, tuple(sizes[n] for n in names))
    x = e.transpose(x, tuple(names.index(n) for n in wanted))
    return e.reshape(x, tuple(math.prod(sizes[n] for n in g) for g in new))


def _groups(side: str, dots: list[str]) -> list[list[str]]:
    """The axes of one side, each as the list of names it is made of."""
    groups: list[list[str]] = []
    for token in re.findall(r"\([^()]*\)|\.\.\.|\w+", side):
        if token == "...":
            groups.extend([d] for d in dots)
        elif token.startswith("("):
            inner = [d for name in token[1:-1].split() for d in (dots if name == "..." else [name])]
            groups.append([n for n in inner if n != "1"])
        else:
            groups.append([] if token == "1" else [token])
    return groups


def _sizes(
    pattern: str, groups: list[list[str]], shape: tuple[Any, ...], given: dict[str, int]
) -> dict[str, Any]:
    """Size of every named axis."""
    sizes: dict[str, Any] = dict(given)
    for group, d in zip(groups, shape, strict=True):
        missing = [n for n in group if n not in sizes]
        known = math.prod(sizes[n] for n in group if n in sizes)
        if len(missing) > 1:
            raise ValueError(f"rearrange: give the sizes of all but one of {missing} in {pattern!r}")
        fits = is_unknown(d) or is_unknown(known) or (known and d % known == 0 if missing else d == known)
        if not fits:
            raise ValueError(
                f"rearrange: an axis of size {d} cannot be made of ({' '.join(group)}) in {pattern!r}. "
                f"Received: shape {shape_str(shape)}, sizes {given}"
            )
        for n in missing:
            sizes[n] = d // known
    return sizes
