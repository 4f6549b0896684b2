"""The film, read back with the decoder."""

from __future__ import annotations

import errno
import io
import json
import os
import shutil
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from blazetrack.errors import SinkError
from blazetrack.sinks import video
from blazetrack.sinks.video import VideoSink, fit
from blazetrack.types import Frame, Poses

TIMES_S = [0.0, 0.05, 0.06, 0.2, 0.25, 0.5]


def frame(index: int, time_s: float, height: int = 48, width: int = 64) -> Frame:
    image = np.full((height, width, 3), (200, 30, 30), np.uint8)
    image[:, : width // 2] = (20, 40, 220)
    return Frame(image, index, time_s)


def film(path: Path, times_s: Sequence[float], height: int = 48, width: int = 64) -> VideoSink:
    with VideoSink(path) as sink:
        for index, time_s in enumerate(times_s):
            sink.write(frame(index, time_s, height, width), Poses.empty())
    return sink


def read(path: Path) -> tuple[list[float], list[np.ndarray], str, float]:
    """Times, pictures, codec and length in seconds."""
    with av.open(str(path)) as container:
        (stream,) = container.streams.video
        frames = list(container.decode(stream))
        pictures = [f.to_ndarray(format="rgb24") for f in frames]
        length = float(stream.duration * stream.time_base)
        times = [float(f.pts * f.time_base) for f in frames]
        return times, pictures, stream.codec_context.name, length


def test_video_sink_keeps_timestamps(tmp_path: Path) -> None:
    film(tmp_path / "a.mp4", TIMES_S)
    times, pictures, codec, length = read(tmp_path / "a.mp4")
    assert codec == "h264"
    assert times == pytest.approx(TIMES_S, abs=1e-4)
    assert 0.5 < length <= 0.75 + 1e-4  # the last frame stays no longer than the one before
    assert np.abs(pictures[3][24, 48].astype(int) - (200, 30, 30)).max() < 12
    assert np.abs(pictures[3][24, 16].astype(int) - (20, 40, 220)).max() < 12


def test_video_sink_starts_at_first_frame(tmp_path: Path) -> None:
    film(tmp_path / "a.mp4", [1000.5, 1000.6, 1000.7])
    assert read(tmp_path / "a.mp4")[0] == pytest.approx([0.0, 0.1, 0.2], abs=1e-4)


def test_video_sink_non_increasing_times_are_moved_and_counted(tmp_path: Path) -> None:
    sink = film(tmp_path / "a.mp4", [0.0, 0.1, 0.1, 0.05, 0.2, 0.3])
    times = read(tmp_path / "a.mp4")[0]
    assert times == pytest.approx([0.0, 0.1, 0.101, 0.102, 0.2, 0.3], abs=1e-4)
    assert "2 frames had a time that a video cannot hold" in sink.warnings[0]


@pytest.mark.parametrize("restart", [-1000.0, 1e9])
def test_video_sink_clock_jump_continues(tmp_path: Path, restart: float) -> None:
    sink = film(tmp_path / "a.mp4", [0.0, 0.1, restart, restart + 0.2])
    assert read(tmp_path / "a.mp4")[0] == pytest.approx([0.0, 0.1, 0.2, 0.4], abs=1e-4)
    assert "1 frames" in sink.warnings[0]


@pytest.mark.parametrize(
    ("height", "width", "coded"),
    [(1, 1, (16, 16)), (47, 63, (48, 64)), (10, 4000, (16, 4000)), (4000, 10, (4000, 16))],
)
def test_video_sink_odd_and_tiny_sizes_are_padded(
    tmp_path: Path, height: int, width: int, coded: tuple[int, int]
) -> None:
    film(tmp_path / "a.mp4", [0.0, 0.1], height, width)
    assert read(tmp_path / "a.mp4")[1][1].shape == (*coded, 3)


def test_video_sink_single_frame_is_playable(tmp_path: Path) -> None:
    film(tmp_path / "a.mp4", [0.0])
    times, _, _, length = read(tmp_path / "a.mp4")
    assert times == [0.0]
    assert length == pytest.approx(1 / 30, abs=1e-4)


def test_fit_other_size_keeps_aspect() -> None:
    tall = fit(np.full((40, 10, 3), 255, np.uint8), (80, 40))
    assert tall.shape == (40, 80, 3)
    assert (tall[:, 35:45] == 255).all()
    assert not tall[:, :35].any()
    assert not tall[:, 45:].any()


def boxes(data: bytes) -> list[str]:
    """The outermost boxes of an MP4."""
    names, place = [], 0
    while place < len(data):
        size, name = struct.unpack_from(">I4s", data, place)
        names.append(name.decode())
        place += size
    assert place == len(data)
    return names


@pytest.mark.skipif(
    av.library_versions["libavformat"] < (61, 7), reason="this libav leaves films in fragments"
)
def test_video_sink_finished_file_is_plain_mp4(tmp_path: Path) -> None:
    film(tmp_path / "a.mp4", [index / 10 for index in range(70)])
    assert boxes((tmp_path / "a.mp4").read_bytes()) == ["ftyp", "free", "mdat", "moov"]


def noise(count: int) -> Iterator[Frame]:
    """Frames that take some bytes, ten per second."""
    rng = np.random.default_rng(0)
    for index in range(count):
        yield Frame(rng.integers(0, 256, (48, 64, 3), np.uint8), index, index / 10)


def test_video_sink_unfinished_file_is_playable(tmp_path: Path) -> None:
    seen = []
    with VideoSink(tmp_path / "a.mp4") as sink:
        for one in noise(101):
            sink.write(one, Poses.empty())
            if sink.last_frame is not None and one.index % 10 == 0:
                copy = tmp_path / "copy.mp4"  # what a `kill -9` would leave
                copy.write_bytes((tmp_path / "a.mp4").read_bytes())
                times = read(copy)[0]
                assert times == pytest.approx([index / 10 for index in range(len(times))], abs=1e-4)
                assert len(times) == sink.last_frame + 1
                seen.append(len(times))
    assert sorted(set(seen)) == [20, 40, 60, 80]
    assert sink.last_frame == 100


@pytest.mark.parametrize("room", [20, 700, 80_000, 100_000, -1000, -20, -1, 0])
def test_video_sink_full_disk_keeps_fragments(
    tmp_path: Path, room: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with VideoSink(tmp_path / "whole.mp4") as sink:
        for one in noise(70):
            sink.write(one, Poses.empty())
    whole = (tmp_path / "whole.mp4").stat().st_size
    assert whole > 100_000
    fill(monkeypatch, room if room > 0 else whole + room)

    def run() -> None:
        with sink:
            for one in noise(70):
                sink.write(one, Poses.empty())

    sink = VideoSink(tmp_path / "a.mp4")
    if room == 0:
        run()
        assert sink.last_frame == 69
    else:
        with pytest.raises(SinkError, match=r"a\.mp4: cannot be \w+ \(no space left on device\)"):
            run()
    if sink.last_frame is None:
        assert not (tmp_path / "a.mp4").exists()
        assert 0 < room < 1000
    else:
        assert len(read(tmp_path / "a.mp4")[0]) == sink.last_frame + 1
        assert (sink.last_frame + 1) % 20 == 0 or room == 0


def fill(monkeypatch: pytest.MonkeyPatch, room: int) -> None:
    """A disk on which the film has so many bytes."""

    class Disk(io.FileIO):
        def write(self, data: Any) -> int:
            left = room - self.tell()
            if left <= 0:
                raise OSError(errno.ENOSPC, "No space left on device")
            return super().write(data[:left])

    monkeypatch.setattr(video, "open_output", lambda path, buffering: Disk(path, "wb"))


def test_video_sink_pipe_gets_fragments(tmp_path: Path) -> None:
    if not hasattr(os, "mkfifo"):
        pytest.skip("this system has no named pipes")
    os.mkfifo(tmp_path / "a.mp4")
    data: list[bytes] = []
    reader = threading.Thread(target=lambda: data.append((tmp_path / "a.mp4").read_bytes()))
    reader.start()
    film(tmp_path / "a.mp4", TIMES_S)
    reader.join()
    (tmp_path / "b.mp4").write_bytes(data[0])
    assert read(tmp_path / "b.mp4")[0] == pytest.approx(TIMES_S, abs=1e-4)


@pytest.mark.skipif(shutil.which("ffprobe") is None, reason="needs ffprobe")
def test_video_sink_opencv_reads_same_times(tmp_path: Path) -> None:
    steps = np.random.default_rng(3).uniform(0.004, 0.4, 60)  # a camera at 2.5 to 250 per second
    times_s = np.concatenate([[0.0], np.cumsum(steps)])
    film(tmp_path / "a.mp4", times_s.tolist())
    call = ["ffprobe", "-v", "error", "-of", "json", "-show_entries"]
    call += ["frame=pts_time,best_effort_timestamp_time:stream=duration:format=duration"]
    done = subprocess.run([*call, tmp_path / "a.mp4"], capture_output=True, check=True)
    probe = json.loads(done.stdout)
    seen = [float(one["best_effort_timestamp_time"]) for one in probe["frames"]]
    assert seen == pytest.approx(times_s.tolist(), abs=1e-3)
    length = times_s[-1] + steps[-1]  # the last frame stays as long as the one before
    if av.__version__ != "12.0.0":  # which cannot set the duration of a frame
        assert float(probe["streams"][0]["duration"]) == pytest.approx(length, abs=1e-3)
        assert float(probe["format"]["duration"]) == pytest.approx(length, abs=1e-3)


def test_video_sink_writes_drawn_picture(tmp_path: Path) -> None:
    drawn = np.full((48, 64, 3), 250, np.uint8)
    with VideoSink(tmp_path / "a.mp4") as sink:
        sink.write(frame(0, 0.0), Poses.empty(), drawn)
    assert read(tmp_path / "a.mp4")[1][0].mean() > 240


def test_video_sink_interrupted_run_is_complete(tmp_path: Path) -> None:
    def run() -> None:
        with VideoSink(tmp_path / "a.mp4") as sink:
            for index in range(20):
                sink.write(frame(index, index / 30), Poses.empty())
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run()
    assert len(read(tmp_path / "a.mp4")[0]) == 20


def test_video_sink_interrupt_before_first_frame_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(sink: VideoSink, time_s: float) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(VideoSink, "_tick", interrupt)
    with pytest.raises(KeyboardInterrupt):
        film(tmp_path / "a.mp4", TIMES_S)
    assert list(tmp_path.iterdir()) == []


def test_video_sink_open_fails_keeps_existing_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object, **options: object) -> None:
        raise OSError(13, "Permission denied")

    (tmp_path / "a.mp4").write_text("another video")
    monkeypatch.setattr(video, "open_output", refuse)
    with pytest.raises(SinkError, match="permission denied"):
        film(tmp_path / "a.mp4", TIMES_S)
    assert (tmp_path / "a.mp4").read_text() == "another video"


@pytest.mark.parametrize("size", [(2, 16_386), (16_386, 2)])
def test_video_sink_too_large_picture_is_refused_with_help(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    sink = VideoSink(tmp_path / "a.mp4")
    with sink, pytest.raises(SinkError, match=r"up to 16,384 pixels a side, got .*FOLDER"):
        sink.write(frame(0, 0.0, *size), Poses.empty())
    assert list(tmp_path.iterdir()) == []


def test_video_sink_encoder_refuses_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(video, "_MAX_SIDE", 100_000)
    sink = VideoSink(tmp_path / "a.mp4")
    with sink, pytest.raises(SinkError, match=r"^[^\n]*a\.mp4: cannot be written \([^\n]*\)$"):
        sink.write(frame(0, 0.0, 2, 70_000), Poses.empty())
    assert list(tmp_path.iterdir()) == []


def test_video_sink_without_h264_warns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(video, "_ENCODERS", ("not-built-in",))
    sink = film(tmp_path / "a.mp4", TIMES_S)
    assert "no H.264 encoder" in sink.warnings[0]
    times, _, codec, _ = read(tmp_path / "a.mp4")
    assert codec == "mpeg4"
    assert times == pytest.approx(TIMES_S, abs=1e-4)


DRAWN = """
import sys
from blazetrack.sinks.video import VideoSink
from blazetrack.sources import open_source
from blazetrack.types import Poses

source = open_source("synthetic?scene=leaves&frames=40&size=320x240")
with source, VideoSink(sys.argv[1]) as sink:
    for frame in source:
        sink.write(frame, Poses.empty())
"""


def test_video_sink_output_is_deterministic(tmp_path: Path) -> None:
    films = []
    for fill in ("0", "1", "85"):  # glibc fills what it gives out; other systems ignore this
        path = tmp_path / f"{fill}.mp4"
        environment = {**os.environ, "MALLOC_PERTURB_": fill}
        subprocess.run([sys.executable, "-c", DRAWN, path], env=environment, check=True)
        films.append(path.read_bytes())
    assert films[1] == films[0]
    assert films[2] == films[0]
