"""Calls of Keras 2's backend whose results make_classic.py takes from tf-keras, and tests/unit/classic compares with.

A case is a function of the backend module K and of an input maker x: `x(2, 3)` is an input of that shape, normally
distributed; `x.of(array, dtype)` one with these values. The maker decides whether inputs are constants or placeholders.
"""

import inspect
from typing import Any

import numpy as np


class Inputs:
    """Makes inputs and remembers their values. This one makes constants."""

    def __init__(self, K: Any) -> None:
        self.K = K
        self.rng = np.random.default_rng(7)
        self.arrays: list[np.ndarray] = []

    def __call__(self, *shape: int) -> Any:
        return self.of(self.rng.normal(size=shape), "float32")

    def positive(self, *shape: int) -> Any:
        return self.of(self.rng.uniform(0.1, 2.0, size=shape), "float32")

    def probabilities(self, *shape: int) -> Any:
        p = self.rng.uniform(0.05, 1.0, size=shape)
        return self.of(p / p.sum(-1, keepdims=True), "float32")

    def of(self, values: Any, dtype: str) -> Any:
        self.arrays.append(np.asarray(values, dtype))
        return self.make(self.arrays[-1], dtype)

    def make(self, array: np.ndarray, dtype: str) -> Any:
        return self.K.constant(array, dtype=dtype)


def accumulate(K: Any, x: Any, states: Any) -> Any:
    total = states[0] * 0.5 + x
    return K.tanh(total), [total]


def with_constant(K: Any, x: Any, states: Any) -> Any:
    total, weights = states
    total = total + K.dot(x, weights)
    return total * 2.0, [total]


def merging(K: Any) -> dict[str, Any]:
    """tf-keras merges repeated labels of a path and has no argument to say so; Keras 2.3 has one, False by default."""
    return {"merge_repeated": True} if "merge_repeated" in inspect.signature(K.ctc_decode).parameters else {}


SPECIAL = [[-3.0, -2.5, -1.0, -0.5, 0.0], [0.5, 1.0, 1.5, 2.5, 7.0]]
ELEMENTWISE = ["abs", "square", "exp", "round", "sign", "sin", "cos", "sqrt", "elu", "softplus", "softsign", "sigmoid",
               "hard_sigmoid", "tanh", "relu", "softmax", "l2_normalize", "logsumexp", "identity", "flatten",
               "transpose"]  # fmt: skip
REDUCTIONS = ["max", "min", "sum", "prod", "mean", "var", "std"]
COMPARISONS = ["equal", "not_equal", "greater", "greater_equal", "less", "less_equal", "maximum", "minimum"]
VALID, SAME = {"padding": "valid"}, {"padding": "same"}
FIRST = {"data_format": "channels_first"}

CASES: dict[str, Any] = {
    **{n: lambda K, x, n=n: getattr(K, n)(x.of(SPECIAL, "float32")) for n in ELEMENTWISE},
    **{n: lambda K, x, n=n: getattr(K, n)(x(2, 3, 4)) for n in REDUCTIONS},
    **{f"{n}/axis": lambda K, x, n=n: getattr(K, n)(x(2, 3, 4), axis=1) for n in REDUCTIONS},
    **{f"{n}/axes": lambda K, x, n=n: getattr(K, n)(x(2, 3, 4), [1, -1], True) for n in REDUCTIONS},
    **{n: lambda K, x, n=n: getattr(K, n)(x.of(SPECIAL, "float32"), x.of([0.5] * 5, "float32")) for n in COMPARISONS},
    "mean/bool": lambda K, x: K.mean(x.of([[True, False, True]], "bool"), axis=-1),
    "var/bool": lambda K, x: K.var(x.of([[True, False, True]], "bool")),
    "any": lambda K, x: K.any(x.of([[0.0, 1.0], [0.0, 0.0]], "float32"), axis=1),
    "all": lambda K, x: K.all(x.of([[2.0, 1.0], [0.0, 1.0]], "float32"), axis=1, keepdims=True),
    "any/all_axes": lambda K, x: K.any(x.of([[False, True]], "bool")),
    "argmax": lambda K, x: K.argmax(x(3, 4)),
    "argmin": lambda K, x: K.argmin(x(3, 4), axis=0),
    "cumsum": lambda K, x: K.cumsum(x(3, 4), axis=1),
    "cumprod": lambda K, x: K.cumprod(x(3, 4)),
    "logsumexp/axis": lambda K, x: K.logsumexp(x(3, 4), axis=-1, keepdims=True),
    "sqrt/positive": lambda K, x: K.sqrt(x.positive(3, 4)),
    "log": lambda K, x: K.log(x.positive(3, 4)),
    "pow": lambda K, x: K.pow(x.positive(3, 4), 2.5),
    "clip": lambda K, x: K.clip(x(3, 4), -0.5, 0.5),
    "clip/crossed": lambda K, x: K.clip(x(3, 4), 0.5, -0.5),
    "clip/open": lambda K, x: K.clip(x(3, 4), 0.0, None),
    "cast": lambda K, x: K.cast(x.of(SPECIAL, "float32"), "int32"),
    "cast_to_floatx": lambda K, x: K.cast_to_floatx(x.of([1, 2], "int32")),
    "zeros_like": lambda K, x: K.zeros_like(x(2, 3)),
    "ones_like": lambda K, x: K.ones_like(x(2, 3), dtype="int32"),
    # products
    "dot": lambda K, x: K.dot(x(3, 4), x(4, 2)),
    "dot/3_2": lambda K, x: K.dot(x(2, 3, 4), x(4, 5)),
    "dot/2_3": lambda K, x: K.dot(x(2, 3), x(4, 3, 5)),
    "batch_dot": lambda K, x: K.batch_dot(x(3, 4), x(3, 4), axes=1),
    "batch_dot/default": lambda K, x: K.batch_dot(x(3, 2, 4), x(3, 4, 5)),
    "batch_dot/2_3": lambda K, x: K.batch_dot(x(3, 4), x(3, 4, 5)),
    "batch_dot/3_2": lambda K, x: K.batch_dot(x(3, 2, 4), x(3, 4)),
    "batch_dot/axes": lambda K, x: K.batch_dot(x(3, 2, 4), x(3, 5, 2), axes=(1, 2)),
    "batch_dot/negative": lambda K, x: K.batch_dot(x(3, 2, 4), x(3, 5, 4), axes=-1),
    "batch_dot/4_3": lambda K, x: K.batch_dot(x(3, 2, 5, 4), x(3, 4, 6), axes=(3, 1)),
    "gather": lambda K, x: K.gather(x(5, 3), x.of([[4, 0], [1, 1]], "int32")),
    # shapes
    "reshape": lambda K, x: K.reshape(x(2, 6), (-1, 3, 2)),
    "permute_dimensions": lambda K, x: K.permute_dimensions(x(2, 3, 4), (2, 0, 1)),
    "batch_flatten": lambda K, x: K.batch_flatten(x(2, 3, 4)),
    "expand_dims": lambda K, x: K.expand_dims(x(2, 3)),
    "expand_dims/axis": lambda K, x: K.expand_dims(x(2, 3), 1),
    "squeeze": lambda K, x: K.squeeze(x(2, 1, 3), 1),
    "concatenate": lambda K, x: K.concatenate([x(2, 3), x(2, 4)]),
    "concatenate/axis": lambda K, x: K.concatenate([x(2, 3), x(1, 3)], axis=0),
    "stack": lambda K, x: K.stack([x(2, 3), x(2, 3)], axis=1),
    "repeat": lambda K, x: K.repeat(x(2, 3), 4),
    "repeat_elements": lambda K, x: K.repeat_elements(x(2, 3), 3, axis=1),
    "tile": lambda K, x: K.tile(x(2, 3), [2, 3]),
    "reverse": lambda K, x: K.reverse(x(2, 3, 4), 1),
    "reverse/axes": lambda K, x: K.reverse(x(2, 3, 4), [1, 2]),
    "arange": lambda K, x: K.arange(2, 11, 3),
    "arange/stop": lambda K, x: K.arange(4, dtype="float32"),
    "arange/negative": lambda K, x: K.arange(-4),
    "one_hot": lambda K, x: K.one_hot(x.of([[2, 0], [1, 5]], "int32"), 3),
    "temporal_padding": lambda K, x: K.temporal_padding(x(2, 3, 2), (1, 2)),
    "spatial_2d_padding": lambda K, x: K.spatial_2d_padding(x(2, 3, 4, 2), ((1, 2), (0, 3))),
    "spatial_2d_padding/first": lambda K, x: K.spatial_2d_padding(x(2, 3, 4, 2), ((1, 2), (0, 3)), "channels_first"),
    "spatial_3d_padding": lambda K, x: K.spatial_3d_padding(x(1, 2, 2, 2, 3), ((1, 2), (0, 3), (1, 0))),
    "spatial_3d_padding/first": lambda K, x: K.spatial_3d_padding(x(1, 3, 2, 2, 2), data_format="channels_first"),
    "resize_images": lambda K, x: K.resize_images(x(2, 3, 2, 2), 2, 3, "channels_last"),
    "resize_images/first": lambda K, x: K.resize_images(x(2, 2, 3, 2), 2, 3, "channels_first"),
    "resize_images/bilinear": lambda K, x: K.resize_images(x(2, 3, 4, 2), 2, 3, "channels_last", "bilinear"),
    "resize_images/bicubic": lambda K, x: K.resize_images(x(2, 3, 4, 2), 2, 2, "channels_last", "bicubic"),
    "resize_volumes": lambda K, x: K.resize_volumes(x(1, 2, 3, 2, 2), 2, 1, 3, "channels_last"),
    "resize_volumes/first": lambda K, x: K.resize_volumes(x(1, 2, 2, 3, 2), 2, 1, 3, "channels_first"),
    # activations, norms
    "relu/leaky": lambda K, x: K.relu(x.of(SPECIAL, "float32"), alpha=0.25),
    "relu/capped": lambda K, x: K.relu(x.of(SPECIAL, "float32"), max_value=2.0),
    "relu/threshold": lambda K, x: K.relu(x.of(SPECIAL, "float32"), threshold=1.0),
    "relu/all": lambda K, x: K.relu(x.of(SPECIAL, "float32"), alpha=0.5, max_value=2.0, threshold=-1.0),
    "elu/alpha": lambda K, x: K.elu(x.of(SPECIAL, "float32"), 0.5),
    "softmax/axis": lambda K, x: K.softmax(x(2, 3, 4), axis=1),
    "l2_normalize/axis": lambda K, x: K.l2_normalize(x(3, 4), axis=1),
    "l2_normalize/zero": lambda K, x: K.l2_normalize(x.of([[0.0, 0.0]], "float32"), axis=-1),
    "in_top_k": lambda K, x: K.in_top_k(x(6, 5), x.of([0, 1, 2, 3, 4, 0], "int32"), 2),
    "bias_add": lambda K, x: K.bias_add(x(2, 3, 4), x(4)),
    "bias_add/first": lambda K, x: K.bias_add(x(2, 3, 4, 5), x(3), "channels_first"),
    "bias_add/places": lambda K, x: K.bias_add(x(2, 3, 4, 5), x(3, 4, 5)),
    "bias_add/places_first": lambda K, x: K.bias_add(x(2, 5, 3, 4), x(3, 4, 5), "channels_first"),
    "batch_normalization": lambda K, x: K.batch_normalization(
        x(2, 3, 4, 5), x(5), x.positive(5), x(5), x.positive(5)),
    "batch_normalization/axis": lambda K, x: K.batch_normalization(
        x(2, 3, 4), x(1, 3, 1), x.positive(1, 3, 1), None, None, axis=1, epsilon=0.1),
    "batch_normalization/rank_3": lambda K, x: K.batch_normalization(
        x(2, 3, 4), x(4), x.positive(4), x(4), x.positive(4)),
    "normalize_batch_in_training": lambda K, x: K.normalize_batch_in_training(x(5, 3), x(3), x(3), [0]),
    "normalize_batch_in_training/images": lambda K, x: K.normalize_batch_in_training(
        x(3, 2, 4, 5), x(5), x(5), [0, 1, 2])[:2],
    "normalize_batch_in_training/other": lambda K, x: K.normalize_batch_in_training(
        x(3, 2, 4, 5), x(2), x(2), [0, 2, 3], epsilon=0.1),
    "dropout": lambda K, x: K.dropout(x(2, 3), 0.0),
    "stop_gradient": lambda K, x: K.stop_gradient(x(2, 3)),
    # cross-entropies
    "binary_crossentropy": lambda K, x: K.binary_crossentropy(
        x.of([[0.0, 1.0, 1.0]], "float32"), x.of([[0.2, 0.9, 0.5]], "float32")),
    "binary_crossentropy/logits": lambda K, x: K.binary_crossentropy(
        x.of([[0.0, 1.0, 0.3]], "float32"), x(1, 3), from_logits=True),
    "categorical_crossentropy": lambda K, x: K.categorical_crossentropy(x.probabilities(3, 4), x.probabilities(3, 4)),
    "categorical_crossentropy/unscaled": lambda K, x: K.categorical_crossentropy(
        x.probabilities(3, 4), x.positive(3, 4)),
    "categorical_crossentropy/logits": lambda K, x: K.categorical_crossentropy(
        x.probabilities(3, 4), x(3, 4), from_logits=True),
    "categorical_crossentropy/axis": lambda K, x: K.categorical_crossentropy(
        x.positive(2, 3, 4), x.positive(2, 3, 4), axis=1),
    "sparse_categorical_crossentropy": lambda K, x: K.sparse_categorical_crossentropy(
        x.of([1, 0, 3], "int32"), x.probabilities(3, 4)),
    "sparse_categorical_crossentropy/float": lambda K, x: K.sparse_categorical_crossentropy(
        x.of([[1.0], [0.0], [3.0]], "float32"), x(3, 4), from_logits=True),
    "sparse_categorical_crossentropy/steps": lambda K, x: K.sparse_categorical_crossentropy(
        x.of([[1, 0, 3], [2, 2, 0]], "int32"), x.probabilities(2, 3, 4)),
    "sparse_categorical_crossentropy/ignore": lambda K, x: K.sparse_categorical_crossentropy(
        x.of([1, -1, 3], "int32"), x.probabilities(3, 4), ignore_class=-1),
    "binary_focal_crossentropy": lambda K, x: K.binary_focal_crossentropy(
        x.of([[0.0, 1.0, 1.0]], "float32"), x.of([[0.2, 0.9, 0.5]], "float32")),
    "binary_focal_crossentropy/balanced": lambda K, x: K.binary_focal_crossentropy(
        x.of([[0.0, 1.0, 1.0]], "float32"), x(1, 3), True, 0.3, 1.5, from_logits=True),
    "categorical_focal_crossentropy": lambda K, x: K.categorical_focal_crossentropy(
        x.probabilities(3, 4), x.probabilities(3, 4)),
    "categorical_focal_crossentropy/logits": lambda K, x: K.categorical_focal_crossentropy(
        x.probabilities(3, 4), x(3, 4), alpha=0.5, gamma=1.0, from_logits=True),
    # convolutions
    "conv1d": lambda K, x: K.conv1d(x(2, 7, 3), x(3, 3, 4)),
    "conv1d/causal": lambda K, x: K.conv1d(x(2, 7, 3), x(3, 3, 4), padding="causal", dilation_rate=2),
    "conv1d/same": lambda K, x: K.conv1d(x(2, 7, 3), x(2, 3, 4), strides=2, padding="same"),
    "conv2d": lambda K, x: K.conv2d(x(2, 5, 6, 3), x(3, 2, 3, 4)),
    "conv2d/same": lambda K, x: K.conv2d(x(2, 5, 6, 3), x(3, 2, 3, 4), strides=(2, 2), padding="same"),
    "conv2d/dilated": lambda K, x: K.conv2d(x(2, 7, 6, 3), x(3, 2, 3, 4), dilation_rate=(2, 2)),
    "conv2d/first": lambda K, x: K.conv2d(x(2, 3, 5, 6), x(3, 2, 3, 4), **FIRST, **SAME),
    "conv3d": lambda K, x: K.conv3d(x(1, 4, 4, 3, 2), x(2, 3, 2, 2, 3), **SAME),
    "conv2d_transpose": lambda K, x: K.conv2d_transpose(x(2, 3, 4, 3), x(3, 3, 2, 3), (2, 5, 6, 2)),
    "conv2d_transpose/same": lambda K, x: K.conv2d_transpose(
        x(2, 3, 4, 3), x(3, 2, 2, 3), (2, 6, 7, 2), strides=(2, 2), padding="same"),
    "conv2d_transpose/rest": lambda K, x: K.conv2d_transpose(
        x(2, 3, 4, 3), x(2, 2, 2, 3), (2, 8, 12, 2), strides=(3, 3)),
    "conv2d_transpose/first": lambda K, x: K.conv2d_transpose(
        x(2, 3, 3, 4), x(3, 2, 2, 3), (2, 2, 6, 8), strides=(2, 2), **SAME, **FIRST),
    "conv3d_transpose": lambda K, x: K.conv3d_transpose(
        x(1, 2, 3, 2, 2), x(2, 2, 2, 3, 2), (1, 4, 6, 4, 3), strides=(2, 2, 2), padding="same"),
    "depthwise_conv2d": lambda K, x: K.depthwise_conv2d(x(2, 5, 6, 3), x(3, 2, 3, 2)),
    "depthwise_conv2d/same": lambda K, x: K.depthwise_conv2d(
        x(2, 5, 6, 3), x(3, 2, 3, 1), strides=(2, 2), padding="same"),
    "separable_conv2d": lambda K, x: K.separable_conv2d(x(2, 5, 6, 3), x(3, 2, 3, 2), x(1, 1, 6, 4), padding="same"),
    "pool2d": lambda K, x: K.pool2d(x(2, 5, 6, 3), (2, 2), strides=(2, 2)),
    "pool2d/avg": lambda K, x: K.pool2d(x(2, 5, 6, 3), (3, 2), padding="same", pool_mode="avg"),
    "pool2d/first": lambda K, x: K.pool2d(x(2, 3, 5, 6), (2, 2), data_format="channels_first"),
    "pool3d": lambda K, x: K.pool3d(x(1, 4, 5, 4, 2), (2, 2, 2), strides=(2, 2, 2)),
    "pool3d/avg": lambda K, x: K.pool3d(x(1, 4, 5, 4, 2), (2, 3, 2), padding="same", pool_mode="avg"),
    "local_conv1d": lambda K, x: K.local_conv1d(x(2, 6, 3), x(2, 9, 4), (3,), (2,)),
    "local_conv2d": lambda K, x: K.local_conv2d(x(2, 5, 4, 3), x(6, 18, 4), (3, 2), (1, 2), (3, 2)),
    "local_conv2d/first": lambda K, x: K.local_conv2d(
        x(2, 3, 5, 4), x(6, 18, 4), (3, 2), (1, 2), (3, 2), "channels_first"),
    # control flow
    "switch": lambda K, x: K.switch(x.of(True, "bool"), x(2, 3), x(2, 3)),
    "switch/lazy": lambda K, x: K.switch(K.constant(False, dtype="bool"), lambda: x(2, 3), lambda: x(2, 3)),
    "switch/rows": lambda K, x: K.switch(K.less(x(2, 3), 0.0), x(2, 3, 4), x(2, 3, 4)),
    "switch/elements": lambda K, x: K.switch(K.greater(x(2, 3), 0.0), x(2, 3), x(2, 3)),
    "in_train_phase": lambda K, x: K.in_train_phase(x(2, 3), x(2, 3), training=True),
    "in_test_phase": lambda K, x: K.in_test_phase(x(2, 3), lambda: x(2, 3), training=False),
    "map_fn": lambda K, x: K.map_fn(lambda row: K.sum(row) * 2.0, x(4, 3)),
    "foldl": lambda K, x: K.foldl(lambda a, b: a * 0.5 + b, x(4, 3)),
    "foldl/initializer": lambda K, x: K.foldl(lambda a, b: a * 0.5 + b, x(4, 3), x(3)),
    "foldr": lambda K, x: K.foldr(lambda a, b: a * 0.5 + b, x(4, 3)),
    "rnn": lambda K, x: K.rnn(lambda v, s: accumulate(K, v, s), x(2, 4, 3), [x(2, 3)]),
    "rnn/backwards": lambda K, x: K.rnn(lambda v, s: accumulate(K, v, s), x(2, 4, 3), [x(2, 3)], go_backwards=True),
    "rnn/mask": lambda K, x: K.rnn(
        lambda v, s: accumulate(K, v, s), x(2, 4, 3), [x(2, 3)],
        mask=x.of([[True, False, True, False], [False, True, True, True]], "bool")),
    "rnn/zeros": lambda K, x: K.rnn(
        lambda v, s: accumulate(K, v, s), x(2, 4, 3), [x(2, 3)],
        mask=x.of([[True, False, True, False], [False, True, True, True]], "bool"), zero_output_for_mask=True),
    "rnn/constants": lambda K, x: K.rnn(
        lambda v, s: with_constant(K, v, s), x(2, 4, 3), [x(2, 2)], constants=[x(3, 2)], unroll=True, input_length=4),
    "rnn/last": lambda K, x: K.rnn(
        lambda v, s: accumulate(K, v, s), x(4, 2, 3), [x(2, 3)], time_major=True, return_all_outputs=False),
    # CTC
    "ctc_batch_cost": lambda K, x: K.ctc_batch_cost(
        x.of([[0, 2, 2], [1, 0, 0]], "int32"), x.probabilities(2, 8, 4), x.of([[8], [5]], "int32"),
        x.of([[3], [1]], "int32")),
    "ctc_decode": lambda K, x: K.ctc_decode(x.probabilities(3, 7, 4), x.of([7, 5, 2], "int32")),
    "ctc_decode/beam": lambda K, x: K.ctc_decode(
        x.probabilities(3, 5, 3), x.of([5, 4, 2], "int32"), greedy=False, beam_width=50, top_paths=3,
        **merging(K)),
}  # fmt: skip

MASK = [[True, False, True, False], [False, True, True, True]]
TIMES = np.transpose(MASK)


def stepped(K: Any, x: Any, shape: Any = (2, 4, 3), mask: Any = None, **settings: Any) -> Any:
    """`K.rnn` of `accumulate`."""
    if mask is not None:
        settings["mask"] = x.of(mask, "bool")
    return K.rnn(lambda v, s: accumulate(K, v, s), x(*shape), [x(2, 3)], **settings)


def two_states(K: Any, x: Any, states: Any) -> Any:
    return states[0] + x, [states[1] * 0.5 + x, states[0] - x]


#: Each option of a function that the cases above leave at its default, and each default they do not use.
OPTIONS: dict[str, Any] = {
    **{f"{n}/keepdims": lambda K, x, n=n: getattr(K, n)(x(2, 3, 4), keepdims=True) for n in REDUCTIONS},
    **{f"{n}/negative_axis": lambda K, x, n=n: getattr(K, n)(x(2, 3, 4), axis=-1) for n in REDUCTIONS},
    **{f"{n}/int": lambda K, x, n=n: getattr(K, n)(x.of([[1, 5], [7, 2]], "int32"), axis=0)
       for n in ("max", "min", "sum", "prod")},
    **{f"{n}/broadcast": lambda K, x, n=n: getattr(K, n)(x(2, 1, 3), x(4, 1)) for n in COMPARISONS},
    "any/keepdims": lambda K, x: K.any(x.of([[True, False], [False, False]], "bool"), axis=[0, 1], keepdims=True),
    "all/axis": lambda K, x: K.all(x.of([[True, False], [True, True]], "bool"), axis=-1),
    "all/default": lambda K, x: K.all(x.of([[True, False], [True, True]], "bool")),
    "cumsum/default": lambda K, x: K.cumsum(x(3, 4)),
    "cumprod/negative": lambda K, x: K.cumprod(x(3, 4), axis=-1),
    "argmax/axis": lambda K, x: K.argmax(x(2, 3, 4), axis=1),
    "argmin/default": lambda K, x: K.argmin(x(3, 4)),
    "logsumexp/axes": lambda K, x: K.logsumexp(x(2, 3, 4), axis=[0, 2]),
    "logsumexp/keepdims": lambda K, x: K.logsumexp(x(3, 4), keepdims=True),
    "pow/tensor": lambda K, x: K.pow(x.positive(3, 4), x(4)),
    "clip/tensors": lambda K, x: K.clip(x(3, 4), x.of([-0.5], "float32"), x.of([0.5] * 4, "float32")),
    "clip/no_minimum": lambda K, x: K.clip(x(3, 4), None, 0.3),
    "cast/bool": lambda K, x: K.cast(x.of([[0.0, 2.0, -1.0]], "float32"), "bool"),
    "cast/float": lambda K, x: K.cast(x.of([[True, False]], "bool"), "float32"),
    "zeros_like/dtype": lambda K, x: K.zeros_like(x(2, 3), "bool"),
    "ones_like/default": lambda K, x: K.ones_like(x(2, 3)),
    # products
    "dot/3_3": lambda K, x: K.dot(x(2, 3, 4), x(5, 4, 2)),
    "dot/1_2": lambda K, x: K.dot(x(2, 3, 4, 5), x(5, 2)),
    "batch_dot/list": lambda K, x: K.batch_dot(x(3, 2, 4), x(3, 5, 4), axes=[2, 2]),
    "batch_dot/4_4": lambda K, x: K.batch_dot(x(2, 3, 4, 5), x(2, 3, 5, 2), axes=(3, 2)),
    "batch_dot/3_4": lambda K, x: K.batch_dot(x(2, 3, 4), x(2, 5, 4, 2), axes=(2, 2)),
    "batch_dot/2_2": lambda K, x: K.batch_dot(x(3, 4), x(3, 4)),
    "gather/vector": lambda K, x: K.gather(x(5), x.of([4, 0, 0], "int32")),
    "gather/scalar": lambda K, x: K.gather(x(5, 2), x.of(3, "int32")),
    "transpose/3": lambda K, x: K.transpose(x(2, 3, 4)),
    # shapes
    "reshape/flat": lambda K, x: K.reshape(x(2, 6), (-1,)),
    "expand_dims/first": lambda K, x: K.expand_dims(x(2, 3), 0),
    "expand_dims/negative": lambda K, x: K.expand_dims(x(2, 3), -2),
    "squeeze/negative": lambda K, x: K.squeeze(x(2, 3, 1), -1),
    "concatenate/three": lambda K, x: K.concatenate([x(2, 1, 3), x(2, 2, 3), x(2, 1, 3)], axis=1),
    "stack/default": lambda K, x: K.stack([x(2, 3), x(2, 3)]),
    "stack/last": lambda K, x: K.stack([x(2, 3), x(2, 3)], axis=-1),
    "repeat_elements/first": lambda K, x: K.repeat_elements(x(2, 3), 2, axis=0),
    "repeat_elements/negative": lambda K, x: K.repeat_elements(x(2, 3, 2), 2, axis=-1),
    "tile/int": lambda K, x: K.tile(x(3), 2),
    "reverse/negative": lambda K, x: K.reverse(x(2, 3, 4), -1),
    "arange/steps_back": lambda K, x: K.arange(5, -4, -2),
    "arange/floats": lambda K, x: K.arange(0.0, 1.0, 0.25),
    "arange/dtype": lambda K, x: K.arange(0, 3, dtype="int64"),
    "temporal_padding/default": lambda K, x: K.temporal_padding(x(2, 3, 2)),
    "spatial_2d_padding/default": lambda K, x: K.spatial_2d_padding(x(2, 3, 4, 2)),
    "spatial_3d_padding/default": lambda K, x: K.spatial_3d_padding(x(1, 2, 2, 2, 3)),
    "resize_images/bilinear_first": lambda K, x: K.resize_images(x(2, 2, 3, 4), 2, 3, interpolation="bilinear", **FIRST),
    "resize_images/bicubic_first": lambda K, x: K.resize_images(x(2, 2, 3, 4), 4, 2, interpolation="bicubic", **FIRST),
    "resize_images/lanczos3": lambda K, x: K.resize_images(x(1, 3, 4, 2), 2, 2, "channels_last", "lanczos3"),
    "resize_images/lanczos5": lambda K, x: K.resize_images(x(1, 6, 7, 1), 2, 2, "channels_last", "lanczos5"),
    "resize_images/area": lambda K, x: K.resize_images(x(1, 3, 4, 2), 2, 3, "channels_last", "area"),
    # activations, norms
    "relu/none": lambda K, x: K.relu(x.of(SPECIAL, "float32"), max_value=None),
    "relu/leaky_capped": lambda K, x: K.relu(x.of(SPECIAL, "float32"), alpha=0.5, max_value=1.5),
    "relu/threshold_capped": lambda K, x: K.relu(x.of(SPECIAL, "float32"), max_value=2.0, threshold=1.0),
    "relu/threshold_leaky": lambda K, x: K.relu(x.of(SPECIAL, "float32"), alpha=0.1, threshold=1.0),
    "relu/low_cap": lambda K, x: K.relu(x.of(SPECIAL, "float32"), max_value=0.5, threshold=1.0),
    "relu/six": lambda K, x: K.relu(x.of(SPECIAL, "float32"), max_value=6),
    "softmax/first": lambda K, x: K.softmax(x(3, 4), axis=0),
    "l2_normalize/axes": lambda K, x: K.l2_normalize(x(2, 3, 4), axis=[1, 2]),
    "in_top_k/ties": lambda K, x: K.in_top_k(
        x.of([[1.0, 2.0, 2.0, 0.0]] * 4, "float32"), x.of([0, 1, 2, 3], "int32"), 1),
    "bias_add/2": lambda K, x: K.bias_add(x(2, 3), x(3)),
    "bias_add/3_first": lambda K, x: K.bias_add(x(2, 3, 4), x(3), "channels_first"),
    "bias_add/3_places": lambda K, x: K.bias_add(x(2, 3, 4), x(3, 4)),
    "bias_add/3_places_first": lambda K, x: K.bias_add(x(2, 3, 4), x(4, 3), "channels_first"),
    "bias_add/5_first": lambda K, x: K.bias_add(x(1, 3, 2, 2, 2), x(3), "channels_first"),
    "bias_add/5_places": lambda K, x: K.bias_add(x(1, 2, 3, 2, 4), x(2, 3, 2, 4), "channels_last"),
    "batch_normalization/first": lambda K, x: K.batch_normalization(
        x(2, 3, 4, 5), x(3), x.positive(3), x(3), x.positive(3), axis=1),
    "batch_normalization/no_gamma": lambda K, x: K.batch_normalization(
        x(2, 3), x(3), x.positive(3), x(3), None, epsilon=0.01),
    "batch_normalization/no_beta": lambda K, x: K.batch_normalization(x(2, 3), x(3), x.positive(3), None, x(3)),
    "normalize_batch_in_training/none": lambda K, x: K.normalize_batch_in_training(x(5, 3), None, None, [0]),
    "normalize_batch_in_training/first": lambda K, x: K.normalize_batch_in_training(x(4, 3, 2), x(3), x(3), [0, 2], 0.1),
    # cross-entropies
    "binary_crossentropy/broadcast": lambda K, x: K.binary_crossentropy(
        x.of(1.0, "float32"), x.of([[0.2, 0.9]], "float32")),
    "binary_crossentropy/certain": lambda K, x: K.binary_crossentropy(
        x.of([[0.0, 1.0, 0.0]], "float32"), x.of([[1.0, 1.0, 0.0]], "float32")),
    "categorical_crossentropy/axis_logits": lambda K, x: K.categorical_crossentropy(
        x.positive(2, 3, 4), x(2, 3, 4), True, 1),
    "categorical_crossentropy/axis_0": lambda K, x: K.categorical_crossentropy(x.positive(3, 2), x.positive(3, 2), axis=0),
    "sparse_categorical_crossentropy/axis": lambda K, x: K.sparse_categorical_crossentropy(
        x.of([[1, 0, 2, 2], [2, 2, 0, 1]], "int32"), x.positive(2, 3, 4), axis=1),
    "sparse_categorical_crossentropy/axis_logits": lambda K, x: K.sparse_categorical_crossentropy(
        x.of([[1, 0, 2, 2], [2, 2, 0, 1]], "int32"), x(2, 3, 4), from_logits=True, axis=1),
    "sparse_categorical_crossentropy/ignore_axis": lambda K, x: K.sparse_categorical_crossentropy(
        x.of([[1, 0, 2, 2], [2, 2, 0, 1]], "int32"), x(2, 3, 4), True, 1, 2),
    "sparse_categorical_crossentropy/ignore_logits": lambda K, x: K.sparse_categorical_crossentropy(
        x.of([[1, 255], [255, 2]], "int32"), x(2, 2, 3), from_logits=True, ignore_class=255),
    "sparse_categorical_crossentropy/ignore_column": lambda K, x: K.sparse_categorical_crossentropy(
        x.of([[1], [0], [2]], "int32"), x.probabilities(3, 4), ignore_class=0),
    "binary_focal_crossentropy/logits": lambda K, x: K.binary_focal_crossentropy(
        x.of([[0.0, 1.0, 0.3]], "float32"), x(1, 3), gamma=0.0, from_logits=True),
    "binary_focal_crossentropy/alpha": lambda K, x: K.binary_focal_crossentropy(
        x.of([[0.0, 1.0, 1.0]], "float32"), x.of([[0.2, 0.9, 0.5]], "float32"), True, alpha=0.75),
    "categorical_focal_crossentropy/axis": lambda K, x: K.categorical_focal_crossentropy(
        x.positive(2, 3, 4), x.positive(2, 3, 4), axis=1),
    "categorical_focal_crossentropy/classes": lambda K, x: K.categorical_focal_crossentropy(
        x.probabilities(3, 4), x.probabilities(3, 4), alpha=[0.1, 0.2, 0.3, 0.4]),
    # convolutions
    "conv1d/dilated": lambda K, x: K.conv1d(x(2, 7, 3), x(3, 3, 4), dilation_rate=2),
    "conv1d/same_dilated": lambda K, x: K.conv1d(x(2, 7, 3), x(3, 3, 4), padding="same", dilation_rate=3),
    "conv1d/causal_strided": lambda K, x: K.conv1d(x(2, 7, 3), x(3, 3, 4), strides=2, padding="causal"),
    "conv1d/first": lambda K, x: K.conv1d(x(2, 3, 7), x(3, 3, 4), 2, "same", "channels_first"),
    "conv1d/causal_last": lambda K, x: K.conv1d(x(2, 7, 3), x(2, 3, 4), 1, "causal", "channels_last", 1),
    "conv2d/strided": lambda K, x: K.conv2d(x(2, 5, 6, 3), x(3, 2, 3, 4), strides=(2, 1)),
    "conv2d/same_dilated": lambda K, x: K.conv2d(x(2, 7, 6, 3), x(3, 2, 3, 4), dilation_rate=(2, 3), **SAME),
    "conv2d/first_strided": lambda K, x: K.conv2d(x(2, 3, 6, 5), x(3, 2, 3, 4), strides=(1, 2), **FIRST),
    "conv2d/groups": lambda K, x: K.conv2d(x(2, 5, 5, 4), x(3, 3, 2, 6)),
    "conv3d/default": lambda K, x: K.conv3d(x(1, 4, 4, 3, 2), x(2, 3, 2, 2, 3)),
    "conv3d/strided": lambda K, x: K.conv3d(x(1, 5, 4, 5, 2), x(2, 2, 2, 2, 3), strides=(2, 1, 2), **SAME),
    "conv3d/dilated": lambda K, x: K.conv3d(x(1, 5, 4, 5, 2), x(2, 2, 2, 2, 3), dilation_rate=(2, 1, 2)),
    "conv3d/first": lambda K, x: K.conv3d(x(1, 2, 4, 3, 4), x(2, 2, 2, 2, 3), **FIRST),
    "conv2d_transpose/dilated": lambda K, x: K.conv2d_transpose(
        x(2, 3, 4, 3), x(3, 3, 2, 3), (2, 7, 8, 2), dilation_rate=(2, 2)),
    "conv2d_transpose/dilated_same": lambda K, x: K.conv2d_transpose(
        x(2, 5, 6, 3), x(3, 3, 2, 3), (2, 5, 6, 2), padding="same", dilation_rate=(2, 2)),
    "conv2d_transpose/uneven": lambda K, x: K.conv2d_transpose(
        x(1, 3, 4, 3), x(3, 3, 2, 3), (1, 5, 8, 2), strides=(2, 2), padding="same"),
    "conv3d_transpose/first": lambda K, x: K.conv3d_transpose(
        x(1, 2, 2, 3, 2), x(2, 2, 2, 3, 2), (1, 3, 4, 6, 4), (2, 2, 2), "same", "channels_first"),
    "conv3d_transpose/default": lambda K, x: K.conv3d_transpose(x(1, 2, 3, 2, 2), x(2, 2, 2, 3, 2), (1, 3, 4, 3, 3)),
    "depthwise_conv2d/dilated": lambda K, x: K.depthwise_conv2d(
        x(2, 7, 6, 3), x(3, 2, 3, 2), dilation_rate=(2, 2)),
    "depthwise_conv2d/first": lambda K, x: K.depthwise_conv2d(x(2, 3, 5, 6), x(3, 2, 3, 2), **FIRST, **SAME),
    "separable_conv2d/default": lambda K, x: K.separable_conv2d(x(2, 5, 6, 3), x(3, 2, 3, 2), x(1, 1, 6, 4)),
    "separable_conv2d/strided": lambda K, x: K.separable_conv2d(
        x(2, 5, 6, 3), x(3, 2, 3, 1), x(1, 1, 3, 4), strides=(2, 2)),
    "separable_conv2d/dilated": lambda K, x: K.separable_conv2d(
        x(2, 7, 6, 3), x(3, 2, 3, 2), x(1, 1, 6, 4), dilation_rate=(2, 2)),
    "separable_conv2d/first": lambda K, x: K.separable_conv2d(
        x(2, 3, 5, 6), x(3, 2, 3, 2), x(1, 1, 6, 4), **FIRST, **SAME),
    "pool2d/default": lambda K, x: K.pool2d(x(2, 5, 6, 3), (2, 3)),
    "pool2d/same": lambda K, x: K.pool2d(x(2, 5, 6, 3), (2, 3), (2, 2), "same"),
    "pool2d/avg_first": lambda K, x: K.pool2d(x(2, 3, 5, 6), (2, 2), (2, 1), "same", "channels_first", "avg"),
    "pool3d/first": lambda K, x: K.pool3d(x(1, 2, 4, 5, 4), (2, 2, 2), data_format="channels_first"),
    "pool3d/avg_default": lambda K, x: K.pool3d(x(1, 4, 5, 4, 2), (2, 3, 2), pool_mode="avg"),
    "local_conv": lambda K, x: K.local_conv(x(2, 6, 3), x(2, 9, 4), (3,), (2,), (2,)),
    "local_conv/2": lambda K, x: K.local_conv(x(2, 5, 4, 3), x(6, 18, 4), (3, 2), (1, 2), (3, 2)),
    "local_conv/first": lambda K, x: K.local_conv(
        x(2, 3, 5, 4), x(6, 18, 4), (3, 2), (1, 2), (3, 2), "channels_first"),
    "local_conv1d/last": lambda K, x: K.local_conv1d(x(2, 6, 3), x(4, 6, 2), (2,), (1,), "channels_last"),
    # control flow
    "switch/int": lambda K, x: K.switch(x.of(0, "int32"), x(2, 3), x(2, 3)),
    "switch/column": lambda K, x: K.switch(x.of([[True], [False]], "bool"), x(2, 3), x(2, 3)),
    "switch/functions": lambda K, x: K.switch(K.less(K.sum(x(2, 3)), 1e6), lambda: x(2, 3), lambda: x(2, 3)),
    "switch/mixed": lambda K, x: K.switch(x.of(False, "bool"), x(2, 3), lambda: x(2, 3)),
    "in_train_phase/test": lambda K, x: K.in_train_phase(x(2, 3), x(2, 3), training=False),
    "in_train_phase/functions": lambda K, x: K.in_train_phase(lambda: x(2, 3), lambda: x(2, 3), training=1),
    "in_train_phase/default": lambda K, x: K.in_train_phase(x(2, 3), x(2, 3)),
    "in_test_phase/train": lambda K, x: K.in_test_phase(lambda: x(2, 3), x(2, 3), training=1),
    "map_fn/dtype": lambda K, x: K.map_fn(lambda row: K.cast(K.argmax(row), "float32"), x(4, 3), dtype="float32"),
    "map_fn/two": lambda K, x: K.map_fn(lambda rows: rows[0] * rows[1], (x(4, 3), x(4, 1)), dtype="float32"),
    "foldr/initializer": lambda K, x: K.foldr(lambda a, b: a * 0.5 + b, x(4, 3), x(3)),
    "rnn/unroll": lambda K, x: stepped(K, x, unroll=True),
    "rnn/unroll_backwards": lambda K, x: stepped(K, x, unroll=True, go_backwards=True),
    "rnn/length": lambda K, x: stepped(K, x, input_length=4),
    "rnn/mask_unroll": lambda K, x: stepped(K, x, mask=MASK, unroll=True),
    "rnn/mask_backwards": lambda K, x: stepped(K, x, mask=MASK, go_backwards=True),
    "rnn/mask_backwards_unroll": lambda K, x: stepped(K, x, mask=MASK, go_backwards=True, unroll=True),
    "rnn/zeros_unroll": lambda K, x: stepped(K, x, mask=MASK, unroll=True, zero_output_for_mask=True),
    "rnn/zeros_backwards": lambda K, x: stepped(K, x, mask=MASK, go_backwards=True, zero_output_for_mask=True),
    "rnn/mask_last": lambda K, x: stepped(K, x, mask=MASK, return_all_outputs=False),
    "rnn/mask_time_major": lambda K, x: stepped(K, x, (4, 2, 3), mask=TIMES, time_major=True),
    "rnn/mask_column": lambda K, x: stepped(K, x, mask=[[[m] for m in row] for row in MASK]),
    "rnn/time_major_backwards": lambda K, x: stepped(K, x, (4, 2, 3), time_major=True, go_backwards=True),
    "rnn/last_default": lambda K, x: stepped(K, x, return_all_outputs=False),
    "rnn/constants_loop": lambda K, x: K.rnn(
        lambda v, s: with_constant(K, v, s), x(2, 4, 3), [x(2, 2)], constants=[x(3, 2)]),
    "rnn/constants_mask": lambda K, x: K.rnn(
        lambda v, s: with_constant(K, v, s), x(2, 4, 3), [x(2, 2)], mask=x.of(MASK, "bool"), constants=[x(3, 2)]),
    "rnn/two_states": lambda K, x: K.rnn(
        lambda v, s: two_states(K, v, s), x(2, 4, 3), [x(2, 3), x(2, 3)], mask=x.of(MASK, "bool")),
    # CTC
    "ctc_batch_cost/full": lambda K, x: K.ctc_batch_cost(
        x.of([[0, 1], [2, 1]], "int32"), x.probabilities(2, 5, 4), x.of([[5], [5]], "int32"), x.of([[2], [2]], "int32")),
    "ctc_decode/repeats": lambda K, x: K.ctc_decode(
        x.of(np.eye(4)[[[0, 0, 3, 0, 1, 1], [3, 2, 2, 3, 3, 2]]] * 0.9 + 0.02, "float32"), x.of([6, 6], "int32")),
    "ctc_decode/beam_default": lambda K, x: K.ctc_decode(
        x.probabilities(2, 5, 3), x.of([5, 3], "int32"), greedy=False, **merging(K)),
}  # fmt: skip
CASES |= OPTIONS

#: Variables and values: there is nothing symbolic about them.
EAGER: dict[str, Any] = {
    "variable": lambda K, x: K.variable([[1, 2]]),
    "constant": lambda K, x: K.constant([1, 2, 3, 4], shape=(2, 2)),
    "constant/fill": lambda K, x: K.constant(3, dtype="int32", shape=(2, 2)),
    "zeros": lambda K, x: K.zeros((2, 3)),
    "ones": lambda K, x: K.ones((2, 3), dtype="int32"),
    "eye": lambda K, x: K.eye(3),
    "eval": lambda K, x: K.eval(K.constant([1.0, 2.0]) * 2.0),
    "update": lambda K, x: K.update(K.variable([1.0, 2.0]), K.constant([3.0, 4.0])),
    "update_add": lambda K, x: K.update_add(K.variable([1.0, 2.0]), K.constant([3.0, 4.0])),
    "update_sub": lambda K, x: K.update_sub(K.variable([1.0, 2.0]), K.constant([3.0, 4.0])),
    "moving_average_update": lambda K, x: K.moving_average_update(
        K.variable([1.0, 2.0]), K.constant([3.0, 4.0]), 0.9),
    "count_params": lambda K, x: K.count_params(K.zeros((2, 3))),
    "ndim": lambda K, x: K.ndim(K.zeros((2, 3))),
    "int_shape": lambda K, x: K.int_shape(K.zeros((2, 3))),
    "variable/dtype": lambda K, x: K.variable(np.array([[1.7, 2.0]]), dtype="int32"),
    "constant/tensor": lambda K, x: K.constant(np.arange(6.0), dtype="float64", shape=[2, 3]),
    "zeros/dtype": lambda K, x: K.zeros((2,), "bool"),
    "zeros/int": lambda K, x: K.zeros(3),
    "ones/default": lambda K, x: K.ones((2, 1)),
    "eye/dtype": lambda K, x: K.eye(2, dtype="int32"),
    "get_value": lambda K, x: [K.get_value(K.variable([1.0, 2.0])), K.get_value(2.5)],
    "batch_get_value": lambda K, x: K.batch_get_value([K.variable([1.0, 2.0]), K.variable(3)]),
    "batch_set_value": lambda K, x: written(K, [[1.0, 2.0]]),
    "ctc_label_dense_to_sparse": lambda K, x: tuple(K.cast(v, "int32") for v in sparse(
        K.ctc_label_dense_to_sparse(x.of([[1, 2, 3], [4, 5, 6]], "int32"), x.of([1, 3], "int32")))),
}  # fmt: skip


def written(K: Any, value: Any) -> Any:
    first, second = K.variable([[0.0, 0.0]]), K.variable(0, dtype="int32")
    K.batch_set_value([(first, value), (second, 7)])
    K.set_value(first, K.get_value(first) * 2.0)
    return [first, second]


# ---------------------------------------------------------------------- programs of a graph
def drawn(*shape: int) -> np.ndarray:
    return np.random.default_rng(5).normal(size=shape).astype("float32")


def counted(K: Any) -> Any:
    v, n, x = K.variable([1.0, 2.0]), K.variable(0.0), K.placeholder((2,))
    f = K.function(
        [x], [K.sum(x) * 2.0], updates=[K.update_add(v, x), K.moving_average_update(n, K.sum(x), 0.75)]
    )
    return [f([np.array([1.0, 2.0])]), f([np.array([3.0, -1.0])]), K.get_value(v), K.get_value(n)]


def descended(K: Any) -> Any:
    """Updates along the gradients of a variable."""
    w, x, y = K.variable(drawn(3, 1)), K.placeholder((4, 3)), K.placeholder((4, 1))
    loss = K.mean(K.square(K.dot(x, w) - y))
    train = K.function([x, y], [loss], updates=[K.update_sub(w, 0.1 * K.gradients(loss, [w])[0])])
    return [*[train([drawn(4, 3), drawn(4, 1)]) for _ in range(3)], K.get_value(w)]


def dreamt(K: Any) -> Any:
    """An image that climbs the mean of a filter's answers."""
    kernel, image = K.constant(drawn(3, 3, 2, 4)), K.placeholder((1, 6, 6, 2))
    answer = K.relu(K.conv2d(image, kernel, padding="same"))
    loss = K.mean(K.square(answer[:, 1:-1, 1:-1, :])) + K.mean(answer[:, :, :, 1])
    gradient = K.gradients(loss, image)[0]
    gradient /= K.maximum(K.mean(K.abs(gradient)), 1e-7)
    climb = K.function([image], [loss, gradient])
    x, losses = drawn(1, 6, 6, 2), []
    for _ in range(3):
        value, step = climb([x])
        losses.append(value)
        x = x + 0.1 * step
    return [*losses, x]


def styled(K: Any) -> Any:
    """Content, style and total variation, differentiated by a picture."""

    def gram(x: Any) -> Any:
        features = K.batch_flatten(K.permute_dimensions(x, (2, 0, 1)))
        return K.dot(features, K.transpose(features))

    base, style, picture = (
        K.variable(drawn(1, 5, 5, 3)),
        K.variable(drawn(1, 5, 5, 3)[:, ::-1] * 0.5),
        K.placeholder((1, 5, 5, 3)),
    )
    features = K.tanh(
        K.conv2d(K.concatenate([base, style, picture], axis=0), K.constant(drawn(3, 3, 3, 4)), **SAME)
    )
    content = K.sum(K.square(features[2] - features[0]))
    alike = K.sum(K.square(gram(features[1]) - gram(features[2]))) / 100.0
    across = K.square(picture[:, :4, :4, :] - picture[:, 1:, :4, :]) + K.square(
        picture[:, :4, :4, :] - picture[:, :4, 1:, :]
    )
    loss = content + alike + K.sum(K.pow(across, 1.25))
    return K.function([picture], [loss, *K.gradients(loss, picture)])([drawn(1, 5, 5, 3) + 0.3])


def phased(K: Any) -> Any:
    x = K.placeholder((2,))
    f = K.function(
        [x, K.learning_phase()], [K.in_train_phase(x * 2.0, x), K.in_test_phase(lambda: x + 1.0, x)]
    )
    return [f([np.array([1.0, 2.0]), 1]), f([np.array([1.0, 2.0]), 0])]


def penalised(K: Any) -> Any:
    """A gradient's length, differentiated again; what is stopped; what does not follow."""
    x, other = K.placeholder((3, 2)), K.placeholder((2,))
    score = K.sum(K.tanh(K.dot(x, K.constant(drawn(2, 4)))) ** 2 + K.stop_gradient(x[:, :1]))
    slope = K.gradients(score, x)[0]
    penalty = K.mean(K.square(K.sqrt(K.sum(K.square(slope), axis=1)) - 1.0))
    assert K.gradients(score, [other]) == [None]
    return K.function([x], [slope, *K.gradients(penalty, [x])])([drawn(3, 2)])


def by_condition(K: Any) -> Any:
    x, limit = K.placeholder((2, 3)), K.placeholder(())
    y = K.switch(K.greater(K.sum(x), limit), lambda: x * 2.0, lambda: x - 1.0)
    f = K.function([x, limit], [y, *K.gradients(y, x)])
    return [f([drawn(2, 3), -100.0]), f([drawn(2, 3), 100.0])]


def inner(K: Any) -> Any:
    """A function from the middle of a graph, of several outputs."""
    x = K.placeholder((None, 3))
    middle = K.exp(x)
    last = K.sum(middle * 2.0, axis=1)
    return [K.function([middle], [last])([drawn(4, 3)]), K.function([x], [middle, last])([drawn(2, 3)])]


def unrolled(K: Any) -> Any:
    """The gradient of a recurrence by its inputs and by a variable."""
    w, x = K.variable(drawn(3, 3)), K.placeholder((2, 4, 3))
    last, _, _ = K.rnn(lambda v, s: both(K.tanh(K.dot(v + s[0], w))), x, [K.zeros_like(x[:, 0])])
    loss = K.sum(K.square(last))
    return K.function([x], [loss, *K.gradients(loss, [x, w])])([drawn(2, 4, 3)])


def both(y: Any) -> Any:
    return y, [y]


#: Programs of placeholders, functions and gradients, which tf-keras runs in a graph of TensorFlow 1.
PROGRAMS = {
    p.__name__: p
    for p in (counted, descended, dreamt, styled, phased, penalised, by_condition, inner, unrolled)
}


#: Points without a derivative, and TensorFlow operations without one, or with one that leaves some inputs out, or that
#: holds for targets that sum to 1.
NO_GRADIENT = {"ctc_decode", "ctc_decode/beam", "ctc_decode/beam_default", "ctc_decode/repeats", "sqrt", "relu/leaky",
               "relu/threshold_leaky", "resize_images/area", "categorical_crossentropy/axis_logits", "batch_normalization",
               "batch_normalization/first", "normalize_batch_in_training/images"}  # fmt: skip


def weights(shape: Any) -> np.ndarray:
    """What outputs are weighted with, for a scalar to differentiate."""
    return np.random.default_rng(3).normal(size=tuple(shape)).astype("float32")


def sparse(labels: Any) -> Any:
    """The three parts of sparse labels, which TensorFlow has an own class for."""
    return labels.indices, labels.values, labels.dense_shape
