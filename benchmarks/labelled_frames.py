"""Pictures and clips with labelled people for `benchmarks.stills`, and their scores.

- `lspet_whole`: the development half, one person each.
- `coco_dev`: pictures with a single labelled person, whose box has a longer side of at least 96 px.
- `no_person`: pictures without people.
- `clips_dev`: short clips of one labelled person, joints in every frame.

People without a fully labelled torso are left out of pictures and scores: their PCK is undefined.
Frames of clips without one are tracked but not scored.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from blazetrack.errors import InputError
from blazetrack.metrics import mean_of, pck
from blazetrack.skeleton import COCO17
from blazetrack.sources import open_source
from blazetrack.sources.images import list_pictures, read_picture
from blazetrack.types import Frame
from models.data.readers.coco import read_coco
from models.evaluate.datasets import labelled_people
from models.evaluate.scores import (
    GroundTruth,
    Predictions,
    ground_truth,
    in_skeleton,
    score_landmarks,
    torso_sizes,
)

__all__ = [
    "STILLS",
    "FrameScores",
    "LabelledFrames",
    "error_second_differences",
    "open_clips",
    "open_stills",
    "score_frames",
]

STILLS = ("lspet_whole", "coco_dev", "no_person")


@dataclass(frozen=True, slots=True, eq=False)
class LabelledFrames:
    """Pictures of a data set, or the frames of a clip, with at most one labelled person each.

    Attributes:
        name: of the data set or clip.
        frames: F frames.
        truth: of F people; None for frames without people.
    """

    name: str
    frames: Sequence[Frame]
    truth: GroundTruth | None


@dataclass(frozen=True, slots=True)
class FrameScores:
    """Scores of an implementation; None where the labels do not suffice.

    Attributes:
        frames: number of frames that count.
        found: number of these with a pose, wherever it is.
        pck: PCK@0.2, keypoints of frames without a pose are wrong; the torso is the mean of its
            two diagonals, as in `models.evaluate`.
        pck_short: the same with the shorter diagonal, which is stricter for people seen from the
            side or from above.
        unsteadiness: median over keypoints and frames of the length of the second difference of
            the error, `e[t-1] - 2 e[t] + e[t+1]`, in torsos of frame t, where all three frames
            have a pose and a label; constant and uniformly moving errors give 0. The labels' own
            noise is part of it.
        mean_unsteadiness: its mean, in which jumps to another place dominate.
    """

    frames: int
    found: int
    pck: float | None = None
    pck_short: float | None = None
    unsteadiness: float | None = None
    mean_unsteadiness: float | None = None


def open_stills(name: str, data: Path, limit: int = 0) -> LabelledFrames:
    """Read one of `STILLS`.

    Args:
        name: of the data set.
        data: folder that holds it.
        limit: only the first pictures; 0 is all.

    Raises:
        InputError: its labels are missing or broken.
        SourceError: a picture cannot be read.
    """
    if name == "no_person":
        paths = list_pictures(data / name)[: limit or None]
        return LabelledFrames(name, [Frame(read_picture(path)) for path in paths], None)
    people = labelled_people(name, data)
    alone = _alone(data) if name == "coco_dev" else None
    torso = list(people.skeleton.torso or ())
    rows = [
        row
        for row, person in enumerate(people.people)
        if np.isfinite(person.points_px[torso]).all() and (alone is None or person.path in alone)
    ]
    if not rows:
        raise InputError(f"{name}: expected pictures of one person with a whole torso, found none")
    samples = [people[row] for row in rows[: limit or None]]
    return LabelledFrames(name, [Frame(one.image) for one in samples], ground_truth(samples))


def _alone(data: Path) -> set[Path]:
    """Pictures of `coco_dev` with one annotation."""
    file = read_coco(data / "coco_dev")
    count = Counter(person.picture for person in file.annotations)
    return {path for number, path in file.pictures.items() if count[number] == 1}


def open_clips(data: Path, limit: int = 0) -> list[LabelledFrames]:
    """Read `clips_dev`: `truth.npz`, per clip `(F, 17, 3)` x y v in COCO's order, and the videos.

    Args:
        data: folder that holds `clips_dev/`.
        limit: only the first clips; 0 is all.

    Raises:
        InputError: labels are missing or do not match the frames.
        SourceError: a clip cannot be read.
    """
    folder = data / "clips_dev"
    try:
        with np.load(folder / "truth.npz", allow_pickle=False) as arrays:
            labels = {name: arrays[name] for name in sorted(arrays)[: limit or None]}
    except (OSError, ValueError) as error:
        raise InputError(f"clips_dev: expected labels in {folder / 'truth.npz'}: {error}") from None
    clips = []
    for name, rows in labels.items():
        with open_source(folder / f"{name}.avi") as source:
            frames = list(source)
        if rows.shape != (len(frames), len(COCO17), 3):
            raise InputError(f"clips_dev: {name}: {len(frames)} frames, labels of {rows.shape}")
        truth = GroundTruth(COCO17, rows[..., :2].astype(np.float64), rows[..., 2] > 0)
        clips.append(LabelledFrames(name, frames, truth))
    return clips


def score_frames(
    clips: Sequence[LabelledFrames], predictions: Sequence[Predictions], *, consecutive: bool
) -> FrameScores:
    """Score data sets or clips together: each keypoint has the same weight.

    Args:
        clips: either all with or all without labels.
        predictions: of each.
        consecutive: frames follow each other, so that steadiness is defined.
    """
    truths = [clip.truth for clip in clips if clip.truth is not None]
    points = np.concatenate([one.points_px for one in predictions])
    if not truths:
        return FrameScores(len(points), int(np.isfinite(points).all(axis=(1, 2)).sum()))
    skeleton = truths[0].skeleton
    truth = GroundTruth(
        skeleton,
        np.concatenate([one.points_px for one in truths]),
        np.concatenate([one.labelled for one in truths]),
    )
    whole = np.isfinite(torso_sizes(truth))
    truth = GroundTruth(skeleton, truth.points_px[whole], truth.labelled[whole])
    points = points[whole]
    chosen = Predictions(predictions[0].skeleton, points, np.full(len(points), np.nan))
    scores = score_landmarks(chosen, truth)
    found = round(scores.found * scores.people)
    out = FrameScores(scores.people, found, scores.pck, _pck_short(chosen, truth))
    lengths = np.concatenate(list(map(error_second_differences, predictions, truths)))
    if not consecutive or not len(lengths):
        return out
    median, mean = float(np.median(lengths)), float(lengths.mean())
    return replace(out, unsteadiness=median, mean_unsteadiness=mean)


def _pck_short(predictions: Predictions, truth: GroundTruth) -> float | None:
    """PCK@0.2 of the shorter diagonal of the torso; None without labels."""
    predicted, shared = in_skeleton(predictions, truth.skeleton)
    known = truth.labelled & shared
    if not known.any():
        return None
    corners = truth.points_px[:, list(truth.skeleton.torso or ())]
    diagonals = corners[:, [0, 1]] - corners[:, [3, 2]]
    shorter = np.linalg.norm(diagonals, axis=-1).min(axis=1)
    return mean_of(pck(predicted, truth.points_px, shorter), known)[0]


def error_second_differences(predictions: Predictions, truth: GroundTruth) -> NDArray[np.float64]:
    """Lengths in torsos, see `FrameScores.unsteadiness`; of all keypoints and frames of a clip."""
    predicted, shared = in_skeleton(predictions, truth.skeleton)
    error = np.where((truth.labelled & shared)[..., None], predicted - truth.points_px, np.nan)
    length = np.linalg.norm(np.diff(error, 2, axis=0), axis=-1)
    parts = length / torso_sizes(truth)[1:-1, None]
    return np.asarray(parts[np.isfinite(parts)])
