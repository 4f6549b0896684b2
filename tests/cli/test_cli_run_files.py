"""`blazetrack run` on several files and patterns, into pictures, folders and stdout."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import av
import cv2
import numpy as np
import pytest

from blazetrack import Poses, open_sink, open_source
from blazetrack.mask_rle import decode_mask

LITE = ("--model", "blaze_lite", "--offline")

Draw: TypeAlias = Callable[..., None]


@pytest.fixture
def draw(tmp_path: Path) -> Draw:
    """Write the n-th frame of a drawn person as picture files, or all frames as a film."""

    def write(*names: str, frames: int = 12, seed: int = 0) -> None:
        with open_source(f"synthetic?frames={frames}&size=320x240&seed={seed}") as source:
            drawn = list(source)
        for index, name in enumerate(names):
            path = tmp_path / name
            path.parent.mkdir(exist_ok=True)
            if path.suffix == ".mp4":
                with open_sink(path) as sink:
                    for frame in drawn:
                        sink.write(frame, Poses.empty(), frame.image)
            else:
                cv2.imwrite(str(path), drawn[index].image[..., ::-1])

    return write


def records(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_run_picture_into_picture(command: Any, draw: Draw, tmp_path: Path) -> None:
    draw("ski.png")
    result = command("run", "ski.png", "--out", "ski_out.jpg", *LITE)
    assert (result.code, result.err) == (0, [])
    assert result.out.splitlines()[-1] == "wrote ski_out.jpg"
    before, after = cv2.imread("ski.png"), cv2.imread("ski_out.jpg")
    assert before.shape == after.shape
    assert np.abs(before.astype(int) - after).max() > 100  # the skeleton


@pytest.mark.parametrize("given", [("p/1.png", "p/2.png", "p/10.png"), ("p/*.png",), ("p",)])
def test_run_several_pictures_into_folder(
    command: Any, draw: Draw, tmp_path: Path, given: tuple[str, ...]
) -> None:
    draw("p/1.png", "p/2.png", "p/10.png")
    outs = ("--out", "drawn/", "--out", "a.jsonl", "--out", "a.csv")
    result = command("run", *given, *outs, *LITE, "--json")
    assert (result.code, result.err) == (0, [])
    assert result.json()["frames"] == 3
    assert names_in(tmp_path / "drawn") == ["1.png", "10.png", "2.png"]
    lines = records(tmp_path / "a.jsonl")
    assert [Path(line["file"]).name for line in lines] == ["1.png", "2.png", "10.png"]
    assert [[one["id"] for one in line["poses"]] for line in lines] == [[1]] * 3
    with (tmp_path / "a.csv").open(newline="", encoding="utf-8") as file:
        assert [Path(row["file"]).name for row in csv.DictReader(file)] == [
            "1.png", "2.png", "10.png",
        ]  # fmt: skip


def test_run_several_films_equals_each_alone(command: Any, draw: Draw, tmp_path: Path) -> None:
    draw("a.mp4", seed=1)
    draw("b.mp4", seed=2)
    assert command("run", "*.mp4", "--out", "out/", "--out", "both.jsonl", *LITE).code == 0
    both = records(tmp_path / "both.jsonl")
    assert [line["frame"] for line in both] == list(range(24))
    alone = []
    for name in ("a", "b"):
        command("run", f"{name}.mp4", "--out", f"{name}.jsonl", *LITE)
        alone += records(tmp_path / f"{name}.jsonl")
        with av.open(str(tmp_path / "out" / f"{name}.mp4")) as film:
            assert sum(1 for _ in film.decode(video=0)) == 12
    for line, other in zip(both, alone, strict=True):
        assert {**line, "frame": 0} == {**other, "frame": 0}


def test_run_stdout_gets_json_lines_only(draw: Draw, tmp_path: Path) -> None:
    draw("1.png", "2.png")
    call = [sys.executable, "-m", "blazetrack", "run", "*.png", "--out", "-", *LITE]
    done = subprocess.run(call, cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert [json.loads(line)["file"] for line in done.stdout.splitlines()] == ["1.png", "2.png"]


def test_run_stdout_whose_reader_ends_is_no_error(draw: Draw, tmp_path: Path) -> None:
    call = [sys.executable, "-m", "blazetrack", "run", "synthetic?frames=200", "--out", "-", *LITE]
    with subprocess.Popen(
        call, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as run:
        assert run.stdout is not None
        assert run.stderr is not None
        assert json.loads(run.stdout.readline())["frame"] == 0
        run.stdout.close()
        assert run.stderr.read() == ""
    assert run.returncode == 0


def test_run_start_and_end_keep_film_times(command: Any, draw: Draw, tmp_path: Path) -> None:
    draw("a.mp4", frames=30)
    span = ("--start", "0:00.2", "--end", "0.5")
    assert command("run", "a.mp4", *span, "--out", "a.jsonl", *LITE).code == 0
    lines = records(tmp_path / "a.jsonl")
    assert [line["frame"] for line in lines] == list(range(6, 15))
    assert lines[0]["time_s"] == pytest.approx(0.2, abs=1e-4)


def test_run_masks_are_written(command: Any, draw: Draw, weights: object, tmp_path: Path) -> None:
    draw("a.png")
    outs = ("--out", "out/", "--out", "a.jsonl")
    result = command("run", "a.png", "--masks", *outs)
    assert result.code == 0
    assert names_in(tmp_path / "out") == ["a.mask.png", "a.png"]
    labels = cv2.imread(str(tmp_path / "out" / "a.mask.png"), cv2.IMREAD_UNCHANGED)
    (line,) = records(tmp_path / "a.jsonl")
    (person,) = line["poses"]
    mask = decode_mask(person["mask"])
    assert mask.shape == (240, 320)
    assert 0.01 < mask.mean() < 0.5
    assert ((labels == person["id"]) == mask).all()


@pytest.mark.parametrize(
    "option", [("--min-detection", 0.999), ("--min-tracking", 1), ("--smoothing", "off")]
)
def test_run_plain_option_reaches_the_graph(
    command: Any, draw: Draw, tmp_path: Path, option: tuple[Any, ...]
) -> None:
    draw("a.mp4")
    for name, given in (("with.jsonl", option), ("without.jsonl", ())):
        assert command("run", "a.mp4", "--out", name, *given, *LITE).code == 0
    found = [[line["poses"] for line in records(tmp_path / name)]
             for name in ("with.jsonl", "without.jsonl")]  # fmt: skip
    assert found[0] != found[1]


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("p/*.jpg",), "no file fits this pattern"),
        (
            ("a.mp4", "b.mp4", "--out", "x.mp4"),
            "holds one film, got several sources",
        ),
        (("p", "--out", "x.png"), "holds one picture"),
        (("a.mp4", "--out", "x.jpg"), "holds one picture"),
        (("p", "--out", "x.trc"), "holds the movement of one clip, got pictures"),
        (("a.mp4", "b.mp4", "--out", "x.bvh"), "write a table: --out x.csv"),
        (("a.mp4", "--angle", "a=nose,left_hip", "--out", "x.mp4"), "--angle: needs an --out"),
        (("a.mp4", "--angle", "a=nose", "--out", "x.csv"), "angle: expected NAME=A,B,C"),
        (("a.mp4", "--angle", "a=nose,hip", "--out", "x.mot"), "no keypoint 'hip'"),
        (("p", "--out", "p/"), "is the same file as the source p"),
        (("p/1.png", "p/2.png", "--out", "p/"), "is the folder of p/1.png"),
        (("p", "--start", "1"), "pictures have no time"),
        (("a.mp4", "--start", "x"), "--start: expected seconds, MM:SS or HH:MM:SS, got 'x'"),
        (("a.mp4", "--start", "2", "--end", "1"), "expected 0 <= start < end"),
        (("a.mp4", "--start", "9"), "no frame from 9 s on; it ends at 0.37 s"),
        (("p/1.png", "--out", "-", "--json"), "both go to stdout"),
        (("a.mp4", "--smoothing", "strnog"), "did you mean 'strong'?"),
        (("a.mp4", "--min-detection", "1.1"), "--min-detection"),
    ],
)
def test_run_what_does_not_fit_is_refused(
    command: Any, draw: Draw, tmp_path: Path, args: tuple[str, ...], words: str
) -> None:
    draw("a.mp4", "b.mp4", "p/1.png", "p/2.png")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.*")}
    result = command("run", *args, *LITE)
    assert (result.code, result.out, len(result.err)) == (2, "", 1)
    assert words in result.err[0]
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.*")} == before
