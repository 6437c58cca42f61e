"""Models: `Sequential`, functional graphs, subclasses; cloning and text formats."""

from keras.models.cloning import clone_model
from keras.models.functional import Functional
from keras.models.model import Model
from keras.models.sequential import Sequential
from keras.models.text_formats import model_from_config, model_from_json, model_from_yaml

__all__ = [
    "Functional",
    "Model",
    "Sequential",
    "clone_model",
    "model_from_config",
    "model_from_json",
    "model_from_yaml",
]
