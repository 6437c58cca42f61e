"""Process-wide settings: default dtypes and layout, logging, and which engine was asked for.

They start from `keras.json` in `KERAS_HOME` (by default `~/.keras`), if there is one. The file is only read:
nothing is written unasked, and a file that cannot be read or makes no sense is reported once and ignored.
"""

import importlib
import json
import os
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from keras.errors import shorten, unknown

FLOAT_TYPES = ("bfloat16", "float16", "float32", "float64")
DATA_FORMATS = ("channels_last", "channels_first")


def floatx() -> str:
    """The default float dtype of new weights and of Python floats.

    >>> floatx()
    'float32'
    """
    return _settings["floatx"]


def set_floatx(value: str) -> None:
    """Set the default float dtype.

    Args:
        value: `"bfloat16"`, `"float16"`, `"float32"` or `"float64"`.

    >>> set_floatx("float32")
    """
    _settings["floatx"] = _one_of("floatx", value, FLOAT_TYPES)


def epsilon() -> float:
    """The small number added to denominators and inside logarithms.

    >>> epsilon()
    1e-07
    """
    return _settings["epsilon"]


def set_epsilon(value: float) -> None:
    """Set the small number added to denominators and inside logarithms.

    Args:
        value: a positive number.

    >>> set_epsilon(1e-7)
    """
    _settings["epsilon"] = _positive("epsilon", value)


def image_data_format() -> str:
    """The default layout of images.

    >>> image_data_format()
    'channels_last'
    """
    return _settings["image_data_format"]


def set_image_data_format(data_format: str) -> None:
    """Set the default layout of images.

    Args:
        data_format: `"channels_last"` or `"channels_first"`.

    >>> set_image_data_format("channels_last")
    """
    _settings["image_data_format"] = _one_of("image_data_format", data_format, DATA_FORMATS)


def backend() -> str:
    """The name of the engine in force."""
    return _select().current_name()


def set_backend(backend: str) -> None:
    """Choose the engine, before the first tensor is made.

    Args:
        backend: an engine's name, as in `"tensorflow"` or `"numpy"`.
    """
    _select().set_backend(backend)


def requested_backend() -> str | None:
    """The engine asked for from outside the program: by `KERAS_BACKEND`, else by `keras.json`; None if by neither."""
    return os.environ.get("KERAS_BACKEND", "").strip().lower() or _settings["backend"]


def dtype_policy() -> Any:
    """The dtype policy of layers that are given none; it follows `floatx` until one is set.

    >>> dtype_policy().name
    'float32'
    """
    policy = _settings["dtype_policy"]
    policies = importlib.import_module("keras.dtype_policies")
    return policies.DTypePolicy(floatx()) if policy is None else policies.get(policy)


def set_dtype_policy(policy: Any) -> None:
    """Set the dtype policy of layers that are given none.

    Args:
        policy: a `keras.DTypePolicy` or a name such as `"mixed_bfloat16"`; None to follow `floatx` again.

    >>> set_dtype_policy("mixed_bfloat16"); dtype_policy().compute_dtype
    'bfloat16'
    >>> set_dtype_policy(None)
    """
    policies = importlib.import_module("keras.dtype_policies")
    _settings["dtype_policy"] = None if policy is None else policies.get(policy)


def enable_interactive_logging() -> None:
    """Show progress on the console (the default)."""
    _settings["interactive_logging"] = True


def disable_interactive_logging() -> None:
    """Send progress to the `logging` module instead of the console."""
    _settings["interactive_logging"] = False


def is_interactive_logging_enabled() -> bool:
    """Whether progress is shown on the console.

    >>> is_interactive_logging_enabled()
    True
    """
    return _settings["interactive_logging"]


def enable_traceback_filtering() -> None:
    """Hide the library's own frames in tracebacks (the default)."""
    _settings["traceback_filtering"] = True


def disable_traceback_filtering() -> None:
    """Show whole tracebacks."""
    _settings["traceback_filtering"] = False


def is_traceback_filtering_enabled() -> bool:
    """Whether the library's own frames are hidden in tracebacks.

    >>> is_traceback_filtering_enabled()
    True
    """
    return _settings["traceback_filtering"]


def enable_flash_attention() -> None:
    """Let attention use an engine's fused kernel."""
    _settings["flash_attention"] = True


def disable_flash_attention() -> None:
    """Keep attention from using an engine's fused kernel."""
    _settings["flash_attention"] = False


def is_flash_attention_enabled() -> bool | None:
    """Whether attention may use a fused kernel; None lets the engine choose.

    >>> is_flash_attention_enabled() is None
    True
    """
    return _settings["flash_attention"]


def max_epochs() -> int | None:
    """The most epochs any `fit` runs, for trying a program out; None for no limit.

    >>> max_epochs() is None
    True
    """
    return _settings["max_epochs"]


def set_max_epochs(max_epochs: int | None) -> None:
    """Limit every `fit` to this many epochs; None for no limit."""
    _settings["max_epochs"] = _count("max_epochs", max_epochs)


def max_steps_per_epoch() -> int | None:
    """The most steps any epoch runs, for trying a program out; None for no limit.

    >>> max_steps_per_epoch() is None
    True
    """
    return _settings["max_steps_per_epoch"]


def set_max_steps_per_epoch(max_steps_per_epoch: int | None) -> None:
    """Limit every epoch to this many steps; None for no limit."""
    _settings["max_steps_per_epoch"] = _count("max_steps_per_epoch", max_steps_per_epoch)


def enable_unsafe_deserialization() -> None:
    """Refused: a switch for the whole process could be turned by the file being loaded."""
    raise NotImplementedError(
        "keras.config.enable_unsafe_deserialization: loading runs no code from a file, and no switch changes that. "
        "Give the functions and classes of the model yourself: load_model(path, custom_objects={'name': object})."
    )


def config_path() -> Path:
    """Where `keras.json` is looked for."""
    home = os.environ.get("KERAS_HOME") or os.path.expanduser(
        "~/.keras"
    )  # Path.expanduser fails without a home
    return Path(home, "keras.json")


def _select() -> Any:
    # The engines sit above this module; they are asked for only when somebody asks.
    return importlib.import_module("keras.backend.select")


def _one_of(setting: str, value: Any, choices: tuple[str, ...]) -> str:
    if value not in choices:
        raise ValueError(unknown(setting, value, choices))
    return value


def _positive(setting: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < float("inf"):
        raise ValueError(f"{setting} must be a positive number, got {shorten(value)}")
    return float(value)


def _count(setting: str, value: Any) -> int | None:
    if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
        raise ValueError(f"{setting} must be a positive whole number or None, got {shorten(value)}")
    return value


def _engine_name(setting: str, value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{setting} must be the name of an engine, got {shorten(value)}")
    return value.strip().lower()


_DEFAULTS: Mapping[str, Any] = {
    "floatx": "float32",
    "epsilon": 1e-7,
    "image_data_format": "channels_last",
    "backend": None,
    "dtype_policy": None,
    "interactive_logging": True,
    "traceback_filtering": True,
    "flash_attention": None,
    "max_epochs": None,
    "max_steps_per_epoch": None,
}

# What keras.json may hold, and what checks it. Other keys are left alone: Keras 3 writes a few of its own.
_FROM_FILE: Mapping[str, Callable[[str, Any], Any]] = {
    "floatx": lambda key, value: _one_of(key, value, FLOAT_TYPES),
    "epsilon": _positive,
    "image_data_format": lambda key, value: _one_of(key, value, DATA_FORMATS),
    "backend": _engine_name,
}


def _read(path: Path) -> dict[str, Any]:
    """The settings in a keras.json; what is wrong in it is reported in one warning and left out."""
    try:
        found = json.loads(path.read_text("utf-8"))
        if not isinstance(found, dict):
            raise TypeError(f"expected an object with settings, got {shorten(found)}")
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, TypeError, ValueError, RecursionError) as error:
        warnings.warn(f"{path} is ignored: {error}", stacklevel=2)
        return {}
    settings, wrong = {}, []
    for key, check in _FROM_FILE.items():
        if key in found:
            try:
                settings[key] = check(key, found[key])
            except ValueError as error:
                wrong.append(str(error))
    if wrong:
        warnings.warn(f"{path} is ignored in part: {' '.join(wrong)}", stacklevel=2)
    return settings


_settings: dict[str, Any] = {**_DEFAULTS, **_read(config_path())}
