"""Whatever a user may hand in: handled, or one clear line and exit code 2; never half a file."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from blazetrack.cli import main
from blazetrack.store import Store

OUTS = ("--out", "out.mp4", "--out", "out.jsonl", "--out", "out.csv", "--trace", "out.json")
SHORT = "synthetic?frames=3&size=256x256"

Run = Callable[..., tuple[int, list[str]]]


@pytest.fixture
def run(tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """`blazetrack run ARGS` in an empty folder; gives the exit code and the lines of stderr."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BLAZETRACK_OFFLINE", "1")
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)

    def call(*args: object) -> tuple[int, list[str]]:
        capfd.readouterr()
        with pytest.raises(SystemExit) as end:
            main(["run", *map(str, args)])
        lines = capfd.readouterr().err.splitlines()
        lines = [line for line in lines if not line.startswith("INFO: Created TensorFlow Lite")]
        return int(end.value.code or 0), lines

    return call


@pytest.fixture
def refused(run: Run, tmp_path: Path) -> Callable[..., str]:
    """Run what must be refused: exit code 2, one line, and the folder as it was before."""

    def call(*args: object) -> str:
        before = sorted(tmp_path.rglob("*"))
        code, lines = run(*args)
        assert code == 2
        (line,) = lines
        assert line.startswith("blazetrack: ")
        assert sorted(tmp_path.rglob("*")) == before
        return line

    return call


def film(path: Path, count: int = 12, title: str = "", **options: str) -> Path:
    """Noise, so that each picture takes some bytes; the index comes last, as cameras write it."""
    rng = np.random.default_rng(0)
    with av.open(str(path), "w", options=options) as container:
        container.metadata["title"] = title
        stream: Any = container.add_stream("mpeg4", rate=30)
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        for _ in range(count):
            image = rng.integers(0, 256, (64, 64, 3), np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode(None))
    return path


def film_with_times(path: Path, ticks: Sequence[int]) -> None:
    """An MP4 whose pictures come at `ticks` milliseconds, in any order: no encoder makes one."""
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("mjpeg")
        stream.width = stream.height = 64
        stream.pix_fmt = "yuvj420p"
        stream.codec_context.time_base = Fraction(1, 1000)
        for index, tick in enumerate(ticks):
            picture = av.VideoFrame.from_ndarray(
                np.full((64, 64, 3), index * 20, np.uint8), format="rgb24"
            )
            picture.pts = index
            picture.time_base = Fraction(1, 1000)
            for packet in stream.encode(picture):
                packet.pts, packet.dts = tick, index
                container.mux(packet)


def sound(path: Path) -> None:
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("aac", rate=44100)
        silence = av.AudioFrame.from_ndarray(
            np.zeros((1, 1024), np.float32), format="fltp", layout="mono"
        )
        silence.rate = 44100
        stream.layout = "mono"
        for packet in [*stream.encode(silence), *stream.encode(None)]:
            container.mux(packet)


def cut_before_its_index(path: Path) -> None:
    data = film(path).read_bytes()
    path.write_bytes(data[: data.index(b"moov") // 2])


def records(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def count_pictures(path: Path) -> int:
    with av.open(str(path)) as container:
        return sum(1 for _ in container.decode(video=0))


# --- what is read -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "source",
    ["gone.mp4", "gone.jpg", "no/folder/a.mp4", "", " ", "-", "x" * 300, "~nobody/a.mp4", "99"],
)
def test_run_missing_source(refused: Any, source: str) -> None:
    refused(source, *OUTS)


def test_run_misspelt_file_is_suggested(refused: Any, tmp_path: Path) -> None:
    film(tmp_path / "clip.mp4")
    assert "did you mean 'clip.mp4'?" in refused("clip.mp", *OUTS)


def test_run_folder_without_pictures(refused: Any, tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.txt").write_text("no picture")
    assert "expected pictures" in refused("notes", *OUTS)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: path.write_bytes(b""), "cannot be opened"),
        (lambda path: path.write_text("hello\n" * 100), "cannot be opened"),
        (cut_before_its_index, "is it complete?"),
        (sound, "got only audio"),
    ],
    ids=["zero bytes", "text", "truncated", "sound only"],
)
def test_run_file_is_no_video(refused: Any, tmp_path: Path, make: Any, message: str) -> None:
    make(tmp_path / "clip.mp4")
    assert message in refused("clip.mp4", *OUTS)


def test_run_truncated_video_gives_frames(run: Run, weights: Store, tmp_path: Path) -> None:
    data = film(tmp_path / "clip.mp4", count=40, movflags="+faststart").read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")
    (tmp_path / "clip.mp4").write_bytes(data[: len(data) * 2 // 3])
    code, lines = run("clip.mp4", *OUTS)
    assert code == 0
    assert any("of 40 frames could be read" in line for line in lines)
    assert all(line.startswith("warning: clip.mp4: ") for line in lines)
    count = len(records(tmp_path / "out.jsonl"))
    assert 0 < count < 40
    assert count_pictures(tmp_path / "out.mp4") == count


def test_run_title_not_utf8_is_ignored(run: Run, weights: Store, tmp_path: Path) -> None:
    data = film(tmp_path / "clip.mp4", count=2, title="a plain title").read_bytes()
    assert data.count(b"a plain title") == 1
    (tmp_path / "clip.mp4").write_bytes(data.replace(b"a plain title", b"\xfc\xff\xfe in no code"))
    assert run("clip.mp4", *OUTS) == (0, [])
    assert len(records(tmp_path / "out.jsonl")) == 2


@pytest.mark.parametrize(
    "picture",
    [
        np.zeros((1, 1, 3), np.uint8),
        np.full((10, 10_000, 3), 77, np.uint8),
        np.full((10_000, 10, 3), 77, np.uint8),
        np.full((48, 64), 99, np.uint8),
        np.full((48, 64, 4), 99, np.uint8),
        np.full((48, 64, 3), 40_000, np.uint16),
    ],
    ids=["1×1", "10000×10", "10×10000", "grey", "RGBA", "16 bit"],
)
def test_run_odd_picture_is_read(
    run: Run, weights: Store, tmp_path: Path, picture: np.ndarray[Any, Any]
) -> None:
    cv2.imwrite(str(tmp_path / "odd.png"), picture)
    assert run("odd.png", *OUTS) == (0, [])
    (record,) = records(tmp_path / "out.jsonl")
    assert (record["height"], record["width"]) == picture.shape[:2]
    assert count_pictures(tmp_path / "out.mp4") == 1


def test_run_video_with_non_increasing_times(run: Run, weights: Store, tmp_path: Path) -> None:
    film_with_times(tmp_path / "clip.mp4", (0, 100, 100, 50, 200))
    code, lines = run("clip.mp4", *OUTS)
    assert (code, len(lines)) == (0, 1)
    assert lines[0].startswith("warning: out.mp4: 2 frames had a time that a video cannot hold")
    times = [record["time_s"] for record in records(tmp_path / "out.jsonl")]
    assert times == [0.0, 0.1, 0.1, 0.05, 0.2]
    assert count_pictures(tmp_path / "out.mp4") == 5


def test_run_summary_counts_non_increasing_times(
    weights: Store, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    film_with_times(tmp_path / "clip.mp4", (0, 100, 100, 50, 200))
    with pytest.raises(SystemExit):
        main(["run", str(tmp_path / "clip.mp4"), "--json"])
    assert json.loads(capfd.readouterr().out)["time_faults"] == 2


def test_run_broken_picture(refused: Any, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"\xff\xd8\xff\xe0 and no more")
    assert "expected a picture" in refused("a.jpg", *OUTS)


def test_run_pipe_is_refused(refused: Any, tmp_path: Path) -> None:
    if not hasattr(os, "mkfifo"):
        pytest.skip("this system has no named pipes")
    os.mkfifo(tmp_path / "pipe")
    assert "a pipe?" in refused("pipe", *OUTS)


@pytest.mark.parametrize(
    "text", ["synthetic:nope", "synthetic?frames=0", "synthetic?size=0x0", "synthetic?nope=1"]
)
def test_a_wrong_synthetic(refused: Any, text: str) -> None:
    refused(text, *OUTS)


# --- options ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--people", "0"), "--people"),
        (("--threads", "0"), "--threads"),
        (("--threads", "1" + "0" * 14), "--threads"),
        (("--max-frames", "0"), "--max-frames"),
        (("--max-frames", "-1"), "--max-frames"),
        (("--fps", "0"), "fps"),
        (("--fps", "-5"), "fps"),
        (("--fps", "nan"), "fps"),
        (("--retry", "-1"), "--retry"),
        (("--retry", "nan"), "retry"),
        (("--size", "12"), "--size"),
        (("--size", "0x0"), "--size"),
        (("--set", "bad"), "node.option=value"),
        (("--set", "=1"), "node.option"),
        (("--set", "smoth.preset=1"), "did you mean 'smooth'?"),
        (("--graph", "poes"), "did you mean 'pose'?"),
        (("--graph", "gone/graph.yaml"), "no such file"),
        (("--graph", "broken.yaml"), "broken.yaml"),
        (("--graph", "strange.yaml"), "did you mean 'detect'?"),
    ],
    ids=" ".join,
)
def test_run_wrong_option(
    refused: Any, tmp_path: Path, options: tuple[str, ...], message: str
) -> None:
    (tmp_path / "broken.yaml").write_text("name: [x\n")
    (tmp_path / "strange.yaml").write_text(
        "name: x\ninputs: [frame]\noutputs: [poses]\n"
        "nodes:\n- {name: a, use: detcet, in: {crop: frame}, out: poses}\n"
    )
    assert message in refused(SHORT, *OUTS, *options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--view", "tv"), "--view"),
        (("--view", "window", "--folder", "gone"), "--folder"),
        (("--backend", "litter"), "did you mean 'litert'?"),
        (("--set", "smooth.presett=1"), "did you mean 'preset'?"),
        (("--set", "detect.min_score=high"), "min_score"),
        (("--set", "smooth.preset=nope"), "preset"),
        (("--set", "tracked_landmarks.model=nope"), "nope"),
        (("--every", "0"), "every: expected a number of frames from 1, or auto, got '0'"),
        (("--every", "often"), "every: expected a number of frames from 1, or auto, got 'often'"),
        (("--every", "2", "--graph", "pose_image"), "no node has the option 'every'"),
    ],
    ids=" ".join,
)
def test_run_wrong_choice(
    refused: Any, weights: Store, options: tuple[str, ...], message: str
) -> None:
    assert message in refused(SHORT, *OUTS, *options)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="there always is a screen here")
def test_run_window_without_display(refused: Any, weights: Store) -> None:
    line = refused(SHORT, *OUTS, "--view", "window")
    assert "no display" in line or "built without windows" in line
    assert "use --out FILE" in line
    assert "blazetrack serve SOURCE" in line


# --- the models ---------------------------------------------------------------------------------


def test_run_unknown_model(refused: Any, weights: Store) -> None:
    assert "did you mean 'full'?" in refused(SHORT, *OUTS, "--model", "ful")
    assert "no such model file" in refused(SHORT, *OUTS, "--model", "gone.tflite")


@pytest.mark.parametrize("data", [b"", b"hello\n" * 100], ids=["zero bytes", "text"])
def test_run_file_is_no_model(refused: Any, weights: Store, tmp_path: Path, data: bytes) -> None:
    (tmp_path / "mine.tflite").write_bytes(data)
    assert "mine.tflite is not a TFLite model" in refused(SHORT, *OUTS, "--model", "mine.tflite")


def test_run_truncated_model(run: Run, weights: Store, tmp_path: Path) -> None:
    data = weights.find("full").path.read_bytes()
    (tmp_path / "mine.tflite").write_bytes(data[:1000])
    code, lines = run(SHORT, *OUTS, "--model", "mine.tflite")
    assert code == 2
    assert "not a TFLite model" in lines[-1]
    assert [line for line in lines if line.startswith(("Traceback", "  "))] == []
    assert [path.name for path in tmp_path.iterdir()] == ["mine.tflite"]


def test_run_model_of_other_kind(refused: Any, weights: Store) -> None:
    detector = weights.find("pose_detector").path
    assert "expected a landmark model" in refused(SHORT, *OUTS, "--model", detector)
    assert "expected a detector" in refused(SHORT, *OUTS, "--detector", "full")


def test_run_model_with_other_shapes(refused: Any, weights: Store, tmp_path: Path) -> None:
    # One byte more at the end: still a detector for TFLite, but no longer a published file.
    data = weights.find("pose_detector").path.read_bytes()
    (tmp_path / "mine.tflite").write_bytes(data + b"\0")
    line = refused(SHORT, *OUTS, "--model", "mine.tflite")
    assert "expected an input of shape (1, 256, 256, 3), got (1, 224, 224, 3)" in line


def test_run_missing_models_offline(
    refused: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("blazetrack.store.pull.find_installed", lambda entry: None)
    for home in (tmp_path / "nothing", tmp_path / "file", tmp_path / "file" / "inside"):
        (tmp_path / "file").write_text("no folder")
        monkeypatch.setenv("BLAZETRACK_HOME", str(home))
        assert "the network is not allowed" in refused(SHORT, *OUTS)


# --- what is written ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--out", "no/a.jsonl"), "does not exist"),
        (("--out", "no/a.mp4"), "does not exist"),
        (("--out", "~nobody/a.csv"), "does not exist"),
        (("--out", "a.avi"), ".mp4 .jsonl .csv"),
        (("--out", "a"), ".mp4 .jsonl .csv"),
        (("--out", "folder.jsonl"), "got a folder"),
        (("--trace", "no/t.json"), "does not exist"),
        (("--trace", "folder.jsonl"), "got a folder"),
    ],
    ids=" ".join,
)
def test_run_impossible_output(
    refused: Any, weights: Store, tmp_path: Path, options: tuple[str, ...], message: str
) -> None:
    (tmp_path / "folder.jsonl").mkdir()
    assert message in refused(SHORT, "--out", "good.mp4", "--out", "good.jsonl", *options)


@pytest.mark.parametrize("name", ["a.mp4", "a.jsonl", "a.csv"])
def test_run_read_only_output_folder(run: Run, weights: Store, tmp_path: Path, name: str) -> None:
    folder = tmp_path / "closed"
    folder.mkdir()
    folder.chmod(0o500)
    if os.access(folder, os.W_OK):  # root may write anywhere, but even root not here
        folder = Path("/proc/self")
        if not folder.is_dir():
            pytest.skip("nothing is closed to this user")
    code, lines = run(SHORT, "--out", folder / name)
    assert code == 2
    (line,) = lines
    assert line.startswith(f"blazetrack: {folder / name}: ")


def test_run_name_too_long(run: Run, weights: Store, tmp_path: Path) -> None:
    for option, name in (("--out", "x" * 300 + ".jsonl"), ("--graph", "x" * 5000)):
        code, lines = run(SHORT, option, name)
        assert (code, len(lines)) == (2, 1)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no full device")
@pytest.mark.parametrize("name", ["a.mp4", "a.jsonl", "a.csv", "t.json"])
def test_run_full_disk(run: Run, weights: Store, tmp_path: Path, name: str) -> None:
    (tmp_path / name).symlink_to("/dev/full")
    code, lines = run(SHORT, "--out", "out.jsonl", "--trace" if name == "t.json" else "--out", name)
    assert (code, len(lines)) == (2, 1)
    assert "o space left" in lines[0]
    frames = [record["frame"] for record in records(tmp_path / "out.jsonl")]
    # A table is full with its first frame; a film may write when its encoder has seen some more.
    assert frames == list(range(len(frames)))
    most = {"a.jsonl": 1, "a.csv": 1, "a.mp4": 3, "t.json": 3}[name]
    assert (1 if name == "a.mp4" else most) <= len(frames) <= most
    assert ("complete: out.jsonl up to frame" in lines[0]) == (name != "t.json")
