"""Sequences of unequal lengths as one array."""

from collections.abc import Sequence
from typing import Any

import numpy as np


def pad_sequences(
    sequences: Sequence[Any],
    maxlen: int | None = None,
    dtype: Any = "int32",
    padding: str = "pre",
    truncating: str = "pre",
    value: Any = 0.0,
) -> np.ndarray:
    """Sequences brought to one length: short ones padded, long ones cut.

    Args:
        sequences: lists or arrays; all entries have one shape.
        maxlen: the length; by default that of the longest.
        dtype: of the result.
        padding: `"pre"` puts the padding before a sequence, `"post"` after it.
        truncating: `"pre"` cuts entries off the beginning, `"post"` off the end.
        value: what to pad with.

    Returns:
        An array of shape `(len(sequences), maxlen, *entry_shape)`.

    Raises:
        ValueError: another word for `padding` or `truncating`, or entries of different shapes.

    >>> pad_sequences([[1, 2, 3], [4]], padding="post").tolist()
    [[1, 2, 3], [4, 0, 0]]
    """
    for name, word in (("padding", padding), ("truncating", truncating)):
        if word not in ("pre", "post"):
            raise ValueError(f'pad_sequences: `{name}` must be "pre" or "post". Received: {name}={word!r}')
    try:
        lengths = [len(sequence) for sequence in sequences]
    except TypeError:
        raise ValueError("pad_sequences: expected a list of sequences; one of them has no length.") from None
    maxlen = max(lengths, default=0) if maxlen is None else maxlen
    shape = next((np.shape(s)[1:] for s, n in zip(sequences, lengths, strict=True) if n), ())
    fill = value if np.dtype(dtype).kind in "OUS" else np.asarray(value).astype(dtype)
    padded = np.full((len(lengths), maxlen, *shape), fill, dtype=dtype)
    for i, sequence in enumerate(sequences):
        kept = sequence[max(lengths[i] - maxlen, 0) :] if truncating == "pre" else sequence[:maxlen]
        array = np.asarray(kept, dtype=dtype)
        if not len(array):
            continue
        if array.shape[1:] != shape:
            raise ValueError(
                f"pad_sequences: entries of shape {array.shape[1:]} in sequence {i}, of shape {shape} elsewhere."
            )
        rows = slice(0, len(array)) if padding == "post" else slice(maxlen - len(array), maxlen)
        padded[i, rows] = array
    return padded
