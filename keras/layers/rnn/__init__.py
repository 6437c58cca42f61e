"""Recurrent layers and their cells."""

from keras.layers.rnn.bidirectional import Bidirectional
from keras.layers.rnn.cells import GRUCell, LSTMCell, SimpleRNNCell
from keras.layers.rnn.recurrent import GRU, LSTM, ConvLSTM1D, ConvLSTM2D, ConvLSTM3D, SimpleRNN
from keras.layers.rnn.rnn import RNN
from keras.layers.rnn.stacked import StackedRNNCells

__all__ = [
    "GRU",
    "LSTM",
    "RNN",
    "Bidirectional",
    "ConvLSTM1D",
    "ConvLSTM2D",
    "ConvLSTM3D",
    "GRUCell",
    "LSTMCell",
    "SimpleRNN",
    "SimpleRNNCell",
    "StackedRNNCells",
]
