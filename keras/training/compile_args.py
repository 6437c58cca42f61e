"""What `compile(loss=..., metrics=...)` was given, settled per output once predictions and targets are known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from keras import losses, metrics, ops, tree
from keras.backend.spec import KerasTensor
from keras.errors import add_context, shorten
from keras.losses import Loss, LossFunctionWrapper
from keras.metrics import Metric
from keras.ops.dispatch import shape_of
from keras.ops.settling import number_of_samples
from keras.training.outputs import Outputs, is_identifier, is_identifier_list, is_leaf
from keras.training.whole_losses import Whole, nested, several, split

Tensor = Any
Names = Callable[[], Sequence[str] | None]

_CROSSENTROPY = ("crossentropy", "ce")
_ENTROPIES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "binary": losses.binary_crossentropy,
    "sparse": losses.sparse_categorical_crossentropy,
    "categorical": losses.categorical_crossentropy,
}


def _no_names() -> None:
    return None


class CompileLoss:
    """The losses of all outputs as one: the weighted sum of `loss(y, y_pred, sample_weight)`.

    Args:
        loss: one loss for all outputs, or one per output: a list, a dict by name, or nested like the outputs;
            a list of one for a loss that sees all outputs of a dict or tuple at once; a list in which there are more,
            for losses that all see the same outputs.
        loss_weights: likewise, numbers.
        output_names: tells the names of the layers the outputs come from, if they are known by then.

    >>> loss = CompileLoss("mse", None)
    >>> float(loss([[1.0], [2.0]], ops.convert_to_tensor([[1.0], [4.0]])))
    2.0
    """

    def __init__(self, loss: Any, loss_weights: Any, output_names: Names = _no_names) -> None:
        self._user_loss = loss
        self._user_weights = loss_weights
        self._output_names = output_names
        self.built = False
        self.metrics: list[Metric] = []  # the running mean of each output's loss, if there are several losses
        check_identifiers(loss, losses.get)

    def build(self, y_pred: Any) -> None:
        """Settle which loss and weight belong to which output.

        Args:
            y_pred: predictions, or anything nested like them.

        Raises:
            ValueError: names or numbers that do not fit the outputs.
        """
        self.outputs = Outputs(y_pred, self._output_names())
        self._wholes: list[Whole] = []
        named = self._build_several() if several(self._user_loss, self.outputs) else self._build_each()
        count = sum(loss is not None for loss in self.losses) + len(self._wholes)
        if not named:
            raise ValueError(
                "compile: `loss` names no loss for any output. Leave it out, or give one output a loss."
            )
        self._trackers: dict[str, Metric] = (
            {name: metrics.Mean(name=f"{name}_loss") for name in named} if count > 1 else {}
        )
        self.metrics = list(self._trackers.values())
        self.built = True

    def _build_each(self) -> list[str]:
        """One loss per output, or one for several of them; returns their names, in the order of the outputs."""
        wholes, rest = split(self._user_loss, self.outputs)
        found = self.outputs.spread(rest, "loss", is_identifier)
        self.losses: list[Loss | None] = [_as_loss(identifier) for identifier in found]
        weights = self.outputs.spread(self._shared_weight(wholes), "loss_weights", is_leaf)
        self.weights = [_as_weight(w, name) for w, name in zip(weights, self.outputs.names, strict=True)]
        for whole in wholes:
            weight = whole.shared(self.weights, "loss_weights")
            self._wholes.append(whole._replace(loss=_as_loss(whole.loss), weight=weight))
        places = {name: i for i, name in enumerate(self.outputs.names) if self.losses[i] is not None}
        places |= {whole.name: whole.first for whole in self._wholes}
        return sorted(places, key=lambda name: places[name])

    def _build_several(self) -> list[str]:
        """More than one loss on an output: the first of its own stands for it; returns the names, in the order given."""
        found = nested(self._user_loss, self._user_weights, self.outputs)
        self.losses, self.weights = [None] * len(self.outputs), [None] * len(self.outputs)
        for whole in found:
            loss, weight, i = _as_loss(whole.loss), _as_weight(whole.weight, whole.name), whole.first
            if len(whole.outputs) == 1 and self.losses[i] is None:
                self.losses[i], self.weights[i] = loss, weight
            else:
                self._wholes.append(whole._replace(loss=loss, weight=weight))
        return list(dict.fromkeys(whole.name for whole in found))

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Tensor:
        """The total, a scalar; the running means of the outputs' losses move on.

        Args:
            y_true: targets per output.
            y_pred: predictions.
            sample_weight: for all outputs, or per output; or None.

        Raises:
            ValueError: targets that are missing or do not fit; the message names the output.
        """
        if not self.built:
            self.build(y_pred)
        total: Tensor = None
        predictions = tree.flatten(y_pred)
        if len(predictions) != len(self.outputs):
            raise ValueError(
                f"compile: the losses are for {len(self.outputs)} output(s), {self.outputs.names}. "
                f"Received: {len(predictions)} predictions"
            )
        samples = number_of_samples(predictions[0])
        targets, weights = self.spread_targets(y_true), self.spread_weights(sample_weight)
        parts = [
            *zip(self.outputs.names, self.losses, self.weights, targets, predictions, weights, strict=True)
        ]
        for whole in self._wholes:
            y, p = whole.pick(targets), whole.pick(predictions)
            w = whole.shared(weights, "sample_weight")
            parts.append((whole.name, whole.loss, whole.weight, y, p, w))
        values: dict[str, Tensor] = {}
        for name, loss, factor, y, p, w in parts:
            if loss is None:
                continue
            value = self._one(name, loss, y, p, w)
            values[name] = ops.add(values[name], value) if name in values else value
            if factor is not None:
                value = ops.multiply(value, factor)
            total = value if total is None else ops.add(total, value)
        for name, tracker in self._trackers.items():
            tracker.update_state(values[name], sample_weight=samples)
        return total

    def spread_targets(self, y_true: Any) -> list[Any]:
        """Targets per output, None where there are none."""
        losses = list(self.losses)
        for whole in self._wholes:
            losses[whole.first : whole.first + len(whole.outputs)] = [whole.loss] * len(whole.outputs)
        return self.outputs.targets(y_true, losses)

    def spread_weights(self, sample_weight: Any) -> list[Any]:
        """Sample weights per output, None where there are none."""
        return self.outputs.spread(sample_weight, "sample_weight", is_leaf)

    def _shared_weight(self, wholes: Sequence[Whole]) -> Any:
        """`loss_weights`, of which a loss of all outputs has one, in a list."""
        given = self._user_weights
        alone = isinstance(given, (list, tuple)) and len(given) == 1
        return given[0] if alone and any(not whole.name for whole in wholes) else given

    def _one(self, name: str, loss: Loss, y: Any, y_pred: Tensor, sample_weight: Any) -> Tensor:
        if any(part is None for part in tree.flatten(y)):
            raise ValueError(
                f'Output "{name}" has the loss {loss.name} but no targets: `y` says nothing about it.'
            )
        try:
            return loss(y, y_pred, sample_weight)
        except (ValueError, TypeError) as error:
            raise add_context(error, f'In the loss of output "{name}"') from error.__cause__


class CompileMetrics(Metric):
    """The metrics of all outputs as one, made when the shapes of targets and predictions are known.

    Args:
        compiled_metrics: `metrics` of `compile`: per output a metric or a list of them.
        weighted_metrics: likewise; these take sample weights into account.
        output_names: tells the names of the layers the outputs come from, if they are known by then.
        losses: gives the losses of the outputs, which decide what `"accuracy"` means.
        name: name of the whole.

    >>> metric = CompileMetrics(["mae"], None)
    >>> metric.update_state(ops.convert_to_tensor([[1.0]]), ops.convert_to_tensor([[4.0]]))
    >>> {name: float(value) for name, value in metric.result().items()}
    {'mae': 3.0}
    """

    def __init__(
        self,
        compiled_metrics: Any,
        weighted_metrics: Any,
        output_names: Names = _no_names,
        losses: Callable[[], list[Any] | None] | None = None,
        name: str = "compile_metrics",
    ) -> None:
        super().__init__(name=name)
        self._user = (compiled_metrics, weighted_metrics)
        self._output_names = output_names
        self._losses_of_outputs = losses
        self._named: dict[str, Metric] = {}
        self._plan: list[list[tuple[Metric, bool]]] = []  # per output: metric, whether it is weighted
        for given in self._user:
            check_identifiers(given, metrics.get)

    @property
    def metrics(self) -> list[Metric]:
        """The metrics themselves, in the order of their results."""
        return list(self._named.values())

    @property
    def variables(self) -> list[Any]:
        """State of all of them."""
        return [v for metric in self.metrics for v in metric.variables]

    @property
    def names(self) -> list[str]:
        """Names in the logs: in the order given; with several outputs by name, as Keras 3 returns them."""
        return sorted(self._named) if self.of_several_outputs else list(self._named)

    @property
    def of_several_outputs(self) -> bool:
        """Whether it is known that there is more than one output."""
        return self.built and len(self._outputs) > 1

    def check(self, y_pred: Any) -> None:
        """Raise ValueError if names or numbers do not fit the outputs; nothing is made yet."""
        outputs = Outputs(y_pred, self._output_names())
        for given, what in zip(self._user, ("metrics", "weighted_metrics"), strict=True):
            outputs.spread(given, what, is_identifier_list)

    def build(self, y_true: Any, y_pred: Any) -> None:
        """Make the metrics for targets and predictions of these shapes.

        Args:
            y_true: targets per output, tensors or symbolic ones.
            y_pred: predictions likewise.
        """
        self._outputs = Outputs(y_pred, self._output_names())
        predictions = tree.flatten(y_pred)
        if y_true is None and any(given is not None for given in self._user):
            raise ValueError("compile: metrics compare predictions with targets, but no `y` came.")
        targets = self._targets(y_true)
        count = len(predictions)
        losses_ = self._losses() or [None] * count
        self._plan = [[] for _ in range(count)]
        used: set[int] = set()
        for given, weighted in zip(self._user, (False, True), strict=True):
            what = "weighted_metrics" if weighted else "metrics"
            per_output = self._outputs.spread(given, what, is_identifier_list)
            for i, identifiers in enumerate(per_output):
                if identifiers is None or targets[i] is None:
                    continue
                for identifier in identifiers if isinstance(identifiers, (list, tuple)) else [identifiers]:
                    if isinstance(identifier, Metric) and id(identifier) in used:
                        identifier = type(identifier).from_config(
                            identifier.get_config()
                        )  # one state per output
                    used.add(id(identifier))
                    shapes = (_shape(tree.flatten(targets[i])[0]), _shape(predictions[i]))
                    metric = metrics.resolve(identifier, losses_[i], *shapes)
                    self._named[self._free_name(i, metric.name, weighted)] = metric
                    self._plan[i].append((metric, weighted))
        self.built = True

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Take a batch into account.

        Args:
            y_true: targets per output.
            y_pred: predictions; masks attached to them are honoured.
            sample_weight: for all outputs or per output; used by the weighted metrics only.
        """
        if not self.built:
            self.build(y_true, y_pred)
        targets = self._targets(y_true)
        weights = self._outputs.spread(sample_weight, "sample_weight", is_leaf)
        for plan, y, p, w in zip(self._plan, targets, tree.flatten(y_pred), weights, strict=True):
            for metric, weighted in plan:
                try:
                    metric.update_state(y, p, sample_weight=w) if weighted else metric.update_state(y, p)
                except (ValueError, TypeError) as error:
                    raise add_context(error, f'In the metric "{metric.name}"') from error.__cause__

    def result(self) -> dict[str, Tensor]:
        """Results by name."""
        results: dict[str, Tensor] = {}
        for name, metric in self._named.items():
            value = metric.result()
            results.update(value if isinstance(value, dict) else {name: value})
        return results

    def reset_state(self) -> None:
        """Forget all batches."""
        for metric in self.metrics:
            metric.reset_state()

    def _losses(self) -> list[Any] | None:
        return self._losses_of_outputs and self._losses_of_outputs()

    def _targets(self, y_true: Any) -> list[Any]:
        return self._outputs.targets(y_true, self._losses())

    def _free_name(self, output: int, name: str, weighted: bool) -> str:
        prefix = f"{self._outputs.names[output]}_" if len(self._outputs) > 1 else ""
        if weighted and prefix + name in self._named:
            name = f"weighted_{name}"
        free, i = prefix + name, 0
        while free in self._named:
            i += 1
            free = f"{prefix}{name}_{i}"
        return free


def check_identifiers(given: Any, get: Callable[[Any], Any]) -> None:
    """Look up every name in an argument of `compile`, so that a typo is told at once. Raises ValueError."""
    if isinstance(given, dict) and "class_name" not in given:
        given = list(given.values())
    if isinstance(given, (list, tuple)):
        for part in given:
            check_identifiers(part, get)
    elif isinstance(given, str) and given not in ("accuracy", "acc", "crossentropy", "ce"):
        get(given)


def _as_loss(identifier: Any) -> Loss | None:
    if isinstance(identifier, str) and identifier in _CROSSENTROPY:
        return LossFunctionWrapper(_crossentropy, name=identifier)
    loss = losses.get(identifier)
    if loss is None or isinstance(loss, Loss):
        return loss
    if not callable(loss):
        raise TypeError(f"compile: a loss must be a name, a function or a Loss. Received: {shorten(loss)}")
    return LossFunctionWrapper(loss, name=getattr(loss, "__name__", type(loss).__name__))


def _crossentropy(y_true: Tensor, y_pred: Tensor) -> Tensor:
    """The crossentropy that suits targets and predictions of these shapes; `metrics=["crossentropy"]` has the same rule."""
    return _ENTROPIES[metrics.kind_of(_shape(y_true), _shape(y_pred))](y_true, y_pred)


def _as_weight(weight: Any, name: str) -> float | None:
    if weight is None:
        return None
    try:
        return float(weight)
    except (TypeError, ValueError):
        raise TypeError(
            f"compile: loss_weights must be numbers. Received: {shorten(weight)} for {name!r}"
        ) from None


def _shape(x: Any) -> tuple[Any, ...]:
    return tuple(x.shape) if isinstance(x, KerasTensor) else tuple(shape_of(x))
