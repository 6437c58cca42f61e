"""The callbacks of one run, called as one; it knows which of them want to hear of every batch."""

from collections.abc import Callable, Iterable
from types import NoneType
from typing import Any

from keras import tree
from keras.callbacks.callback import Callback, Logs
from keras.callbacks.history import History
from keras.callbacks.progbar_logger import ProgbarLogger
from keras.callbacks.reach import is_the_librarys, may_act

LazyLogs = Logs | Callable[[], Logs] | None

_OLDER_NAME = {"on_train_batch_begin": "on_batch_begin", "on_train_batch_end": "on_batch_end"}


class _Shown(list[Any]):
    """Arrays that one run of training shows, and the next one may exchange."""


class CallbackList:
    """A list of callbacks behind the interface of one.

    Args:
        callbacks: a callback, a list of them, or None.
        add_history: add a `History` unless there is one.
        add_progbar: add a `ProgbarLogger` unless there is one.
        model: handed to all of them.
        **params: handed to all of them: `verbose`, `epochs`, `steps`.

    >>> callbacks = CallbackList(add_history=True, epochs=1)
    >>> callbacks.on_train_begin()
    >>> callbacks.on_epoch_end(0, {"loss": 0.5})
    >>> callbacks.history.history
    {'loss': [0.5]}
    """

    def __init__(
        self,
        callbacks: Any = None,
        add_history: bool = False,
        add_progbar: bool = False,
        model: Any = None,
        **params: Any,
    ) -> None:
        self.callbacks: list[Callback] = _as_list(callbacks)
        self.params: dict[str, Any] = {}
        self.model: Any = None
        if add_progbar and not self._find(ProgbarLogger):
            self._added(ProgbarLogger())
        self.history: History | None = self._find(History) or (
            self._added(History()) if add_history else None
        )
        if model is not None:
            self.set_model(model)
        if params:
            self.set_params(params)
        self._of_batches = {
            f"on_{stage}_batch_{moment}": self._overriding(f"on_{stage}_batch_{moment}")
            for stage in ("train", "test", "predict")
            for moment in ("begin", "end")
        }

    def append(self, callback: Callback) -> None:
        """Add one more callback at the end."""
        self.callbacks.append(callback)
        for name in self._of_batches:
            self._of_batches[name] = self._overriding(name)

    def set_params(self, params: dict[str, Any]) -> None:
        """Hand `params` to all callbacks."""
        self.params = params
        for callback in self.callbacks:
            callback.set_params(params)

    def set_validation_data(self, x: Any, y: Any, sample_weight: Any) -> None:
        """Show the arrays of validation to callbacks that have none of their own, in a flat list, as Keras 2 did."""
        arrays = _Shown(a for a in tree.flatten((x, y, sample_weight)) if a is not None)
        for callback in self.callbacks:
            if isinstance(getattr(callback, "validation_data", False), (_Shown, NoneType)):
                callback.validation_data = arrays

    def set_model(self, model: Any) -> None:
        """Hand the model to all callbacks; `model.history` is the `History` among them."""
        self.model = model
        if self.history is not None:
            model.history = self.history
        for callback in self.callbacks:
            callback.set_model(model)

    # ------------------------------------------------------------------ batches
    def on_train_batch_begin(self, batch: int, logs: LazyLogs = None) -> None:
        """A training step begins."""
        self._batch("on_train_batch_begin", batch, logs)

    def on_train_batch_end(self, batch: int, logs: LazyLogs = None) -> None:
        """A training step is done; `logs` may be a function that makes them, called only if somebody wants them."""
        self._batch("on_train_batch_end", batch, logs)

    def on_test_batch_begin(self, batch: int, logs: LazyLogs = None) -> None:
        """A test step begins."""
        self._batch("on_test_batch_begin", batch, logs)

    def on_test_batch_end(self, batch: int, logs: LazyLogs = None) -> None:
        """A test step is done; `logs` as in `on_train_batch_end`."""
        self._batch("on_test_batch_end", batch, logs)

    def on_predict_batch_begin(self, batch: int, logs: LazyLogs = None) -> None:
        """A prediction step begins."""
        self._batch("on_predict_batch_begin", batch, logs)

    def on_predict_batch_end(self, batch: int, logs: LazyLogs = None) -> None:
        """A prediction step is done; `logs` as in `on_train_batch_end`."""
        self._batch("on_predict_batch_end", batch, logs)

    def on_batch_begin(self, batch: int, logs: LazyLogs = None) -> None:
        """Older name of `on_train_batch_begin`."""
        self.on_train_batch_begin(batch, logs)

    def on_batch_end(self, batch: int, logs: LazyLogs = None) -> None:
        """Older name of `on_train_batch_end`."""
        self.on_train_batch_end(batch, logs)

    def wants_batches(self, stage: str) -> bool:
        """Whether any callback must hear of every batch of `"train"`, `"test"` or `"predict"` when it happens.

        The progress bar does not count: it draws itself from whatever logs come.
        """
        return bool(self._hooked(stage))

    def acting(self, stage: str) -> list[Callback]:
        """The callbacks that may do something between two batches of a stage, rather than look at logs."""
        return [callback for callback in self._hooked(stage) if may_act(callback)]

    def _hooked(self, stage: str) -> list[Callback]:
        moments = (f"on_{stage}_batch_begin", f"on_{stage}_batch_end")
        hooks = (c for moment in moments for c, lazy in self._of_batches[moment] if not lazy)
        return list(dict.fromkeys(hooks))

    # ------------------------------------------------------------------ epochs and runs
    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """An epoch begins."""
        for callback in self.callbacks:
            callback.on_epoch_begin(epoch, _fresh(logs))

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """An epoch is over; all callbacks get the same dict, and may add to it for those after them."""
        logs = _fresh(logs)
        for callback in self.callbacks:
            callback.on_epoch_end(epoch, logs)

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """`fit` begins."""
        self._run("on_train_begin", logs)

    def on_train_end(self, logs: Logs | None = None) -> None:
        """`fit` ends."""
        self._run("on_train_end", logs)

    def on_test_begin(self, logs: Logs | None = None) -> None:
        """`evaluate` begins."""
        self._run("on_test_begin", logs)

    def on_test_end(self, logs: Logs | None = None) -> None:
        """`evaluate` ends."""
        self._run("on_test_end", logs)

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        """`predict` begins."""
        self._run("on_predict_begin", logs)

    def on_predict_end(self, logs: Logs | None = None) -> None:
        """`predict` ends."""
        self._run("on_predict_end", logs)

    def abort(self) -> None:
        """An error ends the run: callbacks put the screen and their files in order."""
        for callback in self.callbacks:
            getattr(callback, "_on_abort", _nothing)()

    # ------------------------------------------------------------------ helpers
    def _run(self, moment: str, logs: Logs | None) -> None:
        logs = _fresh(logs)
        for callback in self.callbacks:
            getattr(callback, moment)(logs)

    def _batch(self, moment: str, batch: int, logs: LazyLogs) -> None:
        made: Logs | None = None
        for callback, lazy in self._of_batches[moment]:
            if lazy:
                getattr(callback, moment)(batch, logs)
                continue
            if made is None:
                made = logs() if callable(logs) else _fresh(logs)
            getattr(callback, moment)(batch, made)

    def _overriding(self, moment: str) -> list[tuple[Callback, bool]]:
        """The callbacks that do something then, and whether each takes lazy logs."""
        names = [name for name in (moment, _OLDER_NAME.get(moment)) if name]
        own = [c for c in self.callbacks if any(_is_own(c, name) for name in names)]
        return [(c, _takes_lazy(c, moment)) for c in own]

    def _find(self, kind: type[Callback]) -> Any:
        return next((c for c in self.callbacks if isinstance(c, kind)), None)

    def _added(self, callback: Callback) -> Any:
        self.callbacks.append(callback)
        return callback


def _as_list(callbacks: Any) -> list[Callback]:
    if callbacks is None:
        return []
    found = list(callbacks) if isinstance(callbacks, Iterable) else [callbacks]
    for callback in found:
        if isinstance(callback, type):
            raise TypeError(
                f"callbacks: expected an object, got the class {callback.__name__}. Write {callback.__name__}()."
            )
        if not hasattr(callback, "on_epoch_end"):
            raise TypeError(
                f"callbacks: expected keras.callbacks.Callback objects. Received: {callback!r} of {type(callback)}. "
                "A plain function becomes one with keras.callbacks.LambdaCallback(on_epoch_end=function)."
            )
    return found


def _takes_lazy(callback: Any, moment: str) -> bool:
    """Whether its logs may be a function: only the library's own methods know that they may get one."""
    return getattr(callback, "takes_lazy_logs", False) and is_the_librarys(callback, moment)


def _is_own(callback: Any, name: str) -> bool:
    method = getattr(callback, name, None)
    return method is not None and getattr(method, "__func__", method) is not getattr(Callback, name)


def _fresh(logs: Logs | None) -> Logs:
    return {} if logs is None else logs


def _nothing() -> None:
    """What a callback without `_on_abort` does."""
