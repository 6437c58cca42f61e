"""The limit: training loops written by hand for TensorFlow, an epoch in one `tf.while_loop`, batches gathered in it.

    python benchmarks/by_hand.py "tiny MLP"

Adam, losses and shapes are those of the workloads; metrics are left out. The tiny model's loop goes through XLA.
"""

import time

BEGAN = time.perf_counter()

import itertools  # noqa: E402
import math  # noqa: E402
import os  # noqa: E402
import resource  # noqa: E402
import statistics  # noqa: E402
import sys  # noqa: E402
from typing import Any  # noqa: E402

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402
from contestant import answers  # noqa: E402
from harness import Timing, serve, timed  # noqa: E402
from workloads import WORKLOADS, first_rows  # noqa: E402


# ---------------------------------------------------------------------- models: shapes of weights, and f(weights, x)
def mlp(*sizes: int) -> tuple[list[tuple[int, ...]], Any]:
    shapes = [s for a, b in itertools.pairwise(sizes) for s in ((a, b), (b,))]

    def forward(w: list[Any], x: Any, training: bool) -> Any:
        for i in range(0, len(w) - 2, 2):
            x = tf.nn.relu(x @ w[i] + w[i + 1])
        return x @ w[-2] + w[-1]

    return shapes, forward


def cnn() -> tuple[list[tuple[int, ...]], Any]:
    def forward(w: list[Any], x: Any, training: bool) -> Any:
        for i in (0, 2):
            x = tf.nn.relu(tf.nn.bias_add(tf.nn.conv2d(x, w[i], 1, "VALID"), w[i + 1]))
            x = tf.nn.max_pool2d(x, 2, 2, "VALID")
        x = tf.reshape(x, (-1, 1600))
        return (tf.nn.dropout(x, 0.5) if training else x) @ w[4] + w[5]

    return [(3, 3, 1, 32), (32,), (3, 3, 32, 64), (64,), (1600, 10), (10,)], forward


def lstm() -> tuple[list[tuple[int, ...]], Any]:
    def forward(w: list[Any], x: Any, training: bool) -> Any:
        x = tf.transpose(tf.gather(w[0], x), (1, 0, 2))
        x = tf.reshape(tf.reshape(x, (-1, 128)) @ w[1], (80, -1, 512)) + w[3]  # of all moments at once
        h = c = tf.zeros((x.shape[1] or tf.shape(x)[1], 128))

        def moment(state: Any, z: Any) -> Any:
            i, f, g, o = tf.split(z + state[0] @ w[2], 4, axis=1)
            c = tf.sigmoid(f) * state[1] + tf.sigmoid(i) * tf.tanh(g)
            return tf.sigmoid(o) * tf.tanh(c), c

        h, c = tf.scan(moment, x, (h, c))
        return h[-1] @ w[4] + w[5]

    return [(20000, 128), (128, 512), (128, 512), (512,), (128, 2), (2,)], forward


def transformer() -> tuple[list[tuple[int, ...]], Any]:
    def normal(x: Any, w: list[Any]) -> Any:
        mean, variance = tf.nn.moments(x, -1, keepdims=True)
        return tf.nn.batch_normalization(x, mean, variance, w[1], w[0], 1e-6)

    def forward(w: list[Any], x: Any, training: bool) -> Any:
        def drop(x: Any) -> Any:
            return tf.nn.dropout(x, 0.1) if training else x

        def dense(x: Any, i: int) -> Any:
            return tf.reshape(tf.reshape(x, (-1, x.shape[-1])) @ w[i] + w[i + 1], (-1, 200, w[i].shape[-1]))

        x = tf.gather(w[0], x) + w[1]
        q, k, v = tf.split(dense(x, 2), 3, axis=-1)
        q, k, v = (tf.transpose(tf.reshape(a, (-1, 200, 2, 32)), (0, 2, 1, 3)) for a in (q, k, v))
        y = tf.nn.softmax(tf.matmul(q, k, transpose_b=True) / math.sqrt(32)) @ v
        y = dense(tf.reshape(tf.transpose(y, (0, 2, 1, 3)), (-1, 200, 64)), 4)
        x = normal(x + drop(y), w[6:8])
        x = normal(x + drop(dense(tf.nn.relu(dense(x, 8)), 10)), w[12:14])
        x = drop(tf.reduce_mean(x, 1))
        return drop(tf.nn.relu(x @ w[14] + w[15])) @ w[16] + w[17]

    return [
        *((20000, 32), (200, 32), (32, 192), (192,), (64, 32), (32,), (32,), (32,)),
        *((32, 32), (32,), (32, 32), (32,), (32,), (32,), (32, 20), (20,), (20, 2), (2,)),
    ], forward


MODELS = {
    "tiny MLP": lambda: mlp(20, 64, 64, 1),
    "MNIST MLP": lambda: mlp(784, 512, 512, 10),
    "MNIST CNN": cnn,
    "MNIST CNN short": cnn,
    "LSTM": lstm,
    "transformer": transformer,
    "transformer short": transformer,
}


class ByHand:
    """What `contestant.Contest` measures, but for saving and loading."""

    def __init__(self, workload: str) -> None:
        self._name, self._workload = workload, WORKLOADS[workload]

    def first(self) -> Timing:
        x, y = self._workload.data(np.random.default_rng(0), self._workload.rows)
        shapes, self._forward = MODELS[self._name]()
        rng = np.random.default_rng(0)
        self._weights = [tf.Variable(rng.normal(0, 0.05, s).astype("float32")) for s in shapes]
        self._slots = [[tf.Variable(tf.zeros(s)) for s in shapes] for _ in range(2)]
        self._count = tf.Variable(0.0)
        self._x, self._y = tf.constant(x), tf.constant(y)
        self._train = tf.function(self._epoch, autograph=False, jit_compile=self._name == "tiny MLP")
        self._predict = tf.function(lambda x: self._forward(self._weights, x, False), autograph=False)
        self._run()
        return Timing(time.perf_counter() - BEGAN, time.process_time())

    def _run(self) -> None:
        order = np.random.permutation(self._workload.rows).astype("int32")
        whole = self._workload.rows // self._workload.batch * self._workload.batch
        self._train(tf.constant(order[:whole].reshape(-1, self._workload.batch))).numpy()

    def _epoch(self, order: Any) -> Any:
        def step(i: Any, total: Any) -> Any:
            x, y = tf.gather(self._x, order[i]), tf.gather(self._y, order[i])
            with tf.GradientTape() as tape:
                out = self._forward(self._weights, x, True)
                loss = tf.reduce_mean(
                    tf.square(out - y)
                    if y.dtype.is_floating
                    else tf.nn.sparse_softmax_cross_entropy_with_logits(y, out)
                )
            gradients = tape.gradient(loss, self._weights)
            t = self._count.assign_add(1.0)
            rate = 1e-3 * tf.sqrt(1 - 0.999**t) / (1 - 0.9**t)
            for w, g, m, v in zip(self._weights, gradients, *self._slots, strict=True):
                g = tf.convert_to_tensor(g)
                m.assign_add((g - m) * 0.1)
                v.assign_add((tf.square(g) - v) * 0.001)
                w.assign_sub(m * rate / (tf.sqrt(v) + 1e-7))
            return i + 1, total + loss

        return tf.while_loop(lambda i, _: i < order.shape[0], step, (0, 0.0))[1]

    def steps(self, epochs: int) -> Timing:
        found = [timed(self._run) for _ in range(epochs)]
        return Timing(*(statistics.median(p) / self._workload.steps for p in zip(*found, strict=True)))

    def predict(self, rows: int, batch: int, repeats: int) -> Timing:
        x, _ = self._workload.data(np.random.default_rng(1), min(rows, 256))
        x = first_rows(x, rows)

        def run() -> Any:
            return np.concatenate([self._predict(x[i : i + batch]).numpy() for i in range(0, rows, batch)])

        return Timing(*map(statistics.median, zip(*(timed(run) for _ in range(repeats)), strict=True)))

    def peak(self) -> float:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    serve(answers(ByHand(sys.argv[1])))
