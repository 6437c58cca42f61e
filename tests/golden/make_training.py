"""Trainings and callbacks as real Keras 3.15.1 runs them. Run outside the repository with that Keras installed:

python /path/to/tests/golden/make_training.py
"""

import json
import os
from pathlib import Path

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import callback_scenarios
import numpy as np
import training_scenarios

import keras

TARGET = Path(__file__).with_name("training")


def main() -> None:
    assert keras.__version__ == "3.15.1"
    TARGET.mkdir(exist_ok=True)
    for name in training_scenarios.SCENARIOS:
        found = training_scenarios.run(keras, name)
        arrays = {f"weight_{i}": w for i, w in enumerate(found.pop("weights"))}
        arrays |= {f"prediction_{i}": p for i, p in enumerate(found.pop("predictions"))}
        np.savez_compressed(TARGET / f"{name}.npz", facts=np.array(json.dumps(found)), **arrays)
        print(name, {k: v[-1] for k, v in found["history"].items()})
    results = callback_scenarios.run(keras)
    (TARGET / "callbacks.json").write_text(json.dumps(results, indent=0) + "\n", "utf-8")


if __name__ == "__main__":
    main()
