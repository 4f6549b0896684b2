"""A real server under 1,000 hostile actions: whoever behaves is served on, and nothing leaks.

Each action is a small client that does one wrong thing and says what it expects: to be refused,
or to be sent away with a code and a reason. Beside them sits a healthy viewer.
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
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from blazetrack.store import Store
from blazetrack.web.catalog import CAMERA

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="watches the server through /proc")

SOURCE = "synthetic?size=256x192&fps=15"
VIEWERS = 16
AT_ONCE = 4
PATIENCE_S = 60.0  # nothing here takes a second, unless the machine is busy
JPEG = bytes(cv2.imencode(".jpg", np.full((48, 64, 3), 90, np.uint8))[1])
FRAME = JPEG.index(b"\xff\xc0")


class Server:
    """`blazetrack serve` in folders of its own."""

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
        while not (match := re.search(r":(\d+)/(?:\?token=(\S+))?\n", self.said())):
            assert self.process.poll() is None, self.said()
            await asyncio.sleep(0.05)
        self.port, self.token = int(match[1]), match[2] or ""
        self.host = f"127.0.0.1:{self.port}"

    def said(self) -> str:
        return self.errors.read_text(encoding="utf-8", errors="replace")

    def files(self) -> set[Path]:
        """All files but the recordings."""
        kept = {name: path for name, path in self.folders.items() if name != "recordings"}
        return {file for path in kept.values() for file in path.rglob("*")}

    def memory_mb(self) -> float:
        """What it holds now."""
        return self._status("VmRSS")

    def peak_mb(self) -> float:
        """The most it ever held."""
        return self._status("VmHWM")

    def _status(self, name: str) -> float:
        text = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(rf"{name}:\s+(\d+) kB", text)[1]) / 1024  # type: ignore[index]

    def lines(self) -> int:
        """How many files and sockets it has open."""
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
    """Knows the server, and has dice of its own."""

    def __init__(self, server: Server, dice: random.Random) -> None:
        self.server, self.dice = server, dice
        self.origin = f"http://{server.host}"
        self.query = f"?token={server.token}" if server.token else ""

    @asynccontextmanager
    async def line(
        self, query: str | None = None, origin: str | None = "", host: str = ""
    ) -> AsyncIterator[ClientConnection]:
        """A WebSocket; without arguments one that is let in."""
        through = socket.create_connection(("127.0.0.1", self.server.port))
        address = f"ws://{host or self.server.host}/live{self.query if query is None else query}"
        try:
            async with connect(
                address,
                sock=through,
                origin=self.origin if origin == "" else origin,  # type: ignore[arg-type]
                compression=None,
                max_size=None,
                max_queue=None,  # who does not read shall still see the server's goodbye
                open_timeout=PATIENCE_S,
                close_timeout=PATIENCE_S,
            ) as connection:
                yield connection
        finally:
            through.close()

    async def refused(self, **how: Any) -> None:
        """The server must not let this one in."""
        with pytest.raises(InvalidStatus) as end:
            async with self.line(**how):
                pass
        assert end.value.response.status_code == 403

    async def ask(self, data: bytes, last: bool = False) -> bytes:
        """Send bytes, and read until the server hangs up; `last` is our own end of the line."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.server.port)
        try:
            writer.write(data)
            with suppress(OSError):  # it may hang up before we are done
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
        answer = await self.ask(
            f"{method} {path} HTTP/1.1\r\nHost: {host or self.server.host}\r\n"
            "Connection: close\r\n\r\n".encode()
        )
        return int(answer.split()[1])

    async def raw(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A WebSocket as bare as it can be, so that wrong frames can be sent."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.server.port)
        writer.write(self.handshake())
        await reader.readuntil(b"\r\n\r\n")
        return reader, writer

    def handshake(self) -> bytes:
        key = base64.b64encode(self.dice.randbytes(16)).decode()
        return (
            f"GET /live{self.query} HTTP/1.1\r\nHost: {self.server.host}\r\n"
            f"Origin: {self.origin}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n"
        ).encode()


async def hear(line: ClientConnection, kind: str) -> dict[str, Any]:
    """The next message of this kind; a frame is `picture`, and confirmed."""
    while True:
        data = await asyncio.wait_for(line.recv(), PATIENCE_S)
        if isinstance(data, bytes):
            length = struct.unpack_from("<I", data)[0]
            told = {**json.loads(data[4 : 4 + length]), "type": "picture"}
            await line.send(json.dumps({"type": "shown", "number": told["number"]}))
        else:
            told = json.loads(data)
        if told["type"] == kind:
            return dict(told)


async def sent_away(line: ClientConnection, *codes: int) -> str:
    """The server must close with one of the codes, and say why."""
    with pytest.raises(ConnectionClosed) as end:
        await hear(line, "nothing of this kind")
    closed = end.value.rcvd
    assert closed is not None, "it was closed without a word"
    assert closed.code in codes, closed
    assert closed.reason, closed
    return str(closed.reason)


def hang_up(writer: asyncio.StreamWriter) -> None:
    """Vanish as a phone out of reach does: no goodbye, the rest of the data lost."""
    plug = writer.get_extra_info("socket")
    plug.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def picture(coded: bytes, number: int = 1, time_ms: float = 1.0) -> bytes:
    return struct.pack("<Id", number, time_ms) + coded


def resized(width: int, height: int) -> bytes:
    return JPEG[: FRAME + 5] + struct.pack(">HH", height, width) + JPEG[FRAME + 9 :]


def masked(first: int, payload: bytes, length: int | None = None) -> bytes:
    """A frame as a client sends it, with any first byte and any claim about its length."""
    size = len(payload) if length is None else length
    if size < 126:
        head = struct.pack("!BB", first, 0x80 | size)
    elif size < 2**16:
        head = struct.pack("!BBH", first, 0x80 | 126, size)
    else:
        head = struct.pack("!BBQ", first, 0x80 | 127, size)
    return head + bytes(4) + payload


# --- what they do -------------------------------------------------------------------------------

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
    masked(0x88, b"\x00"),  # a goodbye of one byte
    masked(0x88, struct.pack("!H", 999)),
]


async def says_nonsense(client: Client) -> None:
    async with client.line() as line:
        await line.send(client.dice.choice(TEXTS))
        await sent_away(line, 1008)


async def says_random_json(client: Client) -> None:
    dice = client.dice
    values: list[Any] = [None, True, -1, 2**70, 0.5, "", "x", [], {}, [[1]], {"a": 1}]
    message = {"type": dice.choice(["set", "follow", "record", "shown", "hello"])}
    message |= {dice.choice(["source", "people", "at", "on", "number"]): dice.choice(values)}
    message["oops"] = dice.choice(values)
    async with client.line() as line:
        await line.send(json.dumps(message))
        await sent_away(line, 1008)


async def sends_rubbish(client: Client) -> None:
    async with client.line() as line:
        await line.send(client.dice.choice(BINARIES))
        await sent_away(line, 1008, 1009)


async def sends_random_bytes(client: Client) -> None:
    async with client.line() as line:
        await line.send(client.dice.randbytes(client.dice.randrange(1, 5000)))
        await sent_away(line, 1008, 1009)


async def sends_too_much(client: Client) -> None:
    async with client.line() as line:
        data = bytes(2**21 + 1)
        with suppress(ConnectionClosed):
            await line.send(data.decode() if client.dice.random() < 0.5 else data)
        await sent_away(line, 1008, 1009)


async def sends_far_too_much(client: Client) -> None:
    """Where the server hangs up in the middle, its last words may be lost on the way."""
    async with client.line() as line:
        with suppress(ConnectionClosed):
            await line.send(bytes(2**23))
        with pytest.raises(ConnectionClosed):
            await hear(line, "nothing of this kind")


async def sends_broken_pictures(client: Client) -> None:
    """From a camera that it has chosen before."""
    dice = client.dice
    bad = bytearray(JPEG)
    for place in dice.sample(range(2, FRAME), 5):
        bad[place] = dice.randrange(256)
    wrong = [BINARIES[12], BINARIES[15], picture(JPEG[:FRAME] + b"\xff\xd9"), picture(bytes(bad))]
    async with client.line() as line:
        await line.send(json.dumps({"type": "set", "source": CAMERA}))
        await hear(line, "state")
        for data in dice.sample(wrong, len(wrong)):
            with suppress(ConnectionClosed):
                await line.send(data)
        await sent_away(line, 1008, 1009)


async def comes_from_another_site(client: Client) -> None:
    await client.refused(origin=client.dice.choice([*BAD_ORIGINS, None]))


async def comes_by_another_name(client: Client) -> None:
    host = client.dice.choice(BAD_HOSTS)
    await client.refused(host=host, origin=f"http://{host}")
    assert (
        await client.status("/", host=client.dice.choice([*BAD_HOSTS, "[", "[::1", "a]b"])) == 421
    )


async def guesses_the_token(client: Client) -> None:
    guess = client.dice.choice(["x", "%00", "A" * 3000, client.server.token[:-1] + "~"])
    await client.refused(query=f"?token={guess}")
    assert await client.status(f"/?token={guess}") == 403
    assert await client.status(f"/recordings/x/mp4?token={guess}") == 403


async def has_no_token(client: Client) -> None:
    await client.refused(query="")
    assert await client.status("/") == 403


async def climbs(client: Client) -> None:
    path = client.dice.choice(PATHS)
    status = await client.status(path + client.query)
    assert status == 404 or (path.startswith("/recordings") and status == 403)


async def writes(client: Client) -> None:
    method = client.dice.choice(["POST", "PUT", "DELETE", "TRACE", "CONNECT", "BREW"])
    assert await client.status("/static/app.js", method=method) in (400, 404, 405)


async def speaks_no_http(client: Client) -> None:
    answer = await client.ask(client.dice.choice(NO_HTTP), last=True)
    assert answer == b"" or answer.split()[1] in (b"400", b"421", b"404"), answer[:200]


async def leaves_in_the_handshake(client: Client) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", client.server.port)
    greeting = client.handshake()
    writer.write(greeting[: client.dice.randrange(1, len(greeting))])
    await asyncio.sleep(0)
    hang_up(writer)


async def leaves_right_after_it(client: Client) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", client.server.port)
    writer.write(client.handshake())
    await writer.drain()
    await asyncio.sleep(client.dice.choice([0, 0.005, 0.02]))
    hang_up(writer)


async def leaves_in_a_frame(client: Client) -> None:
    _, writer = await client.raw()
    whole = masked(0x82, picture(JPEG))
    writer.write(whole[: client.dice.randrange(1, len(whole))])
    await writer.drain()
    hang_up(writer)


async def leaves_in_a_message(client: Client) -> None:
    _, writer = await client.raw()
    writer.write(masked(0x01, b'{"type":') + masked(0x00, b'"set"') * 3)
    await writer.drain()
    hang_up(writer)


async def breaks_the_protocol(client: Client) -> None:
    reader, writer = await client.raw()
    writer.write(client.dice.choice(BAD_FRAMES))
    with suppress(ConnectionError):
        await asyncio.wait_for(reader.read(), PATIENCE_S)  # until it hangs up
    hang_up(writer)


async def floods(client: Client) -> None:
    async with client.line() as line:
        with suppress(ConnectionClosed):
            for number in range(1500):
                await line.send(json.dumps({"type": "shown", "number": number}))
        assert "too many messages" in await sent_away(line, 1008)


async def wants_something_else_all_the_time(client: Client) -> None:
    async with client.line() as line:
        with suppress(ConnectionClosed):
            for number in range(100):
                await line.send(json.dumps({"type": "set", "people": 1 + number % 2}))
                await line.send(json.dumps({"type": "record", "on": number % 3 == 0}))
        assert "too many changes" in await sent_away(line, 1008)


async def records_and_runs(client: Client) -> None:
    """Leaves a camera of its own, a recording and a picture that is being tracked."""
    async with client.line() as line:
        await line.send(json.dumps({"type": "set", "source": CAMERA}))
        await line.send(json.dumps({"type": "record", "on": True}))
        await line.send(picture(JPEG))
        if client.dice.random() < 0.5:
            await hear(line, "frame")
        line.transport.abort()


async def asks_for_what_is_not_offered(client: Client) -> None:
    """Which an honest page may do whose list is old: it is told, and stays."""
    what = client.dice.choice(["source", "model", "graph"])
    name = client.dice.choice(["/etc/passwd", "../x", "http://169.254.169.254/", "0", "\0", "🦴"])
    async with client.line() as line:
        await line.send(json.dumps({"type": "set", what: name}))
        while not (await hear(line, "error"))["text"].startswith(f"no {what} "):
            pass  # what others asked for of the shared source


async def crowds(client: Client) -> None:
    """More than there is room for, all at once."""
    async with AsyncExitStack() as stack:
        lines = [await stack.enter_async_context(client.line()) for _ in range(VIEWERS)]
        assert f"{VIEWERS} viewers are here" in await sent_away(lines[-1], 4429)


Action = Callable[[Client], Awaitable[None]]
HOSTILE: dict[Action, int] = {
    says_nonsense: 151,
    says_random_json: 80,
    sends_rubbish: 100,
    sends_random_bytes: 50,
    sends_too_much: 10,
    sends_far_too_much: 6,
    sends_broken_pictures: 12,
    comes_from_another_site: 80,
    comes_by_another_name: 60,
    guesses_the_token: 20,
    climbs: 90,
    writes: 20,
    speaks_no_http: 50,
    leaves_in_the_handshake: 70,
    leaves_right_after_it: 50,
    leaves_in_a_frame: 50,
    leaves_in_a_message: 30,
    breaks_the_protocol: 40,
    floods: 6,
    wants_something_else_all_the_time: 3,
    records_and_runs: 12,
    asks_for_what_is_not_offered: 10,
}
WITHOUT_TOKEN: dict[Action, int] = {
    guesses_the_token: 40,
    has_no_token: 20,
    comes_from_another_site: 20,
    climbs: 20,
    says_nonsense: 20,
    leaves_in_the_handshake: 10,
}


# --- and who must not be hurt ---------------------------------------------------------------------


class Healthy:
    """A viewer who behaves, and counts."""

    def __init__(self) -> None:
        self.frames = 0

    async def watch(self, line: ClientConnection) -> None:
        while True:
            await hear(line, "picture")
            self.frames += 1

    async def see_more(self, watching: asyncio.Task[None]) -> None:
        """Wait for more frames; they must come."""
        before = self.frames
        for _ in range(int(PATIENCE_S / 0.02)):
            if self.frames >= before + 3:
                return
            assert not watching.done(), watching.exception()
            await asyncio.sleep(0.02)
        pytest.fail("no frame comes any more")


async def attack(client: Client, deck: list[Action], healthy: Healthy, viewer: Any) -> None:
    """Let them all loose, some at a time; in between, look whether the viewer is well."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def act(one: Action, number: int) -> None:
        async with gate:
            alone = Client(client.server, random.Random(number))
            try:
                await asyncio.wait_for(one(alone), PATIENCE_S)
            except BaseException as error:
                error.args = (f"{one.__name__}, number {number}: {error}",)
                raise

    for start in range(0, len(deck), 50):
        some = enumerate(deck[start : start + 50], start)
        await asyncio.gather(*(act(one, number) for number, one in some))
        await healthy.see_more(viewer)


async def play(server: Server, actions: dict[Action, int]) -> None:
    await server.ready()
    client = Client(server, random.Random(0))
    deck = [one for one, count in actions.items() for _ in range(count)]
    client.dice.shuffle(deck)
    healthy = Healthy()
    async with client.line() as line:
        viewer = asyncio.ensure_future(healthy.watch(line))
        try:
            await healthy.see_more(viewer)
            await attack(client, list(actions), healthy, viewer)  # each once: warm
            files, memory, lines = server.files(), server.memory_mb(), server.lines()
            await attack(client, deck, healthy, viewer)
            await attack(client, [crowds], healthy, viewer)  # alone, for it leaves no room
            for _ in range(int(PATIENCE_S / 0.1)):  # the last ones are still being seen off
                if server.lines() <= lines:
                    break
                await asyncio.sleep(0.1)
            await healthy.see_more(viewer)
            assert server.lines() <= lines
            assert server.memory_mb() < memory + 100
            assert server.peak_mb() < memory + 400
            assert server.files() == files
        finally:
            viewer.cancel()
            await asyncio.gather(viewer, return_exceptions=True)


def check_words(server: Server) -> None:
    """Nothing on stderr that looks like a fault of ours."""
    said = server.said()
    assert "Traceback" not in said
    assert "ERROR" not in said
    assert "never retrieved" not in said


def test_a_thousand_attacks_hurt_nobody_else(weights: object, tmp_path: Path) -> None:
    assert sum(HOSTILE.values()) == 1000
    with serving(weights, tmp_path) as server:
        asyncio.run(play(server, HOSTILE))
    check_words(server)
    assert server.process.returncode == 143
    assert server.files() == set()
    kept = list(server.folders["recordings"].iterdir())
    assert {path.suffix for path in kept} <= {".mp4", ".jsonl", ".csv"}


def test_nobody_gets_in_without_the_token(weights: object, tmp_path: Path) -> None:
    with serving(weights, tmp_path, "--host", "0.0.0.0") as server:
        asyncio.run(play(server, WITHOUT_TOKEN))
        assert len(server.token) >= 20
    check_words(server)


def test_who_never_reads_and_who_never_speaks_are_borne(weights: object, tmp_path: Path) -> None:
    """Lines that are kept open: each holds a little, and none holds up anybody."""

    async def scene() -> None:
        await server.ready()
        client = Client(server, random.Random(0))
        healthy = Healthy()
        async with client.line() as line, AsyncExitStack() as stack:
            viewer = asyncio.ensure_future(healthy.watch(line))
            stack.callback(viewer.cancel)
            await healthy.see_more(viewer)
            memory = server.memory_mb()
            silent = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(40)]
            for number, (_, writer) in enumerate(silent):
                stack.callback(hang_up, writer)
                writer.write(client.handshake()[:number])
            for _ in range(4):  # watch, and take nothing in
                _, writer = await client.raw()
                stack.callback(hang_up, writer)
                writer.transport.pause_reading()
                writer.write(masked(0x81, b'{"type":"shown","number":1}') * 250)
            for _ in range(4):  # watch, and confirm nothing
                unsure = await stack.enter_async_context(client.line())
                stack.callback(unsure.transport.abort)
                await unsure.recv()
            await healthy.see_more(viewer)
            for reader, _ in silent:  # they are hung up on
                with suppress(ConnectionError):
                    await asyncio.wait_for(reader.read(), PATIENCE_S)
            await healthy.see_more(viewer)
            assert server.memory_mb() < memory + 100

    with serving(weights, tmp_path) as server:
        asyncio.run(scene())
    check_words(server)
