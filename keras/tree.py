"""Nested structures: the lists, tuples and dicts in which models take their inputs and return their outputs.

Containers are lists, tuples, namedtuples, dicts, deques and subclasses of them; everything else, None included, is a
leaf. A dict is walked in the order of its sorted keys, so equal dicts give equal leaves however they were filled; an
OrderedDict in its own. Several structures are paired by key, whatever their orders. This runs at every training step,
hence the type tests in order of likelihood and no recursion into leaves.
"""

from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any

Tree = Any
Path = tuple[Any, ...]

_CONTAINERS = (list, tuple, dict, deque)
_END = object()


class MAP_TO_NONE:
    """What a function given to `traverse` returns to put None in the place of a node."""


def is_nested(structure: Tree) -> bool:
    """Whether a value is a container (even an empty one) rather than a leaf.

    >>> is_nested([]), is_nested("text")
    (True, False)
    """
    return isinstance(structure, _CONTAINERS)


def flatten(structure: Tree) -> list[Any]:
    """The leaves of a structure, from left to right, dicts by sorted key, an `OrderedDict` in its own order.

    Args:
        structure: any nesting of containers; a leaf gives a list of itself.

    >>> flatten({"b": 1, "a": [2, (3, None)]}), flatten(OrderedDict(b=1, a=2))
    ([2, 3, None, 1], [1, 2])
    """
    if not isinstance(structure, _CONTAINERS):
        return [structure]
    leaves: list[Any] = []
    _collect(structure, leaves)
    return leaves


def flatten_like(pattern: Tree, structure: Tree) -> list[Any]:
    """The leaves of a structure in the order of another one, which may have its keys in another order.

    Args:
        pattern: settles the order.
        structure: has the same containers.

    Raises:
        ValueError: if the structures differ, naming the path where they do.

    >>> flatten_like(OrderedDict(b=0, a=0), {"a": 1, "b": 2})
    [2, 1]
    """
    leaves: list[Any] = []
    _compare(pattern, structure, (), leaves=leaves)
    return leaves


def flatten_with_path(structure: Tree) -> list[tuple[Path, Any]]:
    """The leaves, each with the indices and keys that lead to it.

    >>> flatten_with_path({"a": [5, 6]})
    [(('a', 0), 5), (('a', 1), 6)]
    """
    if not isinstance(structure, _CONTAINERS):
        return [((), structure)]
    return [
        ((key, *path), leaf) for key, child in _items(structure) for path, leaf in flatten_with_path(child)
    ]


def unflatten(structure: Tree, leaves: Iterable[Any]) -> Tree:
    """The structure again, with other leaves; `unflatten(x, flatten(x))` equals `x`.

    Args:
        structure: gives the containers; its own leaves are ignored.
        leaves: as many values as the structure has leaves.

    Raises:
        ValueError: if there are too few or too many leaves.

    >>> unflatten({"b": 0, "a": [0, 0]}, [1, 2, 3])
    {'b': 3, 'a': [1, 2]}
    """
    leaves = list(leaves)
    rest = iter(leaves)
    try:
        result = _fill(structure, rest)
        complete = next(rest, _END) is _END
    except StopIteration:
        complete = False
    if not complete:
        expected = len(flatten(structure))
        raise ValueError(f"unflatten: the structure has {expected} leaves, but {len(leaves)} were given")
    return result


def pack_sequence_as(structure: Tree, flat_sequence: Iterable[Any]) -> Tree:
    """Keras's name for `unflatten`.

    >>> pack_sequence_as((0, [0]), "ab")
    ('a', ['b'])
    """
    return unflatten(structure, flat_sequence)


def map_structure(func: Callable[..., Any], *structures: Tree, none_is_leaf: bool = True) -> Tree:
    """A structure of `func(leaf, ...)`, over one or several structures of the same shape.

    Args:
        func: takes one leaf of each structure.
        *structures: structures with equal containers; the result has the containers of the first.
        none_is_leaf: if False, a None in the first structure stays None and `func` is not called.

    Raises:
        ValueError: if the structures differ, naming the path where they do.

    >>> map_structure(lambda a, b: a + b, {"x": [1, 2]}, {"x": [10, 20]})
    {'x': [11, 22]}
    """
    if not callable(func):
        raise TypeError(f"map_structure: the first argument must be a function, got {func!r}")
    if not structures:
        raise ValueError("map_structure: give at least one structure")
    first, *others = structures
    if not others:
        return _map(func, first, none_is_leaf)
    together = zip(flatten(first), *(flatten_like(first, other) for other in others), strict=True)
    return unflatten(first, [func(*xs) if none_is_leaf or xs[0] is not None else None for xs in together])


def map_structure_up_to(shallow_structure: Tree, func: Callable[..., Any], *structures: Tree) -> Tree:
    """As `map_structure`, but only as deep as `shallow_structure`: what lies below is passed whole.

    >>> map_structure_up_to([0, 0], lambda part: len(part), [[1, 2], (3,)])
    [2, 1]
    """
    if not structures:
        raise ValueError("map_structure_up_to: give at least one structure")
    for other in structures:
        _compare(shallow_structure, other, (), shallow=True)
    parts = ([_at(other, path) for other in structures] for path, _ in flatten_with_path(shallow_structure))
    return unflatten(shallow_structure, [func(*xs) for xs in parts])


def assert_same_structure(a: Tree, b: Tree, check_types: Any = None) -> None:
    """Check that two structures have the same containers; their leaves may differ.

    Args:
        a: the expected structure.
        b: the structure that came. Dicts of different classes match when their keys do.
        check_types: accepted for old callers and ignored.

    Raises:
        ValueError: naming the path of the first difference.

    >>> assert_same_structure([1, {"k": 2}], [None, {"k": "leaf"}])
    """
    del check_types
    _compare(a, b, ())


def assert_same_paths(a: Tree, b: Tree) -> None:
    """Check that leaves sit at the same paths, whatever the classes of the containers.

    Raises:
        ValueError: listing the paths only one of the two has.

    >>> assert_same_paths([1, (2,)], (3, [4]))
    """
    paths_a = {path for path, _ in flatten_with_path(a)}
    paths_b = {path for path, _ in flatten_with_path(b)}
    if paths_a != paths_b:
        only_a, only_b = (sorted(map(path_text, x)) for x in (paths_a - paths_b, paths_b - paths_a))
        raise ValueError(f"the structures differ: only in the first {only_a}, only in the second {only_b}")


def lists_to_tuples(structure: Tree) -> Tree:
    """The structure with every list made a tuple.

    >>> lists_to_tuples({"a": [1, [2]]})
    {'a': (1, (2,))}
    """
    return traverse(lambda node: tuple(node) if isinstance(node, list) else None, structure, top_down=False)


def shape_tuple(shape: Any) -> Any:
    """The shape of an engine's package, such as a `tf.TensorShape`, as a tuple; anything else as it is.

    >>> shape_tuple((None, 3))
    (None, 3)
    """
    return tuple(shape.as_list()) if hasattr(shape, "as_list") else shape


def map_shape_structure(func: Callable[[Any], Any], structure: Tree) -> Tree:
    """As `map_structure`, but tuples and lists of ints and Nones (shapes) are leaves.

    >>> map_shape_structure(lambda shape: len(shape), {"a": (None, 3), "b": [(2,)]})
    {'a': 2, 'b': [1]}
    """
    structure = shape_tuple(structure)
    if _is_shape(structure):
        return func(structure)
    if not isinstance(structure, _CONTAINERS):
        raise TypeError(f"expected a nesting of shapes (tuples of ints and None), got {structure!r}")
    return _rebuild(structure, {key: map_shape_structure(func, child) for key, child in _items(structure)})


def traverse(func: Callable[[Any], Any], structure: Tree, top_down: bool = True) -> Tree:
    """Replace nodes, containers included: where `func` returns None the node is kept.

    Args:
        func: takes a node; returns None to keep it, `MAP_TO_NONE` to put None there, else the replacement.
        structure: any nesting.
        top_down: visit a container before its children (which are then not visited if it is replaced) or
            after.

    >>> traverse(lambda node: -node if isinstance(node, int) else None, [1, {"k": (2, "s")}])
    [-1, {'k': (-2, 's')}]
    """
    if top_down:
        replaced = func(structure)
        if replaced is not None:
            return _settle(replaced)
    if isinstance(structure, _CONTAINERS):
        structure = _rebuild(
            structure, {k: traverse(func, child, top_down) for k, child in _items(structure)}
        )
    if not top_down:
        replaced = func(structure)
        if replaced is not None:
            return _settle(replaced)
    return structure


def path_text(path: Path) -> str:
    """A path as Python would write it.

    >>> path_text(("inputs", 0))
    "['inputs'][0]"
    """
    return "".join(f"[{key!r}]" for key in path)


def ordered_keys(mapping: dict[Any, Any]) -> list[Any]:
    """The keys of a dict in the order in which its children are walked.

    >>> ordered_keys({"b": 1, "a": 2}), ordered_keys(OrderedDict(b=1, a=2))
    (['a', 'b'], ['b', 'a'])
    """
    if isinstance(mapping, OrderedDict):
        return list(mapping)
    try:
        return sorted(mapping)
    except TypeError:  # keys of several types: any order will do, as long as it does not depend on insertion
        return sorted(mapping, key=lambda key: (type(key).__name__, repr(key)))


def _items(container: Any) -> Iterable[tuple[Any, Any]]:
    """The children with their keys, in the order of the leaves."""
    if isinstance(container, dict):
        return [(key, container[key]) for key in ordered_keys(container)]
    return enumerate(container)


def _collect(container: Any, leaves: list[Any]) -> None:
    children = (
        [container[key] for key in ordered_keys(container)] if isinstance(container, dict) else container
    )
    for child in children:
        if isinstance(child, _CONTAINERS):
            _collect(child, leaves)
        else:
            leaves.append(child)


def _fill(structure: Any, leaves: Iterator[Any]) -> Any:
    kind = type(structure)
    if kind is list or kind is tuple:
        items = [_fill(x, leaves) if isinstance(x, _CONTAINERS) else next(leaves) for x in structure]
        return items if kind is list else tuple(items)
    if not isinstance(structure, _CONTAINERS):
        return next(leaves)
    return _rebuild(structure, {key: _fill(child, leaves) for key, child in _items(structure)})


def _at(structure: Any, path: Path) -> Any:
    for key in path:
        structure = structure[key]
    return structure


def _rebuild(container: Any, children: dict[Any, Any]) -> Any:
    """A container like this one with other children, given by key."""
    kind = type(container)
    if kind is list:
        return list(children.values())
    if kind is tuple:
        return tuple(children.values())
    if isinstance(container, dict):
        # The order in which the user wrote the keys is kept; the leaves of a dict were taken in sorted order.
        ordered = {key: children[key] for key in container}
        if kind is dict:
            return ordered
        return defaultdict(container.default_factory, ordered) if kind is defaultdict else kind(ordered)  # type: ignore[attr-defined]
    if kind is deque:
        return deque(children.values(), container.maxlen)
    return kind(*children.values()) if hasattr(kind, "_fields") else kind(list(children.values()))


def _map(func: Callable[..., Any], node: Any, none_is_leaf: bool) -> Any:
    kind = type(node)
    if kind is list:
        return [_map(func, child, none_is_leaf) for child in node]
    if kind is tuple:
        return tuple([_map(func, child, none_is_leaf) for child in node])
    if isinstance(node, _CONTAINERS):
        return _rebuild(node, {key: _map(func, child, none_is_leaf) for key, child in _items(node)})
    return func(node) if none_is_leaf or node is not None else None


def _compare(a: Any, b: Any, path: Path, shallow: bool = False, leaves: list[Any] | None = None) -> None:
    """Raise at the first difference; `shallow` lets `b` go deeper than `a`; the leaves of `b` are put into `leaves`."""
    if not isinstance(a, _CONTAINERS):
        if isinstance(b, _CONTAINERS) and not shallow:
            _differ(path, "a leaf", _describe(b))
        if leaves is not None:
            leaves.append(b)
        return
    same_kind = isinstance(b, dict) if isinstance(a, dict) else type(a) is type(b)
    if not same_kind or len(a) != len(b) or (isinstance(a, dict) and a.keys() != b.keys()):
        _differ(path, _describe(a), _describe(b))
    for key, child in _items(a):
        _compare(child, b[key], (*path, key), shallow, leaves)


def _differ(path: Path, expected: str, got: str) -> None:
    where = f" at {path_text(path)}" if path else ""
    raise ValueError(f"the structures differ{where}: expected {expected}, got {got}")


def _describe(node: Any) -> str:
    if isinstance(node, dict):
        return f"a {type(node).__name__} with the keys {ordered_keys(node)}"
    if isinstance(node, _CONTAINERS):
        return f"a {type(node).__name__} of {len(node)}"
    return f"a leaf ({type(node).__name__})"


def _is_shape(node: Any) -> bool:
    return isinstance(node, list | tuple) and all(item is None or isinstance(item, int) for item in node)


def _settle(replaced: Any) -> Any:
    return None if replaced is MAP_TO_NONE or isinstance(replaced, MAP_TO_NONE) else replaced


def signature(structure: Tree) -> Any:
    """The containers of a structure as a hashable value: equal for structures that differ only in their leaves.

    >>> signature({"a": [1, 2]}) == signature({"a": [3, 4]})
    True
    """
    if not isinstance(structure, _CONTAINERS):
        return None
    if isinstance(structure, dict):
        kind = OrderedDict if isinstance(structure, OrderedDict) else dict
        return (kind, *((k, signature(structure[k])) for k in ordered_keys(structure)))
    return (type(structure), *map(signature, structure))
