"""Data sets and scores of `benchmarks.stills`, on made-up pictures, clips and predictions."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.labelled_frames import (
    LabelledFrames,
    error_second_differences,
    open_clips,
    open_stills,
    score_frames,
)
from blazetrack.errors import InputError
from blazetrack.skeleton import BLAZEPOSE33, COCO17, LSP14
from blazetrack.types import Frame
from models.data.readers.lsp import dev_numbers
from models.evaluate.scores import GroundTruth, Predictions

BODY = np.random.default_rng(4).uniform((5, 5), (115, 155), (17, 2))
SIZE = (120, 160)
FACE = 5  # COCO's first keypoints


def write_picture(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.full((SIZE[1], SIZE[0], 3), 90, np.uint8))


def write_lspet(folder: Path, numbers: list[int], unlabelled: int | None = None) -> None:
    """A part of LSPET; the last person lacks one keypoint."""
    joints = np.ones((len(numbers), len(LSP14), 3), np.float32)
    joints[..., :2] = BODY[: len(LSP14)]
    if unlabelled is not None:
        joints[-1, unlabelled, 2] = 0
    sizes = np.tile(SIZE, (len(numbers), 1))
    for number in numbers:
        write_picture(folder / "images" / f"{number:05d}.jpg")
    np.savez(
        folder / "joints.npz", joints_px=joints, names=LSP14.names, size_wh=sizes, number=numbers
    )


def write_coco(folder: Path, *people: tuple[int, float]) -> None:
    """Pictures 1 to 3 with people of a picture number and a box side."""
    keypoints = np.concatenate([BODY, np.full((17, 1), 2.0)], axis=1).ravel().tolist()
    category = {"id": 1, "name": "person", "keypoints": list(COCO17.names)}
    images = [{"id": i, "file_name": f"{i}.jpg", "width": 120, "height": 160} for i in (1, 2, 3)]
    annotations = [
        {"id": i, "image_id": at, "category_id": 1, "keypoints": keypoints, "bbox": [0, 0, 9, side]}
        for i, (at, side) in enumerate(people)
    ]
    for image in images:
        write_picture(folder / "images" / str(image["file_name"]))
    content = {"images": images, "annotations": annotations, "categories": [category]}
    (folder / "person_keypoints.json").write_text(json.dumps(content))


def truth(frames: int, skip: int | None = None) -> GroundTruth:
    """The same person in each frame, the face and one more keypoint unlabelled."""
    labelled = np.ones((frames, 17), bool)
    labelled[:, :FACE] = False
    if skip is not None:
        labelled[:, skip] = False
    return GroundTruth(COCO17, np.repeat(BODY[None], frames, axis=0), labelled)


def predicted(offsets: NDArray[np.float64]) -> Predictions:
    """The truth moved by `(F, 2)`; NaN where there is no pose."""
    pairs = np.array(BLAZEPOSE33.map_to(COCO17))
    points = np.zeros((len(offsets), 33, 2))
    points[:, pairs[:, 0]] = BODY[pairs[:, 1]]
    return Predictions(BLAZEPOSE33, points + offsets[:, None], np.full(len(offsets), np.nan))


def frames_of(labels: GroundTruth | None, count: int) -> LabelledFrames:
    return LabelledFrames("made", [Frame(np.zeros((2, 2, 3), np.uint8))] * count, labels)


def torso() -> float:
    left, right, left_hip, right_hip = BODY[list(COCO17.torso or ())]
    return float((np.linalg.norm(left - right_hip) + np.linalg.norm(right - left_hip)) / 2)


def test_open_stills_lspet_whole_is_the_dev_half_with_torso(tmp_path: Path) -> None:
    dev = sorted(dev_numbers())[:3]
    train = next(i for i in range(1, 9000) if i not in dev_numbers())
    write_lspet(tmp_path / "lspet_whole", [train, *dev], unlabelled=(LSP14.torso or ())[0])
    stills = open_stills("lspet_whole", tmp_path)
    assert len(stills.frames) == 2
    assert stills.truth is not None
    np.testing.assert_allclose(stills.truth.points_px[0], BODY[:14], atol=1e-4)
    assert len(open_stills("lspet_whole", tmp_path, limit=1).frames) == 1


def test_open_stills_coco_dev_has_people_alone_of_usable_size(tmp_path: Path) -> None:
    write_coco(tmp_path / "coco_dev", (1, 150), (2, 50), (3, 150), (3, 50))
    stills = open_stills("coco_dev", tmp_path)
    assert len(stills.frames) == 1


def test_open_stills_without_a_usable_person_is_one_line(tmp_path: Path) -> None:
    write_coco(tmp_path / "coco_dev", (3, 150), (3, 150))
    with pytest.raises(InputError, match="coco_dev: expected pictures of one person"):
        open_stills("coco_dev", tmp_path)


def test_open_stills_no_person_has_no_truth(tmp_path: Path) -> None:
    write_picture(tmp_path / "no_person" / "1.jpg")
    stills = open_stills("no_person", tmp_path)
    assert (len(stills.frames), stills.truth) == (1, None)


def test_open_clips_reads_frames_and_labels(tmp_path: Path) -> None:
    write_clip(tmp_path / "clips_dev", frames=4, labels=4)
    (clip,) = open_clips(tmp_path)
    assert (clip.name, len(clip.frames)) == ("00_wave", 4)
    assert clip.truth is not None
    assert clip.truth.labelled.sum() == 4 * (17 - FACE)


def test_open_clips_other_number_of_frames_is_one_line(tmp_path: Path) -> None:
    write_clip(tmp_path / "clips_dev", frames=4, labels=3)
    with pytest.raises(InputError, match=r"00_wave: 4 frames, labels of \(3, 17, 3\)"):
        open_clips(tmp_path)


def test_open_clips_without_labels_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="clips_dev: expected labels in"):
        open_clips(tmp_path)


def write_clip(folder: Path, frames: int, labels: int) -> None:
    folder.mkdir()
    video = cv2.VideoWriter(
        str(folder / "00_wave.avi"), cv2.VideoWriter.fourcc(*"MJPG"), 30, (64, 48)
    )
    for _ in range(frames):
        video.write(np.full((48, 64, 3), 90, np.uint8))
    video.release()
    rows = np.ones((labels, 17, 3), np.float32)
    rows[:, :FACE, 2] = 0
    np.savez(folder / "truth.npz", **{"00_wave": rows})


def test_score_frames_counts_misses_as_wrong() -> None:
    offsets = np.array([[0, 0], [0, 0], [1e3, 0], [np.nan, np.nan]])
    scores = score_frames([frames_of(truth(4), 4)], [predicted(offsets)], consecutive=False)
    assert (scores.frames, scores.found, scores.pck) == (4, 3, 0.5)
    assert scores.unsteadiness is None


def test_score_frames_tolerance_is_a_fifth_of_the_torso() -> None:
    for part, pck in ((0.199, 1.0), (0.201, 0.0)):
        moved = predicted(np.array([[part * torso(), 0.0]]))
        scores = score_frames([frames_of(truth(1), 1)], [moved], consecutive=False)
        assert scores.pck == pck


def test_score_frames_short_is_of_the_shorter_diagonal() -> None:
    corners = BODY[list(COCO17.torso or ())]
    shorter = min(np.linalg.norm(corners[a] - corners[b]) for a, b in ((0, 3), (1, 2)))
    for part, right in ((0.199, 1.0), (0.201, 0.0)):
        moved = predicted(np.array([[part * shorter, 0.0]]))
        scores = score_frames([frames_of(truth(1), 1)], [moved], consecutive=False)
        assert scores.pck_short == right


def test_score_frames_leaves_out_people_without_torso() -> None:
    clips = [frames_of(truth(2), 2), frames_of(truth(3, skip=5), 3)]
    predictions = [predicted(np.zeros((2, 2))), predicted(np.full((3, 2), np.nan))]
    scores = score_frames(clips, predictions, consecutive=True)
    assert (scores.frames, scores.found, scores.pck) == (2, 2, 1.0)


def test_score_frames_without_labels_counts_poses() -> None:
    offsets = np.array([[0, 0], [np.nan, np.nan]])
    scores = score_frames([frames_of(None, 2)], [predicted(offsets)], consecutive=False)
    assert (scores.frames, scores.found, scores.pck) == (2, 1, None)


def test_error_second_differences_of_uniform_error_are_zero() -> None:
    line = np.arange(5)[:, None] * np.array([[3.0, -1.0]]) + 7
    np.testing.assert_allclose(error_second_differences(predicted(line), truth(5)), 0, atol=1e-9)


def test_error_second_differences_of_a_jump_are_in_torsos() -> None:
    offsets = np.zeros((4, 2))
    offsets[2, 0] = torso()
    lengths = error_second_differences(predicted(offsets), truth(4))
    assert len(lengths) == 2 * (17 - FACE)
    assert sorted(set(lengths.round(6))) == [1.0, 2.0]


def test_error_second_differences_need_three_poses() -> None:
    offsets = np.zeros((7, 2))
    offsets[3] = np.nan
    lengths = error_second_differences(predicted(offsets), truth(7))
    assert len(lengths) == 2 * (17 - FACE)


def test_score_frames_does_not_mix_clips_in_steadiness() -> None:
    """Between two clips the error jumps."""
    far = predicted(np.full((3, 2), 50.0))
    clips = [frames_of(truth(3), 3), frames_of(truth(3), 3)]
    scores = score_frames(clips, [predicted(np.zeros((3, 2))), far], consecutive=True)
    assert (scores.unsteadiness, scores.mean_unsteadiness) == (
        pytest.approx(0.0, abs=1e-9),
        pytest.approx(0.0, abs=1e-9),
    )
