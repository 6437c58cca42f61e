"""Targets that do not fit a loss are found on the host, before training."""

import numpy as np
import pytest

from keras import losses
from keras.losses.checks import check_targets

SPARSE = losses.SparseCategoricalCrossentropy()


@pytest.mark.parametrize(
    ("loss", "y", "output", "message"),
    [
        (
            SPARSE,
            [0, 1, 3],
            (None, 3),
            r"label 3 at index \(2,\) is outside .*Give the output 4 units",
        ),
        (SPARSE, [1, 2, 3], (None, 3), "count from 1: subtract 1"),
        (SPARSE, [[0], [-1]], (None, 3), r"label -1 at index \(1, 0\).*ignore_class=-1"),
        (SPARSE, [[0, 1], [2, 5]], (None, 2, 3), r"label 5 at index \(1, 1\)"),
        (SPARSE, [0.5, 1.0], (None, 3), "0.5 at index .* is not a whole number"),
        (SPARSE, np.eye(3), (None, 3), "One-hot targets belong to categorical_crossentropy"),
        (losses.sparse_categorical_crossentropy, [3], (None, 3), "outside the classes"),
        (losses.CategoricalGeneralizedCrossEntropy(), [3], (None, 3), "outside the classes"),
        (losses.CategoricalCrossentropy(), [0, 1], (None, 3), "look like class numbers"),
        (losses.CategoricalCrossentropy(), np.eye(4), (None, 3), r"shape \(4, 4\) do not match .*\(4, 3\)"),
        (losses.BinaryCrossentropy(), [[-1], [1]], (None, 1), "label -1 .* neither 0 nor 1.*hinge"),
        (losses.BinaryCrossentropy(), [0, 1, 2], (None, 1), r"label 2 at index \(2,\)"),
        (losses.MeanSquaredError(), np.zeros((5, 3)), (None, 1), r"shape \(5, 3\) do not match .*\(5, 1\)"),
        (losses.MeanSquaredError(), np.zeros((5, 1)), (None, 3), r"shape \(5, 1\) do not match .*\(5, 3\)"),
        (losses.huber, np.zeros(5), (None, 3), "do not match"),
    ],
)
def test_refused(loss, y, output, message):
    with pytest.raises(ValueError, match=message) as error:
        check_targets(loss, np.asarray(y), output, 'targets of output "digit"')
    assert str(error.value).startswith('targets of output "digit": ')


@pytest.mark.parametrize(
    ("loss", "y", "output"),
    [
        (SPARSE, [0, 1, 2], (None, 3)),
        (SPARSE, [[0.0], [2.0]], (None, 3)),
        (SPARSE, np.zeros((2, 5), int), (None, 5, 3)),
        (SPARSE, [7], (None, None)),
        (losses.SparseCategoricalCrossentropy(ignore_class=-1), [-1, 2], (None, 3)),
        (losses.SparseCategoricalCrossentropy(axis=1), np.zeros((2, 5), int), (None, 3, 5)),
        (losses.CategoricalCrossentropy(), np.eye(3), (None, 3)),
        (losses.BinaryCrossentropy(), [True, False], (None, 1)),
        (losses.BinaryCrossentropy(), [[0.0, 0.5, 1.0]], (None, 3)),
        (losses.MeanSquaredError(), np.zeros(5), (None, 1)),
        (losses.MeanSquaredError(), np.zeros((5, 4, 2)), (None, None, 2)),
        (losses.CTC(), np.zeros((5, 4)), (None, 9, 3)),
        (lambda y, p: 0.0, np.zeros((5, 4)), (None, 3)),
        (SPARSE, np.zeros((0,), int), (None, 3)),
    ],
)
def test_accepted(loss, y, output):
    check_targets(loss, np.asarray(y), output)
