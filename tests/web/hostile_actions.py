"""Actions of a hostile client: each does one wrong thing and checks the refusal."""

from __future__ import annotations

import asyncio
import json
import struct
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from typing import Any

import pytest

pytest.importorskip("uvicorn")
from websockets.exceptions import ConnectionClosed

from blazetrack.web.catalog import BROWSER_CAMERA
from tests.web.hostile_client import (
    FRAME,
    JPEG,
    TIMEOUT_S,
    VIEWERS,
    Client,
    closed_with,
    masked,
    picture,
    receive,
    reset,
    resized,
)

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
