"""The pipeline of the implementations for devices: the graph `pose`, with models that they read."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from blazetrack.backends import FileModel
from blazetrack.errors import ModelError
from blazetrack.graph import GraphSpec
from blazetrack.heads import HEADS, check_head, head_of
from blazetrack.model_info import ModelInfo
from blazetrack.pipeline import load_graph
from blazetrack.pipeline.model_choice import open_models
from blazetrack.skeleton import BLAZEPOSE33
from blazetrack.store import Store

__all__ = ["DEVICE_MODEL", "DevicePipeline", "check_device_model", "open_device_pipeline"]

DEVICE_MODEL = "blaze_lite"
# Head by kind: an implementation in another language needs one of each.
DEVICE_HEADS = {"detector": "ssd", "landmarks": "blazepose"}


class DevicePipeline(NamedTuple):
    """The graph `pose`, and its models by role."""

    spec: GraphSpec
    models: dict[str, FileModel]


def open_device_pipeline(
    model: str | Path | None = None,
    detector: str | Path | None = None,
    *,
    store: Store | None = None,
    threads: int | None = None,
) -> DevicePipeline:
    """The graph `pose` with models that the implementations for devices read.

    Args:
        model: landmark model, by name in the store or path; None is `DEVICE_MODEL`.
        detector: as `model`; None is the one that goes with the landmark model.
        store: where models are; None is the user's own cache.
        threads: cores for the networks.

    Raises:
        ModelError: a model is missing, or not one of these.
    """
    spec = load_graph("pose")
    models = open_models(spec, model or DEVICE_MODEL, detector, store or Store(), "auto", threads)
    for role, one in models.items():
        if (kind := one.info.kind) != role:  # the roles of this graph are the kinds of its models
            raise ModelError(f"export: expected a {role} model, got {one.info.name} ({kind})")
        check_device_model(one.info)
    return DevicePipeline(spec, models)


def check_device_model(info: ModelInfo) -> None:
    """Refuse a model that the implementations for devices do not read.

    They read detectors with the head `ssd`, and landmark models with the head `blazepose` and the
    33 keypoints; float32 RGB input, channels last.

    Raises:
        ModelError: in one line.
    """
    head, want = check_head(info), DEVICE_HEADS[info.kind]
    if head is not HEADS[want]:
        got = next(name for name, one in HEADS.items() if one is head_of(info))
        _refuse(info, f"the head '{want}'", f"'{got}'")
    if info.kind == "landmarks" and (info.skeleton or BLAZEPOSE33) != BLAZEPOSE33:
        _refuse(info, "the 33 keypoints of blazepose33", f"{len(info.skeleton or ())} keypoints")
    if info.mean is not None or info.std is not None:
        _refuse(info, "an input without mean and std", "one with them")
    for name, want in (("input_dtype", "float32"), ("layout", "nhwc"), ("channels", "rgb")):
        if (value := getattr(info, name)) != want:
            _refuse(info, f"{name} {want}", value)


def _refuse(info: ModelInfo, want: str, got: str) -> None:
    raise ModelError(
        f"export: model {info.name}: expected {want}, got {got}; "
        f"choose {DEVICE_MODEL} or another published model"
    )
