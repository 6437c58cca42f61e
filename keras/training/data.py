"""Sources of batches: arrays in memory, `PyDataset`s, datasets and loaders of other libraries, generators.

A source knows how to make one pass over its data; a `Stream` runs over passes and cuts them into epochs. Batches are
triples `(x, y, sample_weight)` of host arrays (or of tensors of the engine in force, where the data came as such).
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from keras import tree
from keras.backend.select import current
from keras.errors import shorten
from keras.training.arguments import whole
from keras.training.arrays import as_array, as_arrays, check_sizes, take
from keras.training.sparse import SparseRows, is_sparse
from keras.training.workers import IndexedBatches
from keras.utils import PyDataset, unpack_x_y_sample_weight

Batch = tuple[Any, Any, Any]


class Source:
    """Where batches come from."""

    num_batches: int | None = None
    one_shot = False  # whether there is only one pass
    in_memory = False

    def batches(self) -> Iterator[Batch]:
        """One pass over the data."""
        raise NotImplementedError

    def on_epoch_begin(self) -> None:
        """An epoch begins."""

    def on_epoch_end(self) -> None:
        """An epoch is over."""

    def close(self) -> None:
        """Let workers go."""


def joined(parts: Sequence[slice | np.ndarray]) -> slice | np.ndarray:
    """The rows of successive batches as one: a slice, or numbers of rows."""
    first, last = parts[0], parts[-1]
    if isinstance(first, slice) and isinstance(last, slice):
        return slice(first.start, last.stop)
    return np.concatenate(parts)  # type: ignore[arg-type]


class ArraySource(Source):
    """Rows of arrays in memory, in order or shuffled anew for each pass.

    Args:
        x: inputs: an array (or `SparseRows`), or a list, tuple or dict of arrays.
        y: targets likewise, or None.
        sample_weight: weights likewise, or None.
        batch_size: rows in a batch; the last batch may have fewer.
        shuffle: False, True for rows, or `"batch"` for whole batches.
        rng: where the order comes from.

    >>> [x.tolist() for x, y, w in ArraySource(np.arange(3), None, None, batch_size=2).batches()]
    [[0, 1], [2]]
    """

    in_memory = True

    def __init__(
        self,
        x: Any,
        y: Any,
        sample_weight: Any,
        batch_size: int,
        shuffle: bool | str = False,
        rng: np.random.Generator | None = None,
    ) -> None:
        self.x, self.y, self.sample_weight = x, y, sample_weight
        self.batch_size = batch_size
        self.shuffle = shuffle
        self._rng = rng or np.random.default_rng()
        self.samples = check_sizes(x, y, sample_weight)
        self.num_batches: int = math.ceil(self.samples / batch_size)

    def order(self) -> np.ndarray | None:
        """The order of the rows in the next pass; None if it is theirs."""
        if not self.shuffle:
            return None
        if self.shuffle != "batch":
            return self._rng.permutation(self.samples)
        starts = self._rng.permutation(self.num_batches) * self.batch_size
        return np.concatenate([np.arange(s, min(s + self.batch_size, self.samples)) for s in starts])

    def head(self) -> Batch:
        """A batch to look at: the first rows, whatever the order will be."""
        return take((self.x, self.y, self.sample_weight), slice(0, self.batch_size))

    def batches(self) -> Iterator[Batch]:
        """One pass over the rows."""
        return (self.take(rows) for rows in self.rows())

    def rows(self) -> Iterator[slice | np.ndarray]:
        """One pass, as the rows of each batch: a slice, or numbers of rows."""
        order = self.order()
        for start in range(0, self.samples, self.batch_size):
            rows = slice(start, min(start + self.batch_size, self.samples))
            yield rows if order is None else order[rows]

    def take(self, rows: slice | np.ndarray) -> Batch:
        """These rows of all arrays."""
        return take((self.x, self.y, self.sample_weight), rows)

    def take_many(self, parts: Sequence[slice | np.ndarray]) -> Batch:
        """Batches of equal size in one, along a new leading axis.

        >>> source = ArraySource(np.arange(6), None, None, batch_size=2)
        >>> source.take_many(list(source.rows()))[0].tolist()
        [[0, 1], [2, 3], [4, 5]]
        """
        return tree.map_structure(
            lambda x: None if x is None else x.reshape(len(parts), len(x) // len(parts), *x.shape[1:]),
            self.take(joined(parts)),
        )


class IterableSource(Source):
    """Anything that gives batches when iterated over, again and again: tf.data, a DataLoader."""

    def __init__(self, iterable: Any) -> None:
        self._iterable = iterable
        self.num_batches = _length(iterable)

    def batches(self) -> Iterator[Batch]:
        """One pass."""
        return (as_batch(element) for element in self._iterable)


class IteratorSource(Source):
    """A generator: one pass, of unknown length."""

    one_shot = True

    def __init__(self, iterator: Iterator[Any]) -> None:
        self._iterator = iterator

    def batches(self) -> Iterator[Batch]:
        """What is left."""
        return (as_batch(element) for element in self._iterator)


class PyDatasetSource(Source):
    """A `PyDataset`: batches by index, computed by workers if it asks for them."""

    def __init__(
        self, dataset: PyDataset, shuffle: bool | str = False, rng: np.random.Generator | None = None
    ) -> None:
        self._dataset = dataset
        self._shuffle = bool(shuffle)
        self._rng = rng or np.random.default_rng()
        self._indexed = IndexedBatches(dataset)
        self.num_batches = dataset.num_batches
        if self.num_batches == 0:
            raise ValueError(f"the data is empty: {type(dataset).__name__} has 0 batches.")

    def batches(self) -> Iterator[Batch]:
        """One pass over all indices."""
        self.num_batches = self._dataset.num_batches
        count = self.num_batches
        order = self._rng.permutation(count).tolist() if self._shuffle and count is not None else None
        return (as_batch(element) for element in self._indexed.run(count, order))

    def on_epoch_begin(self) -> None:
        """Tell the dataset."""
        _call(self._dataset, "on_epoch_begin")

    def on_epoch_end(self) -> None:
        """Tell the dataset."""
        _call(self._dataset, "on_epoch_end")

    def close(self) -> None:
        """Let the workers go."""
        self._indexed.close()


class Stream:
    """The batches of a run, epoch by epoch.

    Args:
        source: where they come from.
        steps: batches in an epoch; None for one pass. With it, an epoch goes on where the last one stopped.

    >>> stream = Stream(ArraySource(np.arange(4), None, None, batch_size=1), steps=2)
    >>> [[x.tolist() for x, y, w in stream.epoch()] for _ in range(3)]
    [[[0], [1]], [[2], [3]], [[0], [1]]]
    """

    def __init__(self, source: Source, steps: int | None = None) -> None:
        self.source = source
        self.steps = steps
        self.ended = False  # whether there is nothing more to come
        self._pass: Iterator[Any] | None = None
        self._seen = 0
        self._waiting: list[Batch] = []
        self._begun = False

    @property
    def length(self) -> int | None:
        """Batches in an epoch, if that is known."""
        return self.steps if self.steps is not None else self.source.num_batches

    def peek(self) -> Batch:
        """A batch to look at, without taking it. Raises ValueError if there is none."""
        if isinstance(self.source, ArraySource):
            return self.source.head()
        if not self._waiting:
            self._begin_epoch()
            batch = self._next()
            if batch is None:
                raise ValueError("the data is empty: it gave no batch.")
            self._waiting.append(batch)
        return self._waiting[0]

    def epoch(self, rows: bool = False) -> Iterator[Any]:
        """The batches of the next epoch. It may be shorter than `steps`: then the data has run out.

        Args:
            rows: give the rows of each batch instead (see `ArraySource.rows`).
        """
        self._begin_epoch()
        if self.steps is None and not self._waiting:
            self._pass = None
        taken = 0
        while self.steps is None or taken < self.steps:
            batch = self._waiting.pop() if self._waiting else self._next(rows)
            if batch is None:
                break
            taken += 1
            yield batch
        if self.steps is not None and self._seen == self.source.num_batches:
            self._pass = None
        self._check_run_out(taken)
        self.source.on_epoch_end()
        self._begun = False

    def skip(self, epochs: int) -> None:
        """Leave out epochs that an earlier run has seen: shuffled rows come in the order they would have come in after those."""
        if isinstance(self.source, ArraySource) and self.steps is None:
            for _ in range(epochs):
                self.source.order()

    def restart(self) -> None:
        """Begin the next epoch at the beginning of the data, where the data has one."""
        if not self.source.one_shot:
            self._pass = None

    def close(self) -> None:
        """Let workers go."""
        self._pass = None
        self.source.close()

    def _begin_epoch(self) -> None:
        if not self._begun:
            self._begun = True
            self.source.on_epoch_begin()

    def _next(self, rows: bool = False) -> Any:
        if self._pass is None:
            source: Any = self.source
            self._pass, self._seen = iter(source.rows() if rows else source.batches()), 0
        batch = next(self._pass, None)
        if batch is not None:
            self._seen += 1
        return batch

    def _check_run_out(self, taken: int) -> None:
        short = self.steps is not None and taken < self.steps
        if short or taken == 0:
            self._pass = None
            self.ended = self.source.one_shot or taken == 0
            asked = f"an epoch asked for {self.steps}" if short else "another epoch asked for more"
            warnings.warn(
                f"the data ran out: {asked}, but only {taken} batches were left. "
                "Give the generator or dataset at least `steps_per_epoch * epochs` batches, or leave the steps out.",
                stacklevel=5,
            )


def make_source(
    x: Any,
    y: Any = None,
    sample_weight: Any = None,
    batch_size: int | None = None,
    shuffle: bool | str = False,
    rng: np.random.Generator | None = None,
) -> Source:
    """The source for what a user passed as `x`, `y` and `sample_weight`.

    Args:
        x: arrays, a `PyDataset`, a `tf.data.Dataset`, a torch `DataLoader`, a generator or another iterable of batches.
        y: targets; only with arrays.
        sample_weight: weights; only with arrays.
        batch_size: default 32; only with arrays.
        shuffle: for arrays and `PyDataset`s.
        rng: where the order comes from.

    Raises:
        ValueError: targets or weights beside data that brings its own; arrays that do not fit.
        TypeError: something that is no data.
    """
    make = _maker(x)
    if make is None:
        batch_size = _checked_batch_size(batch_size)
        return ArraySource(*_by_rows(x, y, sample_weight), batch_size, shuffle, rng)
    for name, value in (("y", y), ("sample_weight", sample_weight)):
        if value is not None:
            raise ValueError(
                f"`{name}` must not be passed when `x` is a {type(x).__name__}: "
                "it gives the targets and weights itself, as `(x, y)` or `(x, y, sample_weight)` per batch."
            )
    return make(x, shuffle, rng)


def is_array_data(x: Any) -> bool:
    """Whether `x` is arrays in memory rather than something that gives batches."""
    return _maker(x) is None


def _maker(x: Any) -> Callable[..., Source] | None:
    """What makes a source of `x`; None for arrays."""
    if x is None:
        raise ValueError("no data: `x` is None.")
    if isinstance(x, PyDataset):
        return PyDatasetSource
    if (
        isinstance(x, (list, tuple, dict))
        or hasattr(x, "__array__")
        or hasattr(x, "to_numpy")
        or is_sparse(x)
    ):
        return None
    if current().is_tensor(x) or hasattr(x, "detach"):
        return None
    if hasattr(x, "__next__"):
        return lambda x, shuffle, rng: IteratorSource(x)
    if hasattr(x, "__iter__") and not isinstance(x, (str, bytes)):
        return lambda x, shuffle, rng: IterableSource(x)
    raise TypeError(
        f"`x` is no data: {shorten(x)} of type {type(x).__name__}. Expected arrays (or a list or dict of arrays), a "
        "keras.utils.PyDataset, a tf.data.Dataset, a DataLoader, or a generator"
        + (": call the generator function." if callable(x) else ".")
    )


def as_batch(element: Any) -> Batch:
    """What a generator or dataset gave, as a triple of arrays.

    >>> x, y, w = as_batch(([[1.0], [2.0]], [0, 1]))
    >>> x.shape, y.tolist(), w
    ((2, 1), [0, 1], None)
    """
    engine = current()

    def convert(part: Any, what: str) -> Any:
        if engine.is_tensor(part):
            return as_array(part, what) if isinstance(part, np.ndarray) else part
        if (
            not is_sparse(part)
            and tree.is_nested(part)
            and any(engine.is_tensor(leaf) for leaf in tree.flatten(part))
        ):
            return tree.map_structure(lambda leaf: None if leaf is None else convert(leaf, what), part)
        return as_arrays(part, what)

    if element is None:  # which elsewhere means that there is nothing more to come
        raise TypeError("A batch of the data is None. Expected `x`, `(x, y)` or `(x, y, sample_weight)`.")
    x, y, sample_weight = unpack_x_y_sample_weight(element)
    return convert(x, "x"), convert(y, "y"), convert(sample_weight, "sample_weight")


def split_rows(x: Any, y: Any, sample_weight: Any, fraction: float) -> tuple[Batch, Batch]:
    """The rows for training and, from the end, those for validation.

    Args:
        x: inputs in memory.
        y: targets.
        sample_weight: weights.
        fraction: the share for validation, between 0 and 1.

    Raises:
        ValueError: a fraction that leaves one part empty, or data that is not in memory.
    """
    if not is_array_data(x):
        raise ValueError(
            f"validation_split works on arrays only, not on a {type(x).__name__}. Pass `validation_data` instead."
        )
    arrays = _by_rows(x, y, sample_weight)
    samples = check_sizes(*arrays)
    at = math.floor(samples * (1.0 - fraction))
    if not 0 < at < samples:
        raise ValueError(
            f"validation_split={fraction} of {samples} samples leaves {at} for training and {samples - at} for "
            "validation; both need some."
        )
    return _part(arrays, slice(None, at)), _part(arrays, slice(at, None))


def _by_rows(x: Any, y: Any, sample_weight: Any) -> Batch:
    return as_arrays(x, "x", True), as_arrays(y, "y", True), as_arrays(sample_weight, "sample_weight", True)


def _part(arrays: Any, rows: slice) -> Any:
    """Rows of arrays; those of a sparse matrix as another one."""
    return tree.map_structure(lambda x: x.part(rows) if isinstance(x, SparseRows) else take(x, rows), arrays)


def _checked_batch_size(batch_size: Any) -> int:
    return 32 if batch_size is None else whole("batch_size", batch_size)


def _length(iterable: Any) -> int | None:
    """Batches in a pass, where it can be known without making one."""
    if hasattr(iterable, "cardinality"):  # tf.data: -1 is endless, -2 unknown
        count = iterable.cardinality
        count = int(count() if callable(count) else count)  # a number, of a distributed dataset
        return count if count >= 0 else None
    try:
        return len(iterable)
    except TypeError:
        return None


def _call(dataset: Any, moment: str) -> None:
    method = getattr(dataset, moment, None)
    if method is not None:
        method()
