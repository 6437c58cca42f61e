"""How primitives and kernels become CNTK ops; importing this package fills the table."""

from keras.backend.cntk.lowering import (  # noqa: F401 (they enter their lowerings)
    elementwise,
    movement,
    reduction,
)
from keras.backend.cntk.lowering.table import LOWERINGS, Lowering

__all__ = ["LOWERINGS", "Lowering"]
