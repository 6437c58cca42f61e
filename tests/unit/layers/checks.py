"""`check_layer`: everything that must hold for a layer, in one call. A new layer's test is one row that uses it."""

import json
from typing import Any

import numpy as np

import keras
from keras import layers, ops, tree
from keras.backend.masks import get_mask
from keras.backend.select import current
from keras.backend.tracing import Compiled
from tests.golden.layers.cases import Case


def make(case: Case, **more: Any) -> Any:
    """The layer of a row."""

    def argument(value: Any) -> Any:
        if isinstance(value, tuple) and value and isinstance(value[0], str):
            inner = {k: argument(v) for k, v in value[1].items()}
            return getattr(layers, value[0])(**inner, **({"dtype": more["dtype"]} if "dtype" in more else {}))
        return [argument(v) for v in value] if isinstance(value, list) else value

    options = {name: argument(value) for name, value in case.kwargs.items()}
    return getattr(layers, case.layer)(**options, **{"name": "layer", **more})


def close(actual: Any, expected: Any, tolerance: float = 1e-5, what: str = "", floor: float = 1e-3) -> None:
    """Equal up to a tolerance relative to the largest number, or to `floor` where that is larger."""
    actual, expected = np.asarray(ops.convert_to_numpy(actual), "float64"), np.asarray(expected, "float64")
    assert actual.shape == expected.shape, f"{what}: shape {actual.shape}, expected {expected.shape}"
    scale = max(np.abs(expected).max(initial=0.0), floor)
    np.testing.assert_allclose(actual, expected, rtol=tolerance, atol=tolerance * scale, err_msg=what)


def call(case: Case, layer: Any, xs: Any, **replaced: Any) -> list[Any]:
    """The layer's outputs for a row's arguments."""
    args, options = case.call_with(xs, **{**case.call_options(), **replaced})
    return tree.flatten(layer(*args, **options))


def equal(a: list[Any], b: list[Any]) -> None:
    for x, y in zip(a, b, strict=True):
        np.testing.assert_array_equal(ops.convert_to_numpy(x), ops.convert_to_numpy(y))


def check_layer(case: Case, golden: dict[str, np.ndarray] | None = None) -> None:
    """Run a row on the engine in force.

    Checks that the symbolic output has the shape and dtype of the real one, that config and weights make an equal
    layer, that a call is repeatable without training, that masks and half precision pass through, that gradients
    exist and are finite, and, with `golden`, that outputs, gradients and moving statistics are those of Keras.

    Args:
        case: layer, arguments, shapes.
        golden: arrays from Keras by name: `y`, `dx0`, `dw0`, `w0`, ...
    """
    layer = make(case)
    xs = [ops.convert_to_tensor(x) for x in case.inputs()]
    layer.build(*case.build_shapes)
    layer.set_weights(case.weights([(w.name, w.shape) for w in layer.weights]))
    start = layer.get_weights()

    ys = call(case, layer, xs)
    check_spec(case, ys)
    layer.set_weights(start)
    names, step = differentiated(case, layer, xs)
    for how, run in (("eager", step), ("compiled", Compiled(step))):
        outputs, gradients = run(*xs)
        assert [ops.shape(a) for a in outputs] == [ops.shape(b) for b in ys]
        check_numbers(case, layer, outputs, dict(zip(names, gradients, strict=True)), golden, how)
        layer.set_weights(start)
    check_copy(case, layer, xs)
    check_repeatable(case, layer, xs)
    check_mask(case, layer, xs)
    check_half_precision(case, ys)


def check_spec(case: Case, ys: list[Any]) -> None:
    """With the batch unknown, and with it known, the symbolic outputs are like the real ones."""

    def symbol(shape: Any, dtype: str, batch: bool) -> Any:
        return keras.Input(batch_shape=shape if batch else (None, *shape[1:]), dtype=dtype)

    for batch in (False, True):
        xs = [symbol(x.shape, x.dtype.name, batch) for x in case.inputs()]
        masks = tree.map_structure(
            lambda m, batch=batch: symbol(m.shape, "bool", batch) if isinstance(m, np.ndarray) else m,
            case.call_options(),
        )
        specs = call(case, make(case), xs, **masks)
        for spec, y in zip(specs, ys, strict=True):
            shape, dtype = current().spec(y)
            assert spec.dtype == dtype, f"symbolic dtype {spec.dtype}, real {dtype}"
            expected = shape if batch else (None, *shape[1:])
            assert spec.shape == expected, f"symbolic shape {spec.shape}, real {shape}"


def differentiated(case: Case, layer: Any, xs: list[Any]) -> tuple[list[str], Any]:
    """Names of the gradients of `sum(y * weighting)`, and the step that computes output and gradients."""
    floats = [i for i, x in enumerate(case.inputs()) if x.dtype.kind == "f"]
    variables = list(layer.trainable_weights)

    def step(*xs: Any) -> Any:
        def loss(*given: Any) -> Any:
            inputs = list(xs)
            for i, x in zip(floats, given, strict=True):
                inputs[i] = x
            ys = call(case, layer, inputs)
            return sum(ops.sum(ops.multiply(y, case.weighting(ops.shape(y)))) for y in ys), ys

        (_, ys), gradients = ops.value_and_grad(loss, [xs[i] for i in floats] + variables, has_aux=True)
        return ys, gradients

    return [f"dx{i}" for i in range(len(floats))] + [f"dw{i}" for i in range(len(variables))], step


def check_numbers(
    case: Case,
    layer: Any,
    ys: list[Any],
    gradients: dict[str, Any],
    golden: dict[str, np.ndarray] | None,
    how: str,
) -> None:
    """Finite without golden numbers, else those of Keras: output, gradients, and weights moved by training."""
    outputs = {f"y{i or ''}": y for i, y in enumerate(ys)}
    if golden is None:
        for name, value in {**outputs, **gradients}.items():
            assert value is None or np.isfinite(ops.convert_to_numpy(value)).all(), (
                f"{name} is not finite ({how})"
            )
        return
    for name, y in outputs.items():
        close(y, golden[name], case.tolerance, f"output {name} ({how})")
    # Some gradients are sums that cancel, as that of a bias before a softmax: noise of the size of the others.
    floor = 0.1 * max((np.abs(golden[name]).max() for name in gradients if name in golden), default=0.0)
    for name, value in gradients.items():
        assert (value is None) == (name not in golden), f"gradient {name} ({how}) is None: {value is None}"
        if value is not None:
            close(value, golden[name], 2 * case.tolerance, f"gradient {name} ({how})", max(floor, 1e-3))
    for i, w in enumerate(layer.non_trainable_weights if case.training else []):
        close(w.numpy(), golden[f"w{i}"], case.tolerance, f"{w.path} ({how})")


def check_copy(case: Case, layer: Any, xs: list[Any]) -> None:
    """Config and weights make an equal layer."""
    config = json.loads(json.dumps(layer.get_config()))
    copy = type(layer).from_config(config)
    copy.build_from_config(json.loads(json.dumps(layer.get_build_config())))
    assert json.loads(json.dumps(copy.get_config())) == config
    assert [w.path for w in copy.weights] == [w.path for w in layer.weights]
    copy.set_weights(layer.get_weights())
    equal(*(call(case, each, xs, training=False) for each in (layer, copy)))


def check_repeatable(case: Case, layer: Any, xs: list[Any]) -> None:
    before = layer.get_weights()
    equal(*(call(case, layer, xs, training=False) for _ in range(2)))
    for old, new in zip(before, layer.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def check_mask(case: Case, layer: Any, xs: list[Any]) -> None:
    """A layer that lets masks through and keeps the first two axes gives its output the mask of its input."""
    shapes = case.shapes if case.listed else [case.shapes]
    if type(layer).compute_mask is not layers.Layer.compute_mask or any(len(s) < 3 for s in shapes):
        return
    masked = [layers.Masking(mask_value=99.0)(x) for x in xs]
    args, options = case.call_with(masked)
    got = [get_mask(y) is not None for y in tree.flatten(layer(*args, **options))]
    assert got == [layer.supports_masking], (
        f"supports_masking={layer.supports_masking}, but output masks: {got}"
    )


def check_half_precision(case: Case, ys: list[Any]) -> None:
    """Under mixed precision the output is half precision, the weights single, and the numbers nearly the same."""
    if case.kwargs.get("dtype") is not None:
        return
    layer = make(case, dtype="mixed_float16")
    layer.build(*case.build_shapes)
    layer.set_weights(case.weights([(w.name, w.shape) for w in layer.weights]))
    assert all(w.dtype in ("float32", "int64") for w in layer.weights)
    for half, y in zip(call(case, layer, case.inputs()), ys, strict=True):
        if any(x.dtype.kind == "f" for x in case.inputs()) or layer.weights:
            assert current().spec(half)[1] == "float16"
        close(ops.cast(half, "float32"), ops.convert_to_numpy(y), 2e-2, "half precision")
