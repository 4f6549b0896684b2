"""Deterministic weighted sampler: the order of samples as a pure function of seed and place."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from blazetrack.errors import InputError

__all__ = ["WeightedSampler"]


class WeightedSampler:
    """An endless shuffled stream of (source, index), with random access.

    An epoch is as long as all sources together and holds each in proportion to its weight; within
    a source every sample comes once before any comes again.

    Args:
        lengths: how many samples each source has.
        weights: shares of the sources; by default in proportion to their lengths.
        seed: another seed, another order.
    """

    def __init__(
        self, lengths: Sequence[int], weights: Sequence[float] | None = None, seed: int = 0
    ) -> None:
        weights = [float(n) for n in lengths] if weights is None else list(weights)
        if len(weights) != len(lengths) or not lengths or min(lengths) < 1:
            raise InputError(f"order: expected samples in each source, got {list(lengths)}")
        if min(weights) < 0 or not 0 < sum(weights) < np.inf:
            raise InputError(f"order: expected weights of 0 or more, not all 0, got {weights}")
        total = sum(lengths)
        self._lengths, self._seed = list(lengths), seed
        self._takes = [
            max(1, round(total * weight / sum(weights))) if weight else 0 for weight in weights
        ]
        self._epochs: dict[int, NDArray[np.int64]] = {}  # the last few

    def __len__(self) -> int:
        """Samples in one epoch."""
        return sum(self._takes)

    def __getitem__(self, place: int) -> tuple[int, int]:
        """Source and index of the sample at `place` (0, 1, 2 … without end)."""
        epoch, row = divmod(place, len(self))
        rows = self._epochs.get(epoch)
        if rows is None:
            rows = self._shuffle(epoch)
            self._epochs = {e: r for e, r in self._epochs.items() if abs(e - epoch) < 3}
            self._epochs[epoch] = rows
        source, index = rows[row].tolist()
        return source, index

    def _shuffle(self, epoch: int) -> NDArray[np.int64]:
        rows = []
        for source, (length, take) in enumerate(zip(self._lengths, self._takes, strict=True)):
            places = np.arange(epoch * take, (epoch + 1) * take)
            index = np.empty(take, np.int64)
            for around in np.unique(places // length):
                mine = places // length == around
                shuffled = np.random.default_rng((self._seed, 1, source, around)).permutation(
                    length
                )
                index[mine] = shuffled[places[mine] % length]
            rows.append(np.stack([np.full(take, source), index], axis=1))
        return np.random.default_rng((self._seed, 2, epoch)).permutation(np.concatenate(rows))
