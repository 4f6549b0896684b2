"""The sound of a tracked film: the same packets at the same time beside the pictures."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from blazetrack import Poses, open_sink, open_source

RATE = 48_000
SECONDS = 7  # several fragments


def make_film(path: Path, codec: str, *, late_s: float = 0.0, sound_s: float = SECONDS) -> None:
    """A film of grey pictures and noise; its pictures begin `late_s` after its sound."""
    noise = np.random.default_rng(0).normal(0, 0.1, (1, int(sound_s * RATE))).astype(np.float32)
    with av.open(str(path), "w") as film:
        video: Any = film.add_stream("libx264", rate=30)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        sound: Any = film.add_stream(codec, rate=RATE, layout="mono")
        for index in range(30 * SECONDS):
            image = np.full((48, 64, 3), index % 200, np.uint8)
            frame: Any = av.VideoFrame.from_ndarray(image, format="rgb24")
            frame.pts = round((index / 30 + late_s) * 30)
            frame.time_base = Fraction(1, 30)
            film.mux(video.encode(frame))
        film.mux(video.encode(None))
        for start in range(0, noise.shape[1], 1024):
            part = noise[:, start : start + 1024]
            audio: Any = av.AudioFrame.from_ndarray(part, format="fltp", layout="mono")
            audio.sample_rate, audio.pts, audio.time_base = RATE, start, Fraction(1, RATE)
            film.mux(sound.encode(audio))
        film.mux(sound.encode(None))


def packets(path: Path) -> dict[bytes, float]:
    """Content of each sound packet → its time after the first picture."""
    with av.open(str(path)) as film:
        first = next(film.decode(video=0))
        origin = first.pts * first.time_base
    with av.open(str(path)) as film:
        found = [one for one in film.demux(audio=0) if one.pts is not None]
        return {bytes(one): float(one.pts * one.time_base - origin) for one in found}


def track(source: Path, out: Path, **options: Any) -> list[str]:
    with open_source(source, **options) as frames, open_sink(out) as sink:
        for frame in frames:
            sink.write(frame, Poses.empty())
    return sink.warnings


@pytest.mark.parametrize("late_s", [0.0, 0.5])
@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.mov"])
def test_video_sink_copies_sound_in_sync(tmp_path: Path, name: str, late_s: float) -> None:
    make_film(tmp_path / name, "aac", late_s=late_s)
    assert track(tmp_path / name, tmp_path / "out.mp4") == []
    before, after = packets(tmp_path / name), packets(tmp_path / "out.mp4")
    expected = {data: time_s for data, time_s in before.items() if time_s >= 0}
    assert len(after) >= len(expected) - 2
    for data, time_s in after.items():
        assert time_s == pytest.approx(before[data], abs=1.5e-3)  # Matroska counts milliseconds


def test_video_sink_part_has_sound_of_that_part(tmp_path: Path) -> None:
    make_film(tmp_path / "a.mp4", "aac")
    track(tmp_path / "a.mp4", tmp_path / "out.mp4", start_s=1.5, end_s=4.0)
    before, after = packets(tmp_path / "a.mp4"), packets(tmp_path / "out.mp4")
    shifts = [before[data] - time_s for data, time_s in after.items()]
    assert shifts == pytest.approx([1.5] * len(shifts), abs=1e-4)
    assert 2.4 < max(after.values()) - min(after.values()) < 2.55


@pytest.mark.parametrize("sound_s", [0.5, 3.0])
def test_video_sink_sound_that_ends_early_keeps_all_frames(tmp_path: Path, sound_s: float) -> None:
    make_film(tmp_path / "a.mp4", "aac", sound_s=sound_s)
    track(tmp_path / "a.mp4", tmp_path / "out.mp4")
    with av.open(str(tmp_path / "out.mp4")) as film:
        times = [frame.time for frame in film.decode(video=0)]
    assert times == pytest.approx([i / 30 for i in range(30 * SECONDS)], abs=1e-4)


def test_video_sink_with_sound_cut_in_the_middle_plays(tmp_path: Path) -> None:
    make_film(tmp_path / "a.mp4", "aac")
    sink = open_sink(tmp_path / "out.mp4")
    for frame in open_source(tmp_path / "a.mp4"):
        sink.write(frame, Poses.empty())
    assert sink.last_frame is not None
    assert 30 < sink.last_frame < 30 * SECONDS - 1
    size = sink._whole  # type: ignore[attr-defined]  # what a full disk would leave
    (tmp_path / "cut.mp4").write_bytes((tmp_path / "out.mp4").read_bytes()[:size])
    sink.close()
    with av.open(str(tmp_path / "cut.mp4")) as film:
        assert sum(1 for _ in film.decode(video=0)) == sink_frames(tmp_path / "cut.mp4")
    assert sink_frames(tmp_path / "cut.mp4") >= 60
    assert packets(tmp_path / "cut.mp4")


def sink_frames(path: Path) -> int:
    with av.open(str(path)) as film:
        return sum(1 for packet in film.demux(video=0) if packet.size)


def test_video_sink_sound_that_mp4_cannot_hold_is_named(tmp_path: Path) -> None:
    make_film(tmp_path / "a.mkv", "pcm_f32le")
    (line,) = track(tmp_path / "a.mkv", tmp_path / "out.mp4")
    assert "(pcm_f32le) cannot be copied into an MP4; left out" in line
    with av.open(str(tmp_path / "out.mp4")) as film:
        assert not film.streams.audio
        assert sum(1 for _ in film.decode(video=0)) == 30 * SECONDS


def test_video_sink_film_without_sound_has_none(tmp_path: Path) -> None:
    track_source = tmp_path / "a.mp4"
    with open_source("synthetic?frames=4&size=64x64") as frames, open_sink(track_source) as sink:
        for frame in frames:
            sink.write(frame, Poses.empty())
    assert track(track_source, tmp_path / "out.mp4") == []
    with av.open(str(tmp_path / "out.mp4")) as film:
        assert not film.streams.audio
