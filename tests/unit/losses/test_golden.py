"""Every loss against real Keras 3.15.1: values and gradients (tests/golden/make_losses.py)."""

import json
from pathlib import Path

import numpy as np
import pytest

from keras import losses, ops
from keras.backend.masks import set_mask

GOLDEN = Path(__file__).parents[2] / "golden" / "losses"
ARRAYS = dict(np.load(GOLDEN / "arrays.npz"))
CASES = json.loads((GOLDEN / "cases.json").read_text())


def name_of(case):
    return "-".join([case["id"], case["loss"], *map(str, case["config"].values())])


def run(case):
    loss = getattr(losses, case["loss"])(**case["config"])
    weight = ARRAYS[case["weight"]] if case["weight"] else None

    def total(pred):
        if case["mask"]:
            set_mask(pred, ops.convert_to_tensor(ARRAYS[case["mask"]]))
        value = loss(ARRAYS[case["true"]], pred, sample_weight=weight)
        return ops.sum(value), value

    pred = ops.convert_to_tensor(ARRAYS[case["pred"]])
    (_, value), (grad,) = ops.value_and_grad(total, [pred], has_aux=True)
    return ops.convert_to_numpy(value), ops.convert_to_numpy(grad)


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_value_and_gradient(engine, case):
    value, grad = run(case)
    np.testing.assert_allclose(value, ARRAYS[case["id"] + "/value"], rtol=1e-5, atol=1e-6)
    expected = ARRAYS[case["id"] + "/grad"]
    np.testing.assert_allclose(grad, expected, rtol=1e-5, atol=1e-5 * max(1e-3, np.abs(expected).max()))


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_config_round_trip(case):
    loss = getattr(losses, case["loss"])(**case["config"])
    again = losses.deserialize(json.loads(json.dumps(losses.serialize(loss))))
    assert type(again) is type(loss)
    assert again.get_config() == loss.get_config()
    assert {k: loss.get_config()[k] for k in case["config"]} == case["config"]
