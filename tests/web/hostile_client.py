"""A server of its own, and a client that connects to it in any way, right or wrong."""

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
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
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
