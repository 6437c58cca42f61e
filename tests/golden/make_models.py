"""Writes tests/golden/models/orders.json: orders of layers and weights, and configs, from real Keras 3.15.1."""

import json
from pathlib import Path

import keras
from keras import layers, ops


def shared_graph():
    a, b = keras.Input((8,), name="a"), keras.Input((8,), name="b")
    dense = layers.Dense(4, name="shared")
    x, y = dense(a), dense(b)
    z = layers.Concatenate(name="cat")([x, y]) * 2.0 + x[:, :1]
    z = ops.mean(ops.reshape(z, (-1, 4, 2)), axis=1, keepdims=True)
    p = layers.Dense(1, name="p")(layers.Dropout(0.5, name="drop")(z))
    q = layers.Dense(3, name="q")(z)
    return keras.Model([a, b], {"first": p, "second": q}, name="net")


def diamond():
    x = keras.Input((4,), name="x")
    left = layers.Dense(4, name="left")(x)
    right = layers.Dense(4, name="right2")(layers.Dense(4, name="right1")(x))
    y = layers.Dense(2, name="top")(layers.Add(name="add")([right, left]))
    return keras.Model(x, [y, left])


found = {}
for make in (shared_graph, diamond):
    keras.backend.clear_session()
    model = make()
    found[make.__name__] = {
        "layers": [x.name for x in model.layers],
        "operations": [x.name for x in model.operations],
        "weights": [v.path for v in model.weights],
        "config": model.get_config(),
    }
Path(__file__).with_name("models").joinpath("orders.json").write_text(json.dumps(found, indent=1))
