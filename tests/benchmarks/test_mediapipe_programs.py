"""Programs for MediaPipe with a film in place of the camera."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.mediapipe_programs import ProgramRun, run_program
from blazetrack import Poses, open_sink, open_source
from blazetrack.store import Store

HEAD = "import cv2\nimport mediapipe as mp\npose = mp.solutions.pose.Pose()\n"
LOOP = """
cap = cv2.VideoCapture(0)
while True:
    pose.process(cv2.cvtColor(cap.read()[1], cv2.COLOR_BGR2RGB))
    cv2.imshow("camera", cap.read()[1])
"""


@pytest.fixture
def film(tmp_path: Path) -> Path:
    with open_source("synthetic?frames=3") as source, open_sink(str(tmp_path / "a.mp4")) as sink:
        for frame in source:
            sink.write(frame, Poses.empty(), frame.image)
    return tmp_path / "a.mp4"


def run(text: str, film: Path) -> ProgramRun:
    program = film.with_name("program.py")
    program.write_text(text, encoding="utf-8")
    return run_program(program, film, film.with_name("absent.jpg"), 2)


def test_run_program_presses_a_key_after_some_frames(weights: Store, film: Path) -> None:
    ended = run(HEAD + LOOP + "    if cv2.waitKey(1) & 0xFF == 27:\n        break\n", film)
    assert (ended.code, ended.images, ended.people, ended.shown) == (0, 4, 4, 4)
    assert ended.passed


def test_run_program_ends_one_that_reads_no_key_by_ctrl_c(weights: Store, film: Path) -> None:
    ended = run(HEAD + LOOP + "    cv2.waitKey(1)\n", film)
    assert ended.code == 130
    assert ended.passed


def test_run_program_that_fails_has_its_error(weights: Store, film: Path) -> None:
    ended = run(HEAD + "mp.solutions.hands\n", film)
    assert ended.code == 2
    assert "solutions.hands is not in blazetrack" in ended.error
    assert not ended.passed
