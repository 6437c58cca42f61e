"""Keras 2's `keras.backend` as a layer on top of `keras.ops`; its functions are reached as `keras.backend.<name>`.

They take and return what `keras.ops` does: tensors of the engine in force, variables, arrays and symbolic tensors. On
symbolic tensors each call is a step of a graph, which `K.function` compiles and `K.gradients` differentiates. A variable
in such a step is read whenever the step runs.

As in tf-keras, and unlike Keras 2 on a graph engine, what is computed from variables and constants alone is computed at
once: `K.square(v) * x` with a symbolic x holds the square of v's value now, `K.square(v * x)` reads v at every run.
"""
