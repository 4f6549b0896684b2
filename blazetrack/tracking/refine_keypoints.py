"""The nodes `keypoint_rois` and `refine_keypoints`: correct each keypoint from a crop around it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from blazetrack.backends import Model
from blazetrack.errors import ModelError
from blazetrack.geometry import apply
from blazetrack.heads import decode, head_of
from blazetrack.heads.displacement import region_share
from blazetrack.types import Crops, Landmarks, Rois

__all__ = ["KeypointRois", "RefineKeypoints"]


class KeypointRois:
    """Regions around the keypoints of all people, K after K, as a refinement model sees them.

    They have the angle of the person's crop, and a share of its side that the model's card gives.

    Args:
        model: a refinement model.

    Raises:
        ModelError: the model has another kind.
    """

    def __init__(self, model: Model) -> None:
        self._share = region_share(_checked(model, "keypoint_rois").info.head_options)

    def __call__(self, landmarks: Landmarks, crop: Crops) -> Rois:
        people, keypoints = landmarks.xyz_crop.shape[:2]
        side = self._share * crop.rois.side_px[landmarks.row]
        centers = apply(crop.to_image[landmarks.row], landmarks.xyz_crop[..., :2])
        angles, ids = crop.rois.angle_rad[landmarks.row], crop.rois.ids[landmarks.row]
        size = np.repeat(side, keypoints)
        return Rois(
            center_px=centers.reshape(people * keypoints, 2),
            size_px=np.stack([size, size], axis=1),
            angle_rad=np.repeat(angles, keypoints),
            ids=np.repeat(ids, keypoints),
        )


class RefineKeypoints:
    """Move each keypoint by the displacement that a refinement model finds in the crop around it.

    Args:
        model: a refinement model for the keypoints of the landmark model.

    Raises:
        ModelError: the model has another kind, or other keypoints than the landmarks.
    """

    def __init__(self, model: Model) -> None:
        self._model = _checked(model, "refine_keypoints")
        self._head = head_of(model.info)
        model.want(*self._head.required)

    def __call__(self, landmarks: Landmarks, crop: Crops, keypoint_crops: Crops) -> Landmarks:
        people, keypoints = landmarks.xyz_crop.shape[:2]
        info = self._model.info
        if info.skeleton is not None and len(info.skeleton) != keypoints:
            raise ModelError(
                f"refine_keypoints: {info.name} refines {len(info.skeleton)} keypoints, got"
                f" {keypoints}: use the refinement of the landmark model"
            )
        moves = np.zeros((people * keypoints, 2))
        for row, pixels in enumerate(keypoint_crops.pixels):
            moves[row] = self._move(pixels, row % keypoints)
        # Displacements from pixels of the small crops to those of the person's crop.
        to_image = keypoint_crops.to_image[:, :, :2].reshape(people, keypoints, 2, 2)
        to_crop = np.linalg.inv(crop.to_image[landmarks.row, :, :2])
        xyz = landmarks.xyz_crop.copy()
        moved = moves.reshape(people, keypoints, 2)
        xyz[..., :2] += np.einsum("nij,nkjl,nkl->nki", to_crop, to_image, moved)
        return replace(landmarks, xyz_crop=xyz)

    def _move(self, pixels: NDArray[np.uint8], keypoint: int) -> NDArray[np.float64]:
        """Displacement of one keypoint `(2,)`, in pixels of the crop around it."""
        found: NDArray[np.float64] = decode(self._head, self._model.run(pixels), self._model.info)
        return np.asarray(found[keypoint])


def _checked(model: Model, node: str) -> Model:
    if model.info.kind != "refinement":
        got = f"{model.info.name} ({model.info.kind})"
        raise ModelError(f"{node}: expected a refinement model, got {got}")
    return model
