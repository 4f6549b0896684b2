"""A real server under 1,000 hostile actions: a regular viewer stays served and nothing leaks.

Each action is a small client that does one wrong thing and checks the result: refusal, or a close
frame with a code and a reason. A regular viewer is connected all the time.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import random
import re
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

pytest.importorskip("uvicorn")
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as websocket_connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from blazetrack.store import Store
from blazetrack.web.catalog import BROWSER_CAMERA

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="reads the state of the server in /proc"),
]

SOURCE = "synthetic?size=256x192&fps=15"
VIEWERS = 16
AT_ONCE = 4
TIMEOUT_S = 60.0  # nothing here takes a second, unless the machine is busy
JPEG = bytes(cv2.imencode(".jpg", np.full((48, 64, 3), 90, np.uint8))[1])
FRAME = JPEG.index(b"\xff\xc0")


class Server:
    """`blazetrack serve` with its own folders."""

    def __init__(self, store: Store, folder: Path, *args: str) -> None:
        self.folders = {name: folder / name for name in ("cwd", "home", "tmp", "recordings")}
        for path in self.folders.values():
            path.mkdir()
        self.errors = folder / "stderr"
        self._file = self.errors.open("wb")
        self.process = subprocess.Popen(
            [
                sys.executable, "-m", "blazetrack", "serve", SOURCE, "--port", "0",
                "--viewers", str(VIEWERS), "--recordings", str(self.folders["recordings"]), *args,
            ],
            stdout=subprocess.DEVNULL,
            stderr=self._file,
            cwd=self.folders["cwd"],
            env={
                **os.environ,
                "HOME": str(self.folders["home"]),
                "TMPDIR": str(self.folders["tmp"]),
                "BLAZETRACK_HOME": str(store.cache.folder),
                "BLAZETRACK_OFFLINE": "1",
            },
        )  # fmt: skip
        self.port, self.token = 0, ""

    async def ready(self) -> None:
        """Wait for the link."""
        while not (match := re.search(r":(\d+)/(?:\?token=(\S+))?\n", self.stderr())):
            assert self.process.poll() is None, self.stderr()
            await asyncio.sleep(0.05)
        self.port, self.token = int(match[1]), match[2] or ""
        self.host = f"127.0.0.1:{self.port}"

    def stderr(self) -> str:
        return self.errors.read_text(encoding="utf-8", errors="replace")

    def files(self) -> set[Path]:
        """All files but the recordings."""
        kept = {name: path for name, path in self.folders.items() if name != "recordings"}
        return {file for path in kept.values() for file in path.rglob("*")}

    def memory_mb(self) -> float:
        """Resident memory."""
        return self._status("VmRSS")

    def peak_mb(self) -> float:
        """Peak resident memory."""
        return self._status("VmHWM")

    def _status(self, name: str) -> float:
        text = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(rf"{name}:\s+(\d+) kB", text)[1]) / 1024  # type: ignore[index]

    def descriptors(self) -> int:
        """Number of open files and sockets."""
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(30)
        finally:
            self.process.kill()
            self.process.wait()
            self._file.close()


@contextmanager
def serving(weights: object, folder: Path, *args: str) -> Iterator[Server]:
    assert isinstance(weights, Store)
    server = Server(weights, folder, *args)
    try:
        yield server
    finally:
        server.stop()


class Client:
    """A client with its own random numbers."""

    def __init__(self, server: Server, rng: random.Random) -> None:
        self.server, self.rng = server, rng
        self.origin = f"http://{server.host}"
        self.query = f"?token={server.token}" if server.token else ""

    @asynccontextmanager
    async def connect(
        self, query: str | None = None, origin: str | None = "", host: str = ""
    ) -> AsyncIterator[ClientConnection]:
        """A WebSocket; without arguments one that is accepted."""
        through = socket.create_connection(("127.0.0.1", self.server.port))
        address = f"ws://{host or self.server.host}/live{self.query if query is None else query}"
        try:
            async with websocket_connect(
                address,
                sock=through,
                origin=self.origin if origin == "" else origin,  # type: ignore[arg-type]
                compression=None,
                max_size=None,
                max_queue=None,  # the close frame arrives also where nothing is read
                open_timeout=TIMEOUT_S,
                close_timeout=TIMEOUT_S,
            ) as connection:
                yield connection
        finally:
            through.close()

    async def refused(self, **how: Any) -> None:
        """Check that a WebSocket is refused."""
        with pytest.raises(InvalidStatus) as end:
            async with self.connect(**how):
                pass
        assert end.value.response.status_code == 403

    async def exchange(self, data: bytes, last: bool = False) -> bytes:
        """Send bytes and read until the server closes; `last` also closes this side."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.server.port)
        try:
            writer.write(data)
            with suppress(OSError):  # the server may close before all is sent
                await writer.drain()
                if last:
                    writer.write_eof()
                return await reader.read()
            return b""
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def status(self, path: str, host: str = "", method: str = "GET") -> int:
        response = await self.exchange(
            f"{method} {path} HTTP/1.1\r\nHost: {host or self.server.host}\r\n"
            "Connection: close\r\n\r\n".encode()
        )
        return int(response.split()[1])

    async def raw(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A WebSocket without a library, for malformed frames."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.server.port)
        writer.write(self.handshake())
        await reader.readuntil(b"\r\n\r\n")
        return reader, writer

    def handshake(self) -> bytes:
        key = base64.b64encode(self.rng.randbytes(16)).decode()
        return (
            f"GET /live{self.query} HTTP/1.1\r\nHost: {self.server.host}\r\n"
            f"Origin: {self.origin}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n"
        ).encode()


async def receive(connection: ClientConnection, kind: str) -> dict[str, Any]:
    """The next message of this type; a binary message is `picture`, and is confirmed."""
    while True:
        data = await asyncio.wait_for(connection.recv(), TIMEOUT_S)
        if isinstance(data, bytes):
            length = struct.unpack_from("<I", data)[0]
            message = {**json.loads(data[4 : 4 + length]), "type": "picture"}
            await connection.send(json.dumps({"type": "shown", "number": message["number"]}))
        else:
            message = json.loads(data)
        if message["type"] == kind:
            return dict(message)


async def closed_with(connection: ClientConnection, *codes: int) -> str:
    """Wait for a close frame with one of the codes; its reason."""
    with pytest.raises(ConnectionClosed) as end:
        await receive(connection, "nothing of this kind")
    closed = end.value.rcvd
    assert closed is not None, "closed without a close frame"
    assert closed.code in codes, closed
    assert closed.reason, closed
    return str(closed.reason)


def reset(writer: asyncio.StreamWriter) -> None:
    """Reset the connection without a close frame; unsent data is lost."""
    raw_socket = writer.get_extra_info("socket")
    raw_socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def picture(coded: bytes, number: int = 1, time_ms: float = 1.0) -> bytes:
    return struct.pack("<Id", number, time_ms) + coded


def resized(width: int, height: int) -> bytes:
    return JPEG[: FRAME + 5] + struct.pack(">HH", height, width) + JPEG[FRAME + 9 :]


def masked(first: int, payload: bytes, length: int | None = None) -> bytes:
    """A client frame with any first byte and any claimed length."""
    size = len(payload) if length is None else length
    if size < 126:
        head = struct.pack("!BB", first, 0x80 | size)
    elif size < 2**16:
        head = struct.pack("!BBH", first, 0x80 | 126, size)
    else:
        head = struct.pack("!BBQ", first, 0x80 | 127, size)
    return head + bytes(4) + payload


# --- actions ------------------------------------------------------------------------------------

TEXTS = [
    "",
    "{",
    "null",
    "[]",
    "{}",
    '"set"',
    '{"type":null}',
    '{"type":"sudo"}',
    '{"type":["set"]}',
    '{"type":"set","people":"many"}',
    '{"type":"set","people":1e308}',
    '{"type":"set","people":-1}',
    '{"type":"set","people":' + "9" * 4000 + "}",
    '{"type":"set","source":{"$ne":null}}',
    '{"type":"set","source":"' + "A" * 3000 + '"}',
    '{"type":"set","out":"/tmp/x.mp4"}',
    '{"type":"set","source":"\\ud800"}',
    '{"type":"follow","at":[NaN,0]}',
    '{"type":"follow","at":[1e9,0]}',
    '{"type":"follow","at":"0,0"}',
    '{"type":"record","on":1}',
    '{"type":"record","on":true,"path":"../../x"}',
    '{"type":"shown","number":1e400}',
    '{"type":"shown","number":-5}',
    "[" * 4000,
    '{"a":' * 800,
    "\x00" * 100,
    "🦴" * 2000,
    "x" * 100_000,
]
BINARIES = [
    b"",
    b"x",
    bytes(12),
    bytes(13),
    bytes(100_000),
    picture(b""),
    picture(b"\xff\xd8\xff\xd9"),
    picture(JPEG[: len(JPEG) // 2]),
    picture(JPEG + b"more"),
    picture(JPEG, time_ms=float("nan")),
    picture(JPEG, time_ms=float("-inf")),
    picture(JPEG, time_ms=-1e300),
    picture(resized(60_000, 60_000)),
    picture(resized(65_535, 16)),
    picture(resized(0, 0)),
    picture(b"\xff\xd8" + b"\xff\xd0" + resized(30_000, 30_000)[2:]),
    picture(b"\x89PNG\r\n\x1a\n" + bytes(1000)),
    picture(b"GIF89a" + bytes(1000)),
    picture(JPEG),  # whole, but before the camera was chosen
]
PATHS = [
    "/static/../app.py",
    "/static/../../../../../../etc/passwd",
    "/static/..%2f..%2f..%2fetc%2fpasswd",
    "/static/%2e%2e/%2e%2e/etc/passwd",
    "/static/%252e%252e%252fetc%252fpasswd",
    "/static/..%5c..%5cwindows%5cwin.ini",
    "/static/%2fetc%2fpasswd",
    "/static/app.js%00.css",
    "/static/%ff%fe",
    "/static/" + "a/" * 500,
    "/recordings/../../etc/passwd",
    "/recordings/..%2f..%2fetc/passwd",
    "/recordings/x/..%2f..%2fetc%2fpasswd",
    "/recordings/%2e%2e/mp4",
    "/recordings//mp4",
    "/recordings/x/mp4",
    "/etc/passwd",
    "//etc/passwd",
    "/..",
    "/live/../etc/passwd",
]
BAD_ORIGINS = ["http://evil.com", "null", "http://localhost:1", "http://[", "file://", "x" * 3000]
BAD_HOSTS = ["evil.com", "localhost.evil.com", "192.168.1.1", "evil.com:80", "0x7f000001.evil.com"]
NO_HTTP = [
    b"\x00" * 200 + b"\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(100),  # TLS
    b"GET\r\n\r\n",
    b"GET / HTTP/9.9\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    b"GET / HTTP/1.1\r\n" + b"X: " + b"y" * 200_000 + b"\r\n\r\n",
    b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\n\r\n",
    b"GET /\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: [\r\nContent-Length: -1\r\n\r\n",
]
BAD_FRAMES = [
    masked(0x83, b"reserved opcode"),
    masked(0xC1, b"reserved bit"),
    masked(0x09, b"ping in parts"),
    masked(0x89, b"p" * 126),  # a ping that is too long
    masked(0x80, b"goes on with nothing"),
    masked(0x01, b"{") + masked(0x81, b"}"),  # a message inside a message
    masked(0x81, b"\xff\xfe\xfd"),  # no UTF-8
    masked(0x82, b"", 2**63 + 1),
    masked(0x82, b"", 2**40),
    b"\x81\x02{}",  # not masked
    masked(0x88, b"\x00"),  # a close frame of one byte
    masked(0x88, struct.pack("!H", 999)),
]


async def send_invalid_text(client: Client) -> None:
    async with client.connect() as connection:
        await connection.send(client.rng.choice(TEXTS))
        await closed_with(connection, 1008)


async def send_random_json(client: Client) -> None:
    rng = client.rng
    values: list[Any] = [None, True, -1, 2**70, 0.5, "", "x", [], {}, [[1]], {"a": 1}]
    message = {"type": rng.choice(["set", "follow", "record", "shown", "hello"])}
    message |= {rng.choice(["source", "people", "at", "on", "number"]): rng.choice(values)}
    message["oops"] = rng.choice(values)
    async with client.connect() as connection:
        await connection.send(json.dumps(message))
        await closed_with(connection, 1008)


async def send_invalid_binary(client: Client) -> None:
    async with client.connect() as connection:
        await connection.send(client.rng.choice(BINARIES))
        await closed_with(connection, 1008, 1009)


async def send_random_bytes(client: Client) -> None:
    async with client.connect() as connection:
        await connection.send(client.rng.randbytes(client.rng.randrange(1, 5000)))
        await closed_with(connection, 1008, 1009)


async def send_too_large(client: Client) -> None:
    async with client.connect() as connection:
        data = bytes(2**21 + 1)
        with suppress(ConnectionClosed):
            await connection.send(data.decode() if client.rng.random() < 0.5 else data)
        await closed_with(connection, 1008, 1009)


async def send_much_too_large(client: Client) -> None:
    """The server closes in the middle; its close frame may be lost."""
    async with client.connect() as connection:
        with suppress(ConnectionClosed):
            await connection.send(bytes(2**23))
        with pytest.raises(ConnectionClosed):
            await receive(connection, "nothing of this kind")


async def send_corrupt_images(client: Client) -> None:
    """From the chosen browser camera."""
    rng = client.rng
    bad = bytearray(JPEG)
    for place in rng.sample(range(2, FRAME), 5):
        bad[place] = rng.randrange(256)
    wrong = [BINARIES[12], BINARIES[15], picture(JPEG[:FRAME] + b"\xff\xd9"), picture(bytes(bad))]
    async with client.connect() as connection:
        await connection.send(json.dumps({"type": "set", "source": BROWSER_CAMERA}))
        await receive(connection, "state")
        for data in rng.sample(wrong, len(wrong)):
            with suppress(ConnectionClosed):
                await connection.send(data)
        await closed_with(connection, 1008, 1009)


async def connect_from_another_origin(client: Client) -> None:
    await client.refused(origin=client.rng.choice([*BAD_ORIGINS, None]))


async def connect_by_another_host(client: Client) -> None:
    host = client.rng.choice(BAD_HOSTS)
    await client.refused(host=host, origin=f"http://{host}")
    assert await client.status("/", host=client.rng.choice([*BAD_HOSTS, "[", "[::1", "a]b"])) == 421


async def guess_the_token(client: Client) -> None:
    guess = client.rng.choice(["x", "%00", "A" * 3000, client.server.token[:-1] + "~"])
    await client.refused(query=f"?token={guess}")
    assert await client.status(f"/?token={guess}") == 403
    assert await client.status(f"/recordings/x/mp4?token={guess}") == 403


async def omit_the_token(client: Client) -> None:
    await client.refused(query="")
    assert await client.status("/") == 403


async def request_other_paths(client: Client) -> None:
    path = client.rng.choice(PATHS)
    status = await client.status(path + client.query)
    assert status == 404 or (path.startswith("/recordings") and status == 403)


async def writes(client: Client) -> None:
    method = client.rng.choice(["POST", "PUT", "DELETE", "TRACE", "CONNECT", "BREW"])
    assert await client.status("/static/app.js", method=method) in (400, 404, 405)


async def send_no_http(client: Client) -> None:
    response = await client.exchange(client.rng.choice(NO_HTTP), last=True)
    assert response == b"" or response.split()[1] in (b"400", b"421", b"404"), response[:200]


async def reset_in_the_handshake(client: Client) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", client.server.port)
    greeting = client.handshake()
    writer.write(greeting[: client.rng.randrange(1, len(greeting))])
    await asyncio.sleep(0)
    reset(writer)


async def reset_after_the_handshake(client: Client) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", client.server.port)
    writer.write(client.handshake())
    await writer.drain()
    await asyncio.sleep(client.rng.choice([0, 0.005, 0.02]))
    reset(writer)


async def reset_in_a_frame(client: Client) -> None:
    _, writer = await client.raw()
    whole = masked(0x82, picture(JPEG))
    writer.write(whole[: client.rng.randrange(1, len(whole))])
    await writer.drain()
    reset(writer)


async def reset_in_a_message(client: Client) -> None:
    _, writer = await client.raw()
    writer.write(masked(0x01, b'{"type":') + masked(0x00, b'"set"') * 3)
    await writer.drain()
    reset(writer)


async def send_invalid_frames(client: Client) -> None:
    reader, writer = await client.raw()
    writer.write(client.rng.choice(BAD_FRAMES))
    with suppress(ConnectionError):
        await asyncio.wait_for(reader.read(), TIMEOUT_S)  # until it hangs up
    reset(writer)


async def send_too_many_messages(client: Client) -> None:
    async with client.connect() as connection:
        with suppress(ConnectionClosed):
            for number in range(1500):
                await connection.send(json.dumps({"type": "shown", "number": number}))
        assert "too many messages" in await closed_with(connection, 1008)


async def send_too_many_changes(client: Client) -> None:
    async with client.connect() as connection:
        with suppress(ConnectionClosed):
            for number in range(100):
                await connection.send(json.dumps({"type": "set", "people": 1 + number % 2}))
                await connection.send(json.dumps({"type": "record", "on": number % 3 == 0}))
        assert "too many changes" in await closed_with(connection, 1008)


async def disconnect_while_recording(client: Client) -> None:
    """Disconnect with a camera, a recording and an image in progress."""
    async with client.connect() as connection:
        await connection.send(json.dumps({"type": "set", "source": BROWSER_CAMERA}))
        await connection.send(json.dumps({"type": "record", "on": True}))
        await connection.send(picture(JPEG))
        if client.rng.random() < 0.5:
            await receive(connection, "frame")
        connection.transport.abort()


async def choose_unknown_names(client: Client) -> None:
    """A page with an old list may do so: it gets an error and stays connected."""
    what = client.rng.choice(["source", "model", "graph"])
    name = client.rng.choice(["/etc/passwd", "../x", "http://169.254.169.254/", "0", "\0", "🦴"])
    async with client.connect() as connection:
        await connection.send(json.dumps({"type": "set", what: name}))
        while not (await receive(connection, "error"))["text"].startswith(f"no {what} "):
            pass  # errors of the shared source


async def exceed_the_viewer_limit(client: Client) -> None:
    """Connect more viewers than allowed."""
    async with AsyncExitStack() as stack:
        connections = [await stack.enter_async_context(client.connect()) for _ in range(VIEWERS)]
        assert f"{VIEWERS} viewers is reached" in await closed_with(connections[-1], 4429)


Action = Callable[[Client], Awaitable[None]]
HOSTILE: dict[Action, int] = {
    send_invalid_text: 151,
    send_random_json: 80,
    send_invalid_binary: 100,
    send_random_bytes: 50,
    send_too_large: 10,
    send_much_too_large: 6,
    send_corrupt_images: 12,
    connect_from_another_origin: 80,
    connect_by_another_host: 60,
    guess_the_token: 20,
    request_other_paths: 90,
    writes: 20,
    send_no_http: 50,
    reset_in_the_handshake: 70,
    reset_after_the_handshake: 50,
    reset_in_a_frame: 50,
    reset_in_a_message: 30,
    send_invalid_frames: 40,
    send_too_many_messages: 6,
    send_too_many_changes: 3,
    disconnect_while_recording: 12,
    choose_unknown_names: 10,
}
WITHOUT_TOKEN: dict[Action, int] = {
    guess_the_token: 40,
    omit_the_token: 20,
    connect_from_another_origin: 20,
    request_other_paths: 20,
    send_invalid_text: 20,
    reset_in_the_handshake: 10,
}


# --- regular viewer -----------------------------------------------------------------------------


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
