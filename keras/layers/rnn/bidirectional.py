"""`Bidirectional`: a recurrent layer and its mirror image, merged."""

from __future__ import annotations

from typing import Any

from keras import ops, tree
from keras.errors import unknown
from keras.layers.input_spec import label
from keras.layers.layer import Layer
from keras.layers.rnn.cell import unbuilt
from keras.serializable import deserialize, serialize

Tensor = Any

_MERGES = {
    "concat": lambda a, b: ops.concatenate([a, b], axis=-1),
    "sum": lambda a, b: a + b,
    "ave": lambda a, b: (a + b) / 2,
    "mul": lambda a, b: a * b,
    None: lambda a, b: (a, b),
}


class Bidirectional(Layer):
    """A recurrent layer run in both directions (Schuster & Paliwal 1997).

    Args:
        layer: recurrent layer; a copy of it runs backwards.
        merge_mode: how the two outputs become one: `concat`, `sum`, `ave`, `mul`, or None for a tuple of both.
        weights: initial weights.
        backward_layer: the layer to run backwards, in place of the copy; its `go_backwards` must differ.

    Raises:
        ValueError: unknown merge mode, or layers that do not fit together.

    Example:
        >>> import keras
        >>> keras.layers.Bidirectional(keras.layers.GRU(4))(keras.Input((5, 3))).shape
        (None, 8)
    """

    def __init__(
        self,
        layer: Any,
        merge_mode: str | None = "concat",
        weights: Any = None,
        backward_layer: Any = None,
        **kwargs: Any,
    ) -> None:
        if not all(hasattr(layer, n) for n in ("get_config", "go_backwards", "return_sequences")):
            raise ValueError(f"Bidirectional: `layer` must be a recurrent layer. Received: {layer!r:.80}")
        if merge_mode not in _MERGES:
            raise ValueError(f"Bidirectional: {unknown('merge_mode', merge_mode, [m for m in _MERGES if m])}")
        if weights is not None:
            kwargs["weights"] = weights
        super().__init__(**kwargs)
        self.merge_mode = merge_mode
        config = layer.get_config()
        if hasattr(layer, "use_cudnn"):  # not in the config
            config["use_cudnn"] = layer.use_cudnn
        forward = {"name": _prefixed("forward", layer)}
        self.forward_layer: Any = type(layer).from_config({**config, **forward})
        if backward_layer is None:
            mirrored = {"name": _prefixed("backward", layer), "go_backwards": not layer.go_backwards}
            self.backward_layer: Any = type(layer).from_config({**config, **mirrored})
        else:
            self.backward_layer = backward_layer
        self._check()
        for each in (self.forward_layer, self.backward_layer):
            # The two directions repeat different outputs at masked steps: nothing to merge there.
            each.zero_output_for_mask = getattr(each, "zero_output_for_mask", False) or layer.return_sequences
        self.return_sequences = layer.return_sequences
        self.return_state = layer.return_state
        self.stateful = layer.stateful
        self.supports_masking = True
        self.input_spec = layer.input_spec

    def _check(self) -> None:
        forward, backward = self.forward_layer, self.backward_layer
        if forward.go_backwards == backward.go_backwards:
            raise ValueError(
                f"{label(self)}: `layer` and `backward_layer` must run in opposite directions (`go_backwards`)."
            )
        for name in ("stateful", "return_sequences", "return_state"):
            if getattr(forward, name) != getattr(backward, name):
                raise ValueError(f"{label(self)}: `layer` and `backward_layer` must have the same `{name}`.")

    def build(self, sequences_shape: Any, initial_state_shape: Any = None) -> None:
        for layer in (self.forward_layer, self.backward_layer):
            if not layer.built:
                layer.build(sequences_shape)

    def call(
        self, sequences: Any, initial_state: Any = None, mask: Any = None, training: bool | None = None
    ) -> Any:
        states: tuple[Any, Any] = (None, None)
        if isinstance(sequences, (list, tuple)):
            sequences, *rest = sequences
            initial_state = rest or initial_state
        if initial_state is not None:
            half = len(initial_state) // 2
            states = (list(initial_state[:half]), list(initial_state[half:]))
        parts = [
            layer(sequences, initial_state=s, mask=mask, training=training)
            for layer, s in zip((self.forward_layer, self.backward_layer), states, strict=True)
        ]
        (y, *forward_states), (z, *backward_states) = (p if self.return_state else [p] for p in parts)
        if self.return_sequences:
            z = ops.flip(z, axis=1)
        merged = _MERGES[self.merge_mode](y, z)
        if not self.return_state:
            return merged
        first = merged if self.merge_mode is None else (merged,)
        return (*first, *forward_states, *backward_states)

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        mask = tree.flatten(previous_mask)[0] if self.return_sequences else None
        first = [mask, mask] if self.merge_mode is None else [mask]
        if not self.return_state:
            return first if self.merge_mode is None else mask
        n = len(tree.flatten(self.forward_layer.state_size)) * 2
        return [*first, *(None for _ in range(n))]

    def reset_states(self) -> None:
        """Set the states of both directions to zeros."""
        self.forward_layer.reset_states()
        self.backward_layer.reset_states()

    reset_state = reset_states

    def get_config(self) -> dict[str, Any]:
        layers = {"layer": serialize(self.forward_layer), "backward_layer": serialize(self.backward_layer)}
        return {**self._base_config(), "merge_mode": self.merge_mode, **layers}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None, safe_mode: bool = True) -> Any:
        config = {k: v for k, v in config.items() if k != "num_constants"}  # Keras 2 wrote it
        for key in ("layer", "backward_layer"):
            if isinstance(config.get(key), dict):
                config[key] = deserialize(unbuilt(config[key]), custom_objects, safe_mode, family="layers")
        return cls(
            **{
                k: deserialize(v, custom_objects, safe_mode) if isinstance(v, dict) else v
                for k, v in config.items()
            }
        )


def _prefixed(direction: str, layer: Any) -> str:
    """The layer's name behind that of its direction, once."""
    return layer.name if layer.name.startswith(f"{direction}_") else f"{direction}_{layer.name}"
