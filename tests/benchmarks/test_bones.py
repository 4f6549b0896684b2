"""Bone lengths of a made recording."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.bones import report
from blazetrack.errors import InputError
from blazetrack.recording import record
from blazetrack.skeleton import BLAZEPOSE33
from blazetrack.types import Frame
from tests.conftest import MakePeople


def test_report_of_constant_and_of_changing_lengths(people: MakePeople, tmp_path: Path) -> None:
    points = np.random.default_rng(0).normal(size=(33, 3))
    image = np.zeros((4, 4, 3), np.uint8)
    for scale, moved in ((0.0, 0.0), (0.1, 1.0)):
        clip = []
        for index in range(5):
            world = points[None] * (1 + scale * index)
            poses = replace(people((1, 1, 1), ids=[1]), world_landmarks_m=world)
            clip.append((Frame(image, index, index / 10), poses))
        found = report(record("clip", clip, BLAZEPOSE33))
        assert found["all"]["max cm"] >= moved
        assert scale or found["all"]["max cm"] == pytest.approx(0, abs=1e-6)
    with pytest.raises(InputError, match="expected people with world landmarks"):
        report(record("clip", [(Frame(image), people((1, 1, 1)))], BLAZEPOSE33))
