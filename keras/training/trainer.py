"""`Trainer`: what a model can do besides being a layer: `compile`, `fit`, `evaluate`, `predict`."""

from __future__ import annotations

import functools
import inspect
import warnings
from types import SimpleNamespace
from typing import Any, ClassVar

from keras import metrics as metrics_module
from keras import ops, optimizers, tree
from keras.callbacks import History
from keras.errors import shorten
from keras.serializable import deserialize, serialize
from keras.training import loop
from keras.training import step as steps
from keras.training.arguments import teach
from keras.training.arrays import as_arrays, check_sizes
from keras.training.class_weight import ClassWeights
from keras.training.compile_args import CompileLoss, CompileMetrics
from keras.training.memory import Memory
from keras.training.outputs import Outputs
from keras.training.preflight import Preflight
from keras.utils import pack_x_y_sample_weight

Tensor = Any
Logs = dict[str, Any]


class Trainer:
    """Training for `Model`: a mixin before `Layer`. Override `train_step`, `compute_loss` and the like to change it."""

    #: Attributes of training; a model's own layers, metrics and variables are looked for elsewhere.
    _untracked: ClassVar[frozenset[str]] = frozenset(
        {
            "optimizer", "loss", "history", "train_function", "test_function", "predict_function",
            "_compile_args", "_compile_loss", "_compile_metrics", "_loss_tracker", "_memory",
        }
    )  # fmt: skip

    def __init__(self) -> None:
        self.optimizer: Any = None
        self.loss: Any = None
        self.history: History | None = None
        self.compiled = False
        self.stop_training = False
        self.stop_evaluating = False
        self.stop_predicting = False
        self.steps_per_execution = 1
        self._run_eagerly = False
        self._jit_compile: bool | str = "auto"
        self._compile_args: dict[str, Any] = {}
        self._compile_loss: CompileLoss | None = None
        self._compile_metrics: CompileMetrics | None = None
        self._loss_tracker: Any = None
        self._initial_epoch: int | None = None
        self.train_function: Any = None
        self.test_function: Any = None
        self.predict_function: Any = None
        self._interrupted = False
        self._validates = False
        self._memory = Memory(self)

    # ------------------------------------------------------------------ compile
    @teach
    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        loss_weights: Any = None,
        metrics: Any = None,
        weighted_metrics: Any = None,
        run_eagerly: bool = False,
        steps_per_execution: int | str = 1,
        jit_compile: bool | str = "auto",
        auto_scale_loss: bool = True,
    ) -> None:
        """Say how the model is trained.

        Args:
            optimizer: a name, a config or an optimizer; None for a model that is only evaluated.
            loss: what to minimise: a name, a function or a `Loss`; per output a list or a dict by output name. In a list of one
                it sees the whole dict or tuple of outputs and targets.
            loss_weights: factors of the outputs' losses: a list, or a dict by output name.
            metrics: what to report: a list of names, functions or `Metric`s; per output a list of lists, or a dict.
            weighted_metrics: likewise; these take sample and class weights into account.
            run_eagerly: run steps as plain Python, for debugging.
            steps_per_execution: steps between two calls of the batch methods of callbacks; `"auto"` is 1.
            jit_compile: whether the engine's optimising compiler is used; `"auto"` leaves it to the engine.
            auto_scale_loss: scale the loss when the model computes in float16.

        Raises:
            ValueError: an unknown name, with the nearest known one.

        Example:
            >>> import keras
            >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
            >>> model.compile(optimizer="sgd", loss="mse", metrics=["mae"])
            >>> model.optimizer.name
            'sgd'
        """
        self.optimizer = optimizers.get(optimizer)
        policy = getattr(getattr(self, "dtype_policy", None), "name", None)
        if auto_scale_loss and policy == "mixed_float16" and self.optimizer is not None:
            self.optimizer = _scaling(self.optimizer)
        self.loss = loss
        names = self._output_names
        self._compile_loss = CompileLoss(loss, loss_weights, names) if loss is not None else None
        self._compile_metrics = None
        if metrics is not None or weighted_metrics is not None:
            self._compile_metrics = CompileMetrics(metrics, weighted_metrics, names, self._losses_of_outputs)
        self._check_names()
        self._loss_tracker = metrics_module.Mean(name="loss")
        self._run_eagerly = run_eagerly
        self._jit_compile = jit_compile
        per_piece = 1 if steps_per_execution == "auto" else steps_per_execution
        if not isinstance(per_piece, int) or per_piece < 1:
            raise ValueError(
                'compile: steps_per_execution must be a positive whole number or "auto". '
                f"Received: {shorten(steps_per_execution)}"
            )
        self.steps_per_execution = per_piece
        self._compile_args = {
            "optimizer": self.optimizer,
            "loss": loss,
            "loss_weights": loss_weights,
            "metrics": metrics,
            "weighted_metrics": weighted_metrics,
            "run_eagerly": run_eagerly,
            "steps_per_execution": steps_per_execution,
            "jit_compile": jit_compile,
        }
        self.stop_training = False
        self.compiled = True
        self._memory.forget()

    def get_compile_config(self) -> dict[str, Any] | None:
        """The arguments of `compile` as plain data; None if it was not called."""
        if not self._compile_args:
            return None
        return {name: serialize(value) for name, value in self._compile_args.items()}

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """Compile with what `get_compile_config` returned, and make the optimizer's variables.

        A class with a `compile` of its own has to override this, too: what its arguments mean is not known here, so that
        nothing is compiled then, with a warning.
        """
        if type(self).compile is not Trainer.compile:
            name = type(self).__name__
            warnings.warn(
                f"{name} was not compiled: it has a `compile` of its own, and no `compile_from_config` that says how to call it. "
                f"Call `compile`, or give {name} the methods `get_compile_config()` and `compile_from_config(config)`.",
                stacklevel=2,
            )
            return
        self.compile(**{name: deserialize(value) for name, value in config.items()})
        if self.optimizer is not None and self.built:  # type: ignore[attr-defined]
            self.optimizer.build(self.trainable_variables)  # type: ignore[attr-defined]

    @property
    def jit_compile(self) -> bool | str:
        """Whether the engine's optimising compiler is used."""
        return self._jit_compile

    @jit_compile.setter
    def jit_compile(self, value: bool | str) -> None:
        self._jit_compile = value
        self._memory.forget()

    @property
    def run_eagerly(self) -> bool:
        """Whether steps run as plain Python."""
        return self._run_eagerly

    @run_eagerly.setter
    def run_eagerly(self, value: bool) -> None:
        self._run_eagerly = value
        self._memory.forget()

    # ------------------------------------------------------------------ metrics
    @property
    def metrics(self) -> list[Any]:
        """The loss's running mean, the compiled metrics, the outputs' losses, the model's own metrics."""
        found = [] if self._loss_tracker is None else [self._loss_tracker]
        if self._compile_metrics is not None:
            found.append(self._compile_metrics)
        if self._compile_loss is not None:
            found += self._compile_loss.metrics
        return found + super().metrics  # type: ignore[misc]

    @property
    def metrics_names(self) -> list[str]:
        """Names of the results, in the order in which `evaluate` returns them."""
        names: list[str] = []
        for metric in self._ordered_metrics():
            names.extend(metric.names if isinstance(metric, CompileMetrics) else [metric.name])
        return names

    def reset_metrics(self) -> None:
        """Begin all running means anew."""
        for metric in self.metrics:
            metric.reset_state()

    def get_metrics_result(self) -> Logs:
        """The running means by name."""
        results: Logs = {}
        for metric in self.metrics:
            value = metric.result()
            results.update(value if isinstance(value, dict) else {metric.name: value})
        return results

    # ------------------------------------------------------------------ what may be overridden
    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Tensor:
        """The number to minimise: the compiled loss, plus what layers and regularizers added.

        Args:
            x: inputs.
            y: targets.
            y_pred: predictions.
            sample_weight: weights.
            training: whether this is a training step.

        Raises:
            ValueError: there is no loss at all.
        """
        found = []
        if self._compile_loss is not None:
            found.append(self._compile_loss(y, y_pred, sample_weight))
        found += [ops.sum(ops.cast(loss, self._loss_tracker.dtype)) for loss in self.losses]  # type: ignore[attr-defined]
        if not found:
            raise ValueError(
                "There is no loss to minimise: give `compile()` a `loss`, call `add_loss()` in a layer, "
                "or override `compute_loss()`."
            )
        total = found[0]
        for loss in found[1:]:
            total = ops.add(total, loss)
        return total

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> Logs:
        """Take a batch into the compiled metrics; returns all results.

        Args:
            x: inputs.
            y: targets.
            y_pred: predictions.
            sample_weight: weights.
        """
        if self._compile_metrics is not None:
            self._compile_metrics.update_state(y, y_pred, sample_weight)
        return self.get_metrics_result()

    @property
    def compiled_metrics(self) -> Any:
        """The metrics of `compile`, for `compiled_metrics.update_state(y, y_pred)` in a step as TensorFlow 2 had it."""
        if self._compile_metrics is None:
            return SimpleNamespace(update_state=lambda y, y_pred, sample_weight=None: None)
        return self._compile_metrics

    def compiled_loss(
        self, y: Any, y_pred: Any, sample_weight: Any = None, regularization_losses: Any = None
    ) -> Tensor:
        """`compute_loss` as TensorFlow 2 had it: the log named "loss" sees it, too.

        Args:
            y: targets.
            y_pred: predictions.
            sample_weight: weights.
            regularization_losses: the model's `losses`, which are counted in any case.
        """
        loss = self.compute_loss(None, y, y_pred, sample_weight)
        self._loss_tracker.update_state(loss, sample_weight=steps.batch_size_of(y))
        return loss

    def train_step(self, data: Any) -> Logs:
        """One step of training on a batch; returns logs. Override it for a training of your own.

        Args:
            data: `x`, `(x,)`, `(x, y)` or `(x, y, sample_weight)`, of tensors.
        """
        return steps.train_step(self, data)

    def test_step(self, data: Any) -> Logs:
        """One step of evaluation on a batch; returns logs."""
        return steps.test_step(self, data)

    def predict_step(self, data: Any) -> Any:
        """The predictions for a batch."""
        return steps.predict_step(self, data)

    def make_train_function(self, force: bool = False) -> Any:
        """`train_step` as the loop calls it, compiled for the variables that are trainable now."""
        key = self._memory.trainable_key(fresh=True)
        self.train_function = self._memory.step("train", self.train_step, key, force)
        return self.train_function

    def make_test_function(self, force: bool = False) -> Any:
        """`test_step` as the loop calls it."""
        self.test_function = self._memory.step("test", self.test_step, force=force)
        return self.test_function

    def make_predict_function(self, force: bool = False) -> Any:
        """`predict_step` as the loop calls it."""
        self.predict_function = self._memory.step("predict", self.predict_step, force=force)
        return self.predict_function

    # ------------------------------------------------------------------ the loops
    @teach
    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: str | int = "auto",
        callbacks: Any = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: bool | str = True,
        class_weight: Any = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: Any = 1,
    ) -> History:
        """Train the model.

        Ctrl-C ends training after the running step and returns the history so far; a second one aborts.

        Args:
            x: inputs: an array (or a list or dict of arrays), a table, a SciPy sparse matrix, a `keras.utils.PyDataset`,
                a `tf.data.Dataset`, a torch `DataLoader`, or a generator of `(x, y)` or `(x, y, sample_weight)`.
            y: targets, for arrays; for several outputs a list, or a dict by output name.
            batch_size: rows in a batch, for arrays; default 32.
            epochs: the number of the last epoch.
            verbose: `"auto"` or 1 a bar on a terminal and a line an epoch elsewhere, 2 a line an epoch, 0 nothing.
            callbacks: a list of `keras.callbacks.Callback`.
            validation_split: the share of the rows, from the end and before shuffling, that is validated on.
            validation_data: `(x, y)`, `(x, y, sample_weight)`, or anything that gives batches.
            shuffle: whether the order is new in each epoch; `"batch"` shuffles whole batches.
            class_weight: `{class: weight}` or `"balanced"`; for several outputs a dict of such by output name.
            sample_weight: weights, for arrays: one per row (or per row and time step), for all or per output.
            initial_epoch: the number (from 0) of the first epoch.
            steps_per_epoch: batches in an epoch; default all.
            validation_steps: batches to validate on; default all.
            validation_batch_size: default `batch_size`.
            validation_freq: validate every so many epochs, or after these epochs (from 1).

        Returns:
            A `History`: `history.history["loss"]` is the list of the epochs' losses, and so on.

        Raises:
            ValueError: data that does not fit the model, or itself; or `compile` was not called.

        Example:
            >>> import keras, numpy as np
            >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
            >>> model.compile("sgd", "mse")
            >>> history = model.fit(np.ones((8, 2)), np.ones((8, 1)), epochs=3, verbose=0)
            >>> len(history.history["loss"])
            3
        """
        self._check_compiled("fit")
        return loop.Fit(
            self,
            x,
            y,
            batch_size,
            epochs,
            verbose,
            callbacks,
            validation_split,
            validation_data,
            shuffle,
            class_weight,
            sample_weight,
            initial_epoch,
            steps_per_epoch,
            validation_steps,
            validation_batch_size,
            validation_freq,
        ).run()

    @teach
    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        verbose: str | int = "auto",
        sample_weight: Any = None,
        steps: int | None = None,
        callbacks: Any = None,
        return_dict: bool = False,
    ) -> Any:
        """The loss and metrics on data.

        Args:
            x: as in `fit`.
            y: as in `fit`.
            batch_size: as in `fit`.
            verbose: as in `fit`.
            sample_weight: as in `fit`.
            steps: batches to look at; default all.
            callbacks: as in `fit`.
            return_dict: return results by name.

        Returns:
            The loss, or a list of it and the metrics in the order of `metrics_names`, or a dict.
        """
        self._check_compiled("evaluate")
        logs = loop.evaluate(self, x, y, batch_size, verbose, sample_weight, steps, callbacks)
        return logs if return_dict else self._as_list(logs)

    @teach
    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: str | int = "auto",
        steps: int | None = None,
        callbacks: Any = None,
    ) -> Any:
        """The predictions for data.

        Args:
            x: inputs as in `fit`; targets that come with them are ignored.
            batch_size: as in `fit`.
            verbose: as in `fit`; `"auto"` is silent for a single batch.
            steps: batches to predict; default all.
            callbacks: as in `fit`.

        Returns:
            Host arrays, nested like the model's outputs.

        Example:
            >>> import keras, numpy as np
            >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, kernel_initializer="ones")])
            >>> model.predict(np.ones((3, 2))).tolist()
            [[2.0], [2.0], [2.0]]
        """
        return loop.predict(self, x, batch_size, verbose, steps, callbacks)

    # ------------------------------------------------------------------ single batches
    def train_on_batch(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        class_weight: Any = None,
        return_dict: bool = False,
    ) -> Any:
        """One step of training on this batch.

        Args:
            x: inputs.
            y: targets.
            sample_weight: weights.
            class_weight: as in `fit`.
            return_dict: return results by name.

        Returns:
            Results of this batch: the loss, or a list of it and the metrics, or a dict.
        """
        self._check_compiled("train_on_batch")
        self._memory.begin_run()
        x, y, sample_weight = _batch(x, y, sample_weight)
        predictions = self._prepare_batch(x, y, training=True)
        if class_weight is not None:
            sample_weight = self._class_weights(class_weight, predictions, y).apply(y, sample_weight)
        step = self._memory.step("train_on_batch", self._train_alone, self._memory.trainable_key())
        logs = steps.to_floats(step(pack_x_y_sample_weight(x, y, sample_weight)))
        return logs if return_dict else self._as_list(logs)

    def test_on_batch(
        self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False
    ) -> Any:
        """One step of evaluation on this batch; arguments and result as in `train_on_batch`."""
        self._check_compiled("test_on_batch")
        self._memory.begin_run()
        x, y, sample_weight = _batch(x, y, sample_weight)
        self._prepare_batch(x, y, training=False)
        step = self._memory.step("test_on_batch", self._test_alone)
        logs = steps.to_floats(step(pack_x_y_sample_weight(x, y, sample_weight)))
        return logs if return_dict else self._as_list(logs)

    def predict_on_batch(self, x: Any) -> Any:
        """The predictions for this batch, as host arrays."""
        x = as_arrays(x, "x")
        self._memory.begin_run()
        if not self.built:  # type: ignore[attr-defined]
            steps.prepare(self, x, training=False)
        return steps.to_host_tree(self.make_predict_function()(pack_x_y_sample_weight(x)))

    # ------------------------------------------------------------------ for the loops
    def _train_alone(self, data: Any) -> Logs:
        """A training step whose results are those of its batch alone."""
        self.reset_metrics()
        return self.train_step(data)

    def _test_alone(self, data: Any) -> Logs:
        """A test step whose results are those of its batch alone."""
        self.reset_metrics()
        return self.test_step(data)

    def _loss_of(self, x: Any, y: Any, y_pred: Any, sample_weight: Any, training: bool) -> Tensor:
        """`compute_loss`, which a subclass may have written without `training`."""
        given = {"training": training} if _takes_training(type(self).compute_loss) else {}
        return self.compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight, **given)

    def _prepare_batch(self, x: Any, y: Any, training: bool) -> Any:
        """Variables for a batch, and a look at it: at the first batch of its kind only."""
        leaves = tree.flatten((x, y))
        kind = (training, *(None if a is None else (a.shape[1:], a.dtype) for a in leaves))
        if kind not in self._memory.batches:
            predictions = steps.prepare(self, x, y, training=training)
            Preflight(self, predictions).check(x, y)
            self._memory.batches[kind] = predictions
        return self._memory.batches[kind]

    def _class_weights(self, class_weight: Any, predictions: Any, y: Any) -> ClassWeights:
        ranks = [len(p.shape) for p in tree.flatten(predictions)]
        return ClassWeights(class_weight, Outputs(predictions, self._output_names()), y, ranks)

    def _losses_of_outputs(self) -> list[Any] | None:
        loss = self._compile_loss
        return loss.losses if loss is not None and loss.built else None

    def _output_names(self) -> list[str] | None:
        """Names of the layers the outputs come from; None for a model without a graph."""
        return (
            list(self.output_names)
            if getattr(self, "built", False) and hasattr(self, "output_names")
            else None
        )

    def _check_names(self) -> None:
        """Tell a wrong name at once where the outputs are known; else the first batch will tell."""
        if self._output_names() is None:
            return
        outputs = self.output  # type: ignore[attr-defined]
        if self._compile_loss is not None:
            self._compile_loss.build(outputs)
        if self._compile_metrics is not None:
            self._compile_metrics.check(outputs)

    def _has_own_step(self) -> bool:
        return (
            type(self).train_step is not Trainer.train_step or type(self).test_step is not Trainer.test_step
        )

    def _ordered_metrics(self) -> list[Any]:
        """`metrics`, but with several outputs the compiled ones last, as Keras has them in its lists of results."""
        found, compiled = self.metrics, self._compile_metrics
        if compiled is None or not compiled.of_several_outputs:
            return found
        return [*(m for m in found if m is not compiled), compiled]

    def _as_list(self, logs: Logs) -> Any:
        """Results in the order of `metrics_names`; a single one by itself."""
        values = [logs[name] for name in self._memory.order(logs)]
        return values[0] if len(values) == 1 else values

    def _check_compiled(self, method: str) -> None:
        if not self.compiled:
            raise ValueError(
                f"{method}() needs to know the loss and the optimizer: call `compile(optimizer=..., loss=...)` first."
            )


def _batch(x: Any, y: Any, sample_weight: Any) -> tuple[Any, Any, Any]:
    arrays = (as_arrays(x, "x"), as_arrays(y, "y"), as_arrays(sample_weight, "sample_weight"))
    check_sizes(*arrays)
    return arrays


@functools.lru_cache(maxsize=64)
def _takes_training(function: Any) -> bool:
    parameters = inspect.signature(function).parameters
    return "training" in parameters or any(p.kind is p.VAR_KEYWORD for p in parameters.values())


def _scaling(optimizer: Any) -> Any:
    scaled = optimizers.LossScaleOptimizer
    return optimizer if isinstance(optimizer, scaled) else scaled(optimizer)
