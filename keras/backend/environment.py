"""What engines read from the environment once, while they are loaded by whomever; what the user has set counts.

`import keras` sets it, so that it holds for a program that imports Keras first and then the engine itself.
"""

import os

# TensorFlow leaves oneDNN aside on processors without AVX-512 VNNI. On one of these (AMD Zen 3) it makes steps of
# convolutional models and transformers 1.6 to 2.1 times as fast, and slows nothing by more than a tenth of a
# millisecond but predicting single rows of deep ones (TensorFlow 2.21).
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
