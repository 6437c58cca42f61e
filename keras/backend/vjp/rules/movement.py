"""Pull-backs of movement primitives: data goes back where it came from."""

from __future__ import annotations

from typing import Any

from keras.backend.vjp.table import linear, sum_to


@linear("reshape")
def _(e: Any, dy: Any, x: Any, shape: Any) -> Any:
    return e.reshape(dy, x[0])


@linear("transpose")
def _(e: Any, dy: Any, x: Any, axes: Any) -> Any:
    return e.transpose(dy, tuple(sorted(range(len(axes)), key=axes.__getitem__)))


@linear("broadcast_to")
def _(e: Any, dy: Any, x: Any, shape: Any) -> Any:
    return sum_to(e, dy, x[0])


@linear("slice")
def _(e: Any, dy: Any, x: Any, starts: Any, stops: Any, steps: Any) -> Any:
    if any(step > 1 for step in steps):
        dy = _spaced(e, dy, steps)
    high = tuple(n - a - m for n, a, m in zip(x[0], starts, e.spec(dy)[0], strict=True))
    return e.pad(dy, tuple(starts), high, 0)


def _spaced(e: Any, x: Any, steps: Any) -> Any:
    """`step - 1` zeros between neighbours on every axis."""
    shape = e.spec(x)[0]
    pairs = tuple(n for size in shape for n in (size, 1))
    high = tuple(n for step in steps for n in (0, step - 1))
    x = e.pad(e.reshape(x, pairs), (0,) * len(pairs), high, 0)
    x = e.reshape(x, tuple(n * step for n, step in zip(shape, steps, strict=True)))
    used = tuple(max((n - 1) * step + 1, 0) for n, step in zip(shape, steps, strict=True))
    return e.slice(x, (0,) * len(shape), used, (1,) * len(shape))


@linear("pad")
def _(e: Any, dy: Any, x: Any, low: Any, high: Any, value: Any) -> Any:
    stops = tuple(a + n for a, n in zip(low, x[0], strict=True))
    return e.slice(dy, tuple(low), stops, (1,) * len(stops))


@linear("concat")
def _(e: Any, dy: Any, axis: Any, *xs: Any) -> Any:
    whole, start, parts = e.spec(dy)[0], 0, []
    for shape, _ in xs:
        stop = start + shape[axis]
        starts = tuple(start if i == axis else 0 for i in range(len(whole)))
        stops = tuple(stop if i == axis else n for i, n in enumerate(whole))
        parts.append(e.slice(dy, starts, stops, (1,) * len(whole)))
        start = stop
    return None, *parts


@linear("flip")
def _(e: Any, dy: Any, x: Any, axes: Any) -> Any:
    return e.flip(dy, axes)


@linear("dynamic_slice")
def _(e: Any, dy: Any, x: Any, starts: Any, sizes: Any) -> Any:
    return e.dynamic_update(e.full(x[0], 0, x[1]), dy, starts)


@linear("dynamic_update")
def _(e: Any, dy: Any, x: Any, update: Any, starts: Any) -> Any:
    shape, dtype = update
    return (
        lambda: e.dynamic_update(dy, e.full(shape, 0, dtype), starts),
        lambda: e.dynamic_slice(dy, starts, shape),
    )
