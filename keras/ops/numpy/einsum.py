"""Einstein's summation: products of tensors, described by letters for their axes.

An expression is worked off pairwise, each pair by one `dot_general`: letters that neither the result nor a later
operand needs are summed away as early as possible.
"""

from __future__ import annotations

import functools
import string
from typing import Any

from keras.backend.select import current
from keras.backend.spec import is_unknown, shape_str
from keras.ops.dispatch import cast, convert, dtype_of, kernel, op, promote, shape_of
from keras.ops.numpy.matrices import diagonal
from keras.ops.settling import check_text

Tensor = Any
Labelled = tuple[Tensor, str]


@op
def einsum(subscripts: str, *operands: Any, **kwargs: Any) -> Tensor:
    """Sum of products over the axes named by letters.

    Args:
        subscripts: letters of the axes of each operand, separated by commas, and after `->` those of the result;
            without `->`, the letters that occur once, in alphabetical order. `...` stands for axes that broadcast.
        *operands: array-likes.
        **kwargs: `optimize` is accepted for compatibility.

    Returns:
        Tensor in the operands' common dtype; if all are int8, they are multiplied in int32.

    Raises:
        ValueError: subscripts that do not fit the operands, or sizes that do not agree.

    >>> einsum("ij,jk->ik", [[1, 2]], [[3], [4]]).tolist()
    [[11]]
    """
    kwargs.pop("optimize", None)
    if kwargs:
        raise TypeError(f"einsum: unexpected arguments {sorted(kwargs)}")
    check_text(subscripts, "einsum", "subscripts")
    tensors = promote(*operands)
    if all(dtype_of(convert(x)) == "int8" for x in operands):
        tensors = [cast(x, "int32") for x in tensors]
    inputs, output = _parsed(subscripts, tuple(shape_of(x) for x in tensors))
    return products(inputs, output, *tensors)


@kernel
def products(inputs: tuple[str, ...], output: str, *tensors: Tensor) -> Tensor:
    """`einsum` of operands of one dtype, whose letters and sizes are known to agree; sizes of 1 broadcast."""
    rest = [_tidied(x, letters) for x, letters in zip(tensors, inputs, strict=True)]
    total = rest.pop(0)
    while rest:
        needed = set(output).union(*(letters for _, letters in rest[1:]))
        total = _pair(total, rest.pop(0), needed)
    return _arranged(total, output)


@functools.lru_cache(maxsize=1024)
def _parsed(subscripts: str, shapes: tuple[tuple[Any, ...], ...]) -> tuple[tuple[str, ...], str]:
    """Letters of each operand and of the result, dots spelled out in letters of their own; the sizes agree."""
    inputs, output = _letters(subscripts, shapes)
    _check_sizes(subscripts, inputs, shapes)
    return tuple(inputs), output


def _letters(subscripts: str, shapes: tuple[tuple[Any, ...], ...]) -> tuple[list[str], str]:
    text = subscripts.replace(" ", "")
    left, arrow, right = text.partition("->")
    terms = left.split(",")
    if len(terms) != len(shapes):
        raise ValueError(
            f"einsum: {subscripts!r} describes {len(terms)} operands, but {len(shapes)} were given"
        )
    spare = [c for c in string.ascii_letters if c not in text]
    inputs, dots = [], ""
    for term, shape in zip(terms, shapes, strict=True):
        extra = len(shape) - len(term.replace("...", ""))
        if extra < 0 or (extra > 0 and "..." not in term):
            raise ValueError(
                f"einsum: {term!r} in {subscripts!r} does not fit an operand of shape {shape_str(shape)}"
            )
        own = "".join(spare[:extra][::-1])  # aligned from the right, as broadcasting is
        dots = own if len(own) > len(dots) else dots
        inputs.append(term.replace("...", own))
    if not arrow:
        letters = "".join(inputs)
        once = sorted(c for c in set(left) if c.isalpha() and letters.count(c) == 1)
        return inputs, dots + "".join(once)
    output = right.replace("...", dots)
    known = set("".join(inputs))
    if not all(c in known for c in output) or len(set(output)) != len(output):
        raise ValueError(f"einsum: the result of {subscripts!r} must name letters of the operands, each once")
    return inputs, output


def _check_sizes(subscripts: str, inputs: list[str], shapes: tuple[tuple[Any, ...], ...]) -> None:
    sizes: dict[str, Any] = {}
    for letters, shape in zip(inputs, shapes, strict=True):
        for c, d in zip(letters, shape, strict=True):
            if is_unknown(d) or d == 1:
                continue
            if sizes.setdefault(c, d) != d:
                received = ", ".join(map(shape_str, shapes))
                raise ValueError(
                    f"einsum: the axes {c!r} of {subscripts!r} have sizes {sizes[c]} and {d}. Received: shapes {received}"
                )


def _tidied(x: Tensor, letters: str) -> Labelled:
    """A letter that occurs twice in one operand means its diagonal."""
    for c in dict.fromkeys(letters):
        while letters.count(c) > 1:
            i = letters.index(c)
            j = letters.index(c, i + 1)
            x = diagonal(x, 0, i, j)
            letters = letters[:i] + letters[i + 1 : j] + letters[j + 1 :] + c
    return x, letters


def _summed(term: Labelled, needed: set[str]) -> Labelled:
    """The operand without the letters nobody else needs."""
    x, letters = term
    axes = tuple(i for i, c in enumerate(letters) if c not in needed)
    if not axes:
        return term
    return current().reduce_sum(x, axes), "".join(c for c in letters if c in needed)


def _dropped_ones(term: Labelled, other: Labelled) -> Labelled:
    """The operand without axes of size 1 that broadcast against the other's."""
    x, letters = term
    sizes = dict(zip(other[1], shape_of(other[0]), strict=True))
    drop = [
        i
        for i, (c, d) in enumerate(zip(letters, shape_of(x), strict=True))
        if d == 1 and sizes.get(c, 1) != 1
    ]
    if not drop:
        return term
    shape = tuple(d for i, d in enumerate(shape_of(x)) if i not in drop)
    return current().reshape(x, shape), "".join(c for i, c in enumerate(letters) if i not in drop)


def _pair(first: Labelled, second: Labelled, needed: set[str]) -> Labelled:
    first = _summed(first, needed | set(second[1]))
    second = _summed(second, needed | set(first[1]))
    first, second = _dropped_ones(first, second), _dropped_ones(second, first)
    (a, of_a), (b, of_b) = first, second
    shared = [c for c in of_a if c in of_b]
    batch = [c for c in shared if c in needed]
    summed = [c for c in shared if c not in needed]
    contract = tuple(of_a.index(c) for c in summed), tuple(of_b.index(c) for c in summed)
    batched = tuple(of_a.index(c) for c in batch), tuple(of_b.index(c) for c in batch)
    y = current().dot_general(a, b, contract, batched)
    free = [c for letters in (of_a, of_b) for c in letters if c not in shared]
    return _summed((y, "".join(batch + free)), needed)


def _arranged(term: Labelled, output: str) -> Tensor:
    """The last term, its axes in the order of the result."""
    x, letters = _summed(term, set(output))
    return current().transpose(x, tuple(letters.index(c) for c in output))
