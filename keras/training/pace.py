"""How long a chunk of steps may be, so that it takes some tens of milliseconds."""

from __future__ import annotations

#: Seconds a chunk should take.
CHUNK_SECONDS = 0.04
#: By how much a chunk may be longer than the one before: the first measurements are rough.
GROWTH = 16


class Pace:
    """How many steps take about `CHUNK_SECONDS`, learned while they run.

    The first single step and the first chunk are not counted: compiling is most of their time.

    >>> pace = Pace()
    >>> for steps, seconds in ((1, 3.0), (1, 0.004), (10, 1.0), (10, 0.02)):
    ...     pace.took(steps, seconds)
    >>> pace.length
    20
    """

    def __init__(self) -> None:
        self.length = 1
        self._seen: set[bool] = set()

    def took(self, steps: int, seconds: float) -> None:
        """Learn from a chunk that has run."""
        is_chunk = steps > 1
        if is_chunk in self._seen:
            fitting = int(CHUNK_SECONDS * steps / max(seconds, 1e-9))
            self.length = max(1, min(fitting, self.length * GROWTH))
        self._seen.add(is_chunk)


class FixedPace(Pace):
    """Always the same number of steps.

    Args:
        length: that number.
    """

    def __init__(self, length: int) -> None:
        super().__init__()
        self.length = length

    def took(self, steps: int, seconds: float) -> None:
        """Nothing is learned."""
