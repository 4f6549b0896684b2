"""The source `synthetic`: iteration, options as text, bad input."""

from __future__ import annotations

import pytest

from blazetrack.errors import InputError, SourceError
from blazetrack.sources import open_source
from blazetrack.sources.synthetic import SyntheticSource


def test_source_iteration_gives_all_frames_twice() -> None:
    with SyntheticSource(frames=7, size=(160, 120), fps=25.0) as source:
        for _ in range(2):
            frames = list(source)
            assert [frame.index for frame in frames] == list(range(7))
            assert [frame.time_s for frame in frames] == [index / 25.0 for index in range(7)]
        assert source.info.frames == 7
        assert source.info.kind == "synthetic"


@pytest.mark.parametrize(
    ("text", "name", "size", "fps", "frames"),
    [
        ("synthetic", "synthetic:exercises", (640, 480), 30.0, 300),
        ("synthetic:squats", "synthetic:squats", (640, 480), 30.0, 300),
        ("synthetic:wave?frames=5", "synthetic:wave", (640, 480), 30.0, 5),
        (
            "synthetic?frames=9&size=1280x720&seed=1&scene=leaves&fps=25",
            *("synthetic:leaves", (1280, 720), 25.0, 9),
        ),
    ],
)
def test_open_source_sets_options(
    text: str, name: str, size: tuple[int, int], fps: float, frames: int
) -> None:
    info = open_source(text).info
    got = (info.name, (info.width, info.height), info.fps, info.frames)
    assert got == (name, size, fps, frames)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("synthetic:squat", "did you mean 'squats'"),
        ("synthetic:", "no scene ''"),
        ("synthetic?scene=waev", "did you mean 'wave'"),
        ("synthetic?frame=3", "did you mean 'frames'"),
        ("synthetic:wave?scene=squats", "given twice"),
        ("synthetic?frames=ten", "expected a whole number, got 'ten'"),
        ("synthetic?frames=0", "frames: expected 1 or more, got 0"),
        ("synthetic?size=640", "expected WIDTHxHEIGHT"),
        ("synthetic?size=1x1", "sides of 64 to 4096"),
        ("synthetic?fps=nan", r"fps: expected 0\.1"),
        ("synthetic?seed=-1", "seed: expected 0 or more"),
    ],
)
def test_open_source_with_a_wrong_option_is_refused(text: str, message: str) -> None:
    with pytest.raises(SourceError, match=message) as caught:
        open_source(text)
    assert "\n" not in str(caught.value)


def test_frame_outside_the_clip_is_refused() -> None:
    source = SyntheticSource(frames=3)
    for index in (-1, 3):
        with pytest.raises(InputError, match="expected a frame of 0 to 2"):
            source.frame(index)
