"""Configs, deterministic initial values, penalties and projections from real Keras 3.15.1: `tests/golden/configs/`.

Run with `KERAS_BACKEND=tensorflow` in an environment holding Keras 3.15.1, outside the repository's root.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np

import keras
from keras import constraints, dtype_policies, initializers, layers, regularizers
from keras.saving import serialize_keras_object

Tensor = Any
HERE = Path(__file__).parent / "configs"

OBJECTS = [
    *(getattr(initializers, n)() for n in ("Zeros", "Ones", "Constant", "STFT")),
    initializers.Constant(np.array([1.0, 2.0], "float32")),
    *(
        getattr(initializers, n)(seed=seed)
        for n in ("RandomNormal", "RandomUniform", "TruncatedNormal", "VarianceScaling", "Orthogonal")
        for seed in (None, 3)
    ),
    *(
        getattr(initializers, n)(seed=seed)
        for n in ("GlorotNormal", "GlorotUniform", "HeNormal", "HeUniform", "LecunNormal", "LecunUniform")
        for seed in (None, 3)
    ),
    initializers.VarianceScaling(2.0, "fan_avg", "uniform", input_axes=(0,), output_axes=(1, 2)),
    regularizers.L1(0.1),
    regularizers.L2(0.2),
    regularizers.L1L2(0.1, 0.2),
    regularizers.OrthogonalRegularizer(0.1, "columns"),
    constraints.MaxNorm(3, axis=1),
    constraints.NonNeg(),
    constraints.UnitNorm(axis=[0, 1]),
    constraints.MinMaxNorm(0.1, 0.9, 0.5, axis=(0, 1)),
    dtype_policies.DTypePolicy("mixed_bfloat16"),
    dtype_policies.DTypePolicy("float16"),
    dtype_policies.DTypePolicyMap("mixed_float16", {"dense": dtype_policies.DTypePolicy("float32")}),
    keras.random.SeedGenerator(3, name="seeds"),
]

LAYERS = [
    layers.Dense(4, activation="relu", name="a"),
    layers.Dense(4, activation=keras.activations.softmax, activity_regularizer="l2", name="b"),
    layers.Dense(
        4,
        name="c",
        dtype="mixed_bfloat16",
        use_bias=False,
        trainable=False,
        kernel_initializer=initializers.HeNormal(seed=3),
        kernel_regularizer="l2",
        kernel_constraint=constraints.MaxNorm(3),
    ),
    layers.Activation("relu", name="d"),
    layers.Dropout(0.4, seed=3, name="e"),
    layers.BatchNormalization(name="f"),
    layers.Conv2D(3, 2, padding="same", name="g"),
    layers.LSTM(4, name="h"),
    layers.RNN(layers.GRUCell(3, name="cell"), name="i"),
    layers.TimeDistributed(layers.Dense(3, name="inner"), name="j"),
]

PLAIN = {
    "array": np.arange(4.0).reshape(2, 2),
    "number": np.float32(0.5),
    "count": np.int64(3),
    "flag": np.bool_(True),
    "slice": slice(1, None, 2),
    "ellipsis": Ellipsis,
    "bytes": b"ab",
    "nested": [1, (2, {"k": None})],
    "function": keras.activations.relu,
    "type": np.float32,
}


def initial_values() -> dict[str, np.ndarray]:
    stft = {
        f"stft {side} {window} {scaling} {periodic}": initializers.STFT(side, window, scaling, periodic)(
            (7, 1, 5)
        )
        for side in ("real", "imag")
        for window in ("hann", "hamming", "blackman", "bartlett", None)
        for scaling in ("density", "spectrum", None)
        for periodic in (False, True)
    }
    return {
        **stft,
        "identity": initializers.Identity(2.0)((2, 3)),
        "constant": initializers.Constant([1.0, 2.0])((2, 2)),
    }


def fans() -> dict[str, list[float]]:
    """What a uniform of each mode is bounded by, for several shapes: the bound is sqrt(3 / fan)."""
    found = {}
    for shape in [(), (5,), (5, 7), (3, 5, 7), (2, 3, 5, 7)]:
        for mode in ("fan_in", "fan_out", "fan_avg"):
            draws = [
                np.abs(initializers.VarianceScaling(3.0, mode, "uniform", seed=s)(shape)).max()
                for s in range(400)
            ]
            found[f"{list(shape)} {mode}"] = float(max(draws))
    return found


def penalties_and_projections(w: Tensor, v: Tensor) -> dict[str, np.ndarray]:
    out = {
        "L1": regularizers.L1(0.1)(w),
        "L2": regularizers.L2(0.2)(w),
        "L1L2": regularizers.L1L2(0.1, 0.2)(w),
        "rows": regularizers.OrthogonalRegularizer(0.1, "rows")(w),
        "columns": regularizers.OrthogonalRegularizer(0.1, "columns")(w),
        "NonNeg": constraints.NonNeg()(w),
    }
    for axis in (0, 1, [0, 1]):
        out[f"MaxNorm {axis}"] = constraints.MaxNorm(1.5, axis)(w)
        out[f"UnitNorm {axis}"] = constraints.UnitNorm(axis)(w)
        out[f"MinMaxNorm {axis}"] = constraints.MinMaxNorm(1.0, 1.5, 0.7, axis)(w)
    out["MaxNorm filters"] = constraints.MaxNorm(1.5, [0, 1, 2])(v)
    return out


def main() -> None:
    HERE.mkdir(exist_ok=True)
    configs = {
        "objects": [serialize_keras_object(x) for x in OBJECTS],
        "layers": [serialize_keras_object(x) for x in LAYERS],
        "plain": {k: serialize_keras_object(x) for k, x in PLAIN.items()},
        "fans": fans(),
    }
    (HERE / "configs.json").write_text(json.dumps(configs, indent=1) + "\n")
    rng = np.random.default_rng(0)
    w, v = rng.normal(size=(4, 3)).astype("float32"), rng.normal(size=(2, 2, 3, 4)).astype("float32")
    tensors = [keras.ops.convert_to_tensor(x) for x in (w, v)]
    arrays = {"w": w, "v": v, **penalties_and_projections(*tensors), **initial_values()}
    np.savez_compressed(HERE / "arrays.npz", **{k: np.asarray(x) for k, x in arrays.items()})


if __name__ == "__main__":
    main()
