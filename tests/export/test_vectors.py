"""Test vectors: what the clip shows, and a replay of the pipeline on the recorded tensors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from blazetrack.backends import FakeModel
from blazetrack.errors import InputError
from blazetrack.export import vectors as vectors_module
from blazetrack.export.device_pipeline import DevicePipeline, open_device_pipeline
from blazetrack.export.vector_clip import BLACK, CLIP_FRAMES, CUT
from blazetrack.export.vector_file import VectorFile
from blazetrack.export.vectors import record_vectors
from blazetrack.heads.nms import weighted_nms
from blazetrack.heads.ssd import decode as decode_detections
from blazetrack.tracking import timeline
from blazetrack.types import Frame

TOLERANCE = 1e-3  # px, and units of all other numbers

Arrays = dict[str, np.ndarray]


def frames_with(vectors: VectorFile, name: str) -> list[int]:
    """Frames in which a stream has at least one row."""
    return [i for i, arrays in enumerate(vectors.frames) if len(arrays.get(name, ()))]


def test_clip_holds_loss_recovery_new_id_and_cut(vectors: VectorFile) -> None:
    assert len(vectors.frames) == CLIP_FRAMES
    short, long = BLACK
    lost = [*short, *long]
    assert frames_with(vectors, "poses.ids") == [i for i in range(CLIP_FRAMES) if i not in lost]
    ids = {i: int(vectors.frames[i]["poses.ids"][0]) for i in frames_with(vectors, "poses.ids")}
    assert {ids[i] for i in range(long.start) if i not in short} == {1}  # the id returns
    assert {ids[i] for i in range(long.stop, CUT)} == {2}
    assert {ids[i] for i in range(CUT, CLIP_FRAMES)} == {3}
    restarts = [int(arrays["timed_frame.restarts"][0]) for arrays in vectors.frames]
    assert [i for i, restart in enumerate(restarts) if restart] == [CUT]


def test_detector_runs_only_where_the_person_is_lost(vectors: VectorFile) -> None:
    searched = [i for i, arrays in enumerate(vectors.frames) if "frame_roi.angle_rad" in arrays]
    lost = [i for black in BLACK for i in black]
    found_again = [black.stop for black in BLACK]
    assert searched == sorted([0, *lost, *found_again, CUT])
    assert int(vectors.frames[-1]["detector_runs"][0]) == len(searched)
    angles = {round(float(vectors.frames[i]["frame_roi.angle_rad"][0]), 2) for i in lost}
    assert angles == {0.0, 1.57, -1.57, 3.14}


@pytest.fixture
def replay(monkeypatch: pytest.MonkeyPatch) -> Callable[[VectorFile], VectorFile]:
    """Run the pipeline on recorded tensors: no network and no picture of the clip."""
    thumbnails: list[np.ndarray] = []
    for module in (timeline, vectors_module):
        monkeypatch.setattr(module, "thumbnail", lambda image: thumbnails[-1].astype(np.float32))

    def run(recorded: VectorFile) -> VectorFile:
        pipeline, now = open_device_pipeline(), [0]

        def answers(*streams: str) -> Callable[[Any], Arrays]:
            """The rows of these streams' networks, one run after the other."""
            done = {"frame": -1, "row": 0}

            def run_network(pixels: np.ndarray) -> Arrays:
                if done["frame"] != now[0]:
                    done.update(frame=now[0], row=0)
                arrays, row = recorded.frames[now[0]], done["row"]
                done["row"] += 1
                for stream in streams:
                    prefix = f"{stream}.outputs."
                    names = [name for name in arrays if name.startswith(prefix)]
                    if names and row < len(arrays[names[0]]):
                        return {n.removeprefix(prefix): arrays[n][row : row + 1] for n in names}
                    row -= len(arrays[names[0]]) if names else 0
                raise AssertionError(f"frame {now[0]}: a network ran once more than recorded")

            return run_network

        models: Any = {
            "detector": FakeModel(pipeline.models["detector"].info, answers("detections")),
            "landmarks": FakeModel(
                pipeline.models["landmarks"].info, answers("tracked_landmarks", "new_landmarks")
            ),
        }

        def frames() -> Iterator[Frame]:
            for index, arrays in enumerate(recorded.frames):
                now[0] = index
                thumbnails.append(arrays["frame.thumbnail"])
                width, height = arrays["frame.size_wh"].tolist()
                black = np.zeros((height, width, 3), np.uint8)
                yield Frame(black, index, float(arrays["frame.time_s"][0]))

        return record_vectors(DevicePipeline(pipeline.spec, models), frames())

    return run


def test_replay_of_recorded_tensors_gives_the_recorded_streams(
    vectors: VectorFile, replay: Callable[[VectorFile], VectorFile]
) -> None:
    again = replay(vectors)
    for index, (want, got) in enumerate(zip(vectors.frames, again.frames, strict=True)):
        assert want.keys() == got.keys(), index
        for name in want:
            assert want[name].shape == got[name].shape, (index, name)
            np.testing.assert_allclose(got[name], want[name], atol=TOLERANCE, err_msg=name)
        np.testing.assert_array_equal(want.get("poses.ids", []), got.get("poses.ids", []))
        assert want["detector_runs"] == got["detector_runs"]


def test_detections_follow_from_the_recorded_outputs_alone(vectors: VectorFile) -> None:
    info = open_device_pipeline().models["detector"].info
    arrays = vectors.frames[0]
    outputs = {name: arrays[f"detections.outputs.{name}"] for name in ("boxes", "scores")}
    found = decode_detections(outputs, info, float(vectors.texts["option.detect.min_score"]))
    boxes, keypoints, scores = weighted_nms(
        found.boxes_unit,
        found.keypoints_unit,
        found.scores,
        float(vectors.texts["option.detect.min_iou"]),
    )
    np.testing.assert_allclose(boxes, arrays["detections.boxes_unit"], atol=1e-6)
    np.testing.assert_allclose(keypoints, arrays["detections.keypoints_unit"], atol=1e-6)
    np.testing.assert_allclose(scores, arrays["detections.scores"], atol=1e-6)


def test_arrays_of_a_run_are_in_a_fixed_order(vectors: VectorFile) -> None:
    names = [name for name in vectors.frames[0] if name.startswith("new_landmarks.outputs.")]
    assert names == sorted(names)


def test_settings_name_models_wires_and_all_options(vectors: VectorFile) -> None:
    texts, spec = vectors.texts, open_device_pipeline().spec
    assert texts["model.landmarks.name"] == "blaze_lite"
    assert texts["model.detector.input_hw"] == "128 128"
    assert len(texts["keypoints"].split()) == 33
    for node in spec.nodes:
        assert texts[f"node.{node.name}"] == f"{node.use} {node.out}"
    assert texts["option.identify.memory_s"] == "1.0"  # a default
    assert texts["option.network_poses.region_from"] == "both"  # given in the graph


def test_resampling_differs_by_border_outside_the_picture_only(vectors: VectorFile) -> None:
    zero, replicate = vectors.arrays["sample.zero"], vectors.arrays["sample.replicate"]
    assert zero.shape == replicate.shape == (3, 24, 24, 3)
    differs = (zero != replicate).any(axis=(1, 2, 3))
    assert differs.tolist() == [False, True, False]


def test_record_without_frames_is_refused() -> None:
    with pytest.raises(InputError, match="expected at least one frame"):
        record_vectors(open_device_pipeline(), iter(()))


def test_vectors_file_is_small(vectors_file: Path) -> None:
    assert vectors_file.stat().st_size < 4_000_000
