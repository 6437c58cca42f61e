"""Recurrent layers and their cells."""

from keras.layers.rnn.bidirectional import Bidirectional
from keras.layers.rnn.cells import GRUCell, LSTMCell, SimpleRNNCell, StackedRNNCells
from keras.layers.rnn.recurrent import GRU, LSTM, RNN, SimpleRNN

__all__ = [
    "GRU",
    "LSTM",
    "RNN",
    "Bidirectional",
    "GRUCell",
    "LSTMCell",
    "SimpleRNN",
    "SimpleRNNCell",
    "StackedRNNCells",
]
