"""The loss as users meet it: `loss(y_true, y_pred, sample_weight)` gives the number to minimise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from keras import config, dtype_policies, ops, tree
from keras.backend.masks import get_mask
from keras.backend.state import auto_name, to_snake_case
from keras.losses.reduction import reduce_weighted_values, standardize_reduction
from keras.losses.shapes import squeeze_or_expand_to_same_rank
from keras.serializable import Serializable

Tensor = Any


class Loss(Serializable):
    """Base of all losses: subclass it and write `call(y_true, y_pred)`, which returns one value per sample.

    Args:
        name: name of the loss; made from the class name if None.
        reduction: `"sum_over_batch_size"` (= `"mean"`), `"sum"`, `"mean_with_sample_weight"` or `"none"`.
        dtype: computation dtype; `floatx()` if None.

    >>> from keras import ops
    >>> class Worst(Loss):
    ...     def call(self, y_true, y_pred):
    ...         return ops.max(ops.absolute(y_true - y_pred), axis=-1)
    >>> float(Worst()([[0.0, 1.0], [0.0, 0.0]], [[2.0, 1.0], [0.0, 4.0]]))
    3.0
    """

    def __init__(
        self, name: str | None = None, reduction: str | None = "sum_over_batch_size", dtype: Any = None
    ) -> None:
        self.name = name or auto_name(to_snake_case(type(self).__name__))
        self.reduction = standardize_reduction(reduction)
        self._dtype = None if dtype is None else dtype_policies.get(dtype).compute_dtype

    @property
    def dtype(self) -> str:
        """The computation dtype."""
        return self._dtype or config.floatx()

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Tensor:
        """The reduced loss.

        Args:
            y_true: targets, shape `(batch, ...)`, or a structure of such.
            y_pred: predictions; a mask attached to them leaves the masked entries out.
            sample_weight: weights, aligned with the per-sample values from the batch axis on.

        Returns:
            A scalar; per-sample values for reduction `"none"`.
        """
        in_mask = _mask_of(y_pred)
        y_pred = self._convert(y_pred)
        y_true = self._convert(y_true)
        values = self.call(y_true, y_pred)
        mask = _both(in_mask, get_mask(values))
        return reduce_weighted_values(values, sample_weight, mask, self.reduction, self.dtype, self.name)

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """Per-sample values, shape `(batch, ...)`, of converted targets and predictions."""
        raise NotImplementedError(f"{type(self).__name__} must write call(self, y_true, y_pred)")

    def _base_config(self) -> dict[str, Any]:
        return {"name": self.name, "reduction": self.reduction, "dtype": self._dtype}

    def _convert(self, x: Any) -> Any:
        """A tensor, or a structure of tensors; nested lists of plain numbers are one tensor."""
        if tree.is_nested(x) and not _is_number_list(x):
            return tree.map_structure(self._convert, x)
        return ops.convert_to_tensor(x, dtype=self.dtype)


class LossFunctionWrapper(Loss):
    """A loss made of a function `fn(y_true, y_pred, **kwargs)` that returns one value per sample.

    Args:
        fn: the function.
        reduction: how per-sample values become one number.
        name: name of the loss.
        dtype: computation dtype; `floatx()` if None.
        **kwargs: passed on to `fn` at each call.

    >>> from keras import ops
    >>> worst = LossFunctionWrapper(lambda y, p: ops.max(ops.absolute(y - p), axis=-1))
    >>> float(worst([[0.0, 1.0]], [[2.0, 1.0]]))
    2.0
    """

    def __init__(
        self,
        fn: Callable[..., Tensor],
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.fn = fn
        self.fn_kwargs = kwargs
        keep_settings(self, kwargs)

    def call(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        """`fn` of targets and predictions whose ranks were made equal where they differ by a trailing 1."""
        if not tree.is_nested(y_true) and not tree.is_nested(y_pred):
            y_true, y_pred = squeeze_or_expand_to_same_rank(y_true, y_pred)
        return self.fn(y_true, y_pred, **self.fn_kwargs)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name} ({getattr(self.fn, '__name__', self.fn)})>"


def keep_settings(obj: Any, settings: dict[str, Any]) -> None:
    """Let what a wrapped function is called with be read as attributes: `loss.label_smoothing`."""
    vars(obj).update({name: value for name, value in settings.items() if not hasattr(type(obj), name)})


def _is_number_list(x: Any) -> bool:
    while isinstance(x, list | tuple) and x:
        x = x[0]
    return isinstance(x, bool | int | float)


def _mask_of(y_pred: Any) -> Tensor | None:
    """The mask of a tensor; None for a structure, whose parts may have different ones."""
    return None if tree.is_nested(y_pred) else get_mask(y_pred)


def _both(a: Tensor | None, b: Tensor | None) -> Tensor | None:
    if a is None or b is None:
        return b if a is None else a
    return ops.logical_and(a, b)
