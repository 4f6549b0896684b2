"""Sequences that make a row when it is asked for."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import TypeVar, overload

__all__ = ["Rows"]

T = TypeVar("T")


class Rows(Sequence[T]):
    """A sequence whose rows are made by `row`; a slice of it is a list."""

    @abstractmethod
    def row(self, index: int) -> T:
        """Row number `index`, as it was asked for: from the end where it is negative."""

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> list[T]: ...
    def __getitem__(self, index: int | slice) -> T | list[T]:
        if isinstance(index, slice):
            return [self.row(place) for place in range(*index.indices(len(self)))]
        return self.row(index)
