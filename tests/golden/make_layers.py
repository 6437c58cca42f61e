"""Configs, weights, outputs and gradients of layers, from real Keras: files in tests/golden/layers/.

`python tests/golden/make_layers.py` with Keras 3.15.1 on TensorFlow writes cases.json.gz and arrays.npz;
`python tests/golden/make_layers.py keras2` with tf-keras writes keras2.json. Run it outside the repository's root.

For each case: `y` the output; `dx0`, ... and `dw0`, ... the gradients of `sum(y * weighting)` with respect to float
inputs and trainable weights; `w0`, ... the non-trainable weights after the call, where it was one of training.
"""

import gzip
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).parent / "layers"
sys.path.insert(0, str(HERE))

from cases import CASES, KERAS_2, Case  # noqa: E402


def plain(config: Any) -> Any:
    """As JSON would give it back."""
    return json.loads(json.dumps(config, default=lambda x: x.tolist() if hasattr(x, "tolist") else list(x)))


def make(case: Case) -> Any:
    from keras import layers

    def argument(value: Any) -> Any:
        if isinstance(value, tuple) and value and isinstance(value[0], str):
            return getattr(layers, value[0])(**value[1])
        return value

    options = {name: argument(value) for name, value in case.kwargs.items()}
    return getattr(layers, case.layer)(**options, name="layer")


def run(case: Case, arrays: dict[str, np.ndarray]) -> dict[str, Any]:
    import tensorflow as tf

    layer = make(case)
    inputs = [tf.constant(x) for x in case.inputs()]
    options: dict[str, Any] = {"mask": case.mask_array()} if case.mask is not None else {}
    if case.training:
        options["training"] = True
    config = plain(layer.get_config())
    layer.build(case.shapes)
    named = [(w.name, tuple(w.shape)) for w in layer.weights]
    layer.set_weights(case.weights(named))
    if case.layer == "Normalization" and layer.weights:
        layer.finalize_state()
    floats = [x for x in inputs if x.dtype.is_floating]

    def step() -> Any:
        with tf.GradientTape() as tape:
            for x in floats:
                tape.watch(x)
            y = layer(inputs if case.listed else inputs[0], **options)
            total = tf.reduce_sum(y * case.weighting(tuple(y.shape)))
        return y, tape.gradient(total, [*floats, *(w.value for w in layer.trainable_weights)])

    # On a CPU TensorFlow has these convolutions only when XLA compiles them.
    needs_xla = {"data_format", "dilation_rate", "groups"} & set(case.kwargs) and "Conv" in case.layer
    y, gradients = tf.function(step, jit_compile=True)() if needs_xla else step()
    arrays[f"{case.name}:y"] = y.numpy()
    trainable = layer.trainable_weights
    names = [f"dx{i}" for i in range(len(floats))] + [f"dw{i}" for i in range(len(trainable))]
    for name, gradient in zip(names, gradients, strict=True):
        if gradient is not None:
            arrays[f"{case.name}:{name}"] = np.asarray(tf.convert_to_tensor(gradient))
    if case.training:
        for i, w in enumerate(layer.non_trainable_weights):
            arrays[f"{case.name}:w{i}"] = w.numpy()
    return {
        "config": config,
        "weights": [[w.name, list(w.shape), bool(w.trainable)] for w in layer.weights],
        "masks": bool(layer.supports_masking),
        "dtype": y.dtype.name,
    }


def keras_3() -> None:
    arrays: dict[str, np.ndarray] = {}
    facts = {name: run(case, arrays) for name, case in CASES.items()}
    np.savez_compressed(HERE / "arrays.npz", **{k.replace("/", "|"): v for k, v in arrays.items()})
    with gzip.GzipFile(HERE / "cases.json.gz", "wb", mtime=0) as file:
        file.write(json.dumps(facts, indent=0, sort_keys=True).encode())


def keras_2() -> None:
    import tf_keras

    shapes = {"BatchNormalization": (None, 4, 4, 3), "LayerNormalization": (None, 4, 4, 3)}
    configs = {}
    for name, args in KERAS_2.items():
        layer = getattr(tf_keras.layers, name)(*args)
        if name in shapes:
            layer.build(shapes[name])
        configs[name] = plain(tf_keras.layers.serialize(layer))
    (HERE / "keras2.json").write_text(json.dumps(configs, indent=1, sort_keys=True) + "\n", "utf-8")


if __name__ == "__main__":
    keras_2() if sys.argv[1:] == ["keras2"] else keras_3()
