"""The TensorFlow engine: oneDNN kernels, `tf.function` graphs, gradients by tape.

The parts are in `keras.backend.tensorflow_engine`. This module is imported when the engine is first asked for, and
TensorFlow with it; TensorFlow's own Keras is never touched.
"""

from __future__ import annotations

from keras.backend.tensorflow_engine.checkpoints import CheckpointsPart
from keras.backend.tensorflow_engine.compiling import CompilingPart
from keras.backend.tensorflow_engine.elementwise import ElementwisePart
from keras.backend.tensorflow_engine.flow import FlowPart
from keras.backend.tensorflow_engine.gradient import GradientPart
from keras.backend.tensorflow_engine.indexing import IndexingPart
from keras.backend.tensorflow_engine.kernels import KernelsPart
from keras.backend.tensorflow_engine.leaf import LeafPart
from keras.backend.tensorflow_engine.linalg import LinalgPart
from keras.backend.tensorflow_engine.movement import MovementPart
from keras.backend.tensorflow_engine.random import RandomPart
from keras.backend.tensorflow_engine.reduction import ReductionPart
from keras.backend.tensorflow_engine.scan import ScanPart
from keras.backend.tensorflow_engine.sequences import HostSequencesPart
from keras.backend.tensorflow_engine.state import StatePart
from keras.backend.tensorflow_engine.updates import UpdatesPart
from keras.backend.tensorflow_engine.window import WindowPart


class TensorFlowEngine(
    LeafPart,
    MovementPart,
    IndexingPart,
    ElementwisePart,
    ReductionPart,
    LinalgPart,
    WindowPart,
    RandomPart,
    StatePart,
    CompilingPart,
    FlowPart,
    ScanPart,
    GradientPart,
    KernelsPart,
    HostSequencesPart,
    UpdatesPart,
    CheckpointsPart,
):
    """TensorFlow 2.18 and later; two cores or a cluster of them, and a GPU if TensorFlow sees one."""

    name = "tensorflow"
