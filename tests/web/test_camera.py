"""A viewer's own camera: the newest picture is answered, and nothing is left behind."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import cv2
import pytest

from blazetrack.errors import InputError, ModelError, SinkError
from blazetrack.sinks.jsonl import JsonlSink
from blazetrack.web.camera import Camera
from blazetrack.web.engine import Choice
from blazetrack.web.hub import Outbox
from blazetrack.web.limits import Limits
from blazetrack.web.messages import Picture
from blazetrack.web.recordings import Recordings
from tests.toy import ToyWorld


class Desk:
    """A camera on toy networks.

    Attributes:
        hold: while it is clear, trackers take their time to be made.
    """

    def __init__(self, toy: ToyWorld, folder: Path, limits: Limits) -> None:
        self.toy, self.box, self.count = toy, Outbox(), 0
        self.hold = threading.Event()
        self.hold.set()
        self.worker = ThreadPoolExecutor(1)
        self.camera = Camera(
            self.make, Choice(), self.worker, self.box, Recordings(folder, 5), limits
        )
        self.running = asyncio.ensure_future(self.camera.run())

    def make(self, *args: Any) -> Any:
        self.hold.wait(10)
        return self.toy.make(*args)

    def picture(self, time_ms: float | None = None) -> Picture:
        self.count += 1
        coded = bytes(cv2.imencode(".jpg", self.toy.picture((100, 100)))[1])
        return Picture(self.count, 33.0 * self.count if time_ms is None else time_ms, coded)

    async def hear(self, kind: str) -> dict[str, Any]:
        """The next message of this kind."""
        while True:
            message = json.loads(await self.box.next())
            if message["type"] == kind:
                return dict(message)

    async def end(self) -> None:
        self.running.cancel()
        await asyncio.wait([self.running, self.camera.close()])
        self.worker.shutdown()


@pytest.fixture
def at_desk(toy: ToyWorld, tmp_path: Path) -> Callable[..., None]:
    """Run a scene with a camera, and end it."""

    def run(scene: Callable[[Desk], Awaitable[None]], limits: Limits | None = None) -> None:
        async def play() -> None:
            desk = Desk(toy, tmp_path, limits or Limits())
            try:
                await asyncio.wait_for(scene(desk), 20)
            finally:
                await desk.end()

        asyncio.run(play())

    return run


def test_a_picture_is_answered_with_its_number(at_desk: Any) -> None:
    async def scene(desk: Desk) -> None:
        for number in (1, 2):
            desk.camera.take(desk.picture())
            answer = await desk.hear("frame")
            assert answer["number"] == number
            (person,) = answer["record"]["poses"]
            assert person["landmarks_px"][0][:2] == pytest.approx([100, 100], abs=3)

    at_desk(scene)


def test_of_pictures_that_wait_the_newest_is_tracked(at_desk: Any) -> None:
    async def scene(desk: Desk) -> None:
        for _ in range(5):
            desk.camera.take(desk.picture())
        assert (await desk.hear("frame"))["number"] == 5
        assert desk.camera.dropped == 4

    at_desk(scene)


@pytest.mark.parametrize("time_ms", [0.0, 1e12])
def test_a_clock_that_jumps_is_followed(at_desk: Any, time_ms: float) -> None:
    async def scene(desk: Desk) -> None:
        desk.camera.take(desk.picture(5000.0))
        assert (await desk.hear("frame"))["record"]["time_s"] == 0
        desk.camera.take(desk.picture(time_ms))
        assert (await desk.hear("frame"))["record"]["time_s"] == max(0, (time_ms - 5000) / 1000)

    at_desk(scene)


def test_a_broken_picture_ends_it_with_the_reason(at_desk: Any) -> None:
    async def scene(desk: Desk) -> None:
        desk.camera.take(Picture(1, 0.0, b"no picture"))
        with pytest.raises(InputError, match="cannot be decoded"):
            await desk.running

    at_desk(scene)


def test_changes_are_told(at_desk: Any) -> None:
    async def scene(desk: Desk) -> None:
        await desk.camera.change(people=2)
        state = await desk.hear("state")
        assert (state["people"], state["graph"]) == (2, "pose_multi")
        await desk.camera.follow((100.0, 100.0))
        await desk.hear("state")
        await desk.camera.change(graph="nowhere.yaml")
        assert "no such file" in (await desk.hear("error"))["text"]

    at_desk(scene)


def test_a_tracker_that_cannot_be_made_is_told_and_the_picture_skipped(at_desk: Any) -> None:
    async def scene(desk: Desk) -> None:
        def fail(*_: object) -> None:
            raise ModelError("model full: is not here")

        desk.camera._make = fail
        desk.camera.take(desk.picture())
        assert (await desk.hear("error"))["text"] == "model full: is not here"
        await desk.hear("skipped")
        desk.camera._make = desk.make
        desk.camera.take(desk.picture())
        await desk.hear("frame")

    at_desk(scene)


def test_a_recording_is_handed_out(at_desk: Any) -> None:
    async def scene(desk: Desk) -> None:
        await desk.camera.record(True)
        desk.camera.take(desk.picture())
        await desk.hear("frame")
        await desk.camera.record(False)
        told = await desk.hear("recording")
        assert (told["frames"], len(told["files"])) == (1, 3)
        assert not (await desk.hear("state"))["recording"]

    at_desk(scene)


def test_a_recording_ends_at_its_limit(at_desk: Any) -> None:
    async def scene(desk: Desk) -> None:
        await desk.camera.record(True)
        desk.camera.take(desk.picture())
        assert (await desk.hear("recording"))["frames"] == 1
        assert not (await desk.hear("state"))["recording"]

    at_desk(scene, Limits(recording_bytes=10))


def test_a_full_disk_ends_the_recording_and_nothing_else(
    at_desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> str:
        raise SinkError("x.jsonl: cannot be written (no space left on device)")

    async def scene(desk: Desk) -> None:
        await desk.camera.record(True)
        with monkeypatch.context() as patch:
            patch.setattr(JsonlSink, "text", fail)
            desk.camera.take(desk.picture())
            await desk.hear("recording")
            assert "no space left" in (await desk.hear("error"))["text"]
            await desk.hear("skipped")
        desk.camera.take(desk.picture())
        await desk.hear("frame")

    at_desk(scene)


def test_who_leaves_while_recording_leaves_finished_files(at_desk: Any, tmp_path: Path) -> None:
    async def scene(desk: Desk) -> None:
        await desk.camera.record(True)
        desk.camera.take(desk.picture())
        await desk.hear("frame")
        await desk.camera.close()
        (known,) = desk.camera._recordings._known.values()
        assert sorted(known) == ["csv", "jsonl", "mp4"]
        assert all(path.stat().st_size for path in known.values())

    at_desk(scene)


def test_who_leaves_while_the_tracker_is_made_leaves_none(at_desk: Any) -> None:
    async def scene(desk: Desk) -> None:
        desk.hold.clear()
        desk.camera.take(desk.picture())
        await asyncio.sleep(0.05)
        desk.running.cancel()
        closed = desk.camera.close()
        desk.hold.set()
        await closed
        assert [model.closed for model in desk.toy.models.values()] == [1, 1]

    at_desk(scene)
