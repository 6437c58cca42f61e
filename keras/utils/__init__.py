"""Helpers around training: data, labels, progress, seeds, saved objects."""

from keras.utils.numerical import normalize as normalize
from keras.utils.numerical import to_categorical as to_categorical
from keras.utils.packing import pack_x_y_sample_weight as pack_x_y_sample_weight
from keras.utils.packing import unpack_x_y_sample_weight as unpack_x_y_sample_weight
from keras.utils.progress import Progbar as Progbar
from keras.utils.pydataset import PyDataset as PyDataset
from keras.utils.pydataset import Sequence as Sequence
from keras.utils.random_seed import set_random_seed as set_random_seed
