"""Training batches: examples drawn from several sources, stacked.

Batch `t` follows from the seed and `t` alone, independent of earlier batches and of the number of
workers: a run that is resumed at step `t` gets the batches that it would have had.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from blazetrack.errors import InputError
from blazetrack.skeleton import Skeleton
from models.data.annotated import AnnotatedImage
from models.data.examples import Example
from models.data.prefetch import Arrays, Prefetcher
from models.data.sampler import WeightedSampler

__all__ = ["Batches"]


class Batches(Prefetcher):
    """An endless iterator of training batches, made in the background.

    A batch is a dict of arrays, B examples each: `image (B, S, S, 3)` uint8, and the float32
    targets of the network's head (`models.data.targets`).

    Args:
        sources: one source, or several by name.
        size: B.
        example: makes one example of an image: `PersonCrops`, `Canvases` or `KeypointCrops`.
        seed: of order and augmentation.
        weights: shares of the sources by name; by default in proportion to their lengths.
        prefetch: `workers`, `processes`, `ahead` and `start`, see `Prefetcher`; for processes the
            sources should be packed (`models.data.pack`).

    Raises:
        InputError: an argument is out of range, a source is empty or does not fit the example.
    """

    def __init__(
        self,
        sources: Sequence[AnnotatedImage] | Mapping[str, Sequence[AnnotatedImage]],
        size: int,
        example: Example,
        *,
        seed: int = 0,
        weights: Mapping[str, float] | None = None,
        **prefetch: Any,
    ) -> None:
        super().__init__(**prefetch)
        named = dict(sources) if isinstance(sources, Mapping) else {"samples": sources}
        _check(named, weights, size, example.skeleton)
        self._sources = list(named.values())
        shares = None if weights is None else [weights.get(name, 0.0) for name in named]
        self._order = WeightedSampler([len(source) for source in self._sources], shares, seed)
        self._size, self._example, self._seed = size, example, seed

    def batch(self, step: int) -> Arrays:
        """Batch number `step`, independent of earlier calls."""
        rows = [self._row(step * self._size + row) for row in range(self._size)]
        return {name: np.stack([row[name] for row in rows]) for name in rows[0]}

    def _row(self, place: int) -> Arrays:
        rng = np.random.default_rng((self._seed, 3, place))

        def other() -> AnnotatedImage:
            return self._image(int(rng.integers(len(self._order))))

        return self._example(self._image(place), other, rng)

    def _image(self, place: int) -> AnnotatedImage:
        source, index = self._order[place]
        return self._sources[source][index]


def _check(
    sources: Mapping[str, Sequence[AnnotatedImage]],
    weights: Mapping[str, float] | None,
    size: int,
    skeleton: Skeleton | None,
) -> None:
    if size < 1:
        raise InputError(f"batches: size: expected 1 or more, got {size}")
    for name, source in sources.items():
        if not len(source):
            raise InputError(f"batches: the source '{name}' has no samples")
        mine = source[0].skeleton
        if skeleton is not None and not mine.map_to(skeleton):
            raise InputError(
                f"batches: '{name}' ({mine.name}) shares no keypoint with {skeleton.name}"
            )
    unknown = set(weights or ()) - set(sources)
    if unknown:
        raise InputError(
            f"batches: weights: no source {', '.join(sorted(unknown))}; there are"
            f" {', '.join(sources)}"
        )
