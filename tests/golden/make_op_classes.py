"""Prints, from real Keras 3, the table in keras/models/op_classes.py: `module.Class: call arguments; settings`.

Run with real Keras 3.15 installed: `python make_op_classes.py`.
"""

import importlib
import inspect

from keras.src.ops.operation import Operation

for part in ("core", "image", "linalg", "math", "nn", "numpy"):
    module = importlib.import_module(f"keras.src.ops.{part}")
    for name, cls in vars(module).items():
        if inspect.isclass(cls) and issubclass(cls, Operation) and cls.__module__ == module.__name__:
            settings = [p for p in inspect.signature(cls.__init__).parameters if p not in ("self", "name")]
            call = list(inspect.signature(cls.call).parameters)[1:]
            print(f"{part}.{name}({','.join(call)};{','.join(settings)})")
