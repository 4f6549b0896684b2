"""`blazetrack run`: outputs, summary, options, refused combinations."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from blazetrack.cli import progress as progress_bar
from blazetrack.sinks import open_sink
from blazetrack.types import Frame, Poses

CLIP = "golden/pose_squats.mp4"


def records(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def film_times(path: Path) -> list[float]:
    with av.open(str(path)) as film:
        return [picture.time for picture in film.decode(video=0)]


def test_run_golden_clip_into_every_output(
    command: Any, weights: object, shared_data: Path, tmp_path: Path
) -> None:
    outs = ("--out", "a.mp4", "--out", "a.jsonl", "--out", "a.csv", "--trace", "t.json")
    result = command("run", shared_data / CLIP, *outs, "--json")
    assert (result.code, result.err) == (0, [])
    report = result.json()
    assert (report["frames"], report["ids"], report["detector_runs"]) == (65, [1], 1)
    assert (report["time_faults"], report["skipped"], report["warnings"]) == (0, 0, [])
    assert (report["pck"], report["interrupted"], report["signal"]) == (None, False, None)

    lines = records(tmp_path / "a.jsonl")
    assert [line["frame"] for line in lines] == list(range(65))
    assert {person["id"] for line in lines for person in line["poses"]} == {1}
    with (tmp_path / "a.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["frame"]) for row in rows] == list(range(65))
    assert {row["id"] for row in rows} == {"1"}
    assert float(rows[3]["nose_x_px"]) == lines[3]["poses"][0]["landmarks_px"][0][0]
    times = [line["time_s"] for line in lines]
    np.testing.assert_allclose(film_times(tmp_path / "a.mp4"), times, atol=1e-4)

    trace = json.loads((tmp_path / "t.json").read_text(encoding="utf-8"))
    events = [event for event in trace["traceEvents"] if event["ph"] == "X"]
    assert all(event["ts"] >= 0 and event["dur"] >= 0 for event in events)
    nodes = {row["name"] for row in command("graph", "show", "pose", "--json").json()}
    assert {event["name"] for event in events} == nodes | {"read", "draw", "write", "close"}
    for node in nodes:
        frames = [event["args"]["frame"] for event in events if event["name"] == node]
        assert frames == list(range(65))


def test_run_json_line_has_documented_fields(command: Any, weights: object, tmp_path: Path) -> None:
    command("run", "synthetic?frames=2&size=640x480", "--out", "a.jsonl")
    for index, record in enumerate(records(tmp_path / "a.jsonl")):
        assert list(record) == ["frame", "time_s", "width", "height", "skeleton", "poses"]
        assert record["skeleton"] == "blazepose33"
        assert (record["frame"], record["width"], record["height"]) == (index, 640, 480)
        assert record["time_s"] == round(index / 30, 6)
        (pose,) = record["poses"]
        shapes = {key: np.shape(value) for key, value in pose.items()}
        assert shapes == {
            "id": (),
            "score": (),
            "landmarks_px": (33, 3),
            "visibility": (33,),
            "presence": (33,),
            "world_landmarks_m": (33, 3),
        }
        assert pose["id"] == 1
        assert 0.5 < pose["score"] <= 1


def test_run_without_people_is_no_error(command: Any, weights: object, tmp_path: Path) -> None:
    outs = ("--out", "a.mp4", "--out", "a.jsonl", "--out", "a.csv")
    report = command("run", "synthetic:empty?frames=3", *outs, "--json").json()
    assert (report["frames"], report["frames_with_people"], report["ids"]) == (3, 0, [])
    assert report["detector_runs"] == 3
    assert [record["poses"] for record in records(tmp_path / "a.jsonl")] == [[], [], []]
    assert len((tmp_path / "a.csv").read_text().splitlines()) == 4
    assert len(film_times(tmp_path / "a.mp4")) == 3


def test_run_prints_summary_and_written_files(command: Any, weights: object) -> None:
    result = command("run", "synthetic?frames=3", "--out", "a.jsonl", "--out", "a.csv")
    assert (result.code, result.err) == (0, [])
    for words in ("synthetic:exercises", "detector runs"):
        assert words in result.out
    assert "time per stage" not in result.out
    assert result.out.splitlines()[-2:] == ["wrote a.jsonl", "wrote a.csv"]


def test_run_without_output_names_options(command: Any, weights: object) -> None:
    result = command("run", "synthetic", "--max-frames", 1)
    assert result.err == [
        "nothing written: --out tracked.mp4 draws the poses, --out poses.csv writes them"
    ]


def test_run_follow_unseen_id_warns(command: Any, weights: object) -> None:
    result = command("run", "synthetic", "--max-frames", 2, "--follow", 7, "--json")
    assert (result.code, result.json()["frames_with_people"]) == (0, 0)
    (line,) = result.err
    assert line.startswith("warning: --follow 7: this person is in no frame")


def test_run_verbose_prints_time_per_stage(command: Any, weights: object) -> None:
    result = command("run", "synthetic?frames=3", "--verbose")
    assert "time per stage" in result.out
    assert "tracked_landmarks" in result.out


@pytest.mark.parametrize(
    ("source", "options", "words"),
    [
        ("clip.mp4", ("--size", "640x480"), "--size: applies to a camera or a drawn source only"),
        ("clip.mp4", ("--fps", 10), "--fps: applies to a camera, a drawn source or pictures"),
        ("grey.png", ("--retry", 3), "--retry: applies to a camera or a stream only"),
        ("synthetic?frames=1", ("--folder", "."), "--folder: applies to --view window only"),
        ("synthetic?frames=1", ("--tiles", 2), "no node has the option 'tiles'; graphs with it"),
        ("grey.png", ("--every", 2), "no node has the option 'every'; graphs with it: pose"),
    ],
)
def test_run_option_that_does_not_apply_is_refused(
    command: Any, tmp_path: Path, source: str, options: tuple[Any, ...], words: str
) -> None:
    cv2.imwrite(str(tmp_path / "grey.png"), np.full((48, 64), 128, np.uint8))
    with open_sink(tmp_path / "clip.mp4") as clip:
        clip.write(Frame(np.zeros((48, 64, 3), np.uint8)), Poses.empty())
    result = command("run", source, *options, "--model", "blaze_lite", "--out", "a.jsonl")
    assert (result.code, result.out, len(result.err)) == (2, "", 1)
    assert words in result.err[0]
    assert not (tmp_path / "a.jsonl").exists()


def test_run_drawn_source_reports_pck(command: Any, weights: object) -> None:
    run = ("run", "synthetic?frames=3")
    assert command(*run, "--json").json()["pck"] >= 0.95
    assert "PCK@0.2" in command(*run).out


def test_max_frames_ends_the_run(command: Any, weights: object) -> None:
    assert command("run", "synthetic", "--max-frames", 2, "--json").json()["frames"] == 2


def test_run_set_option_reaches_node(command: Any, weights: object) -> None:
    run = ("run", "synthetic?frames=2", "--json")
    assert command(*run).json()["ids"] == [1]
    report = command(*run, "--set", "min_tracking_score=1.0").json()
    assert (report["ids"], report["detector_runs"]) == ([], 2)


@pytest.mark.parametrize(
    ("choice", "hint"),
    [("largets", "did you mean 'largest'?"), ("0", "got '0'"), ("1,", "got '1,'")],
)
def test_run_follow_wrong_choice_is_one_line(
    command: Any, weights: object, tmp_path: Path, choice: str, hint: str
) -> None:
    result = command("run", "synthetic?frames=1", "--follow", choice, "--out", "a.jsonl")
    assert (result.code, result.out, len(result.err)) == (2, "", 1)
    assert "follow: expected an id, largest, center or x,y in pixels" in result.err[0]
    assert hint in result.err[0]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("option", "at_once"), [(("--follow", "largest"), 1), (("--people", 2), 2)]
)
def test_run_writes_only_people_with_id(
    command: Any, weights: object, tmp_path: Path, option: tuple[Any, ...], at_once: int
) -> None:
    clip = "synthetic:crossing?frames=12&size=640x360"
    result = command("run", clip, *option, "--out", "a.jsonl", "--out", "a.csv", "--json")
    assert (result.code, result.err) == (0, [])
    seen = [[one["id"] for one in line["poses"]] for line in records(tmp_path / "a.jsonl")]
    assert len(seen) == 12
    assert max(len(ids) for ids in seen) == at_once
    assert all(len(set(ids)) == len(ids) and min(ids, default=1) > 0 for ids in seen)
    assert result.json()["ids"] == sorted({one for ids in seen for one in ids})
    with (tmp_path / "a.csv").open(newline="", encoding="utf-8") as file:
        rows = [row["id"] for row in csv.DictReader(file) if row["id"]]
    assert [int(id) for id in rows] == [one for ids in seen for one in ids]


def test_run_pictures_use_pose_image(command: Any, weights: object, tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "grey.png"), np.full((48, 64), 128, np.uint8))
    nodes = {row["name"] for row in command("run", "grey.png", "--json").json()["nodes"]}
    shown = {row["name"] for row in command("graph", "show", "pose_image", "--json").json()}
    assert shown <= nodes


def test_run_broken_picture_in_folder_is_skipped(
    command: Any, weights: object, tmp_path: Path
) -> None:
    for name in ("1.png", "3.png"):
        cv2.imwrite(str(tmp_path / name), np.full((48, 64, 3), 128, np.uint8))
    (tmp_path / "2.png").write_bytes(b"no picture")
    result = command("run", ".", "--out", "a.jsonl")
    assert result.code == 0
    assert "unreadable" in result.out
    (line,) = result.err
    assert line.startswith("warning: ")
    assert "2.png" in line
    assert [record["frame"] for record in records(tmp_path / "a.jsonl")] == [0, 1]


def test_run_name_with_markup_is_printed(command: Any, weights: object, tmp_path: Path) -> None:
    (tmp_path / "a[").mkdir()
    picture = tmp_path / "a[" / "b].png"
    cv2.imwrite(str(picture), np.full((48, 64, 3), 128, np.uint8))
    result = command("run", "a[/b].png")
    assert result.code == 0
    assert str(Path("a[/b].png")) in result.out


@pytest.mark.parametrize("out", ["clip.jsonl", "./clip.jsonl", "link.jsonl"])
@pytest.mark.parametrize("option", ["--out", "--trace"])
def test_run_output_equal_to_source_is_refused(
    command: Any, tmp_path: Path, out: str, option: str
) -> None:
    (tmp_path / "clip.jsonl").write_text("precious")
    (tmp_path / "link.jsonl").hardlink_to(tmp_path / "clip.jsonl")
    result = command("run", "clip.jsonl", option, out)
    assert (result.code, len(result.err)) == (2, 1)
    assert "same file" in result.err[0]
    assert (tmp_path / "clip.jsonl").read_text() == "precious"


@pytest.mark.parametrize(
    "options",
    [
        ("--out", "a.jsonl", "--out", "a.jsonl"),
        ("--out", "a.jsonl", "--out", "./a.jsonl"),
        ("--out", "a.jsonl", "--trace", "a.jsonl"),
    ],
    ids=" ".join,
)
def test_run_equal_outputs_are_refused(
    command: Any, tmp_path: Path, options: tuple[str, ...]
) -> None:
    result = command("run", "synthetic?frames=1", *options)
    assert (result.code, len(result.err)) == (2, 1)
    assert "same file" in result.err[0]
    assert list(tmp_path.iterdir()) == []


def test_progress_terminal_shows_bar(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setattr(progress_bar.sys.stderr, "isatty", lambda: True)
    with progress_bar.progress(2, hidden=False) as on_frame:
        on_frame(Frame(np.zeros((4, 4, 3), np.uint8)), Poses.empty())
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "searching" in printed.err


def test_progress_hidden_shows_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(progress_bar.sys.stderr, "isatty", lambda: True)
    with progress_bar.progress(2, hidden=True) as on_frame:
        on_frame(Frame(np.zeros((4, 4, 3), np.uint8)), Poses.empty())
    assert capsys.readouterr() == ("", "")


def test_run_offline_address_is_refused(command: Any) -> None:
    result = command("run", "http://127.0.0.1:9/clip.mp4", "--offline", "--model", "blaze_lite")
    assert (result.code, result.err) == (
        2,
        ["blazetrack: http://…: is an address, which --offline does not allow"],
    )
