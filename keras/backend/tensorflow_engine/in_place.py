"""Functions for a runtime other than the one that has the variables: they write into the values that variables have.

`AssignVariableOp`, which exchanges the value, takes the variable from the runtime it runs in, and what it writes is lost.
Other operations take the variable they are given (TensorFlow 2.21), among them the one of `variable[...] = value`. After
that a variable is copied when it is read, until it is assigned to again.
"""

from __future__ import annotations

from typing import Any

from keras.backend.tensorflow_engine.loading import tf


def writing_in_place(function: Any) -> Any:
    """A copy of a function that writes so."""
    copy = type(function).FromString(function.SerializeToString())
    writes = [node for node in copy.node_def if node.op == "AssignVariableOp"]
    if writes:
        copy.node_def.extend([_constant("keras_zero", 0), _constant("keras_one", 1)])
    for node in writes:
        variable, value, *after = node.input
        begin = end = "keras_zero:output:0"
        node.op = "ResourceStridedSliceAssign"
        node.input[:] = [variable, begin, end, "keras_one:output:0", value, *after]
        node.attr["T"].CopyFrom(node.attr["dtype"])
        node.attr["Index"].type = tf.int32.as_datatype_enum
        node.attr["ellipsis_mask"].i = 1  # whatever its rank
        for name in ("dtype", "validate_shape"):
            del node.attr[name]
    return copy


def _constant(name: str, number: int) -> Any:
    node = tf.compat.v1.NodeDef(name=name, op="Const")
    node.attr["dtype"].type = tf.int32.as_datatype_enum
    node.attr["value"].tensor.CopyFrom(tf.make_tensor_proto([number], tf.int32))
    return node
