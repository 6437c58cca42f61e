"""The steps of a model: from a batch to logs, as pure functions of the variables, and how they are compiled.

A step is compiled once per signature of its batch. Everything it reads or writes is a variable that exists before
it is first traced; `prepare` sees to that.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from keras import ops, tree
from keras.backend.masks import get_mask, set_mask
from keras.backend.select import current
from keras.backend.spec import KerasTensor
from keras.backend.tracing import Compiled
from keras.layers.tracking import remembering
from keras.ops.dispatch import convert, dtype_of, shape_of
from keras.ops.settling import number_of_samples
from keras.utils import unpack_x_y_sample_weight

Tensor = Any
Step = Callable[[Any], Any]


# ---------------------------------------------------------------------- the default steps
def train_step(model: Any, data: Any) -> dict[str, Tensor]:
    """One step of training: predict, compare, differentiate, update.

    Args:
        model: a compiled model.
        data: `x`, `(x,)`, `(x, y)` or `(x, y, sample_weight)`.

    Returns:
        The running means since the metrics were reset, by name.
    """
    if model.optimizer is None:
        raise ValueError(
            f'Model "{model.name}" was compiled without an optimizer: it can be evaluated, but not trained. '
            'Pass one to compile(), as in `model.compile(optimizer="adam", loss=...)`.'
        )
    x, y, sample_weight = unpack_x_y_sample_weight(data)

    def forward() -> tuple[Tensor, Any]:
        y_pred = model(x, training=True)
        loss = model._loss_of(x, y, y_pred, sample_weight, training=True)
        # A tape hands its results out as new tensors: masks are carried beside them.
        masks = tree.map_structure(get_mask, y_pred)
        return model.optimizer.scale_loss(loss), (loss, y_pred, masks)

    variables = model.trainable_variables
    if variables:
        (_, (loss, y_pred, masks)), gradients = ops.value_and_grad(forward, variables, has_aux=True)
        model.optimizer.apply(gradients, variables)
    else:
        _warn_of_nothing_to_train(model)
        _, (loss, y_pred, masks) = forward()
    for prediction, mask in zip(tree.flatten(y_pred), tree.flatten(masks), strict=True):
        if mask is not None:
            set_mask(prediction, mask)
    model._loss_tracker.update_state(loss, sample_weight=batch_size_of(x))
    return model.compute_metrics(x, y, y_pred, sample_weight=sample_weight)


def _warn_of_nothing_to_train(model: Any) -> None:
    if model.weights and model._memory.first_time("nothing to train"):
        warnings.warn(
            f'Model "{model.name}" has no trainable weights, and had none when it was compiled: training leaves it as it is. '
            "If it is to learn, set `trainable` to True and compile it.",
            stacklevel=2,
        )


def test_step(model: Any, data: Any) -> dict[str, Tensor]:
    """One step of evaluation; arguments and result as in `train_step`."""
    x, y, sample_weight = unpack_x_y_sample_weight(data)
    y_pred = model(x, training=False)
    loss = model._loss_of(x, y, y_pred, sample_weight, training=False)
    model._loss_tracker.update_state(loss, sample_weight=batch_size_of(x))
    return model.compute_metrics(x, y, y_pred, sample_weight=sample_weight)


def predict_step(model: Any, data: Any) -> Any:
    """The predictions for a batch."""
    x, _, _ = unpack_x_y_sample_weight(data)
    return model(x, training=False)


def batch_size_of(x: Any) -> Any:
    """Rows of a batch of tensors: the first dimension of the first leaf, a tensor where only the running graph knows it."""
    leaf = next((leaf for leaf in tree.flatten(x) if leaf is not None), None)
    return 1.0 if leaf is None else number_of_samples(leaf)


# ---------------------------------------------------------------------- compiling
def make_step(
    step: Step,
    run_eagerly: bool,
    jit_compile: bool | None,
    on_trace: Callable[[Any], None],
    repeatable: bool = False,
) -> Step:
    """`step` as the loop calls it: with a batch of host arrays.

    Args:
        step: a function of a batch of tensors.
        run_eagerly: whether to run it as it is, for debugging.
        jit_compile: handed to the engine; None lets it choose.
        on_trace: told of each trace.
        repeatable: see `Compiled`.
    """
    if run_eagerly:
        return lambda data: step(tree.map_structure(lambda x: None if x is None else convert(x), data))

    def quick(data: Any) -> Any:
        with remembering():
            return step(data)

    return Compiled(quick, jit_compile, on_trace, repeatable)


def to_floats(logs: Any) -> dict[str, Any]:
    """The logs of a step as plain floats, sorted by name; what is no single number stays as an array.

    >>> to_floats({"loss": ops.convert_to_tensor(0.5), "accuracy": 1})
    {'accuracy': 1.0, 'loss': 0.5}
    """
    if logs is None:
        return {}
    if not isinstance(logs, dict):
        raise TypeError(
            f"A step must return its logs as a dict of numbers by name. Received: {type(logs).__name__}"
        )
    found: dict[str, Any] = {}
    for name, value in logs.items():
        found.update(value if isinstance(value, dict) else {name: value})
    return {name: _to_float(found[name]) for name in sorted(found)}


def to_host_tree(tensors: Any) -> Any:
    """A structure of tensors as a structure of host arrays."""
    engine = current()
    return tree.map_structure(lambda x: engine.to_numpy(x) if engine.is_tensor(x) else x, tensors)


def _to_float(value: Any) -> Any:
    engine = current()
    if engine.is_tensor(value):
        value = engine.to_numpy(value)
    if isinstance(
        value, np.ndarray
    ):  # NumPy refuses float() of a one-entry vector, as a per-class score of one class
        return value.item() if value.size == 1 else value
    return float(value)


# ---------------------------------------------------------------------- making variables in time
def prepare(model: Any, x: Any, y: Any = None, training: bool = True) -> Any:
    """Make every variable a step needs: weights, metrics, optimizer slots.

    Args:
        model: a model, built or not.
        x: a batch of inputs.
        y: its targets, or None.
        training: whether the optimizer is needed.

    Returns:
        Predictions for such a batch, symbolic; None if the model cannot say (it has its own steps and no `call`).
    """
    predictions = _predictions(model, x)
    if predictions is not None:
        loss, metrics = model._compile_loss, model._compile_metrics
        if loss is not None and not loss.built:
            loss.build(predictions)
        if metrics is not None and not metrics.built and y is not None:
            metrics.build(tree.map_structure(_spec, y), predictions)
    # Where `call` failed on the data, its weights may be half made: the model's own step builds the optimizer.
    if training and predictions is not None and model.optimizer is not None and model.built:
        model.optimizer.build(model.trainable_variables)
    _place(model)
    return predictions


def _place(model: Any) -> None:
    """Hand all variables to the engine now: one that is first touched inside a trace may cost a second trace."""
    engine = current()
    optimizer = [] if model.optimizer is None else model.optimizer.variables
    metrics = model.metrics if model.compiled else []  # a class may make what its property lists in `compile`
    for variable in (*model.variables, *optimizer, *(v for metric in metrics for v in metric.variables)):
        variable.cell(engine)


def _predictions(model: Any, x: Any) -> Any:
    specs = tree.map_structure(_spec, x)
    key = tuple((s.shape, s.dtype) if s is not None else None for s in tree.flatten(specs))
    known = model._memory.output_specs
    if key not in known:
        try:
            known[key] = model.compute_output_spec(specs)
        except Exception:
            # A model with its own step may have no usable `call`; any other shows the error.
            if not model._has_own_step():
                raise
            known[key] = None
    return known[key]


def _spec(x: Any) -> Any:
    """The symbolic tensor of a batch's array: any number of rows."""
    return None if x is None else KerasTensor((None, *shape_of(x)[1:]), dtype_of(x))
