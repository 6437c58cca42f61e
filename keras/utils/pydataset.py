"""Data computed batch by batch in Python: subclass `PyDataset` and hand it to `fit`."""

from collections.abc import Iterator
from typing import Any


class PyDataset:
    """Batches by index, so that workers may compute them in parallel and in any order.

    Subclasses write `__getitem__(index)`, which returns `(inputs, targets)` or `(inputs, targets, weights)` of one
    batch, and `__len__`, the number of batches (leave it out, or let `num_batches` be None, for an endless one).

    Args:
        workers: how many threads or processes compute batches ahead of training; 1 computes them in turn.
        use_multiprocessing: processes rather than threads. They are spawned, so the dataset must be picklable.
        max_queue_size: how many batches may wait.

    >>> class Squares(PyDataset):
    ...     def __len__(self):
    ...         return 3
    ...     def __getitem__(self, index):
    ...         return [index], [index ** 2]
    >>> list(Squares())
    [([0], [0]), ([1], [1]), ([2], [4])]
    """

    # On the class, so that a subclass which never calls super().__init__() works too.
    workers: int = 1
    use_multiprocessing: bool = False
    max_queue_size: int = 10

    def __init__(self, workers: int = 1, use_multiprocessing: bool = False, max_queue_size: int = 10) -> None:
        self.workers = workers
        self.use_multiprocessing = use_multiprocessing
        self.max_queue_size = max_queue_size

    def __getitem__(self, index: int) -> Any:
        """The batch at `index`."""
        raise NotImplementedError(
            f"{type(self).__name__} must write `__getitem__(self, index)`, which returns a batch."
        )

    @property
    def num_batches(self) -> int | None:
        """How many batches make an epoch; None if there is no end."""
        length = getattr(self, "__len__", None)
        return None if length is None else length()

    def __iter__(self) -> Iterator[Any]:
        count, index = self.num_batches, 0
        while count is None or index < count:
            yield self[index]
            index += 1

    def on_epoch_begin(self) -> None:
        """Called before each epoch, also the first."""

    def on_epoch_end(self) -> None:
        """Called after each epoch: the place to shuffle."""


Sequence = PyDataset
