"""What the functions of a layer take: the parameters of `call` and `build`, and arguments given by position."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any


def named(function: Callable[..., Any]) -> list[str]:
    """The names of a function's parameters, without *args and **kwargs."""
    parameters = inspect.signature(function).parameters.values()
    return [p.name for p in parameters if p.kind is not p.VAR_POSITIONAL and p.kind is not p.VAR_KEYWORD]


class Signature:
    """What a layer class's `call` takes, looked at once."""

    def __init__(self, function: Callable[..., Any]) -> None:
        parameters = list(inspect.signature(function).parameters.values())[1:]
        self.names = tuple(named(function)[1:])
        self.open = any(p.kind is p.VAR_KEYWORD for p in parameters)
        self.has_training = "training" in self.names
        self.training_default = next((p.default for p in parameters if p.name == "training"), None)
        self.positional = tuple(
            p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
        )
        if not self.positional and any(p.kind is p.VAR_POSITIONAL for p in parameters):
            self.positional = ("inputs",)  # `call(self, *args)` hands on what it is called with

    def bind(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        """Arguments by name, in the order of the signature; extra positional ones are left out."""
        given = dict(zip(self.positional, args, strict=False))
        given.update(kwargs)
        return given

    def filled(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
        """`args` with each None in it replaced by what `kwargs` has for that parameter, and no longer has then."""
        known = zip(self.positional, args, strict=False)
        named = tuple(kwargs.pop(n) if x is None and n in kwargs else x for n, x in known)
        return named + args[len(named) :]


def required(function: Callable[..., Any]) -> list[str]:
    """Names of the parameters that must be given."""
    return [
        p.name
        for p in inspect.signature(function).parameters.values()
        if p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD
    ]


def by_place(args: tuple[Any, ...], by_name: dict[str, Any], who: str) -> tuple[Any, ...]:
    """The values of `by_name`, whose first ones `args` gives; the first is a shape, and None is one that was not given.

    Raises:
        ValueError: a name in place of the shape, as in Keras 2. TypeError: too many, or one that was also given by name.
    """
    if isinstance(args[0], str):
        raise ValueError(
            f"{who} expected a shape first. Received: {args[0]!r}. "
            f"Give the name by keyword: add_weight(shape=..., name={args[0]!r})."
        )
    if len(args) > len(by_name):
        raise TypeError(f"{who} takes {', '.join(by_name)} by position. Received: {len(args)} arguments")
    for name in list(by_name)[: len(args)]:
        if by_name[name] is not None:
            raise TypeError(f"{who} received `{name}` by position and by keyword.")
    return (*args, *list(by_name.values())[len(args) :])
