"""The theano engine: the library on PyTensor, the maintained continuation of Theano.

Eager tensors hold arrays. Inside a compiled function a tensor stands for a variable of a PyTensor graph, whose nodes
are this library's primitives as PyTensor Ops. The graph is linked here, not by PyTensor's compilers: into one straight
Python function over NumPy and BLAS, which takes milliseconds where those take a minute (docs/engines/theano.md).

PyTensor is imported in this package only, when the engine is constructed.
"""

from keras.backend.theano.engine import TheanoEngine

__all__ = ["TheanoEngine"]
