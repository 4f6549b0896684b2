"""`run --view web`: a page that watches a run."""

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
    """Talks to the run as the page does."""

    def __init__(self, socket: Any) -> None:
        self._socket = socket

    def say(self, **message: Any) -> None:
        self._socket.send(json.dumps(message))

    def hear(self, kind: str, seconds: float = 30.0) -> dict[str, Any]:
        """The next message of a kind; pictures that come are acknowledged."""
        while True:
            data = self._socket.recv(timeout=seconds)
            message: dict[str, Any]
            if isinstance(data, bytes):
                (length,) = struct.unpack_from("<I", data)
                message = json.loads(data[4 : 4 + length])
                assert data[4 + length :][:2] == b"\xff\xd8"
                self.say(type="shown", number=message["number"])
            else:
                message = json.loads(data)
            if message["type"] == kind:
                return message

    def falls_silent(self) -> bool:
        """Whether no more frames come after those that were under way."""
        try:
            for _ in range(20):
                self.hear("frame", seconds=1.0)
        except TimeoutError:
            return True
        return False


@pytest.fixture
def watched(weights: Store, tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], Page]]:
    """A run with somebody who watches it."""
    out = str(tmp_path / "poses.jsonl")
    words = ["run", "synthetic?frames=100000", "--view", "web", "--out", out, "--threads", "1"]
    process = subprocess.Popen([*BLAZETRACK, *words], stderr=subprocess.PIPE, text=True)
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


def test_a_page_sees_a_run_and_can_hold_it(watched: tuple[Any, Page]) -> None:
    process, page = watched
    hello = page.hear("hello")
    assert (hello["models"], hello["graphs"]) == (["full"], ["pose"])
    assert hello["camera"] not in hello["sources"]
    assert page.hear("state")["smoothing"] is True
    first = page.hear("frame")
    assert len(first["record"]["poses"][0]["landmarks_px"]) == 33
    assert page.hear("frame")["number"] > first["number"]
    assert page.hear("stats")["nodes"]
    page.say(type="set", smoothing=False)
    assert page.hear("state")["smoothing"] is False
    page.say(type="set", people=3)
    assert "is fixed while `blazetrack run` goes on" in page.hear("error")["text"]
    page.say(type="follow", at=[10.0, 10.0])
    assert "use pose_multi" in page.hear("error")["text"]
    page.say(type="set", paused=True)
    assert page.hear("state")["paused"] is True
    assert page.falls_silent()
    page.say(type="set", paused=False)
    page.hear("frame")
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 130
