"""Optimizers: how gradients move variables. As classes (`Adam(1e-3)`) and names (`"adam"`)."""

from keras.optimizers import schedules
from keras.optimizers.adadelta import Adadelta
from keras.optimizers.adafactor import Adafactor
from keras.optimizers.adagrad import Adagrad
from keras.optimizers.adam import Adam, AdamW
from keras.optimizers.adamax import Adamax
from keras.optimizers.ftrl import Ftrl
from keras.optimizers.lamb import Lamb
from keras.optimizers.lion import Lion
from keras.optimizers.lookup import deserialize, get, serialize
from keras.optimizers.loss_scale import LossScaleOptimizer
from keras.optimizers.muon import Muon
from keras.optimizers.nadam import Nadam
from keras.optimizers.optimizer import Optimizer
from keras.optimizers.rmsprop import RMSprop
from keras.optimizers.sgd import SGD

__all__ = [
    "Adadelta",
    "Adafactor",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "Ftrl",
    "Lamb",
    "Lion",
    "LossScaleOptimizer",
    "Muon",
    "Nadam",
    "Optimizer",
    "RMSprop",
    "SGD",
    "deserialize",
    "get",
    "schedules",
    "serialize",
]
