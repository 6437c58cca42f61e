"""Nested structures; expected results noted from real Keras 3.15.1 where its tree has the same function."""

from collections import OrderedDict, defaultdict, deque, namedtuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras import tree

Point = namedtuple("Point", "z a")

unhurried = settings(deadline=None, derandomize=True)  # the same examples on a busy machine as on an idle one

leaves = st.none() | st.integers() | st.text(max_size=3)
trees = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.tuples(inner, inner).map(lambda pair: Point(*pair))
        | st.dictionaries(st.text(max_size=2), inner, max_size=3)
        | st.dictionaries(st.text(max_size=2), inner, max_size=3).map(OrderedDict)
    ),
    max_leaves=12,
)


@unhurried
@given(trees)
def test_unflatten_undoes_flatten(structure):
    again = tree.unflatten(structure, tree.flatten(structure))
    assert again == structure
    assert type(again) is type(structure)


@unhurried
@given(trees)
def test_paths_lead_to_the_leaves(structure):
    found = tree.flatten_with_path(structure)
    assert [leaf for _, leaf in found] == tree.flatten(structure)
    for path, leaf in found:
        node = structure
        for key in path:
            node = node[key]
        assert node is leaf


@unhurried
@given(trees)
def test_map_of_one_and_of_two_agree(structure):
    doubled = tree.map_structure(lambda x: (str(x),), structure)
    paired = tree.map_structure(lambda x, y: (str(y),), structure, structure)
    assert doubled == paired
    assert tree.flatten(tree.map_structure_up_to(structure, str, structure)) == [
        str(x) for x in tree.flatten(structure)
    ]


@unhurried
@given(trees)
def test_same_structure_as_itself(structure):
    tree.assert_same_structure(structure, tree.map_structure(lambda _: 0, structure))
    tree.assert_same_paths(structure, structure)


@pytest.mark.parametrize(
    ("structure", "expected"),
    [
        ({"b": 1, "a": 2}, [2, 1]),
        (OrderedDict([("b", 1), ("a", 2)]), [1, 2]),  # as in Keras 3.15.1
        (defaultdict(list, b=1, a=2), [2, 1]),
        ({1: "x", "a": "y"}, ["x", "y"]),
        (None, [None]),
        ([None, []], [None]),
        (Point(1, 2), [1, 2]),
        ("abc", ["abc"]),
        ({1, 2}, [{1, 2}]),
        (3, [3]),
    ],
)
def test_flatten(structure, expected):
    assert tree.flatten(structure) == expected


def test_leaves_do_not_depend_on_the_order_keys_were_written_in():
    assert tree.flatten({"x": 1, "y": 2}) == tree.flatten({"y": 2, "x": 1})


def test_containers_keep_their_class_and_order():
    point = tree.map_structure(lambda x: -x, Point(1, 2))
    assert point == Point(-1, -2)
    assert isinstance(point, Point)
    kept = tree.map_structure(lambda x: x, defaultdict(list, b=1, a=2))
    assert kept.default_factory is list
    assert list(kept) == ["b", "a"]
    assert isinstance(tree.unflatten(OrderedDict(b=1), [2]), OrderedDict)


def test_none_can_be_skipped():
    assert tree.map_structure(lambda x: 1, [None, {"k": None}]) == [1, {"k": 1}]
    assert tree.map_structure(lambda x: 1, [None, {"k": 0}], none_is_leaf=False) == [None, {"k": 1}]
    assert tree.map_structure(lambda x, y: y, [None, 0], [3, 4], none_is_leaf=False) == [None, 4]


@pytest.mark.parametrize(
    ("a", "b", "message"),
    [
        ([1, 2], (1, 2), r"expected a list of 2, got a tuple of 2"),
        ([1, 2], [1], r"expected a list of 2, got a list of 1"),
        (
            {"a": [1, {"k": 1}]},
            {"a": [1, {"q": 1}]},
            r"at \['a'\]\[1\]: expected a dict with the keys \['k'\]",
        ),
        (Point(1, 2), (1, 2), r"expected a Point of 2, got a tuple of 2"),
        ([1, [2]], [1, 2], r"at \[1\]: expected a list of 1, got a leaf \(int\)"),
        ([1, 2], [1, [2]], r"at \[1\]: expected a leaf, got a list of 1"),
    ],
)
def test_differences_are_named_by_path(a, b, message):
    with pytest.raises(ValueError, match=message):
        tree.assert_same_structure(a, b)
    with pytest.raises(ValueError, match=message):
        tree.map_structure(lambda x, y: x, a, b)


def test_dicts_of_several_classes_match():
    assert tree.map_structure(lambda x, y: x + y, {"a": 1}, OrderedDict(a=3)) == {"a": 4}


@pytest.mark.parametrize(("structure", "flat"), [([1, 2], [3]), ([1, 2], [3, 4, 5]), (1, [1, 2]), (1, [])])
def test_number_of_leaves_is_checked(structure, flat):
    with pytest.raises(ValueError, match="leaves"):
        tree.pack_sequence_as(structure, flat)


def test_map_checks_its_arguments():
    with pytest.raises(TypeError, match="function"):
        tree.map_structure(3, [3])
    with pytest.raises(ValueError, match="at least one"):
        tree.map_structure(lambda: 1)


def test_up_to_passes_what_lies_below_whole():
    assert tree.map_structure_up_to([0, 0], lambda *x: x, [1, [2]], [3, {4}]) == [(1, 3), ([2], {4})]
    with pytest.raises(ValueError, match="list of 2"):
        tree.map_structure_up_to([0, 0], lambda *x: x, [1, [2], 3])


def test_same_paths():
    tree.assert_same_paths([1, 2], (1, 2))
    with pytest.raises(ValueError, match=r"only in the first \['\[1\]'\]"):
        tree.assert_same_paths([1, 2], [1, [2]])


def test_traverse():
    nest = [1, {"a": (2,)}]
    seen: list = []
    assert tree.traverse(seen.append, nest) == nest
    assert seen == [nest, 1, {"a": (2,)}, (2,), 2]
    seen.clear()
    tree.traverse(seen.append, nest, top_down=False)
    assert seen == [1, 2, (2,), {"a": (2,)}, nest]
    assert tree.traverse(lambda x: tree.MAP_TO_NONE if x == 2 else None, nest) == [1, {"a": (None,)}]
    assert tree.traverse(lambda x: tuple(x) if isinstance(x, list) else None, [1, [2]]) == (1, [2])
    assert tree.lists_to_tuples([1, [2]]) == (1, (2,))


def test_shapes_are_leaves():
    shapes = {"a": (1, 2), "b": [(None, 3)], "c": [1, 2]}
    assert tree.map_shape_structure(len, shapes) == {"a": 2, "b": [2], "c": 2}
    with pytest.raises(TypeError, match="shapes"):
        tree.map_shape_structure(len, {"a": "x"})


def test_deques_are_containers():
    queue = deque([1, [2, deque()]], maxlen=3)
    assert tree.is_nested(deque())
    assert tree.flatten(queue) == [1, 2]
    doubled = tree.map_structure(lambda x: 2 * x, queue)
    assert doubled == deque([2, [4, deque()]])
    assert doubled.maxlen == 3
    assert tree.pack_sequence_as(queue, [5, 6]) == deque([5, [6, deque()]])
    with pytest.raises(ValueError, match="differ"):
        tree.assert_same_structure(deque([1]), [1])


def test_an_ordered_dict_keeps_its_order():
    """As optree has it in Keras 3.15.1; several structures are paired by key."""
    x = OrderedDict([("b", 1), ("a", 2), ("c", [3, {"z": 4, "y": 5}])])
    assert tree.flatten(x) == [1, 2, 3, 5, 4]
    assert [path for path, _ in tree.flatten_with_path(x)] == [
        ("b",),
        ("a",),
        ("c", 0),
        ("c", 1, "y"),
        ("c", 1, "z"),
    ]
    packed = tree.pack_sequence_as(x, [1, 2, 3, 4, 5])
    assert list(packed.items()) == [("b", 1), ("a", 2), ("c", [3, {"z": 5, "y": 4}])]
    assert list(tree.map_structure(lambda v: v * 10, x)) == ["b", "a", "c"]
    b, a = OrderedDict(b=1, a=2), OrderedDict(a=3, b=4)
    for other in (a, dict(a)):
        tree.assert_same_structure(b, other)
        assert tree.map_structure(lambda u, v: (u, v), b, other) == OrderedDict(b=(1, 4), a=(2, 3))
        assert tree.map_structure_up_to(b, lambda u, v: (u, v), b, other) == OrderedDict(b=(1, 4), a=(2, 3))
    assert tree.map_structure(lambda u, v: (u, v), {"b": 1, "a": 2}, a) == {"b": (1, 4), "a": (2, 3)}


def test_lists_that_tensorflow_keeps_in_its_objects() -> None:
    from tensorflow.python.trackable.data_structures import ListWrapper

    doubled = tree.map_structure(lambda x: 2 * x, ListWrapper([1, ListWrapper([2])]))
    assert doubled == ListWrapper([2, ListWrapper([4])])
    assert doubled[1][0] == 4
