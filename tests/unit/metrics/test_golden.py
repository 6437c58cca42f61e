"""Every metric against real Keras 3.15.1, over three updates (tests/golden/make_metrics.py)."""

import json
from pathlib import Path

import numpy as np
import pytest

from keras import metrics, ops
from keras.backend.masks import set_mask
from keras.backend.tracing import Compiled

GOLDEN = Path(__file__).parents[2] / "golden" / "metrics"
ARRAYS = dict(np.load(GOLDEN / "arrays.npz"))
CASES = json.loads((GOLDEN / "cases.json").read_text())
STEPS = 3

pytestmark = pytest.mark.filterwarnings("ignore:io_u.* float sample weights")


def name_of(case):
    return "-".join([case["id"], case["metric"], *map(str, case["config"].values())])


def batch(case, step):
    inputs = [ARRAYS[name][step] for name in case["inputs"]]
    weight = ARRAYS[case["weight"]][step] if case["weight"] else None
    mask = ARRAYS[case["mask"]][step] if case["mask"] else None
    return inputs, weight, mask


def stream(case, run):
    """The results after each update, made by `run(metric.update_state)`."""
    metric = getattr(metrics, case["metric"])(**case["config"])
    inputs, _, _ = batch(case, 0)
    if not metric.built:
        metric.build(inputs[0].shape, inputs[-1].shape)
        metric.built = True

    def update(inputs, weight, mask):
        inputs = [ops.convert_to_tensor(x) for x in inputs]
        if mask is not None:
            set_mask(inputs[-1], ops.convert_to_tensor(mask))
        metric.update_state(*inputs, sample_weight=weight)
        return 0

    update = run(update)
    for step in range(STEPS):
        update(*batch(case, step))
        yield ops.convert_to_numpy(metric.result())


def check(case, results):
    for step, result in enumerate(results):
        expected = ARRAYS[f"{case['id']}/{step}"]
        assert result.shape == expected.shape
        np.testing.assert_allclose(result, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_results(engine, case):
    check(case, stream(case, lambda update: update))


@pytest.mark.parametrize("case", CASES[::3], ids=name_of)
def test_results_compiled(engine, case):
    check(case, stream(case, Compiled))


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_config_round_trip(case):
    metric = getattr(metrics, case["metric"])(**case["config"])
    again = metrics.deserialize(json.loads(json.dumps(metrics.serialize(metric))))
    assert type(again) is type(metric)
    assert again.get_config() == metric.get_config()
    assert {k: metric.get_config()[k] for k in case["config"]} == case["config"]
