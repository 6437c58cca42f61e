"""One call that makes a program repeatable."""

import random

import numpy as np

from keras.random.seeds import set_global_seed


def set_random_seed(seed: int) -> None:
    """Seed everything: Python, NumPy, and the library's own stream of initial weights, shuffles and dropout.

    The same program after the same seed gives the same numbers, bit for bit, on the same engine and machine.

    Args:
        seed: a whole number from 0 to 2**32 - 1.

    Raises:
        ValueError: another seed.

    >>> set_random_seed(1); first = random.random()
    >>> set_random_seed(1); first == random.random()
    True
    """
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or not 0 <= seed < 2**32:
        raise ValueError(f"set_random_seed: expected a whole number from 0 to 2**32 - 1. Received: {seed!r}")
    seed = int(seed)
    random.seed(seed)
    np.random.seed(seed)
    set_global_seed(seed)
