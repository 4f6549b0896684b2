"""`blazetrack convert`: recordings in other formats, filled and filtered."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from blazetrack.sinks import open_sink
from blazetrack.skeleton import BLAZEPOSE33, LSP14
from blazetrack.types import Frame
from tests.conftest import MakePeople


@pytest.fixture
def file(tmp_path: Path, people: MakePeople) -> Path:
    """Ten frames of the ids 1 and 2; id 1 is away in the frames 3 and 4."""
    rng = np.random.default_rng(0)
    with open_sink(tmp_path / "a.jsonl") as sink:
        for index in range(10):
            ids = [2] if index in (3, 4) else [1, 2]
            poses = people(*[(30, 20, 5)] * len(ids), ids=ids)
            world = rng.normal(size=(len(ids), 33, 3))
            image = np.zeros((48, 64, 3), np.uint8)
            frame = Frame(image, index + 5, index / 10, file="walk.mp4")
            sink.write(frame, replace(poses, world_landmarks_m=world))
    return tmp_path / "a.jsonl"


def test_convert_without_options_is_lossless(command: Any, file: Path, tmp_path: Path) -> None:
    result = command("convert", file, "--out", "b.jsonl", "--out", "b.trc", "--out", "b.json")
    assert (result.code, result.err) == (0, [])
    assert result.out.splitlines() == [
        f"wrote {name}" for name in ("b.jsonl", "b.trc", "b_1.trc", "b.json")
    ]
    before, after = ([json.loads(line) for line in path.read_text().splitlines()]
                     for path in (file, tmp_path / "b.jsonl"))  # fmt: skip
    for lines in (before, after):
        for line in lines:
            line["poses"].sort(key=lambda pose: pose["id"])
    assert before == after


def test_convert_fills_gaps_and_filters(command: Any, file: Path, tmp_path: Path) -> None:
    pytest.importorskip("scipy")
    args = ("--max-gap", 0.5, "--low-pass", 2, "--id", 1, "--angle", "lean=mid_hip,nose")
    result = command("convert", file, "--out", "b.csv", *args)
    assert (result.code, result.err) == (0, [])
    assert result.out.splitlines() == ["gaps filled: 1 (2 frames), left: 0", "wrote b.csv"]
    head, *rows = (line.split(",") for line in (tmp_path / "b.csv").read_text().splitlines())
    assert head[-2:] == ["lean_deg", "file"]
    assert [row[head.index("id")] for row in rows] == ["1"] * 10
    sixth = json.loads(file.read_text().splitlines()[5])["poses"][0]["world_landmarks_m"][0][0]
    assert abs(float(rows[5][head.index("nose_x_m")]) - sixth) > 0.01


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("--out", "b.mp4"), "a recording has no pictures"),
        (("--out", "window"), "expected a file that ends in"),
        (("--out", "a.jsonl"), "is the same file as"),
        (("--out", "b.csv", "--out", "./b.csv"), "is the same file as b.csv"),
        (("--out", "b.csv", "--id", "9"), "no person has the id 9; known: 1, 2"),
        (("--out", "b.csv", "--low-pass", "9"), "half of the frame rate, 5 Hz"),
        (("--out", "b.jsonl", "--angle", "a=nose,left_hip"), "--angle: needs an --out"),
        ((), "Missing option '--out'"),
    ],
)
def test_convert_what_does_not_fit_is_refused(
    command: Any, file: Path, tmp_path: Path, args: tuple[str, ...], words: str
) -> None:
    before = file.read_bytes()
    result = command("convert", "a.jsonl", *args)
    assert (result.code, result.out, len(result.err)) == (2, "", 1)
    assert words in result.err[0]
    assert list(tmp_path.iterdir()) == [file]
    assert file.read_bytes() == before


@pytest.mark.parametrize(
    ("skeleton", "metres", "files", "out", "words"),
    [
        (BLAZEPOSE33, 0.0, ("a.mp4", "a.mp4"), "b.trc", "expected world landmarks in metres"),
        (BLAZEPOSE33, 1.0, ("a.jpg", "b.jpg"), "b.bvh", "holds the movement of one clip"),
        (LSP14, 1.0, ("a.mp4", "a.mp4"), "b.json", "skeleton lsp14 without nose"),
    ],
)
def test_convert_recording_without_the_data_is_refused(
    command: Any, people: MakePeople, tmp_path: Path, skeleton: Any, metres: float, files: Any,
    out: str, words: str,
) -> None:  # fmt: skip
    with open_sink(tmp_path / "a.jsonl", skeleton=skeleton) as sink:
        for index, name in enumerate(files):
            poses = people((3, 3, 1), ids=[1], keypoints=len(skeleton))
            poses = replace(poses, world_landmarks_m=poses.world_landmarks_m + metres)
            sink.write(Frame(np.zeros((9, 9, 3), np.uint8), index, index / 9, file=name), poses)
    result = command("convert", "a.jsonl", "--out", out, "--out", "b.csv")
    assert (result.code, result.out, len(result.err)) == (2, "", 1)
    assert words in result.err[0]
    assert [path.name for path in tmp_path.iterdir()] == ["a.jsonl"]
