"""Video files: times, rotation, and what can be wrong with them."""

from __future__ import annotations

import gc
import struct
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from blazetrack.errors import SourceError
from blazetrack.sources.upright import rotate_upright
from blazetrack.sources.video import VideoSource

TIMES_S = [0.0, 0.05, 0.06, 0.2, 0.25, 0.5]
WIDTH, HEIGHT = 64, 48


def corner_picture() -> np.ndarray:
    """Black, with a red upper left quarter."""
    image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    image[: HEIGHT // 2, : WIDTH // 2] = (255, 0, 0)
    return image


def make_video(
    path: Path,
    times_s: Sequence[float] = TIMES_S,
    *,
    seed: int | None = None,
    ahead: bool = False,
    aspect: Fraction | None = None,
) -> Path:
    """A small H.264 file.

    `seed` fills it with noise, `ahead` puts its index in front, `aspect` is that of its pixels.
    """
    with av.open(str(path), "w", options={"movflags": "+faststart"} if ahead else {}) as container:
        stream = container.add_stream("libx264", rate=30)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 90_000)
        if aspect is not None:
            stream.codec_context.sample_aspect_ratio = aspect
        stream.options = {"preset": "ultrafast", "g": "1"}
        rng = np.random.default_rng(seed)
        for time_s in times_s:
            noise = rng.integers(0, 255, (HEIGHT, WIDTH, 3)).astype(np.uint8)
            image = corner_picture() if seed is None else noise
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            frame.pts, frame.time_base = round(time_s * 90_000), Fraction(1, 90_000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def test_video_times_are_of_the_file(tmp_path: Path) -> None:
    source = VideoSource(make_video(tmp_path / "uneven.mp4"))
    assert source.info.kind == "video"
    assert (source.info.width, source.info.height, source.info.frames) == (WIDTH, HEIGHT, 6)
    for _ in range(2):  # iterating again starts over
        frames = list(source)
        assert [frame.index for frame in frames] == list(range(6))
        assert [frame.time_s for frame in frames] == pytest.approx(TIMES_S, abs=1e-4)
    assert source.warnings == []


def test_time_starts_at_zero(tmp_path: Path) -> None:
    path = make_video(tmp_path / "late.ts", [5.0, 5.1, 5.3])
    times = [frame.time_s for frame in VideoSource(path)]
    assert times == pytest.approx([0.0, 0.1, 0.3], abs=1e-4)


def test_video_without_timestamps_uses_rate(tmp_path: Path) -> None:
    path = tmp_path / "raw.h264"
    with av.open(str(make_video(tmp_path / "a.mp4"))) as container:
        (video,) = container.streams.video
        start = video.codec_context.extradata  # avcC: one SPS, one PPS
        sps = struct.unpack(">H", start[6:8])[0]
        pps = struct.unpack(">H", start[9 + sps : 11 + sps])[0]
        stream = b"\0\0\0\1" + start[8 : 8 + sps] + b"\0\0\0\1" + start[11 + sps : 11 + sps + pps]
        for packet in container.demux(video):
            data, at = bytes(packet), 0
            while at < len(data):
                size = struct.unpack(">I", data[at : at + 4])[0]
                stream += b"\0\0\0\1" + data[at + 4 : at + 4 + size]
                at += 4 + size
    path.write_bytes(stream)
    times = [frame.time_s for frame in VideoSource(path)]
    assert len(times) == 6
    assert times[0] == 0.0
    assert np.ptp(np.diff(times)) < 1e-9


def test_frames_are_contiguous_rgb(tmp_path: Path) -> None:
    frame = next(iter(VideoSource(make_video(tmp_path / "a.mp4"))))
    assert frame.image.flags.c_contiguous
    assert np.abs(frame.image[10, 10].astype(int) - (255, 0, 0)).max() < 8
    assert frame.image[10, 50].max() < 8


@pytest.mark.parametrize(
    ("degrees", "corner"), [(0, (0, 0)), (90, (0, 1)), (180, (1, 1)), (270, (1, 0))]
)
def test_video_rotation_is_applied(tmp_path: Path, degrees: int, corner: tuple[int, int]) -> None:
    """Turned clockwise, the red quarter goes round the corners (row, column)."""
    path = make_video(tmp_path / "turned.mp4")
    data = bytearray(path.read_bytes())
    cos, sin = round(np.cos(np.radians(degrees))), round(np.sin(np.radians(degrees)))
    matrix = (cos << 16, sin << 16, 0, -sin << 16, cos << 16, 0, 0, 0, 1 << 30)
    at = data.index(b"tkhd") + 44  # the track header's matrix
    data[at : at + 36] = struct.pack(">9i", *matrix)
    path.write_bytes(data)
    source = VideoSource(path)
    frame = next(iter(source))
    height, width = (HEIGHT, WIDTH) if degrees % 180 == 0 else (WIDTH, HEIGHT)
    assert (source.info.height, source.info.width) == (height, width)
    assert frame.image.flags.c_contiguous
    red = frame.image[..., 0] > 128
    quarters = red.reshape(2, height // 2, 2, width // 2).mean(axis=(1, 3))
    expected = np.zeros((2, 2))
    expected[corner] = 1.0
    np.testing.assert_allclose(quarters, expected, atol=0.1)


def test_rotate_upright_mirrored_is_flipped() -> None:
    image = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)
    matrix = struct.pack("=9i", -1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)
    assert (rotate_upright(image, matrix) == image[:, ::-1]).all()


def test_video_truncated_gives_frames_and_warning(tmp_path: Path) -> None:
    path = make_video(tmp_path / "cut.mp4", np.arange(20) / 30, seed=1, ahead=True)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    source = VideoSource(path)
    count = sum(1 for _ in source)
    assert 0 < count < 20
    assert f"{count} of 20 frames could be read" in source.warnings[-1]


def test_damaged_packets_are_skipped(tmp_path: Path) -> None:
    path = make_video(tmp_path / "damaged.mp4", np.arange(20) / 30, seed=1, ahead=True)
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 9000] = b"\xff" * 9000
    path.write_bytes(data)
    source = VideoSource(path)
    assert sum(1 for _ in source) > 5
    assert source.warnings


@pytest.mark.parametrize(
    ("name", "data"),
    [("zero.mp4", b""), ("text.mp4", b"hello\n" * 50), ("text.xyz", b"hello\n" * 50)],
)
def test_video_other_file_is_one_line(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], name: str, data: bytes
) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(SourceError, match="cannot be opened") as caught:
        VideoSource(path)
    assert "\n" not in str(caught.value)
    assert capfd.readouterr().err == ""


def test_video_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello\n" * 50)
    with pytest.raises(SourceError, match=r"notes\.txt: expected a video or a picture, got"):
        VideoSource(tmp_path / "notes.txt")


def test_video_without_index_is_one_line(tmp_path: Path) -> None:
    path = make_video(tmp_path / "cut.mp4", np.arange(20) / 30, seed=1)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(SourceError, match=r"cut\.mp4: .* is it complete\?"):
        VideoSource(path)


def test_video_without_readable_picture_is_one_line(tmp_path: Path) -> None:
    path = make_video(tmp_path / "cut.mp4", [0.0], seed=1, ahead=True)
    data = path.read_bytes()
    path.write_bytes(data[: data.index(b"mdat") + 8])
    with pytest.raises(SourceError, match=r"cut\.mp4: .*"):
        VideoSource(path)


def test_video_audio_only_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "sound.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=8000)
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
        sound.sample_rate = 8000
        container.mux(stream.encode(sound))
        container.mux(stream.encode(None))
    with pytest.raises(SourceError, match="expected a video stream, got only audio"):
        VideoSource(path)


def test_video_pixels_that_are_not_square_are_stretched(tmp_path: Path) -> None:
    for aspect, size in ((Fraction(2), (128, 48)), (Fraction(1, 2), (64, 96))):
        path = make_video(tmp_path / f"{aspect.numerator}.mp4", aspect=aspect)
        source = VideoSource(path)
        assert (source.info.width, source.info.height) == size
        image = next(iter(source)).image
        assert image.shape == (size[1], size[0], 3)
        assert np.abs(image[size[1] // 4, size[0] // 4].astype(int) - (255, 0, 0)).max() < 8


def test_video_trimmed_by_edit_list_is_no_warning(tmp_path: Path) -> None:
    path = make_video(tmp_path / "trimmed.mp4", np.arange(30) / 30, ahead=True)
    data = bytearray(path.read_bytes())
    at = data.index(b"elst") + 12  # behind version, flags and the number of edits
    duration, start, rate = struct.unpack(">IiI", data[at : at + 12])
    edit = struct.pack(">IiI", duration * 2 // 5, start + 90_000 // 5, rate)
    data[at : at + 12] = edit
    path.write_bytes(data)
    source = VideoSource(path)
    count = sum(1 for _ in source)
    assert (count, source.info.frames, source.warnings) == (12, 12, [])


def with_cover(path: Path, *, film: bool) -> Path:
    """A file whose first stream is a cover picture; the second one is a film, or sound."""
    cover = bytes(cv2.imencode(".jpg", np.full((300, 300, 3), 200, np.uint8))[1])
    with av.open(str(path), "w") as container:
        picture: Any = container.add_stream("mjpeg", rate=1)
        picture.width = picture.height = 300
        picture.pix_fmt = "yuvj420p"
        other: Any = container.add_stream("libx264" if film else "aac", rate=30 if film else 8000)
        if film:
            other.width, other.height, other.pix_fmt = WIDTH, HEIGHT, "yuv420p"
            frames: Any = [
                av.VideoFrame.from_ndarray(corner_picture(), format="rgb24") for _ in range(9)
            ]
        else:
            frames = [av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")]
            frames[0].sample_rate = 8000
        coded = [packet for frame in (*frames, None) for packet in other.encode(frame)]
        packet = av.Packet(cover)
        packet.stream, packet.pts, packet.dts = picture, 0, 0
        packet.time_base, packet.is_keyframe = Fraction(1, 1000), True
        container.mux(packet)
        for packet in coded:
            container.mux(packet)
    return path


@pytest.mark.parametrize("ending", ["mkv", "mp4"])
def test_video_behind_a_cover_picture_is_the_film(tmp_path: Path, ending: str) -> None:
    source = VideoSource(with_cover(tmp_path / f"film.{ending}", film=True))
    assert (source.info.width, source.info.height) == (WIDTH, HEIGHT)
    assert sum(1 for _ in source) == 9


@pytest.mark.parametrize("name", ["song.m4a", "song.mp3"])
def test_video_music_with_a_cover_is_refused(shared_faults: Path, name: str) -> None:
    with pytest.raises(SourceError, match="expected a video stream, got only audio and a cover"):
        VideoSource(shared_faults / "06" / name)


@pytest.mark.parametrize("name", ["t406.mp4", "nodec.mp4", "apac.mp4", "prores_raw.mov"])
def test_video_without_decoder_is_one_line(shared_faults: Path, name: str) -> None:
    with pytest.raises(SourceError) as caught:
        VideoSource(shared_faults / "17" / name)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "name", ["a:b.mp4", "http:x.mp4", "tcp:127.0.0.1:9", "2026-01-02T12:30.mp4"]
)
def test_video_name_like_an_address_is_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    make_video(tmp_path / "plain.mp4").rename(name)
    assert sum(1 for _ in VideoSource(name)) == 6


def test_video_keeps_no_decoded_picture(tmp_path: Path) -> None:
    """Without the garbage collector: a reference cycle per picture would keep it."""
    source = VideoSource(make_video(tmp_path / "a.mp4", np.arange(40) / 30))
    gc.collect()
    gc.disable()
    try:
        count = sum(1 for _ in source)
        kept = sum(isinstance(one, av.VideoFrame) for one in gc.get_objects())
    finally:
        gc.enable()
    assert count == 40
    assert kept <= 3
