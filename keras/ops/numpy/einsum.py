"""Einstein's summation: products of tensors, described by letters for their axes.

An expression is worked off pairwise, each pair by one `dot_general`: letters that neither the result nor a later
operand needs are summed away as early as possible.
"""

from __future__ import annotations

import functools
import string
from typing import Any, NamedTuple

from keras.backend.select import current
from keras.backend.spec import is_unknown, shape_str
from keras.ops.dispatch import cast, convert, dtype_of, kernel, op, promote, shape_of
from keras.ops.numpy.matrices import diagonal
from keras.ops.settling import check_text

Tensor = Any
Labelled = tuple[Tensor, str]
Axes = tuple[int, ...]


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
        needed = output + "".join(letters for _, letters in rest[1:])
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


def _pair(first: Labelled, second: Labelled, needed: str) -> Labelled:
    a, b = (first[1], _ones(first)), (second[1], _ones(second))
    (x, of_x), (y, of_y) = _lean(first, _side(*a, *b, needed)), _lean(second, _side(*b, *a, needed))
    contract, batch, letters = _pairing(of_x, of_y, needed)
    return _summed((current().dot_general(x, y, contract, batch), letters), needed)


class Side(NamedTuple):
    """What is done to one operand of a pair at first."""

    alone: Axes  #: summed away, for nobody else needs them
    ones: Axes  #: of size 1, left out of what remains, for they broadcast against the other operand's
    letters: str  #: of the axes that are left


def _ones(term: Labelled) -> str:
    """The letters of the axes that have size 1."""
    return "".join([c for c, d in zip(term[1], shape_of(term[0]), strict=True) if d == 1])


@functools.lru_cache(maxsize=1024)
def _side(own: str, own_ones: str, other: str, other_ones: str, needed: str) -> Side:
    kept = "".join(c for c in own if c in needed or c in other)
    broadcast = [c for c in kept if c in own_ones and c in other and c not in other_ones]
    return Side(
        tuple(i for i, c in enumerate(own) if c not in kept),
        tuple(i for i, c in enumerate(kept) if c in broadcast),
        "".join(c for c in kept if c not in broadcast),
    )


def _lean(term: Labelled, side: Side) -> Labelled:
    x = current().reduce_sum(term[0], side.alone) if side.alone else term[0]
    if side.ones:
        x = current().reshape(x, tuple(d for i, d in enumerate(shape_of(x)) if i not in side.ones))
    return x, side.letters


@functools.lru_cache(maxsize=1024)
def _pairing(a: str, b: str, needed: str) -> tuple[tuple[Axes, Axes], tuple[Axes, Axes], str]:
    """Of two operands the axes to contract, those to go through one by one, and the letters of the product."""
    shared = [c for c in a if c in b]
    batch = [c for c in shared if c in needed]
    summed = [c for c in shared if c not in needed]
    free = [c for c in a + b if c not in shared]
    contract, batched = ((tuple(map(a.index, cs)), tuple(map(b.index, cs))) for cs in (summed, batch))
    return contract, batched, "".join(batch + free)


def _summed(term: Labelled, needed: str) -> Labelled:
    """A product without the letters nobody else needs."""
    x, letters = term
    axes = tuple([i for i, c in enumerate(letters) if c not in needed])
    if not axes:
        return term
    return current().reduce_sum(x, axes), "".join(c for c in letters if c in needed)


def _arranged(term: Labelled, output: str) -> Tensor:
    """The last term, its axes in the order of the result."""
    x, letters = _summed(term, output)
    return x if letters == output else current().transpose(x, tuple(map(letters.index, output)))
