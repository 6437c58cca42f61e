"""What makes a function public here: its settings are checked by their annotations, and its errors begin with its name.

A function of Keras 2 is mostly one of `keras.ops` under another name, with other names for its parameters. So that an
error speaks of the call that was written, `checked` looks at the settings before anything is computed, and puts the
function's name in front of what the ops below it say. Tensors (`Any`) are left to the ops.
"""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from keras.classic import checks
from keras.ops.dispatch import name_error
from keras.ops.settling import check_function, check_text, static_int

F = TypeVar("F", bound=Callable[..., Any])
Check = Callable[[Any, str, str], object]
# What annotations say of parameters, beyond their types.
Ints = int | Sequence[int]
Shape = Any
Axes = Any
Dtype = Any
Seed = Any


def checked(body: F) -> F:
    """Make a function public.

    >>> @checked
    ... def turned(x, axis: "int"):
    ...     return keras.ops.flip(x, axis)
    >>> turned([1.0], "last")
    Traceback (most recent call last):
    TypeError: turned: `axis` must be an int. Received: axis='last'
    """
    who = body.__name__
    parameters = inspect.signature(body).parameters
    settings = [
        (i, p.name, p.default, kind.endswith("| None"), check)
        for i, p in enumerate(parameters.values())
        if (check := _check_of(kind := str(p.annotation))) is not None
    ]
    renamed = [(a, b) for a, b in _RENAMED if b in parameters and a not in parameters]

    @functools.wraps(body)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            for i, name, default, optional, check in settings:
                value = args[i] if i < len(args) else kwargs.get(name, default)
                if value is not default and not (value is None and optional):
                    check(value, who, name)
            return body(*args, **kwargs)
        except (ValueError, TypeError, IndexError) as error:
            name_error(error, body, args, kwargs)
            if len(error.args) == 1:
                error.args = (_in_words_of(renamed, str(error.args[0])),)
            raise

    return call  # type: ignore[return-value]


#: Parameters of `keras.ops`, and what functions here call them.
_RENAMED = (
    ("inputs", "x"),
    ("x", "indices"),
    ("x1", "x"),
    ("x2", "y"),
    ("x2", "a"),
    ("x_min", "min_value"),
    ("x_max", "max_value"),
    ("axes", "pattern"),
    ("axis", "axes"),
    ("newshape", "shape"),
    ("rate", "level"),
    ("repeats", "rep"),
    ("repeats", "n"),
    ("pad_width", "padding"),
    ("minval", "low"),
    ("maxval", "high"),
    ("stddev", "scale"),
    ("kernel", "depthwise_kernel"),
)


def _in_words_of(renamed: Sequence[tuple[str, str]], text: str) -> str:
    for theirs, ours in renamed:
        text = re.sub(rf"\b{theirs}(?=[=.])", ours, text.replace(f"`{theirs}`", f"`{ours}`"))
    return text


_CHECKS: dict[str, Check] = {
    "bool": checks.check_truth,
    "int": static_int,
    "float": checks.check_real,
    "str": check_text,
    "Ints": checks.check_sizes,
    "Sequence[int]": checks.check_ints,
    "Sequence": checks.check_sequence,
    "Iterable": checks.check_sequence,
    "Shape": checks.check_shape,
    "Axes": checks.check_axes,
    "Dtype": checks.check_dtype,
    "Seed": checks.check_seed,
    "Variable": checks.check_variable,
    "Callable": check_function,
}


def _check_of(annotation: str) -> Check | None:
    kind = annotation.removesuffix(" | None")
    return _CHECKS.get(kind) or _CHECKS.get(kind.partition("[")[0])
