"""`blazetrack batch` as a user calls it: many files, failures, interruptions, engines."""

from __future__ import annotations

import csv
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from blazetrack import Poses, open_sink, open_source
from blazetrack.batch.folder import BatchFolder
from blazetrack.store import Store
from tests.signal_process import BLAZETRACK

Command: TypeAlias = Callable[..., Any]  # `blazetrack ARGS` in this process

COUNT = 12  # clips
LITE = ("--model", "blaze_lite", "--workers", "2")
# A source whose process is killed in the middle of it, the first time; one that takes a second.
SOURCES = """
import os, signal, time
from pathlib import Path
from blazetrack.sources.synthetic import SyntheticSource

class Fragile(SyntheticSource):
    def __init__(self, mark: str = "", always: bool = False) -> None:
        super().__init__(frames=6, size=(160, 120))
        self._mark, self._always = Path(mark), always

    def _frames(self):
        for frame in super()._frames():
            yield frame
            if frame.index == 2 and (self._always or not self._mark.exists()):
                self._mark.touch()
                os.kill(os.getpid(), signal.SIGKILL)

class Slow(SyntheticSource):
    def __init__(self) -> None:
        super().__init__(frames=20, size=(160, 120))

    def _frames(self):
        for frame in super()._frames():
            time.sleep(0.05)
            yield frame
"""


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of short clips."""
    folder = tmp_path_factory.mktemp("clips")
    for seed in range(COUNT):
        with (
            open_source(f"synthetic?frames=12&size=160x120&seed={seed}") as source,
            open_sink(folder / f"{seed:02}.mp4") as sink,
        ):
            for frame in source:
                sink.write(frame, Poses.empty(), frame.image)
    return folder


@pytest.fixture
def own_sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A module of sources that all processes can import."""
    (tmp_path / "own_sources.py").write_text(SOURCES, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.syspath_prepend(tmp_path)


def results(out: Path) -> dict[str, bytes]:
    """The files of an output folder, but for the batch's own."""
    paths = [path for path in out.rglob("*") if path.is_file() and ".batch" not in path.parts]
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in paths}


def read_index(out: Path) -> list[dict[str, str]]:
    with open(out / "index.csv", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def index(out: Path) -> list[dict[str, str]]:
    """The rows of the index of a single format; each result must be there, and no other file."""
    rows = read_index(out)
    listed = {row["result"]: int(row["bytes"]) for row in rows if row["result"]}
    found = results(out)
    assert listed == {name: len(data) for name, data in found.items() if name[:6] != "index."}
    return rows


def start(*args: object, folder: Path | None = None) -> subprocess.Popen[str]:
    call = [*BLAZETRACK, "batch", *map(str, args), *LITE]
    return subprocess.Popen(
        call, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8"
    )


def wait_for(process: subprocess.Popen[str], ready: Callable[[], bool]) -> None:
    for _ in range(1200):
        if ready():
            return
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)
    pytest.fail("it did not begin")


def test_batch_results_are_those_of_run(
    weights: Store, command: Command, clips: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    (tmp_path / "broken.mp4").write_bytes(b"no film")
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff no picture")
    folder = os.path.relpath(clips, tmp_path)
    sources = (f"{folder}/0[01].mp4", "broken.mp4", "broken.jpg", "none.mp4", f"{folder}/00.mp4")
    formats = (
        "--format",
        "jsonl",
        "--format",
        ".csv",
        "--format",
        "trc",
        "--angle",
        "a=nose,mid_hip",
    )
    done = command("batch", *sources, "--out", out, *LITE, *formats)
    assert done.code == 1
    assert "5 inputs: 2 done, 3 failed; 24 frames" in done.out
    assert "left out: 1 inputs that were named twice" in done.out
    assert len(done.err) == 3
    assert all(line.startswith("failed: ") for line in done.err)
    rows = {row["source"]: row for row in read_index(out)}
    assert {name for name, row in rows.items() if row["status"] == "failed"} == set(sources[1:4])
    assert rows["none.mp4"]["error"].startswith("'none.mp4': no such file or folder")
    endings = (".jsonl", ".csv", ".trc")
    assert rows[f"{folder}/01.mp4"]["files"].split() == list(endings)
    outs = [f"--out=01.mp4{ending}" for ending in endings]
    command("run", f"{folder}/01.mp4", *outs, *LITE[:2], *formats[-2:])
    for ending in endings:
        assert (out / f"01.mp4{ending}").read_bytes() == (tmp_path / f"01.mp4{ending}").read_bytes()
    before = results(out)
    again = command("batch", *sources, "--out", out, *LITE, *formats)
    assert "5 inputs: 0 done, 2 done before, 3 failed\n" in again.out
    assert results(out) == before
    other = command("batch", sources[0], "--out", out, *LITE)
    assert other.code == 0, other.err
    assert "2 inputs: 2 done; 24 frames" in other.out
    names = [row["result"] for row in index(out)]
    assert names == ["00.mp4.jsonl", "01.mp4.jsonl", "", ""]  # not the missing one


@pytest.mark.skipif(sys.platform == "win32", reason="signals need another system")
def test_batch_ended_in_the_middle_goes_on_to_the_same_bytes(
    weights: Store, command: Command, clips: Path, own_sources: None, tmp_path: Path
) -> None:
    whole, out = tmp_path / "whole", tmp_path / "out"
    sources = (clips, "own_sources:Slow")  # the slow one is the last
    assert command("batch", *sources, "--out", whole, *LITE).code == 0
    journal = out / ".batch" / "journal.jsonl"

    def finished() -> int:
        return journal.read_bytes().count(b"\n") if journal.exists() else 0

    process = start(*sources, "--out", out)
    wait_for(process, lambda: finished() >= 1)
    process.kill()
    process.communicate()
    count = finished()
    with BatchFolder(out):
        second = command("batch", *sources, "--out", out, *LITE)
    assert second.code == 2
    assert "another batch writes into this folder" in second.err[-1]
    process = start(*sources, "--out", out)
    wait_for(process, lambda: finished() > count)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate()
    assert process.returncode == 130, err
    assert "Traceback" not in err
    assert "the same command goes on with the rest" in err
    count = len(index(out))
    assert 2 <= count <= COUNT
    last = command("batch", *sources, "--out", out, *LITE)
    assert f"{COUNT + 1} inputs: {COUNT + 1 - count} done, {count} done before" in last.out
    index(out)
    assert results(out) == results(whole)
    assert not list((out / ".batch" / "parts").iterdir())


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs a small disk")
def test_batch_full_disk_keeps_the_results_before_it(
    weights: Store, command: Command, clips: Path, tmp_path: Path
) -> None:
    disk, copy = tmp_path / "disk", tmp_path / "copy"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=230k", "none", str(disk)]
    inside = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c"]
    if subprocess.run([*inside, shlex.join(mount)], capture_output=True).returncode:
        pytest.skip("no small disk can be mounted here")
    call = shlex.join([*BLAZETRACK, "batch", str(clips), "--out", f"{disk}/out", *LITE])
    script = f"{shlex.join(mount)} && {call}; code=$?; cp -r {disk}/out {copy}; exit $code"
    done = subprocess.run([*inside, script], capture_output=True, encoding="utf-8", timeout=120)
    assert done.returncode == 2, done
    assert "cannot be written (No space left on device)" in done.stderr
    count = len(index(copy))
    assert 1 <= count < COUNT
    again = command("batch", clips, "--out", copy, *LITE)
    assert f"{COUNT} inputs: {COUNT - count} done, {count} done before" in again.out
    assert len(index(copy)) == COUNT


@pytest.mark.skipif(sys.platform == "win32", reason="signals need another system")
@pytest.mark.parametrize("engine", ["processes", "ray"])
def test_batch_killed_worker_loses_nothing(
    weights: Store,
    command: Command,
    clips: Path,
    own_sources: None,
    tmp_path: Path,
    engine: str,
) -> None:
    if engine == "ray" and find_spec("ray") is None:
        pytest.skip("needs Ray")
    fragile = f"own_sources:Fragile?mark={tmp_path}/mark"
    options = ("--engine", engine, *(("--address", "local") if engine == "ray" else ()))
    out, whole = tmp_path / "out", tmp_path / "whole"
    done = command("batch", clips, fragile, "--out", out, *LITE, *options)
    assert (tmp_path / "mark").exists()
    assert done.code == 0, done.err
    assert f"{COUNT + 1} inputs: {COUNT + 1} done" in done.out
    assert len(index(out)) == COUNT + 1
    command("batch", clips, fragile, "--out", whole, *LITE)
    assert results(out) == results(whole)
    if engine == "processes":
        done = command("batch", "own_sources:Fragile?always=1", "--out", out, *LITE)
        assert done.code == 1
        reason = "own_sources:Fragile?always=1: its process was ended by SIGKILL, 2 times"
        assert done.err == [f"failed: {reason}"]


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["a.mp4", "--format", "jpg"], "--format: expected one of"),
        (["a.mp4", "--angle", "a=nose,mid_hip"], "--angle: needs an --out that ends in"),
        (["empty"], "empty: expected films or pictures in this folder, got none"),
        (["a.mp4", "--engine", "spark"], "--engine: expected one of processes, ray, got 'spark'"),
        (["a.mp4", "--address", "x:1"], "address: applies to the engine ray only"),
        (["a.mp4", "--every", "x"], "every"),
        (["a.mp4", "--graph", "none"], "no graph 'none'"),
    ],
)
def test_batch_wrong_use_is_refused_before_anything_is_written(
    weights: Store, command: Command, tmp_path: Path, args: list[str], message: str
) -> None:
    (tmp_path / "empty").mkdir()
    done = command("batch", *args, "--out", tmp_path / "out")
    assert done.code == 2
    assert len(done.err) == 1
    assert message in done.err[0]
    assert not (tmp_path / "out").exists()


def test_batch_ray_not_usable_is_one_line(
    weights: Store, command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = ("batch", "a.mp4", "--out", tmp_path / "out", "--engine", "ray")
    if find_spec("ray") is None:
        done = command(*call)
        expected = 'Ray is not installed: pip install "blazetrack[ray]"'
    else:
        done = command(*call, "--address", "127.0.0.1:9")
        expected = "--engine ray: found no usable cluster at 127.0.0.1:9"
    assert done.code == 2
    assert expected in done.err[-1]
