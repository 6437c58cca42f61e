"""`model.summary()`: a table of layers, output shapes and parameter counts."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from keras import tree
from keras.backend import dtypes
from keras.backend.spec import KerasTensor
from keras.layers import Layer
from keras.utils.progress import say

Row = tuple[int, list[str]]  # nesting depth, cells

_MINIMUM = 40
_LINES = {"box": "┌┬┐│├┼┤└┴┘─", "ascii": "+++|++++++-"}


def print_summary(
    model: Any,
    line_length: int | None = None,
    positions: list[float] | None = None,
    print_fn: Callable[[str], Any] | None = None,
    expand_nested: bool = False,
    show_trainable: bool = False,
    layer_range: tuple[str, str] | None = None,
) -> None:
    """Print the table; see `Model.summary`."""
    write = print_fn or say
    header = ["Layer (type)", "Output shape", "Params"]
    graph = getattr(model, "_graph", None) if not _is_chain(model) else None
    if graph is not None:
        header.append("Connected to")
    if show_trainable:
        header.append("Trainable")
    rows = list(_rows(model, graph is not None, expand_nested, show_trainable, layer_range))
    width = line_length or min(max(shutil.get_terminal_size((100, 24)).columns - 1, _MINIMUM), 120)
    write(f'Model: "{model.name}"')
    for line in _table(header, rows, width, positions, _style(print_fn)):
        write(line)
    for line in _totals(model):
        write(line)


def _is_chain(model: Any) -> bool:
    """Whether every layer of a graph has one input and follows the one before, so that no connections need showing."""
    graph = getattr(model, "_graph", None)
    if graph is None:
        return True
    previous = graph.inputs
    for node in graph.nodes:
        if len(previous) != 1 or [id(t) for t in node.inputs] != [id(previous[0])]:
            return False
        previous = node.output_tensors
    return True


def _rows(
    model: Any,
    connections: bool,
    nested: bool,
    trainable: bool,
    layer_range: tuple[str, str] | None,
    depth: int = 0,
) -> Iterator[Row]:
    for op in _in_range(_operations(model), layer_range):
        cells = [
            f"{op.name} ({_type_name(op)})",
            _shape_text(op),
            _count_text(op),
        ]
        if connections:
            cells.append(_connected_to(model, op))
        if trainable:
            cells.append(
                "" if not isinstance(op, Layer) or not op.weights else "yes" if op.trainable_weights else "no"
            )
        yield depth, cells
        if nested and getattr(op, "layers", None):
            for inner_depth, inner in _rows(op, False, nested, trainable, None, depth + 1):
                if connections:
                    inner.insert(3, "")
                yield inner_depth, inner


def _operations(model: Any) -> list[Any]:
    return model.operations if hasattr(model, "_graph") else model.layers


def _type_name(op: Any) -> str:
    return type(op).__name__ if isinstance(op, Layer) else "op"


def _in_range(operations: list[Any], layer_range: tuple[str, str] | None) -> list[Any]:
    if layer_range is None:
        return operations
    names = [op.name for op in operations]
    for name in layer_range:
        if name not in names:
            raise ValueError(
                f"summary: layer_range names {name!r}, which is not a layer of the model. Layers: {names}"
            )
    first, last = (names.index(n) for n in layer_range)
    return operations[first : last + 1]


def _shape_text(op: Any) -> str:
    """Output shapes of all calls of an operation, each once."""
    shapes = [tree.map_structure(_shape_of, n.outputs) for n in op._inbound_nodes]
    if not shapes and getattr(op, "_seen_shape", None) is not None:
        shapes = [op._seen_shape]
    texts = dict.fromkeys(", ".join(map(str, _flat_shapes(s))) for s in shapes)
    return " | ".join(texts) or "not called yet"


def _shape_of(t: Any) -> Any:
    return t.shape if isinstance(t, KerasTensor) else None


def _flat_shapes(structure: Any) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = []
    tree.map_shape_structure(found.append, structure)
    return found


def _connected_to(model: Any, op: Any) -> str:
    """Names of the operations whose outputs this one takes."""
    sources = []
    for node in model._graph.nodes_of(op):
        for t in node.inputs:
            name = t.node.operation.name if t.node is not None else t.name
            several = t.node is not None and len(t.node.output_tensors) > 1
            sources.append(f"{name}[{t.index}]" if several else name)
    return ", ".join(sources)


def _count_text(op: Any) -> str:
    if not isinstance(op, Layer):
        return "0"
    count = f"{sum(_size(v) for v in op.weights):,}"
    return count if op.built else f"{count} (not built)"


def _size(v: Any) -> int:
    return int(np.prod(v.shape, dtype=np.int64))


def _totals(model: Any) -> Iterator[str]:
    optimizer = getattr(model, "optimizer", None)
    of_optimizer = optimizer.variables if optimizer is not None and optimizer.built else []
    groups = [
        ("Total", [*model.weights, *of_optimizer]),
        ("Trainable", model.trainable_weights),
        ("Non-trainable", model.non_trainable_weights),
    ]
    if of_optimizer:
        groups.append(("Optimizer", of_optimizer))
    for what, variables in groups:
        size = sum(_size(v) * dtypes.itemsize(v.dtype) for v in variables)
        yield f" {what} params: {sum(map(_size, variables)):,} ({_bytes_text(size)})"


def _bytes_text(n: float) -> str:
    for unit in ("B", "KB", "MB", "GB"):
        if n < 1024:
            return f"{n:.0f} {unit}" if unit == "B" else f"{n:.2f} {unit}"
        n /= 1024
    return f"{n:.2f} TB"


# ---------------------------------------------------------------------- the table
def _style(print_fn: Any) -> str:
    encoding = (getattr(sys.stdout, "encoding", None) or "ascii").lower()
    return "box" if print_fn is not None or "utf" in encoding else "ascii"


def _table(
    header: list[str], rows: list[Row], width: int, positions: list[float] | None, style: str
) -> Iterator[str]:
    tl, tm, tr, v, ml, mm, mr, bl, bm, br, h = tuple(_LINES[style])
    cells = [[("  " * depth if i == 0 else "") + c for i, c in enumerate(row)] for depth, row in rows]
    widths = _widths([header, *cells], width, positions)

    def rule(left: str, middle: str, right: str) -> str:
        return left + middle.join(h * (w + 2) for w in widths) + right

    def lines(row: list[str]) -> Iterator[str]:
        wrapped = [_wrap(c, w) for c, w in zip(row, widths, strict=True)]
        for i in range(max(map(len, wrapped))):
            parts = [c[i] if i < len(c) else "" for c in wrapped]
            aligned = [
                p.rjust(w) if k == 2 else p.ljust(w)
                for k, (p, w) in enumerate(zip(parts, widths, strict=True))
            ]
            yield f"{v} " + f" {v} ".join(aligned) + f" {v}"

    yield rule(tl, tm, tr)
    yield from lines(header)
    yield rule(ml, mm, mr)
    for row in cells:
        yield from lines(row)
    yield rule(bl, bm, br)


def _widths(rows: list[list[str]], width: int, positions: list[float] | None) -> list[int]:
    """Column widths: what the cells want, shrunk from the widest until the line fits."""
    n = len(rows[0])
    if positions:
        ends = [int(p * width) if p <= 1 else int(p) for p in positions[:n]]
        return [max(b - a - 3, 4) for a, b in zip([0, *ends], ends, strict=False)]
    widths = [max(len(r[i]) for r in rows) for i in range(n)]
    while sum(widths) + 3 * n + 1 > width and max(widths) > 12:
        widths[widths.index(max(widths))] -= 1
    return widths


def _wrap(text: str, width: int) -> list[str]:
    """Lines of at most `width` characters, broken at spaces where possible; nothing is cut off."""
    indent = " " * (len(text) - len(text.lstrip()))
    lines, rest = [], text
    while len(rest) > width:
        cut = rest.rfind(" ", len(indent) + 1, width + 1)
        cut = cut if cut > len(indent) else width
        lines.append(rest[:cut])
        rest = indent + rest[cut:].lstrip()
    return [*lines, rest]
