"""Displacement of one keypoint from the centre of a crop around it."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from blazetrack.heads.displacement import region_share
from models.data.examples import Example
from models.data.keypoint_crops import Displace, KeypointCrops, NormalErrors, SampledErrors
from models.train.data_settings import RefinementDataSettings
from models.train.previous_stage import open_stage, stage_errors
from models.train.tasks.landmarks import LandmarkTask
from models.zoo import ARCHITECTURES

__all__ = ["RefinementTask"]


class RefinementTask(LandmarkTask):
    """Crops around keypoints that are displaced as the stage before misses them."""

    def example(self, side: int) -> Example:
        """What makes one crop of `side` pixels with its displacement."""
        share = region_share(ARCHITECTURES[self.settings.network.name].head_options)
        augment = self._data.augment
        return KeypointCrops(side, share, self._displacements, self.skeleton, augment)

    @property
    def _data(self) -> RefinementDataSettings:
        data = self.settings.data
        assert isinstance(data, RefinementDataSettings)
        return data

    @cached_property
    def _displacements(self) -> Displace:
        """How the stage before misses the keypoints."""
        data = self._data
        errors = stage_errors(
            open_stage(data.previous),
            list(self.datasets.train.values()),
            self.skeleton,
            data.augment.cut,
            data.error_people,
            self.settings.run.seed,
        )
        kind = NormalErrors if data.errors == "normal" else SampledErrors
        known = errors[np.isfinite(errors).all(axis=-1)]
        mean = float(np.hypot(*known.T).mean())
        self._log(f"{data.previous}: mean error {mean:.3f} of the crop's side")
        return kind(errors)
