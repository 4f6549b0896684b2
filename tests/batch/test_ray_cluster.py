"""The engine `ray` where the cluster refuses; a batch on a cluster is in `test_cli_batch.py`."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest

from blazetrack.batch.job import Job
from blazetrack.batch.ray_cluster import run_on_ray
from blazetrack.errors import BlazetrackError


def test_run_on_ray_other_version_is_one_line(
    tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    def init(**options: object) -> None:
        raise RuntimeError("Version mismatch: The cluster was started with:\n    Ray: 2.9\n")

    ray = ModuleType("ray")
    ray.init = init  # type: ignore[attr-defined]
    ray.__spec__ = sys.__spec__
    monkeypatch.setitem(sys.modules, "ray", ray)
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    message = (
        r"found no usable cluster on this machine \(Version mismatch: The cluster was started "
        r"with: Ray: 2.9\); begin one with `ray start --head`"
    )
    with pytest.raises(BlazetrackError, match=message):
        next(run_on_ray(Job(tmp_path, (), {}), [], None, None))  # type: ignore[arg-type]
