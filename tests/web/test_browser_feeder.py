"""The camera of one browser: the newest image is tracked, and nothing stays open."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import pytest

from blazetrack.errors import InputError, ModelError, SinkError
from blazetrack.sinks.jsonl import JsonlSink
from blazetrack.web.access import Limits
from blazetrack.web.browser_feeder import BrowserFeeder
from blazetrack.web.choice import Choice
from blazetrack.web.hub import Outbox, call_in
from blazetrack.web.protocol import EncodedImage
from blazetrack.web.recordings import Recordings
from blazetrack.web.session import Session
from tests.toy_models import ToyWorld


class Camera:
    """A feeder of toy images.

    Attributes:
        hold: while it is clear, no tracker can be opened.
        failure: raised instead of opening a tracker.
    """

    def __init__(self, toy: ToyWorld, folder: Path, limits: Limits) -> None:
        self.toy, self.box, self.count = toy, Outbox(), 0
        self.hold = threading.Event()
        self.hold.set()
        self.failure: Exception | None = None
        self.worker = ThreadPoolExecutor(1)
        send = partial(call_in, asyncio.get_running_loop(), self.box.send)
        recordings = Recordings(folder, 5)
        session = Session(self.make, Choice(), "camera", send, recordings, limits)
        self.feeder = BrowserFeeder(session, self.worker)
        self.running = asyncio.ensure_future(self.feeder.run())

    def make(self, choice: Choice) -> Any:
        self.hold.wait(10)
        if self.failure is not None:
            raise self.failure
        return self.toy.make(choice)

    def put(self, time_ms: float | None = None) -> None:
        """Send an image of a disc."""
        self.count += 1
        coded = bytes(cv2.imencode(".jpg", self.toy.picture((100, 100)))[1])
        time_ms = 33.0 * self.count if time_ms is None else time_ms
        self.feeder.put(EncodedImage(self.count, time_ms, coded))

    async def receive(self, kind: str) -> dict[str, Any]:
        """The next message of this type."""
        while True:
            message = json.loads(await self.box.next())
            if message["type"] == kind:
                return dict(message)

    async def end(self) -> None:
        self.running.cancel()
        await asyncio.wait([self.running, self.feeder.close()])
        self.worker.shutdown()


@pytest.fixture
def with_camera(toy: ToyWorld, tmp_path: Path) -> Callable[..., None]:
    """Run a scene with a camera."""

    def run(scene: Callable[[Camera], Awaitable[None]], limits: Limits | None = None) -> None:
        async def play() -> None:
            camera = Camera(toy, tmp_path, limits or Limits())
            try:
                await asyncio.wait_for(scene(camera), 20)
            finally:
                await camera.end()

        asyncio.run(play())

    return run


def test_put_returns_landmarks_with_the_number_of_the_image(with_camera: Any) -> None:
    async def scene(camera: Camera) -> None:
        for number in (1, 2):
            camera.put()
            reply = await camera.receive("frame")
            assert reply["number"] == number
            (person,) = reply["record"]["poses"]
            assert person["landmarks_px"][0][:2] == pytest.approx([100, 100], abs=3)

    with_camera(scene)


def test_put_while_busy_keeps_the_newest(with_camera: Any) -> None:
    async def scene(camera: Camera) -> None:
        for _ in range(5):
            camera.put()
        assert (await camera.receive("frame"))["number"] == 5
        assert camera.feeder.dropped == 4

    with_camera(scene)


@pytest.mark.parametrize("time_ms", [0.0, 1e12])
def test_put_time_jumps_are_clipped_at_zero(with_camera: Any, time_ms: float) -> None:
    async def scene(camera: Camera) -> None:
        camera.put(5000.0)
        assert (await camera.receive("frame"))["record"]["time_s"] == 0
        camera.put(time_ms)
        assert (await camera.receive("frame"))["record"]["time_s"] == max(
            0, (time_ms - 5000) / 1000
        )

    with_camera(scene)


def test_run_corrupt_image_raises(with_camera: Any) -> None:
    async def scene(camera: Camera) -> None:
        camera.feeder.put(EncodedImage(1, 0.0, b"no image"))
        with pytest.raises(InputError, match="cannot be decoded"):
            await camera.running

    with_camera(scene)


def test_submit_sends_state_or_error(with_camera: Any) -> None:
    async def scene(camera: Camera) -> None:
        camera.feeder.submit(people=2)
        state = await camera.receive("state")
        assert (state["people"], state["graph"]) == (2, "pose_multi")
        camera.feeder.submit(follow=(100.0, 100.0))
        await camera.receive("state")
        camera.feeder.submit(graph="nowhere.yaml")
        assert "no such file" in (await camera.receive("error"))["text"]

    with_camera(scene)


def test_put_without_tracker_sends_error_and_skipped(with_camera: Any) -> None:
    async def scene(camera: Camera) -> None:
        camera.failure = ModelError("model full: is not here")
        camera.put()
        assert (await camera.receive("error"))["text"] == "model full: is not here"
        await camera.receive("skipped")
        camera.failure = None
        camera.put()
        await camera.receive("frame")

    with_camera(scene)


def test_submit_record_off_sends_the_files(with_camera: Any) -> None:
    async def scene(camera: Camera) -> None:
        camera.feeder.submit(record=True)
        camera.put()
        await camera.receive("frame")
        camera.feeder.submit(record=False)
        message = await camera.receive("recording")
        assert (message["frames"], len(message["files"])) == (1, 3)
        assert not (await camera.receive("state"))["recording"]

    with_camera(scene)


def test_recording_ends_at_its_limit(with_camera: Any) -> None:
    async def scene(camera: Camera) -> None:
        camera.feeder.submit(record=True)
        camera.put()
        assert (await camera.receive("recording"))["frames"] == 1
        assert not (await camera.receive("state"))["recording"]

    with_camera(scene, Limits(recording_bytes=10))


def test_recording_full_disk_ends_the_recording_only(
    with_camera: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> str:
        raise SinkError("x.jsonl: cannot be written (no space left on device)")

    async def scene(camera: Camera) -> None:
        camera.feeder.submit(record=True)
        with monkeypatch.context() as patch:
            patch.setattr(JsonlSink, "text", fail)
            camera.put()
            await camera.receive("recording")
            assert "no space left" in (await camera.receive("error"))["text"]
            await camera.receive("skipped")
        camera.put()
        await camera.receive("frame")

    with_camera(scene)


def test_close_finishes_the_recording(with_camera: Any, tmp_path: Path) -> None:
    async def scene(camera: Camera) -> None:
        camera.feeder.submit(record=True)
        camera.put()
        await camera.receive("frame")
        await camera.feeder.close()
        files = (await camera.receive("recording"))["files"]
        assert sorted(Path(file["name"]).suffix for file in files) == [".csv", ".jsonl", ".mp4"]
        assert all((tmp_path / file["name"]).stat().st_size for file in files)

    with_camera(scene)


def test_close_while_the_tracker_opens_closes_it(with_camera: Any) -> None:
    async def scene(camera: Camera) -> None:
        camera.hold.clear()
        camera.put()
        await asyncio.sleep(0.05)
        camera.running.cancel()
        closed = camera.feeder.close()
        camera.hold.set()
        await closed
        assert [model.closed for model in camera.toy.models.values()] == [1, 1]

    with_camera(scene)
