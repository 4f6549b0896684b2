"""The programs of `examples/` without an outlet, each run as a user would run it."""

from __future__ import annotations

import re
import runpy
import sys
from pathlib import Path

import pytest

from blazetrack import Poses, open_sink, open_source
from blazetrack.store import Store

EXAMPLES = Path(__file__).parents[2] / "examples"
DRAWN = "synthetic?frames=4&size=320x240"
# Program → arguments, and a pattern that its output must have.
RUNS = {
    "camera": ([DRAWN], r"frame 3: person 1, \d+ frames/s"),
    "draw_film": (["clips/clip.mp4", "drawn.mp4"], "wrote drawn.mp4"),
    "draw_picture": (["picture.png", "drawn.png"], r"person 1: score \d\.\d+, nose at \d+, \d+ px"),
    "knee_angles": ([DRAWN], r"(?s)time_s +id +left +right.*mean"),
    "squat_counter": (["synthetic:squats?frames=90&size=320x240"], "[1-9] squats"),
    "posture_alarm": ([DRAWN], "end of the source"),
    "several_people": (
        ["synthetic:crowd?people=2&frames=4"],
        r"person 1: 0\.0 to 0\.1 s, \d+ px\nperson 2",
    ),
    "blur_background": (["clips/clip.mp4", "blurred.mp4"], "wrote blurred.mp4"),
    "own_output": ([DRAWN], r"0\.10 s: person 1, #+\n4 frames"),
    "many_files": (["clips/", "poses"], "1 done, 0 before, 0 failed"),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a clip and a picture of a drawn person."""
    path = tmp_path_factory.mktemp("examples")
    (path / "clips").mkdir()
    with (
        open_source(DRAWN) as source,
        open_sink(path / "clips" / "clip.mp4") as clip,
        open_sink(path / "picture.png") as picture,
    ):
        for frame in source:
            clip.write(frame, Poses.empty(), frame.image)
            if not frame.index:
                picture.write(frame, Poses.empty(), frame.image)
    return path


@pytest.mark.parametrize("name", RUNS)
def test_example_runs(
    weights: Store,
    folder: Path,
    name: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if name == "knee_angles":
        pytest.importorskip("pandas")
    arguments, expected = RUNS[name]
    program = EXAMPLES / f"{name}.py"
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "argv", [str(program), *arguments])
    runpy.run_path(str(program), run_name="__main__")
    assert re.search(expected, capsys.readouterr().out)


def test_page_of_examples_shows_the_call_of_each_program() -> None:
    page = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    assert [name for name in RUNS if f"`python examples/{name}.py " not in page] == []
