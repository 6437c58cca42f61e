"""Images sampled at places that are not pixels: map_coordinates, and the transformations made of it."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

from keras.backend import dtypes
from keras.backend.select import current
from keras.backend.spec import same, shape_str
from keras.ops.dispatch import as_float, cast, convert, dtype_of, ndim_of, op, shape_of
from keras.ops.image.filters import blurred
from keras.ops.image.layout import in_batch
from keras.ops.settling import scalar, slice_axis, wrapped

Tensor = Any

_INTERPOLATION = {"nearest": 0, "bilinear": 1}
_FILL_MODES = ("constant", "nearest", "wrap", "mirror", "reflect")


# ---------------------------------------------------------------------- sampling
def _check_fill_mode(who: str, fill_mode: str) -> None:
    if fill_mode not in _FILL_MODES:
        raise ValueError(
            f"{who}: `fill_mode` must be one of {', '.join(_FILL_MODES)}. Received: {fill_mode!r}"
        )


@op
def map_coordinates(
    inputs: Any, coordinates: Any, order: int, fill_mode: str = "constant", fill_value: float = 0
) -> Tensor:
    """Elements of a tensor at fractional indices, interpolated between the neighbours.

    Args:
        inputs: tensor of rank n.
        coordinates: `[n, ...]`: an index for each axis, at every place of the result.
        order: 0 for the nearest element, 1 for linear interpolation.
        fill_mode: beyond the edges: `"constant"`, `"nearest"`, `"wrap"`, `"mirror"` (a b c | b a), `"reflect"`
            (a b c | c b a).
        fill_value: what is there in mode `"constant"`.

    Returns:
        Tensor of the shape of one coordinate, in the dtype of the inputs.

    >>> map_coordinates([1.0, 3.0], [[0.5]], order=1).tolist()
    [2.0]
    """
    if order not in (0, 1):
        raise ValueError(f"map_coordinates: `order` must be 0 or 1. Received: order={order}")
    _check_fill_mode("map_coordinates", fill_mode)
    x, places = convert(inputs), as_float(coordinates)
    rank = ndim_of(x)
    if ndim_of(places) < 2 or not same(shape_of(places)[0], rank):
        raise ValueError(
            f"map_coordinates: `coordinates` must have a first axis of size {rank}, the rank of `inputs`, and others. "
            f"Received: coordinates.shape={shape_str(shape_of(places))}"
        )
    rest = shape_of(places)[1:]
    rows = [current().reshape(slice_axis(places, 0, i, i + 1), rest) for i in range(rank)]
    return sampled(x, rows, order, fill_mode, fill_value)


def sampled(x: Tensor, places: Sequence[Tensor], order: int, fill_mode: str, fill_value: float) -> Tensor:
    """`x` at places given as one float tensor per axis."""
    e, dtype = current(), dtype_of(x)
    work = dtype if dtypes.is_float(dtype) else dtype_of(places[0])
    options = [_neighbours(p, order) for p in places]
    total: Tensor = None
    for corner in itertools.product(*options):
        value = cast(_elements(x, [i for i, _ in corner], fill_mode, fill_value), work)
        for _, weight in corner:
            if weight is not None:
                value = e.mul(value, cast(weight, work))
        total = value if total is None else e.add(total, value)
    if dtypes.is_int(dtype):
        total = e.round(total)
    return cast(total, dtype)


def _neighbours(place: Tensor, order: int) -> list[tuple[Tensor, Tensor | None]]:
    """Float indices along one axis, and their weights."""
    e = current()
    if order == 0:
        return [(e.round(place), None)]
    low = e.floor(place)
    upper = e.sub(place, low)
    one = scalar(1.0, place)
    return [(low, e.sub(one, upper)), (e.add(low, one), upper)]


def _elements(x: Tensor, indices: Sequence[Tensor], fill_mode: str, fill_value: float) -> Tensor:
    """`x` at float tensors that hold whole numbers, one per axis."""
    e, shape = current(), shape_of(x)
    flat: Tensor = None
    inside: Tensor = None
    for index, size in zip(indices, shape, strict=True):
        if fill_mode == "constant":
            here = e.logical_and(e.less(scalar(-0.5, index), index), e.less(index, scalar(size, index)))
            inside = here if inside is None else e.logical_and(inside, here)
        i = cast(_folded(index, size, fill_mode), "int32")
        flat = i if flat is None else e.add(e.mul(flat, scalar(size, flat)), i)
    value = e.take(e.reshape(x, (math.prod(shape),)), flat, 0)
    return value if inside is None else e.select(inside, value, scalar(_fill(fill_value, x), x))


def _fill(value: float, x: Tensor) -> Any:
    return value if dtypes.is_float(dtype_of(x)) else wrapped(int(value), dtype_of(x))


def _folded(index: Tensor, size: Any, fill_mode: str) -> Tensor:
    """Indices beyond the edges brought back inside."""
    e = current()
    zero, last = scalar(0, index), scalar(size - 1, index)
    if fill_mode == "wrap":
        index = e.mod(index, scalar(size, index))
    elif fill_mode == "mirror":
        period = scalar(2 * (size - 1), index)
        turned = e.mod(e.abs(index), e.maximum(period, scalar(1, index)))
        index = e.minimum(turned, e.sub(period, turned))
    elif fill_mode == "reflect":
        period = scalar(2 * size, index)
        turned = e.mod(index, period)
        index = e.minimum(turned, e.sub(e.sub(period, turned), scalar(1, index)))
    index = e.minimum(e.maximum(index, zero), last)
    return e.select(e.equal(index, index), index, zero)  # NaN is nowhere: any element will do


def _image_sampled(
    x: Tensor, rows: Tensor, columns: Tensor, order: int, fill_mode: str, fill_value: float
) -> Tensor:
    """Images `[batch, height, width, channels]` at places `[batch, h, w]`."""
    e = current()
    batch, height, width, channels = shape_of(x)
    _, h, w = shape_of(rows)
    # Channels are carried along by taking whole pixels; the image of a pixel comes from its place in the batch.
    image = e.reshape(e.iota(batch, "int32"), (batch, 1, 1))
    pixels = e.reshape(x, (batch * height * width, channels))
    dtype = dtype_of(x)
    work = dtype if dtypes.is_float(dtype) else dtype_of(rows)
    total: Tensor = None
    for (r, wr), (c, wc) in itertools.product(_neighbours(rows, order), _neighbours(columns, order)):
        i, j = (cast(_folded(v, n, fill_mode), "int32") for v, n in ((r, height), (c, width)))
        place = e.add(e.mul(e.add(e.mul(image, scalar(height, image)), i), scalar(width, i)), j)
        value = e.take(pixels, place, 0)
        if fill_mode == "constant":
            inside = e.logical_and(_within(r, height), _within(c, width))
            value = e.select(e.reshape(inside, (batch, h, w, 1)), value, scalar(_fill(fill_value, x), x))
        value = cast(value, work)
        if wr is not None and wc is not None:
            value = e.mul(value, cast(e.reshape(e.mul(wr, wc), (batch, h, w, 1)), work))
        total = value if total is None else e.add(total, value)
    return cast(total, dtype)


def _within(index: Tensor, size: Any) -> Tensor:
    e = current()
    return e.logical_and(e.less(scalar(-0.5, index), index), e.less(index, scalar(size, index)))


# ---------------------------------------------------------------------- transformations
def _order(who: str, interpolation: str) -> int:
    if interpolation not in _INTERPOLATION:
        raise ValueError(
            f'{who}: `interpolation` must be "nearest" or "bilinear". Received: interpolation={interpolation!r}'
        )
    return _INTERPOLATION[interpolation]


@op
def affine_transform(
    images: Any,
    transform: Any,
    interpolation: str = "bilinear",
    fill_mode: str = "constant",
    fill_value: float = 0,
    data_format: str | None = None,
) -> Tensor:
    """Images moved, turned, scaled, sheared or tilted.

    Args:
        images: `[height, width, channels]`, or a batch of them.
        transform: `[8]` or `[batch, 8]`: `a0 a1 a2 b0 b1 b2 c0 c1`. The result at (x, y) is the image at
            ((a0 x + a1 y + a2) / k, (b0 x + b1 y + b2) / k) with k = c0 x + c1 y + 1.
        interpolation: `"nearest"` or `"bilinear"`.
        fill_mode: beyond the edges: `"constant"`, `"nearest"`, `"wrap"`, `"mirror"` or `"reflect"`.
        fill_value: what is there in mode `"constant"`.
        data_format: `"channels_last"` or `"channels_first"`.

    >>> affine_transform([[[1.0], [2.0]]], [1, 0, 1, 0, 1, 0, 0, 0]).tolist()
    [[[2.0], [0.0]]]
    """
    order = _order("affine_transform", interpolation)
    _check_fill_mode("affine_transform", fill_mode)
    matrix = current().stop_gradient(convert(transform, "float32"))
    if ndim_of(matrix) not in (1, 2) or not same(shape_of(matrix)[-1], 8):
        raise ValueError(
            f"affine_transform: `transform` must be [8] or [batch, 8]. Received: shape {shape_str(shape_of(matrix))}"
        )
    return in_batch(
        "affine_transform", images, data_format, lambda x: _projected(x, matrix, order, fill_mode, fill_value)
    )


def _projected(x: Tensor, matrix: Tensor, order: int, fill_mode: str, fill_value: float) -> Tensor:
    e = current()
    batch, height, width, _ = shape_of(x)
    if ndim_of(matrix) == 1:
        matrix = e.reshape(matrix, (1, 8))
    if not same(shape_of(matrix)[0], batch) and shape_of(matrix)[0] != 1:
        raise ValueError(
            f"affine_transform: expected one transformation, or one for each of {batch} images. "
            f"Received: {shape_of(matrix)[0]}"
        )
    matrix = e.broadcast_to(matrix, (batch, 8))
    a = [e.reshape(slice_axis(matrix, 1, i, i + 1), (batch, 1, 1)) for i in range(8)]
    columns = e.reshape(e.iota(width, "float32"), (1, 1, width))
    rows = e.reshape(e.iota(height, "float32"), (1, height, 1))

    def linear(p: Tensor, q: Tensor, r: Tensor) -> Tensor:
        return e.add(e.add(e.mul(p, columns), e.mul(q, rows)), r)

    k = linear(a[6], a[7], scalar(1.0, matrix))
    from_columns, from_rows = (_somewhere(e.div(linear(*a[i : i + 3]), k)) for i in (0, 3))
    if order == 0:
        from_rows, from_columns = _half_away(from_rows), _half_away(from_columns)
    if fill_mode == "wrap":
        from_rows, from_columns = _wrapped(from_rows, height), _wrapped(from_columns, width)
    return _image_sampled(x, from_rows, from_columns, order, fill_mode, fill_value)


def _somewhere(place: Tensor) -> Tensor:
    """Places at infinity, or nowhere (0 / 0), as a place just outside the image."""
    e = current()
    return e.select(e.less(e.abs(place), scalar(math.inf, place)), place, scalar(-2.0, place))


def _half_away(place: Tensor) -> Tensor:
    """Nearest whole number, halves away from 0: TensorFlow's rule for transformed images."""
    e = current()
    return e.mul(e.sign(place), e.floor(e.add(e.abs(place), scalar(0.5, place))))


def _wrapped(place: Tensor, size: Any) -> Tensor:
    """Places beyond the edges come in at the other side, without blending the two edges: as TensorFlow wraps images."""
    e = current()
    n, last = scalar(size, place), scalar(size - 1, place)
    zero, one = scalar(0.0, place), scalar(1.0, place)
    turns = e.floor(e.div(e.abs(place), e.maximum(last, one)))
    below = e.add(place, e.mul(n, e.add(turns, one)))
    above = e.sub(place, e.mul(n, turns))
    place = e.select(e.less(place, zero), below, e.select(e.less(last, place), above, place))
    return e.minimum(e.maximum(place, zero), last)


@op
def perspective_transform(
    images: Any,
    start_points: Any,
    end_points: Any,
    interpolation: str = "bilinear",
    fill_value: float = 0,
    data_format: str | None = None,
) -> Tensor:
    """Images tilted so that four points go to four others.

    Args:
        images: `[height, width, channels]`, or a batch of them.
        start_points: `[4, 2]` or `[batch, 4, 2]`: points (x, y) in the image.
        end_points: likewise: where they are in the result.
        interpolation: `"nearest"` or `"bilinear"`.
        fill_value: what is beyond the edges.
        data_format: `"channels_last"` or `"channels_first"`.

    >>> corners = [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]
    >>> perspective_transform([[[1.0], [2.0]], [[3.0], [4.0]]], corners, corners).round(3).tolist()
    [[[1.0], [2.0]], [[3.0], [4.0]]]
    """
    order = _order("perspective_transform", interpolation)
    starts, ends = (convert(p, "float32") for p in (start_points, end_points))
    for name, p in (("start_points", starts), ("end_points", ends)):
        if shape_of(p)[-2:] != (4, 2) or ndim_of(p) not in (2, 3):
            raise ValueError(
                f"perspective_transform: `{name}` must be [4, 2] or [batch, 4, 2]. "
                f"Received: shape {shape_str(shape_of(p))}"
            )
    matrix = _homography(ends, starts)
    return in_batch(
        "perspective_transform",
        images,
        data_format,
        lambda x: _projected(x, matrix, order, "constant", fill_value),
    )


def _homography(points: Tensor, images: Tensor) -> Tensor:
    """The eight numbers of the projective map that takes `[..., 4, 2]` points to others."""
    e = current()
    if ndim_of(points) != ndim_of(images):
        deeper = points if ndim_of(points) == 3 else images
        points, images = (e.broadcast_to(p, shape_of(deeper)) for p in (points, images))
    *batch, _, _ = shape_of(points)

    def part(p: Tensor, i: int) -> Tensor:
        return slice_axis(p, ndim_of(p) - 1, i, i + 1)

    x, y, u, v = part(points, 0), part(points, 1), part(images, 0), part(images, 1)
    one, zero = e.full((*batch, 4, 1), 1, "float32"), e.full((*batch, 4, 1), 0, "float32")
    last = len(batch) + 1
    upper = e.concat([x, y, one, zero, zero, zero, e.neg(e.mul(u, x)), e.neg(e.mul(u, y))], last)
    lower = e.concat([zero, zero, zero, x, y, one, e.neg(e.mul(v, x)), e.neg(e.mul(v, y))], last)
    solution = e.solve(e.concat([upper, lower], last - 1), e.concat([u, v], last - 1))
    return e.reshape(solution, (*batch, 8))


@op
def elastic_transform(
    images: Any,
    alpha: float = 20.0,
    sigma: float = 5.0,
    interpolation: str = "bilinear",
    fill_mode: str = "reflect",
    fill_value: float = 0.0,
    seed: Any = None,
    data_format: str | None = None,
) -> Tensor:
    """Images with every pixel moved at random, neighbours alike.

    Args:
        images: `[height, width, channels]`, or a batch of them.
        alpha: size of the displacements.
        sigma: width of the Gaussian that smooths them.
        interpolation: `"nearest"` or `"bilinear"`.
        fill_mode: beyond the edges: `"constant"`, `"nearest"`, `"wrap"`, `"mirror"` or `"reflect"`.
        fill_value: what is there in mode `"constant"`.
        seed: an int, a `SeedGenerator` or None.
        data_format: `"channels_last"` or `"channels_first"`.

    >>> elastic_transform([[[1.0], [1.0]]], seed=1).round(3).tolist()
    [[[1.0], [1.0]]]
    """
    order = _order("elastic_transform", interpolation)
    _check_fill_mode("elastic_transform", fill_mode)
    draw = _normal_drawer(seed)

    def deformed(x: Tensor) -> Tensor:
        e = current()
        batch, height, width, _ = shape_of(x)
        field = draw((batch, height, width, 2))
        size = int(6 * sigma) | 1
        field = e.mul(blurred(field, (size, size), (sigma, sigma)), e.full((), alpha, "float32"))
        rows, columns = (e.reshape(slice_axis(field, 3, i, i + 1), (batch, height, width)) for i in range(2))
        rows = e.add(rows, e.reshape(e.iota(height, "float32"), (1, height, 1)))
        columns = e.add(columns, e.reshape(e.iota(width, "float32"), (1, 1, width)))
        return _image_sampled(x, rows, columns, order, fill_mode, fill_value)

    return in_batch("elastic_transform", images, data_format, deformed)


def _normal_drawer(seed: Any) -> Callable[[tuple[Any, ...]], Tensor]:
    from keras.random.distributions import normal  # lazily: `keras.random` is built on the ops

    return lambda shape: normal(shape, dtype="float32", seed=seed)
