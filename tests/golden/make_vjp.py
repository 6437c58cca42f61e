"""Makes vjp/kinks.json: what TensorFlow's tape gives at ties, kinks and zeros.

Run with TensorFlow, outside the repository: `python .../tests/golden/make_vjp.py`.
"""

import json
import math
from pathlib import Path

import tensorflow as tf

CASES = {
    "abs": (tf.abs, [[-1.0, 0.0, 2.0]]),
    "sign": (tf.sign, [[-1.0, 0.0, 2.0]]),
    "relu": (tf.nn.relu, [[-1.0, 0.0, 2.0]]),
    "sqrt": (tf.sqrt, [[0.0, 4.0]]),
    "maximum": (tf.maximum, [[1.0, 2.0, 3.0], [1.0, 3.0, 2.0]]),
    "minimum": (tf.minimum, [[1.0, 2.0, 3.0], [1.0, 3.0, 2.0]]),
    "reduce_max": (lambda x: tf.reduce_max(x, 1), [[[1.0, 3.0, 3.0], [2.0, 1.0, 0.0]]]),
    "reduce_min": (lambda x: tf.reduce_min(x, 1), [[[1.0, 1.0, 3.0], [2.0, 1.0, 0.0]]]),
    "reduce_prod": (lambda x: tf.reduce_prod(x, 1), [[[2.0, 0.0, 3.0], [0.0, 0.0, 4.0]]]),
    "pow": (tf.pow, [[0.0, 0.0, 2.0, 3.0], [2.0, 3.0, 0.0, 1.0]]),
    "mod": (tf.math.floormod, [[5.5, -5.5], [2.0, 2.0]]),
    "max_pool": (lambda x: tf.nn.max_pool1d(x, 2, 2, "VALID"), [[[[1.0], [1.0], [2.0], [3.0]]]]),
    "scatter_max": (
        lambda x, u: tf.tensor_scatter_nd_max(x, [[0], [1], [0]], u),
        [[1.0, 5.0], [1.0, 2.0, 1.0]],
    ),
}


def finite(values):
    """JSON has no infinity."""
    if isinstance(values, list):
        return [finite(v) for v in values]
    return values if math.isfinite(values) else str(values)


def main():
    found = {}
    for name, (f, inputs) in CASES.items():
        xs = [tf.constant(x) for x in inputs]
        with tf.GradientTape() as tape:
            tape.watch(xs)
            y = f(*xs)
            total = tf.reduce_sum(y * (1 + tf.reshape(tf.range(tf.cast(tf.size(y), tf.float32)), y.shape)))
        gradients = tape.gradient(total, xs, unconnected_gradients="zero")
        found[name] = {"inputs": inputs, "gradients": [finite(g.numpy().tolist()) for g in gradients]}
    target = Path(__file__).parent / "vjp" / "kinks.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
