"""Masks travel with tensors: into `call` by the names of its arguments, and out of it by `compute_mask`."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, ClassVar

from keras import tree
from keras.backend.masks import get_mask, set_mask
from keras.layers.shapes import is_tensor_tree
from keras.layers.signature import Signature
from keras.layers.weights import Weighted


class Masked(Weighted):
    """What a layer does with the masks of its inputs."""

    supports_masking: bool
    _signature: ClassVar[Signature]

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """The output's mask, given the inputs' masks; a layer with `supports_masking` hands them through."""
        return previous_mask

    def _fill_masks(self, bound: dict[str, Any], kwargs: dict[str, Any]) -> Any:
        """Give `call` the masks that travel with its tensors; returns those of the first argument."""
        first_masks = None
        for i, (name, x) in enumerate(bound.items()):
            if not is_tensor_tree(x):
                continue
            masks = tree.map_structure(get_mask, x) if tree.is_nested(x) else get_mask(x)
            if i == 0:
                first_masks = masks
            target = f"{name}_mask" if i or f"{name}_mask" in self._signature.names else "mask"
            if target in self._signature.names and bound.get(target) is None and _any_mask(masks):
                kwargs[target] = masks
        given = bound.get("mask")
        return first_masks if given is None or _any_mask(first_masks) else given

    def _mask_outputs(self, inputs: Any, masks: Any, outputs: Any) -> None:
        produces = type(self).compute_mask is not Masked.compute_mask
        if not produces and not (self.supports_masking and _any_mask(masks)):
            return
        mask = self.compute_mask(inputs, masks)
        if mask is None:
            return
        # Of several inputs' masks, as `Layer.compute_mask` hands them on, a single output gets the first.
        for y, m in zip(tree.flatten(outputs), tree.flatten(mask), strict=False):
            if m is not None:
                set_mask(y, m)

    def _record_masks(self, args: tuple[Any, ...], kwargs: dict[str, Any], outputs: Any) -> None:
        """Masks that belong to the graph, in place of those of the inference: a model may use or return them.

        Those made inside a nested model stay as they are: only its own graph knows them.
        """
        bound = self._signature.bind(args, kwargs)
        first = args[0] if args else next(iter(bound.values()), None)
        masks = self._fill_masks(bound, dict(kwargs))
        with suppress(Exception):  # a `compute_mask` that counts with sizes: what was inferred stays
            self._mask_outputs(first, masks, outputs)


def _any_mask(masks: Any) -> bool:
    return any(m is not None for m in tree.flatten(masks))
