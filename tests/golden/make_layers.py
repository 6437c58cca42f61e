"""Configs, weights, outputs and gradients of layers, from real Keras: files in tests/golden/layers/.

`python tests/golden/make_layers.py` with Keras 3.15.1 on TensorFlow writes cases.json.gz and arrays.npz;
with the word `new` after it only rows that are not there yet;
`python tests/golden/make_layers.py keras2` with tf-keras writes keras2.json. Run it outside the repository's root.

For each case: `y` the output (`y1`, ... the further ones); `dx0`, ... and `dw0`, ... the gradients of
`sum(y * weighting)`, over all outputs, with respect to float inputs and trainable weights; `w0`, ... the non-trainable
weights after the call, where it was one of training.
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
            return getattr(layers, value[0])(**{k: argument(v) for k, v in value[1].items()})
        return [argument(v) for v in value] if isinstance(value, list) else value

    options = {name: argument(value) for name, value in case.kwargs.items()}
    return getattr(layers, case.layer)(**options, name="layer")


def run(case: Case, arrays: dict[str, np.ndarray]) -> dict[str, Any]:
    import tensorflow as tf

    layer = make(case)
    inputs = [tf.constant(x) for x in case.inputs()]
    config = plain(layer.get_config())
    layer.build(*case.build_shapes)
    named = [(w.name, tuple(w.shape)) for w in layer.weights]
    layer.set_weights(case.weights(named))
    if case.layer == "Normalization" and layer.weights:
        layer.finalize_state()
    floats = [x for x in inputs if x.dtype.is_floating]

    def step() -> Any:
        with tf.GradientTape() as tape:
            for x in floats:
                tape.watch(x)
            args, options = case.call_with(inputs, **case.call_options())
            ys = tf.nest.flatten(layer(*args, **options))
            total = sum(tf.reduce_sum(y * case.weighting(tuple(y.shape))) for y in ys)
        return ys, tape.gradient(total, [*floats, *(w.value for w in layer.trainable_weights)])

    # On a CPU TensorFlow has these convolutions only when XLA compiles them.
    needs_xla = {"data_format", "dilation_rate", "groups"} & set(case.kwargs) and "Conv" in case.layer
    ys, gradients = tf.function(step, jit_compile=True)() if needs_xla else step()
    for i, y in enumerate(ys):
        arrays[f"{case.name}:y{i or ''}"] = y.numpy()
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
        "dtype": ys[0].dtype.name,
    }


def keras_3(only_new: bool) -> None:
    arrays: dict[str, np.ndarray] = {}
    facts: dict[str, Any] = {}
    if only_new:
        facts = json.loads(gzip.decompress((HERE / "cases.json.gz").read_bytes()))
        facts = {name: fact for name, fact in facts.items() if name in CASES}
        with np.load(HERE / "arrays.npz") as file:
            arrays = {k.replace("|", "/"): file[k] for k in file.files}
        arrays = {k: v for k, v in arrays.items() if k.partition(":")[0] in facts}
    for name in CASES:
        if name not in facts:
            facts[name] = run(CASES[name], arrays)
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
    keras_2() if sys.argv[1:] == ["keras2"] else keras_3(sys.argv[1:] == ["new"])
