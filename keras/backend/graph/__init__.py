"""What engines share that trace primitives into a graph and run it as a program over NumPy arrays.

Eager tensors hold arrays; inside a compiled function a tensor stands for a variable of a graph (`tensor`). A call of a
primitive becomes a node (`engine`, `ops`); nodes and variables are those of `nodes`, or of a graph library of the
engine's. `program` runs a graph, `state` compiles functions that read and write variables, `flow` has the control flow.

An engine of this kind says what its nodes are and how a program runs them: theano and cntk do.
"""
