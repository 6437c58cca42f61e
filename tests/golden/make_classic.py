"""Results and signatures of Keras 2's backend: `tests/golden/classic/{results.npz,signatures.json}`.

Run with tf-keras 2.21, outside the repository's root: `python make_classic.py`. With the folder of an unpacked wheel of
Keras 2.3.1 as argument, signatures that only that one has are added; without it those on file are kept.
"""

import ast
import inspect
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from classic_cases import CASES, EAGER, NO_GRADIENT, PROGRAMS, Inputs, weights  # noqa: E402
from tf_keras.src import backend as K  # noqa: E402

#: Public in tf-keras's module, but no part of what Keras 2 documented, or of TensorFlow alone.
INTERNAL = {
    "get_graph", "get_default_session_config", "get_default_graph_uid_map", "global_learning_phase_is_set",
    "symbolic_learning_phase", "eager_learning_phase_scope", "is_tpu_strategy", "observe_object_name",
    "unique_object_name", "track_tf_optimizer", "track_variable", "convert_inputs_if_ragged", "dtype_numpy",
    "maybe_convert_to_ragged", "configure_and_create_distributed_session", "enable_tf_random_generator",
    "disable_tf_random_generator", "is_tf_random_generator_enabled", "deprecated_internal_learning_phase_scope",
    "deprecated_internal_set_learning_phase",
}  # fmt: skip
#: Public in Keras 2.3.1's module, but no part of what Keras 2 documented, or Theano's alone.
INTERNAL_231 = {"is_symbolic", "v1_variable_initialization", "pattern_broadcast"}


def signatures(keras_231: Path | None) -> dict[str, str]:
    path = HERE / "classic/signatures.json"
    found = {} if keras_231 else json.loads(path.read_text("utf-8"))
    for file in ("common", "tensorflow_backend") if keras_231 else ():
        for node in ast.parse((keras_231 / f"keras/backend/{file}.py").read_text("utf-8")).body:
            if isinstance(node, ast.FunctionDef) and node.name not in INTERNAL_231:
                found[node.name] = f"({ast.unparse(node.args)})"
    for name, thing in vars(K).items():
        own = inspect.isfunction(thing) and thing.__module__.startswith("tf_keras")
        if own and not name.startswith("_") and name not in INTERNAL:
            found[name] = str(inspect.signature(thing))
    return {n: s for n, s in sorted(found.items()) if not n.startswith("_")}


def arrays(result: Any) -> list[np.ndarray]:
    """The leaves of a result, bools and ints as they are."""
    return [np.asarray(x) for x in tf.nest.flatten(result)]


class Watched(Inputs):
    """Makes constants that a tape watches."""

    def __init__(self, tape: tf.GradientTape) -> None:
        super().__init__(K)
        self.tape = tape
        self.made: list[tf.Tensor] = []

    def make(self, array: np.ndarray, dtype: str) -> tf.Tensor:
        x = super().make(array, dtype)
        if dtype == "float32":
            self.tape.watch(x)
            self.made.append(x)
        return x


def gradients(case: Any) -> list[np.ndarray | None]:
    """Of the weighted sum of the outputs, by each float input."""
    with tf.GradientTape() as tape:
        inputs = Watched(tape)
        outputs = [y for y in tf.nest.flatten(case(K, inputs)) if y.dtype == "float32"]
        loss = sum(tf.reduce_sum(y * weights(y.shape)) for y in outputs)
    if not outputs:
        return []
    found = tape.gradient(loss, inputs.made)
    return [None if g is None else tf.convert_to_tensor(g).numpy() for g in found]


def main() -> None:
    (HERE / "classic").mkdir(exist_ok=True)
    results = {}
    for name, case in {**CASES, **EAGER}.items():
        for i, array in enumerate(arrays(case(K, Inputs(K)))):
            results[f"{name}:{i}"] = array
    for name, case in CASES.items():
        if name not in NO_GRADIENT:
            for i, gradient in enumerate(gradients(case)):
                if gradient is not None:
                    results[f"{name}:grad:{i}"] = gradient
    for name, program in PROGRAMS.items():
        K.clear_session()
        with tf.Graph().as_default():
            for i, array in enumerate(arrays(program(K))):
                results[f"program {name}:{i}"] = array
    np.savez_compressed(HERE / "classic/results.npz", **results)
    found = signatures(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
    (HERE / "classic/signatures.json").write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    print(f"{len(results)} arrays, {len(found)} signatures")


if __name__ == "__main__":
    main()
