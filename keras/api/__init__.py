"""Other names of this library: TensorFlow finds `tf.keras` here, and old programs `keras._tf_keras.keras`.

`from tensorflow import keras`, `tf.keras.layers` and `from tensorflow.keras.models import Sequential` then give the very
modules and classes that `import keras` gives.
"""

from __future__ import annotations

import importlib
import sys
from functools import partial
from typing import Any

import keras

#: Public submodules of public modules.
_NESTED = ("optimizers.schedules", "ops.image", "ops.linalg", "ops.nn", "ops.numpy")


def mirror(package: dict[str, Any]) -> None:
    """Make a package another name of `keras`, its submodules included.

    Args:
        package: the globals of its `__init__`.
    """
    for part in (*sorted(keras._MODULES), *_NESTED):
        sys.modules[f"{package['__name__']}.{part}"] = importlib.import_module(f"keras.{part}")
    package |= {"__getattr__": partial(getattr, keras), "__dir__": keras.__dir__, "__all__": keras.__all__}
    package["__path__"] = []  # whoever walks through packages does not come back to the first
