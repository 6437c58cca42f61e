"""Whole trainings against those of real Keras 3.15.1: histories, weights, predictions."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import keras
from tests.golden import training_scenarios

GOLDEN = Path(__file__).parents[2] / "golden/training"


def close(found: Any, expected: Any) -> None:
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", sorted(training_scenarios.SCENARIOS))
def test_training_agrees_with_keras(engine: Any, name: str) -> None:
    golden = np.load(GOLDEN / f"{name}.npz")
    facts = json.loads(str(golden["facts"]))
    found = training_scenarios.run(keras, name)
    assert list(found["history"]) == list(facts["history"])
    assert found["epoch"] == facts["epoch"]
    for key, values in facts["history"].items():
        close(found["history"][key], values)
    for i, weight in enumerate(found["weights"]):
        close(weight, golden[f"weight_{i}"])
    for i, prediction in enumerate(found["predictions"]):
        close(prediction, golden[f"prediction_{i}"])
    assert list(found["by_name"]) == list(facts["by_name"])
    close(list(found["by_name"].values()), list(facts["by_name"].values()))
    if not any(
        key.startswith("weighted_") for key in facts["history"]
    ):  # Keras lists such a metric's twin twice
        close(found["evaluate"], facts["evaluate"])
        close(found["train_on_batch"], facts["train_on_batch"])
    assert list(found["test_on_batch"]) == list(facts["test_on_batch"])
    close(list(found["test_on_batch"].values()), list(facts["test_on_batch"].values()))
