"""What Keras 2 took from TensorFlow 1's sessions and graphs, and names of settings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

from keras import config
from keras.backend.state import reset_names
from keras.classic.checked import checked

_DIM_ORDERINGS = {"tf": "channels_last", "th": "channels_first"}


def get_session(op_input_list: Any = ()) -> NoReturn:
    """Raises RuntimeError: there are no sessions, and the message says what to write instead.

    >>> get_session()
    Traceback (most recent call last):
    RuntimeError: get_session: there is no session...
    """
    raise RuntimeError(
        "get_session: there is no session. Instead of `session.run(tensors, feed_dict)` compile a function: "
        "`K.function(placeholders, tensors)(values)`; the value of a variable is `K.get_value(variable)`."
    )


def set_session(session: Any) -> NoReturn:
    """Raises RuntimeError: there are no sessions, and the message says what to write instead.

    >>> set_session(None)
    Traceback (most recent call last):
    RuntimeError: set_session: there is no session...
    """
    raise RuntimeError(
        "set_session: there is no session to set. Leave the call out; an engine's own settings (threads, memory) are made "
        "in the engine, before the first tensor."
    )


@checked
def manual_variable_initialization(value: bool) -> None:
    """Checks that variables begin with their values, as they always do.

    Args:
        value: must be false.

    Raises:
        ValueError: it is true; there is no session whose variables could wait for their values.

    >>> manual_variable_initialization(False)
    """
    if value:
        raise ValueError(
            "manual_variable_initialization: a variable has its value from the start, so there is nothing to initialise "
            "later. Leave the call out; `K.set_value(variable, value)` gives another value at any time."
        )


def reset_uids() -> None:
    """Start automatic names and `get_uid` anew.

    >>> reset_uids()
    >>> keras.backend.get_uid("layer")
    1
    """
    reset_names()


@contextmanager
def control_dependencies(control_inputs: Any) -> Iterator[None]:
    """A block that runs after `control_inputs` were computed: whatever stands in it does so anyway, in program order.

    >>> v = keras.Variable(1.0)
    >>> with control_dependencies([v.assign(2.0)]):
    ...     float(v)
    2.0
    """
    yield


def symbolic(func: Callable[..., Any]) -> Callable[..., Any]:
    """The function itself: every function takes symbolic tensors here, and no graph need be entered first.

    >>> symbolic(abs) is abs
    True
    """
    return func


def eager(func: Callable[..., Any]) -> Callable[..., Any]:
    """The function itself: every function takes tensors with values here, and no graph need be left first.

    >>> eager(abs) is abs
    True
    """
    return func


def image_dim_ordering() -> str:
    """Keras 1's name of the image data format: `"tf"` for `"channels_last"`, `"th"` for `"channels_first"`.

    >>> image_dim_ordering()
    'tf'
    """
    return "th" if config.image_data_format() == "channels_first" else "tf"


@checked
def set_image_dim_ordering(dim_ordering: str) -> None:
    """Set the image data format by Keras 1's name.

    Args:
        dim_ordering: `"tf"` or `"th"`.

    Raises:
        ValueError: anything else.

    >>> set_image_dim_ordering("tf")
    >>> keras.backend.image_data_format()
    'channels_last'
    """
    if dim_ordering not in _DIM_ORDERINGS:
        raise ValueError(
            f'set_image_dim_ordering: `dim_ordering` must be "tf" or "th". Received: dim_ordering={dim_ordering!r}'
        )
    config.set_image_data_format(_DIM_ORDERINGS[dim_ordering])
