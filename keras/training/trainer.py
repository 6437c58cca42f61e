"""`Trainer`: what a model can do besides being a layer: `compile`, `fit`, `evaluate`, `predict`."""

from __future__ import annotations

import functools
import inspect
from typing import Any, ClassVar

from keras import ops, tree
from keras.callbacks import History
from keras.training import loop
from keras.training import step as steps
from keras.training.arguments import teach
from keras.training.arrays import as_arrays, check_sizes
from keras.training.class_weight import ClassWeights
from keras.training.compiled import Compiled
from keras.training.freezing import trains
from keras.training.keras2 import Keras2Methods
from keras.training.outputs import Outputs
from keras.training.preflight import Preflight
from keras.utils import pack_x_y_sample_weight

Tensor = Any
Logs = dict[str, Any]


class Trainer(Compiled, Keras2Methods):
    """Training for `Model`: a mixin before `Layer`. Override `train_step`, `compute_loss` and the like to change it."""

    #: Attributes of training; a model's own layers, metrics and variables are looked for elsewhere.
    _untracked: ClassVar[frozenset[str]] = frozenset(
        {
            "optimizer", "loss", "history", "train_function", "test_function", "predict_function",
            "_compile_args", "_compile_loss", "_compile_metrics", "_frozen", "_loss_tracker", "_memory",
        }
    )  # fmt: skip

    #: What spreads training over devices: nothing does. Programs hand it to TensorFlow, where None is the default.
    distribute_strategy: ClassVar[None] = None

    def __init__(self) -> None:
        super().__init__()
        self.history: History | None = None
        self.stop_evaluating = False
        self.stop_predicting = False
        self._initial_epoch: int | None = None
        self.train_function: Any = None
        self.test_function: Any = None
        self.predict_function: Any = None
        self._interrupted = False
        self._validates = False

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
    @trains
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
    @trains
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

    def _has_own_step(self) -> bool:
        return (
            type(self).train_step is not Trainer.train_step or type(self).test_step is not Trainer.test_step
        )


def _batch(x: Any, y: Any, sample_weight: Any) -> tuple[Any, Any, Any]:
    arrays = (as_arrays(x, "x"), as_arrays(y, "y"), as_arrays(sample_weight, "sample_weight"))
    check_sizes(*arrays)
    return arrays


@functools.lru_cache(maxsize=64)
def _takes_training(function: Any) -> bool:
    parameters = inspect.signature(function).parameters
    return "training" in parameters or any(p.kind is p.VAR_KEYWORD for p in parameters.values())
