"""Callbacks fed with made-up results, run with real Keras (by make_training.py) and with ours (by the tests)."""

from typing import Any

import numpy as np

CURVES = {
    "falls": [1.0, 0.8, 0.6, 0.5, 0.45, 0.44],
    "plateau": [1.0, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5],
    "rises": [0.5, 0.6, 0.7, 0.8, 0.9],
    "wiggles": [1.0, 0.7, 0.9, 0.65, 0.66, 0.67, 0.6, 0.61, 0.62, 0.63],
    "nan": [1.0, float("nan"), 0.5, float("nan"), float("nan"), float("nan")],
}

STOPPING: dict[str, dict[str, Any]] = {
    "plain": {},
    "patience": {"patience": 2},
    "delta": {"patience": 1, "min_delta": 0.15},
    "baseline": {"patience": 2, "baseline": 0.55},
    "start": {"start_from_epoch": 3},
    "restore": {"patience": 2, "restore_best_weights": True},
    "restore_baseline": {"patience": 1, "restore_best_weights": True, "baseline": 0.1},
    "restore_start": {"patience": 1, "restore_best_weights": True, "start_from_epoch": 2},
    "max": {"patience": 1, "mode": "max", "restore_best_weights": True},
}

PLATEAU: dict[str, dict[str, Any]] = {
    "plain": {"patience": 1},
    "factor": {"patience": 2, "factor": 0.5},
    "cooldown": {"patience": 1, "cooldown": 2, "factor": 0.5},
    "floor": {"patience": 1, "factor": 0.1, "min_lr": 0.005},
    "delta": {"patience": 1, "min_delta": 0.3},
    "max": {"patience": 1, "mode": "max"},
}

CHECKPOINT: dict[str, dict[str, Any]] = {
    "every": {},
    "best": {"save_best_only": True},
    "best_max": {"save_best_only": True, "mode": "max"},
    "threshold": {"save_best_only": True, "initial_value_threshold": 0.55},
    "batches": {"save_freq": 3},
}


class Optimizer:
    learning_rate = np.array(0.1, "float32")


class Model:
    """Stands for a model: its weights are the number of the epoch."""

    def __init__(self) -> None:
        self.stop_training = False
        self.optimizer = Optimizer()
        self.weights_now = -1
        self.metrics: list[Any] = []
        self.saved: list[str] = []

    def get_weights(self) -> list[Any]:
        return [self.weights_now]

    def set_weights(self, weights: list[Any]) -> None:
        self.weights_now = weights[0]

    def save(self, path: str, overwrite: bool = True, **_: Any) -> None:
        self.saved.append(path)

    save_weights = save


def _fed(callback: Any, curve: list[float], batches: int = 4) -> tuple[Model, list[dict[str, Any]]]:
    model, seen = Model(), []
    callback.set_model(model)
    callback.set_params({"epochs": len(curve), "steps": batches, "verbose": 0})
    callback.on_train_begin()
    for epoch, value in enumerate(curve):
        callback.on_epoch_begin(epoch, {})
        model.weights_now = epoch
        for batch in range(batches):
            callback.on_train_batch_begin(batch, {})
            callback.on_train_batch_end(batch, {"loss": value, "val_loss": value + batch})
        logs = {"loss": value, "val_loss": value}
        callback.on_epoch_end(epoch, logs)
        seen.append({**logs, "rate": float(np.asarray(model.optimizer.learning_rate))})
        if model.stop_training:
            break
    callback.on_train_end()
    return model, seen


def run(keras: Any) -> dict[str, Any]:
    """Every callback of the tables with every curve: what it did."""
    callbacks = keras.callbacks
    found: dict[str, Any] = {}
    for curve, values in CURVES.items():
        for case, arguments in STOPPING.items():
            model, seen = _fed(callbacks.EarlyStopping(**arguments), values)
            found[f"stopping/{case}/{curve}"] = [len(seen), model.weights_now]
        for case, arguments in PLATEAU.items():
            _, seen = _fed(callbacks.ReduceLROnPlateau(**arguments), values)
            found[f"plateau/{case}/{curve}"] = [round(s["rate"], 9) for s in seen]
        for case, arguments in CHECKPOINT.items():
            name = "e{epoch}.weights.h5" if "batches" not in case else "e{epoch}-b{batch}.weights.h5"
            model, _ = _fed(callbacks.ModelCheckpoint(name, save_weights_only=True, **arguments), values)
            found[f"checkpoint/{case}/{curve}"] = model.saved
    return found
