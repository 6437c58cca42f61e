"""The 60 ops that dominate training, each with the call an engine's own user would write for it.

A row holds the inputs (letters of `INPUTS`), our call, and the direct calls by engine; all are expressions in the inputs'
letters, `ops`, `random` and the engine's own modules. Where an engine needs several calls for one of ours (NumPy most of
all) the direct one is what its users write.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

_RNG = np.random.default_rng(0)


def _floats(*shape: int) -> np.ndarray:
    return _RNG.uniform(0.1, 1.0, size=shape).astype("float32")


def _probabilities(*shape: int) -> np.ndarray:
    x = _floats(*shape)
    return x / x.sum(-1, keepdims=True)


#: What a letter stands for: in graphs of ten, and where only the call's own cost is measured.
INPUTS: dict[str, tuple[Callable[[], np.ndarray], Callable[[], np.ndarray]]] = {
    "x": (lambda: _floats(256, 512), lambda: _floats(2, 4)),
    "y": (lambda: _floats(256, 512), lambda: _floats(2, 4)),
    "p": (lambda: _probabilities(256, 512), lambda: _probabilities(2, 4)),
    "q": (lambda: _probabilities(256, 512), lambda: _probabilities(2, 4)),
    "b": (lambda: _floats(512), lambda: _floats(4)),
    "w": (lambda: _floats(512, 256), lambda: _floats(4, 3)),
    "i": (lambda: _RNG.integers(0, 256, 256).astype("int32"), lambda: np.array([1, 0], "int32")),
    "j": (
        lambda: _RNG.integers(0, 512, (256, 512)).astype("int32"),
        lambda: np.array([[0, 1, 2, 3]] * 2, "int32"),
    ),
    "c": (lambda: _RNG.integers(0, 2, (256, 512)) > 0, lambda: np.array([[True, False, True, False]] * 2)),
    "m": (lambda: _floats(16, 32, 32, 16), lambda: _floats(1, 4, 4, 2)),
    "k": (lambda: _floats(3, 3, 16, 16), lambda: _floats(3, 3, 2, 2)),
    "d": (lambda: _floats(3, 3, 16, 1), lambda: _floats(3, 3, 2, 1)),
    "s": (lambda: _floats(16, 64, 16), lambda: _floats(1, 4, 2)),
    "r": (lambda: _floats(3, 16, 16), lambda: _floats(3, 2, 2)),
    "h": (lambda: _floats(4, 64, 4, 16), lambda: _floats(1, 2, 1, 2)),
}


class Row(NamedTuple):
    name: str
    ours: str
    tensorflow: str
    numpy: str

    @property
    def letters(self) -> list[str]:
        """The inputs that our call mentions."""
        return [n for n in INPUTS if n in compile(self.ours, self.name, "eval").co_names]

    def direct(self, engine: str) -> str:
        """The engine's own call. Theano's and CNTK's users call NumPy where they compute at once, and so does the table."""
        return self.tensorflow if engine == "tensorflow" else self.numpy


_LAST = 'data_format="channels_last"'
_WINDOWS = "np.lib.stride_tricks.sliding_window_view"
_MEAN = "x.mean(-1, keepdims=True)"
_SOFTMAX = "(lambda e: e / e.sum(-1, keepdims=True))(np.exp(x - x.max(-1, keepdims=True)))"
_LOG_SOFTMAX = "(lambda z: z - np.log(np.exp(z).sum(-1, keepdims=True)))(x - x.max(-1, keepdims=True))"
_POOLED = f"{_WINDOWS}(m, (2, 2), (1, 2))[:, ::2, ::2]"

ROWS = [
    # arithmetic
    Row("add", "ops.add(x, y)", "tf.add(x, y)", "np.add(x, y)"),
    Row("subtract", "ops.subtract(x, y)", "tf.subtract(x, y)", "np.subtract(x, y)"),
    Row("multiply", "ops.multiply(x, y)", "tf.multiply(x, y)", "np.multiply(x, y)"),
    Row("divide", "ops.divide(x, y)", "tf.divide(x, y)", "np.divide(x, y)"),
    Row("add scalar", "ops.add(x, 1.0)", "tf.add(x, 1.0)", "np.add(x, np.float32(1.0))"),
    Row("maximum", "ops.maximum(x, y)", "tf.maximum(x, y)", "np.maximum(x, y)"),
    Row("minimum", "ops.minimum(x, y)", "tf.minimum(x, y)", "np.minimum(x, y)"),
    Row("power", "ops.power(x, y)", "tf.pow(x, y)", "np.power(x, y)"),
    Row("square", "ops.square(x)", "tf.square(x)", "np.square(x)"),
    Row("sqrt", "ops.sqrt(x)", "tf.sqrt(x)", "np.sqrt(x)"),
    Row("rsqrt", "ops.rsqrt(x)", "tf.math.rsqrt(x)", "1 / np.sqrt(x)"),
    Row("exp", "ops.exp(x)", "tf.exp(x)", "np.exp(x)"),
    Row("log", "ops.log(x)", "tf.math.log(x)", "np.log(x)"),
    Row("abs", "ops.abs(x)", "tf.abs(x)", "np.abs(x)"),
    Row("negative", "ops.negative(x)", "tf.negative(x)", "np.negative(x)"),
    Row("tanh", "ops.tanh(x)", "tf.tanh(x)", "np.tanh(x)"),
    Row("clip", "ops.clip(x, 0.2, 0.8)", "tf.clip_by_value(x, 0.2, 0.8)", "np.clip(x, np.float32(0.2), np.float32(0.8))"),
    Row("equal", "ops.equal(x, y)", "tf.equal(x, y)", "np.equal(x, y)"),
    Row("greater", "ops.greater(x, y)", "tf.greater(x, y)", "np.greater(x, y)"),
    Row("where", "ops.where(c, x, y)", "tf.where(c, x, y)", "np.where(c, x, y)"),
    Row("cast", 'ops.cast(x, "int32")', "tf.cast(x, tf.int32)", "x.astype(np.int32)"),
    # activations
    Row("sigmoid", "ops.sigmoid(x)", "tf.sigmoid(x)", "1 / (1 + np.exp(-x))"),
    Row("relu", "ops.relu(x)", "tf.nn.relu(x)", "np.maximum(x, np.float32(0))"),
    Row("gelu", "ops.gelu(x)", "tf.nn.gelu(x, True)", "0.5 * x * (1 + np.tanh(0.7978846 * (x + 0.044715 * x * x * x)))"),
    Row("silu", "ops.silu(x)", "tf.nn.silu(x)", "x / (1 + np.exp(-x))"),
    Row("softplus", "ops.softplus(x)", "tf.nn.softplus(x)", "np.logaddexp(x, np.float32(0))"),
    Row("elu", "ops.elu(x)", "tf.nn.elu(x)", "np.where(x > 0, x, np.expm1(np.minimum(x, np.float32(0))))"),
    Row("leaky_relu", "ops.leaky_relu(x, 0.2)", "tf.nn.leaky_relu(x, 0.2)", "np.where(x > 0, x, np.float32(0.2) * x)"),
    Row("softmax", "ops.softmax(x)", "tf.nn.softmax(x)", _SOFTMAX),
    Row("log_softmax", "ops.log_softmax(x)", "tf.nn.log_softmax(x)", _LOG_SOFTMAX),
    # reductions
    Row("sum", "ops.sum(x, 1)", "tf.reduce_sum(x, 1)", "np.sum(x, 1)"),
    Row("mean", "ops.mean(x, 1)", "tf.reduce_mean(x, 1)", "np.mean(x, 1)"),
    Row("max", "ops.max(x, 1)", "tf.reduce_max(x, 1)", "np.max(x, 1)"),
    Row("var", "ops.var(x, 1)", "tf.math.reduce_variance(x, 1)", "np.var(x, 1)"),
    Row("argmax", "ops.argmax(x, 1)", "tf.argmax(x, 1, tf.int32)", "np.argmax(x, 1).astype(np.int32)"),
    Row("logsumexp", "ops.logsumexp(x, 1)", "tf.reduce_logsumexp(x, 1)",
        "(lambda m: np.log(np.exp(x - m).sum(1)) + m[:, 0])(x.max(1, keepdims=True))"),
    Row("cumsum", "ops.cumsum(x, 1)", "tf.cumsum(x, 1)", "np.cumsum(x, 1)"),
    # shapes
    Row("reshape", "ops.reshape(x, (-1,))", "tf.reshape(x, (-1,))", "np.reshape(x, (-1,))"),
    Row("transpose", "ops.transpose(m, (0, 3, 1, 2))", "tf.transpose(m, (0, 3, 1, 2))", "np.transpose(m, (0, 3, 1, 2))"),
    Row("expand_dims", "ops.expand_dims(x, 1)", "tf.expand_dims(x, 1)", "np.expand_dims(x, 1)"),
    Row("concatenate", "ops.concatenate([x, y], 1)", "tf.concat([x, y], 1)", "np.concatenate([x, y], 1)"),
    Row("stack", "ops.stack([x, y], 1)", "tf.stack([x, y], 1)", "np.stack([x, y], 1)"),
    Row("split", "ops.split(x, 2, 1)[0]", "tf.split(x, 2, 1)[0]", "np.split(x, 2, 1)[0]"),
    Row("pad", "ops.pad(m, ((0, 0), (1, 1), (1, 1), (0, 0)))", "tf.pad(m, ((0, 0), (1, 1), (1, 1), (0, 0)))",
        "np.pad(m, ((0, 0), (1, 1), (1, 1), (0, 0)))"),
    Row("get_item", "x[:, 1:]", "x[:, 1:]", "x[:, 1:]"),
    Row("broadcast_to", "ops.broadcast_to(b, (256, ops.shape(b)[0]))", "tf.broadcast_to(b, (256, b.shape[0]))",
        "np.broadcast_to(b, (256, b.shape[0]))"),
    # indices
    Row("take", "ops.take(x, i, 0)", "tf.gather(x, i, axis=0)", "np.take(x, i, 0)"),
    Row("take_along_axis", "ops.take_along_axis(x, j, 1)", "tf.gather(x, j, axis=1, batch_dims=1)",
        "np.take_along_axis(x, j, 1)"),
    Row("one_hot", "ops.one_hot(i, 256)", "tf.one_hot(i, 256)", "np.eye(256, dtype=np.float32)[i]"),
    Row("top_k", "ops.top_k(x, 2)[0]", "tf.math.top_k(x, 2)[0]", "np.sort(x, 1)[:, -2:]"),
    # products
    Row("matmul", "ops.matmul(x, w)", "tf.matmul(x, w)", "np.matmul(x, w)"),
    Row("einsum", 'ops.einsum("bthd,bshd->bhts", h, h)', 'tf.einsum("bthd,bshd->bhts", h, h)',
        "np.matmul(h.transpose(0, 2, 1, 3), h.transpose(0, 2, 3, 1))"),
    Row("conv", f'ops.conv(m, k, padding="same", {_LAST})', 'tf.nn.conv2d(m, k, 1, "SAME")',
        f"np.tensordot({_WINDOWS}(np.pad(m, ((0, 0), (1, 1), (1, 1), (0, 0))), (3, 3), (1, 2)), k.transpose(2, 0, 1, 3), 3)"),
    Row("conv 1-d", f"ops.conv(s, r, {_LAST})", 'tf.nn.conv1d(s, r, 1, "VALID")',
        f"np.tensordot({_WINDOWS}(s, 3, 1), r.transpose(1, 0, 2), 2)"),
    Row("depthwise_conv", f"ops.depthwise_conv(m, d, {_LAST})", 'tf.nn.depthwise_conv2d(m, d, (1, 1, 1, 1), "VALID")',
        f'np.einsum("bhwcij,ijc->bhwc", {_WINDOWS}(m, (3, 3), (1, 2)), d[..., 0])'),
    Row("max_pool", f"ops.max_pool(m, 2, {_LAST})", 'tf.nn.max_pool2d(m, 2, 2, "VALID")', f"{_POOLED}.max((-2, -1))"),
    Row("average_pool", f"ops.average_pool(m, 2, {_LAST})", 'tf.nn.avg_pool2d(m, 2, 2, "VALID")',
        f"{_POOLED}.mean((-2, -1))"),
    # normalisation, losses, attention, noise
    Row("batch_normalization", "ops.batch_normalization(x, b, b, -1, b, b)",
        "tf.nn.batch_normalization(x, b, b, b, b, 1e-3)", "(x - b) * (b / np.sqrt(b + np.float32(1e-3))) + b"),
    Row("layer_normalization", "ops.layer_normalization(x, b, b)",
        "(lambda mv: tf.nn.batch_normalization(x, *mv, b, b, 1e-3))(tf.nn.moments(x, [-1], keepdims=True))",
        f"(x - {_MEAN}) / np.sqrt(x.var(-1, keepdims=True) + np.float32(1e-3)) * b + b"),
    Row("sparse_categorical_crossentropy", "ops.sparse_categorical_crossentropy(i, x, from_logits=True)",
        "tf.nn.sparse_softmax_cross_entropy_with_logits(i, x)", f"-({_LOG_SOFTMAX})[np.arange(len(i)), i]"),
    Row("categorical_crossentropy", "ops.categorical_crossentropy(p, x, from_logits=True)",
        "tf.nn.softmax_cross_entropy_with_logits(p, x)", f"-(p * ({_LOG_SOFTMAX})).sum(-1)"),
    Row("binary_crossentropy", "ops.binary_crossentropy(p, x, from_logits=True)",
        "tf.nn.sigmoid_cross_entropy_with_logits(p, x)", "np.maximum(x, 0) - x * p + np.log1p(np.exp(-np.abs(x)))"),
    Row("dot_product_attention", "ops.dot_product_attention(h, h, h)",
        'tf.einsum("bhts,bshd->bthd", tf.nn.softmax(0.25 * tf.einsum("bthd,bshd->bhts", h, h)), h)',
        "(lambda x: np.matmul(" + _SOFTMAX + ", h.transpose(0, 2, 1, 3)).transpose(0, 2, 1, 3))"
        "(np.float32(0.25) * np.matmul(h.transpose(0, 2, 1, 3), h.transpose(0, 2, 3, 1)))"),
    Row("random.uniform", "random.uniform(ops.shape(x), seed=SEED)",
        "tf.random.stateless_uniform(x.shape, tf.cast(x[0, :2] * 1e6, tf.int32))",
        "np.random.Generator(np.random.Philox(1)).random(x.shape, dtype=np.float32)"),
]  # fmt: skip
