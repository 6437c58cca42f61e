"""Weights found in a file, checked as a whole before the first one is assigned."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from keras.backend.state import Variable


class Plan:
    """Pairs of variables and values, with everything that does not fit.

    Args:
        file: its name, for messages.
        skip_mismatch: leave out what does not fit, with one warning, instead of raising.
    """

    def __init__(self, file: str, skip_mismatch: bool = False) -> None:
        self._file = file
        self._skip = skip_mismatch
        self._pairs: list[tuple[Variable, Any]] = []
        self._problems: list[str] = []

    def pair(self, variable: Variable, data: Any) -> None:
        """Match a variable with an array or dataset; shapes must agree."""
        if tuple(data.shape) == variable.shape:
            self._pairs.append((variable, data))
        else:
            self.problem(
                f"{variable.path}: the model has shape {variable.shape}, the file {tuple(data.shape)}"
            )

    def pair_all(self, where: str, variables: list[Variable], values: list[Any]) -> None:
        """Match variables and values one by one; their numbers must agree."""
        if len(variables) != len(values):
            self.problem(f"{where}: the model has {len(variables)} weights, the file {len(values)}")
            return
        for variable, value in zip(variables, values, strict=True):
            self.pair(variable, value)

    @property
    def fits(self) -> bool:
        """Whether everything found so far fits."""
        return not self._problems

    def problem(self, text: str) -> None:
        """Something that does not fit."""
        self._problems.append(text)

    def carry_out(self) -> None:
        """Assign everything.

        Raises:
            ValueError: something does not fit; no variable has been changed then.
        """
        if self._problems:
            shown = "\n  ".join(self._problems[:20]) + ("\n  ..." if len(self._problems) > 20 else "")
            if not self._skip:
                raise ValueError(f"{self._file} does not fit the model; nothing was loaded:\n  {shown}")
            warnings.warn(f"{self._file}: left out what does not fit the model:\n  {shown}", stacklevel=4)
        values = [(v, np.asarray(d)) for v, d in self._pairs]
        for variable, value in values:
            variable.assign(value)

    def carry_out_or_warn(self, consequence: str) -> None:
        """Assign everything, or nothing with a warning: for state one can do without."""
        try:
            self.carry_out()
        except ValueError as error:
            warnings.warn(f"{self._file}: {consequence}. {error}", stacklevel=4)
