"""The numpy engine: the reference every other engine is compared with, and the one that needs nothing installed.

Arrays are the tensors, and every primitive runs at once, by NumPy alone (`eager`): that is the reference. A compiled
function is traced into a graph of the same primitives (`keras.backend.graph`), which all cores run, and oneDNN where it is
installed (`keras.backend.kernels`); gradients come from the tape in `keras.backend.vjp`.
"""
