"""TensorFlow is loaded in part, and a program that imports it itself gets all of it."""

import json
import os
from typing import Any

import pytest

from keras.backend.tensorflow_engine.quiet import without_notice
from tests.processes import run_python

PARTIAL = "type(sys.modules['tensorflow']).__name__ == '_Partial'"
ENGINE = "from keras.backend.tensorflow_engine.loading import tf as ours"


def run(code: str, **environment: str) -> str:
    """What a fresh process prints."""
    settings = {"TF_CPP_MIN_LOG_LEVEL": "3", "KERAS_BACKEND": "tensorflow", **environment}
    return run_python(f"import sys\n{code}", **settings).stdout.strip()


def test_training_does_not_need_all_of_it() -> None:
    """Also saving, predicting and a second derivative."""
    code = f"""
import numpy as np, keras
model = keras.Sequential([keras.layers.Dense(3, "relu"), keras.layers.Dropout(0.5), keras.layers.Dense(1)])
model.compile("adam", "mse")
model.fit(np.ones((8, 4)), np.ones(8), epochs=2, verbose=0)
model.predict(np.ones((2, 4)), verbose=0)
f = lambda x: keras.ops.sum(x ** 3)
keras.ops.value_and_grad(lambda x: keras.ops.sum(keras.ops.value_and_grad(f, x)[1]), keras.ops.ones(2))
print({PARTIAL}, sum(m.startswith("tensorflow.") for m in sys.modules) < 600)
"""
    assert run(code) == "True True"


@pytest.mark.parametrize("first", ["import keras", "import keras; keras.ops.ones(1)"])
def test_it_computes_by_onednn_on_any_processor(first: str) -> None:
    """By whomever it is loaded, and unless the user wants it otherwise."""
    code = f"""
import os
{{before}}
{first}
import tensorflow
from tensorflow.python.util._pywrap_util_port import IsMklEnabled
print(IsMklEnabled())
"""
    unset = "os.environ.pop('TF_ENABLE_ONEDNN_OPTS', None)"  # this process may have handed it on
    assert run(code.format(before=unset)) == "True"
    assert run(code.format(before="os.environ['TF_ENABLE_ONEDNN_OPTS'] = '0'")) == "False"


def test_its_annotations_are_compiled_once() -> None:
    """When TensorFlow no longer has strings by the thousand there, `_Annotations` can go."""
    code = f"""
import typing
asked, convert = [], typing._type_convert
def counting(arg, *args, **named):
    asked.append(arg)
    return convert(arg, *args, **named)
typing._type_convert = counting
{ENGINE}
ours.raw_ops.Conv2D
print(sum(type(a) is str and a.startswith("_atypes.") for a in asked) < 100, typing._type_convert is counting)
assert "tensorflow.python.ops.gen_image_ops" not in sys.modules
from tensorflow.python.ops import gen_image_ops
print(sum(type(a) is str and a.startswith("_atypes.") for a in asked) > 100)
"""
    assert run(code) == "True True\nTrue"


def test_raw_ops_that_nobody_asks_for_are_not_loaded() -> None:
    """Modules that TensorFlow's others import fill themselves when a name is asked for, in whichever thread, and stay."""
    code = f"""
import threading
{ENGINE}
ours.raw_ops.AddV2
from tensorflow.python.ops import gen_special_math_ops
import tensorflow.python.ops.gen_special_math_ops as again
print(type(gen_special_math_ops).__name__, "BesselJ0" in vars(gen_special_math_ops), hasattr(gen_special_math_ops, "__wrapped__"))
found = []
threads = [threading.Thread(target=lambda: found.append(gen_special_math_ops.BesselJ0)) for _ in range(4)]
[t.start() for t in threads], [t.join(60) for t in threads]
print(len(found), type(gen_special_math_ops).__name__, again is gen_special_math_ops, hasattr(gen_special_math_ops, "nothing"))
from tensorflow.python.ops.gen_nccl_ops import *
print(nccl_all_reduce.__module__, float(ours.raw_ops.BesselJ0(x=0.0)))
"""
    assert run(code).splitlines() == [
        "_Deferred False False",
        "4 module True False",
        "tensorflow.python.ops.gen_nccl_ops 1.0",
    ]


def test_graphs_are_loaded_when_they_are_needed() -> None:
    """Variables are made and written without; a tensor that a program gets has its operators."""
    code = f"""
import keras
from keras.backend.select import current
from keras.backend.tensorflow_engine.stages import has_graphs
variable = keras.Variable([1.0, 2.0])
variable.cell(current())
variable.assign([3.0, 4.0])
print(has_graphs(), {PARTIAL}, "tensorflow.python.ops.array_ops" in sys.modules)
print((variable.value + 1).numpy(), has_graphs())
import tensorflow as tf
with tf.GradientTape() as tape:
    y = tf.reduce_sum(variable * variable)
print(tape.gradient(y, variable.cell(current()).variable).numpy(), tf.reduce_sum(variable).numpy())
"""
    assert run(code).splitlines() == ["False True False", "[4. 5.] True", "[6. 8.] 7.0"]


@pytest.mark.parametrize(
    "statement", ["from tensorflow.python.ops import array_ops", "import tensorflow.python.ops.math_ops"]
)
def test_modules_of_its_own_may_be_imported_early(statement: str) -> None:
    """They need one another in an order that only TensorFlow's own start has."""
    code = f"{ENGINE}\n{statement}\nfrom keras.backend.tensorflow_engine.stages import has_graphs\nprint(has_graphs())"
    assert run(code) == "True"


@pytest.mark.parametrize("on", [True, False])
def test_the_collector_is_left_as_it_was(on: bool) -> None:
    code = f"import gc\ngc.{'enable' if on else 'disable'}()\n{ENGINE}\nprint(gc.isenabled(), gc.get_freeze_count() > 0)"
    assert run(code) == f"{on} False"
    frozen = f"import gc\ngc.freeze()\nn = gc.get_freeze_count()\n{ENGINE}\nprint(gc.get_freeze_count() > n // 2 > 0)"
    assert run(frozen) == "True"


@pytest.mark.parametrize("before", [True, False])
def test_a_programs_own_import_is_whole(before: bool) -> None:
    own = "import tensorflow as tf"
    code = f"""
{own if before else ENGINE}
{ENGINE if before else own}
import keras
x = keras.ops.convert_to_tensor([1.0, 2.0])
data = list(tf.data.Dataset.from_tensor_slices(x).map(tf.sqrt).batch(2))
import tensorflow.python.framework.ops as inner
print(isinstance(x, tf.Tensor), ours.Tensor is tf.Tensor, len(data), tf.signal.frame.__name__, inner.Operation is tf.Operation)
print(type(tf).__name__, tf.nn.relu is ours.nn.relu, tf.__path__[-1].endswith("v2"))
"""
    assert run(code) == "True True 1 frame True\nmodule True True"


@pytest.mark.parametrize(
    "statement",
    [
        "from tensorflow import keras",
        "from tensorflow import data",
        "import tensorflow.lite",
        "tensorflow.nn",
    ],
)
def test_whatever_is_asked_of_it_loads_the_rest(statement: str) -> None:
    code = f"{ENGINE}\nimport tensorflow\nassert {PARTIAL}\n{statement}\nprint({PARTIAL}, len(dir(tensorflow)) > 300)"
    assert run(code) == "False True"


def test_two_threads_may_load_it_at_once() -> None:
    """One wants the engine, the other the package; whichever is first, neither waits for ever nor finds half of it."""
    code = f"""
import threading
results = []
def engine():
    {ENGINE}
    results.append(float(ours.constant(1.0)) == 1)
def package():
    import tensorflow as tf
    results.append(hasattr(tf, "data") and hasattr(tf.nn, "relu") and float(tf.constant(1.0)) == 1)
threads = [threading.Thread(target=f) for f in (engine, package, package, engine)]
[t.start() for t in threads], [t.join(120) for t in threads]
print(results)
"""
    assert run(code) == "[True, True, True, True]"


def test_everything_at_once_on_request() -> None:
    assert (
        run(f"{ENGINE}\nprint(type(ours).__name__, {PARTIAL})", KERAS_TENSORFLOW_IMPORT="full")
        == "module False"
    )


def test_a_package_that_is_built_otherwise_is_imported_as_it_is() -> None:
    """Nothing is left of the attempt when a module is not where this library looks for it."""
    code = f"""
from importlib.abc import MetaPathFinder
class Refuses(MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == "tensorflow.python.framework.ops" and {PARTIAL.replace("==", "!=")} and not self.asked:
            self.asked = True
            raise ImportError(name)
    asked = False
sys.meta_path.insert(0, Refuses())
{ENGINE}
print(type(ours).__name__, ours.constant(1.0).numpy())
"""
    assert run(code) == "module 1.0"


def gradients(full: bool) -> dict[str, Any]:
    """Which ops have a gradient after the engine has used every raw op it names."""
    code = f"""
import json, pathlib, re
{ENGINE}
import keras.backend.tensorflow
folder = pathlib.Path(keras.backend.__path__[0]) / "tensorflow_engine"
names = sorted(set(re.findall(r"\\braw\\.(\\w+)", "".join(p.read_text() for p in folder.glob("*.py")))))
found = [n for n in names if hasattr(ours.raw_ops, n)]
from tensorflow.python.framework import ops
known = set(ops.gradient_registry.list())
loops = ["While", "StatelessWhile", "If", "StatelessIf", "PartitionedCall", "TensorListStack", "TensorListGetItem",
         "TensorListSetItem", "TensorListFromTensor", "TensorListReserve", "ReadVariableOp", "ResourceGather", "Roll"]
print(json.dumps([n for n in (*found, *loops) if n in known]))
"""
    return json.loads(run(code, **({"KERAS_TENSORFLOW_IMPORT": "full"} if full else {})))


def test_every_op_it_uses_has_the_gradient_it_has_in_the_whole() -> None:
    partial = gradients(full=False)
    assert partial == gradients(full=True)
    assert len(partial) > 80


def test_libraries_that_ask_what_a_tensor_is_do_not_load_the_whole() -> None:
    """matplotlib does, for every plot."""
    code = f"""
import sys
{ENGINE}
package = sys.modules["tensorflow"]
x = ours.constant(1.0)
print(package.is_tensor(x), isinstance(x, package.Tensor), package.__version__ == ours.__version__)
print(type(package).__name__)
import tensorflow as tf
print(tf.nn.relu(x).numpy(), tf.is_tensor is ours.is_tensor, tf.Tensor is ours.Tensor)
"""
    assert run(code).splitlines() == ["True True True", "_Partial", "1.0 True True"]


def test_what_else_is_written_while_it_loads_comes_out(capfd: Any) -> None:
    with without_notice():
        os.write(2, b"I0000 port.cc:153] oneDNN custom operations are on. You may\nkept\n")
    assert capfd.readouterr().err == "kept\n"


def test_without_stderr() -> None:
    with without_notice():
        pass
    code = "import os\nos.close(2)\nimport keras\nprint(float(keras.ops.add(1.0, 2.0)))"
    assert run(code) == "3.0"
