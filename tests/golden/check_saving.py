"""Shows that real Keras reads what this library writes. Two steps, each in its own environment:

python check_saving.py write DIR        with this library: loads the golden models, saves them in every format
python check_saving.py read3 DIR        with keras 3.15.1
TF_USE_LEGACY_KERAS=1 python check_saving.py read2 DIR        with tf-keras 2.21
"""

import sys
from pathlib import Path

import numpy as np

STEP, DIR = sys.argv[1], Path(sys.argv[2])
GOLDEN = Path(__file__).parent / "saving"
NAMES = ("dense", "conv", "recurrent", "graph")


def data(name):
    with np.load(GOLDEN / f"{name}.npz") as f:
        return {
            p: [f[k] for k in sorted(f) if k.startswith(p) and k[len(p) :].isdigit()]
            for p in ("x", "y", "out")
        }, f["losses"]


def compare(path, model, name):
    parts, losses = data(name)
    one = lambda a: a[0] if len(a) == 1 else a  # noqa: E731
    got = model.predict(one(parts["x"]), verbose=0)
    worst = max(
        float(np.abs(a - b).max())
        for a, b in zip(got if isinstance(got, list) else [got], parts["out"], strict=True)
    )
    line = f"{path.name:28} largest difference of predictions {worst:.1e}"
    if (
        getattr(model, "optimizer", None) is not None
        and not name.startswith("dense")
        and (STEP == "read2" or path.suffix in (".keras", ""))
    ):
        # (Keras 3.15.1 cannot train on from a functional `.h5`, its own included: "Unknown variable".)
        steps = [
            float(model.train_on_batch(one(parts["x"]), one(parts["y"]), return_dict=True)["loss"])
            for _ in losses[1:]
        ]
        line += f", of losses while training on {np.abs(np.array(steps) - losses[1:]).max():.1e}"
    print(line)


if STEP == "write":
    import keras

    for n in NAMES:
        for era in ("k2", "k3"):
            model = keras.models.load_model(GOLDEN / f"{n}_{era}.h5")
            model.save(DIR / f"{n}_{era}_3.h5")
            model.save(DIR / f"{n}_{era}_3.keras")
            model.save(DIR / f"{n}_{era}_2.h5", layout="keras2")
            model.save_weights(DIR / f"{n}_{era}.weights.h5")
            model.save(DIR / f"{n}_{era}_3", zipped=False)
            model.save_weights(DIR / f"{n}_{era}.weights.json", max_shard_size=800 / 1024**3)
elif STEP == "read3":
    import keras

    for path in sorted([*DIR.glob("*_3.h5"), *DIR.glob("*.keras"), *DIR.glob("*_3")]):
        try:
            compare(path, keras.models.load_model(path), path.name[: path.name.index("_3")])
        except (
            ValueError
        ) as error:  # Keras 3.15.1 cannot read ops in a functional `.h5`, its own files included
            if path.suffix != ".h5" or "Unknown layer" not in str(error):
                raise
            print(f"{path.name:28} not readable by Keras 3.15.1: {str(error)[:40]}")
    for path in sorted([*DIR.glob("*_k?.weights.h5"), *DIR.glob("*.weights.json")]):
        name = path.name.removesuffix(".weights.h5").removesuffix(".weights.json")
        model = keras.models.load_model(DIR / f"{name}_3.keras", compile=False)
        for w in model.weights:
            w.assign(np.zeros(w.shape))
        model.load_weights(path)
        compare(path, model, name)
else:
    import tf_keras

    for path in sorted(DIR.glob("*_2.h5")):
        compare(path, tf_keras.models.load_model(path), path.name[: path.name.index("_2")])
