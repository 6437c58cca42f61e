"""What `compile` knows of a model: optimizer, loss and metrics, and how their results are named and ordered."""

from __future__ import annotations

import warnings
from types import SimpleNamespace
from typing import Any

from keras import metrics as metrics_module
from keras import optimizers
from keras.errors import shorten
from keras.serializable import deserialize, serialize
from keras.training.arguments import teach
from keras.training.compile_args import CompileLoss, CompileMetrics
from keras.training.freezing import frozen_parts
from keras.training.memory import Memory

Logs = dict[str, Any]


class Compiled:
    """`compile`, and what follows from it alone: the lower half of `Trainer`."""

    def __init__(self) -> None:
        self.optimizer: Any = None
        self.loss: Any = None
        self.compiled = False
        self.stop_training = False
        self.steps_per_execution = 1
        self._run_eagerly = False
        self._jit_compile: bool | str = "auto"
        self._compile_args: dict[str, Any] = {}
        self._compile_loss: CompileLoss | None = None
        self._compile_metrics: CompileMetrics | None = None
        self._loss_tracker: Any = None
        self._frozen: list[Any] = []
        self._memory = Memory(self)

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
        self._frozen = frozen_parts(self)
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
        if type(self).compile is not Compiled.compile:
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

    @property
    def compiled_metrics(self) -> Any:
        """The metrics of `compile`, for `compiled_metrics.update_state(y, y_pred)` in a step as TensorFlow 2 had it."""
        if self._compile_metrics is None:
            return SimpleNamespace(update_state=lambda y, y_pred, sample_weight=None: None)
        return self._compile_metrics

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


def _scaling(optimizer: Any) -> Any:
    scaled = optimizers.LossScaleOptimizer
    return optimizer if isinstance(optimizer, scaled) else scaled(optimizer)
