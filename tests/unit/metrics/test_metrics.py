"""State, names, weights, and what `"accuracy"` stands for."""

import numpy as np
import pytest

from keras import Variable, losses, metrics, ops
from keras.backend import masks
from keras.backend.engine import Engine
from keras.backend.state import reset_names
from keras.metrics.lookup import resolve


@pytest.fixture(autouse=True)
def _names_start_anew():
    reset_names()


def test_variables_have_the_names_of_keras():
    auc, precision = metrics.AUC(), metrics.Precision()
    assert [v.path for v in auc.variables] == [
        "auc/true_positives",
        "auc/false_positives",
        "auc/true_negatives",
        "auc/false_negatives",
    ]
    assert metrics.AUC(curve="PR").variables[0].path == "auc_1/true_positives"
    assert [v.path for v in precision.variables] == ["precision/true_positives", "precision/false_positives"]
    assert [v.path for v in metrics.Mean(name="loss").variables] == ["loss/total", "loss/count"]
    assert [v.path for v in metrics.MeanIoU(3).variables] == ["mean_io_u/total_confusion_matrix"]
    assert not any(v.trainable for v in auc.variables)


def test_reset(engine):
    metric = metrics.Mean()
    metric.update_state([1.0, 2.0])
    metric.reset_state()
    assert float(metric.result()) == 0.0
    assert float(metric([4.0])) == 4.0


def test_stateless_use_changes_nothing(engine):
    metric = metrics.Mean()
    metric.update_state([10.0])
    state = metric.stateless_update_state([0.0, 0.0], [1.0, 3.0])
    assert [float(v) for v in state] == [4.0, 2.0]
    assert float(metric.stateless_result(state)) == 2.0
    assert [float(v) for v in metric.stateless_reset_state()] == [0.0, 0.0]
    assert float(metric.result()) == 10.0
    with pytest.raises(ValueError, match="expected 2 values"):
        metric.stateless_result([0.0])


def test_own_metric_with_parts(engine):
    class Both(metrics.Metric):
        def __init__(self, name="both", **kwargs):
            super().__init__(name=name, **kwargs)
            self.seen = self.add_weight(name="seen", shape=(2,), initializer="ones")
            self.mean = metrics.Mean(name="inner")
            self.extra = Variable(0.0, trainable=False, name="extra")

        def update_state(self, y_true, y_pred, sample_weight=None):
            self.seen.assign_add([1.0, 1.0])
            self.mean.update_state(y_pred)

        def result(self):
            return {"seen": ops.sum(self.seen), "mean": self.mean.result()}

    metric = Both()
    assert [v.path for v in metric.variables] == ["both/seen", "inner/total", "inner/count", "extra"]
    metric.update_state(None, [2.0, 4.0])
    assert {k: float(v) for k, v in metric.result().items()} == {"seen": 4.0, "mean": 3.0}
    metric.reset_state()
    assert {k: float(v) for k, v in metric.result().items()} == {"seen": 0.0, "mean": 0.0}


def test_unwritten_method_is_named():
    with pytest.raises(NotImplementedError, match="Metric must write update_state"):
        metrics.Metric(name="m").update_state()
    with pytest.raises(ValueError, match='Did you mean "zeros"'):
        metrics.Mean().add_variable((), "zeroes")


def test_mask_counts_without_weights(engine):
    pred = ops.convert_to_tensor(np.array([[1.0], [5.0]], "float32"))
    masks.set_mask(pred, ops.convert_to_tensor([True, False]))
    for metric in (metrics.MeanAbsoluteError(), metrics.RootMeanSquaredError()):
        metric.update_state(np.zeros((2, 1)), pred)
        assert float(metric.result()) == 1.0
    recall = metrics.Recall()
    masks.set_mask(pred, ops.convert_to_tensor([True, False]))
    recall.update_state(np.ones((2, 1)), pred)
    assert float(recall.true_positives.value[0]) == 1.0


def test_ignored_class_does_not_count(engine):
    """Keras 3.15 counts it as an entry of value 0 unless sample weights are given."""
    metric = metrics.SparseCategoricalCrossentropy(ignore_class=-1)
    metric.update_state(np.array([1, -1]), np.array([[0.5, 0.5], [0.9, 0.1]], "float32"))
    np.testing.assert_allclose(float(metric.result()), np.log(2), rtol=1e-6)


def test_shapes_are_checked(engine):
    with pytest.raises(ValueError, match=r"\(4, 3\).*\(4, 1\)"):
        metrics.BinaryAccuracy().update_state(np.zeros((4, 3)), np.zeros((4, 1)))
    with pytest.raises(ValueError, match="sparse_categorical_accuracy: expected one class number per row"):
        metrics.SparseCategoricalAccuracy().update_state(np.zeros((4, 3)), np.zeros((4, 3)))
    with pytest.raises(ValueError, match="class_id=3 is outside the 3 classes"):
        metrics.Precision(class_id=3).update_state(np.zeros((4, 3)), np.zeros((4, 3)))
    with pytest.raises(ValueError, match=r"\(batch, classes\)"):
        metrics.F1Score().update_state(np.zeros(4), np.zeros(4))
    auc = metrics.AUC(multi_label=True, num_labels=2)
    with pytest.raises(ValueError, match="expected 2 labels"):
        auc.update_state(np.zeros((4, 3)), np.zeros((4, 3)))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: metrics.AUC(curve="RCO"), 'Did you mean "ROC"'),
        (lambda: metrics.AUC(summation_method="interpolate"), 'Did you mean "interpolation"'),
        (lambda: metrics.AUC(num_thresholds=1), "greater than 1"),
        (lambda: metrics.Precision(thresholds=1.5), r"\[0, 1\]"),
        (lambda: metrics.PrecisionAtRecall(recall=2), r"\[0, 1\]"),
        (lambda: metrics.F1Score(average="mikro"), 'Did you mean "micro"'),
        (lambda: metrics.FBetaScore(beta=-1.0), "positive float"),
        (lambda: metrics.IoU(2, [2]), "outside the 2 classes"),
        (lambda: metrics.R2Score(class_aggregation="uniform"), "uniform_average"),
        (lambda: metrics.get("acuracy"), 'Did you mean "accuracy"'),
    ],
)
def test_wrong_settings(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_auc_at_extremes(engine):
    """Scikit-learn's values of areas that any number of thresholds gives exactly."""
    perfect, inverted = metrics.AUC(), metrics.AUC()
    y = np.array([0, 0, 1, 1])
    perfect.update_state(y, np.array([0.0, 0.1, 0.9, 1.0], "float32"))
    inverted.update_state(y, np.array([1.0, 0.9, 0.1, 0.0], "float32"))
    assert float(perfect.result()) == pytest.approx(1.0)
    assert float(inverted.result()) == pytest.approx(0.0)


LOGITS = losses.SparseCategoricalCrossentropy(from_logits=True)


@pytest.mark.parametrize(
    ("name", "loss", "target", "output", "expected"),
    [
        ("accuracy", None, (None,), (None, 1), "BinaryAccuracy"),
        ("acc", None, (None, 1), (None, 1), "BinaryAccuracy"),
        ("accuracy", None, (None,), (None, 3), "SparseCategoricalAccuracy"),
        ("accuracy", None, (None, 1), (None, 3), "SparseCategoricalAccuracy"),
        ("accuracy", None, (None, 3), (None, 3), "CategoricalAccuracy"),
        ("accuracy", None, (None, 7), (None, 7, 3), "SparseCategoricalAccuracy"),
        ("crossentropy", LOGITS, (None,), (None, 3), "SparseCategoricalCrossentropy"),
        ("ce", None, (None, 3), (None, 3), "CategoricalCrossentropy"),
        ("crossentropy", None, (None, 1), (None, 1), "BinaryCrossentropy"),
        ("mse", None, (None, 3), (None, 3), "MeanSquaredError"),
        ("AUC", None, (None, 3), (None, 3), "AUC"),
    ],
)
def test_resolve(name, loss, target, output, expected):
    metric = resolve(name, loss, target, output)
    assert type(metric).__name__ == expected
    assert metric.name == name
    assert metric.built


def test_resolve_follows_the_logits_of_the_loss(engine):
    loss = losses.BinaryCrossentropy(from_logits=True)
    accuracy = resolve("accuracy", loss, (None, 1), (None, 1))
    accuracy.update_state(np.array([[1.0], [0.0]]), np.array([[0.2], [-3.0]], "float32"))
    assert float(accuracy.result()) == 1.0
    entropy = resolve("crossentropy", loss, (None, 1), (None, 1))
    entropy.update_state(np.array([[1.0]]), np.array([[0.0]], "float32"))
    assert float(entropy.result()) == pytest.approx(np.log(2))


def test_resolve_functions_and_objects(engine):
    def largest(y_true, y_pred):
        return ops.max(y_pred, axis=-1)

    metric = resolve(largest, None, (None, 2), (None, 2))
    assert metric.name == "largest"
    assert float(metric([[0.0, 0.0]], [[1.0, 4.0]])) == 4.0
    own = metrics.F1Score()
    assert resolve(own, None, (None, 2), (None, 2)) is own
    assert len(own.variables) == 4


def test_names():
    assert type(metrics.get("mse")).__name__ == "MeanSquaredError"
    assert type(metrics.get("binary_accuracy")).__name__ == "BinaryAccuracy"
    assert metrics.deserialize(metrics.serialize(metrics.hinge)) is metrics.hinge


@pytest.mark.parametrize("make", [metrics.AUC, metrics.Precision, lambda: metrics.PrecisionAtRecall(0.5)])
def test_predictions_that_are_not_numbers_do_not_stop_a_metric(engine, make):
    metric = make()
    metric.update_state(np.array([0, 1, 1]), np.array([np.nan, np.inf, 0.4], "float32"))
    assert np.isfinite(float(metric.result()))


def test_accuracy_is_weighed_element_by_element(engine):
    y_true, y_pred = np.array([[1, 2], [3, 4]]), np.array([[0, 2], [3, 4]])
    weights = np.array([[0.5, 0.2], [0.3, 0.1]])
    for true, pred, w in ((y_true, y_pred, weights), (y_true.ravel(), y_pred.ravel(), weights.ravel())):
        metric = metrics.Accuracy()
        metric.update_state(true, pred, sample_weight=w)
        np.testing.assert_allclose(float(metric.result()), 0.6 / 1.1, rtol=1e-6)
    right = metrics.binary_accuracy([[1, 0], [1, 1]], [[0.9, 0.1], [0.2, 0.8]])
    assert ops.convert_to_numpy(right).tolist() == [[1.0, 1.0], [0.0, 1.0]]
    metric = metrics.BinaryAccuracy()
    metric.update_state([[1, 0], [1, 1]], [[0.9, 0.6], [0.2, 0.8]], sample_weight=[[1.0, 0.0], [0.0, 3.0]])
    assert float(metric.result()) == 1.0


def test_classes_that_never_occur_are_left_out_of_the_mean(engine):
    assert float(metrics.IoU(2, target_class_ids=[0, 1])([1], [1])) == 1.0
    assert float(metrics.IoU(3, target_class_ids=[0, 2])([0, 1], [0, 1])) == 1.0
    assert float(metrics.IoU(2, target_class_ids=[0, 1])([0, 2, -1], [0, 1, 1])) == 1.0
    value = float(metrics.IoU(4, target_class_ids=[0, 1, 2, 3])([0, 0, 1, 1], [0, 1, 0, 1]))
    np.testing.assert_allclose(value, 1 / 3, rtol=1e-6)


def test_float_weights_of_whole_counts_warn(engine):
    metric = metrics.MeanIoU(num_classes=2)
    with pytest.warns(UserWarning, match=r"mean_io_u: float sample weights .* counts are int64"):
        metric.update_state([0, 1, 1], [0, 1, 1], sample_weight=[1.5, 0.6, 0.6])
    assert ops.convert_to_numpy(metric.total_cm).tolist() == [[1, 0], [0, 0]]


@pytest.mark.parametrize("name", ["Precision", "Recall", "PrecisionAtRecall"])
def test_one_class_of_a_vector_is_refused(engine, name):
    given = {"recall": 0.5} if name == "PrecisionAtRecall" else {}
    metric = getattr(metrics, name)(class_id=1, **given)
    with pytest.raises(
        ValueError, match=r"class_id=1 needs predictions of shape \(samples, classes\).*\(3,\)"
    ):
        metric.update_state([0, 1, 1], [0.2, 0.1, 0.6])


def test_settings_are_attributes():
    assert metrics.TopKCategoricalAccuracy(k=3).k == 3
    assert metrics.SparseTopKCategoricalAccuracy(from_sorted_ids=True).from_sorted_ids is True
    assert metrics.BinaryAccuracy(threshold=0.2).threshold == 0.2
    auc = metrics.AUC(thresholds=[0.3, 0.5])
    np.testing.assert_allclose(auc.thresholds, [-1e-7, 0.3, 0.5, 1 + 1e-7], rtol=1e-12)
    assert auc.num_thresholds == 4
    assert auc.get_config()["thresholds"] == [0.3, 0.5]
    assert metrics.AUC.from_config(auc.get_config()).thresholds == auc.thresholds
    assert metrics.RecallAtPrecision(0.5, num_thresholds=3).thresholds == [0.0, 0.5, 1.0]


def test_counts_keep_their_digits_in_a_metric_of_16_bits(engine):
    for metric in (
        metrics.Recall(dtype="float16"),
        metrics.AUC(dtype="float16"),
        metrics.R2Score(dtype="float16"),
    ):
        assert {v.dtype for v in metric.variables} == {"float32"}
    recall = metrics.Recall(dtype="float16")
    for _ in range(3):
        recall.update_state(np.ones(1000), np.linspace(0.0, 2.0, 1000) > 1.0)
    assert float(recall.true_positives.value[0]) == 1500.0
    assert {v.dtype for v in metrics.Mean(dtype="float16").variables} == {"float16"}


def test_state_in_containers_is_found():
    metric = metrics.Mean(name="outer")
    metric.parts = {"a": [Variable(0.0, name="x"), Variable(1.0, name="y")], "b": metrics.Sum(name="inner")}
    paths = [v.path for v in metric.variables]
    assert paths == ["outer/total", "outer/count", "x", "y", "inner/total"]


def test_a_dtype_policy_by_name(engine):
    metric = metrics.MeanSquaredError(dtype="mixed_float16")
    metric.update_state(np.ones((2, 2)), np.zeros((2, 2)))
    assert metric.dtype == ops.dtype(metric.result()) == "float16"


class Distance:
    def __call__(self, y_true, y_pred):
        return ops.mean(y_true - y_pred)


def MyError(y_true, y_pred):
    return ops.mean(y_true - y_pred)


@pytest.mark.parametrize(
    ("given", "name"),
    [
        (MyError, "my_error"),
        (lambda y_true, y_pred: ops.mean(y_true - y_pred), "lambda"),
        (Distance(), "distance"),
        (losses.MeanSquaredError(), "mean_squared_error"),
        ("MSE", "MSE"),
    ],
)
def test_the_name_of_a_metric_made_from_a_function(given, name):
    """Names of Keras 3.15.1."""
    assert resolve(given, None, (None, 1), (None, 1)).name == name


@pytest.mark.parametrize("average", [None, "micro", "weighted"])
def test_a_score_in_bfloat16_stays_in_it(engine, average):
    metric = metrics.F1Score(average=average, dtype="bfloat16")
    metric.update_state(np.eye(2), np.eye(2))
    assert ops.dtype(metric.result()) == "bfloat16"


def test_one_weight_for_all_samples_of_a_score(engine: Engine) -> None:
    """Value of Keras 3.15.1."""
    score = metrics.R2Score()
    score.update_state([[1.0], [2.0]], [[1.0], [3.0]], sample_weight=2.0)
    assert float(score.result()) == -1.0
