"""The live page on toy networks, served on a port of this machine."""

from __future__ import annotations

import http.client
import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from blazetrack.web.access import Access, Limits
from blazetrack.web.catalog import Catalog
from blazetrack.web.choice import Choice
from blazetrack.web.server import Page, make_server
from tests.toy_models import ToyWorld

Open = Callable[..., Any]


class Response(NamedTuple):
    status: int
    headers: http.client.HTTPMessage
    body: bytes


class Connection:
    """The WebSocket of a page."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    def send(self, **message: Any) -> None:
        self.connection.send(json.dumps(message))

    def send_image(self, image: Any, number: int = 1) -> None:
        coded = bytes(cv2.imencode(".jpg", image)[1])
        self.connection.send(struct.pack("<Id", number, 33.0 * number) + coded)

    def receive(self, kind: str) -> dict[str, Any]:
        """The next message of this type; images in between are confirmed."""
        while True:
            data = self.connection.recv(timeout=20)
            if isinstance(data, bytes):
                length = struct.unpack_from("<I", data)[0]
                message = {**json.loads(data[4 : 4 + length]), "type": "picture"}
                self.send(type="shown", number=message["number"])
            else:
                message = json.loads(data)
            if message["type"] == kind:
                return dict(message)

    def closed(self) -> tuple[int, str]:
        """Wait for the close frame; its code and reason."""
        with pytest.raises(ConnectionClosed) as end:
            self.receive("nothing of this kind")
        assert end.value.rcvd is not None
        return end.value.rcvd.code, end.value.rcvd.reason


class Site:
    """A page that is served on a port of this machine."""

    def __init__(self, port: int) -> None:
        self.port = port

    def request(
        self, path: str, method: str = "GET", host: str = "localhost", **headers: str
    ) -> Response:
        """Request exactly this path."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.putrequest(method, path, skip_host=True)
            for name, value in {"Host": host, "Connection": "close", **headers}.items():
                connection.putheader(name, value)
            connection.endheaders()
            response = connection.getresponse()
            return Response(response.status, response.headers, response.read())
        finally:
            connection.close()

    @contextmanager
    def connect(
        self, query: str = "", host: str = "localhost", origin: str | None = "http://localhost"
    ) -> Iterator[Connection]:
        """Open a WebSocket."""
        with (
            socket.create_connection(("127.0.0.1", self.port), timeout=20) as through,
            connect(f"ws://{host}/live{query}", sock=through, origin=origin) as connection,  # type: ignore[arg-type]
        ):
            yield Connection(connection)

    def refused(self, *query: str, **where: str | None) -> int:
        """The status with which a WebSocket is refused."""
        with pytest.raises(InvalidStatus) as end, self.connect(*query, **where):  # type: ignore[arg-type]
            pass
        return end.value.response.status_code


def page_server(toy: ToyWorld, folder: Path) -> Open:
    """Serve a page: `with page_server(...)() as site`."""

    @contextmanager
    def serve(host: str = "localhost", first: str = "discs", **limits: Any) -> Iterator[Site]:
        catalog = Catalog({"discs": "discs", "more": "more"}, ("full",), {"pose": "pose"})
        folder.mkdir(exist_ok=True)
        page = Page(
            catalog, toy.make, Choice(), first, Limits(**limits), folder,
            lambda name: toy.source(),
        )  # fmt: skip
        access = Access(host, None if host == "localhost" else "secret")
        server = make_server(page.start, access, page.limits)
        with socket.create_server(("127.0.0.1", 0)) as listening:
            thread = threading.Thread(target=server.run, args=([listening],))
            thread.start()
            try:
                while not server.started:
                    assert thread.is_alive()
                    time.sleep(0.01)
                yield Site(listening.getsockname()[1])
            finally:
                server.should_exit = True
                thread.join(20)
                assert not thread.is_alive()

    return serve
