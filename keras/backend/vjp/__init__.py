"""Gradients for engines without their own: a tape of primitives and a table of pull-backs.

`TapeEngine(inner)` is an engine whose every call runs on `inner` and, when an argument is traced, is noted on the tape
with its rule; sweeping the tape backwards applies the rules. The rules use primitives of `inner` only, so one table
serves every engine, and because a tape is an engine too, tapes nest: that is all there is to higher derivatives.
"""

from keras.backend.vjp.engine import TapeEngine
from keras.backend.vjp.rules import pull_back_of
from keras.backend.vjp.transforms import jvp, value_and_grad

__all__ = ["TapeEngine", "jvp", "pull_back_of", "value_and_grad"]
