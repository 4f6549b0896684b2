"""A real server under 1,000 hostile actions: a regular viewer stays served and nothing leaks.

Each action is a small client that does one wrong thing and checks the result: refusal, or a close
frame with a code and a reason. A regular viewer is connected all the time.
"""

from __future__ import annotations

import asyncio
import random
import sys
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("uvicorn")
from websockets.asyncio.client import ClientConnection

from tests.web.hostile_actions import (
    HOSTILE,
    WITHOUT_TOKEN,
    Action,
    exceed_the_viewer_limit,
)
from tests.web.hostile_client import (
    AT_ONCE,
    TIMEOUT_S,
    Client,
    Server,
    masked,
    receive,
    reset,
    serving,
)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="reads the state of the server in /proc"),
]


class RegularViewer:
    """A viewer that follows the protocol and counts its frames."""

    def __init__(self) -> None:
        self.frames = 0

    async def watch(self, connection: ClientConnection) -> None:
        while True:
            await receive(connection, "picture")
            self.frames += 1

    async def wait_for_frames(self, watching: asyncio.Task[None]) -> None:
        """Wait for more frames."""
        before = self.frames
        for _ in range(int(TIMEOUT_S / 0.02)):
            if self.frames >= before + 3:
                return
            assert not watching.done(), watching.exception()
            await asyncio.sleep(0.02)
        pytest.fail("no more frames")


async def attack(
    client: Client, actions: list[Action], regular: RegularViewer, viewer: Any
) -> None:
    """Run the actions, some at a time; in between, check that the viewer gets frames."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def act(one: Action, number: int) -> None:
        async with gate:
            alone = Client(client.server, random.Random(number))
            try:
                await asyncio.wait_for(one(alone), TIMEOUT_S)
            except BaseException as error:
                error.args = (f"{one.__name__}, number {number}: {error}",)
                raise

    for start in range(0, len(actions), 50):
        some = enumerate(actions[start : start + 50], start)
        await asyncio.gather(*(act(one, number) for number, one in some))
        await regular.wait_for_frames(viewer)


async def play(server: Server, actions: dict[Action, int]) -> None:
    await server.ready()
    client = Client(server, random.Random(0))
    order = [one for one, count in actions.items() for _ in range(count)]
    client.rng.shuffle(order)
    regular = RegularViewer()
    async with client.connect() as connection:
        viewer = asyncio.ensure_future(regular.watch(connection))
        try:
            await regular.wait_for_frames(viewer)
            await attack(client, list(actions), regular, viewer)  # warm-up: each once
            files, memory, opened = server.files(), server.memory_mb(), server.descriptors()
            await attack(client, order, regular, viewer)
            await attack(
                client, [exceed_the_viewer_limit], regular, viewer
            )  # alone: it takes all places
            for _ in range(int(TIMEOUT_S / 0.1)):  # the last connections are still closing
                if server.descriptors() <= opened:
                    break
                await asyncio.sleep(0.1)
            await regular.wait_for_frames(viewer)
            assert server.descriptors() <= opened
            assert server.memory_mb() < memory + 100
            assert server.peak_mb() < memory + 400
            assert server.files() == files
        finally:
            while not viewer.done():  # Python 3.11's wait_for may lose one cancellation
                viewer.cancel()
                await asyncio.wait([viewer], timeout=1.0)


def check_stderr(server: Server) -> None:
    """Check that stderr has no internal error."""
    text = server.stderr()
    assert "Traceback" not in text
    assert "ERROR" not in text
    assert "never retrieved" not in text


def test_thousand_hostile_actions_leave_the_viewer_served(weights: object, tmp_path: Path) -> None:
    assert sum(HOSTILE.values()) == 1000
    with serving(weights, tmp_path) as server:
        asyncio.run(play(server, HOSTILE))
    check_stderr(server)
    assert server.process.returncode == 143
    assert server.files() == set()
    kept = list(server.folders["recordings"].iterdir())
    assert {path.suffix for path in kept} <= {".mp4", ".jsonl", ".csv"}


def test_hostile_actions_without_the_token_are_refused(weights: object, tmp_path: Path) -> None:
    with serving(weights, tmp_path, "--host", "0.0.0.0") as server:
        asyncio.run(play(server, WITHOUT_TOKEN))
        assert len(server.token) >= 20
    check_stderr(server)


def test_silent_connections_are_closed_and_bounded(weights: object, tmp_path: Path) -> None:
    """Open connections need little memory and delay no viewer."""

    async def scene() -> None:
        await server.ready()
        client = Client(server, random.Random(0))
        regular = RegularViewer()
        async with client.connect() as connection, AsyncExitStack() as stack:
            viewer = asyncio.ensure_future(regular.watch(connection))
            stack.callback(viewer.cancel)
            await regular.wait_for_frames(viewer)
            memory = server.memory_mb()
            silent = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(40)]
            for number, (_, writer) in enumerate(silent):
                stack.callback(reset, writer)
                writer.write(client.handshake()[:number])
            for _ in range(4):  # read nothing
                _, writer = await client.raw()
                stack.callback(reset, writer)
                writer.transport.pause_reading()
                writer.write(masked(0x81, b'{"type":"shown","number":1}') * 250)
            for _ in range(4):  # confirm nothing
                unsure = await stack.enter_async_context(client.connect())
                stack.callback(unsure.transport.abort)
                await unsure.recv()
            await regular.wait_for_frames(viewer)
            for reader, _ in silent:  # the server closes them
                with suppress(ConnectionError):
                    await asyncio.wait_for(reader.read(), TIMEOUT_S)
            await regular.wait_for_frames(viewer)
            assert server.memory_mb() < memory + 100

    with serving(weights, tmp_path) as server:
        asyncio.run(scene())
    check_stderr(server)
