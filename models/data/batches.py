"""Training batches: people cut out, changed by chance, labelled in parts of the crop's side.

Batch `t` follows from the seed and `t` alone, whatever was asked before and however many workers
there are: a run that is resumed at step `t` goes on with what it would have seen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from blazetrack.errors import InputError
from blazetrack.skeleton import BLAZEPOSE33, Skeleton
from models.data.prefetch import Arrays, Stream
from models.data.sample import PoseSample
from models.data.sampler import Order
from models.data.targets.blazepose import empty_batch, warp, write_labels
from models.data.transforms.augment import AugmentSettings, augmented, fill, truncated
from models.data.transforms.background_crops import Background, background_of, crop_of_nobody
from models.data.transforms.person_crop import jittered, region, to_image_of

__all__ = ["Arrays", "Batches", "eval_batches"]

Image = NDArray[np.uint8]


class Batches(Stream):
    """An endless iterator of training batches, made in the background.

    A batch is a dict of arrays, B samples, side S, K keypoints, coordinates in parts of the
    crop's side (0..1 inside): `image (B, S, S, 3)` uint8; float32 are `points (B, K + 2, 3)`, the
    last two the alignment points, with `points_weight` of the same shape; `visibility`,
    `presence (B, K)` and `world (B, K, 3)`, metres in the crop's upright frame, each with its
    `…_weight`; `score (B, 1)`, 1 for a person.

    Args:
        samples: one source, or several by name.
        size: B.
        side: S in pixels.
        skeleton: the K keypoints; samples are brought to it by name.
        seed: of order and augmentation.
        augment: what is changed.
        weights: shares of the sources by name; by default in proportion to their lengths.
        negatives: share of crops that show nobody.
        backgrounds: pictures to cut these from; by default the samples' own.
        stream: `workers`, `processes`, `ahead` and `start`, see `Stream`; for processes the
            sources should be packed (`shards.pack`).

    Raises:
        InputError: an argument is out of range, a source is empty or shares no keypoint.
    """

    def __init__(
        self,
        samples: Sequence[PoseSample] | Mapping[str, Sequence[PoseSample]],
        size: int,
        side: int,
        *,
        skeleton: Skeleton = BLAZEPOSE33,
        seed: int = 0,
        augment: AugmentSettings | None = None,
        weights: Mapping[str, float] | None = None,
        negatives: float = 0.0,
        backgrounds: Sequence[Background] = (),
        **stream: Any,
    ) -> None:
        super().__init__(**stream)
        sources = dict(samples) if isinstance(samples, Mapping) else {"samples": samples}
        _check(sources, weights, skeleton, size=size, side=side)
        if not 0 <= negatives < 1:
            raise InputError(f"batches: negatives: expected a share of 0 to 1, got {negatives}")
        self._sources = list(sources.values())
        shares = None if weights is None else [weights.get(name, 0.0) for name in sources]
        self._order = Order([len(source) for source in self._sources], shares, seed)
        self._size, self._side, self._skeleton, self._seed = size, side, skeleton, seed
        self._augment = augment or AugmentSettings()
        self._negatives, self._backgrounds = negatives, backgrounds

    @property
    def steps_per_epoch(self) -> int:
        """Batches until every sample was seen about once."""
        return max(1, round(len(self._order) / (self._size * (1 - self._negatives))))

    def batch(self, step: int) -> Arrays:
        """Batch number `step`, whatever was asked before."""
        arrays = empty_batch(self._size, self._side, len(self._skeleton))
        for row in range(self._size):
            place = step * self._size + row
            rng = np.random.default_rng((self._seed, 3, place))
            if rng.random() < self._negatives:
                arrays["image"][row] = self._nobody(rng)
            else:
                self._person(arrays, row, self._sample(place), rng)
        return arrays

    def _sample(self, place: int) -> PoseSample:
        source, index = self._order[place]
        return self._sources[source][index]

    def _person(
        self, arrays: Arrays, row: int, person: PoseSample, rng: np.random.Generator
    ) -> None:
        person = person.to_skeleton(self._skeleton)
        settings, side = self._augment.cut, self._side
        donor = self._any(rng).image
        if rng.random() < settings.truncate:
            person = truncated(person, rng)
        roi = jittered(
            region(person.alignment_px),
            rng,
            shift=settings.shift,
            scale=settings.scale,
            angle_deg=settings.angle_deg,
        )
        mirror = bool(rng.random() < settings.flip)
        around = fill(side, rng, settings, donor)
        image, affine = warp(person.image, to_image_of(roi, side), side, mirror, around)
        write_labels(arrays, row, person, affine, float(roi.angle_rad[0]), mirror)
        visibility = np.where(
            arrays["visibility_weight"][row] > 0, arrays["visibility"][row], np.float32(np.nan)
        )
        places = np.where(
            arrays["presence_weight"][row, :, None] > 0,
            arrays["points"][row, :-2, :2] * side,
            np.nan,
        )
        image, seen = augmented(image, places, visibility, rng, self._augment, donor)
        arrays["image"][row] = image
        arrays["visibility"][row] = np.nan_to_num(seen)
        arrays["visibility_weight"][row] = np.isfinite(seen)

    def _nobody(self, rng: np.random.Generator) -> Image:
        if len(self._backgrounds):
            background = self._backgrounds[int(rng.integers(len(self._backgrounds)))]
        else:
            background = background_of(self._any(rng))
        image = crop_of_nobody(background, self._side, rng)
        nowhere = np.full((0, 2), np.nan)
        return augmented(image, nowhere, nowhere[:, 0], rng, self._augment, self._any(rng).image)[0]

    def _any(self, rng: np.random.Generator) -> PoseSample:
        return self._sample(int(rng.integers(len(self._order))))


def _check(
    sources: Mapping[str, Sequence[PoseSample]],
    weights: Mapping[str, float] | None,
    skeleton: Skeleton,
    **numbers: int,
) -> None:
    for name, number in numbers.items():
        if number < 1:
            raise InputError(f"batches: {name}: expected 1 or more, got {number}")
    for name, source in sources.items():
        if not len(source):
            raise InputError(f"batches: the source '{name}' has no samples")
        if not source[0].skeleton.map_to(skeleton):
            mine = source[0].skeleton.name
            raise InputError(f"batches: '{name}' ({mine}) shares no keypoint with {skeleton.name}")
    unknown = set(weights or ()) - set(sources)
    if unknown:
        raise InputError(
            f"batches: weights: no source {', '.join(sorted(unknown))}; there are"
            f" {', '.join(sources)}"
        )


def eval_batches(
    samples: Sequence[PoseSample], size: int, side: int, *, skeleton: Skeleton | None = None
) -> Iterator[Arrays]:
    """All samples once, in order, aligned exactly and unchanged; the last batch may be shorter.

    Args:
        samples: whom to look at.
        size: B.
        side: S in pixels.
        skeleton: see `Batches`; by default the samples' own.

    Yields:
        The arrays of `Batches`, and `to_image (B, 2, 3)` float64, crop pixels to image pixels,
        and `index (B,)` int64, which sample.
    """
    for start in range(0, len(samples), size):
        rows = range(start, min(start + size, len(samples)))
        people = [samples[i].to_skeleton(skeleton or samples[i].skeleton) for i in rows]
        arrays = empty_batch(len(people), side, len(people[0].skeleton))
        rois = [region(person.alignment_px) for person in people]
        to_image = np.stack([to_image_of(roi, side) for roi in rois])
        for row, (person, roi) in enumerate(zip(people, rois, strict=True)):
            image, affine = warp(person.image, to_image[row], side, False, None)
            arrays["image"][row] = image
            write_labels(arrays, row, person, affine, float(roi.angle_rad[0]), False)
        yield {**arrays, "to_image": to_image, "index": np.array(rows, np.int64)}
