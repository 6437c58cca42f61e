"""Values and gradients of all losses, from real Keras 3.15.1: `tests/golden/losses/{cases.json,arrays.npz}`.

A case names a class, its arguments, and arrays; the expected value is `<id>/value`, and `<id>/grad` is the gradient
of its sum with respect to the predictions. Run with `KERAS_BACKEND=tensorflow` in an environment holding Keras 3.15.1,
outside the repository's root.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

import keras

HERE = Path(__file__).parent / "losses"
REDUCTIONS = ["sum_over_batch_size", "sum", "mean", "mean_with_sample_weight", "none"]
rng = np.random.default_rng(0)


def f32(x: Any) -> np.ndarray:
    return np.asarray(x, "float32")


def softmax(x: np.ndarray) -> np.ndarray:
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def unit(x: np.ndarray) -> np.ndarray:
    return x / np.linalg.norm(x, axis=-1, keepdims=True)


# Inputs: one set per kind of loss, in two ranks, with the awkward values (zeros, ones, large logits) among them.
arrays: dict[str, np.ndarray] = {
    "real_true": f32(rng.normal(size=(4, 3))),
    "real_pred": f32(rng.normal(size=(4, 3)) * 2),
    "real3_true": f32(rng.normal(size=(3, 5, 2))),
    "real3_pred": f32(rng.normal(size=(3, 5, 2))),
    "column_true": f32(rng.normal(size=(4,))),
    "column_pred": f32(rng.normal(size=(4, 1))),
    "positive_true": f32(rng.uniform(0, 4, (4, 3)).round()),
    "positive_pred": f32(rng.uniform(0.1, 4, (4, 3))),
    "binary_true": f32(rng.integers(0, 2, (4, 3))),
    "binary_pred": f32(rng.uniform(0.02, 0.98, (4, 3))),
    "binary_sure": f32([[0.0, 1.0, 0.5], [1.0, 0.0, 1e-8], [1e-6, 1.0, 0.0], [0.3, 0.7, 1.0]]),
    "binary_logits": f32([[-40.0, 3.0, 0.0], [50.0, -1.5, 2.0], [0.1, -0.2, 30.0], [1.0, 2.0, -3.0]]),
    "signed_true": f32(rng.integers(0, 2, (4, 3)) * 2 - 1),
    "onehot_true": f32(np.eye(3)[[0, 2, 1, 1]]),
    "soft_true": softmax(f32(rng.normal(size=(4, 3)))),
    "class_pred": softmax(f32(rng.normal(size=(4, 3)))),
    "class_sure": f32([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.5, 0.5, 0.0], [2.0, 1.0, 1.0]]),
    "class_logits": f32([[50.0, 0.0, -50.0], [1.0, 2.0, 3.0], [0.0, 0.0, 0.0], [-7.0, 4.0, 1.0]]),
    "label_true": np.array([0, 2, 1, 1]),
    "label_column_true": np.array([[0], [2], [1], [1]]),
    "label_ignored_true": np.array([0, -1, 1, -1]),
    "steps_true": rng.integers(0, 4, (3, 5)),
    "steps_onehot_true": f32(np.eye(4)[rng.integers(0, 4, (3, 5))]),
    "steps_pred": softmax(f32(rng.normal(size=(3, 5, 4)))),
    "embedding_pred": unit(f32(rng.normal(size=(6, 4)))),
    "embedding_true": np.array([0, 0, 1, 1, 2, 1]),
    "ctc_true": np.array([[1, 2, 2, 0], [3, 0, 0, 0]]),
    "ctc_pred": f32(rng.normal(size=(2, 7, 5))),
    "weight4": f32([0.5, 0.0, 2.0, 1.0]),
    "weight4_column": f32([[0.5], [0.0], [2.0], [1.0]]),
    "weight35": f32(rng.uniform(0, 2, (3, 5))),
    "weight_zero4": f32(np.zeros(4)),
    "mask4": np.array([True, False, True, True]),
    "mask35": rng.integers(0, 2, (3, 5)).astype(bool),
    "mask_none4": np.zeros(4, bool),
}
cases: list[dict[str, Any]] = []


def add(
    loss: str, true: str, pred: str, weight: str | None = None, mask: str | None = None, **config: Any
) -> None:
    cases.append({"loss": loss, "config": config, "true": true, "pred": pred, "weight": weight, "mask": mask})


for name in (
    "MeanSquaredError",
    "MeanAbsoluteError",
    "MeanAbsolutePercentageError",
    "LogCosh",
    "Huber",
    "CosineSimilarity",
):
    add(name, "real_true", "real_pred")
    add(name, "real_true", "real_pred", reduction="none")
    add(name, "real3_true", "real3_pred", "weight35")
add("MeanSquaredError", "column_true", "column_pred", "weight4")
add("Huber", "real_true", "real_pred", delta=0.3)
add("CosineSimilarity", "real3_true", "real3_pred", axis=1)
for name in ("MeanSquaredLogarithmicError", "Poisson"):
    add(name, "positive_true", "positive_pred", "weight4")
add("KLDivergence", "soft_true", "class_pred", "weight4")
add("KLDivergence", "onehot_true", "class_sure", reduction="none")
for name in ("Hinge", "SquaredHinge"):
    add(name, "signed_true", "real_pred", "weight4")
    add(name, "binary_true", "real_pred")
add("CategoricalHinge", "onehot_true", "real_pred", "weight4")

for reduction in REDUCTIONS:
    add("MeanSquaredError", "real_true", "real_pred", None, None, reduction=reduction)
    add("MeanSquaredError", "real_true", "real_pred", "weight4", None, reduction=reduction)
    if reduction != "none":
        add("MeanSquaredError", "real_true", "real_pred", "weight4_column", None, reduction=reduction)
    add("MeanSquaredError", "real_true", "real_pred", None, "mask4", reduction=reduction)
    add("MeanSquaredError", "real_true", "real_pred", "weight4", "mask4", reduction=reduction)
    add("MeanSquaredError", "real_true", "real_pred", "weight_zero4", None, reduction=reduction)
    add("MeanSquaredError", "real_true", "real_pred", None, "mask_none4", reduction=reduction)
    add("MeanSquaredError", "real3_true", "real3_pred", "weight35", "mask35", reduction=reduction)
    add(
        "SparseCategoricalCrossentropy", "steps_true", "steps_pred", "weight35", "mask35", reduction=reduction
    )
    add(
        "SparseCategoricalCrossentropy",
        "label_ignored_true",
        "class_pred",
        ignore_class=-1,
        reduction=reduction,
    )

for name in ("BinaryCrossentropy", "BinaryFocalCrossentropy"):
    add(name, "binary_true", "binary_pred", "weight4")
    add(name, "binary_true", "binary_sure", reduction="none")
    add(name, "binary_true", "binary_logits", "weight4", from_logits=True)
    add(name, "binary_true", "binary_pred", label_smoothing=0.2)
    add(name, "binary_true", "binary_pred", axis=0)
add("BinaryFocalCrossentropy", "binary_true", "binary_pred", apply_class_balancing=True, alpha=0.3, gamma=1.5)
for name in ("CategoricalCrossentropy", "CategoricalFocalCrossentropy"):
    add(name, "onehot_true", "class_pred", "weight4")
    add(name, "soft_true", "class_pred")
    add(name, "onehot_true", "class_sure", reduction="none")
    add(name, "onehot_true", "class_logits", "weight4", from_logits=True)
    add(name, "onehot_true", "class_pred", label_smoothing=0.2)
    add(name, "onehot_true", "class_logits", label_smoothing=0.2, from_logits=True)
    add(name, "steps_onehot_true", "steps_pred", "weight35", "mask35")
    add(name, "steps_onehot_true", "steps_pred", axis=1)
add("CategoricalFocalCrossentropy", "onehot_true", "class_pred", alpha=[0.1, 0.2, 0.3], gamma=1.5)
add("SparseCategoricalCrossentropy", "label_true", "class_pred", "weight4")
add("SparseCategoricalCrossentropy", "label_column_true", "class_pred")
add("SparseCategoricalCrossentropy", "label_true", "class_sure", reduction="none")
add("SparseCategoricalCrossentropy", "label_true", "class_logits", from_logits=True, reduction="none")
add(
    "SparseCategoricalCrossentropy",
    "label_ignored_true",
    "class_logits",
    "weight4",
    from_logits=True,
    ignore_class=-1,
)
add("CategoricalGeneralizedCrossEntropy", "label_true", "class_pred", "weight4")
add("CategoricalGeneralizedCrossEntropy", "label_true", "class_pred", q=0.2)
for name in ("Dice", "Tversky"):
    add(name, "binary_true", "binary_pred")
    add(name, "binary_true", "binary_pred", "weight4", axis=1)
    add(name, "steps_onehot_true", "steps_pred", axis=[1, 2])
add("Tversky", "binary_true", "binary_pred", alpha=0.2, beta=0.8)
add("Circle", "embedding_true", "embedding_pred")
add("Circle", "embedding_true", "embedding_pred", gamma=20.0, margin=0.2, reduction="none")
add("Circle", "embedding_true", "embedding_pred", remove_diagonal=False)
add("CTC", "ctc_true", "ctc_pred")
add("CTC", "ctc_true", "ctc_pred", reduction="none")


def run(case: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    loss = getattr(keras.losses, case["loss"])(**case["config"])
    pred = tf.constant(arrays[case["pred"]])
    if case["mask"]:
        pred._keras_mask = tf.constant(arrays[case["mask"]])
    weight = arrays[case["weight"]] if case["weight"] else None
    with tf.GradientTape() as tape:
        tape.watch(pred)
        value = loss(arrays[case["true"]], pred, sample_weight=weight)
        total = tf.reduce_sum(value)
    return value.numpy(), tape.gradient(total, pred).numpy()


def main() -> None:
    assert keras.__version__ == "3.15.1", keras.__version__
    results = {}
    for i, case in enumerate(cases):
        case["id"] = f"{i:03d}"
        results[f"{i:03d}/value"], results[f"{i:03d}/grad"] = run(case)
    HERE.mkdir(exist_ok=True)
    np.savez_compressed(HERE / "arrays.npz", **arrays, **results)
    rows = ",\n".join(json.dumps(case) for case in cases)
    (HERE / "cases.json").write_text(f"[\n{rows}\n]\n")
    print(len(cases), "cases")


main()
