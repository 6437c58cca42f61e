"""Mixed precision under its own name: policies of `keras.dtype_policies`, settings of `keras.config`, and loss scaling.

>>> set_global_policy("mixed_bfloat16")
>>> global_policy().compute_dtype, global_policy().variable_dtype
('bfloat16', 'float32')
>>> set_global_policy("float32")
"""

from keras.config import dtype_policy, set_dtype_policy
from keras.dtype_policies import DTypePolicy
from keras.optimizers import LossScaleOptimizer

Policy, global_policy, set_global_policy = DTypePolicy, dtype_policy, set_dtype_policy

__all__ = [
    "DTypePolicy",
    "LossScaleOptimizer",
    "Policy",
    "dtype_policy",
    "global_policy",
    "set_dtype_policy",
    "set_global_policy",
]
