"""Results of all metrics over streams of updates, from real Keras 3.15.1: `tests/golden/metrics/`.

A case names a class, its arguments, and the arrays of each update; `<id>/<step>` is the result after that update.
Run with `KERAS_BACKEND=tensorflow` in an environment holding Keras 3.15.1, outside the repository's root.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

import keras

HERE = Path(__file__).parent / "metrics"
STEPS = 3
rng = np.random.default_rng(1)


def f32(x: Any) -> np.ndarray:
    return np.asarray(x, "float32")


def softmax(x: np.ndarray) -> np.ndarray:
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


# One stream per kind of data: STEPS batches, stacked; weights and masks likewise.
arrays: dict[str, np.ndarray] = {
    "real_true": f32(rng.normal(size=(STEPS, 4, 3))),
    "real_pred": f32(rng.normal(size=(STEPS, 4, 3))),
    "real3_true": f32(rng.normal(size=(STEPS, 4, 5, 2))),
    "real3_pred": f32(rng.normal(size=(STEPS, 4, 5, 2))),
    "positive_true": f32(rng.uniform(0, 4, (STEPS, 4, 3)).round()),
    "positive_pred": f32(rng.uniform(0.1, 4, (STEPS, 4, 3))),
    "binary_true": f32(rng.integers(0, 2, (STEPS, 4, 3))),
    "binary_pred": f32(rng.uniform(size=(STEPS, 4, 3)).round(2)),
    "binary_logits": f32(rng.normal(size=(STEPS, 4, 3)) * 4),
    "column_true": f32(rng.integers(0, 2, (STEPS, 40, 1))),
    "column_pred": f32(rng.uniform(size=(STEPS, 40, 1)).round(2)),
    "vector_true": f32(rng.integers(0, 2, (STEPS, 40))),
    "vector_pred": f32(rng.uniform(size=(STEPS, 40)).round(2)),
    "signed_true": f32(rng.integers(0, 2, (STEPS, 4, 3)) * 2 - 1),
    "onehot_true": f32(np.eye(3)[rng.integers(0, 3, (STEPS, 4))]),
    "class_pred": softmax(f32(rng.normal(size=(STEPS, 4, 3)))),
    "class_ties": f32(rng.integers(0, 3, (STEPS, 4, 3)) / 2),
    "class_logits": f32(rng.normal(size=(STEPS, 4, 3)) * 5),
    "label_true": rng.integers(0, 3, (STEPS, 4)),
    "label_pred": rng.integers(0, 3, (STEPS, 4)),
    "label_column_true": rng.integers(0, 3, (STEPS, 4, 1)),
    "label_ignored_true": rng.integers(-1, 3, (STEPS, 4)),
    "wide_true": rng.integers(0, 8, (STEPS, 4)),
    "wide_onehot_true": f32(np.eye(8)[rng.integers(0, 8, (STEPS, 4))]),
    "wide_pred": softmax(f32(rng.normal(size=(STEPS, 4, 8)))),
    "steps_true": rng.integers(0, 4, (STEPS, 4, 5)),
    "steps_onehot_true": f32(np.eye(4)[rng.integers(0, 4, (STEPS, 4, 5))]),
    "steps_pred": softmax(f32(rng.normal(size=(STEPS, 4, 5, 4)))),
    "sorted_ids": np.argsort(rng.normal(size=(STEPS, 4, 8)), axis=-1),
    "values": f32(rng.normal(size=(STEPS, 4))),
    "values3": f32(rng.normal(size=(STEPS, 4, 5))),
    "weight": f32(rng.uniform(0, 2, (STEPS, 4))),
    "weight40": f32(rng.uniform(0, 2, (STEPS, 40))),
    "weight40_column": f32(rng.uniform(0, 2, (STEPS, 40, 1))),
    "weight_column": f32(rng.uniform(0, 2, (STEPS, 4, 1))),
    "weight_all": f32(rng.uniform(0, 2, (STEPS, 4, 3))),
    "weight_steps": f32(rng.uniform(0, 2, (STEPS, 4, 5))),
    "weight_whole": f32(rng.integers(0, 3, (STEPS, 4))),
    "weight_one": f32(rng.uniform(0, 2, (STEPS,))),
    "mask": rng.integers(0, 2, (STEPS, 4)).astype(bool),
    "mask_steps": rng.integers(0, 2, (STEPS, 4, 5)).astype(bool),
}
cases: list[dict[str, Any]] = []


def add(metric: str, *inputs: str, weight: str | None = None, mask: str | None = None, **config: Any) -> None:
    cases.append({"metric": metric, "config": config, "inputs": inputs, "weight": weight, "mask": mask})


for name in ("Mean", "Sum"):
    add(name, "values")
    add(name, "values", weight="weight")
    add(name, "values3")
    add(name, "values3", weight="weight")
    add(name, "values3", weight="weight_column")
    add(name, "values3", weight="weight_steps")
    add(name, "values3", weight="weight_one")
for name in (
    "MeanSquaredError",
    "RootMeanSquaredError",
    "MeanAbsoluteError",
    "MeanAbsolutePercentageError",
    "LogCoshError",
    "CosineSimilarity",
    "ConcordanceCorrelation",
    "PearsonCorrelation",
    "R2Score",
):
    add(name, "real_true", "real_pred")
    add(name, "real_true", "real_pred", weight="weight")
add("MeanSquaredError", "real_true", "real_pred", mask="mask")
add("MeanSquaredError", "real3_true", "real3_pred", weight="weight_steps", mask="mask_steps")
add("CosineSimilarity", "real3_true", "real3_pred", axis=1)
add("PearsonCorrelation", "real3_true", "real3_pred", axis=1)
add("R2Score", "real_true", "real_pred", class_aggregation=None)
add("R2Score", "real_true", "real_pred", class_aggregation="variance_weighted_average")
add("R2Score", "real_true", "real_pred", weight="weight", num_regressors=2)
for name in ("MeanSquaredLogarithmicError", "Poisson"):
    add(name, "positive_true", "positive_pred", weight="weight")
add("KLDivergence", "class_pred", "class_ties", weight="weight")
for name in ("Hinge", "SquaredHinge"):
    add(name, "signed_true", "real_pred", weight="weight")
    add(name, "binary_true", "real_pred")
add("CategoricalHinge", "onehot_true", "real_pred", weight="weight")
add("BinaryCrossentropy", "binary_true", "binary_pred", weight="weight")
add("BinaryCrossentropy", "binary_true", "binary_logits", from_logits=True, label_smoothing=0.1)
add("CategoricalCrossentropy", "onehot_true", "class_pred", weight="weight")
add("CategoricalCrossentropy", "onehot_true", "class_logits", from_logits=True, label_smoothing=0.1)
add("SparseCategoricalCrossentropy", "label_true", "class_pred", weight="weight")
add("SparseCategoricalCrossentropy", "label_column_true", "class_logits", from_logits=True)
add("SparseCategoricalCrossentropy", "steps_true", "steps_pred", weight="weight_steps", mask="mask_steps")
add("SparseCategoricalCrossentropy", "label_ignored_true", "class_pred", weight="weight", ignore_class=-1)

add("Accuracy", "label_true", "label_pred")
add("Accuracy", "label_column_true", "label_column_true", weight="weight")
add("BinaryAccuracy", "binary_true", "binary_pred", weight="weight")
add("BinaryAccuracy", "column_true", "column_pred", weight="weight40")
add("BinaryAccuracy", "column_true", "column_pred", weight="weight40_column", threshold=0.3)
add("BinaryAccuracy", "vector_true", "column_pred")
add("CategoricalAccuracy", "onehot_true", "class_pred", weight="weight")
add("CategoricalAccuracy", "onehot_true", "class_ties")
add("CategoricalAccuracy", "steps_onehot_true", "steps_pred", weight="weight_steps")
add("SparseCategoricalAccuracy", "label_true", "class_pred", weight="weight")
add("SparseCategoricalAccuracy", "label_column_true", "class_pred", weight="weight")
add("SparseCategoricalAccuracy", "label_true", "class_ties", mask="mask")
add("SparseCategoricalAccuracy", "steps_true", "steps_pred", weight="weight_column", mask="mask_steps")
add("TopKCategoricalAccuracy", "wide_onehot_true", "wide_pred", weight="weight")
add("TopKCategoricalAccuracy", "steps_onehot_true", "steps_pred", k=2)
add("SparseTopKCategoricalAccuracy", "wide_true", "wide_pred", weight="weight", k=3)
add("SparseTopKCategoricalAccuracy", "label_true", "class_ties", k=2)
add("SparseTopKCategoricalAccuracy", "steps_true", "steps_pred", k=2)
add("SparseTopKCategoricalAccuracy", "wide_true", "sorted_ids", k=3, from_sorted_ids=True)

for name in ("TruePositives", "FalsePositives", "TrueNegatives", "FalseNegatives", "Precision", "Recall"):
    add(name, "column_true", "column_pred")
    add(name, "vector_true", "vector_pred", weight="weight40")
    add(name, "column_true", "column_pred", weight="weight40_column", thresholds=[0.1, 0.35, 0.8])
    add(name, "vector_true", "vector_pred", thresholds=[0.0, 0.25, 0.5, 0.75, 1.0])
for name in ("Precision", "Recall"):
    add(name, "wide_onehot_true", "wide_pred", top_k=3)
    add(name, "wide_onehot_true", "wide_pred", top_k=3, thresholds=0.2)
    add(name, "binary_true", "binary_pred", class_id=1, weight="weight")
    add(name, "steps_onehot_true", "steps_pred", class_id=2, top_k=2)

for curve in ("ROC", "PR", "PRGAIN"):
    for method in ("interpolation", "minoring", "majoring"):
        config = {"curve": curve, "summation_method": method}
        add("AUC", "vector_true", "vector_pred", **config)
        add("AUC", "column_true", "column_pred", weight="weight40_column", num_thresholds=20, **config)
        add("AUC", "binary_true", "binary_pred", multi_label=True, **config)
        add("AUC", "vector_true", "vector_pred", thresholds=[0.2, 0.3, 0.65], **config)
add("AUC", "binary_true", "binary_logits", from_logits=True)
add("AUC", "binary_true", "binary_pred", weight="weight_all")
add("AUC", "binary_true", "binary_pred", multi_label=True, num_labels=3, label_weights=[0.2, 1.0, 0.5])
add("AUC", "binary_true", "binary_pred", label_weights=[0.2, 1.0, 0.5])
add("AUC", "binary_true", "binary_pred", multi_label=True, thresholds=[0.1, 0.6], num_labels=3)
for name, argument in (
    ("SensitivityAtSpecificity", "specificity"),
    ("SpecificityAtSensitivity", "sensitivity"),
    ("PrecisionAtRecall", "recall"),
    ("RecallAtPrecision", "precision"),
):
    add(name, "vector_true", "vector_pred", **{argument: 0.6})
    add(name, "column_true", "column_pred", weight="weight40_column", num_thresholds=11, **{argument: 0.4})
    add(name, "vector_true", "vector_pred", num_thresholds=1, **{argument: 0.4})
    add(name, "binary_true", "binary_pred", class_id=0, **{argument: 0.5})

add("IoU", "label_true", "label_pred", num_classes=3, target_class_ids=[0, 2])
add("IoU", "label_true", "label_pred", weight="weight_whole", num_classes=3, target_class_ids=[0, 2])
add("IoU", "label_true", "label_pred", weight="weight", num_classes=3, target_class_ids=[0, 2])
add("IoU", "label_true", "label_pred", weight="weight", num_classes=3, target_class_ids=[0], dtype="float32")
add("MeanIoU", "label_true", "label_pred", num_classes=3)
add("MeanIoU", "label_true", "label_pred", num_classes=5)
add("MeanIoU", "label_true", "label_pred", num_classes=3, ignore_class=1)
add("MeanIoU", "steps_true", "steps_pred", num_classes=4, sparse_y_pred=False)
add("BinaryIoU", "binary_true", "binary_pred", target_class_ids=[0, 1])
add("BinaryIoU", "binary_true", "binary_pred", target_class_ids=[1], threshold=0.3)
add("OneHotIoU", "onehot_true", "class_pred", num_classes=3, target_class_ids=[0, 2])
add("OneHotMeanIoU", "steps_onehot_true", "steps_pred", num_classes=4)
add("OneHotMeanIoU", "onehot_true", "label_pred", num_classes=3, sparse_y_pred=True)
for average in (None, "micro", "macro", "weighted"):
    add("F1Score", "onehot_true", "class_pred", weight="weight", average=average)
    add("FBetaScore", "binary_true", "binary_pred", average=average, beta=2.0, threshold=0.5)
    add("FBetaScore", "onehot_true", "class_ties", average=average, beta=0.5)


def run(case: dict[str, Any]) -> list[np.ndarray]:
    metric = getattr(keras.metrics, case["metric"])(**case["config"])
    results = []
    for step in range(STEPS):
        inputs = [tf.constant(arrays[name][step]) for name in case["inputs"]]
        if case["mask"]:
            inputs[-1]._keras_mask = tf.constant(arrays[case["mask"]][step])
        weight = arrays[case["weight"]][step] if case["weight"] else None
        metric.update_state(*inputs, sample_weight=weight)
        results.append(np.asarray(metric.result()))
    return results


def main() -> None:
    assert keras.__version__ == "3.15.1", keras.__version__
    results = {}
    for i, case in enumerate(cases):
        case["id"] = f"{i:03d}"
        for step, value in enumerate(run(case)):
            results[f"{i:03d}/{step}"] = value
    HERE.mkdir(exist_ok=True)
    np.savez_compressed(HERE / "arrays.npz", **arrays, **results)
    rows = ",\n".join(json.dumps(case) for case in cases)
    (HERE / "cases.json").write_text(f"[\n{rows}\n]\n")
    print(len(cases), "cases")


main()
