"""Contact sheet of the people with the worst predictions, drawn on their crops with the labels."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from blazetrack.errors import SinkError
from blazetrack.geometry import apply, invert
from blazetrack.metrics import pck
from models.data.annotated import AnnotatedImage
from models.data.transforms.person_crop import cut
from models.evaluate.scores import GroundTruth, Predictions, in_skeleton, torso_sizes

__all__ = ["worst_people", "write_contact_sheet"]

SIDE, ACROSS = 240, 6
LABEL, PREDICTION = (60, 220, 60), (255, 70, 70)  # RGB


def worst_people(
    predictions: Predictions, truth: GroundTruth, count: int
) -> list[tuple[int, float]]:
    """The people with the fewest keypoints within 0.2 torso: row and share, worst first."""
    predicted, shared = in_skeleton(predictions, truth.skeleton)
    torso = torso_sizes(truth)
    known = truth.labelled & shared & np.isfinite(torso)[:, None]
    right = (pck(predicted, truth.points_px, torso) & known).sum(axis=1)
    labels = known.sum(axis=1)
    rows = np.flatnonzero(labels)
    share = right[rows] / labels[rows]
    distance = np.linalg.norm(predicted - truth.points_px, axis=-1) / torso[:, None]
    error = np.nanmean(
        np.where(known, np.minimum(np.nan_to_num(distance, nan=9.0), 9.0), 0), axis=1
    )
    order = np.lexsort((-error[rows], share))[:count]
    return [(int(rows[i]), float(share[i])) for i in order]


def write_contact_sheet(
    path: Path,
    samples: Sequence[AnnotatedImage],
    predictions: Predictions,
    truth: GroundTruth,
    count: int = 36,
) -> None:
    """Write the worst `count` people as one PNG; labels are green, predictions are red.

    Raises:
        SinkError: the file cannot be written.
    """
    predicted, _ = in_skeleton(predictions, truth.skeleton)
    tiles = []
    for row, share in worst_people(predictions, truth, count):
        sample = samples[row]
        crop, to_image = cut(sample, SIDE)
        image, to_crop = crop.image, invert(to_image)
        for points, color in ((truth.points_px[row], LABEL), (predicted[row], PREDICTION)):
            known = np.isfinite(points).all(axis=1)
            if color is LABEL:
                known &= truth.labelled[row]
            _draw(image, apply(to_crop, points), known, sample.skeleton.edges, color)
        _caption(image, f"{sample.source}  {share:.2f}  score {predictions.scores[row]:.2f}")
        tiles.append(image)
    tiles += [np.zeros((SIDE, SIDE, 3), np.uint8)] * (-len(tiles) % ACROSS)
    rows = [np.concatenate(tiles[i : i + ACROSS], axis=1) for i in range(0, len(tiles), ACROSS)]
    if not rows or not cv2.imwrite(str(path), np.concatenate(rows)[..., ::-1]):
        raise SinkError(f"sheet {path}: cannot be written" if rows else "sheet: no labelled people")


def _draw(
    image: NDArray[np.uint8],
    points: NDArray[np.float64],
    known: NDArray[np.bool_],
    edges: Sequence[tuple[int, int]],
    color: tuple[int, int, int],
) -> None:
    pixels = np.clip(np.nan_to_num(points), -1000, 1000).round().astype(int).tolist()
    for a, b in edges:
        if known[a] and known[b]:
            cv2.line(image, pixels[a], pixels[b], color, 1, cv2.LINE_AA)
    for i in np.flatnonzero(known):
        cv2.circle(image, pixels[i], 2, color, -1, cv2.LINE_AA)


def _caption(image: NDArray[np.uint8], text: str) -> None:
    cv2.rectangle(image, (0, SIDE - 14), (SIDE, SIDE), (0, 0, 0), -1)
    where, font = (3, SIDE - 4), cv2.FONT_HERSHEY_SIMPLEX
    cv2.putText(image, text, where, font, 0.35, (255, 255, 255), 1, cv2.LINE_AA)
