"""Models for devices: those that other implementations read, and clear refusals of others."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from blazetrack.errors import ModelError
from blazetrack.export.device_pipeline import check_device_model, open_device_pipeline
from blazetrack.skeleton import get_skeleton


def test_device_pipeline_default_is_the_shipped_light_models() -> None:
    pipeline = open_device_pipeline()
    names = {role: model.info.name for role, model in pipeline.models.items()}
    assert names == {"landmarks": "blaze_lite", "detector": "blaze_detector_lite"}
    assert pipeline.spec.name == "pose"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"head": "heatmap", "outputs": {"heatmap": "a"}}, "expected the head 'blazepose', got"),
        ({"skeleton": get_skeleton("coco17")}, "expected the 33 keypoints of blazepose33, got 17"),
        ({"mean": (0.0, 0.0, 0.0)}, "expected an input without mean and std"),
        ({"input_dtype": "uint8"}, "expected input_dtype float32, got uint8"),
        ({"layout": "nchw"}, "expected layout nhwc, got nchw"),
        ({"channels": "bgr"}, "expected channels rgb, got bgr"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_model_that_devices_do_not_read_is_refused(changes: dict[str, Any], message: str) -> None:
    info = open_device_pipeline().models["landmarks"].info
    with pytest.raises(ModelError, match=message) as caught:
        check_device_model(replace(info, **changes))
    assert str(caught.value).endswith("choose blaze_lite or another published model")


def test_detector_in_place_of_a_landmark_model_is_refused() -> None:
    with pytest.raises(ModelError, match="expected a landmarks model, got blaze_detector_lite"):
        open_device_pipeline("blaze_detector_lite")
