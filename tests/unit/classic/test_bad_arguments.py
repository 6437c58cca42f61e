"""Every function of Keras 2's backend with one argument made odd: taken with one meaning, or refused in one sentence.

The calls are those of `tests/golden/classic_cases.py`. Each parameter in turn gets what it can make no sense of: the
result is that of numpy on every engine, or a ValueError or TypeError that names the function and what was wrong.
"""

from __future__ import annotations

import copy
import functools
import inspect
import re

import numpy as np
import pytest

from keras import backend, config, tree
from keras import backend as K
from keras.backend.state import to_host
from tests.unit.classic.test_golden import SIGNATURES, cases

ODD = (
    "text", None, object(), ["a", "b"], [[1], [2, 3]], (), {"a": 1},
    True, 0, -1, 99, 10**20, 1.5, float("nan"),
    np.ones((2, 1, 2, 1, 2, 1), "float32"), np.ones(3, "complex64"), np.array(["a"]),
)  # fmt: skip

QUESTIONS = ["shape", "size", "dtype", "is_sparse", "is_tensor", "is_variable", "is_placeholder", "is_keras_tensor", "to_dense",
             "get_value", "get_variable_shape", "print_tensor"]  # fmt: skip
#: Calls of what has no golden numbers.
CALLS = {
    "random_normal": lambda K, x: K.random_normal((2, 3)),
    "random_uniform": lambda K, x: K.random_uniform((2, 3)),
    "random_bernoulli": lambda K, x: K.random_bernoulli((2, 3)),
    "random_binomial": lambda K, x: K.random_binomial((2, 3)),
    "truncated_normal": lambda K, x: K.truncated_normal((2, 3)),
    "random_normal_variable": lambda K, x: K.random_normal_variable((2, 3), 0.0, 1.0),
    "random_uniform_variable": lambda K, x: K.random_uniform_variable((2, 3), 0.0, 1.0),
    "placeholder": lambda K, x: K.placeholder((2, 3)),
    "batch_get_value": lambda K, x: K.batch_get_value([x(2)]),
    "set_value": lambda K, x: K.set_value(K.variable([1.0, 2.0]), [3.0, 4.0]),
    "batch_set_value": lambda K, x: K.batch_set_value([(K.variable(1.0), 2.0)]),
    "slice": lambda K, x: K.slice(x(3, 4), [0, 1], [2, 2]),
    "separable_conv1d": lambda K, x: K.separable_conv1d(x(2, 7, 3), x(3, 3, 2), x(1, 6, 4)),
    "local_conv": lambda K, x: K.local_conv(x(2, 6, 3), x(2, 9, 4), (3,), (2,), (2,)),
    "function": lambda K, x: K.function(_graph(), [_graph()[0] * 2.0]),
    "gradients": lambda K, x: K.gradients(K.sum(_graph()[0] * 2.0), _graph()),
    "normalize_data_format": lambda K, x: K.normalize_data_format(None),
    "get_uid": lambda K, x: K.get_uid("a"),
    "set_floatx": lambda K, x: K.set_floatx("float32"),
    "set_epsilon": lambda K, x: K.set_epsilon(1e-7),
    "set_image_data_format": lambda K, x: K.set_image_data_format("channels_last"),
    "set_image_dim_ordering": lambda K, x: K.set_image_dim_ordering("tf"),
    "manual_variable_initialization": lambda K, x: K.manual_variable_initialization(False),
    **{n: lambda K, x, n=n: getattr(K, n)(x(2, 3)) for n in QUESTIONS},
    **{n: lambda K, x, n=n: getattr(K, n)(1) for n in ("set_learning_phase", "learning_phase_scope")},
}  # fmt: skip
#: These call functions of the user's, whose errors are left as they are.
OF_FUNCTIONS = {"rnn", "map_fn", "foldl", "foldr", "switch", "in_train_phase", "in_test_phase"}
#: Values that only a look at them can refuse: a row that is not there.
BY_VALUE = {"gather"}
#: Their messages name the setting.
SETTERS = {"set_epsilon", "set_floatx", "set_image_data_format"}
#: Have no settings, or raise in any case.
NOTHING_TO_CHECK = {"clear_session", "control_dependencies", "eager", "get_session", "name_scope", "set_session",
                    "symbolic"}  # fmt: skip
#: What a message names, if not the argument: two arguments do not fit each other.
MISFIT = r"shape|rank|size|scalar|axis|axes|tensor|spatial|the kernel|input 0|output 0|expected 0|data_format|initialise"


@functools.cache
def _graph():
    return [K.placeholder((2,), name="x")]


class Call(Exception):
    """The call of a function, instead of its result."""


class Caught:
    """K, with one function that is not called: its arguments are raised."""

    def __init__(self, name):
        self.name = name

    def __getattr__(self, name):
        def raised(*args, **kwargs):
            raise Call(inspect.signature(getattr(K, name)).bind(*args, **kwargs))

        return raised if name == self.name else getattr(K, name)


def call_of(name):
    with pytest.raises(Call) as call:
        {**cases.CASES, **cases.EAGER, **CALLS}[name](Caught(name), cases.Inputs(K))
    return call.value.args[0]


def odd_calls(name):
    """A call with one argument after the other made odd; None is left out where it is the default."""
    made = call_of(name)
    for p in made.signature.parameters.values():
        for value in ODD if p.kind is not p.VAR_KEYWORD else ():
            if value is not None or p.default is not None:
                call = copy.copy(made)
                call.arguments = {**made.arguments, p.name: value}
                yield p.name, value, call


def outcome(name, call):
    """The leaves a call gives, arrays where they have a value, or the text it is refused with."""
    settings = dict(config._settings)
    try:
        with np.errstate(all="ignore"):
            result = getattr(K, name)(*call.args, **call.kwargs)
            if hasattr(result, "__enter__"):
                with result:
                    return []
            return [np.asarray(to_host(y)) if K.is_tensor(y) and not K.is_keras_tensor(y) else y
                    for y in tree.flatten(result)]  # fmt: skip
    except Exception as error:
        text = re.sub(r"0x[0-9a-f]+|variable(_\d+)?(?=')|multiply_?\d*|keras_\w+", "", str(error))
        return f"{type(error).__name__}: {text}"
    finally:
        config._settings.clear()
        config._settings.update(settings)


def alike(a, b, values):
    if isinstance(a, str) or isinstance(b, str):
        return a == b
    return len(a) == len(b) and all(type(x) is type(y) and (
        not isinstance(x, np.ndarray) or x.dtype.kind not in "biufc"
        or (x.shape == y.shape and x.dtype == y.dtype
            and (not values or np.allclose(x, y, 1e-4, 1e-5, equal_nan=True)))) for x, y in zip(a, b, strict=True))  # fmt: skip


NAMES = sorted(n for n in SIGNATURES.keys() - NOTHING_TO_CHECK if inspect.signature(getattr(K, n)).parameters)


@functools.cache
def on_numpy(name):
    with backend.using("numpy"):
        return [outcome(name, call) for _, _, call in odd_calls(name)]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", NAMES)
def test_taken_or_refused_as_on_numpy(engine, name, request):
    if name == "set_learning_phase":
        request.addfinalizer(K.clear_session)
    draws = "random" in name or name in ("dropout", "truncated_normal")
    for (parameter, value, call), expected in zip(odd_calls(name), on_numpy(name), strict=True):
        found, where = outcome(name, call), f"{name}, {parameter}={value!r}"
        if "complex numbers" in f"{found}{expected}" or (name in BY_VALUE and "Error" in str(found)):
            continue  # an engine may take what others do not
        if name in OF_FUNCTIONS and isinstance(found, str) and found.split(": ")[1] != name:
            continue
        if name in OF_FUNCTIONS and isinstance(
            value, int
        ):  # what the user's `0 * 0.5` is, the engine decides
            continue
        assert alike(found, expected, not draws), f"{where}: {found} {expected}"
        if isinstance(found, str):
            assert found.startswith(("ValueError: ", "TypeError: ")), f"{where}: {found}"
            named = name in SETTERS | OF_FUNCTIONS or re.search(rf"(?i)\b{parameter}\b|{MISFIT}", found)
            assert named, f"{where}: {found}"
            assert name in SETTERS or found.split(": ")[1] == name, f"{where}: {found}"
