"""Messages: suggestions, context, engines that are missing or cannot."""

import traceback

import pytest

from keras.errors import EngineCannotError, EngineMissingError, add_context, did_you_mean, shorten, unknown

NAMES = ["GlorotUniform", "glorot_uniform", "relu", "mean_squared_error"]


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("rellu", ' Did you mean "relu"?'),
        ("glorot_unifrom", ' Did you mean "glorot_uniform"?'),
        ("GlorotUnifrom", ' Did you mean "GlorotUniform"?'),
        ("mean-squared-error", ' Did you mean "mean_squared_error"?'),
        ("quux", ""),
        ("", ""),
        (3, ""),
        ("x" * 10**6, ""),
    ],
)
def test_did_you_mean(word, hint):
    assert did_you_mean(word, NAMES) == hint


def test_unknown_names_a_few_choices():
    assert unknown("loss", "msee", ["mse"]) == 'Unknown loss "msee". Did you mean "mse"? Known: mse.'
    assert unknown("loss", "x", [f"n{i:02}" for i in range(20)]).endswith("n10, n11, ....")
    assert len(unknown("loss", "x" * 10**6, ["mse"])) < 200


def test_context_keeps_the_type_and_the_traceback():
    def fail():
        raise ValueError("bad width")

    def caller():
        try:
            fail()
        except ValueError as error:
            add_context(error, 'In layer "a"')
            raise

    with pytest.raises(ValueError, match=r'^In layer "a": bad width$') as caught:
        caller()
    assert "fail" in [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]


def test_context_is_added_once():
    error = add_context(add_context(ValueError("bad"), "in a"), "in a")
    assert str(error) == "in a: bad"
    assert str(add_context(error, "in model")) == "in model: in a: bad"


@pytest.mark.parametrize(
    "error", [KeyError("k"), ValueError(1), ValueError("a", "b"), OSError(2, "gone"), ImportError("x")]
)
def test_errors_of_other_forms_get_a_note(error):
    before = str(error)
    assert add_context(add_context(error, "in a"), "in a") is error
    assert str(error) == before
    assert error.__notes__ == ["in a"]


def test_engine_errors_say_what_to_do():
    missing = EngineMissingError("theano", "pytensor")
    assert isinstance(missing, ImportError)
    assert "pip install pytensor" in str(missing)
    cannot = EngineCannotError("cntk", "eig", "no complex dtype")
    assert isinstance(cannot, NotImplementedError)
    assert str(cannot) == "engine 'cntk' has no primitive 'eig' (no complex dtype); see docs/primitives.md"


def test_shorten():
    assert shorten("x" * 100, 10) == "xxxxxxx..."
    assert len(shorten(list(range(10**6)))) <= 80
    assert shorten("ab") == "ab"
