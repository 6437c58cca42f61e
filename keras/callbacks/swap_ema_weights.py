"""Evaluate and save with averaged weights while training goes on with the others."""

from typing import Any

from keras.callbacks.callback import Callback, Logs


class SwapEMAWeights(Callback):
    """Exchanges the weights with their moving averages before evaluation, and back after it.

    The optimizer must have been made with `use_ema=True`.

    Args:
        swap_on_epoch: exchange at the end of an epoch too, so that callbacks after this one (a checkpoint) see the
            averages, and back when the next epoch begins.

    >>> SwapEMAWeights().swap_on_epoch
    False
    """

    def __init__(self, swap_on_epoch: bool = False) -> None:
        super().__init__()
        self.swap_on_epoch = swap_on_epoch
        self._averaged = False

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Back to the weights in training."""
        if self.swap_on_epoch:
            self._show(averages=False)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Averages for the callbacks to come; at the very end they stay."""
        if self.swap_on_epoch:
            self._show(averages=True)

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Leave the weights as the optimizer wants them: its `finalize_variable_values` has the last word."""
        self._show(averages=False)

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
        if averages != self._averaged:
            self._averaged = averages
            for weight, average in self._pairs():
                weight_value, average_value = weight.numpy(), average.numpy()
                weight.assign(average_value)
                average.assign(weight_value)

    def _pairs(self) -> list[tuple[Any, Any]]:
        optimizer = getattr(self.model, "optimizer", None)
        optimizer = getattr(optimizer, "inner_optimizer", optimizer)
        if not getattr(optimizer, "use_ema", False):
            raise ValueError(
                "SwapEMAWeights: the optimizer keeps no moving averages. "
                "Compile with one made with `use_ema=True`, for example keras.optimizers.Adam(use_ema=True)."
            )
        weights = getattr(optimizer, "_trainable_variables", self.model.trainable_variables)
        return list(zip(weights, optimizer._model_variables_moving_average, strict=True))
