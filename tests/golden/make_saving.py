"""Writes the model files of tests/golden/saving with real Keras, and what each model predicts.

    python make_saving.py 3            with keras 3.15.1 on tensorflow
    TF_USE_LEGACY_KERAS=1 python make_saving.py 2     with tf-keras 2.21; names of models after it: only these
    TF_USE_LEGACY_KERAS=1 python make_saving.py 2 cudnn     forms of weights: cudnn_k2.npz

For each model: `<name>_k3.h5`, `.keras` and `.weights.h5`, or `<name>_k2.h5` and `_k2_weights.h5`; beside it `<name>_k?.npz`
with the inputs and outputs, and the outputs after two more training steps from the restored optimizer state. Of `graph` also
the folder `graph_k3`, and `graph_k3.weights.json` with its shards.
"""

import sys
from pathlib import Path

import numpy as np

ERA = sys.argv[1]
if ERA == "3":
    import keras
else:
    import tf_keras as keras

L = keras.layers
HERE = Path(__file__).parent / "saving"
rng = np.random.default_rng(7)


def dense():
    """Dense, BatchNormalization, Dropout, a regularizer; Adam and metrics by name."""
    model = keras.Sequential(
        [
            keras.Input((6,)),
            L.Dense(5, activation="relu", kernel_regularizer="l2", name="first"),
            L.BatchNormalization(name="norm"),
            L.Dropout(0.3, name="drop"),
            L.Dense(3, activation="softmax", name="probabilities"),
        ],
        name="dense_model",
    )
    model.compile(keras.optimizers.Adam(1e-2), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model, rng.normal(size=(8, 6)).astype("f"), rng.integers(0, 3, 8)


def conv():
    """Images: convolutions of several kinds, pooling, transposed convolution."""
    x = keras.Input((8, 8, 2), name="image")
    y = L.Conv2D(4, 3, padding="same", activation="relu", name="c1")(x)
    y = L.DepthwiseConv2D(3, strides=2, padding="same", name="dw")(y)
    y = L.SeparableConv2D(3, 3, padding="same", name="sep")(y)
    y = L.Conv2DTranspose(2, 2, strides=2, name="up")(y)
    y = L.MaxPooling2D(2, name="pool")(y)
    y = L.LayerNormalization(name="ln")(y)
    y = L.ZeroPadding2D(1, name="pad")(y)
    y = L.GlobalAveragePooling2D(name="gap")(y)
    model = keras.Model(x, L.Dense(2, name="out")(y), name="conv_model")
    model.compile(keras.optimizers.RMSprop(1e-3), "mse", metrics=["mae"])
    return model, rng.normal(size=(4, 8, 8, 2)).astype("f"), rng.normal(size=(4, 2)).astype("f")


def recurrent():
    """Embedding with mask, Bidirectional LSTM, GRU, SimpleRNN, TimeDistributed; SGD with a schedule."""
    x = keras.Input((5,), dtype="int32", name="words")
    y = L.Embedding(11, 4, mask_zero=True, name="emb")(x)
    y = L.Bidirectional(L.LSTM(3, return_sequences=True), name="bi")(y)
    y = L.TimeDistributed(L.Dense(4), name="td")(y)
    y = L.GRU(3, return_sequences=True, name="gru")(y)
    y = L.SimpleRNN(3, name="rnn")(y)
    model = keras.Model(x, L.Dense(1, activation="sigmoid", name="out")(y), name="recurrent_model")
    rate = keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.9)
    model.compile(keras.optimizers.SGD(rate, momentum=0.9), "binary_crossentropy")
    return model, rng.integers(0, 11, (6, 5)).astype("int32"), rng.integers(0, 2, (6, 1)).astype("f")


def graph():
    """Two inputs and outputs, a shared layer, a nested model used twice, merging, attention, operators on tensors."""
    a, b = keras.Input((6,), name="a"), keras.Input((6,), name="b")
    shared = L.Dense(4, activation="tanh", name="shared")
    inner = keras.Sequential(
        [keras.Input((4,)), L.Dense(4, name="inner_dense"), L.BatchNormalization(name="inner_norm")],
        name="inner",
    )
    x, y = inner(shared(a)), inner(shared(b))
    z = L.Concatenate(name="cat")([x, y])
    z = L.Reshape((2, 4), name="rows")(z)
    z = L.MultiHeadAttention(2, 3, name="mha")(z, z)
    z = L.Flatten(name="flat")(z)
    z = z * 2.0 + z[:, :1]
    z = L.Add(name="sum_up")([z, L.Concatenate(name="cat2")([x, y])])
    model = keras.Model(
        [a, b],
        [L.Dense(2, name="p")(z), L.Dense(1, name="q")(L.Dot(axes=1, name="dot")([x, y]))],
        name="graph_model",
    )
    model.compile(keras.optimizers.AdamW(1e-2), ["mse", keras.losses.Huber()], loss_weights=[1.0, 0.5])
    inputs = [rng.normal(size=(4, 6)).astype("f") for _ in range(2)]
    return model, inputs, [rng.normal(size=(4, 2)).astype("f"), rng.normal(size=(4, 1)).astype("f")]


def hard():
    """What Keras 2 alone has: its hard_sigmoid, in recurrent layers too, and a rate that decays."""
    model = keras.Sequential(
        [
            keras.Input((5, 3)),
            L.LSTM(4, recurrent_activation="hard_sigmoid", return_sequences=True, name="lstm"),
            L.GRU(
                3, recurrent_activation="hard_sigmoid", reset_after=False, return_sequences=True, name="gru"
            ),
            L.Reshape((5, 3, 1), name="pictures"),
            L.TimeDistributed(L.Activation("hard_sigmoid"), name="each"),
            L.ConvLSTM1D(2, 2, name="film"),
            L.Flatten(name="flat"),
            L.Dense(2, activation="hard_sigmoid", name="out"),
        ],
        name="hard_model",
    )
    model.compile(keras.optimizers.legacy.SGD(0.1, momentum=0.9, decay=0.5), "mse")
    return model, rng.normal(size=(6, 5, 3)).astype("f"), rng.normal(size=(6, 2)).astype("f")


def cudnn():
    """Weights of LSTM and GRU, and in what form `CuDNNLSTM` and `CuDNNGRU` keep them, by what tf-keras has for the way."""
    from tf_keras.src.saving.legacy.hdf5_format import _convert_rnn_weights

    arrays = {}
    for kind, gates in (("LSTM", 4), ("GRU", 3)):
        bias = (2, 6) if kind == "GRU" else (8,)
        plain = [rng.normal(size=s).astype("f") for s in ((3, 2 * gates), (2, 2 * gates), bias)]
        target = type(f"CuDNN{kind}", (), {})()
        arrays |= {f"{kind}{i}": w for i, w in enumerate(plain)}
        arrays |= {f"CuDNN{kind}{i}": w for i, w in enumerate(_convert_rnn_weights(target, plain))}
    np.savez_compressed(HERE / "cudnn_k2.npz", **arrays)


if ERA == "2" and "cudnn" in sys.argv[2:]:
    cudnn()
    sys.exit()
MODELS = {f.__name__: f for f in (dense, conv, recurrent, graph, *([hard] if ERA == "2" else []))}
for make in (MODELS[name] for name in sys.argv[2:] or MODELS):
    keras.utils.set_random_seed(3)
    model, x, y = make()
    name = f"{make.__name__}_k{ERA}"
    model.fit(x, y, epochs=2, batch_size=4, verbose=0, shuffle=False)
    outputs = model.predict(x, verbose=0)
    if (
        ERA == "3"
    ):  # before .h5: Keras 3.15.1's HDF5 writer drops the optimizer from the model's compile arguments
        model.save(HERE / f"{name}.keras")
        model.save_weights(HERE / f"{name}.weights.h5")
        if make is graph:
            model.save(HERE / name, zipped=False)
            model.save_weights(HERE / f"{name}.weights.json", max_shard_size=1200 / 1024**3)
    else:
        model.save_weights(HERE / f"{name}_weights.h5")
    model.save(HERE / f"{name}.h5")
    losses = [float(model.evaluate(x, y, verbose=0, return_dict=True)["loss"])]
    if make is not dense:  # dropout would make the next steps random
        losses += [float(model.train_on_batch(x, y, return_dict=True)["loss"]) for _ in range(3)]
    flat = lambda t: t if isinstance(t, list) else [t]  # noqa: E731
    arrays = {f"x{i}": v for i, v in enumerate(flat(x))} | {f"y{i}": v for i, v in enumerate(flat(y))}
    arrays |= {f"out{i}": v for i, v in enumerate(flat(outputs))}
    np.savez_compressed(HERE / f"{name}.npz", losses=losses, **arrays)
    (HERE / f"{name}.json").write_text(model.to_json())
    print(name, losses)
