"""Another name of `keras`; see `keras.api`."""

from keras.api import mirror

mirror(globals())
