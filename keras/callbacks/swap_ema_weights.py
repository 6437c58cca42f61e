"""Evaluate and save with averaged weights while training goes on with the others."""

from typing import Any

from keras.callbacks.callback import Callback, Logs


class SwapEMAWeights(Callback):
    """Gives the weights their moving averages for evaluation, and takes them away after it.

    The optimizer must have been made with `use_ema=True`.

    Args:
        swap_on_epoch: do so at the end of an epoch too, so that callbacks after this one (a checkpoint) see the
            averages, until the next epoch begins.

    >>> SwapEMAWeights().swap_on_epoch
    False
    """

    def __init__(self, swap_on_epoch: bool = False) -> None:
        super().__init__()
        self.swap_on_epoch = swap_on_epoch
        self._trained: list[tuple[Any, Any]] | None = None  # while averages are shown, the others

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Back to the weights in training."""
        if self.swap_on_epoch:
            self._show(averages=False)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Averages for the callbacks to come; at the very end they stay."""
        if self.swap_on_epoch:
            self._show(averages=True)

    def on_train_end(self, logs: Logs | None = None) -> None:
        """The optimizer has given the weights their averages for good: forget the others."""
        self._trained = None

    def on_test_begin(self, logs: Logs | None = None) -> None:
        """Averages."""
        self._show(averages=True)

    def on_test_end(self, logs: Logs | None = None) -> None:
        """Back."""
        self._show(averages=False)

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        """Averages."""
        self._show(averages=True)

    def on_predict_end(self, logs: Logs | None = None) -> None:
        """Back."""
        self._show(averages=False)

    def _show(self, averages: bool) -> None:
        if averages == (self._trained is not None):
            return
        if averages:
            pairs = self._pairs()
            self._trained = [(weight, weight.numpy()) for weight, _ in pairs]
            for weight, average in pairs:
                weight.assign(average.numpy())
        else:
            for weight, value in self._trained or ():
                weight.assign(value)
            self._trained = None

    def _pairs(self) -> list[tuple[Any, Any]]:
        optimizer: Any = getattr(self.model, "optimizer", None)
        optimizer = getattr(optimizer, "inner_optimizer", optimizer)
        if not getattr(optimizer, "use_ema", False):
            raise ValueError(
                "SwapEMAWeights: the optimizer keeps no moving averages. "
                "Compile with one made with `use_ema=True`, for example keras.optimizers.Adam(use_ema=True)."
            )
        if not optimizer.built:
            return []
        return list(
            zip(optimizer._trainable_variables, optimizer._model_variables_moving_average, strict=True)
        )
