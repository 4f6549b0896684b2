"""Fixtures for all tests: published weights, shared data, a toy pipeline, made-up poses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pytest
from hypothesis import settings

from blazetrack.errors import ModelError
from blazetrack.pipeline import model_choice
from blazetrack.store import Store
from blazetrack.types import Poses
from tests.toy_models import ToyWorld

ROOT = Path(__file__).parents[1]

MakePeople: TypeAlias = Callable[..., Poses]

# The same examples on every machine and in every run, without a time limit.
settings.register_profile("steady", deadline=None, derandomize=True, max_examples=50)
settings.load_profile("steady")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests by their fixtures, for `-m "not weights and not data"`."""
    for item in items:
        for fixture, mark in (
            ("weights", "weights"),
            ("shared_data", "data"),
            ("shared_faults", "data"),
        ):
            if fixture in getattr(item, "fixturenames", ()):
                item.add_marker(mark)


@pytest.fixture(scope="session")
def weights() -> Store:
    """The user's store with the published models, downloaded at first use.

    Its files are verified by checksum and never changed, so a cache of its own for tests would only
    download them a second time, and skip these tests offline.
    """
    store = Store()
    try:
        store.pull()
    except ModelError as error:
        pytest.skip(f"the published weights are not available: {error}")
    return store


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of pictures and labels, which are not part of the project."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("needs the pictures of ../shared/data, which are not part of the project")
    return folder


@pytest.fixture(scope="session")
def shared_faults() -> Path:
    """The folder of bad inputs, which are not part of the project."""
    folder = ROOT.parent / "shared" / "faults"
    if not folder.is_dir():
        pytest.skip("needs the inputs of ../shared/faults, which are not part of the project")
    return folder


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ToyWorld:
    """See `ToyWorld`."""
    world = ToyWorld(tmp_path)
    monkeypatch.setattr(model_choice, "FileModel", world.open_model)
    return world


@pytest.fixture
def people() -> MakePeople:
    """Factory of poses from circles `(x, y, radius)`: upright, all keypoints at the centre."""

    def make(
        *circles: tuple[float, float, float],
        ids: Sequence[int] | None = None,
        keypoints: int = 33,
    ) -> Poses:
        n = len(circles)
        x, y, radius = np.reshape(circles, (n, 3)).astype(np.float64).T
        center, rim = np.stack([x, y], axis=1), np.stack([x, y - radius], axis=1)
        points = np.zeros((n, keypoints, 3))
        points[..., :2] = center[:, None]
        given = np.zeros(n) if ids is None else np.array(ids)
        return Poses(
            points,
            np.zeros((n, keypoints, 3)),
            np.full((n, keypoints), 0.9),
            np.full((n, keypoints), 0.9),
            np.full(n, 0.9),
            given.astype(np.int64),
            np.stack([center, rim], axis=1),
        )

    return make
