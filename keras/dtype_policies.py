"""Dtype policies: in which dtype a layer computes and in which it keeps its weights."""

import re
from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any

from keras import config, serializable
from keras.backend import dtypes
from keras.errors import shorten
from keras.serializable import Serializable

__all__ = ["DTypePolicy", "DTypePolicyMap", "FloatDTypePolicy", "deserialize", "get", "serialize"]

_QUANTIZED = re.compile(r"(int4|int8|float8|gptq|awq)([_/].*)?")
_FLOAT8_DTYPES = ("float8_e4m3fn", "float8_e5m2")


class DTypePolicy(Serializable):
    """The pair of dtypes of a layer, under one name.

    `"mixed_bfloat16"` and `"mixed_float16"` compute in 16 bits and keep float32 weights; any dtype's name
    uses that dtype for both.

    Args:
        name: a dtype's name, `"mixed_bfloat16"` or `"mixed_float16"`; by default the policy in force.

    Raises:
        TypeError: if the name is not a text.
        ValueError: if it names neither a dtype nor a mixed policy.

    >>> policy = DTypePolicy("mixed_bfloat16")
    >>> policy.compute_dtype, policy.variable_dtype
    ('bfloat16', 'float32')
    """

    def __init__(self, name: str | None = None) -> None:
        if name is None:
            name = config.dtype_policy().name
        if not isinstance(name, str):
            raise TypeError(f"DTypePolicy: the name must be a text such as 'float32', got {shorten(name)}")
        self.name = name
        self.compute_dtype, self.variable_dtype = _pair(name)

    @property
    def quantization_mode(self) -> None:
        """Always None: quantisation wraps a layer and is no property of its dtypes."""
        return None

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other.get_config() == self.get_config()

    def __hash__(self) -> int:
        return hash((type(self), self.name))

    def __repr__(self) -> str:
        return f'<{type(self).__name__} "{self.name}">'


FloatDTypePolicy = DTypePolicy


class DTypePolicyMap(DTypePolicy, MutableMapping[str, DTypePolicy]):
    """Policies by layer path, for a model whose parts compute in different dtypes.

    Args:
        default_policy: the policy of layers with no entry; by default the policy in force.
        policy_map: policies by path; a key may be a regular expression matching whole paths.

    >>> policies = DTypePolicyMap("mixed_bfloat16", {"decoder/.*": "float32"})
    >>> policies["decoder/dense"].name, policies["encoder/dense"].name
    ('float32', 'mixed_bfloat16')
    """

    def __init__(self, default_policy: Any = None, policy_map: Mapping[str, Any] | None = None) -> None:
        self.default_policy = get(default_policy)
        self.policy_map: dict[str, DTypePolicy] = {}
        super().__init__(self.default_policy.name)
        self.name = f"map_{self.default_policy.name}"
        self.update(policy_map or {})

    def get_config(self) -> dict[str, Any]:
        """The default policy by name, as Keras writes it, and the entries."""
        return {
            "default_policy": self.default_policy.name,
            "policy_map": serializable.serialize(self.policy_map),
        }

    def __getitem__(self, key: str) -> DTypePolicy:
        if key in self.policy_map:
            return self.policy_map[key]
        matching = [pattern for pattern in self.policy_map if re.fullmatch(pattern, key)]
        if len(matching) > 1:
            raise ValueError(f'DTypePolicyMap: the path "{key}" matches several keys: {matching}')
        return self.policy_map[matching[0]] if matching else self.default_policy

    def __setitem__(self, key: str, policy: Any) -> None:
        if key in self.policy_map:
            raise ValueError(f'DTypePolicyMap: "{key}" has a policy already: {self.policy_map[key]!r}')
        self.policy_map[key] = get(policy)

    def __delitem__(self, key: str) -> None:
        del self.policy_map[key]

    def __contains__(self, key: object) -> bool:
        return key in self.policy_map

    def __len__(self) -> int:
        return len(self.policy_map)

    def __iter__(self) -> Iterator[str]:
        return iter(self.policy_map)

    def __eq__(self, other: object) -> bool:
        return DTypePolicy.__eq__(self, other)

    __hash__ = DTypePolicy.__hash__

    def __repr__(self) -> str:
        entries = [(path, policy.name) for path, policy in self.policy_map.items()]
        return f"<DTypePolicyMap default_policy={self.default_policy.name}, mapping={entries}>"


def get(identifier: Any) -> DTypePolicy:
    """The policy a user means.

    Args:
        identifier: a policy, its name, its config, a dtype of NumPy or of an engine, or None for the one in
            force.

    >>> get("float16"), get(None)
    (<DTypePolicy "float16">, <DTypePolicy "float32">)
    """
    if identifier is None:
        return config.dtype_policy()
    if isinstance(identifier, DTypePolicy):
        return identifier
    if isinstance(identifier, dict):
        identifier = deserialize(identifier)
    elif isinstance(identifier, str):
        return DTypePolicy(identifier)
    else:
        identifier = _of_dtype(identifier)
    if not isinstance(identifier, DTypePolicy):
        raise ValueError(f"dtype: expected a dtype or a dtype policy, got {shorten(identifier)}")
    return identifier


def serialize(dtype_policy: DTypePolicy) -> dict[str, Any]:
    """The config of a policy.

    >>> serialize(DTypePolicy("float32"))["config"]
    {'name': 'float32'}
    """
    return serializable.serialize(dtype_policy)


def deserialize(config: dict[str, Any], custom_objects: Mapping[str, Any] | None = None) -> DTypePolicy:
    """The policy of a config.

    >>> deserialize({"class_name": "DTypePolicy", "config": {"name": "float16"}})
    <DTypePolicy "float16">
    """
    return serializable.deserialize(config, custom_objects, family="dtype_policies")


def _pair(name: str) -> tuple[str, str]:
    """Compute dtype and variable dtype."""
    if name in ("mixed_float16", "mixed_bfloat16"):
        return name.removeprefix("mixed_"), "float32"
    if _QUANTIZED.fullmatch(name) and name not in (*_FLOAT8_DTYPES, "int8"):
        raise ValueError(
            f'DTypePolicy: "{shorten(name)}" asks for quantised computation, which is not a dtype policy here. '
            'Use "mixed_bfloat16", or a dtype such as "bfloat16".'
        )
    try:
        dtype = dtypes.standardize(name)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"DTypePolicy: {error} A policy is the name of a dtype, 'mixed_float16' or 'mixed_bfloat16'."
        ) from error
    return dtype, dtype


def _of_dtype(dtype: Any) -> Any:
    try:
        return DTypePolicy(dtypes.standardize(dtype))
    except (TypeError, ValueError):
        return dtype
