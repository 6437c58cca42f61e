"""What engines share that trace primitives into a graph and run it as a program over NumPy arrays.

Inside a compiled function a tensor stands for a variable of a graph (`tensor`). A call of a primitive becomes a node
(`engine`, `ops`); nodes and variables are those of `nodes`, or of a graph library of the engine's. `program` runs a
graph, after `joining` small updates; `compiled` calls it, once or many times in a row; `state` holds the variables such
functions read and write, and `flow` has the control flow.

An engine of this kind says what its eager tensors and its nodes are and how a program runs them. The numpy engine is the
plain case: arrays, and the nodes of this package; theano and cntk differ in what they say otherwise.
"""
