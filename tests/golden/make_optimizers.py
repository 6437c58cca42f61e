"""Twenty steps of every optimizer, and all schedules, from real Keras 3.15.1: `tests/golden/optimizers/`.

`cases.json` names classes and arguments; `arrays.npz` holds the start values and gradients, and per case the variables
after some steps (`<id>/<step>`) and the optimizer's own variables at the end (`<id>/slots`), in its order, all
flattened into one vector; a case's `slots` are their paths and shapes. Run with `KERAS_BACKEND=tensorflow` in an
environment holding Keras 3.15.1, outside the repository's root.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np

import keras

HERE = Path(__file__).parent / "optimizers"
STEPS = 20
KEPT = (1, 2, 5, 20)
SHAPES = {"dense_kernel": (3, 4), "dense_bias": (4,), "conv_kernel": (2, 2, 3, 2), "gain": ()}
rng = np.random.default_rng(2)

arrays: dict[str, np.ndarray] = {}
for name, shape in SHAPES.items():
    arrays[f"start/{name}"] = rng.normal(size=shape).astype("float32")
    grads = rng.normal(size=(STEPS, *shape)) * rng.choice([0.01, 1.0, 10.0], (STEPS,) + (1,) * len(shape))
    grads[3] = 0.0
    arrays[f"grads/{name}"] = grads.astype("float32")
infinite = arrays["grads/dense_bias"].copy()
infinite[[2, 9], 1] = np.inf, np.nan
arrays["infinite/dense_bias"] = infinite

CASES: list[tuple[str, dict[str, Any]]] = [
    ("SGD", {}),
    ("SGD", {"learning_rate": 0.1, "momentum": 0.9}),
    ("SGD", {"learning_rate": 0.1, "momentum": 0.9, "nesterov": True}),
    ("SGD", {"clipnorm": 0.5}),
    ("SGD", {"clipvalue": 0.3}),
    ("SGD", {"global_clipnorm": 0.7}),
    ("SGD", {"momentum": 0.5, "weight_decay": 0.1}),
    ("SGD", {"use_ema": True, "ema_momentum": 0.8}),
    ("SGD", {"use_ema": True, "ema_momentum": 0.8, "ema_overwrite_frequency": 3}),
    ("SGD", {"momentum": 0.9, "gradient_accumulation_steps": 3}),
    ("SGD", {"momentum": 0.9, "gradient_accumulation_steps": 4, "clipnorm": 0.5, "weight_decay": 0.01}),
    (
        "SGD",
        {
            "gradient_accumulation_steps": 3,
            "use_ema": True,
            "ema_momentum": 0.8,
            "ema_overwrite_frequency": 2,
        },
    ),
    ("SGD", {"loss_scale_factor": 8.0, "momentum": 0.9}),
    ("RMSprop", {}),
    ("RMSprop", {"learning_rate": 0.01, "rho": 0.8, "momentum": 0.5}),
    ("RMSprop", {"learning_rate": 0.01, "centered": True}),
    ("RMSprop", {"learning_rate": 0.01, "centered": True, "momentum": 0.5, "epsilon": 1e-3}),
    ("Adam", {}),
    ("Adam", {"learning_rate": 0.05, "beta_1": 0.8, "beta_2": 0.95, "epsilon": 1e-3}),
    ("Adam", {"learning_rate": 0.05, "amsgrad": True}),
    ("Adam", {"learning_rate": 0.05, "weight_decay": 0.1, "global_clipnorm": 1.0}),
    ("Adam", {"learning_rate": 0.05, "gradient_accumulation_steps": 3}),
    ("AdamW", {}),
    ("AdamW", {"learning_rate": 0.05, "weight_decay": 0.1, "amsgrad": True}),
    ("Adagrad", {"learning_rate": 0.1}),
    ("Adagrad", {"learning_rate": 0.1, "initial_accumulator_value": 0.5, "weight_decay": 0.01}),
    ("Adadelta", {"learning_rate": 1.0}),
    ("Adadelta", {"learning_rate": 0.5, "rho": 0.8}),
    ("Adamax", {"learning_rate": 0.05}),
    ("Nadam", {"learning_rate": 0.05}),
    ("Ftrl", {"learning_rate": 0.1}),
    (
        "Ftrl",
        {
            "learning_rate": 0.1,
            "l1_regularization_strength": 0.05,
            "l2_regularization_strength": 0.1,
            "l2_shrinkage_regularization_strength": 0.02,
            "beta": 0.3,
        },
    ),
    ("Lion", {"learning_rate": 0.01}),
    ("Lion", {"learning_rate": 0.01, "weight_decay": 0.1}),
    ("Lamb", {"learning_rate": 0.05}),
    ("Lamb", {"learning_rate": 0.05, "weight_decay": 0.1}),
    ("Adafactor", {}),
    ("Adafactor", {"learning_rate": 0.05, "relative_step": False, "clip_threshold": 0.5}),
    ("Muon", {"learning_rate": 0.01}),
    ("Muon", {"learning_rate": 0.01, "nesterov": False, "rms_rate": None, "adam_lr_ratio": 0.5}),
    ("Muon", {"learning_rate": 0.01, "exclude_layers": ["dense"], "weight_decay": 0.1}),
    ("LossScaleOptimizer", {"inner": "SGD", "initial_scale": 4.0, "dynamic_growth_steps": 5}),
    (
        "LossScaleOptimizer",
        {"inner": "Adam", "initial_scale": 4.0, "dynamic_growth_steps": 5, "infinite": True},
    ),
    ("Adafactor", {"learning_rate": 0.5, "relative_step": False, "beta_2_decay": -0.65}),
]

SCHEDULES: list[tuple[str, dict[str, Any]]] = [
    ("ExponentialDecay", {"initial_learning_rate": 0.1, "decay_steps": 4, "decay_rate": 0.5}),
    (
        "ExponentialDecay",
        {"initial_learning_rate": 0.1, "decay_steps": 4, "decay_rate": 0.5, "staircase": True},
    ),
    ("PiecewiseConstantDecay", {"boundaries": [3, 10], "values": [0.1, 0.05, 0.01]}),
    (
        "PolynomialDecay",
        {"initial_learning_rate": 0.1, "decay_steps": 7, "end_learning_rate": 0.01, "power": 2.0},
    ),
    ("PolynomialDecay", {"initial_learning_rate": 0.1, "decay_steps": 7, "cycle": True}),
    ("InverseTimeDecay", {"initial_learning_rate": 0.1, "decay_steps": 3, "decay_rate": 0.5}),
    (
        "InverseTimeDecay",
        {"initial_learning_rate": 0.1, "decay_steps": 3, "decay_rate": 0.5, "staircase": True},
    ),
    ("CosineDecay", {"initial_learning_rate": 0.1, "decay_steps": 12, "alpha": 0.1}),
    (
        "CosineDecay",
        {"initial_learning_rate": 0.0, "decay_steps": 8, "warmup_target": 0.1, "warmup_steps": 5},
    ),
    ("CosineDecayRestarts", {"initial_learning_rate": 0.1, "first_decay_steps": 3}),
    (
        "CosineDecayRestarts",
        {"initial_learning_rate": 0.1, "first_decay_steps": 4, "t_mul": 1.0, "m_mul": 0.9},
    ),
    (
        "CosineDecayRestarts",
        {"initial_learning_rate": 0.1, "first_decay_steps": 3, "t_mul": 1.5, "alpha": 0.2},
    ),
]
for schedule in (0, 2, 7):
    name, arguments = SCHEDULES[schedule]
    rate = {"class_name": name, "config": arguments}
    CASES += [("SGD", {"learning_rate": rate, "momentum": 0.9}), ("Adam", {"learning_rate": rate})]
EXCLUDED = [("AdamW", {"learning_rate": 0.05, "weight_decay": 0.1}, ["bias", "gain"])]


def make(name: str, config: dict[str, Any]) -> Any:
    config = dict(config)
    config.pop("infinite", None)
    if isinstance(config.get("learning_rate"), dict):
        config["learning_rate"] = keras.optimizers.schedules.deserialize(config["learning_rate"])
    if "inner" in config:
        config["inner_optimizer"] = getattr(keras.optimizers, config.pop("inner"))(learning_rate=0.05)
    return getattr(keras.optimizers, name)(**config)


def flat(variables: list[Any]) -> np.ndarray:
    return np.concatenate([np.ravel(v.numpy()).astype("float32") for v in variables])


def run(
    key: str, name: str, config: dict[str, Any], excluded: list[str]
) -> tuple[dict[str, np.ndarray], list[Any]]:
    variables = [keras.Variable(arrays[f"start/{n}"], name=n) for n in SHAPES]
    optimizer = make(name, config)
    if excluded:
        optimizer.exclude_from_weight_decay(var_names=excluded)
    kept = {}
    for step in range(STEPS):
        grads = [arrays[f"grads/{n}"][step] for n in SHAPES]
        if config.get("infinite"):
            grads[1] = arrays["infinite/dense_bias"][step]
        optimizer.apply([keras.ops.convert_to_tensor(g) for g in grads], variables)
        if step + 1 in KEPT:
            kept[f"{key}/{step + 1}"] = flat(variables)
    kept[f"{key}/slots"] = flat(optimizer.variables)
    return kept, [[v.path, list(v.shape)] for v in optimizer.variables]


def main() -> None:
    assert keras.__version__ == "3.15.1", keras.__version__
    results: dict[str, np.ndarray] = {}
    cases = []
    for i, (name, config, *excluded) in enumerate([*CASES, *EXCLUDED]):
        key = f"{i:03d}"
        left_out = excluded[0] if excluded else []
        kept, slots = run(key, name, config, left_out)
        results.update(kept)
        cases.append({"id": key, "optimizer": name, "config": config, "excluded": left_out, "slots": slots})
    schedules = []
    for i, (name, config) in enumerate(SCHEDULES):
        schedule = getattr(keras.optimizers.schedules, name)(**config)
        results[f"schedule/{i}"] = np.array([np.asarray(schedule(step)) for step in range(STEPS)], "float32")
        schedules.append({"id": i, "schedule": name, "config": config})
    HERE.mkdir(exist_ok=True)
    np.savez_compressed(HERE / "arrays.npz", **arrays, **results)
    for file, rows in (("cases.json", cases), ("schedules.json", schedules)):
        (HERE / file).write_text("[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n")
    print(len(cases), "cases")


main()
