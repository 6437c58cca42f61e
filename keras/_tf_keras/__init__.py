"""Where TensorFlow looks for Keras 3, and what editors import from; see `keras.api`."""
