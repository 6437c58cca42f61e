"""One row per layer configuration, and the numbers it is run on: data alone, read by make_layers.py and by the tests.

A new layer, or a new option of one, is a new row here, and a run of make_layers.py.
"""

import zlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Case:
    """A layer with arguments, called on arrays of the given shapes.

    Args:
        name: unique; `Class` or `Class/option`.
        shapes: shape of the input, batch first; a list of shapes for layers that take a list.
        kwargs: constructor arguments; `("Dense", {...})` stands for a layer.
        data: how inputs are filled: `normal`, or `ints:5` for ints below 5.
        mask: shape of a bool mask given in the call, or None; a list of shapes or Nones gives a list of masks.
        training: whether the numbers are those of a call with training=True.
        spread: how a list of inputs is given: `list` as one argument, `args` one by one, `states` the first one and the
            others as `initial_state`.
        masks: further bool masks of the call, name to shape.
        padding: masks may begin with False, and one sample of them is False throughout.
        call: other options of the call.
        tolerance: relative to the largest number of the result.
    """

    name: str
    shapes: Any
    kwargs: dict[str, Any] = field(default_factory=dict)
    data: str = "normal"
    mask: Any = None
    training: bool = False
    spread: str = "list"
    masks: dict[str, tuple[int, ...]] = field(default_factory=dict)
    padding: bool = False
    call: dict[str, Any] = field(default_factory=dict)
    tolerance: float = 1e-5

    @property
    def layer(self) -> str:
        return self.name.split("/")[0]

    @property
    def listed(self) -> bool:
        return isinstance(self.shapes, list)

    def _rng(self, what: str) -> np.random.RandomState:
        return np.random.RandomState(zlib.crc32(f"{self.name}:{what}".encode()))

    def inputs(self) -> list[np.ndarray]:
        shapes = self.shapes if self.listed else [self.shapes]
        rng = self._rng("inputs")
        if self.data.startswith("ints:"):
            return [rng.randint(0, int(self.data[5:]), shape).astype("int32") for shape in shapes]
        return [rng.normal(size=shape).astype("float32") for shape in shapes]

    @property
    def build_shapes(self) -> tuple[Any, ...]:
        """The arguments of `build`."""
        if self.spread == "args":
            return tuple(self.shapes)
        return (self.shapes[0] if self.spread == "states" else self.shapes,)

    def call_with(self, inputs: Any, **more: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Arguments of a call, positional and by name, from the list of inputs."""
        inputs = list(inputs)
        if not self.listed:
            return (inputs[0],), more
        if self.spread == "args":
            return tuple(inputs), more
        if self.spread == "states":
            return (inputs[0],), {"initial_state": inputs[1:], **more}
        return (inputs,), more

    def call_options(self) -> dict[str, Any]:
        """Masks and other options of the call."""
        options: dict[str, Any] = {**self.call, **{k: self._mask(k, v) for k, v in self.masks.items()}}
        if isinstance(self.mask, list):
            options["mask"] = [
                None if m is None else self._mask(f"mask{i}", m) for i, m in enumerate(self.mask)
            ]
        elif self.mask is not None:
            options["mask"] = self._mask("mask", self.mask)
        return {**options, "training": True} if self.training else options

    def _mask(self, what: str, shape: tuple[int, ...]) -> np.ndarray:
        mask = self._rng(what).rand(*shape) < 0.7
        if self.padding:
            mask[-1] = False
        else:
            mask[..., 0] = True
        return mask

    def weights(self, named: list[tuple[str, tuple[int, ...]]]) -> list[np.ndarray]:
        """Values for weights of these names and shapes, in order; those that are spreads are positive."""
        rng = self._rng("weights")
        values = []
        for name, shape in named:
            positive = any(word in name for word in ("variance", "stddev"))
            value = rng.uniform(0.5, 1.5, shape) if positive else rng.normal(size=shape) * 0.5
            values.append(np.zeros(shape, "int64") if name == "count" else np.asarray(value, "float32"))
        return values

    def weighting(self, shape: tuple[int, ...]) -> np.ndarray:
        """The constant whose product with the output is summed and differentiated."""
        return np.cos(np.arange(int(np.prod(shape)), dtype="float64")).reshape(shape).astype("float32")


IMAGE, VOLUME, SERIES = (2, 6, 5, 4), (1, 5, 4, 6, 2), (2, 7, 4)
FIRST = {"data_format": "channels_first"}
L2 = {"class_name": "L2", "config": {"l2": 0.01}}
NON_NEG = {"class_name": "NonNeg", "config": {}}


def C(name: str, shapes: Any, options: dict[str, Any] | None = None, **rest: Any) -> Case:
    return Case(name, shapes, options or {}, **rest)


CORE = [
    C("Dense", (3, 4), {"units": 5}),
    C("Dense/relu", (3, 4), {"units": 5, "activation": "relu", "use_bias": False}),
    C("Dense/rank3", SERIES, {"units": 3, "activation": "tanh"}),
    C("Dense/rank4", IMAGE, {"units": 3, "kernel_initializer": "he_normal"}),
    C("Dense/penalties", (3, 4), {"units": 2, "kernel_regularizer": L2, "bias_constraint": NON_NEG}),
    C("EinsumDense", SERIES, {"equation": "abc,cd->abd", "output_shape": (None, 3), "bias_axes": "d"}),
    C("EinsumDense/vector", (3, 4), {"equation": "ab,bc->ac", "output_shape": 5, "activation": "relu"}),
    C(
        "EinsumDense/heads",
        SERIES,
        {"equation": "abc,cde->abde", "output_shape": (None, 2, 3), "bias_axes": "de"},
    ),
    C("EinsumDense/join", IMAGE, {"equation": "abcd,cde->abe", "output_shape": (None, 3), "bias_axes": "e"}),
    C("EinsumDense/ellipsis", IMAGE, {"equation": "...x,xy->...y", "output_shape": 3, "bias_axes": "y"}),
    C("EinsumDense/bias2", SERIES, {"equation": "abc,cd->abd", "output_shape": (7, 3), "bias_axes": "bd"}),
    C("Embedding", (3, 4), {"input_dim": 5, "output_dim": 3}, data="ints:5"),
    C("ReversibleEmbedding", (3, 4), {"input_dim": 5, "output_dim": 3, "mask_zero": True}, data="ints:5"),
    C(
        "ReversibleEmbedding/back",
        SERIES,
        {"input_dim": 5, "output_dim": 4, "logit_soft_cap": 1.5},
        call={"reverse": True},
    ),
    C(
        "ReversibleEmbedding/untied",
        SERIES,
        {"input_dim": 5, "output_dim": 4, "tie_weights": False, "embeddings_constraint": NON_NEG},
        call={"reverse": True},
    ),
    C("Embedding/mask", (3, 4), {"input_dim": 5, "output_dim": 3, "mask_zero": True}, data="ints:5"),
    C("Masking", SERIES, {"mask_value": 0.5}),
    C("Identity", SERIES),
    C("Activation/tanh", (3, 4), {"activation": "tanh"}),
    C("Activation/softmax", (3, 4), {"activation": "softmax"}),
    C("Activation/linear", (3, 4), {"activation": "linear"}),
    C("ReLU", (3, 4)),
    C("ReLU/all", (6, 8), {"max_value": 1.0, "negative_slope": 0.1, "threshold": 0.2}),
    C("LeakyReLU", (3, 4)),
    C("LeakyReLU/slope", (3, 4), {"negative_slope": 0.1}),
    C("PReLU", SERIES),
    C("PReLU/shared", IMAGE, {"shared_axes": [1, 2]}),
    C("ELU", (3, 4)),
    C("ELU/alpha", (3, 4), {"alpha": 0.5}),
    C("Softmax", (3, 4)),
    C("Softmax/axis", SERIES, {"axis": 1}),
    C("Softmax/axes", IMAGE, {"axis": [1, 2]}),
    C("Softmax/mask", (3, 8), mask=(3, 8)),
]

CONVOLUTION = [
    C("Conv1D", SERIES, {"filters": 3, "kernel_size": 3}),
    C("Conv1D/same", SERIES, {"filters": 3, "kernel_size": 4, "padding": "same", "strides": 2}),
    C("Conv1D/causal", SERIES, {"filters": 3, "kernel_size": 3, "padding": "causal", "activation": "relu"}),
    C(
        "Conv1D/causal_dilated",
        SERIES,
        {"filters": 2, "kernel_size": 2, "padding": "causal", "dilation_rate": 3},
    ),
    C("Conv1D/causal_strided", SERIES, {"filters": 2, "kernel_size": 3, "padding": "causal", "strides": 2}),
    C("Conv1D/groups", SERIES, {"filters": 6, "kernel_size": 2, "groups": 2}),
    C("Conv1D/first", (2, 4, 7), {"filters": 3, "kernel_size": 3, **FIRST}),
    C("Conv2D", IMAGE, {"filters": 3, "kernel_size": 3}),
    C("Conv2D/rectangle", IMAGE, {"filters": 3, "kernel_size": (2, 3), "strides": (2, 1), "use_bias": False}),
    C("Conv2D/same", IMAGE, {"filters": 3, "kernel_size": 3, "padding": "same", "activation": "relu"}),
    C("Conv2D/same_strided", IMAGE, {"filters": 3, "kernel_size": 3, "padding": "same", "strides": 2}),
    C("Conv2D/even", IMAGE, {"filters": 2, "kernel_size": (4, 2), "padding": "same"}),
    C("Conv2D/dilated", IMAGE, {"filters": 2, "kernel_size": 2, "dilation_rate": (2, 3), "padding": "same"}),
    C("Conv2D/groups", IMAGE, {"filters": 4, "kernel_size": 3, "groups": 4, "padding": "same"}),
    C("Conv2D/first", (2, 4, 6, 5), {"filters": 3, "kernel_size": 3, "padding": "same", **FIRST}),
    C("Conv3D", VOLUME, {"filters": 2, "kernel_size": 2}),
    C("Conv3D/same", VOLUME, {"filters": 2, "kernel_size": (1, 2, 3), "strides": 2, "padding": "same"}),
    C("Conv1DTranspose", SERIES, {"filters": 3, "kernel_size": 3}),
    C("Conv1DTranspose/strided", SERIES, {"filters": 3, "kernel_size": 2, "strides": 3}),
    C("Conv1DTranspose/same", SERIES, {"filters": 3, "kernel_size": 4, "strides": 2, "padding": "same"}),
    C("Conv2DTranspose", IMAGE, {"filters": 3, "kernel_size": 3, "strides": 2}),
    C("Conv2DTranspose/same", IMAGE, {"filters": 3, "kernel_size": 3, "strides": 2, "padding": "same"}),
    C("Conv2DTranspose/small", IMAGE, {"filters": 2, "kernel_size": 2, "strides": 3, "activation": "relu"}),
    C("Conv2DTranspose/dilated", IMAGE, {"filters": 2, "kernel_size": 2, "dilation_rate": 2}),
    C(
        "Conv2DTranspose/output_padding",
        IMAGE,
        {"filters": 2, "kernel_size": 3, "strides": 2, "padding": "same", "output_padding": (0, 1)},
    ),
    C("Conv2DTranspose/first", (2, 4, 6, 5), {"filters": 3, "kernel_size": 3, "strides": 2, **FIRST}),
    C("Conv3DTranspose", VOLUME, {"filters": 2, "kernel_size": 2, "strides": 2}),
    C("DepthwiseConv1D", SERIES, {"kernel_size": 3}),
    C("DepthwiseConv1D/multiplier", SERIES, {"kernel_size": 2, "depth_multiplier": 2, "padding": "same"}),
    C("DepthwiseConv2D", IMAGE, {"kernel_size": 3}),
    C("DepthwiseConv2D/multiplier", IMAGE, {"kernel_size": 3, "depth_multiplier": 2, "padding": "same"}),
    C("DepthwiseConv2D/strided", IMAGE, {"kernel_size": 3, "strides": 2, "padding": "same"}),
    C("DepthwiseConv2D/dilated", IMAGE, {"kernel_size": 2, "dilation_rate": 2, "activation": "tanh"}),
    C("SeparableConv1D", SERIES, {"filters": 3, "kernel_size": 3}),
    C("SeparableConv2D", IMAGE, {"filters": 3, "kernel_size": 3, "depth_multiplier": 2}),
    C("SeparableConv2D/same", IMAGE, {"filters": 3, "kernel_size": 3, "strides": 2, "padding": "same"}),
]

POOLING = [
    *(
        C(f"{kind}Pooling{rank}D{suffix}", shape, {"pool_size": 2, **options})
        for kind in ("Max", "Average")
        for rank, shape in ((1, SERIES), (2, IMAGE), (3, VOLUME))
        for suffix, options in (("", {}), ("/same", {"padding": "same", "strides": 1}))
    ),
    C("MaxPooling2D/overlap", IMAGE, {"pool_size": 3, "strides": (2, 1), "padding": "same"}),
    C("AveragePooling2D/overlap", IMAGE, {"pool_size": (3, 2), "strides": 2, "padding": "same"}),
    C("MaxPooling2D/first", (2, 4, 6, 5), {"pool_size": 2, **FIRST}),
    C("AveragePooling2D/first", (2, 4, 6, 5), {"pool_size": 2, **FIRST}),
    *(
        C(f"Global{kind}Pooling{rank}D", shape)
        for kind in ("Max", "Average")
        for rank, shape in ((1, SERIES), (2, IMAGE), (3, VOLUME))
    ),
    C("GlobalAveragePooling1D/mask", SERIES, mask=(2, 7)),
    C("GlobalAveragePooling1D/mask_keepdims", SERIES, {"keepdims": True}, mask=(2, 7)),
    C("GlobalAveragePooling2D/keepdims", IMAGE, {"keepdims": True}),
    C("GlobalMaxPooling2D/first", IMAGE, FIRST),
    *(
        C(f"Adaptive{kind}Pooling{rank}D", shape, {"output_size": size})
        for kind in ("Max", "Average")
        for rank, shape, size in ((1, SERIES, 3), (2, IMAGE, (3, 2)), (3, VOLUME, 2))
    ),
]

NORMALIZATION = [
    C("BatchNormalization", (5, 4)),
    C("BatchNormalization/training", (5, 4), {"momentum": 0.7}, training=True),
    C("BatchNormalization/image", IMAGE, training=True),
    C("BatchNormalization/plain", IMAGE, {"center": False, "scale": False}, training=True),
    C("BatchNormalization/axis", IMAGE, {"axis": 1}, training=True),
    C("BatchNormalization/mask", (3, 7, 4), training=True, mask=(3, 7)),
    C("BatchNormalization/renorm", (5, 4), {"renorm": True, "renorm_momentum": 0.8}, training=True),
    C("BatchNormalization/renorm_inference", (5, 4), {"renorm": True}),
    C(
        "BatchNormalization/renorm_clipped",
        IMAGE,
        {"renorm": True, "renorm_clipping": {"rmin": 0.9, "rmax": 1.1, "dmax": 0.3}, "center": False},
        training=True,
    ),
    C("LayerNormalization", SERIES),
    C("LayerNormalization/plain", SERIES, {"center": False, "scale": False, "epsilon": 1e-5}),
    C("LayerNormalization/axes", IMAGE, {"axis": [2, 3]}),
    C("LayerNormalization/axis1", SERIES, {"axis": 1}),
    C("GroupNormalization", IMAGE, {"groups": 2}),
    C("GroupNormalization/instance", IMAGE, {"groups": -1}),
    C("GroupNormalization/layer", IMAGE, {"groups": 1, "center": False, "scale": False}),
    C("GroupNormalization/first", (2, 4, 6), {"groups": 2, "axis": 1}),
    C("RMSNormalization", SERIES),
    C("RMSNormalization/axes", IMAGE, {"axis": [2, 3], "epsilon": 1e-3}),
    C("UnitNormalization", SERIES),
    C("UnitNormalization/axes", IMAGE, {"axis": [1, 3]}),
    C("SpectralNormalization", (3, 4), {"layer": ("Dense", {"units": 3, "name": "inner"})}),
    C(
        "SpectralNormalization/training",
        (3, 4),
        {"layer": ("Dense", {"units": 3, "name": "inner"}), "power_iterations": 2},
        training=True,
    ),
    C(
        "SpectralNormalization/image",
        IMAGE,
        {"layer": ("Conv2D", {"filters": 3, "kernel_size": 2, "name": "inner"})},
        training=True,
    ),
]

REGULARIZATION = [
    C("Dropout", SERIES, {"rate": 0.5, "noise_shape": (None, 1, None), "seed": 7}),
    C("SpatialDropout1D", SERIES, {"rate": 0.5}),
    C("SpatialDropout2D", IMAGE, {"rate": 0.5, "seed": 1}),
    C("SpatialDropout3D", VOLUME, {"rate": 0.5}),
    C("GaussianNoise", SERIES, {"stddev": 0.5}),
    C("GaussianDropout", SERIES, {"rate": 0.5}),
    C("AlphaDropout", SERIES, {"rate": 0.5}),
    C("ActivityRegularization", SERIES, {"l1": 0.1, "l2": 0.2}),
]

RESHAPING = [
    C("Flatten", IMAGE),
    C("Flatten/vector", (3,)),
    C("Flatten/first", IMAGE, FIRST),
    C("Reshape", SERIES, {"target_shape": (4, 7)}),
    C("Reshape/rest", IMAGE, {"target_shape": (-1, 6)}),
    C("Permute", IMAGE, {"dims": (3, 1, 2)}),
    C("RepeatVector", (3, 4), {"n": 2}),
    C("ZeroPadding1D", SERIES, {"padding": (1, 2)}),
    C("ZeroPadding1D/first", SERIES, {"padding": 1, **FIRST}),
    C("ZeroPadding2D", IMAGE, {"padding": ((1, 0), (2, 3))}),
    C("ZeroPadding2D/first", IMAGE, {"padding": (1, 2), **FIRST}),
    C("ZeroPadding3D", VOLUME, {"padding": (1, 2, 1)}),
    C("Cropping1D", SERIES, {"cropping": (2, 1)}),
    C("Cropping2D", IMAGE, {"cropping": ((1, 0), (2, 1))}),
    C("Cropping2D/first", IMAGE, {"cropping": 1, **FIRST}),
    C("Cropping3D", VOLUME, {"cropping": (1, 1, 2)}),
    C("UpSampling1D", SERIES, {"size": 3}),
    C("UpSampling2D", IMAGE, {"size": (2, 3)}),
    C("UpSampling2D/first", IMAGE, {"size": 2, **FIRST}),
    C("UpSampling2D/bilinear", IMAGE, {"size": (2, 3), "interpolation": "bilinear"}),
    C("UpSampling2D/bicubic", IMAGE, {"size": 2, "interpolation": "bicubic"}),
    C("UpSampling2D/lanczos3", IMAGE, {"size": 2, "interpolation": "lanczos3"}),
    C("UpSampling3D", VOLUME, {"size": (1, 2, 2)}),
]

PREPROCESSING = [
    C("Rescaling", SERIES, {"scale": 0.5, "offset": -1.0}),
    C("Rescaling/ints", (3, 4), {"scale": 0.25}, data="ints:9"),
    C("Rescaling/vector", SERIES, {"scale": [0.1, 0.2, 0.3, 0.4], "offset": [1.0, 2.0, 3.0, 4.0]}),
    C("Normalization", SERIES),
    C("Normalization/given", SERIES, {"mean": [1.0, 2.0, 3.0, 4.0], "variance": [1.0, 4.0, 9.0, 0.25]}),
    C("Normalization/scalar", SERIES, {"mean": 1.5, "variance": 4.0, "invert": True}),
    C("Normalization/axes", IMAGE, {"axis": [1, 3]}),
    C("Normalization/none", SERIES, {"axis": None}),
]

MERGING = [
    *(C(name, [SERIES, SERIES, SERIES]) for name in ("Add", "Multiply", "Average", "Maximum", "Minimum")),
    C("Subtract", [SERIES, SERIES]),
    C("Add/stretch", [(2, 1, 4), (2, 7, 1)]),
    C("Multiply/ranks", [(2, 4), (2, 7, 4)]),
    C("Concatenate", [(3, 4), (3, 2), (3, 1)]),
    C("Concatenate/axis", [(2, 3, 4), (2, 1, 4)], {"axis": 1}),
    C("Dot", [(3, 4), (3, 4)], {"axes": 1}),
    C("Dot/matrices", [(2, 3, 4), (2, 4, 5)], {"axes": (2, 1)}),
    C("Dot/same", [(2, 3, 4), (2, 5, 4)], {"axes": -1}),
    C("Dot/vector", [(2, 4), (2, 4, 3)], {"axes": 1}),
    C("Dot/cosine", [(3, 4), (3, 4)], {"axes": 1, "normalize": True}),
    C("Dot/rank4", [(2, 3, 4, 5), (2, 4, 3)], {"axes": (2, 1)}),
]

WRAPPERS = [
    C("TimeDistributed", SERIES, {"layer": ("Dense", {"units": 3, "name": "inner"})}),
    C(
        "TimeDistributed/image",
        (2, 3, 5, 4, 2),
        {"layer": ("Conv2D", {"filters": 2, "kernel_size": 2, "name": "inner"})},
    ),
    C("TimeDistributed/mask", SERIES, {"layer": ("Dense", {"units": 3, "name": "inner"})}, mask=(2, 7)),
    C(
        "TimeDistributed/recurrent",
        (2, 3, 5, 4),
        {"layer": ("LSTM", {"units": 3, "return_sequences": True, "name": "inner"})},
    ),
    C("TimeDistributed/flatten", (2, 3, 5, 4), {"layer": ("Flatten", {"name": "inner"})}),
]

PENALTIES = {
    "kernel_regularizer": L2,
    "recurrent_regularizer": L2,
    "bias_regularizer": L2,
    "kernel_constraint": NON_NEG,
}
#: What every recurrent layer is asked to do.
RECURRENT_OPTIONS: dict[str, dict[str, Any]] = {
    "": {},
    "/sequences": {"return_sequences": True},
    "/states": {"return_state": True},
    "/all": {"return_sequences": True, "return_state": True},
    "/backwards": {"go_backwards": True, "return_sequences": True, "return_state": True},
    "/unroll": {"unroll": True, "return_sequences": True},
    "/no_bias": {"use_bias": False},
    "/activation": {"activation": "relu", "return_sequences": True},
    "/penalties": PENALTIES,
    "/dropouts": {"dropout": 0.3, "recurrent_dropout": 0.2, "seed": 7},
}
MASKED_OPTIONS: dict[str, dict[str, Any]] = {
    "/mask": {},
    "/mask_all": {"return_sequences": True, "return_state": True},
    "/mask_backwards": {"go_backwards": True, "return_sequences": True, "return_state": True},
    "/mask_unroll": {"unroll": True, "return_sequences": True, "return_state": True},
    "/mask_zero": {"zero_output_for_mask": True, "return_sequences": True, "return_state": True},
    "/mask_zero_last": {"zero_output_for_mask": True, "go_backwards": True},
    "/mask_activation": {"activation": "relu", "return_sequences": True, "return_state": True},
}
BATCH = (3, 6, 4)


def _recurrent(layer: str, tag: str, states: int, extra: dict[str, Any]) -> list[Case]:
    name = f"{layer}{tag}"
    ready = {"units": 3, **extra}
    begin = [BATCH, *[(3, 3)] * states]
    return [
        *(C(f"{name}{option}", BATCH, {**ready, **more}) for option, more in RECURRENT_OPTIONS.items()),
        *(
            C(f"{name}{option}", BATCH, {**ready, **more}, mask=(3, 6), padding=True)
            for option, more in MASKED_OPTIONS.items()
        ),
        C(f"{name}/initial_state", begin, {**ready, "return_state": True}, spread="states"),
        C(f"{name}/initial_masked", begin, ready, spread="states", mask=(3, 6), padding=True),
    ]


def _cell(kind: str, units: int = 3, **more: Any) -> tuple[str, dict[str, Any]]:
    return f"{kind}Cell", {"units": units, "name": f"{kind.lower()}_{units}", **more}


STACK = [_cell("LSTM", 3), _cell("GRU", 2), _cell("SimpleRNN", 4)]
STACKED = ("StackedRNNCells", {"cells": STACK, "name": "stack"})
EVERYTHING = {"return_sequences": True, "return_state": True}


def _inner(kind: str, **more: Any) -> tuple[str, dict[str, Any]]:
    return kind, {"units": 3, "name": "inner", **more}


VIDEO = (2, 3, 6, 5, 2)
SEVERAL = {"filters": 3, "kernel_size": (3, 2), "padding": "same"}

CONV_RECURRENT = [
    C("ConvLSTM1D", (2, 4, 7, 3), {"filters": 2, "kernel_size": 3, "return_sequences": True}),
    C("ConvLSTM2D", VIDEO, {"filters": 3, "kernel_size": 2}),
    C("ConvLSTM2D/state", VIDEO, {**SEVERAL, "return_state": True, "use_bias": False}),
    C(
        "ConvLSTM2D/strides",
        VIDEO,
        {"filters": 2, "kernel_size": 2, "strides": 2, **EVERYTHING, "go_backwards": True},
    ),
    C(
        "ConvLSTM2D/dilation",
        VIDEO,
        {"filters": 2, "kernel_size": 2, "dilation_rate": 2, "unit_forget_bias": False, "activation": "elu"},
    ),
    C(
        "ConvLSTM2D/first",
        (2, 3, 2, 5, 6),
        {**SEVERAL, "data_format": "channels_first", "return_sequences": True},
    ),
    C("ConvLSTM2D/mask", VIDEO, {**SEVERAL, **EVERYTHING}, mask=(2, 3), padding=True),
    C(
        "ConvLSTM2D/initial_state",
        [VIDEO, *[(2, 6, 5, 3)] * 2],
        {**SEVERAL, "return_state": True},
        spread="states",
    ),
    C(
        "ConvLSTM3D",
        (1, 2, 4, 4, 4, 1),
        {"filters": 2, "kernel_size": 2, "recurrent_activation": "hard_sigmoid"},
    ),
]

RECURRENT = [
    *CONV_RECURRENT,
    *_recurrent("SimpleRNN", "", 1, {}),
    *_recurrent("LSTM", "", 2, {}),
    *_recurrent("GRU", "", 1, {}),
    *_recurrent("GRU", "/before", 1, {"reset_after": False}),
    C("LSTM/hard", BATCH, {"units": 3, "recurrent_activation": "hard_sigmoid", "unit_forget_bias": False}),
    C("GRU/hard", BATCH, {"units": 3, "recurrent_activation": "hard_sigmoid"}),
    *(C(f"RNN/{kind}", BATCH, {"cell": _cell(kind), **EVERYTHING}) for kind in ("SimpleRNN", "LSTM", "GRU")),
    C("RNN/stack", BATCH, {"cell": STACK}),
    C("RNN/stacked_all", BATCH, {"cell": STACKED, **EVERYTHING}),
    C("RNN/stacked_mask", BATCH, {"cell": STACKED, **EVERYTHING}, mask=(3, 6), padding=True),
    C("RNN/stacked_unroll", BATCH, {"cell": STACKED, "unroll": True}, mask=(3, 6), padding=True),
    C(
        "RNN/stacked_dropouts",
        BATCH,
        {
            "cell": (
                "StackedRNNCells",
                {"cells": [_cell("LSTM", 3, dropout=0.2), _cell("GRU", 2, seed=1)], "name": "stack"},
            )
        },
    ),
    *(
        C(f"Bidirectional/{kind}_{mode}{option}", BATCH, {"layer": _inner(kind, **more), "merge_mode": mode})
        for kind, mode in (
            ("GRU", "concat"),
            ("LSTM", "sum"),
            ("SimpleRNN", "ave"),
            ("LSTM", "mul"),
            ("GRU", None),
        )
        for option, more in (("", {}), ("_sequences", {"return_sequences": True}), ("_all", EVERYTHING))
    ),
    *(
        C(f"Bidirectional/mask{option}", BATCH, {"layer": _inner("LSTM", **more)}, mask=(3, 6), padding=True)
        for option, more in (("", {}), ("_all", EVERYTHING), ("_unroll", {"unroll": True}))
    ),
    C(
        "Bidirectional/backward_layer",
        BATCH,
        {
            "layer": _inner("LSTM", return_sequences=True),
            "backward_layer": (
                "GRU",
                {"units": 2, "return_sequences": True, "go_backwards": True, "name": "back"},
            ),
        },
    ),
    C(
        "Bidirectional/mask_sequences",
        BATCH,
        {"layer": _inner("GRU", return_sequences=True)},
        mask=(3, 6),
        padding=True,
    ),
    C(
        "Bidirectional/initial_state",
        [BATCH, *[(3, 3)] * 4],
        {"layer": _inner("LSTM", return_state=True)},
        spread="states",
    ),
]

QUERY, VALUE = (2, 5, 6), (2, 4, 6)
GRID = (2, 3, 4, 5)
HEADS = {"num_heads": 2, "key_dim": 3}
GROUPS = {"head_dim": 3, "num_query_heads": 4, "num_key_value_heads": 2}
SCORES = {"call": {"return_attention_scores": True}}
CAUSAL = {"call": {"use_causal_mask": True}}


def A(name: str, shapes: Any, options: dict[str, Any] | None = None, **rest: Any) -> Case:
    return C(name, shapes, options, spread="args", **rest)


ATTENTION = [
    *(
        case
        for name, heads in (("MultiHeadAttention", HEADS), ("GroupQueryAttention", GROUPS))
        for case in (
            A(name, [QUERY, VALUE], heads),
            A(f"{name}/key", [QUERY, VALUE, VALUE], heads),
            A(f"{name}/no_bias", [QUERY, VALUE], {**heads, "use_bias": False}),
            A(f"{name}/scores", [QUERY, VALUE], heads, **SCORES),
            A(f"{name}/causal", [QUERY, QUERY], heads, **CAUSAL),
            A(f"{name}/causal_wide", [QUERY, VALUE], heads, call={**SCORES["call"], **CAUSAL["call"]}),
            A(f"{name}/attention_mask", [QUERY, VALUE], heads, masks={"attention_mask": (2, 5, 4)}),
            A(f"{name}/mask_scores", [QUERY, VALUE], heads, masks={"attention_mask": (2, 5, 4)}, **SCORES),
            A(f"{name}/value_mask", [QUERY, VALUE], heads, masks={"value_mask": (2, 4)}),
            A(
                f"{name}/query_mask",
                [QUERY, VALUE],
                heads,
                masks={"query_mask": (2, 5), "value_mask": (2, 4)},
            ),
            A(
                f"{name}/all_masks",
                [QUERY, QUERY, QUERY],
                heads,
                masks={
                    "query_mask": (2, 5),
                    "value_mask": (2, 5),
                    "key_mask": (2, 5),
                    "attention_mask": (2, 5, 5),
                },
                call={**SCORES["call"], **CAUSAL["call"]},
            ),
            A(f"{name}/masked_throughout", [QUERY, VALUE], heads, masks={"value_mask": (2, 4)}, padding=True),
            A(
                f"{name}/masked_throughout_scores",
                [QUERY, VALUE],
                heads,
                masks={"attention_mask": (2, 5, 4)},
                padding=True,
                **SCORES,
            ),
            A(
                f"{name}/masked_dropout",
                [QUERY, VALUE],
                {**heads, "dropout": 0.2},
                masks={"value_mask": (2, 4)},
                padding=True,
            ),
            A(f"{name}/gate", [QUERY, VALUE], {**heads, "use_gate": True}),
            A(f"{name}/window", [QUERY, QUERY], {**heads, "sliding_window": 2}),
            A(f"{name}/window_causal", [QUERY, QUERY], {**heads, "sliding_window": 3}, **CAUSAL),
            A(f"{name}/dropout", [QUERY, VALUE], {**heads, "dropout": 0.3, "seed": 5}),
            A(
                f"{name}/penalties",
                [QUERY, VALUE],
                {**heads, "kernel_regularizer": L2, "bias_constraint": NON_NEG},
            ),
        )
    ),
    A("MultiHeadAttention/value_dim", [QUERY, (2, 4, 3), VALUE], {**HEADS, "value_dim": 5}),
    A(
        "MultiHeadAttention/gate_value_dim",
        [QUERY, VALUE],
        {**HEADS, "value_dim": 3, "use_gate": True},
        **SCORES,
    ),
    A("MultiHeadAttention/output_shape", [QUERY, VALUE], {**HEADS, "output_shape": 4}),
    A("MultiHeadAttention/output_shape2", [QUERY, VALUE], {**HEADS, "output_shape": (2, 3)}),
    A("MultiHeadAttention/heads_mask", [QUERY, VALUE], HEADS, masks={"attention_mask": (2, 2, 5, 4)}),
    A("MultiHeadAttention/grid", [GRID, GRID], {**HEADS, "attention_axes": (1, 2)}, **SCORES),
    A("MultiHeadAttention/grid_default", [GRID, GRID], HEADS, **SCORES),
    A("MultiHeadAttention/grid_axis1", [GRID, (2, 2, 4, 5)], {**HEADS, "attention_axes": (1,)}, **SCORES),
    A("MultiHeadAttention/grid_axis2", [GRID, (2, 3, 2, 5)], {**HEADS, "attention_axes": (2,)}, **SCORES),
    A(
        "MultiHeadAttention/grid_mask",
        [GRID, GRID],
        {**HEADS, "attention_axes": (2,)},
        masks={"attention_mask": (2, 3, 4, 4)},
    ),
    *(
        case
        for name in ("Attention", "AdditiveAttention")
        for case in (
            C(name, [QUERY, VALUE]),
            C(f"{name}/key", [QUERY, VALUE, VALUE], **SCORES),
            C(f"{name}/scale", [QUERY, VALUE], {"use_scale": name == "Attention"}),
            C(f"{name}/causal", [QUERY, QUERY], **CAUSAL),
            C(f"{name}/causal_wide", [QUERY, VALUE], call={**SCORES["call"], **CAUSAL["call"]}),
            C(f"{name}/mask", [QUERY, VALUE], mask=[(2, 5), (2, 4)], **SCORES),
            C(f"{name}/value_mask", [QUERY, VALUE], mask=[None, (2, 4)]),
            C(f"{name}/query_mask", [QUERY, VALUE], mask=[(2, 5), None]),
            C(f"{name}/masked_throughout", [QUERY, VALUE], mask=[(2, 5), (2, 4)], padding=True),
            C(f"{name}/mask_causal", [QUERY, QUERY], mask=[(2, 5), (2, 5)], **CAUSAL),
            C(f"{name}/dropout", [QUERY, VALUE], {"dropout": 0.3}),
        )
    ),
    C("Attention/concat", [QUERY, VALUE], {"score_mode": "concat"}, **SCORES),
    C("Attention/concat_scale", [QUERY, VALUE], {"score_mode": "concat", "use_scale": True}),
]

CASES = {
    case.name: case
    for family in (
        CORE,
        CONVOLUTION,
        POOLING,
        NORMALIZATION,
        REGULARIZATION,
        RESHAPING,
        PREPROCESSING,
        MERGING,
        WRAPPERS,
        RECURRENT,
        ATTENTION,
    )
    for case in family
}

#: Layers that Keras 2 has too: class name to constructor arguments (positional), for configs of that time.
KERAS_2: dict[str, tuple[Any, ...]] = {
    "Dense": (3,),
    "EinsumDense": ("abc,cd->abd", (None, 3)),
    "Activation": ("relu",),
    "Embedding": (3, 4),
    "Masking": (),
    "ReLU": (),
    "ThresholdedReLU": (0.5,),
    "LeakyReLU": (0.1,),
    "PReLU": (),
    "ELU": (),
    "Softmax": (),
    "Conv1D": (3, 3),
    "Conv2D": (3, 3),
    "ConvLSTM1D": (3, 3),
    "ConvLSTM2D": (3, 3),
    "ConvLSTM3D": (3, 3),
    "Conv3D": (3, 3),
    "Conv1DTranspose": (3, 3),
    "Conv2DTranspose": (3, 3),
    "Conv3DTranspose": (3, 3),
    "DepthwiseConv1D": (3,),
    "DepthwiseConv2D": (3,),
    "SeparableConv1D": (3, 3),
    "SeparableConv2D": (3, 3),
    **{
        f"{kind}Pooling{rank}D": ()
        for kind in ("Max", "Average", "GlobalMax", "GlobalAverage")
        for rank in (1, 2, 3)
    },
    "BatchNormalization": (),
    "LayerNormalization": (),
    "GroupNormalization": (2,),
    "UnitNormalization": (),
    "Dropout": (0.5,),
    "SpatialDropout1D": (0.5,),
    "SpatialDropout2D": (0.5,),
    "SpatialDropout3D": (0.5,),
    "GaussianNoise": (0.5,),
    "GaussianDropout": (0.5,),
    "AlphaDropout": (0.5,),
    "ActivityRegularization": (),
    "Flatten": (),
    "Reshape": ((3,),),
    "Permute": ((2, 1),),
    "RepeatVector": (2,),
    "ZeroPadding1D": (),
    "ZeroPadding2D": (),
    "ZeroPadding3D": (),
    "Cropping1D": (),
    "Cropping2D": (),
    "Cropping3D": (),
    "UpSampling1D": (),
    "UpSampling2D": (),
    "UpSampling3D": (),
    "Rescaling": (2.0,),
    "Normalization": (),
    "Add": (),
    "Subtract": (),
    "Multiply": (),
    "Average": (),
    "Maximum": (),
    "Minimum": (),
    "Concatenate": (),
    "Dot": (1,),
    "InputLayer": ((3,),),
}
