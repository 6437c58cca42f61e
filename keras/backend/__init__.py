"""Engines, variables, symbolic tensors and Keras 2's functions: the names of `keras.backend`, each loaded at its first use."""

from __future__ import annotations

import importlib
from typing import Any

#: Public names and the module each comes from.
_NAMES = {
    "KerasTensor": "keras.backend.spec",
    "Variable": "keras.backend.state",
    "available": "keras.backend.select",
    "backend": "keras.backend.facts",
    "clear_session": "keras.backend.facts",
    "current": "keras.backend.select",
    "epsilon": "keras.config",
    "floatx": "keras.config",
    "get_uid": "keras.backend.facts",
    "image_data_format": "keras.config",
    "is_float_dtype": "keras.backend.facts",
    "is_int_dtype": "keras.backend.facts",
    "is_keras_tensor": "keras.backend.spec",
    "known": "keras.backend.select",
    "name_scope": "keras.backend.state",
    "result_type": "keras.backend.facts",
    "set_epsilon": "keras.config",
    "set_floatx": "keras.config",
    "set_image_data_format": "keras.config",
    "standardize_dtype": "keras.backend.facts",
    "using": "keras.backend.select",
}

#: Keras 2's functions, by the module of `keras.classic` they are in.
_CLASSIC = {
    "convolution": """
        conv1d conv2d conv2d_transpose conv3d conv3d_transpose depthwise_conv2d pool2d pool3d
        separable_conv1d separable_conv2d
    """,
    "crossentropy": """
        binary_crossentropy binary_focal_crossentropy categorical_crossentropy
        categorical_focal_crossentropy sparse_categorical_crossentropy
    """,
    "ctc": "ctc_batch_cost ctc_decode ctc_label_dense_to_sparse",
    "dimensions": "shape",
    "elementwise": """
        abs clip cos equal exp greater greater_equal less less_equal log maximum minimum not_equal pow
        round sign sin sqrt square
    """,
    "enlarging": """
        normalize_data_format resize_images resize_volumes spatial_2d_padding spatial_3d_padding
        temporal_padding
    """,
    "flow": "foldl foldr map_fn switch",
    "function": "function",
    "gradients": "gradients",
    "local": "local_conv local_conv1d local_conv2d",
    "nn": """
        batch_normalization bias_add dropout elu hard_sigmoid in_top_k l2_normalize
        normalize_batch_in_training relu sigmoid softmax softplus softsign tanh
    """,
    "phase": "in_test_phase in_train_phase learning_phase learning_phase_scope set_learning_phase",
    "products": "batch_dot dot gather transpose",
    "random": "random_bernoulli random_binomial random_normal random_uniform truncated_normal",
    "reductions": "all any argmax argmin cumprod cumsum logsumexp max mean min prod std sum var",
    "rnn": "rnn",
    "session": """
        control_dependencies eager get_session image_dim_ordering manual_variable_initialization
        reset_uids set_image_dim_ordering set_session symbolic
    """,
    "shaping": """
        arange batch_flatten concatenate expand_dims flatten one_hot permute_dimensions repeat
        repeat_elements reshape reverse slice squeeze stack tile
    """,
    "tensors": """
        cast cast_to_floatx count_params dtype get_variable_shape identity int_shape is_placeholder
        is_sparse is_tensor ndim placeholder print_tensor size to_dense
    """,
    "variables": """
        batch_get_value batch_set_value constant eval eye get_value is_variable moving_average_update
        ones ones_like random_normal_variable random_uniform_variable set_value update update_add
        update_sub variable zeros zeros_like
    """,
}
_NAMES |= {name: f"keras.classic.{module}" for module, names in _CLASSIC.items() for name in names.split()}

__all__ = sorted(_NAMES)


def __getattr__(name: str) -> Any:
    if name not in _NAMES:
        raise AttributeError(f"module 'keras.backend' has no attribute {name!r}")
    value = getattr(importlib.import_module(_NAMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return list(__all__)
