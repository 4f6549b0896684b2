"""Cases follow from their seed, kind and number."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.fuzz.bases import Bases
from benchmarks.fuzz.kinds import COMMANDS, make_case
from benchmarks.fuzz.live_page import make_messages


@pytest.fixture
def bases(tmp_path: Path) -> Bases:
    """Files that stand for the good inputs."""
    for name in ("film.mp4", "picture.jpg", "picture.png", "model_landmarks.tflite",
                 "model_detector.tflite"):  # fmt: skip
        (tmp_path / name).write_bytes(bytes(range(256)) * 20)
    for name in ("card_landmarks.yaml", "card_detector.yaml", "graph_pose.yaml"):
        (tmp_path / name).write_text("name: m\ninput_hw: [192, 192]\nkind: landmarks\n")
    (tmp_path / "recording.jsonl").write_text('{"frame": 0, "poses": []}\n' * 3)
    return Bases(tmp_path)


@pytest.mark.parametrize("kind", COMMANDS)
def test_make_case_same_number_gives_same_case(kind: str, bases: Bases) -> None:
    cases = [make_case(kind, 3, number, bases) for number in range(30)]
    assert cases == [make_case(kind, 3, number, bases) for number in range(30)]
    assert len({str(case) for case in cases}) > 20
    assert make_case(kind, 4, 0, bases) != cases[0]


def test_make_messages_same_number_gives_same_messages(bases: Bases) -> None:
    pytest.importorskip("uvicorn")
    cases = [make_messages(3, number, bases) for number in range(30)]
    assert cases == [make_messages(3, number, bases) for number in range(30)]
    assert len(set(map(str, cases))) > 20
