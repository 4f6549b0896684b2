"""Graph `pose_bottomup`: a network that finds all people at once, from drawn crowds to ids."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from blazetrack.backends import FakeModel
from blazetrack.cli import main
from blazetrack.errors import GraphError, ModelError
from blazetrack.heads.paf import encode
from blazetrack.model_info import ModelInfo
from blazetrack.pipeline import PoseTracker, graph_for, model_choice
from blazetrack.skeleton import BLAZEPOSE33, COCO18
from blazetrack.store import Store
from blazetrack.synthetic import Clip, Truth
from blazetrack.synthetic.scene import SceneOptions
from blazetrack.types import Frame, Landmarks
from tests.toy_models import ToyStore

CARD = """
kind: landmarks
head: paf
head_options: {rules: paper, upsample: 4, cells: centre}
input_hw: [368, 368]
input_range: [0, 1]
border: zero
outputs: {heatmap: maps}
skeleton: coco18
"""
SIZE, FPS = (640, 360), 30.0
SHOULDERS = ("left_shoulder", "right_shoulder")

Look = Callable[[np.ndarray], Landmarks]


def in_coco18(truth: Truth) -> tuple[np.ndarray, np.ndarray]:
    """Keypoints `(N, 18, 2)` and which are seen, of the drawn people."""
    xy, seen = np.zeros((len(truth), 18, 2)), np.zeros((len(truth), 18), bool)
    here, there = np.array(COCO18.map_to(BLAZEPOSE33)).T
    xy[:, here], seen[:, here] = truth.landmarks_px[:, there], truth.visible[:, there]
    both = [BLAZEPOSE33.index(name) for name in SHOULDERS]
    xy[:, 1], seen[:, 1] = truth.landmarks_px[:, both].mean(1), truth.visible[:, both].all(1)
    return xy, seen


def in_crop(xy: np.ndarray, seen: np.ndarray) -> Landmarks:
    """The people in the crop of 368×368 that holds the frame of 640×360."""
    scale = 368 / SIZE[0]
    xyz = np.zeros((*xy.shape[:2], 3))
    xyz[..., :2] = (xy + np.array([0, (SIZE[0] - SIZE[1]) / 2])) * scale
    known, none = seen.astype(np.float64), np.zeros(len(xy), np.int64)
    return Landmarks(xyz, np.zeros_like(xyz), known, known, np.ones(len(xy)), none)


@pytest.fixture
def open_crowd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., PoseTracker]:
    """Open a tracker whose network shows these people, frame by frame."""
    (tmp_path / "crowd.tflite").write_bytes(b"\0\0\0\0TFL3")
    (tmp_path / "crowd.tflite.yaml").write_text(CARD, encoding="utf-8")

    class Network(FakeModel):
        seconds, file = 0.0, None

        def __init__(self, info: ModelInfo, *rest: Any) -> None:
            super().__init__(info, lambda pixels: encode(next(looks), info, (46, 46)))

        def close(self) -> None:
            """Nothing is open."""

    def start(found: Any, **options: Any) -> PoseTracker:
        nonlocal looks
        looks = iter(found)
        store = ToyStore(tmp_path / "home", offline=True)
        return PoseTracker(tmp_path / "crowd.tflite", store=store, **options)

    looks: Any = iter(())
    monkeypatch.setattr(model_choice, "FileModel", Network)
    return start


def test_pose_bottomup_drawn_crowd_recall_precision_and_ids(open_crowd: Any) -> None:
    right = whole = matched = given = 0
    last: dict[int, int] = {}
    switches = 0
    clip = Clip("crowd", SceneOptions(24, SIZE, FPS, 4), seed=5)
    truths = [clip.truth(index) for index in range(24)]
    with open_crowd(in_crop(*in_coco18(truth)) for truth in truths) as tracker:
        assert tracker.graph.name == "pose_bottomup"
        assert tracker.skeleton == COCO18
        for index, truth in enumerate(truths):
            frame = Frame(np.zeros((SIZE[1], SIZE[0], 3), np.uint8), index, index / FPS)
            poses = tracker(frame)
            xy, seen = in_coco18(truth)
            apart = np.linalg.norm(poses.landmarks_px[:, None, :, :2] - xy[None], axis=-1)
            good = ((apart < 15) & seen).sum(-1) >= 0.8 * seen.sum(-1)
            counted = truth.whole & (seen.mean(axis=1) > 0.8)
            right += int(good[:, counted].any(axis=0).sum())
            whole += int(counted.sum())
            matched += int(good.any(axis=1).sum())
            given += len(poses)
            for person, row in zip(truth.ids.tolist(), good.T, strict=True):
                for number in poses.ids[row].tolist():
                    switches += last.get(person, number) != number
                    last[person] = number
        assert tracker.detector_runs == 0
    assert right / whole > 0.9
    assert matched / given > 0.9
    assert switches < 0.05 * given


def test_pose_bottomup_no_people_then_some_then_none(open_crowd: Any) -> None:
    truth = Clip("crowd", SceneOptions(1, SIZE, FPS, 3), seed=5).truth(0)
    everyone = in_crop(*in_coco18(truth))
    nothing = everyone.take(slice(0, 0))
    with open_crowd([nothing, everyone, everyone, nothing]) as tracker:
        counts = [
            len(tracker(Frame(np.zeros((360, 640, 3), np.uint8), index, index / FPS)))
            for index in range(4)
        ]
    assert counts == [0, 3, 3, 0]


def test_pose_bottomup_still_frames_start_anew(open_crowd: Any) -> None:
    truth = Clip("crowd", SceneOptions(1, SIZE, FPS, 2), seed=5).truth(0)
    everyone = in_crop(*in_coco18(truth))
    with open_crowd([everyone, everyone]) as tracker:
        for index in range(2):
            frame = Frame(np.zeros((360, 640, 3), np.uint8), index, 0.0, still=True)
            assert sorted(tracker(frame).ids.tolist()) == [1, 2]


def test_pose_bottomup_people_limits_their_number(open_crowd: Any) -> None:
    truth = Clip("crowd", SceneOptions(1, SIZE, FPS, 4), seed=5).truth(0)
    everyone = in_crop(*in_coco18(truth))
    with open_crowd([everyone], people=2) as tracker:
        assert len(tracker(Frame(np.zeros((360, 640, 3), np.uint8), 0, 0.0))) == 2


def test_pose_bottomup_detector_is_one_line(open_crowd: Any) -> None:
    with pytest.raises(GraphError, match="has no model with the role 'detector'"):
        open_crowd([], detector="pose_detector")


def test_pose_bottomup_network_of_one_person_is_one_line(toy: Any) -> None:
    want = r"expected a model that finds several people \(head paf\), got full: name one with --mo"
    with pytest.raises(ModelError, match=want):
        toy.tracker(graph="pose_bottomup")


def test_graph_for_several_people_is_pose_bottomup() -> None:
    assert graph_for(1, several=True) == graph_for(3, still=True, several=True) == "pose_bottomup"


def test_pose_topdown_detects_in_every_frame(toy: Any) -> None:
    with toy.tracker(graph="pose_topdown") as tracker:
        for index in range(4):
            poses = tracker(toy.frame(index, (60 + index, 60), (250, 180)))
            assert sorted(poses.ids.tolist()) == [1, 2]
        assert tracker.detector_runs == 4


def test_run_pose_topdown_writes_csv_and_lines(
    weights: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, table = tmp_path / "poses.jsonl", tmp_path / "poses.csv"
    with pytest.raises(SystemExit) as end:
        main(
            f"run synthetic:crowd?people=2&frames=4&size=320x180 --graph pose_topdown --out {out}"
            f" --out {table}".split()
        )
    assert not end.value.code
    assert len(out.read_text(encoding="utf-8").splitlines()) == 4
