"""One rule says which output an argument speaks of."""

from typing import Any

import numpy as np
import pytest

from keras.training.class_weight import ClassWeights, balanced, labels_of
from keras.training.outputs import Outputs, is_identifier, is_identifier_list, is_leaf

ONE = Outputs(0, ["out"])
LIST = Outputs([0, 0], ["z", "a"])
DICT = Outputs({"z": 0, "a": 0}, ["dense", "dense_1"])
NESTED = Outputs({"q": 0, "p": [0, 0]})


@pytest.mark.parametrize(
    ("outputs", "names"),
    [
        (ONE, ["out"]),
        (LIST, ["z", "a"]),
        (DICT, ["a", "z"]),
        (NESTED, ["p/output_1", "p/output_2", "q"]),
        (Outputs({"q": 0, "p": [0, 0]}, ["t", "o", "u"]), ["p/t", "p/o", "q"]),
        (Outputs([[0, 0], 0], ["t", "o", "u"]), ["0/t", "0/o", "u"]),
        (Outputs({"q": 0, "p": {"b": 0, "a": 0}}, ["t", "o", "u"]), ["p/a", "p/b", "q"]),
        (Outputs([0, 0]), ["output_1", "output_2"]),
        (Outputs([0, 0], ["d", "d"]), ["d", "d_1"]),
        (Outputs([0], ["out"]), ["out"]),
        (Outputs(0), ["output"]),
    ],
)
def test_names(outputs: Outputs, names: list[str]) -> None:
    """Keras 3.15.1's, where the layers are known."""
    assert outputs.names == names


@pytest.mark.parametrize(
    ("outputs", "value", "expected"),
    [
        (ONE, None, [None]),
        (ONE, "mse", ["mse"]),
        (ONE, ["mse"], ["mse"]),
        (ONE, {"out": "mse"}, ["mse"]),
        (ONE, {"class_name": "Mse", "config": {}}, [{"class_name": "Mse", "config": {}}]),
        (LIST, "mse", ["mse", "mse"]),
        (LIST, ["mse", "mae"], ["mse", "mae"]),
        (LIST, ["mse", None], ["mse", None]),
        (LIST, {"a": "mae", "z": "mse"}, ["mse", "mae"]),
        (LIST, {"a": "mae"}, [None, "mae"]),
        (DICT, {"a": "mae", "z": "mse"}, ["mae", "mse"]),
        (DICT, {"dense": "mae"}, ["mae", None]),
        (DICT, ["mae", "mse"], ["mae", "mse"]),
        (NESTED, [["mae", "kld"], "mse"], ["mae", "kld", "mse"]),
        (NESTED, {"q": "mse", "p": ["mae", "kld"]}, ["mae", "kld", "mse"]),
        (NESTED, {"p": "mae"}, ["mae", "mae", None]),
        (NESTED, {"p/output_2": "mae"}, [None, "mae", None]),
    ],
)
def test_spreading_losses(outputs: Outputs, value: Any, expected: list[Any]) -> None:
    assert outputs.spread(value, "loss", is_identifier) == expected


@pytest.mark.parametrize(
    ("outputs", "value", "expected"),
    [
        (ONE, ["mae", "mse"], [["mae", "mse"]]),
        (ONE, [["mae", "mse"]], [["mae", "mse"]]),
        (LIST, ["mae", "mse"], ["mae", "mse"]),
        (LIST, [["mae", "mse"], ["mse"]], [["mae", "mse"], ["mse"]]),
        (LIST, ["mae"], [["mae"], ["mae"]]),
        (LIST, {"a": ["mae"]}, [None, ["mae"]]),
        (DICT, ["mae", "mse"], ["mae", "mse"]),
        (DICT, [["mae"], ["mse", "kld"]], [["mae"], ["mse", "kld"]]),
    ],
)
def test_spreading_metrics(outputs: Outputs, value: Any, expected: list[Any]) -> None:
    assert outputs.spread(value, "metrics", is_identifier_list) == expected


@pytest.mark.parametrize(
    ("outputs", "value", "message"),
    [
        (LIST, {"zz": "mse"}, r'loss: Unknown output "zz".*Known: a, z'),
        (LIST, {"aa": "mse"}, r'Did you mean "a"\?'),
        (
            LIST,
            ["mse", "mse", "mse"],
            r"2 outputs, \['z', 'a'\], but 3 value\(s\) came. Give a list of 2, or a dict",
        ),
        (DICT, ["mse", "mae", "kld"], r"Give a list of 2, or a dict by name"),
        (NESTED, ["mse"], "3 outputs"),
    ],
)
def test_what_does_not_fit_is_refused(outputs: Outputs, value: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        outputs.spread(value, "loss", is_identifier)


def test_one_array_is_not_the_target_of_two_outputs() -> None:
    with pytest.raises(ValueError, match=r"y: the model has 2 outputs.*one value came \(shape \(3, 1\)\)"):
        LIST.spread(np.zeros((3, 1)), "y", is_leaf, shared=False)


@pytest.mark.parametrize(
    ("losses", "y", "expected"),
    [
        (["mse", None], 5, [5, None]),
        ([None, "mse"], [5], [None, 5]),
        ([None, "mse"], [5, 6], [5, 6]),
        (None, [5, 6], [5, 6]),
    ],
)
def test_targets_of_the_outputs_that_have_a_loss(losses: Any, y: Any, expected: list[Any]) -> None:
    assert LIST.targets(y, losses) == expected


# ---------------------------------------------------------------------- class weights
def test_labels_of_targets() -> None:
    assert labels_of(np.array([2, 0])).tolist() == [2, 0]
    assert labels_of(np.array([[2.0], [0.0]])).tolist() == [2, 0]
    assert labels_of(np.eye(3)[[2, 0]]).tolist() == [2, 0]
    assert labels_of(np.array([[[1], [0]]])).tolist() == [[1, 0]]
    assert labels_of(np.array([[0, 1], [1, 1]]), output_rank=3).tolist() == [[0, 1], [1, 1]]


def test_class_weights_of_one_output() -> None:
    weights = ClassWeights({0: 0.5, 1: 2}, ONE)
    y = np.array([1, 0, 2])
    assert weights.apply(y, None).tolist() == [2.0, 0.5, 1.0]
    assert weights.apply(y, np.array([1.0, 2.0, 3.0])).tolist() == [2.0, 1.0, 3.0]


def test_class_weights_of_time_steps_multiply_row_weights() -> None:
    weights = ClassWeights({1: 2}, ONE, ranks=[3])
    assert weights.apply(np.array([[0, 1], [1, 1]]), np.array([1.0, 3.0])).tolist() == [[1, 2], [6, 6]]


def test_balanced_is_sklearns_formula() -> None:
    y = np.array([0, 0, 0, 1, 2, 2])
    assert balanced(y) == pytest.approx({0: 6 / 9, 1: 2.0, 2: 1.0})
    assert ClassWeights("balanced", ONE, y).weights == [balanced(y)]
    with pytest.raises(ValueError, match="targets in memory"):
        ClassWeights("balanced", ONE)


def test_class_weights_by_output() -> None:
    weights = ClassWeights({"a": {1: 5}, "z": "balanced"}, LIST, [np.array([0, 0, 1]), None])
    found = weights.apply([np.array([0, 1, 1]), np.array([1, 0, 1])], None)
    assert found["a"].tolist() == [5, 1, 5]
    assert found["z"].tolist() == pytest.approx([0.75, 1.5, 1.5])
    only_a = ClassWeights({"a": {1: 5}}, LIST).apply([np.zeros(1), np.ones(1)], None)
    assert only_a["z"] is None


@pytest.mark.parametrize(
    ("outputs", "given", "error", "message"),
    [
        (LIST, {0: 1.0}, ValueError, "Name the one you mean"),
        (LIST, {"b": {0: 1.0}}, ValueError, 'Unknown output "b"'),
        (ONE, {"cat": 1.0}, TypeError, r"expected \{class: weight\}"),
        (ONE, "balance", ValueError, '"balanced"'),
        (ONE, [1.0, 2.0], TypeError, "class: weight"),
    ],
)
def test_class_weights_that_make_no_sense(
    outputs: Outputs, given: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        ClassWeights(given, outputs)


def test_names_inside_of_names() -> None:
    outputs = Outputs({"q": 0, "p": {"b": 0, "a": {"x": 0, "y": 0}}})
    found = outputs.spread({"p": {"a": {"y": "mse"}, "b": "mae"}}, "loss", is_identifier)
    assert found == [None, "mse", "mae", None]
    with pytest.raises(ValueError, match='loss: Unknown output "z"'):
        outputs.spread({"p": {"z": "mse"}}, "loss", is_identifier)
