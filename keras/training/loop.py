"""`fit`, `evaluate` and `predict`: the only loops, the same on every engine.

The steps of an epoch come from a runner, an object that yields pieces of the epoch to run (see `chunks`, `runners`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np

from keras import config, tree
from keras.backend.tracing import Compiled
from keras.callbacks import CallbackList, History
from keras.errors import add_context, shorten
from keras.interrupt import StopOnInterrupt
from keras.random.seeds import host_generator, next_host_seed
from keras.training.arguments import whole
from keras.training.chunks import make_runner
from keras.training.data import ArraySource, Batch, Stream, make_source, split_rows
from keras.training.merging import LEAST_ROWS, MergedRunner, merged_size
from keras.training.preflight import Preflight
from keras.training.runners import Runner, StepRunner
from keras.training.step import prepare, to_floats, to_host_tree
from keras.utils import pack_x_y_sample_weight
from keras.utils.progress import write_line

Logs = dict[str, Any]


# ---------------------------------------------------------------------- fit
class Fit:
    """One run of `fit`; the arguments are those of `Model.fit`."""

    def __init__(
        self,
        model: Any,
        x: Any,
        y: Any,
        batch_size: int | None,
        epochs: int,
        verbose: str | int,
        callbacks: Any,
        validation_split: float,
        validation_data: Any,
        shuffle: bool | str,
        class_weight: Any,
        sample_weight: Any,
        initial_epoch: int,
        steps_per_epoch: int | None,
        validation_steps: int | None,
        validation_batch_size: int | None,
        validation_freq: Any,
    ) -> None:
        model._memory.begin_run()
        self.model = model
        self.epochs = _limited(whole("epochs", epochs, 0), config.max_epochs())
        self.initial_epoch = whole("initial_epoch", initial_epoch, 0)
        self.validation_freq = validation_freq
        rng = host_generator(next_host_seed())
        if validation_split and validation_data is None:
            (x, y, sample_weight), validation_data = split_rows(x, y, sample_weight, validation_split)
        source = make_source(x, y, sample_weight, batch_size, shuffle, rng)
        self.stream = Stream(source, _limited_steps(steps_per_epoch, source.num_batches))
        self.validation = _validation_stream(
            validation_data, validation_batch_size or batch_size, validation_steps
        )
        self._prepare(source, class_weight, validation_split, validation_data)
        self.callbacks = as_callback_list(
            callbacks, model, verbose, add_history=True, epochs=self.epochs, steps=self.stream.length
        )
        held_out = self.validation.source if self.validation is not None else None
        if isinstance(held_out, ArraySource):
            self.callbacks.set_validation_data(held_out.x, held_out.y, held_out.sample_weight)
        planned = (self.epochs - self.initial_epoch) * (self.stream.length or 0)
        step = model.make_train_function()
        self.runner = make_runner(model, "train", step, self.stream, self.callbacks, planned, self._reweigh)

    def _prepare(self, source: Any, class_weight: Any, validation_split: float, validation_data: Any) -> None:
        """Everything that comes before the first step: variables, class weights, a look at the data."""
        x, y, sample_weight = self.stream.peek()
        predictions = prepare(self.model, x, y)
        self._reweigh: Callable[[Batch], Batch] | None = None
        in_memory = isinstance(source, ArraySource)
        if class_weight is not None:
            weights = self.model._class_weights(class_weight, predictions, source.y if in_memory else None)
            self._reweigh = lambda batch: (batch[0], batch[1], weights.apply(batch[1], batch[2]))
            if in_memory:  # once for all rows
                _, _, source.sample_weight = self._reweigh((source.x, source.y, source.sample_weight))
                self._reweigh = None
        else:
            weights = None
        data = (source.x, source.y, source.sample_weight) if in_memory else (x, y, sample_weight)
        held_out = validation_data[1] if validation_split and isinstance(validation_data, tuple) else None
        Preflight(self.model, predictions).check(*data, class_weights=weights, held_out=held_out)

    def run(self) -> History:
        """Train; returns the history."""
        model, callbacks = self.model, self.callbacks
        model.stop_training = False
        model._interrupted = False
        model._initial_epoch = None
        model._validates = self.validation is not None
        try:
            with StopOnInterrupt() as self.interrupt:
                callbacks.on_train_begin()
                logs: Logs = {}
                for epoch in range(self._first_epoch(), self.epochs):
                    self._stopped = f"after epoch {epoch + 1}/{self.epochs}"
                    logs = self._epoch(epoch)
                    if self._must_stop() or self.stream.ended:
                        break
                model._interrupted = self.interrupt.asked
                if model.optimizer is not None and model.optimizer.built:
                    model.optimizer.finalize_variable_values(model.trainable_variables)
                callbacks.on_train_end(logs)
                self.runner.report(bool(callbacks.params.get("verbose")))
                if self.interrupt.asked:
                    self._note_interrupt()
        except BaseException:
            callbacks.abort()
            raise
        finally:
            self.stream.close()
            if self.validation is not None:
                self.validation.close()
        assert callbacks.history is not None
        return callbacks.history

    def _first_epoch(self) -> int:
        """Where to begin: `initial_epoch`, or after those of which a callback has restored the state."""
        restored = self.model._initial_epoch
        if restored is None:
            return self.initial_epoch
        self.stream.skip(restored - self.initial_epoch)
        return restored

    def _epoch(self, epoch: int) -> Logs:
        model, callbacks = self.model, self.callbacks
        model.reset_metrics()
        callbacks.on_epoch_begin(epoch)
        done, logs = run_pieces(self.runner, callbacks, "train", self._must_stop)
        if not done and self.stream.ended:
            return {}
        if not self.interrupt.asked and self.validation is not None and _is_due(epoch, self.validation_freq):
            results = evaluate_stream(model, self.validation, callbacks, self.interrupt)
            if not self.interrupt.asked:
                logs = dict(
                    sorted({**logs, **{f"val_{name}": value for name, value in results.items()}}.items())
                )
        if self.interrupt.asked:
            self._record_part(epoch, done, logs)
        else:
            callbacks.on_epoch_end(epoch, logs)
        return logs

    def _must_stop(self) -> bool:
        return self.model.stop_training or self.interrupt.asked

    def _record_part(self, epoch: int, done: int, logs: Logs) -> None:
        """The part of an epoch that was done goes into the history; what it lacks is NaN, so that lists stay equal."""
        self.callbacks.abort()
        history = self.callbacks.history
        if done and history is not None:
            history.on_epoch_end(epoch, {**dict.fromkeys(history.history, math.nan), **logs})
        self._stopped = f"in epoch {epoch + 1}/{self.epochs} after {done} steps"

    def _note_interrupt(self) -> None:
        write_line(
            f"Interrupted {self._stopped}: the model is as those steps left it, and the history so far is returned."
        )


def run_pieces(
    runner: Runner, callbacks: CallbackList, stage: str, must_stop: Callable[[], bool]
) -> tuple[int, Logs]:
    """Run an epoch's pieces between the calls of the callbacks.

    Args:
        runner: gives the pieces.
        callbacks: hear of each piece.
        stage: `"train"` or `"test"`.
        must_stop: asked after each piece.

    Returns:
        The number of steps done, and the logs of the last.
    """
    begin = getattr(callbacks, f"on_{stage}_batch_begin")
    end = getattr(callbacks, f"on_{stage}_batch_end")
    done, raw = 0, None
    for piece in runner.epoch():
        if piece.each and piece.last > piece.first:
            results = piece.run()
            for i in range(piece.first, piece.last + 1):
                begin(i)
                end(i, partial(_logs_at, results, i - piece.first))
        else:
            begin(piece.first)
            results = piece.run()
            end(piece.heard, partial(_logs_at, results, len(results) - 1))
        done, raw = piece.last + 1, results
        if must_stop():
            break
    return done, {} if raw is None else _logs_at(raw, len(raw) - 1)


def _logs_at(results: Sequence[Any], i: int) -> Logs:
    return to_floats(results[i])


# ---------------------------------------------------------------------- evaluate
def evaluate(
    model: Any,
    x: Any,
    y: Any,
    batch_size: int | None,
    verbose: str | int,
    sample_weight: Any,
    steps: int | None,
    callbacks: Any,
) -> Logs:
    """Results of a compiled model on data; the arguments are those of `Model.evaluate`."""
    model._memory.begin_run()
    source = make_source(x, y, sample_weight, batch_size)
    stream = Stream(source, _limited_steps(steps, source.num_batches))
    first_x, first_y, first_weight = stream.peek()
    predictions = prepare(model, first_x, first_y, training=False)
    data = (source.x, source.y, source.sample_weight) if isinstance(source, ArraySource) else None
    Preflight(model, predictions).check(*(data or (first_x, first_y, first_weight)))
    callbacks = as_callback_list(callbacks, model, verbose, epochs=1, steps=stream.length)
    try:
        return evaluate_stream(model, stream, callbacks)
    except BaseException:
        callbacks.abort()
        raise
    finally:
        stream.close()


def evaluate_stream(
    model: Any, stream: Stream, callbacks: CallbackList, interrupt: StopOnInterrupt | None = None
) -> Logs:
    """Results over one epoch of a stream, for `evaluate` and for validation."""
    model.stop_evaluating = False
    model.reset_metrics()
    runner = make_runner(model, "test", model.make_test_function(), stream, callbacks, stream.length or 0)
    callbacks.on_test_begin()

    def must_stop() -> bool:
        return model.stop_evaluating or (interrupt is not None and interrupt.asked)

    _, logs = run_pieces(runner, callbacks, "test", must_stop)
    callbacks.on_test_end(logs)
    stream.restart()
    return logs


# ---------------------------------------------------------------------- predict
def predict(
    model: Any, x: Any, batch_size: int | None, verbose: str | int, steps: int | None, callbacks: Any
) -> Any:
    """Predictions as host arrays; the arguments are those of `Model.predict`."""
    model._memory.begin_run()
    source = make_source(x, batch_size=batch_size)
    stream = Stream(source, _limited_steps(steps, source.num_batches))
    first, _, _ = stream.peek()
    if not model.built:
        prepare(model, first, training=False)
    step = model.make_predict_function()
    merged, alone = _merged(model, stream, step), stream.source.in_memory and stream.length == 1
    if callbacks is None and verbose in ("auto", 0) and alone and merged is None:
        # one call, no more ceremony than the model itself has
        return to_host_tree(step(pack_x_y_sample_weight(first)))
    callback_list = as_callback_list(callbacks, model, verbose, epochs=1, steps=stream.length)
    runner: Runner = StepRunner(
        lambda data: to_host_tree(step(data)), _InputsOnly(stream), model.steps_per_execution
    )
    if merged is not None and not callback_list.wants_batches("predict"):
        runner = merged
    model.stop_predicting = False
    outputs: list[Any] = []
    try:
        callback_list.on_predict_begin()
        for piece in runner.epoch():
            callback_list.on_predict_batch_begin(piece.first)
            outputs.append(_joined(piece.run()))
            callback_list.on_predict_batch_end(piece.heard, partial(dict, outputs=outputs[-1]))
            if model.stop_predicting:
                break
        callback_list.on_predict_end()
    except BaseException:
        callback_list.abort()
        raise
    finally:
        stream.close()
    return _joined(outputs)


def _joined(outputs: Sequence[Any]) -> Any:
    """Outputs of several batches as those of one."""
    return (
        tree.map_structure(lambda *parts: np.concatenate(parts), *outputs) if len(outputs) > 1 else outputs[0]
    )


def _merged(model: Any, stream: Stream, step: Any) -> MergedRunner | None:
    """What predicts in larger or smaller batches, where that is better and gives the same."""
    source = stream.source
    if not isinstance(source, ArraySource) or stream.steps is not None or not isinstance(step, Compiled):
        return None
    if stream.length == 1 and source.samples <= LEAST_ROWS:
        return None
    size = merged_size(model._memory.row_limit(), source.batch_size, source.samples)
    return MergedRunner(step, source, size) if size != source.batch_size else None


class _InputsOnly:
    """A stream whose batches have lost their targets: prediction must not depend on them."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    def epoch(self) -> Iterator[Batch]:
        for x, _, _ in self._stream.epoch():
            yield x, None, None


# ---------------------------------------------------------------------- arguments
def as_callback_list(
    callbacks: Any, model: Any, verbose: str | int, add_history: bool = False, **params: Any
) -> CallbackList:
    """The callbacks of a run, with history and progress bar; a `CallbackList` is taken as it is."""
    if isinstance(callbacks, CallbackList):
        return callbacks
    level = _verbosity(verbose)
    return CallbackList(
        callbacks, add_history=add_history, add_progbar=level != 0, model=model, verbose=level, **params
    )


def _verbosity(verbose: Any) -> int:
    if verbose == "auto":
        return 1
    if isinstance(verbose, (bool, int, np.integer)) and 0 <= int(verbose) <= 2:
        return int(verbose)
    raise ValueError(
        f'verbose must be "auto", 0 (silent), 1 (a bar) or 2 (one line an epoch). Received: {shorten(verbose)}'
    )


def _limited(epochs: int, limit: int | None) -> int:
    return epochs if limit is None else min(epochs, limit)


def _limited_steps(steps: Any, available: int | None) -> int | None:
    """Steps of an epoch, cut to `keras.config.max_steps_per_epoch()`; None for one pass."""
    limit = config.max_steps_per_epoch()
    if steps is None:
        return limit if limit is not None and (available is None or limit < available) else None
    steps = whole("steps", steps)
    return steps if limit is None else min(steps, limit)


def _validation_stream(data: Any, batch_size: int | None, steps: int | None) -> Stream | None:
    if data is None:
        return None
    if isinstance(data, (tuple, list)):
        if not 1 < len(data) <= 3:
            raise ValueError(
                "validation_data must be `(x, y)`, `(x, y, sample_weight)` or something that gives batches. "
                f"Received: a {type(data).__name__} of {len(data)}."
            )
        x, y, sample_weight = (*data, None)[:3]
    else:
        x, y, sample_weight, batch_size = data, None, None, None
    try:
        source = make_source(x, y, sample_weight, batch_size)
    except (ValueError, TypeError) as error:
        raise add_context(error, "In validation_data") from error.__cause__
    return Stream(source, _limited_steps(steps, source.num_batches))


def _is_due(epoch: int, validation_freq: Any) -> bool:
    """Whether to validate after an epoch (counted from 0)."""
    if isinstance(validation_freq, (int, np.integer)) and not isinstance(validation_freq, bool):
        return (epoch + 1) % validation_freq == 0
    if isinstance(validation_freq, (list, tuple, set, range)):
        return epoch + 1 in validation_freq
    raise ValueError(
        f"validation_freq must be a whole number or a list of epochs (from 1). Received: {shorten(validation_freq)}"
    )
