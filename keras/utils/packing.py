"""The one form in which data travels to a step: `x`, `(x,)`, `(x, y)` or `(x, y, sample_weight)`."""

from typing import Any

from keras.errors import shorten


def pack_x_y_sample_weight(x: Any, y: Any = None, sample_weight: Any = None) -> Any:
    """Inputs, targets and weights as the `data` a `train_step` receives.

    Args:
        x: inputs.
        y: targets, or None.
        sample_weight: weights, or None.

    Returns:
        A tuple without trailing Nones; a single tensor or dict of inputs stays as it is.

    >>> pack_x_y_sample_weight(1, 2)
    (1, 2)
    >>> pack_x_y_sample_weight(1)
    1
    """
    if sample_weight is not None:
        return (x, y, sample_weight)
    if y is not None:
        return (x, y)
    return (x,) if isinstance(x, (list, tuple)) else x


def unpack_x_y_sample_weight(data: Any) -> tuple[Any, Any, Any]:
    """The inverse: always three values, None for what is absent.

    Args:
        data: what a `train_step` receives; a list counts as a tuple.

    Raises:
        ValueError: if it is a tuple of more than three.

    >>> unpack_x_y_sample_weight((1, 2))
    (1, 2, None)
    """
    if isinstance(data, list):
        data = tuple(data)
    if not isinstance(data, tuple):
        return (data, None, None)
    if not 1 <= len(data) <= 3:
        raise ValueError(
            "Data must be `x`, `(x,)`, `(x, y)` or `(x, y, sample_weight)`. "
            f"Received: a tuple of {len(data)}: {shorten(data)}. Several inputs go into a list or dict: `([a, b], y)`."
        )
    return (*data, *(None,) * (3 - len(data)))
