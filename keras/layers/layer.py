"""`Layer`: state made once in `build`, a computation in `call`, and nothing else to write.

A call goes: settle the arguments (arrays to tensors, compute dtype, training flag, masks), build at the first call,
then either run `call` on the engine, or, for symbolic inputs, run it on the abstract engine and record a node.
Below it stand, each a base of the next: what belongs to a layer (`tracking`), its weights, their names and dtypes
(`weights`), the masks of its calls (`masks`).
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from functools import wraps
from typing import Any, ClassVar

import numpy as np

from keras import dtype_policies, ops, regularizers, tree
from keras.backend import dtypes, state
from keras.backend.abstract import ABSTRACT
from keras.backend.masks import get_mask, set_mask
from keras.backend.select import current, inner, scope
from keras.backend.spec import KerasTensor, SymbolicTensorError, shape_str
from keras.backend.state import Variable
from keras.backend.tracing import infer
from keras.errors import add_context, did_you_mean
from keras.layers.context import CallContext, running_call
from keras.layers.input_spec import check as check_input_spec
from keras.layers.keras2 import Keras2Calls
from keras.layers.masks import Masked
from keras.layers.shapes import as_shape, batch_unknown, is_tensor_tree, shape_tree, take_input_shape
from keras.layers.signature import Signature, named, required
from keras.layers.tracking import forget
from keras.ops.dispatch import convert, has_symbolic
from keras.ops.node import Node, fresh
from keras.ops.settling import number_of_samples

Tensor = Any
Shape = Any


class Layer(Masked, Keras2Calls):
    """A computation with state. Subclasses write `__init__`, `build(input_shape)` and `call(inputs)`.

    Shapes are inferred by running `call` on the abstract engine, and the config is captured from the signature of
    `__init__`, so neither `compute_output_shape` nor `get_config` needs to be written.

    Args:
        activity_regularizer: regularizer of the output, added to the losses.
        trainable: whether the layer's variables are trained.
        dtype: dtype name or policy of the computation and the weights.
        autocast: whether float inputs and weights are cast to the compute dtype.
        name: unique within a model; made up from the class name if absent.

    Example:
        >>> import keras
        >>> class Scale(keras.Layer):
        ...     def build(self, input_shape):
        ...         self.factor = self.add_weight((input_shape[-1],), "ones")
        ...     def call(self, x):
        ...         return x * self.factor
        >>> Scale()(keras.Input((3,))).shape
        (None, 3)
    """

    _not_in_config = frozenset({"input_shape", "input_dim", "batch_input_shape", "batch_size", "weights"})
    _has_build: ClassVar[bool] = False
    #: Whether there is nothing to build: such a layer is built from the start, unless a subclass writes `build`.
    _stateless: ClassVar[bool] = False

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "call" in cls.__dict__:
            cls._signature = Signature(cls.call)
        if "build" in cls.__dict__:
            cls._has_build = True
            cls.build = _scoped_build(cls.build)  # type: ignore[method-assign]

    def __init__(
        self,
        *,
        activity_regularizer: Any = None,
        trainable: bool = True,
        dtype: Any = None,
        autocast: bool = True,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name)
        if not isinstance(trainable, (bool, np.bool_)):
            raise ValueError(
                f"{type(self).__name__}: expected `trainable` to be True or False. Received: trainable={trainable!r}"
            )
        self._dtype_policy = dtype_policies.get(dtype)
        self.autocast = autocast
        self.activity_regularizer = regularizers.get(activity_regularizer)
        self.built = self._stateless and not self._has_build
        self.supports_masking = False
        self.input_spec: Any = None
        self._trainable = bool(trainable)
        self._own_variables: list[Variable] = []
        self._losses: list[Tensor] = []
        self._parent_path: str | None = None
        self._build_shapes: dict[str, Any] | None = None
        self._seen_shape: Any = None  # shape of the last outputs, for summaries
        self._input_shape_arg = take_input_shape(kwargs)
        self._initial_weights = kwargs.pop("weights", None)
        if kwargs:
            inits = (vars(c)["__init__"] for c in type(self).__mro__ if "__init__" in vars(c))
            known = {p for init in inits for p in inspect.signature(init).parameters}
            raise TypeError(
                f"{type(self).__name__}: unknown argument(s) {sorted(kwargs)}.{did_you_mean(min(kwargs), known)} "
                f"Expected arguments of {type(self).__name__} or of Layer: activity_regularizer, trainable, dtype, autocast, name."
            )

    #: Whether `call` runs functions of the user's, in a class of this library.
    _runs_foreign_code: ClassVar[bool] = False

    #: Whether the class's own `compute_output_spec` is being asked.
    _declaring = False

    # ------------------------------------------------------------------ to be written by subclasses
    def build(self, input_shape: Shape) -> None:
        """Make the layer's variables for inputs of this shape (None: any size)."""
        self.built = True

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """The computation."""
        raise NotImplementedError(
            f"{type(self).__name__} has no `call` method: write `def call(self, inputs): ...`."
        )

    # ------------------------------------------------------------------ calling
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self._check_initialised()
        symbolic = inner() is not ABSTRACT and (has_symbolic(args) or has_symbolic(kwargs))
        with self._enter_call(kwargs) as training:
            try:
                if symbolic:
                    with scope(ABSTRACT):
                        outputs = self._run_call(self._as_tensors(args), self._as_tensors(kwargs), training)
                else:
                    outputs = self._run_call(self._as_tensors(args), self._as_tensors(kwargs), training)
            except Exception as error:
                raise self._locate_error(error, args, kwargs) from error.__cause__
        return self._record_call(args, kwargs, outputs) if symbolic else outputs

    def _run_call(self, args: tuple[Any, ...], kwargs: dict[str, Any], training: bool | None) -> Any:
        signature = self._signature
        bound = signature.bind(args, kwargs)
        first = args[0] if args else next(iter(bound.values()), None)
        if self.input_spec is not None:
            check_input_spec(self.input_spec, first, self)
        if self._maybe_build(bound) and self.input_spec is not None:  # which `build` may have said more about
            check_input_spec(self.input_spec, first, self)
        kwargs = dict(kwargs)
        if not signature.has_training and not signature.open:
            kwargs.pop("training", None)  # it stands in the call context, for the layers inside
        masks = self._fill_masks(bound, kwargs)
        if signature.has_training and bound.get("training") is None and training is not None:
            kwargs["training"] = training
        if len(args) > 1:
            args = signature.filled(args, kwargs)
        with state.name_scope(self._full_path(), absolute=True), state.autocast(self._autocast_dtype()):
            context = running_call.get()
            assert context is not None
            around, context.running = context.running, self
            try:
                outputs = self.call(*args, **kwargs)
            except Exception as error:
                outputs = self._inferred(args, kwargs, error)
            finally:
                context.running = around
        if self.activity_regularizer is not None and inner() is not ABSTRACT:
            self._add_activity_losses(outputs)
        self._mask_outputs(first, masks, outputs)
        if self._seen_shape is None or inner() is ABSTRACT:
            self._seen_shape = batch_unknown(shape_tree(outputs)) if is_tensor_tree(outputs) else None
        return outputs

    def _inferred(self, args: tuple[Any, ...], kwargs: dict[str, Any], error: Exception) -> Any:
        """Symbolic outputs of a `call` with code that needs real tensors, such as the engine's own functions.

        The class's own `compute_output_spec` or `compute_output_shape` says what they are if it has one, else the engine
        by a trace of its own. Raises `error` if neither can.
        """
        own = type(self).__module__.partition(".")[0] == "keras" and not self._runs_foreign_code
        # In a layer of ours nothing asks a tensor for its value, but a function it was given, such as an activation.
        if inner() is not ABSTRACT or (own and not isinstance(error, SymbolicTensorError)):
            raise error
        if (
            not own
            and type(self).compute_output_spec is not Layer.compute_output_spec
            and not self._declaring
        ):
            self._declaring = True  # it may ask Layer's for what `call` gives
            try:
                return self.compute_output_spec(*args, **kwargs)
            finally:
                self._declaring = False
        if not own and type(self).compute_output_shape is not Layer.compute_output_shape:
            shapes = self._declared_shapes(args, kwargs)
            return tree.map_shape_structure(lambda s: KerasTensor(s, self.compute_dtype or "float32"), shapes)
        if not isinstance(error, (TypeError, AttributeError, ValueError, RuntimeError)):
            raise error
        try:
            outputs = infer(self.call, args, kwargs)
        except Exception as found:
            # With tensors that the engine's functions take, it says more than that there were none.
            hidden = isinstance(error, SymbolicTensorError) and not isinstance(found, NotImplementedError)
            raise (found if hidden else error) from None
        if outputs is None:
            raise error
        return outputs

    def _declared_shapes(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """What the class's own `compute_output_shape` says: given one shape, or one per argument by name."""
        shapes = self._shapes_of(self._signature.bind(args, kwargs))
        names = named(self.compute_output_shape)
        if set(shapes) <= set(names):
            return self.compute_output_shape(**shapes)
        return self.compute_output_shape(*list(shapes.values())[: len(names)])

    def _record_call(self, args: tuple[Any, ...], kwargs: dict[str, Any], outputs: Any) -> Any:
        inputs = [t for t in tree.flatten((args, kwargs)) if isinstance(t, KerasTensor)]
        copies = fresh(outputs, inputs)
        for old, new in zip(tree.flatten(outputs), tree.flatten(copies), strict=True):
            if new is not old:
                set_mask(new, get_mask(old))
        Node(self, args, kwargs, copies)
        if any(isinstance(t, KerasTensor) and get_mask(t) is not None for t in tree.flatten(copies)):
            self._record_masks(args, kwargs, copies)
        return copies

    def stateless_call(
        self,
        trainable_variables: Any,
        non_trainable_variables: Any,
        *args: Any,
        return_losses: bool = False,
        **kwargs: Any,
    ) -> Any:
        """Call with the given variable values; returns the outputs and the new non-trainable values, changing nothing."""
        mine = [*self.trainable_variables, *self.non_trainable_variables]
        values = [*trainable_variables, *non_trainable_variables]
        if len(mine) != len(values):
            raise ValueError(f"stateless_call expected {len(mine)} variable values. Received: {len(values)}")
        with state.StatelessScope(zip(mine, values, strict=True)) as inside:
            outputs = self(*args, **kwargs)
            losses = self.losses if return_losses else []
        after = [inside.get(v) for v in self.non_trainable_variables]
        self._clear_losses()
        return (outputs, after, losses) if return_losses else (outputs, after)

    @contextmanager
    def _enter_call(self, kwargs: dict[str, Any]) -> Iterator[bool | None]:
        """Enter the call context; yields the training flag in force."""
        outer = running_call.get()
        explicit = kwargs.get("training")
        if explicit is None:
            explicit = outer.training if outer is not None else None
        if explicit is None and self._signature.training_default is not inspect.Parameter.empty:
            explicit = self._signature.training_default
        if outer is None:
            self._clear_losses()
        token = running_call.set(CallContext(explicit))
        try:
            yield explicit
        finally:
            running_call.reset(token)

    def _as_tensors(self, value: Any) -> Any:
        """Arrays (not lists of numbers) to tensors; floats to `_cast_inputs_to`."""
        return tree.map_structure(self._as_tensor, value)

    def _as_tensor(self, x: Any) -> Any:
        if isinstance(x, (bool, int, float, str, type(None))):
            return x
        engine = current()
        if not engine.is_tensor(x):
            if not (isinstance(x, (Variable, np.generic)) or hasattr(x, "__array__")):
                return x
            x = convert(x)
        dtype, wanted = engine.dtype(x), self._cast_inputs_to()
        if wanted is not None and dtype != wanted and dtypes.is_float(dtype):
            mask = get_mask(x)
            x = engine.cast(x, wanted)
            set_mask(x, mask)
        return x

    def _cast_inputs_to(self) -> str | None:
        """What float inputs are cast to before `call` sees them; None leaves them as they are."""
        return self.compute_dtype if self.autocast else None

    def _maybe_build(self, bound: dict[str, Any]) -> bool:
        """Build at the first call; returns whether this is it."""
        if self.built:
            return False
        shapes = self._shapes_of(bound)
        with scope(None) if inner() is ABSTRACT else nullcontext():
            self._build_with(shapes)
            forget()
            self._apply_initial_weights()
        return True

    def _build_with(self, shapes: dict[str, Any]) -> None:
        """Call `build` the way its signature asks: one shape, or one per argument by name."""
        if not self._has_build:
            self.built = True
            self._build_shapes = shapes
            return
        names = named(self.build) or list(inspect.signature(self.build).parameters)
        if len(names) == 1:
            self.build(next(iter(shapes.values()), None))
            self._build_shapes = {names[0]: next(iter(shapes.values()), None)}
        else:
            self._check_build_names(names)
            given = {n: shapes[n] for n in names if n in shapes}
            self.build(**given)
            self._build_shapes = given

    def _check_build_names(self, names: list[str]) -> None:
        """A `build` of several arguments takes `{argument}_shape` of arguments of `call`."""
        known = [f"{name}_shape" for name in self._signature.names]
        wrong = [n for n in required(self.build) if n not in known]
        if wrong and not self._signature.open:
            raise ValueError(
                f'{type(self).__name__} "{self.path}": expected the arguments of `build` to be among {known}, after '
                f"those of `call`. Received: build({', '.join(names)})"
            )

    def _shapes_of(self, bound: dict[str, Any]) -> dict[str, Any]:
        """Shapes of the tensor arguments, as `{argument}_shape`."""
        return {f"{name}_shape": shape_tree(x) for name, x in bound.items() if is_tensor_tree(x)}

    def _add_activity_losses(self, outputs: Any) -> None:
        for y in tree.flatten(outputs):
            samples = number_of_samples(y)
            share = max(samples, 1.0) if isinstance(samples, float) else ops.maximum(samples, 1.0)
            self.add_loss(ops.divide(self.activity_regularizer(y), share))

    def _locate_error(self, error: Exception, args: Any, kwargs: Any) -> BaseException:
        """Name the layer and what it received, once: at the innermost layer."""
        if getattr(error, "_keras_layer", None) is not None or not isinstance(
            error, (ValueError, TypeError, IndexError)
        ):
            return error
        error.__dict__["_keras_layer"] = self
        label = f'{type(self).__name__} "{self.path}"'
        if label in str(error):
            return error
        shapes = [
            shape_str(x.shape if isinstance(x, np.ndarray) else shape_tree(x))
            for x in tree.flatten((args, kwargs))
            if isinstance(x, np.ndarray) or is_tensor_tree(x)
        ]
        error = add_context(error, label)  # type: ignore[assignment]
        if (
            shapes
            and len(error.args) == 1
            and isinstance(error.args[0], str)
            and "inputs.shape" not in error.args[0]
        ):
            error.args = (f"{error.args[0]} (called with inputs.shape={', '.join(shapes)})",)
        return error

    # ------------------------------------------------------------------ shapes
    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """Symbolic outputs (shape and dtype) for symbolic inputs, without recording anything."""
        with scope(ABSTRACT):
            return self(*args, **kwargs)

    def symbolic_call(self, *args: Any, **kwargs: Any) -> Any:
        """Record a call on symbolic inputs; what `__call__` does for them."""
        return self(*args, **kwargs)

    def compute_output_shape(self, *shapes: Shape, **named: Shape) -> Shape:
        """Output shape(s) for the shapes of the inputs, in the order of `call`'s arguments or as `{argument}_shape`."""
        dtype = self.input_dtype

        def symbols(shape: Shape) -> Any:
            return None if shape is None else tree.map_shape_structure(lambda s: KerasTensor(s, dtype), shape)

        if "input_shape" in named:
            shapes = (named.pop("input_shape"), *shapes)
        inputs = {name.removesuffix("_shape"): symbols(shape) for name, shape in named.items()}
        outputs = self.compute_output_spec(*map(symbols, shapes), **inputs)
        return tree.map_structure(lambda t: t.shape, outputs)

    def get_build_config(self) -> dict[str, Any] | None:
        """Shapes the layer was built with, for files."""
        shapes = self._build_shapes
        if not shapes:
            return None
        return {"input_shape": next(iter(shapes.values()))} if len(shapes) == 1 else {"shapes_dict": shapes}

    def build_from_config(self, config: dict[str, Any] | None) -> None:
        """Build with the shapes that `get_build_config` gave."""
        if not config or self.built:
            return
        if "shapes_dict" in config:
            self._build_with({k: as_shape(v) for k, v in config["shapes_dict"].items()})
        elif config.get("input_shape") is not None and len(required(self.build)) <= 1:
            self.build(as_shape(config["input_shape"]))

    def _base_config(self) -> dict[str, Any]:
        base = {
            "name": self.name,
            "trainable": self._trainable,
            "dtype": dtype_policies.serialize(self.dtype_policy),
        }
        if self.activity_regularizer is not None:
            base["activity_regularizer"] = regularizers.serialize(self.activity_regularizer)
        return base

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"


Layer._signature = Signature(Layer.call)


def _scoped_build(build: Callable[..., None]) -> Callable[..., None]:
    """`build` inside the layer's name scope, marking the layer built and remembering the shapes."""

    @wraps(build)
    def scoped(self: Layer, *args: Any, **kwargs: Any) -> None:
        self._check_initialised()
        with state.name_scope(self._full_path(), absolute=True):
            build(self, *args, **kwargs)
        if self._build_shapes is None:
            names = named(build)[1:]
            self._build_shapes = {**dict(zip(names, args, strict=False)), **kwargs}
        self.built = True
        self._variables_made()

    return scoped
