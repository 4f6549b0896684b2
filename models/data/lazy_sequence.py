"""Sequences whose rows are made on access, and a selection of their rows."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar, overload

import numpy as np

__all__ = ["LazyRows", "LazySequence", "evenly_spaced"]

T = TypeVar("T")


class LazySequence(Sequence[T]):
    """A sequence whose rows come from `row`, and slices from `part`: a list by default."""

    @abstractmethod
    def row(self, index: int) -> T:
        """Row number `index`; negative numbers count from the end."""

    def part(self, rows: slice) -> Sequence[T]:
        """The rows of a slice."""
        return [self.row(place) for place in range(*rows.indices(len(self)))]

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[T]: ...
    def __getitem__(self, index: int | slice) -> T | Sequence[T]:
        return self.part(index) if isinstance(index, slice) else self.row(index)


@dataclass(frozen=True)
class LazyRows(LazySequence[T]):
    """A lazy sequence of `length` rows made by a function of their number."""

    length: int
    make: Callable[[int], T]

    def __len__(self) -> int:
        return self.length

    def row(self, index: int) -> T:
        return self.make(index)


def evenly_spaced(rows: Sequence[T], limit: int | None = None) -> list[T]:
    """Up to `limit` of the rows, evenly spaced; None is all."""
    count = len(rows) if limit is None else min(limit, len(rows))
    return [rows[int(row)] for row in np.linspace(0, len(rows) - 1, count).round()]
