"""`blazetrack plot`, as a user calls it."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from blazetrack.angles import angle_keypoints, joint_angles
from blazetrack.plots import plot_recording
from blazetrack.recording import read_recording
from blazetrack.sinks import open_sink
from blazetrack.skeleton import BLAZEPOSE33
from blazetrack.types import Frame, Poses

pytest.importorskip("matplotlib")

Command = Callable[..., Any]


@pytest.fixture
def file(tmp_path: Path, people: Callable[..., Poses]) -> Path:
    with open_sink(tmp_path / "a.jsonl") as sink:
        for index in range(5):
            frame = Frame(np.zeros((48, 64, 3), np.uint8), index, index / 10)
            sink.write(frame, people((10 + index, 20, 5), ids=[4]))
    return tmp_path / "a.jsonl"


def test_plot_default_output_is_beside_input(command: Command, file: Path, tmp_path: Path) -> None:
    result = command("plot", "a.jsonl")
    assert (result.code, result.out, result.err) == (0, "wrote a.png\n", [])
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")


def test_plot_ending_selects_format(command: Command, file: Path, tmp_path: Path) -> None:
    result = command("plot", file, "-o", "b.SVG", "--id", 4, "--joints", "knee, left_elbow")
    assert (result.code, result.out) == (0, "wrote b.SVG\n")
    assert b"<svg" in (tmp_path / "b.SVG").read_bytes()


def test_plot_incomplete_line_is_omitted(command: Command, file: Path, tmp_path: Path) -> None:
    file.write_bytes(file.read_bytes()[:-40])
    result = command("plot", "a.jsonl")
    assert result.code == 0
    (line,) = result.err
    assert line.startswith("warning: a.jsonl: line 5, the last one, is not complete")


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("gone.jsonl",), "gone.jsonl: cannot be read (No such file or directory)"),
        (("empty.jsonl",), "empty.jsonl: expected the frames of a run, got no whole line"),
        (("broken.jsonl",), "broken.jsonl: line 3 is not JSON"),
        (("other.jsonl",), "other.jsonl: line 1: expected a frame as"),
        (("no_person.jsonl",), "no_person.jsonl: no person in its 2 frames"),
        (("a.jsonl", "--id", "7"), "a.jsonl: no person has the id 7; known: 4"),
        (("a.jsonl", "--joints", "knie"), "no joint 'knie'; did you mean 'knee'?"),
        (("a.jsonl", "--out", "a.pgn"), "--out a.pgn: expected a picture that ends in .png or"),
        (("a.jsonl", "--out", "no/a.png"), "the folder 'no' does not exist"),
        (("a.jsonl", "--id", "x"), "--id"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_plot_bad_input_is_one_line(
    command: Command, file: Path, tmp_path: Path, args: tuple[str, ...], message: str
) -> None:
    lines = file.read_bytes().splitlines(keepends=True)
    (tmp_path / "empty.jsonl").write_bytes(b"")
    (tmp_path / "broken.jsonl").write_bytes(b"".join([*lines[:2], b"no\n", *lines[3:]]))
    (tmp_path / "other.jsonl").write_bytes(b'{"loss": 1.0}\n')
    with open_sink(tmp_path / "no_person.jsonl") as sink:
        for index in range(2):
            sink.write(Frame(np.zeros((48, 64, 3), np.uint8), index, index / 10), Poses.empty())
    before = sorted(tmp_path.iterdir())
    result = command("plot", *args)
    assert (result.code, len(result.err)) == (2, 1)
    assert result.err[0].startswith("blazetrack: ")
    assert message in result.err[0]
    assert sorted(tmp_path.iterdir()) == before


def repetitions(degrees: Iterable[float], low: float = 110.0, high: float = 150.0) -> int:
    """How often an angle went below `low` after it had been above `high`."""
    count, ready = 0, False
    for angle in degrees:
        if angle > high:
            ready = True
        elif angle < low and ready:
            count, ready = count + 1, False
    return count


def test_plot_golden_squats_match_csv_angles(
    command: Command, weights: object, shared_data: Path, tmp_path: Path
) -> None:
    clip = shared_data / "golden" / "pose_squats.mp4"  # three squats; it ends on the way up
    assert command("run", clip, "--out", "s.jsonl", "--out", "s.csv").code == 0
    assert command("plot", "s.jsonl", "--joints", "knee").out == "wrote s.png\n"

    recording = read_recording(tmp_path / "s.jsonl")
    figure = plot_recording(recording, joints=["knee"])
    (panel,) = (axes for axes in figure.axes if axes.get_title(loc="left") == "knee angle (°)")
    drawn = [line.get_ydata() for line in panel.lines]
    assert len(drawn) == 4  # pale and in full, left and right
    assert [repetitions(values) for values in drawn] == [3, 3, 3, 3]

    (person,) = recording.people.values()
    angles = joint_angles(person.world_landmarks_m, BLAZEPOSE33)
    with (tmp_path / "s.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(angles) == 65
    for place, name in enumerate(angle_keypoints(BLAZEPOSE33)):
        column = [float(row[f"{name}_deg"]) for row in rows]
        # The lines hold metres to five decimals, the table comes from all of them.
        assert column == pytest.approx(angles[:, place].tolist(), abs=0.05)
        if name.endswith("knee"):
            assert repetitions(column) == 3


def test_golden_labels_have_the_same_squats(shared_data: Path) -> None:
    """The clip's published landmarks, from another port of the model, bend as often."""
    labels = json.loads((shared_data / "golden" / "pose_squats_3d.full.json").read_text())
    points = np.array(labels)
    assert points.shape[1:] == (33, 3)
    angles = joint_angles(points, BLAZEPOSE33)
    assert repetitions(angles[:, 0]) == repetitions(angles[:, 1]) == 3
