"""Comparison of `--every N` with every frame."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.network_every import compare, near_share
from blazetrack import PoseTracker, open_source
from blazetrack.store import Store
from blazetrack.types import Poses


@pytest.mark.weights
def test_compare_every_second_frame_runs_fewer_networks(weights: Store) -> None:
    with open_source("synthetic:squats?size=320x240&frames=6") as source:
        frames = list(source)
    with PoseTracker(threads=1) as every, PoseTracker(every=2, threads=1) as second:
        base, one = compare(frames, [every, second])
    assert all(base.network)
    assert sum(one.network) < len(frames)
    assert base.near == [1.0] * len(frames)
    assert np.mean(one.near) > 0.9


def test_near_share_without_people_and_with_a_moved_keypoint(weights: Store) -> None:
    with open_source("synthetic:squats?size=320x240&frames=1") as source, PoseTracker() as tracker:
        poses = tracker(next(iter(source)))
    moved = poses.landmarks_px.copy()
    moved[:, 0] += 100.0
    assert near_share(replace(poses, landmarks_px=moved), poses) == pytest.approx(32 / 33)
    assert near_share(Poses.empty(), poses) == 0.0
    assert np.isnan(near_share(Poses.empty(), Poses.empty()))
