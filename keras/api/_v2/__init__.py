"""Where TensorFlow looks for a Keras that is not of version 3; see `keras.api`."""
