"""Figures on development sets during training, by the kind of the network's head."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from blazetrack.align.crop import Crop
from blazetrack.align.project import project
from blazetrack.align.roi import MARGIN, whole_roi
from blazetrack.backends import FakeModel, Model
from blazetrack.heads import head_of
from blazetrack.heads.displacement import region_share
from blazetrack.metrics import mean_of, pck, torso_size
from blazetrack.model_info import ModelInfo
from blazetrack.skeleton import BLAZEPOSE33, Skeleton
from blazetrack.tracking.landmarks import Landmarker
from blazetrack.types import Frame
from models.common.person_finder import PersonFinder, people_found
from models.data.annotated import AnnotatedImage
from models.data.body_measures import TORSO_PER_RADIUS
from models.data.keypoint_crops import KeypointCrops
from models.data.targets.keypoints import keypoint_targets
from models.data.transforms.augment import AugmentSettings
from models.data.transforms.person_crop import cut

__all__ = ["FIGURES", "Predict", "SceneFinder", "crop_pck", "figures_of"]

Predict = Callable[[NDArray[np.uint8]], Mapping[str, Any]]
"""Images `(B, h, w, 3)` → outputs of the deployed network by name."""

MIN_LABELLED = 4  # keypoints of a person who counts for a network for several people
BATCH = 32  # crops per forward pass
# Torso of keypoint sets that have none: that of a person, in parts of the crop's side.
TORSO_OF_SIDE = TORSO_PER_RADIUS / (2 * MARGIN)


def landmark_figures(
    people: Sequence[AnnotatedImage], predict: Predict, info: ModelInfo
) -> dict[str, float]:
    """`pck`: PCK@0.2 in the crop; `found`: share of the people with a score above 0.5."""
    side, skeleton, decode = info.input_hw[0], info.skeleton or BLAZEPOSE33, head_of(info).decode
    crops = [cut(person.to_skeleton(skeleton), side)[0] for person in people]
    found = []
    for start in range(0, len(crops), BATCH):
        images = np.stack([crop.image for crop in crops[start : start + BATCH]])
        outputs = {key: np.asarray(value) for key, value in predict(images).items()}
        for row in range(len(images)):
            found.append(decode({k: value[row : row + 1] for k, value in outputs.items()}, info))
    targets = [keypoint_targets(crop) for crop in crops]
    truth = {key: np.stack([one[key] for one in targets]) for key in ("points", "points_weight")}
    points = np.concatenate([one.xyz_crop[:1, :, :2] / side for one in found])
    scores = np.concatenate([one.scores[:1] for one in found])
    return {"pck": crop_pck(points, truth, skeleton), "found": float((scores > 0.5).mean())}


def crop_pck(points: NDArray[np.float64], truth: Mapping[str, Any], skeleton: Skeleton) -> float:
    """PCK@0.2 in the crop, over labelled keypoints of people with a fully labelled torso.

    Args:
        points: `(M, ≥K, 2)` predictions in parts of the side.
        truth: `points` and `points_weight`, both `(M, ≥K, 3)`.
        skeleton: the K keypoints; without a torso, that of a person is assumed.
    """
    k = len(skeleton)
    want = np.asarray(truth["points"], np.float64)[:, :k, :2]
    labelled = truth["points_weight"][:, :k, 0] >= 1  # human labels, not pseudo-labels
    size = np.full(len(want), TORSO_OF_SIDE)
    if skeleton.torso is not None:
        whole = labelled[:, list(skeleton.torso)].all(axis=1)
        size = np.where(whole, torso_size(want, skeleton.torso), np.nan)
    known = labelled & np.isfinite(size)[:, None]
    return mean_of(pck(points[:, :k, :2], want, size), known)[0]


def detector_figures(
    images: Sequence[AnnotatedImage], predict: Predict, info: ModelInfo
) -> dict[str, float]:
    """`found`: share of the people that are found; `extra`: other findings per image."""
    finder = PersonFinder(_model(info, predict))
    found = extra = people = 0
    for image in images:
        torso = np.hypot(*(image.points_px[:, 0, :2] - image.alignment_px[:, 0]).T)
        of = people_found(finder.find(image.image).alignment_px, image.alignment_px, torso)
        people += len(image)
        found += int((of >= 0).sum())
        extra += int((of < 0).sum())
    return {"found": found / max(people, 1), "extra": extra / len(images)}


def scene_figures(
    images: Sequence[AnnotatedImage], predict: Predict, info: ModelInfo
) -> dict[str, float]:
    """`found`: share of the people whose pose is right; `extra`: other poses per picture.

    A pose is right if half of the person's labelled keypoints are within 0.1 of the diameter of
    the circle around the person. People with fewer than four labelled keypoints are left out.
    """
    finder = SceneFinder(info, predict)
    found = extra = people = 0
    for image in images:
        points, present = finder.find(image.image)
        counted = image.labelled.sum(axis=1) >= MIN_LABELLED
        near = np.linalg.norm(points[:, None] - image.points_px[None, ..., :2], axis=-1)
        limit = 0.1 * image.diameters_px[:, None]
        good = (near <= limit) & present[:, None] & image.labelled[None]  # false for NaN
        share = good.sum(axis=-1) / np.maximum(image.labelled.sum(axis=1), 1)
        right = share >= 0.5
        found += int(right[:, counted].any(axis=0).sum())
        extra += int((~right.any(axis=1)).sum())
        people += int(counted.sum())
    return {"found": found / max(people, 1), "extra": extra / len(images)}


class SceneFinder:
    """A network for several people as the pipeline runs it on a whole picture."""

    def __init__(self, info: ModelInfo, predict: Predict) -> None:
        model = _model(info, predict)
        self._crop, self._landmarks = Crop(model), Landmarker(model, 0.0)

    def find(self, image: NDArray[np.uint8]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Keypoints `(N, K, 2)` in pixels, and which of them were found."""
        frame = Frame(image)
        crops = self._crop(frame, whole_roi(frame))
        poses = project(self._landmarks(crops), crops)
        return poses.landmarks_px[..., :2], poses.presence > 0


def _model(info: ModelInfo, predict: Predict) -> Model:
    """The network as a model of the runtime, one picture a run."""

    def run(pixels: NDArray[np.uint8]) -> dict[str, NDArray[Any]]:
        outputs = predict(pixels[None])
        return {name: np.asarray(value, np.float32) for name, value in outputs.items()}

    return FakeModel(info, run)


def refinement_figures(
    people: Sequence[AnnotatedImage], predict: Predict, info: ModelInfo
) -> dict[str, float]:
    """`remaining`: mean distance after refinement, in parts of that before; `closer`: share of the
    keypoints that come nearer. They are displaced by a fixed normal distribution, a tenth of the
    crop's side.
    """
    skeleton = info.skeleton or BLAZEPOSE33
    head, share = head_of(info), region_share(info.head_options)
    rng, displace = np.random.default_rng(0), partial(_displaced, 0.1 * share)
    examples = KeypointCrops(info.input_hw[0], share, displace, skeleton, AugmentSettings.none())
    rows = [examples(one, partial(people.__getitem__, 0), rng) for one in people]
    before, after = [], []
    for start in range(0, len(rows), BATCH):
        batch = rows[start : start + BATCH]
        outputs = predict(np.stack([row["image"] for row in batch]))
        for number, row in enumerate(batch):
            known = row["displacements_weight"][:, 0] >= 1
            one = {name: np.asarray(value)[number : number + 1] for name, value in outputs.items()}
            want = row["displacements"][known]
            got = head.decode(one, info)[known] / info.input_hw[::-1]
            before += np.linalg.norm(want, axis=-1).tolist()
            after += np.linalg.norm(want - got, axis=-1).tolist()
    if not before:
        return {}
    closer = np.less(after, before).mean()
    return {"remaining": float(np.sum(after) / np.sum(before)), "closer": float(closer)}


def _displaced(spread: float, keypoint: int, rng: np.random.Generator) -> NDArray[np.float64]:
    del keypoint
    return rng.normal(0, spread, 2)


FIGURES: Mapping[str, Callable[..., dict[str, float]]] = {
    "landmarks": landmark_figures,
    "detector": detector_figures,
    "refinement": refinement_figures,
}
"""Kind of the head → figures of a development set by name."""


def figures_of(info: ModelInfo) -> Callable[..., dict[str, float]]:
    """The function for the figures of a network."""
    several = info.kind == "landmarks" and head_of(info).several
    return scene_figures if several else FIGURES[info.kind]
