"""Settings: those of older versions, differences, and the keypoint set."""

from __future__ import annotations

from typing import Any

import pytest

from blazetrack.errors import InputError
from blazetrack.skeleton import BLAZEPOSE33, Skeleton
from blazetrack.store.skeleton_text import read_skeleton, skeleton_text
from models.train.data_settings import PoseDataSettings
from models.train.settings import changes, settings_of_checkpoint, skeleton_of_run, validated

PLAIN: dict[str, Any] = {
    "name": "mine",
    "network": {"name": "blazepose"},
    "data": {"train": {"drawn": {"kind": "synthetic"}}},
}


def test_settings_of_older_checkpoint_drops_removed_settings() -> None:
    settings = validated(PLAIN, "here")
    fields = settings.model_dump(mode="json")
    fields["loss"]["gone"] = 1.0
    fields["older"] = {"than": 1}
    assert settings_of_checkpoint(fields, "here") == (settings, ["loss.gone", "older"])
    fields["run"]["steps"] = "many"
    with pytest.raises(InputError, match=r"config here: run\.steps: "):
        settings_of_checkpoint(fields, "here")


def test_changes_are_listed_by_name() -> None:
    before = validated(PLAIN, "here")
    network = {"name": "blazepose", "options": {"side": 64}}
    after = validated({**PLAIN, "network": network, "run": {"batch": 16}}, "here")
    assert changes(before, after) == [
        "run.batch: 32 → 16",
        "network.options.side: not set → 64",
    ]
    assert changes(before, before) == []


def test_skeleton_settings_keep_a_custom_keypoint_set() -> None:
    mine = Skeleton("robot", ("base", "arm_a", "arm_b"), ((0, 1), (0, 2)), None, ((1, 2),))
    assert skeleton_text(BLAZEPOSE33) == "blazepose33"
    kept = skeleton_text(mine)
    assert read_skeleton(kept) == mine
    settings = validated(PLAIN, "here")
    assert isinstance(settings.data, PoseDataSettings)
    data = settings.data.model_copy(update={"skeleton": kept})
    assert skeleton_of_run(settings.model_copy(update={"data": data})) == mine
    assert skeleton_of_run(settings) == skeleton_of_run(None) == BLAZEPOSE33
    with pytest.raises(InputError, match="did you mean 'coco1"):
        read_skeleton("coco_17")
