"""Training batches for the detector: canvases and what its anchors must say of them.

Batch `t` follows from the seed and `t` alone, as in `batches.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from blazetrack.errors import InputError
from blazetrack.model_info import Anchors
from models.data.prefetch import Arrays, Stream
from models.data.sampler import Order
from models.data.scenes import Scene
from models.data.targets.anchors import MatchSettings, targets_of
from models.data.transforms.mosaic import CanvasSettings, draw
from models.distill.detector_targets import Answers

__all__ = ["SceneBatches"]


class SceneBatches(Stream):
    """An endless iterator of training batches, made in the background.

    A batch is a dict of arrays, B canvases of side S, A anchors: `image (B, S, S, 3)` uint8;
    float32 are `boxes (B, A, 10)`, `positives (B, A)` and `weights (B, A)`, see
    `anchor_targets.match`.

    With `answers` also `answer_boxes (B, A, 10)` and `answer_scores (B, A)`.

    Args:
        scenes: one source, or several by name.
        size: B.
        side: S in pixels.
        anchors: of the network.
        seed: of order and of all chance.
        canvas: what is shown.
        matching: which anchors answer.
        weights: shares of the sources by name; by default in proportion to their lengths.
        answers: what else is learnt, see `answers.Answers`.
        stream: `workers`, `processes`, `ahead` and `start`, see `Stream`.

    Raises:
        InputError: an argument is out of range, or a source is empty.
    """

    name = "scenes"

    def __init__(
        self,
        scenes: Sequence[Scene] | Mapping[str, Sequence[Scene]],
        size: int,
        side: int,
        anchors: Anchors,
        *,
        seed: int = 0,
        canvas: CanvasSettings | None = None,
        matching: MatchSettings | None = None,
        weights: Mapping[str, float] | None = None,
        answers: Answers | None = None,
        **stream: Any,
    ) -> None:
        super().__init__(**stream)
        sources = dict(scenes) if isinstance(scenes, Mapping) else {"scenes": scenes}
        _check(sources, weights, size=size, side=side)
        self._sources = list(sources.values())
        shares = None if weights is None else [weights.get(name, 0.0) for name in sources]
        self._order = Order([len(source) for source in self._sources], shares, seed)
        self._size, self._side, self._anchors, self._seed = size, side, anchors, seed
        self._canvas, self._matching = canvas or CanvasSettings(), matching or MatchSettings()
        self._answers = answers

    @property
    def steps_per_epoch(self) -> int:
        """Batches until every scene was seen about once."""
        return max(1, round(len(self._order) / self._size))

    def canvas(self, place: int) -> Scene:
        """Canvas number `place` of the endless stream."""
        rng = np.random.default_rng((self._seed, 3, place))

        def other() -> Scene:
            return self._scene(int(rng.integers(len(self._order))))

        return draw(self._scene(place), other, self._side, rng, self._canvas)

    def batch(self, step: int) -> Arrays:
        """Batch number `step`, whatever was asked before."""
        canvases = [self.canvas(step * self._size + row) for row in range(self._size)]
        targets = [targets_of(canvas, self._anchors, self._matching) for canvas in canvases]
        boxes, positives, weights = (np.stack(part) for part in zip(*targets, strict=True))
        image = np.stack([canvas.image for canvas in canvases])
        arrays = {"image": image, "boxes": boxes, "positives": positives, "weights": weights}
        if self._answers is not None:
            given = [self._answers(one) for one in image]
            arrays["answer_boxes"] = np.stack([rows for rows, _ in given])
            arrays["answer_scores"] = np.stack([scores for _, scores in given])
        return arrays

    def _scene(self, place: int) -> Scene:
        source, index = self._order[place]
        return self._sources[source][index]


def _check(
    sources: Mapping[str, Sequence[Scene]], weights: Mapping[str, float] | None, **numbers: int
) -> None:
    for name, number in numbers.items():
        if number < 1:
            raise InputError(f"scenes: {name}: expected 1 or more, got {number}")
    for name, source in sources.items():
        if not len(source):
            raise InputError(f"scenes: the source '{name}' has no scenes")
    unknown = set(weights or ()) - set(sources)
    if unknown:
        raise InputError(
            f"scenes: weights: no source {', '.join(sorted(unknown))}; there are"
            f" {', '.join(sources)}"
        )
