"""Saving and loading by file name: `.h5`, `.weights.h5`, `.weights.json`, `.keras`; or by folder."""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from keras.interrupt import undisturbed
from keras.saving import archive, hdf5, legacy_h5, weights_h5

_H5 = (".h5", ".hdf5")


def save_model(
    model: Any,
    filepath: str | Path,
    overwrite: bool = True,
    zipped: bool | None = None,
    include_optimizer: bool = True,
    layout: str = "keras3",
    save_format: str | None = None,
) -> None:
    """Save a whole model: architecture, weights, compile arguments and optimizer state.

    Args:
        model: built model.
        filepath: `*.h5` or `*.hdf5` for HDF5, `*.keras` for the archive, any other name for a folder.
        overwrite: whether an existing file may be replaced.
        zipped: False for a folder that holds the archive's files. Other files in it are left alone.
        include_optimizer: whether HDF5 files hold the training state.
        layout: of HDF5: `keras3`, or `keras2` for files that tf.keras 2 must read.
        save_format: Keras 2's way to ask for `h5`.

    Raises:
        ValueError: unknown ending, or the file exists and `overwrite` is false. OSError: nothing could be written.

    Example:
        >>> import os, tempfile, keras
        >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     model.save(f"{folder}/model", zipped=False)
        ...     sorted(os.listdir(f"{folder}/model"))
        ['config.json', 'metadata.json', 'model.weights.h5']
    """
    path = Path(filepath)
    _check_overwrite(path, overwrite)
    if zipped is False:
        if path.suffix == ".keras":
            raise ValueError(
                f"save_model: with `zipped=False` a folder is written, whose name does not end in .keras. Received: {path}"
            )
        archive.save_folder(model, path)
        return
    if layout not in legacy_h5.KERAS_VERSIONS:
        raise ValueError(
            f"save_model: `layout` must be one of {sorted(legacy_h5.KERAS_VERSIONS)}. Received: {layout!r}"
        )
    if path.name.endswith(".weights.h5"):
        raise ValueError(
            f"{path.name} is the ending of weights alone: use `model.save_weights`, or another ending for the whole model."
        )
    if path.suffix in _H5 or save_format in ("h5", "hdf5"):
        legacy_h5.save_model(model, path, include_optimizer, layout)
    elif path.suffix == ".keras" or save_format == "keras":
        archive.save_model(model, path)
    else:
        raise ValueError(
            f"save_model: the ending of {path.name!r} must be .h5, .hdf5 or .keras; `zipped=False` writes a folder."
        )


def load_model(
    filepath: str | Path, custom_objects: Any = None, compile: bool = True, safe_mode: bool = True
) -> Any:
    """Load a whole model saved by this library or by Keras 1, 2 or 3. Nothing in the file is executed or imported.

    Args:
        filepath: `.h5`, `.hdf5` or `.keras` file, or a folder saved with `zipped=False`.
        custom_objects: classes and functions of yours, by the names the file uses.
        compile: whether to restore the compile arguments and the optimizer.
        safe_mode: refuse what could run code of the file; passed down to every object.

    Raises:
        FileNotFoundError: no such file. ValueError: not a model, damaged, or naming something unknown.
    """
    path = Path(filepath)
    if (
        archive.is_folder(path)
        or path.suffix == ".keras"
        or (path.is_file() and path.suffix not in _H5 and zipfile.is_zipfile(path))
    ):
        return archive.load_model(path, custom_objects, compile, safe_mode)
    return legacy_h5.load_model(path, custom_objects, compile, safe_mode)


def save_weights(
    model: Any,
    filepath: str | Path,
    overwrite: bool = True,
    max_shard_size: float | None = None,
    layout: str = "keras3",
    save_format: str | None = None,
) -> None:
    """Save weights: `*.weights.h5`, or `*.h5` in the older layout.

    Args:
        model: built model.
        filepath: the file's name; `*.weights.json` with `max_shard_size`.
        overwrite: whether an existing file may be replaced.
        max_shard_size: the most GB of weights in a file; they are spread over `*_00000.weights.h5`, ... then.
        layout: of HDF5: `keras3`, or `keras2` for files that tf.keras 2 must read.
        save_format: Keras 2's way to ask for `h5`.

    Raises:
        ValueError: there are no weights yet, the ending is unknown, or a weight is larger than a shard.
    """
    if not model.built:
        raise ValueError(
            f'save_weights: model "{model.name}" has no weights yet: call it on data, or call `build(input_shape)`.'
        )
    path = Path(filepath) if max_shard_size is None else _index(Path(filepath))
    _check_overwrite(path, overwrite)
    if max_shard_size is not None:
        weights_h5.save_weights(model, path, max_shard_size=max_shard_size)
    elif path.name.endswith(".weights.h5") and layout == "keras3":
        weights_h5.save_weights(model, path)
    elif path.suffix in _H5 or save_format in ("h5", "hdf5"):
        legacy_h5.save_weights(model, path, layout)
    else:
        raise ValueError(
            f"save_weights: the ending of {path.name!r} must be .weights.h5 (or .h5 for the older layout)."
        )


def _index(path: Path) -> Path:
    """The file that tells which shard holds what."""
    if not path.name.endswith((".weights.json", ".weights.h5")):
        raise ValueError(
            f"save_weights: with `max_shard_size`, the ending of {path.name!r} must be .weights.json."
        )
    index = path.with_suffix(".json")
    if index != path:
        warnings.warn(
            f"save_weights: with `max_shard_size`, {index.name} is written in place of {path.name}.",
            stacklevel=4,
        )
    return index


def load_weights(
    model: Any,
    filepath: str | Path,
    skip_mismatch: bool = False,
    by_name: bool = False,
    objects_to_skip: Iterable[Any] | None = None,
    **kwargs: Any,
) -> None:
    """Load weights from `.weights.h5`, `.weights.json`, `.h5` (weights or a whole model) or `.keras`.

    Args:
        model: built model.
        filepath: the file's name.
        skip_mismatch: leave out what does not fit, with a warning.
        by_name: match layers by their names, in the older `.h5` layout.
        objects_to_skip: layers to leave as they are, of `.weights.h5` and `.weights.json`.

    Raises:
        ValueError: the weights do not fit the model; nothing has been changed then.
    """
    if kwargs:
        raise TypeError(f"load_weights: unknown argument(s) {sorted(kwargs)}")
    path = Path(filepath)
    by_attribute = path.name.endswith(".weights.json") or (path.suffix != ".keras" and _is_object_tree(path))
    if objects_to_skip is not None and not by_attribute:
        raise ValueError(
            f"load_weights: `objects_to_skip` is for .weights.h5 and .weights.json files. Received: {path}"
        )
    if by_attribute and by_name:
        raise ValueError(
            "load_weights: `by_name` is for the older `.h5` layout; `.weights.h5` files are matched by attribute."
        )
    with undisturbed():  # weights and the optimizer's state belong together
        if path.suffix == ".keras":
            archive.load_weights(model, path, skip_mismatch)
        elif by_attribute:
            weights_h5.load_weights(model, path, skip_mismatch, objects_to_skip=objects_to_skip or ())
        else:
            legacy_h5.load_weights(model, path, by_name, skip_mismatch)


def _is_object_tree(path: Path) -> bool:
    """Whether an HDF5 file has the `.weights.h5` layout, whatever its ending."""
    with hdf5.reading(path) as file:
        return not file.has_attribute("layer_names") and "model_weights" not in file


def _check_overwrite(path: Path, overwrite: bool) -> None:
    if path.exists() and not overwrite:
        raise ValueError(
            f"{path} exists already, and `overwrite=False` was given. Choose another name or allow overwriting."
        )
