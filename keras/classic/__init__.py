"""Keras 2's `keras.backend` as a layer on top of `keras.ops`; its functions are reached as `keras.backend.<name>`.

They take and return what `keras.ops` does: tensors of the engine in force, variables, arrays and symbolic tensors. On
symbolic tensors each call is a step of a graph, which `K.function` compiles and `K.gradients` differentiates.
"""
