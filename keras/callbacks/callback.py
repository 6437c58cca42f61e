"""What a callback is: methods that `fit`, `evaluate` and `predict` call at fixed moments."""

from collections.abc import Callable
from typing import Any

Logs = dict[str, Any]


class Callback:
    """Base of all callbacks: override the moments you want, leave the rest.

    `self.model` is the model, `self.params` a dict with `verbose`, `epochs` and `steps`. `logs` holds plain floats
    by name, `loss` among them; a batch's logs are the running means of its epoch.

    >>> class Shout(Callback):
    ...     def on_epoch_end(self, epoch, logs=None):
    ...         print("epoch", epoch, "is over")
    >>> Shout().on_epoch_end(0)
    epoch 0 is over
    """

    #: Whether it does more in its batch methods than look at the logs: stops training, reads or sets weights or a rate.
    #: If so `fit` runs step by step; if not, many steps at a time, and it hears of them afterwards, one by one.
    #: None: its code is looked at; what reaches the model or reads the clock is taken to act.
    acts_between_batches: bool | None = None

    def __init__(self) -> None:
        self.params: dict[str, Any] | None = None
        self.validation_data: Any = None
        self._model: Any = None

    def set_params(self, params: dict[str, Any]) -> None:
        """Called before training with `verbose`, `epochs` and `steps`."""
        self.params = params

    def set_model(self, model: Any) -> None:
        """Called before training with the model."""
        self._model = model

    @property
    def model(self) -> Any:
        """The model this callback was handed to."""
        return getattr(self, "_model", None)

    @model.setter
    def model(self, model: Any) -> None:
        self._model = model

    def on_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Older name of `on_train_batch_begin`."""

    def on_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Older name of `on_train_batch_end`."""

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """An epoch of training begins; `epoch` counts from 0."""

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """An epoch and its validation are over; `logs` has the results, validation's with the prefix `val_`."""

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """A training step begins."""
        self.on_batch_begin(batch, logs)

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """A training step is done."""
        self.on_batch_end(batch, logs)

    def on_test_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """A step of `evaluate` (or of validation) begins."""

    def on_test_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """A step of `evaluate` (or of validation) is done."""

    def on_predict_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """A step of `predict` begins."""

    def on_predict_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """A step of `predict` is done; `logs["outputs"]` are its predictions."""

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """`fit` begins."""

    def on_train_end(self, logs: Logs | None = None) -> None:
        """`fit` ends; `logs` are those of the last epoch."""

    def on_test_begin(self, logs: Logs | None = None) -> None:
        """`evaluate` (or validation) begins."""

    def on_test_end(self, logs: Logs | None = None) -> None:
        """`evaluate` (or validation) ends, with its results."""

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        """`predict` begins."""

    def on_predict_end(self, logs: Logs | None = None) -> None:
        """`predict` ends."""

    def _on_abort(self) -> None:
        """An error ends the run without its `on_..._end`: leave the screen and files in order."""


class LambdaCallback(Callback):
    """A callback made of functions.

    Args:
        on_epoch_begin: `f(epoch, logs)`.
        on_epoch_end: `f(epoch, logs)`.
        on_train_begin: `f(logs)`.
        on_train_end: `f(logs)`.
        on_train_batch_begin: `f(batch, logs)`.
        on_train_batch_end: `f(batch, logs)`.
        **kwargs: functions for any other method of a callback, by its name.

    >>> LambdaCallback(on_epoch_end=lambda epoch, logs: print(epoch, logs)).on_epoch_end(0, {"loss": 1.0})
    0 {'loss': 1.0}
    """

    def __init__(
        self,
        on_epoch_begin: Callable[..., Any] | None = None,
        on_epoch_end: Callable[..., Any] | None = None,
        on_train_begin: Callable[..., Any] | None = None,
        on_train_end: Callable[..., Any] | None = None,
        on_train_batch_begin: Callable[..., Any] | None = None,
        on_train_batch_end: Callable[..., Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__()
        functions = {
            "on_epoch_begin": on_epoch_begin,
            "on_epoch_end": on_epoch_end,
            "on_train_begin": on_train_begin,
            "on_train_end": on_train_end,
            "on_train_batch_begin": on_train_batch_begin,
            "on_train_batch_end": on_train_batch_end,
            **kwargs,
        }
        self.__dict__.update({name: function for name, function in functions.items() if function is not None})
