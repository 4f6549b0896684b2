"""`run --view web`: a page that shows a run."""

from __future__ import annotations

import json
import re
import signal
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

connect = pytest.importorskip("websockets.sync.client", reason="needs the extra web").connect

from blazetrack.store import Store  # noqa: E402
from tests.signal_process import BLAZETRACK  # noqa: E402


class Page:
    """Exchanges messages with the run as the page does."""

    def __init__(self, socket: Any) -> None:
        self._socket = socket

    def send(self, **message: Any) -> None:
        self._socket.send(json.dumps(message))

    def receive(self, kind: str, seconds: float = 30.0) -> dict[str, Any]:
        """The next message of a type; images in between are confirmed."""
        while True:
            data = self._socket.recv(timeout=seconds)
            message: dict[str, Any]
            if isinstance(data, bytes):
                (length,) = struct.unpack_from("<I", data)
                message = json.loads(data[4 : 4 + length])
                assert data[4 + length :][:2] == b"\xff\xd8"
                self.send(type="shown", number=message["number"])
            else:
                message = json.loads(data)
            if message["type"] == kind:
                return message

    def stops(self) -> bool:
        """Whether no more frames come after those in flight."""
        try:
            for _ in range(20):
                self.receive("frame", seconds=1.0)
        except TimeoutError:
            return True
        return False


@pytest.fixture
def watched(weights: Store, tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], Page]]:
    """A run with a page."""
    out = str(tmp_path / "poses.jsonl")
    args = ["run", "synthetic?frames=100000", "--view", "web", "--out", out, "--threads", "1"]
    process = subprocess.Popen([*BLAZETRACK, *args], stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    with process.stderr:
        link = next(found for line in process.stderr if (found := re.search(r"http\S+", line)))
        origin = link.group().rstrip("/")
        try:
            with connect(origin.replace("http", "ws") + "/live", origin=origin) as socket:
                yield process, Page(socket)
        finally:
            process.kill()
            process.wait()


def test_page_shows_a_run_and_pauses_it(watched: tuple[Any, Page]) -> None:
    process, page = watched
    hello = page.receive("hello")
    assert (hello["models"], hello["graphs"]) == (["full"], ["pose"])
    assert hello["camera"] not in hello["sources"]
    assert {"model", "graph", "people", "record"} <= set(hello["fixed"])
    assert page.receive("state")["smoothing"] == 0.5
    first = page.receive("frame")
    assert len(first["record"]["poses"][0]["landmarks_px"]) == 33
    assert page.receive("frame")["number"] > first["number"]
    assert page.receive("stats")["nodes"]
    page.send(type="set", smoothing=0)
    assert page.receive("state")["smoothing"] == 0
    page.send(type="set", people=3)
    assert "is fixed while `blazetrack run` goes on" in page.receive("error")["text"]
    page.send(type="record", on=True)
    assert "--out" in page.receive("error")["text"]
    page.send(type="follow", at=[10.0, 10.0])
    assert "the graph pose_multi" in page.receive("error")["text"]
    page.send(type="set", paused=True)
    while not page.receive("state")["paused"]:  # of the requests before
        pass
    assert page.stops()
    page.send(type="set", paused=False)
    page.receive("frame")
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 130
