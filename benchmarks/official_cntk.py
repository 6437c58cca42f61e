"""The official CNTK 2.7 package in the Python 3.6 it was made for: the MNIST MLP, trained by its own Trainer and Adam.

A worker of `cntk_engine.py`, which starts it. It imports nothing of this folder, which is written for newer Pythons.
"""

import json
import os
import sys
import time

os.environ.setdefault("MKL_DEBUG_CPU_TYPE", "5")  # as the cntk engine does on AMD's processors

import cntk
import numpy as np

BATCH, STEPS = 128, 48


def model():
    x, y = cntk.input_variable(784), cntk.input_variable(10)
    dense = cntk.layers.Dense
    scores = cntk.layers.Sequential([dense(512, cntk.relu), dense(512, cntk.relu), dense(10)])(x)
    rate = cntk.learning_rate_schedule(1e-3, cntk.UnitType.minibatch)
    decay = cntk.momentum_schedule(0.9)
    adam = cntk.adam(scores.parameters, rate, decay, unit_gain=False)
    loss, wrong = cntk.cross_entropy_with_softmax(scores, y), cntk.classification_error(scores, y)
    return x, y, cntk.Trainer(scores, (loss, wrong), [adam])


def main():
    out, sys.stdout = sys.stdout, sys.stderr
    x, y, trainer = model()
    rng = np.random.RandomState(0)
    images = rng.rand(BATCH * STEPS, 784).astype("f")
    targets = np.eye(10, dtype="f")[rng.randint(0, 10, BATCH * STEPS)]

    def epoch():
        order = rng.permutation(BATCH * STEPS).reshape(STEPS, BATCH)
        for rows in order:
            trainer.train_minibatch({x: images[rows], y: targets[rows]})

    for _ in sys.stdin:  # any request is for the time of a step
        wall, cpu = time.perf_counter(), time.process_time()
        epoch()
        found = (time.perf_counter() - wall) / STEPS, (time.process_time() - cpu) / STEPS
        print(json.dumps(found), file=out, flush=True)


if __name__ == "__main__":
    main()
