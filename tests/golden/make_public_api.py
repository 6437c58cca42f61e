"""Write public_api.txt, the public names and signatures of Keras 3.15.1. Run with that Keras, outside the repository.

Also read by tests/test_public_api.py, which describes this library with the same functions and compares.
"""

import importlib
import inspect
import pkgutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType

# Methods are part of the contract for the classes people call methods on, or override them in.
CLASSES = [
    f"keras.{name}"
    for name in (
        *("Initializer", "Loss", "Metric", "Model", "Optimizer", "Regularizer", "Sequential", "Variable"),
        *(
            "callbacks.Callback",
            "constraints.Constraint",
            "layers.Layer",
            "layers.RNN",
            "random.SeedGenerator",
        ),
        *("optimizers.schedules.LearningRateSchedule", "utils.PyDataset"),
    )
]
HIDDEN = {"src", "api", "_tf_keras", "tests"}


def modules(package: ModuleType) -> Iterator[ModuleType]:
    """The package and every public subpackage of it."""
    yield package
    for info in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
        last = info.name.rpartition(".")[2]
        if info.ispkg and last not in HIDDEN and not last.startswith("_"):
            yield from modules(importlib.import_module(info.name))


def signature(thing: object) -> str:
    """Names and defaults of the parameters, without annotations; empty for what is not called."""
    if not callable(thing):
        return ""
    try:
        found = inspect.signature(thing.__init__ if inspect.isclass(thing) else thing)
    except (TypeError, ValueError):
        return "(...)"
    parameters = list(found.parameters.values())
    if inspect.isclass(thing) and parameters and parameters[0].name == "self":
        parameters = parameters[1:]
    plain = [p.replace(annotation=p.empty, default=_Default.of(p.default)) for p in parameters]
    return str(inspect.Signature(plain))


class _Default:
    """A default whose text says the same in every process."""

    def __init__(self, value: object) -> None:
        self.value = value

    @classmethod
    def of(cls, value: object) -> object:
        return value if value is inspect.Parameter.empty else cls(value)

    def __repr__(self) -> str:
        plain = self.value is None or isinstance(self.value, bool | int | float | str | tuple | list | dict)
        return repr(self.value) if plain else getattr(self.value, "__name__", type(self.value).__name__)


def names(module: ModuleType) -> list[str]:
    """What a module offers: its `__all__`, else what a package imports or a single file defines, modules excepted."""
    listed = getattr(module, "__all__", None)
    if listed is None:
        listed = [n for n in vars(module) if not n.startswith("_")]
        if not hasattr(module, "__path__"):
            listed = [n for n in listed if getattr(vars(module)[n], "__module__", None) == module.__name__]
    return sorted(
        n for n in listed if not n.startswith("__") and not inspect.ismodule(getattr(module, n, None))
    )


def describe(modules: Iterable[ModuleType]) -> dict[str, str]:
    """Dotted name to signature, of everything public in `modules` and in the classes listed above."""
    found = {}
    for module in modules:
        for name in names(module):
            path = f"{module.__name__}.{name}"
            found[path] = signature(getattr(module, name))
            if path in CLASSES:
                found.update(methods(getattr(module, name), path))
    return dict(sorted(found.items()))


def methods(cls: type, path: str) -> dict[str, str]:
    """Public attributes of a class, but for those a base class outside Keras (an engine's) put there."""
    found = {}
    for name in dir(cls):
        owner = next((c for c in cls.__mro__ if name in vars(c)), object)
        if not name.startswith("_") and owner.__module__.startswith("keras"):
            called = callable(vars(owner)[name]) or isinstance(vars(owner)[name], classmethod | staticmethod)
            found[f"{path}.{name}"] = signature(getattr(cls, name)) if called else ""
    return found


if __name__ == "__main__":
    import keras

    assert keras.__version__ == "3.15.1", keras.__version__
    lines = [name + text for name, text in describe(modules(keras)).items()]
    Path(__file__).with_name("public_api.txt").write_text("\n".join(lines) + "\n", "utf-8")
    print(len(lines), "names")
