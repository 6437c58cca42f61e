"""The process-wide stream of host seeds: what `seed=None` means.

Initial weights, shuffles and seed generators that were given no seed draw one from here, in the order in
which they are made; so `keras.utils.set_random_seed(n)` followed by the same program gives the same numbers
on every engine.
"""

import numpy as np


def set_global_seed(seed: int) -> None:
    """Restart the stream.

    Args:
        seed: a non-negative whole number.

    >>> set_global_seed(7); first = next_host_seed()
    >>> set_global_seed(7); first == next_host_seed()
    True
    """
    global _stream
    _stream = host_generator(seed)


def next_host_seed() -> int:
    """The next seed of the stream, from 0 to 2**31 - 1.

    >>> 0 <= next_host_seed() < 2**31
    True
    """
    return int(_stream.integers(2**31))


def stream() -> np.random.Generator:
    """The stream in force: another object after each `set_global_seed`."""
    return _stream


def host_generator(seed: int) -> np.random.Generator:
    """NumPy's generator for a seed: Philox, whose numbers are the same on every machine.

    >>> float(host_generator(1).random()) == float(host_generator(1).random())
    True
    """
    return np.random.Generator(np.random.Philox(seed))


_stream = np.random.Generator(np.random.Philox())  # seeded by the operating system until a seed is set
