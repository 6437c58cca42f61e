"""Other names of this library: TensorFlow finds `tf.keras` here, and old programs `keras._tf_keras.keras`.

`from tensorflow import keras`, `tf.keras.layers` and `from tensorflow.keras.models import Sequential` then give the very
modules that `import keras` gives.
"""

from __future__ import annotations

import importlib
import sys

import keras

#: Public submodules of public modules.
_NESTED = ("optimizers.schedules", "ops.image", "ops.linalg", "ops.nn", "ops.numpy")


def mirror(name: str) -> None:
    """Make the package `name` another name of `keras`, its submodules included.

    Args:
        name: of the package that is being imported.
    """
    for part in (*sorted(keras._MODULES), *_NESTED):
        sys.modules[f"{name}.{part}"] = importlib.import_module(f"keras.{part}")
    sys.modules[name] = keras
