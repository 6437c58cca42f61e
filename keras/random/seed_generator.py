"""Seed generators: the state from which random ops take one seed after the other."""

from __future__ import annotations

from typing import Any

import numpy as np

from keras.backend import select
from keras.backend.select import current
from keras.backend.state import HasVariables, Variable, auto_name, name_scope
from keras.errors import shorten
from keras.random import seeds
from keras.serializable import Serializable

Tensor = Any


class SeedGenerator(HasVariables, Serializable):
    """A stream of seeds, each used for one draw.

    The state is a variable: inside a compiled function it advances with every call of the function, so that no two
    steps draw the same numbers.

    Args:
        seed: a non-negative int; drawn from the process-wide stream by default (see `keras.utils.set_random_seed`).
        name: name of the generator.
        **kwargs: `backend` is accepted for compatibility.

    Raises:
        ValueError: a seed that is not a non-negative int.

    >>> generator = SeedGenerator(1337)
    >>> generator.next().tolist(), generator.next().tolist()
    ([1337, 0], [1337, 1])
    """

    def __init__(self, seed: int | None = None, name: str | None = None, **kwargs: Any) -> None:
        kwargs.pop("backend", None)
        if kwargs:
            raise ValueError(f"SeedGenerator: unexpected arguments {sorted(kwargs)}")
        if seed is not None and (isinstance(seed, bool) or not isinstance(seed, (int, np.integer))):
            raise ValueError(f"SeedGenerator: `seed` must be an integer. Received: seed={shorten(seed)}")
        if seed is not None and seed < 0:
            raise ValueError(f"SeedGenerator: `seed` must not be negative. Received: seed={seed}")
        self.name = name or auto_name("seed_generator")
        self._seed = None if seed is None else int(seed)
        first = seeds.next_host_seed() if seed is None else int(seed)
        with name_scope(self.name):
            self.state = Variable(
                np.array([first & 0xFFFFFFFF, (first >> 32) & 0xFFFFFFFF], "uint32"),
                trainable=False,
                autocast=False,
                name="seed_generator_state",
            )

    def next(self, ordered: bool = True) -> Tensor:
        """The next seed, a uint32 tensor of two words.

        Args:
            ordered: accepted for compatibility; seeds always come in order.
        """
        e = current()
        seed = self.state.value
        self.state.assign(e.add(seed, e.constant(np.array([0, 1], "uint32"), "uint32")))
        return seed

    def get_config(self) -> dict[str, Any]:
        return {"seed": self._seed, "name": self.name}


def global_seed_generator() -> SeedGenerator:
    """The generator that draws without a seed use: one per engine, made anew when the global seed is set."""
    key = select.current_name()
    made = _global.get(key)
    if made is None or made[0] is not seeds.stream():
        with name_scope("keras", absolute=True):
            made = seeds.stream(), SeedGenerator(name="global_seed_generator")
        _global[key] = made
    return made[1]


_global: dict[str, tuple[Any, SeedGenerator]] = {}


def seed_tensor(seed: Any) -> Tensor:
    """What a random op draws from.

    Args:
        seed: an int gives the same numbers at every call; a `SeedGenerator` advances; None is the global generator.

    Raises:
        ValueError: anything else.
    """
    if seed is None:
        return global_seed_generator().next()
    if isinstance(seed, SeedGenerator):
        return seed.next()
    if isinstance(seed, (int, np.integer)) and not isinstance(seed, bool):
        words = np.array([int(seed) & 0xFFFFFFFF, (int(seed) >> 32) & 0xFFFFFFFF], "uint32")
        return current().constant(words, "uint32")
    e = current()
    if e.is_tensor(seed) and e.spec(seed) == ((2,), "uint32"):
        return seed
    raise ValueError(
        "`seed` must be an int, a `keras.random.SeedGenerator` or None. "
        f"Received: seed={shorten(seed)} (of type {type(seed).__name__})"
    )
