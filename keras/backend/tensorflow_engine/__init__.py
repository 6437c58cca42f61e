"""The parts of the TensorFlow engine, one per group of primitives; `keras.backend.tensorflow` puts them together.

Nothing here is imported before the engine is constructed. TensorFlow's start-up notices (levels below "warning") are
switched off first, unless the environment says otherwise.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "1")
