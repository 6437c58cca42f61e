"""The numpy engine: the reference every other engine is compared with, and the one that needs nothing installed.

Arrays are the tensors and every primitive runs at once. A compiled function is the function itself, run inside a scope
that keeps writes of variables until the end of the call; gradients come from the tape in `keras.backend.vjp`.
"""

from keras.backend.numpy.engine import NumPyEngine

__all__ = ["NumPyEngine"]
