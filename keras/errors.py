"""Errors that teach: what was being done, what was expected, what came, what to do.

Most errors are plain ValueError and TypeError. A class lives here only when its message needs a paragraph and
several places raise it.
"""

import difflib
import reprlib
from collections.abc import Iterable

_SHOWN_CHOICES = 12


def did_you_mean(word: object, choices: Iterable[str]) -> str:
    """The hint to append to a message about an unknown name; empty when nothing is near.

    Args:
        word: what the user wrote.
        choices: the names that would have been right.

    Returns:
        `''`, or `' Did you mean "x"?'` with a leading blank.

    >>> did_you_mean("rellu", ["relu", "selu", "tanh"])
    ' Did you mean "relu"?'
    >>> did_you_mean("zzz", ["relu"])
    ''
    """
    text = str(word)[:100]
    spellings: dict[str, list[str]] = {}
    for choice in choices:
        spellings.setdefault(_plain(choice), []).append(choice)
    near = difflib.get_close_matches(_plain(text), spellings, n=1, cutoff=0.6)
    if not near:
        return ""
    # Of several spellings of one name, the one most like what was written: relu_layer rather than ReluLayer.
    best = max(spellings[near[0]], key=lambda name: difflib.SequenceMatcher(None, text, name).ratio())
    return f' Did you mean "{best}"?'


def unknown(kind: str, word: object, choices: Iterable[str]) -> str:
    """The standard message about a name that is not known.

    Args:
        kind: what the name stands for, as in `"activation"`.
        word: what the user wrote.
        choices: the names that would have been right.

    Returns:
        One line: the name, a suggestion if one is near, and the first of the known names.

    >>> unknown("activation", "rellu", ["relu", "tanh"])
    'Unknown activation "rellu". Did you mean "relu"? Known: relu, tanh.'
    """
    names = sorted(set(choices))
    shown = ", ".join(names[:_SHOWN_CHOICES]) + (", ..." if len(names) > _SHOWN_CHOICES else "")
    known = f" Known: {shown}." if names else ""
    name = f'"{shorten(word)}"' if isinstance(word, str) else shorten(word)
    return f"Unknown {kind} {name}.{did_you_mean(word, names)}{known}"


def add_context(exc: BaseException, text: str) -> BaseException:
    """Say in an error where it happened, keeping its type and its traceback.

    The text is put before the message when the error is an ordinary one holding one string, and attached as a
    note otherwise (errors of an engine build their text in other ways). Adding the same text twice adds it
    once.

    Args:
        exc: the error, changed in place.
        text: where or in what it happened, as in `'In layer "model/dense"'`.

    Returns:
        The same error, so that a caller may write `raise add_context(error, ...)`.

    >>> str(add_context(ValueError("bad width"), 'In layer "net/dense"'))
    'In layer "net/dense": bad width'
    """
    notes = getattr(exc, "__notes__", [])
    if text in notes or any(isinstance(arg, str) and text in arg for arg in exc.args):
        return exc
    plain = type(exc).__str__ in (BaseException.__str__, ImportError.__str__)
    if plain and len(exc.args) == 1 and isinstance(exc.args[0], str) and not isinstance(exc, ImportError):
        exc.args = (f"{text}: {exc.args[0]}",)
    else:
        exc.add_note(text)
    return exc


def shorten(value: object, limit: int = 80) -> str:
    """A value for a message: its text or its repr, cut so that no array, list or file fills the screen.

    Args:
        value: anything.
        limit: the greatest length of the result.

    >>> shorten("x" * 1000, limit=9)
    'xxxxxx...'
    """
    text = value[: limit + 1] if isinstance(value, str) else _brief.repr(value)
    return text if len(text) <= limit else text[: limit - 3] + "..."


class EngineMissingError(ImportError):
    """An engine was asked for whose package is not installed.

    Args:
        engine: the engine's name, as in `"tensorflow"`.
        package: what pip installs; the engine's name when left out.
        then: a command to be run after that, for an engine that is built on the user's machine.
        reason: what the import said, when it failed for another reason than absence.
    """

    def __init__(self, engine: str, package: str | None = None, then: str = "", reason: str = "") -> None:
        self.engine = engine
        why = f" ({reason})" if reason else ""
        after = f", then: {then}" if then else ""
        super().__init__(
            f"engine '{engine}' is not installed{why}. Install it with: pip install {package or engine}{after}. "
            f'Or choose another one: keras.config.set_backend("numpy"), or KERAS_BACKEND=numpy in the environment.'
        )


class InstallError(RuntimeError):
    """An engine could not be built on this machine; the message says why, and what to do.

    >>> raise InstallError("This machine has no C++ compiler.")
    Traceback (most recent call last):
    keras.errors.InstallError: This machine has no C++ compiler.
    """


class NoFileError(FileNotFoundError, ValueError):
    """There is no file to load: a FileNotFoundError, and what programs for Keras 3 catch, a ValueError.

    >>> raise NoFileError("model.keras")
    Traceback (most recent call last):
    keras.errors.NoFileError: There is no file model.keras.
    """

    def __init__(self, path: object) -> None:
        super().__init__(f"There is no file {path}.")


class EngineCannotError(NotImplementedError):
    """An engine was asked for a primitive it declares it cannot do.

    Args:
        engine: the engine's name.
        primitive: the primitive's name.
        reason: why it cannot, in a few words.
    """

    def __init__(self, engine: str, primitive: str, reason: str = "") -> None:
        self.engine, self.primitive, self.reason = engine, primitive, reason
        why = f" ({reason})" if reason else ""
        super().__init__(f"engine '{engine}' has no primitive '{primitive}'{why}; see docs/primitives.md")


def _plain(name: str) -> str:
    """A name without case and separators, so that `GlorotUniform` is near `glorot_uniform`."""
    return name.lower().replace("_", "").replace("-", "").replace(" ", "")


_brief = reprlib.Repr()
_brief.maxstring = _brief.maxother = 80


def out_of_bounds(lowest: int, highest: int, axis: int, size: int) -> IndexError:
    """The error for an index along an axis, NumPy's in wording; to a negative one the size was added before.

    >>> out_of_bounds(0, 7, 0, 3)
    IndexError('index 7 is out of bounds for axis 0 with size 3')
    >>> out_of_bounds(-1, 2, 0, 3)
    IndexError('index -4 is out of bounds for axis 0 with size 3')
    """
    index = lowest - size if lowest < 0 else highest
    return IndexError(f"index {index} is out of bounds for axis {axis} with size {size}")


#: What no engine can compute, told in the same words by each.
NOT_DEFINITE = (
    "cholesky: expected symmetric positive definite matrices, and one has no such factor. A small multiple of the "
    "identity added to a covariance makes it definite."
)
SINGULAR = (
    "solve: one of the matrices is singular, so that it has no inverse. `keras.ops.lstsq` and `keras.ops.pinv` give the "
    "least squares solution."
)
