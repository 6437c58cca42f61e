"""Processes forked after TensorFlow has begun: its threads are not in them, and a compiled function waits for those for ever.

What is computed op by op works there. `multiprocessing` forks by default on Linux before Python 3.14.
"""

import os

from keras.backend.tensorflow_engine.loading import context

_is_cut_off = False


def check() -> None:
    """Raise RuntimeError where a compiled function would hang."""
    if _is_cut_off:
        raise RuntimeError(
            "this process was forked from one in which TensorFlow had begun. TensorFlow's threads stayed there, and a "
            "compiled function would wait for them for ever. Start processes anew, with "
            'multiprocessing.get_context("spawn"), or use models in the forked ones only, not before.'
        )


def _after_fork() -> None:
    global _is_cut_off
    _is_cut_off = context.context()._initialized


if hasattr(os, "register_at_fork"):  # which Windows lacks, as it lacks forks
    os.register_at_fork(after_in_child=_after_fork)
