"""Twenty steps of every optimizer against real Keras 3.15.1 (tests/golden/make_optimizers.py)."""

import json
from pathlib import Path

import numpy as np
import pytest

from keras import Variable, ops, optimizers
from keras.backend.tracing import Compiled
from keras.optimizers import schedules

GOLDEN = Path(__file__).parents[2] / "golden" / "optimizers"
ARRAYS = dict(np.load(GOLDEN / "arrays.npz"))
CASES = json.loads((GOLDEN / "cases.json").read_text())
SCHEDULES = json.loads((GOLDEN / "schedules.json").read_text())
SHAPES = {"dense_kernel": (3, 4), "dense_bias": (4,), "conv_kernel": (2, 2, 3, 2), "gain": ()}
STEPS, KEPT = 20, (1, 2, 5, 20)


def name_of(case):
    return "-".join([case["id"], case["optimizer"], *case["config"]])


def make(case):
    config = {k: v for k, v in case["config"].items() if k not in ("inner", "infinite")}
    if isinstance(config.get("learning_rate"), dict):
        config["learning_rate"] = schedules.deserialize(config["learning_rate"])
    if "inner" in case["config"]:
        config["inner_optimizer"] = getattr(optimizers, case["config"]["inner"])(learning_rate=0.05)
    optimizer = getattr(optimizers, case["optimizer"])(**config)
    if case["excluded"]:
        optimizer.exclude_from_weight_decay(var_names=case["excluded"])
    return optimizer


def flat(variables):
    return np.concatenate([np.ravel(v.numpy()).astype("float32") for v in variables])


def run(case, wrap):
    optimizer = make(case)
    variables = [Variable(ARRAYS[f"start/{n}"], name=n) for n in SHAPES]
    optimizer.build(variables)

    def step(grads):
        optimizer.apply(grads, variables)
        return 0

    step = wrap(step)
    for i in range(STEPS):
        grads = [ARRAYS[f"grads/{n}"][i] for n in SHAPES]
        if case["config"].get("infinite"):
            grads[1] = ARRAYS["infinite/dense_bias"][i]
        step([ops.convert_to_tensor(g) for g in grads])
        if i + 1 in KEPT:
            expected = ARRAYS[f"{case['id']}/{i + 1}"]
            np.testing.assert_allclose(
                flat(variables), expected, rtol=1e-5, atol=1e-6, err_msg=f"step {i + 1}"
            )
    return optimizer


def check_slots(case, optimizer):
    """Files keep these variables by number and, in the older layout, by name."""
    assert [list(v.shape) for v in optimizer.variables] == [shape for _, shape in case["slots"]]
    for variable, (path, _) in zip(optimizer.variables, case["slots"], strict=True):
        if case["optimizer"] != "Adafactor" and not path.endswith("nadam/variable"):
            assert variable.path.split("/")[-1] == path.split("/")[-1]
    expected = ARRAYS[f"{case['id']}/slots"]
    atol = 1e-6 * max(1.0, np.abs(expected[2:]).max(initial=0.0))  # sums of large terms that nearly cancel
    np.testing.assert_allclose(flat(optimizer.variables), expected, rtol=1e-5, atol=atol)


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_twenty_steps(engine, case):
    check_slots(case, run(case, lambda step: step))


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_twenty_steps_compiled(engine, case):
    run(case, Compiled)


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_config_round_trip(case):
    optimizer = make(case)
    again = optimizers.deserialize(json.loads(json.dumps(optimizers.serialize(optimizer))))
    assert type(again) is type(optimizer)
    assert again.get_config() == optimizer.get_config()


@pytest.mark.parametrize("row", SCHEDULES, ids=lambda r: f"{r['schedule']}-{r['id']}")
def test_schedule(engine, row):
    schedule = getattr(schedules, row["schedule"])(**row["config"])
    got = [float(schedule(ops.convert_to_tensor(i))) for i in range(STEPS)]
    np.testing.assert_allclose(got, ARRAYS[f"schedule/{row['id']}"], rtol=1e-5, atol=1e-7)
    assert schedules.deserialize(schedules.serialize(schedule)).get_config() == schedule.get_config()
