"""Callbacks: objects that `fit`, `evaluate` and `predict` call at fixed moments."""

from keras.callbacks.callback import Callback as Callback
from keras.callbacks.callback import LambdaCallback as LambdaCallback
from keras.callbacks.callback_list import CallbackList as CallbackList
from keras.callbacks.checkpoint import BackupAndRestore as BackupAndRestore
from keras.callbacks.checkpoint import ModelCheckpoint as ModelCheckpoint
from keras.callbacks.early_stopping import EarlyStopping as EarlyStopping
from keras.callbacks.early_stopping import TerminateOnNaN as TerminateOnNaN
from keras.callbacks.history import CSVLogger as CSVLogger
from keras.callbacks.history import History as History
from keras.callbacks.history import RemoteMonitor as RemoteMonitor
from keras.callbacks.learning_rate import LearningRateScheduler as LearningRateScheduler
from keras.callbacks.learning_rate import ReduceLROnPlateau as ReduceLROnPlateau
from keras.callbacks.progbar_logger import ProgbarLogger as ProgbarLogger
from keras.callbacks.swap_ema_weights import SwapEMAWeights as SwapEMAWeights
