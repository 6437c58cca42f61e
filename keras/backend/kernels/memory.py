"""Freed memory stays with the process, so that the next array of its size costs no page faults.

A training step frees and allocates the same large arrays again and again. glibc hands each of them back to the system
and the system clears it anew: measured on an update of Adam, 800 page faults and more than half of the time.
"""

from __future__ import annotations

import ctypes
import functools
import math
import os
import sys
import weakref

import numpy as np

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # parameters of mallopt(3)
_LARGEST = 32 << 20  # bytes; glibc accepts no larger threshold
_SETTINGS = ("MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_", "GLIBC_TUNABLES")


@functools.cache
def keep_freed_memory() -> bool:
    """Ask the allocator to keep freed arrays of up to 32 MB for reuse, unless the environment has settings of its own.

    Returns:
        Whether it was done: only glibc can, and needs to.
    """
    if sys.platform != "linux" or any(name in os.environ for name in _SETTINGS):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):  # another C library
        return False
    return bool(mallopt(_TRIM_THRESHOLD, 1 << 30) and mallopt(_MMAP_THRESHOLD, _LARGEST))


#: Bytes: of a cache line, and what TensorFlow asks of an array before it takes it without copying.
_ALIGNMENT = 64
_LARGE = 1 << 14  # elements of an array, from which on a copy costs more than looking for memory
_LARGEST_STOCK = 1 << 29  # bytes
_stock: dict[int, list[np.ndarray]] = {}


def recycled(n: int) -> np.ndarray:
    """An array of `n` float32, in memory that one of that size had before and nobody looks at any more."""
    free = _stock.setdefault(n, [])
    try:
        memory = free.pop()
    except IndexError:
        memory = _room(n)
    owner = (ctypes.c_float * n).from_address(_aligned(memory, n).ctypes.data)
    weakref.finalize(owner, _give_back, n, memory).atexit = False
    return np.ctypeslib.as_array(owner)


def _give_back(n: int, memory: np.ndarray) -> None:
    if sum(len(free) * size * 4 for size, free in list(_stock.items())) + memory.nbytes > _LARGEST_STOCK:
        _stock.clear()
    _stock.setdefault(n, []).append(memory)


def _room(n: int) -> np.ndarray:
    """Bytes for `n` float32, wherever alignment lets them begin."""
    return np.empty(4 * n + _ALIGNMENT, np.uint8)


def _aligned(memory: np.ndarray, n: int) -> np.ndarray:
    """`n` float32 in these bytes."""
    start = -memory.ctypes.data % _ALIGNMENT
    return memory[start : start + 4 * n].view(np.float32)


def fresh(shape: tuple[int, ...]) -> np.ndarray:
    """An array of float32, not filled: a large one as TensorFlow takes it, in memory that is used again if it is not huge."""
    n = math.prod(shape)
    if n < _LARGE:
        return np.empty(shape, np.float32)
    flat = recycled(n) if 4 * n <= _LARGEST else _aligned(_room(n), n)
    return flat.reshape(shape)
