"""Training targets, by the head of the network."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from models.data.annotated import AnnotatedImage
from models.data.prefetch import Arrays
from models.data.targets.keypoints import keypoint_targets
from models.data.targets.paf import PafTargets
from models.data.targets.ssd import SsdTargets

__all__ = ["TARGETS", "Encoder"]

Encoder: TypeAlias = Callable[[AnnotatedImage], Arrays]  # a crop or canvas → targets by name

TARGETS: Mapping[str, Any] = {
    "blazepose": keypoint_targets,
    "heatmap": keypoint_targets,
    "paf": PafTargets,
    "regression": keypoint_targets,
    "simcc": keypoint_targets,
    "ssd": SsdTargets,
}
"""Head → encoder of crops, or for several people the class of the encoder of canvases."""
