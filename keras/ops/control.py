"""Control flow: branches, loops, maps.

Functions given here take and return trees (nested lists, tuples, dicts) of tensors; an engine sees flat lists.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from keras import tree
from keras.backend import dtypes
from keras.backend.abstract import ABSTRACT
from keras.backend.select import current, scope
from keras.backend.spec import KerasTensor, broadcast, is_unknown
from keras.backend.state import StatelessScope
from keras.ops.dispatch import axis_of, cast, convert, dtype_of, ndim_of, op, shape_of
from keras.ops.settling import need_size, scalar, slice_axis
from keras.ops.structure import Structure

Tensor = Any
Tree = Any


# ---------------------------------------------------------------------- branches
@op
def cond(pred: Any, true_fn: Callable[[], Tree], false_fn: Callable[[], Tree]) -> Tree:
    """What `true_fn()` returns if the predicate holds, else what `false_fn()` does.

    Args:
        pred: scalar bool; a Python bool decides at once.
        true_fn: takes nothing.
        false_fn: takes nothing; returns the same structure, shapes and dtypes.

    >>> cond(convert(2.0) > 1.0, lambda: convert(1), lambda: convert(0)).tolist()
    1
    """
    if isinstance(pred, bool):
        return true_fn() if pred else false_fn()
    yes, no = Structure(), Structure()
    pred = convert(pred, "bool")
    if ndim_of(pred):
        raise ValueError(f"cond: `pred` must be a scalar. Received: shape {shape_of(pred)}")
    out = current().cond(pred, lambda: yes.flat(true_fn()), lambda: no.flat(false_fn()), [])
    if yes.like is not None and no.like is not None:
        tree.assert_same_structure(yes.like, no.like)
    return (yes if yes.like is not None else no).built(list(out))


@op
def switch(index: Any, branches: Any, *operands: Any) -> Tree:
    """What the branch of that index returns for the operands.

    Args:
        index: integer scalar, clamped to the branches there are.
        branches: list of functions; all return the same structure, shapes and dtypes.
        *operands: passed to the branch.

    >>> switch(1, [lambda x: x + 1, lambda x: x * 10], 4).tolist()
    40
    """
    branches = list(branches)
    if not branches:
        raise ValueError("switch: expected at least one branch")
    operands = tuple(tree.map_structure(convert, o) for o in operands)
    if isinstance(index, int):
        return branches[max(0, min(index, len(branches) - 1))](*operands)
    return _switch(cast(convert(index), "int32"), branches, operands)


def _switch(index: Tensor, branches: list[Callable[..., Tree]], operands: tuple[Any, ...]) -> Tree:
    """A binary tree of two-way branches."""
    if len(branches) == 1:
        return branches[0](*operands)
    half = len(branches) // 2
    before = current().less(index, scalar(half, index))
    rest = current().sub(index, scalar(half, index))
    return cond(
        before,
        lambda: _switch(index, branches[:half], operands),
        lambda: _switch(rest, branches[half:], operands),
    )


# ---------------------------------------------------------------------- loops
@op
def while_loop(
    cond: Callable[..., Any],
    body: Callable[..., Tree],
    loop_vars: Tree,
    maximum_iterations: int | None = None,
) -> Tree:
    """`loop_vars = body(*loop_vars)` again and again while `cond(*loop_vars)` holds.

    Args:
        cond: returns a scalar bool.
        body: returns the new values, in the structure, shapes and dtypes of `loop_vars`.
        loop_vars: list or tuple of (trees of) tensors; or a single tensor.
        maximum_iterations: stop after so many, whatever `cond` says.

    Returns:
        The last values: a tuple, or the one tensor.

    >>> [v.tolist() for v in while_loop(lambda i, s: i < 4, lambda i, s: (i + 1, s + i), (0, 0))]
    [4, 6]
    """
    several = isinstance(loop_vars, (list, tuple))
    start = tree.map_structure(convert, loop_vars if several else (loop_vars,))
    specs = _loop_dtypes(body, loop_vars if several else (loop_vars,), start, several)
    flat = [convert(x, d) for x, d in zip(tree.flatten(start), specs, strict=True)]
    ints = [type(x) is int and dtypes.is_int(d) for x, d in zip(tree.flatten(loop_vars), specs, strict=True)]

    def held(state: Sequence[Tensor]) -> Tree:
        """A Python int stays one as long as its value is known: some engines add it to tensors of its own dtype only."""
        return tree.unflatten(start, [_int(x) if i else x for x, i in zip(state, ints, strict=True)])

    def test(count: Tensor, *state: Tensor) -> Tensor:
        more = convert(cond(*held(state)), "bool")
        if maximum_iterations is not None:
            more = current().logical_and(more, current().less(count, scalar(maximum_iterations, count)))
        return more

    def step(count: Tensor, *state: Tensor) -> list[Tensor]:
        new = body(*held(state))
        new = new if several else (new,)
        flat_new = tree.flatten_like(tree.lists_to_tuples(start), tree.lists_to_tuples(new))
        out = [convert(x, d) for x, d in zip(flat_new, specs, strict=True)]
        return [current().add(count, scalar(1, count)), *out]

    _, *last = current().while_loop(test, step, [current().full((), 0, "int32"), *flat])
    result = tree.unflatten(start, last)
    return tuple(result) if several else result[0]


def _int(x: Tensor) -> Any:
    value = current().peek(x)
    return x if value is None else int(value)


def _loop_dtypes(body: Callable[..., Tree], given: Tree, start: Tree, several: bool) -> list[str]:
    """Dtypes of the variables of a loop. A Python number has none of its own: it is what the body makes of it."""
    specs = [dtype_of(x) for x in tree.flatten(start)]
    weak = [type(x) in (bool, int, float) for x in tree.flatten(given)]
    if not any(weak):
        return specs

    def made_from(state: list[Any]) -> list[str]:
        new = body(*tree.unflatten(start, state))
        return [dtype_of(x) for x in tree.flatten(new if several else (new,))]

    try:
        with scope(ABSTRACT):
            made = made_from(
                [KerasTensor(shape_of(x), d) for x, d in zip(tree.flatten(start), specs, strict=True)]
            )
    except Exception:
        pairs = zip(weak, tree.flatten(given), tree.flatten(start), strict=True)
        try:
            # Functions of the engine's own take its tensors only; in the scope, the round changes no variable.
            with StatelessScope():
                made = made_from([number if w else tensor for w, number, tensor in pairs])
        except Exception:
            return specs  # a mistake, which the loop itself explains better
    if len(made) != len(specs):
        return specs
    return [m if w else d for w, d, m in zip(weak, specs, made, strict=True)]


@op
def fori_loop(lower: Any, upper: Any, body_fun: Callable[[Any, Tree], Tree], init_val: Tree) -> Tree:
    """`val = body_fun(i, val)` for i from `lower` up to, not including, `upper`.

    Args:
        lower: integer scalar.
        upper: integer scalar.
        body_fun: takes the counter, an int or, where a graph is made, an int32 tensor, and the value; returns a value
            of the same structure.
        init_val: the first value.

    >>> fori_loop(0, 4, lambda i, s: s + i, 0).tolist()
    6
    """
    end = convert(upper, "int32")

    def more(i: Any, _: Tree) -> Tensor:
        return current().less(convert(i, "int32"), end)

    def body(i: Any, value: Tree) -> Tree:
        return i + 1, body_fun(i, value)

    return while_loop(more, body, (lower if type(lower) is int else convert(lower, "int32"), init_val))[1]


@op
def scan(
    f: Callable[[Tree, Tree], tuple[Tree, Tree]],
    init: Tree,
    xs: Tree = None,
    length: int | None = None,
    reverse: bool = False,
    unroll: Any = 1,
) -> tuple[Tree, Tree]:
    """A loop over the leading axis that carries state: `carry, y = f(carry, x)`.

    Args:
        f: takes the state and one slice of `xs`; returns the next state and an output (or None).
        init: the first state.
        xs: tensors with one leading axis in common; may be None if `length` is given.
        length: number of steps.
        reverse: run from the last slice to the first.
        unroll: accepted for compatibility; engines decide.

    Returns:
        `(state, ys)`: the last state, and the outputs stacked along a new leading axis.

    >>> total, sums = scan(lambda s, x: (s + x, s + x), 0, convert([1, 2, 3]))
    >>> total.tolist(), sums.tolist()
    (6, [1, 3, 6])
    """
    if not callable(f):
        raise TypeError(f"scan: `f` must be a function. Received: f={f!r}")
    xs = tree.map_structure(lambda x: None if x is None else convert(x), xs)
    slices = [x for x in tree.flatten(xs) if x is not None]
    if not isinstance(unroll, int) or unroll < 0 or (unroll == 0 and unroll is not False):
        raise ValueError(f"scan: `unroll` must be a positive int or a bool. Received: unroll={unroll!r}")
    n = _steps(slices, length)
    carry_in, carry_out, outputs = Structure(), Structure(), Structure()
    start = carry_in.flat(init)
    kinds = [dtype_of(x) for x in start]

    def step(carry: list[Tensor], rows: list[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
        supply = iter(rows)
        x = tree.map_structure(lambda t: None if t is None else next(supply), xs)
        result = f(carry_in.built(carry), x)
        if not isinstance(result, tuple) or len(result) != 2:
            raise ValueError("scan: `f` must return a pair (carry, output)")
        new = [convert(t, d) for t, d in zip(carry_out.flat(result[0]), kinds, strict=True)]
        if current() is not ABSTRACT and any(
            shape_of(a) != shape_of(b) for a, b in zip(carry, new, strict=True)
        ):
            raise ValueError("scan: the function must keep the carry's shapes and dtypes")
        return new, outputs.flat(result[1])

    last, ys = current().scan(step, start, slices, n, reverse)
    return carry_in.built(list(last)), outputs.built(list(ys))


def _steps(slices: list[Tensor], length: int | None) -> Any:
    sizes = {n for n in (shape_of(x)[0] for x in slices if ndim_of(x)) if not is_unknown(n)}
    if any(ndim_of(x) == 0 for x in slices):
        raise ValueError("scan: every tensor of `xs` needs a leading axis; a scalar has none")
    if length is not None:
        sizes.add(int(length))
    if len(sizes) > 1:
        raise ValueError(
            f"scan: `xs` and `length` disagree about the number of steps. Received: {sorted(sizes)}"
        )
    if not sizes:
        if slices:
            return shape_of(slices[0])[0]
        raise ValueError("scan: give `xs`, or `length`")
    return sizes.pop()


@op
def map(f: Callable[[Tree], Tree], xs: Tree) -> Tree:
    """`f` of every slice along the leading axis, the results stacked.

    Args:
        f: takes one slice of `xs`, in its structure.
        xs: tensors with one leading axis in common.

    >>> map(lambda x: x * x, convert([1, 2, 3])).tolist()
    [1, 4, 9]
    """
    return scan(lambda carry, x: (carry, f(x)), [], xs)[1]


@op
def associative_scan(
    f: Callable[[Tree, Tree], Tree], elems: Tree, reverse: bool = False, axis: int = 0
) -> Tree:
    """Running combinations `x0, f(x0, x1), f(f(x0, x1), x2), ...` of an associative f, in logarithmic depth.

    Args:
        f: combines two trees of slices, elementwise along the axis.
        elems: tensors with one size along the axis.
        reverse: combine from the end.
        axis: along which.

    >>> associative_scan(lambda a, b: a + b, convert([1, 2, 3])).tolist()
    [1, 3, 6]
    """
    if not callable(f):
        raise TypeError(f"associative_scan: `f` must be a function. Received: f={f!r}")
    e = current()
    flat = [convert(x) for x in tree.flatten(elems)]
    axes = [axis_of(axis, ndim_of(x), "associative_scan") for x in flat]
    sizes = {shape_of(x)[a] for x, a in zip(flat, axes, strict=True)}
    if len(sizes) != 1:
        raise ValueError(
            f"associative_scan: sizes along axis {axis} must be equal. Received: {sorted(sizes)}"
        )
    (n,) = sizes
    need_size(n, "associative_scan")
    if is_unknown(n):
        return tree.unflatten(elems, flat)
    if reverse:
        flat = [e.flip(x, (a,)) for x, a in zip(flat, axes, strict=True)]

    def combine(a: list[Tensor], b: list[Tensor]) -> list[Tensor]:
        return [convert(y) for y in tree.flatten(f(tree.unflatten(elems, a), tree.unflatten(elems, b)))]

    def part(xs: list[Tensor], start: int, stop: int) -> list[Tensor]:
        return [slice_axis(x, a, start, stop) for x, a in zip(xs, axes, strict=True)]

    distance = 1
    while distance < n:  # after each round, element i combines the 2 * distance elements up to i
        head, later = part(flat, 0, distance), combine(part(flat, 0, n - distance), part(flat, distance, n))
        flat = [e.concat([h, t], a) for h, t, a in zip(head, later, axes, strict=True)]
        distance *= 2
    if reverse:
        flat = [e.flip(x, (a,)) for x, a in zip(flat, axes, strict=True)]
    return tree.unflatten(elems, flat)


@op
def vectorized_map(function: Callable[[Tree], Tree], elements: Tree) -> Tree:
    """As `map`, but for all slices at once where the engine can.

    >>> vectorized_map(lambda x: x + 1, convert([1, 2])).tolist()
    [2, 3]
    """
    e, outputs = current(), Structure()
    flat = [convert(x) for x in tree.flatten(elements)]
    if not all(ndim_of(x) for x in flat):
        raise ValueError("vectorized_map: every tensor of `elements` needs a leading axis; a scalar has none")
    nothing = any(shape_of(x)[:1] == (0,) for x in flat)
    if nothing:  # what comes out is learnt from one slice of zeros
        flat = [e.full((1, *shape_of(x)[1:]), 0, dtype_of(x)) for x in flat]
    ys = e.vmap(
        lambda *rows: outputs.flat(function(tree.unflatten(elements, list(rows)))), [0] * len(flat), flat
    )
    return outputs.built([slice_axis(y, 0, 0, 0) for y in ys] if nothing else list(ys))


def vectorize(
    pyfunc: Callable[..., Any], *, excluded: Any = None, signature: str | None = None
) -> Callable[..., Any]:
    """A function of tensors out of one of their elements, or of small blocks of them.

    Args:
        pyfunc: takes one element (or block) of each argument.
        excluded: positions (or names) of arguments that are passed as they are.
        signature: shapes of the blocks, as in `"(n),(n)->()"`; elements by default.

    >>> vectorize(lambda a, b: a + b)([1, 2], 10).tolist()
    [11, 12]
    """
    if not callable(pyfunc):
        raise TypeError(f"vectorize: `pyfunc` must be a function. Received: pyfunc={pyfunc!r}")
    skipped = set(excluded or ())
    blocks = None if signature is None else [_letters(t) for t in _terms(signature.partition("->")[0])]

    def call(*args: Any, **kwargs: Any) -> Any:
        return _vectorized(pyfunc, skipped, blocks, args, kwargs)

    return call


def _terms(text: str) -> list[str]:
    return [t for t in text.replace(" ", "").replace("),(", ")|(").split("|") if t]


def _letters(term: str) -> list[str]:
    return [c for c in term.strip("()").split(",") if c]


def _vectorized(
    f: Callable[..., Any], skipped: set[Any], blocks: Any, args: Any, kwargs: dict[str, Any]
) -> Any:
    e = current()
    at = [i for i in range(len(args)) if i not in skipped]
    tensors = [convert(args[i]) for i in at]
    ranks = [0] * len(at) if blocks is None else [len(b) for b in blocks]
    if len(ranks) != len(tensors):
        raise ValueError(
            f"vectorize: the signature describes {len(ranks)} arguments. Received: {len(tensors)}"
        )
    loops = [shape_of(x)[: ndim_of(x) - r] for x, r in zip(tensors, ranks, strict=True)]
    loop = broadcast("vectorize", *loops)
    n = 1
    for d in loop:
        n = n * d
    rows = []
    for x, r in zip(tensors, ranks, strict=True):
        block = shape_of(x)[ndim_of(x) - r :]
        rows.append(e.reshape(e.broadcast_to(x, (*loop, *block)), (n, *block)))

    def one(xs: list[Tensor]) -> Any:
        full = list(args)
        for i, x in zip(at, xs, strict=True):
            full[i] = x
        return f(*full, **kwargs)

    ys = vectorized_map(one, rows)
    return tree.map_structure(lambda y: e.reshape(y, (*loop, *shape_of(y)[1:])), ys)
