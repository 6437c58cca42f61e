"""The contract between the library and an engine.

Everything above this file is written once, in terms of the methods below. An engine subclasses `Engine` and
must implement the **E** primitives, those that raise here; in return it gets every public op, layer, loss and
optimizer. The **D** primitives are inherited from `keras.backend.defaults` as bodies written in terms of E, and
the **H** ones run NumPy on the host: an engine overrides any of them when it has something faster. The default
body stays, and is what the override is tested against.

The contract is strict so that an engine can be small. Callers settle everything friendly beforehand:

* operands of a binary have one dtype and broadcast as in NumPy;
* shapes are tuples of ints, axes tuples of distinct non-negative ints, `axis` one non-negative int;
* there is no `keepdims`, no promotion, no Python scalar operand, no list; numerics follow IEEE and NumPy;
* images are channels-last, kernels are `[*spatial, in // groups, out]`, `pads` is `((low, high), ...)`.

Helpers of an engine are private (`_name`): a public method is a primitive, a service, or the override of a kernel
(see `keras.ops.dispatch.kernel`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

import numpy as np

from keras.backend.defaults.elementwise import ElementwiseDefaults
from keras.backend.defaults.flow import FlowDefaults
from keras.backend.defaults.host import HostDefaults
from keras.backend.defaults.indexing import IndexingDefaults
from keras.backend.defaults.movement import MovementDefaults
from keras.backend.defaults.random import RandomDefaults
from keras.backend.defaults.reduction import ReductionDefaults
from keras.backend.defaults.window import WindowDefaults
from keras.backend.state import recording
from keras.errors import EngineCannotError

if TYPE_CHECKING:
    from keras.backend.state import Variable

Tensor = Any
Shape = tuple[int, ...]
Axes = tuple[int, ...]
Pads = tuple[tuple[int, int], ...]
Spec = tuple[Shape, str]


class Engine(
    ElementwiseDefaults,
    MovementDefaults,
    IndexingDefaults,
    ReductionDefaults,
    WindowDefaults,
    RandomDefaults,
    HostDefaults,
    FlowDefaults,
):
    """One execution engine. See the module's text for the rules every method keeps."""

    #: The name users write: `KERAS_BACKEND=name`.
    name: ClassVar[str] = ""
    #: What the engine truly cannot do: `{"primitive": "reason"}`. Printed in docs/primitives.md, xfailed (strict) in tests.
    cannot: ClassVar[dict[str, str]] = {}
    #: Dtypes the engine does not have: `{"complex64": "reason"}`.
    missing_dtypes: ClassVar[dict[str, str]] = {}
    #: True when reads and writes of variables inside a compiled function must go through the recording scope.
    records_state: ClassVar[bool] = True
    #: True when arguments must be checked on the abstract engine before every eager op (an engine that can crash).
    checks_first: ClassVar[bool] = False
    #: True when a looped step takes whole arrays and picks the rows of each run itself (see `looped`).
    picks_rows: ClassVar[bool] = False
    #: True when `trace_and_compile` takes specs with `OPEN` sizes, and refuses a function that needs to know them.
    opens_sizes: ClassVar[bool] = False

    # ------------------------------------------------------------------ leaf
    def constant(self, array: np.ndarray, dtype: str) -> Tensor:
        """Host array (or NumPy scalar) to tensor of `dtype`; never aliases memory the caller may write."""
        self._missing("constant")

    def to_numpy(self, x: Tensor) -> np.ndarray:
        """Tensor with a concrete value to host array. Raises RuntimeError inside a trace."""
        self._missing("to_numpy")

    def is_tensor(self, x: Any) -> bool:
        """Whether `x` is a tensor of this engine."""
        self._missing("is_tensor")

    def spec(self, x: Tensor) -> Spec:
        """`(shape, dtype name)`; all dimensions are ints, also inside a trace."""
        self._missing("spec")

    def cast(self, x: Tensor, dtype: str) -> Tensor:
        """Value conversion: float to int truncates, anything to bool is `x != 0`, complex to real drops `imag`."""
        self._missing("cast")

    def full(self, shape: Shape, value: float | int | bool, dtype: str) -> Tensor:
        """A tensor of `shape` filled with one Python scalar."""
        self._missing("full")

    def iota(self, n: int, dtype: str) -> Tensor:
        """`[0, 1, ..., n - 1]`."""
        self._missing("iota")

    # ------------------------------------------------------------------ movement
    def reshape(self, x: Tensor, shape: Shape) -> Tensor:
        """Row-major reshape; `shape` has no -1."""
        self._missing("reshape")

    def transpose(self, x: Tensor, axes: Axes) -> Tensor:
        """Full permutation: output axis `i` is input axis `axes[i]`."""
        self._missing("transpose")

    def broadcast_to(self, x: Tensor, shape: Shape) -> Tensor:
        """Broadcast to `shape` by NumPy's rule."""
        self._missing("broadcast_to")

    def slice(self, x: Tensor, starts: Shape, stops: Shape, steps: Shape) -> Tensor:
        """Static strided slice of every axis: `0 <= start <= stop <= dim`, `step >= 1`."""
        self._missing("slice")

    def pad(self, x: Tensor, low: Shape, high: Shape, value: float | int | bool) -> Tensor:
        """Constant padding of every axis by non-negative amounts."""
        self._missing("pad")

    def concat(self, xs: Sequence[Tensor], axis: int) -> Tensor:
        """Concatenate at least one tensor of equal dtype and equal other dimensions."""
        self._missing("concat")

    # ------------------------------------------------------------------ indexing
    def take(self, x: Tensor, indices: Tensor, axis: int) -> Tensor:
        """Gather along one axis by an integer tensor of any rank: `x.shape[:axis] + indices.shape + x.shape[axis + 1:]`.

        Indices are non-negative. Out of range ones are an error on the host engine and undefined elsewhere.
        """
        self._missing("take")

    # ------------------------------------------------------------------ unary
    def neg(self, x: Tensor) -> Tensor:
        """-x."""
        self._missing("neg")

    def abs(self, x: Tensor) -> Tensor:
        """Magnitude; real for complex input."""
        self._missing("abs")

    def sign(self, x: Tensor) -> Tensor:
        """-1, 0 or 1; NaN stays NaN."""
        self._missing("sign")

    def floor(self, x: Tensor) -> Tensor:
        """Largest integer not above x, as a float."""
        self._missing("floor")

    def round(self, x: Tensor) -> Tensor:
        """Nearest integer, halves to even, as a float."""
        self._missing("round")

    def exp(self, x: Tensor) -> Tensor:
        """e^x."""
        self._missing("exp")

    def log(self, x: Tensor) -> Tensor:
        """Natural logarithm: log 0 = -inf, log of a negative = NaN."""
        self._missing("log")

    def sqrt(self, x: Tensor) -> Tensor:
        """Square root; NaN for a negative."""
        self._missing("sqrt")

    def sin(self, x: Tensor) -> Tensor:
        """Sine, radians."""
        self._missing("sin")

    def cos(self, x: Tensor) -> Tensor:
        """Cosine, radians."""
        self._missing("cos")

    def tanh(self, x: Tensor) -> Tensor:
        """Hyperbolic tangent."""
        self._missing("tanh")

    def asin(self, x: Tensor) -> Tensor:
        """Arc sine in [-pi/2, pi/2]; NaN outside [-1, 1]."""
        self._missing("asin")

    def logical_not(self, x: Tensor) -> Tensor:
        """Negation of a bool tensor."""
        self._missing("logical_not")

    # ------------------------------------------------------------------ binary
    def add(self, a: Tensor, b: Tensor) -> Tensor:
        """a + b; integers wrap."""
        self._missing("add")

    def sub(self, a: Tensor, b: Tensor) -> Tensor:
        """a - b."""
        self._missing("sub")

    def mul(self, a: Tensor, b: Tensor) -> Tensor:
        """a * b."""
        self._missing("mul")

    def div(self, a: Tensor, b: Tensor) -> Tensor:
        """a / b, floats (or complex) only: x/0 is signed infinity, 0/0 NaN."""
        self._missing("div")

    def pow(self, a: Tensor, b: Tensor) -> Tensor:
        """a ** b as in NumPy; integers with non-negative exponents wrap."""
        self._missing("pow")

    def maximum(self, a: Tensor, b: Tensor) -> Tensor:
        """Elementwise larger; NaN propagates."""
        self._missing("maximum")

    def minimum(self, a: Tensor, b: Tensor) -> Tensor:
        """Elementwise smaller; NaN propagates."""
        self._missing("minimum")

    def equal(self, a: Tensor, b: Tensor) -> Tensor:
        """a == b, a bool tensor; NaN equals nothing."""
        self._missing("equal")

    def less(self, a: Tensor, b: Tensor) -> Tensor:
        """a < b, a bool tensor."""
        self._missing("less")

    def logical_and(self, a: Tensor, b: Tensor) -> Tensor:
        """Both; bool tensors only."""
        self._missing("logical_and")

    def logical_or(self, a: Tensor, b: Tensor) -> Tensor:
        """Either; bool tensors only."""
        self._missing("logical_or")

    def select(self, condition: Tensor, a: Tensor, b: Tensor) -> Tensor:
        """`a` where `condition` (bool), else `b`; the three broadcast, `a` and `b` have one dtype."""
        self._missing("select")

    # ------------------------------------------------------------------ reductions, contractions
    def reduce_sum(self, x: Tensor, axes: Axes) -> Tensor:
        """Sum over `axes` (removed), in the input's dtype; `axes == ()` is the identity."""
        self._missing("reduce_sum")

    def reduce_max(self, x: Tensor, axes: Axes) -> Tensor:
        """Maximum over non-empty `axes` (removed); NaN propagates."""
        self._missing("reduce_max")

    def argmax(self, x: Tensor, axis: int) -> Tensor:
        """int32 index of the first maximum along `axis` (removed)."""
        self._missing("argmax")

    def matmul(self, a: Tensor, b: Tensor) -> Tensor:
        """Batched matrix product; both ranks >= 2, leading dimensions broadcast."""
        self._missing("matmul")

    # ------------------------------------------------------------------ control flow
    def cond(
        self,
        pred: Tensor,
        true_fn: Callable[..., Sequence[Tensor]],
        false_fn: Callable[..., Sequence[Tensor]],
        operands: Sequence[Tensor],
    ) -> list[Tensor]:
        """`true_fn(*operands)` if the scalar bool `pred` else `false_fn(*operands)`; both return flat lists of one spec."""
        self._missing("cond")

    def while_loop(
        self, test: Callable[..., Tensor], body: Callable[..., Sequence[Tensor]], init: Sequence[Tensor]
    ) -> list[Tensor]:
        """Repeat `state = body(*state)` while the scalar bool `test(*state)`; specs of the state never change."""
        self._missing("while_loop")

    # ------------------------------------------------------------------ gradients
    def stop_gradient(self, x: Tensor) -> Tensor:
        """Identity with zero gradient."""
        self._missing("stop_gradient")

    # ------------------------------------------------------------------ state
    def variable(self, value: np.ndarray, dtype: str, name: str) -> Any:
        """A cell on the engine's device, holding `value`."""
        self._missing("variable")

    def read(self, cell: Any) -> Tensor:
        """The cell's value as a tensor (outside a recording scope, or when the engine does not record state)."""
        self._missing("read")

    def write(self, cell: Any, value: Tensor) -> None:
        """Store `value`, of the cell's shape and dtype."""
        self._missing("write")

    # ------------------------------------------------------------------ compilation
    def trace_and_compile(
        self, f: Callable[..., Sequence[Tensor]], specs: Sequence[Spec], jit_compile: bool | None = None
    ) -> Callable[..., list[Tensor]]:
        """Compile `f`, a Python function over flat tensors of `specs` returning a flat list, for these specs only.

        `f` may read and write `Variable`s; the compiled callable takes tensors or host arrays of the specs' dtypes,
        performs all writes of a call or none, and returns the list. `jit_compile` asks for (True) or forbids (False)
        the engine's optimising compiler where it has one; None leaves the choice to the engine.
        """
        self._missing("trace_and_compile")

    def host_call(
        self,
        fn: Callable[..., Sequence[np.ndarray]],
        out_specs: Sequence[Spec],
        xs: Sequence[Tensor],
        bwd: Callable[..., Sequence[np.ndarray]] | None = None,
    ) -> list[Tensor]:
        """`fn(*host_arrays)` inside a graph: a NumPy function as a node with outputs of `out_specs`.

        `bwd(inputs, outputs, output_gradients)`, also on host arrays, returns the gradients of the inputs; without
        it the call has no gradient.
        """
        self._missing("host_call")

    # ------------------------------------------------------------------ services, same on every engine
    def read_variable(self, variable: Variable) -> Tensor:
        """A variable's value as this engine sees it: recorded in the call being traced, else the cell's."""
        scope = recording()
        if scope is not None and (self.records_state or scope.isolates):
            return scope.get(variable)
        return self.read(variable.cell(self))

    def write_variable(self, variable: Variable, value: Tensor) -> None:
        """Give a variable a new value of its shape and dtype: recorded in the call being traced, else at once."""
        scope = recording()
        if scope is not None and (self.records_state or scope.isolates):
            scope.set(variable, value)
        else:
            self.write(variable.cell(self), value)

    def trace_or_recall(
        self, f: Callable[..., Sequence[Tensor]], specs: Sequence[Spec], jit_compile: bool | None = None
    ) -> Callable[..., list[Tensor]]:
        """`trace_and_compile` for an `f` that has no effects besides: it may be traced twice.

        An engine that keeps what it compiles finds out in this way whether it has `f` from an earlier run of the program.
        """
        return self.trace_and_compile(f, specs, jit_compile)

    def looped(self, step: Callable[..., list[Tensor]]) -> Callable[..., list[np.ndarray]]:
        """What `trace_and_compile` returned, to be run many times in one call.

        The callable takes `(arrays, ahead=0)`: host arrays with one more leading axis. It runs `step` for every index
        of that axis in turn, each run on the state the one before left, and returns the outputs stacked, as host
        arrays. After an error the state is that of the runs before. `ahead` says how many runs are still to come in
        later calls, for engines to which it matters how often something is run. An engine that `picks_rows` also takes
        `(arrays, ahead, picked)`: whole arrays, and the `Picked` rows of them that make up the batch of each run.
        """

        def run(arrays: Sequence[np.ndarray], ahead: int = 0) -> list[np.ndarray]:
            rows = [step(*row) for row in zip(*arrays, strict=True)]
            return [np.stack([self.to_numpy(y) for y in column]) for column in zip(*rows, strict=True)]

        return run

    def infer(self, f: Callable[..., Sequence[Tensor]], specs: Sequence[Spec]) -> list[Spec] | None:
        """Specs of what `f` returns, for code of a user's that calls the engine's package itself.

        Dimensions may be `UNKNOWN` here and in the result. None from an engine that has no such tracing.
        """
        return None

    def dtype(self, x: Tensor) -> str:
        """The dtype's name alone, which is asked for several times in every op."""
        return self.spec(x)[1]

    def adopt(self, x: Any) -> Tensor | None:
        """The tensor that an object of the engine's package stands for, such as a `tf.Variable`; None for others."""
        return None

    def as_size(self, x: Tensor) -> Any:
        """A scalar tensor of integers as a size, for a shape: an int, or what stands for one that only the run will know.

        Raises RuntimeError inside a trace of which the engine cannot tell.
        """
        return self.to_numpy(x).__index__()

    def cell_of(self, x: Any) -> Any:
        """A cell that shares the value of a variable of the engine's package, such as a `tf.Variable`; None for others."""
        return None

    def peek(self, x: Tensor) -> np.ndarray | None:
        """The values of a tensor, not to be written into, where looking at them is free: none while a graph is traced."""
        return None

    def native(self, name: str) -> Callable[..., Any] | None:
        """This engine's own version of the kernel `name`, or None."""
        return getattr(self, name, None)

    def with_pull_back(
        self, name: str, *args: Any
    ) -> tuple[Any, Callable[[list[Tensor]], list[Tensor | None]]] | None:
        """The result of this engine's own version of kernel `name`, and the pull-back that belongs to it.

        The pull-back takes gradients by all results and returns those by the tensors among the arguments, in their
        order; it has no derivative itself. None: the engine has no such pair for these arguments.
        """
        return None

    def default(self, name: str) -> Callable[..., Any]:
        """The shared default body of the D or H primitive `name`, bound to this engine."""
        return getattr(Engine, name).__get__(self)

    def variable_attribute(self, variable: Variable, name: str) -> Any:
        """An extra attribute the engine's own API expects of a variable; AttributeError when there is none."""
        raise AttributeError(f"{type(variable).__name__!r} object has no attribute {name!r}")

    def describe(self) -> dict[str, str]:
        """Facts for `python -m keras info`: versions, device."""
        return {"engine": self.name}

    def _missing(self, primitive: str) -> NoReturn:
        raise EngineCannotError(self.name or type(self).__name__, primitive, self.cannot.get(primitive, ""))


#: Public methods of `Engine` that are not primitives.
SERVICES = frozenset(
    {
        "infer",
        "dtype",
        "adopt",
        "as_size",
        "cell_of",
        "peek",
        "native",
        "with_pull_back",
        "read_variable",
        "write_variable",
        "trace_or_recall",
        "looped",
        "default",
        "variable_attribute",
        "describe",
    }
)

#: Every primitive by name, in contract order: E first, as written above, then the inherited D and H ones.
E_PRIMITIVES: tuple[str, ...] = tuple(
    n for n, f in vars(Engine).items() if callable(f) and not n.startswith("_") and n not in SERVICES
)
D_PRIMITIVES: tuple[str, ...] = tuple(
    n
    for base in Engine.__bases__
    for n, f in vars(base).items()
    if callable(f) and not n.startswith("_") and n not in E_PRIMITIVES
)
PRIMITIVES: tuple[str, ...] = E_PRIMITIVES + D_PRIMITIVES
