"""What becomes batches, and what is refused in which words."""

import os
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import keras
from keras import config
from keras.training.arrays import as_array, as_arrays, check_sizes
from keras.training.data import ArraySource, Stream, as_batch, make_source, split_rows
from keras.utils import PyDataset, Sequence


def rows(source: Any) -> list[list[Any]]:
    return [x.ravel().tolist() for x, _, _ in source.batches()]


# ---------------------------------------------------------------------- arrays
@pytest.mark.parametrize(
    ("given", "dtype"),
    [
        (np.zeros(3), "float32"),
        (np.zeros(3, "float16"), "float32"),
        (np.zeros(3, "int64"), "int64"),
        (np.zeros(3, "uint8"), "uint8"),
        (np.zeros(3, bool), "bool"),
        ([1, 2, 3], "int64"),
        ([[1.0], [2.0]], "float32"),
        ([True, False], "bool"),
        (pd.Series([1.5, 2.5]), "float32"),
        (pd.DataFrame({"a": [1, 2], "b": [3, 4]}), "int64"),
        (pd.Series([1, 2], dtype="Int64"), "int64"),
        (pd.DataFrame({"a": [1, 2]}, dtype="Int64"), "int64"),
        (pd.DataFrame({"a": [True, False]}, dtype="boolean"), "bool"),
        (pd.DataFrame({"a": pd.array([1, 2], dtype="UInt8"), "b": [0.5, 1.5]}), "float32"),
    ],
)
def test_arrays_and_their_dtypes(given: Any, dtype: str) -> None:
    assert as_arrays(given, "x").dtype == dtype


def test_floats_follow_floatx() -> None:
    config.set_floatx("float64")
    assert as_array(np.zeros(2, "float32"), "x").dtype == "float64"


def test_columns_of_numbers_need_not_be_of_one_dtype() -> None:
    frame = pd.get_dummies(pd.DataFrame({"kind": ["x", "y"], "size": [1.5, 2.0]})).assign(age=[3, 4])
    assert as_array(frame, "x").tolist() == [[1.5, 1.0, 0.0, 3.0], [2.0, 0.0, 1.0, 4.0]]
    exact = pd.DataFrame({"a": pd.array([2**60 + 1], dtype="Int64"), "b": [True]})
    assert as_array(exact, "x").tolist() == [[2**60 + 1, 1]]


def test_what_is_missing_from_a_table_is_nan() -> None:
    frame = pd.DataFrame({"a": pd.array([1, None], dtype="Int64"), "b": [True, False]})
    np.testing.assert_array_equal(as_array(frame, "x"), np.array([[1, 1], [np.nan, 0]], "float32"))


def test_columns_that_must_be_copied_are_arrays_too() -> None:
    class Bits:  # as pyarrow's array of bools
        dtype = "bits"

        def to_numpy(self) -> Any:
            raise ValueError("Needed to copy")

        def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
            return np.array([True, False])

    assert as_array(Bits(), "y").tolist() == [True, False]


def test_float32_is_not_copied() -> None:
    x = np.zeros(3, "float32")
    assert as_arrays([x], "x")[0] is x


def test_a_list_of_arrays_is_several_inputs_and_a_list_of_numbers_one() -> None:
    assert as_arrays([None, [1, 2]], "sample_weight")[1].shape == (2,)
    assert len(as_arrays([np.zeros((2, 3)), np.zeros(2)], "x")) == 2
    assert as_arrays([[1, 2], [3, 4], [5, 6]], "x").shape == (3, 2)
    assert as_arrays({"a": [1, 2]}, "x")["a"].shape == (2,)


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        (["cat", "dog"], TypeError, r"y: expected numbers or bools.*Text must be encoded"),
        (np.array(["cat"]), TypeError, "dtype <U3"),
        (pd.Series(["a", "b"]), TypeError, "Text must be encoded"),
        ([[1, 2], [3]], ValueError, r"y: the lists inside have unequal lengths.*pad_sequences"),
        (np.array([np.zeros(2), np.zeros(3)], dtype=object), TypeError, "numpy.stack"),
        (np.array(["2020-01-01"], "datetime64[D]"), TypeError, "dates"),
        (np.array([3], "timedelta64[s]"), TypeError, "durations"),
        ({"a": lambda: 1}, TypeError, r"y\['a'\].*call it"),
        (np.zeros(2, [("a", "f4")]), TypeError, "y: expected numbers.*Its rows are records"),
        ([[None, 1.0], [2.0, 3.0]], TypeError, "y: expected numbers.*dtype=float"),
        (np.array([1, 2], dtype=object), TypeError, "Its numbers are Python objects"),
        (
            pd.DataFrame({"size": [1.0, 2.0], "kind": ["a", "b"], "at": pd.to_datetime(["2020", "2021"])}),
            TypeError,
            r'Received: DataFrame with the columns "kind" \(\w+\), "at" \(datetime64\[\w+\]\)\. Text must',
        ),
    ],
)
def test_what_holds_no_numbers_is_refused(given: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        as_arrays(given, "y")


def test_messages_do_not_dump_the_data() -> None:
    with pytest.raises(TypeError) as caught:
        as_arrays(["x" * 10] * 100_000, "y")
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (np.zeros((16, 2)), np.zeros(10), r"same number of samples. Received: x: 16, y: 10"),
        ({"a": np.zeros(3), "b": np.zeros(4)}, None, r"x\['a'\]: 3, x\['b'\]: 4"),
        (
            [np.zeros(3), np.zeros(3)],
            [np.zeros(3), np.zeros(2)],
            r"x\[0\]: 3, x\[1\]: 3, y\[0\]: 3, y\[1\]: 2",
        ),
        ([np.zeros(4)] * 40, np.zeros(40), r"x\[7\]: 4 and 33 more. A list of arrays is .*numpy.stack"),
        (np.zeros((0, 2)), np.zeros(0), "the data is empty: x, y have 0 samples"),
        (np.float32(3.0), None, "one row per sample"),
    ],
)
def test_sizes_must_agree(x: Any, y: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        check_sizes(as_arrays(x, "x"), as_arrays(y, "y"), None)


# ---------------------------------------------------------------------- array batches
def test_batches_in_order_with_a_ragged_last_one() -> None:
    source = make_source(np.arange(5), np.arange(5), batch_size=2)
    assert rows(source) == [[0, 1], [2, 3], [4]]
    assert source.num_batches == 3


def test_shuffling_keeps_rows_together_and_differs_from_pass_to_pass() -> None:
    rng = np.random.default_rng(0)
    source = ArraySource(np.arange(20), np.arange(20) * 2, None, 4, shuffle=True, rng=rng)
    passes = []
    for _ in range(2):
        batches = list(source.batches())
        assert all((y == 2 * x).all() for x, y, _ in batches)
        passes.append(np.concatenate([x for x, _, _ in batches]).tolist())
    assert sorted(passes[0]) == list(range(20))
    assert passes[0] != passes[1] != list(range(20))


def test_shuffling_batches_keeps_them_whole() -> None:
    rng = np.random.default_rng(0)
    source = ArraySource(np.arange(10), None, None, 3, shuffle="batch", rng=rng)
    x = np.concatenate([x for x, _, _ in source.batches()])
    assert sorted(x) == list(range(10))
    assert [0, 1, 2] in [x[i : i + 3].tolist() for i in range(8)]


@pytest.mark.parametrize("batch_size", [0, -1, 2.5, True, "32"])
def test_batch_size_must_be_a_number(batch_size: Any) -> None:
    with pytest.raises(ValueError, match="batch_size"):
        make_source(np.zeros(3), batch_size=batch_size)


def test_split_takes_rows_from_the_end() -> None:
    (x, _, w), (vx, vy, vw) = split_rows(np.arange(10), np.arange(10) * 2, None, 0.3)
    assert (x.tolist(), vx.tolist()) == (list(range(7)), [7, 8, 9])
    assert vy.tolist() == [14, 16, 18]
    assert w is vw is None
    with pytest.raises(ValueError, match="leaves 10 for training and 0 for validation"):
        split_rows(np.arange(10), None, None, 0.0)
    with pytest.raises(ValueError, match="arrays only, not on a generator"):
        split_rows((i for i in range(3)), None, None, 0.5)


# ---------------------------------------------------------------------- streams
def stream_of(source: Any, steps: int | None, epochs: int) -> list[list[Any]]:
    stream = Stream(source, steps)
    return [[x.ravel().tolist() for x, _, _ in stream.epoch()] for _ in range(epochs)]


def generator(count: int) -> Iterator[Any]:
    return ((np.array([i]), np.array([i])) for i in range(count))


def test_steps_go_on_where_the_last_epoch_stopped() -> None:
    source = make_source(np.arange(4), batch_size=1)
    assert stream_of(source, 2, 3) == [[[0], [1]], [[2], [3]], [[0], [1]]]
    assert stream_of(make_source(generator(4)), 2, 2) == [[[0], [1]], [[2], [3]]]


def test_arrays_give_a_pass_an_epoch() -> None:
    assert stream_of(make_source(np.arange(3), batch_size=2), None, 2) == [[[0, 1], [2]]] * 2


def test_a_generator_that_runs_out_ends_training_with_a_warning() -> None:
    stream = Stream(make_source(generator(3)), 2)
    assert len(list(stream.epoch())) == 2
    assert not stream.ended
    with pytest.warns(UserWarning, match=r"the data ran out.*asked for 2.*only 1"):
        assert len(list(stream.epoch())) == 1
    assert stream.ended


def test_more_steps_than_data_shortens_the_epoch() -> None:
    stream = Stream(make_source(np.arange(2), batch_size=1), 3)
    for _ in range(2):
        with pytest.warns(UserWarning, match="ran out"):
            assert len(list(stream.epoch())) == 2
    assert not stream.ended


def test_peeking_takes_nothing_away() -> None:
    stream = Stream(make_source(generator(2)))
    assert stream.peek()[0].tolist() == [0]
    assert [x.tolist() for x, _, _ in stream.epoch()] == [[0], [1]]
    with pytest.raises(ValueError, match="gave no batch"):
        Stream(make_source(iter([]))).peek()


def test_iterables_can_be_read_again() -> None:
    loader = [(np.array([1.0]), np.array([0])), (np.array([2.0]), np.array([1]))]

    class Loader:
        def __iter__(self) -> Iterator[Any]:
            return iter(loader)

        def __len__(self) -> int:
            return 2

    assert stream_of(make_source(Loader()), None, 2) == [[[1.0], [2.0]]] * 2
    assert make_source(Loader()).num_batches == 2


def test_batches_as_lists_dicts_and_single_arrays() -> None:
    x, y, w = as_batch([np.zeros(2), [0, 1]])
    assert (x.dtype, y.tolist(), w) == ("float32", [0, 1], None)
    x, y, _ = as_batch({"a": [1.0], "b": [2.0]})
    assert (sorted(x), y) == (["a", "b"], None)
    with pytest.raises(ValueError, match="a tuple of 4"):
        as_batch((1, 2, 3, 4))


@pytest.mark.parametrize(
    ("x", "error", "message"),
    [
        (None, ValueError, "`x` is None"),
        (3, TypeError, "`x` is no data"),
        ("path", TypeError, "`x` is no data: path"),
        (generator, TypeError, "call the generator function"),
    ],
)
def test_what_is_no_data_is_refused(x: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        make_source(x)


def test_generators_bring_their_own_targets() -> None:
    with pytest.raises(ValueError, match="`y` must not be passed when `x` is a generator"):
        make_source(generator(2), np.zeros(2))


# ---------------------------------------------------------------------- PyDataset
class Squares(PyDataset):
    def __init__(self, count: int = 6, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.count = count
        self.epochs: list[str] = []
        self.threads: set[str] = set()

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> Any:
        self.threads.add(threading.current_thread().name)
        if index == 0 and self.workers > 1 and not self.use_multiprocessing:
            until = (
                time.monotonic() + 10
            )  # for the second thread: on a busy machine one might compute them all
            while len(self.threads) < 2 and time.monotonic() < until:
                time.sleep(0.001)
        time.sleep(0.002 * (index % 2))
        return np.array([index]), np.array([index**2])

    def on_epoch_begin(self) -> None:
        self.epochs.append("begin")

    def on_epoch_end(self) -> None:
        self.epochs.append("end")


def test_sequence_is_the_older_name() -> None:
    assert Sequence is PyDataset


def test_a_dataset_that_forgets_super_init_works() -> None:
    class Old(Sequence):
        def __init__(self) -> None:
            pass

        def __len__(self) -> int:
            return 2

        def __getitem__(self, index: int) -> Any:
            return np.array([index]), np.array([index])

    assert rows(make_source(Old())) == [[0], [1]]


@pytest.mark.parametrize("settings", [{}, {"workers": 3}, {"workers": 2, "max_queue_size": 3}])
def test_batches_come_in_order_whoever_computes_them(settings: dict[str, int]) -> None:
    data = Squares(**settings)
    source = make_source(data)
    assert rows(source) == [[0], [1], [2], [3], [4], [5]]
    source.close()
    assert (len(data.threads) > 1) == (settings.get("workers", 1) > 1)
    assert not [t for t in threading.enumerate() if t.name.startswith("keras-data") and t.daemon]


def test_processes_compute_batches() -> None:
    source = make_source(Squares(4, workers=2, use_multiprocessing=True))
    assert rows(source) == [[0], [1], [2], [3]]
    source.close()


def test_shuffling_a_dataset_shuffles_its_batches() -> None:
    source = make_source(Squares(), shuffle=True, rng=np.random.default_rng(0))
    assert sorted(rows(source)) == [[i] for i in range(6)]
    assert rows(source) != [[i] for i in range(6)]


def test_epoch_hooks() -> None:
    data = Squares(2)
    stream = Stream(make_source(data))
    stream.peek()
    for _ in range(2):
        list(stream.epoch())
    assert data.epochs == ["begin", "end", "begin", "end"]


class Broken(Squares):
    def __getitem__(self, index: int) -> Any:
        if index == 3:
            raise ValueError("disk full")
        return super().__getitem__(index)


WITH_WORKERS = """
import os, sys, time
import numpy as np
from keras.training.data import make_source
from keras.utils import PyDataset

class Pids(PyDataset):
    def __len__(self):
        return 100

    def __getitem__(self, index):
        time.sleep(0.05)
        return np.array([os.getpid()])

if __name__ == "__main__":
    source = make_source(Pids(workers=2, use_multiprocessing=True))
    for x, _, _ in source.batches():
        print(int(x[0]), flush=True)
"""


def test_worker_processes_end_with_a_killed_parent(tmp_path: Path) -> None:
    script = tmp_path / "with_workers.py"
    script.write_text(WITH_WORKERS)
    env = {**os.environ, "PYTHONPATH": str(Path(keras.__file__).parents[1])}
    with subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True, env=env) as parent:
        assert parent.stdout is not None
        pids = {int(parent.stdout.readline()) for _ in range(6)}
        parent.kill()
        parent.communicate(
            timeout=60
        )  # workers share its stdout: while one of them lives there is no end of it
    assert pids


@pytest.mark.parametrize("settings", [{}, {"workers": 2}, {"workers": 1, "use_multiprocessing": True}])
def test_errors_carry_the_index(settings: dict[str, Any]) -> None:
    source = make_source(Broken(**settings))
    with pytest.raises(ValueError, match=r"In Broken\[3\]: disk full"):
        rows(source)
    source.close()


def test_a_dataset_without_end_needs_steps() -> None:
    class Endless(PyDataset):
        def __getitem__(self, index: int) -> Any:
            return np.array([index]), np.array([index])

    assert stream_of(make_source(Endless(workers=2)), 2, 2) == [[[0], [1]], [[2], [3]]]


def test_an_empty_dataset_is_refused() -> None:
    with pytest.raises(ValueError, match="Squares has 0 batches"):
        make_source(Squares(0))


def test_a_dataset_that_cannot_be_pickled_says_so() -> None:
    class Local(Squares):
        pass

    source = make_source(Local(workers=2, use_multiprocessing=True))
    with pytest.raises(TypeError, match="cannot be sent to worker processes") as caught:
        rows(source)
    assert "use_multiprocessing=False" in str(caught.value)


# ---------------------------------------------------------------------- other libraries, by the look of them
class FakeTensor:
    """What we need of a torch tensor."""

    def __init__(self, array: Any) -> None:
        self.array = np.asarray(array)
        self.dtype, self.shape = self.array.dtype, self.array.shape

    def detach(self) -> "FakeTensor":
        return self

    cpu = detach

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        return self.array

    def __iter__(self) -> Iterator[Any]:
        raise AssertionError("a tensor is not a loader")


class FakeLoader:
    """What we need of a torch DataLoader: lists of tensors, a length that may be missing."""

    def __init__(self, sized: bool = True) -> None:
        self.sized = sized

    def __iter__(self) -> Iterator[Any]:
        return iter(
            [[FakeTensor([[1.0], [2.0]]), FakeTensor([0, 1])], [FakeTensor([[3.0]]), FakeTensor([1])]]
        )

    def __len__(self) -> int:
        if not self.sized:
            raise TypeError("object of type 'IterableDataset' has no len()")
        return 2


@pytest.mark.parametrize("sized", [True, False])
def test_loaders_of_torch(engine: Any, sized: bool) -> None:
    source = make_source(FakeLoader(sized))
    assert source.num_batches == (2 if sized else None)
    assert rows(source) == [[1.0, 2.0], [3.0]]
    assert next(source.batches())[1].dtype == "int64"
    assert rows(make_source(FakeTensor([[1.0], [2.0]]), batch_size=1)) == [[1.0], [2.0]]


def test_tables_of_polars_by_duck_typing() -> None:
    class Frame:
        def to_numpy(self) -> np.ndarray:
            return np.array([[1, 2.5]])

    assert as_arrays({"a": Frame()}, "x")["a"].dtype == "float32"


def test_engine_tensors_are_taken_as_data(engine: Any) -> None:
    x = engine.constant(np.array([[1.0], [2.0], [3.0]], "float32"), "float32")
    assert rows(make_source(x, batch_size=2)) == [[1.0, 2.0], [3.0]]
    (batch, _, _) = next(make_source(x for _ in range(1)).batches())
    assert engine.is_tensor(batch)


def test_subclasses_of_arrays_are_plain_arrays(engine: Any) -> None:
    values = np.arange(6.0, dtype="float32").reshape(3, 2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # NumPy advises against its matrices
        matrix = np.matrix(values)
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, kernel_initializer="ones")])
    for data in (matrix, np.ma.masked_array(values, values > 3)):
        assert type(as_arrays(data, "x")) is np.ndarray
        assert model.predict(data, verbose=0).ravel().tolist() == [1, 5, 9]
