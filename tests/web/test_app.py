"""The page from outside: access, responses, and malformed messages."""

from __future__ import annotations

import http.client
import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import pytest

pytest.importorskip("uvicorn")
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from blazetrack.web.access import Access, Limits
from blazetrack.web.catalog import BROWSER_CAMERA, Catalog
from blazetrack.web.choice import Choice
from blazetrack.web.protocol import EncodedImage
from blazetrack.web.server import Page, make_server
from blazetrack.web.session import FAULT
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


@pytest.fixture
def served(toy: ToyWorld, tmp_path: Path) -> Open:
    """A page on toy networks: `with served(...) as site`."""

    @contextmanager
    def serve(host: str = "localhost", first: str = "discs", **limits: Any) -> Iterator[Site]:
        catalog = Catalog({"discs": "discs", "more": "more"}, ("full",), {"pose": "pose"})
        folder = tmp_path / "recordings"
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


def test_static_files_have_their_content_types(served: Open) -> None:
    with served() as site:
        page = site.request("/")
        assert page.status == 200
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        for name in ("app.js", "style.css", "icon.svg"):
            assert f"static/{name}".encode() in page.body
            asset = site.request(f"/static/{name}")
            assert asset.status == 200
            assert asset.headers["content-type"].startswith(("text/", "image/svg"))


def test_responses_have_security_headers(served: Open) -> None:
    with served() as site:
        for path in ("/", "/static/app.js", "/nowhere", "/recordings/a/b"):
            headers = site.request(path).headers
            assert headers["content-security-policy"].startswith("default-src 'none'")
            assert "unsafe" not in headers["content-security-policy"]
            assert "http" not in headers["content-security-policy"]
            assert headers["x-content-type-options"] == "nosniff"


def test_paths_outside_the_static_folder_are_404(served: Open) -> None:
    with served() as site:
        for path in (
            "/static/",
            "/static/../app.py",
            "/static/..%2fapp.py",
            "/static/%2e%2e/app.py",
            "/static/..%5capp.py",
            "/static/%2fetc%2fpasswd",
            "/static/app.js%00",
            "/static/app.js%ff",
            "/../../etc/passwd",
            "/recordings/../../etc/passwd",
            "/recordings/..%2f..%2fetc/passwd",
            "/recordings/x/mp4",
            "/recordings/x/..",
            "//etc/passwd",
            "http://localhost/etc/passwd",
        ):
            assert site.request(path).status == 404, path


def test_writing_methods_are_refused(served: Open) -> None:
    with served() as site:
        for method in ("POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"):
            for path in ("/", "/static/app.js", "/recordings/x/mp4", "/live"):
                assert site.request(path, method).status in (404, 405)


def test_foreign_host_is_refused(served: Open) -> None:
    with served() as site:
        for host in ("evil.com", "[", "localhost.evil.com", "192.168.1.7:8765"):
            for path in ("/", "/static/app.js", "/live"):
                response = site.request(path, host=host)
                assert response.status == 421
                assert "content-security-policy" in response.headers
            if host != "[":
                assert site.refused(host=host, origin=f"http://{host}") == 403


def test_foreign_origin_is_refused(served: Open) -> None:
    with served() as site:
        for origin in ("http://evil.com", "null", "", "http://[", "http://localhost:1", None):
            assert site.refused(origin=origin) == 403


def test_requests_without_the_token_are_refused(served: Open) -> None:
    with served("0.0.0.0") as site:
        for query in ("", "?token=", "?token=wrong", "?token=secre", "?token=secret%00"):
            assert site.request("/" + query).status == 403
            assert site.request("/recordings/x/mp4" + query).status == 403
            assert site.refused(query) == 403
            page = site.request("/" + query)
            assert page.headers["content-type"].startswith("text/html")
            assert b'name="viewport"' in page.body
        assert site.request("/?token=secret").status == 200
        with site.connect("?token=secret") as page:
            page.receive("hello")


def test_page_receives_hello_state_and_frames(served: Open) -> None:
    with served() as site, site.connect() as page:
        hello = page.receive("hello")
        assert hello["sources"] == ["discs", "more", BROWSER_CAMERA]
        assert hello["begin"] == "discs"
        assert page.receive("state")["source"] == "discs"
        first, second = page.receive("picture"), page.receive("picture")
        assert second["number"] > first["number"]
        (person,) = second["record"]["poses"]
        assert len(person["landmarks_px"]) == 33


def test_change_of_one_page_is_sent_to_all(served: Open) -> None:
    with served() as site, site.connect() as one, site.connect() as two:
        for page in (one, two):
            page.receive("state")
        one.send(type="set", people=3, smoothing=0, paused=True, source="more")
        state = two.receive("state")
        while not state["paused"]:  # of the greeting
            state = two.receive("state")
        assert (state["people"], state["smoothing"], state["source"]) == (3, 0, "more")


def test_unknown_choice_is_an_error_for_its_page(served: Open) -> None:
    with served() as site, site.connect() as page:
        for wanted in ({"source": "/etc/passwd"}, {"model": "../x"}, {"graph": "pose_multi"}):
            page.send(type="set", **wanted)
            assert page.receive("error")["text"].startswith("no ")
        page.receive("picture")


def test_browser_camera_receives_its_frames_only(served: Open, toy: ToyWorld) -> None:
    with served(first=BROWSER_CAMERA) as site, site.connect() as page:
        assert page.receive("hello")["begin"] == BROWSER_CAMERA
        page.send(type="set", source=BROWSER_CAMERA)
        assert page.receive("state")["source"] == BROWSER_CAMERA
        for number in (1, 2):
            page.send_image(toy.picture((100, 100)), number)
            response = page.receive("frame")
            assert response["number"] == number
            assert len(response["record"]["poses"]) == 1
        page.send(type="set", source="discs")
        page.receive("picture")


def test_browser_camera_page_receives_the_state_before_its_first_image(
    served: Open, toy: ToyWorld
) -> None:
    with served(first=BROWSER_CAMERA) as site, site.connect() as page:
        state = page.receive("state")
        assert (state["source"], state["model"], state["graph"]) == (BROWSER_CAMERA, "full", "pose")
        page.send(type="set", masks=True)
        assert page.receive("state")["masks"] is True
        page.send_image(toy.picture((100, 100)))
        (person,) = page.receive("frame")["record"]["poses"]
        assert person["mask"]["size"] == [240, 320]


def test_begin_starts_ids_afresh(served: Open, toy: ToyWorld) -> None:
    with served(first=BROWSER_CAMERA) as site, site.connect() as page:
        for number, at in enumerate([(50, 50), (250, 180)]):
            page.send(type="begin", still=True)
            page.send_image(toy.picture(at), number)
            (person,) = page.receive("frame")["record"]["poses"]
            assert person["id"] == 1
            assert person["landmarks_px"][0][:2] == pytest.approx(at, abs=2)


def test_a_recording_is_served_at_its_link_only(served: Open) -> None:
    with served() as site, site.connect() as page:
        page.send(type="record", on=True)
        for _ in range(3):
            page.receive("picture")
        page.send(type="record", on=False)
        message = page.receive("recording")
        assert len(message["files"]) == 3
        for file in message["files"]:
            response = site.request("/" + file["url"])
            assert response.status == 200
            assert len(response.body) == file["bytes"]
            assert file["name"] in response.headers["content-disposition"]
            assert site.request("/" + file["url"] + "x").status == 404


def test_leaving_the_camera_sends_its_recording(served: Open, toy: ToyWorld) -> None:
    with served() as site, site.connect() as page:
        page.send(type="set", source=BROWSER_CAMERA)
        page.send(type="record", on=True)
        page.send_image(toy.picture((100, 100)))
        page.receive("frame")
        page.send(type="set", source="discs")
        files = page.receive("recording")["files"]
        assert [site.request("/" + file["url"]).status for file in files] == [200] * 3


def test_disconnecting_finishes_the_recording(served: Open, toy: ToyWorld, tmp_path: Path) -> None:
    with served() as site, site.connect() as page:
        page.send(type="set", source=BROWSER_CAMERA)
        page.send(type="record", on=True)
        page.send_image(toy.picture((100, 100)))
        page.receive("frame")
    (lines,) = (tmp_path / "recordings").glob("*.jsonl")
    assert json.loads(lines.read_text())["frame"] == 0


def test_shutdown_finishes_the_recording(served: Open, toy: ToyWorld, tmp_path: Path) -> None:
    with served() as site, site.connect() as one:
        one.send(type="record", on=True)
        one.receive("picture")
        one.receive("picture")
    (film,) = (tmp_path / "recordings").glob("*.mp4")
    assert film.stat().st_size
    assert cv2.VideoCapture(str(film)).read()[0]


def test_shutdown_finishes_the_recording_of_a_camera(
    served: Open, toy: ToyWorld, tmp_path: Path
) -> None:
    with ExitStack() as lines:
        with served() as site:
            page = lines.enter_context(site.connect())
            page.send(type="set", source=BROWSER_CAMERA)
            page.send(type="record", on=True)
            page.send_image(toy.picture((100, 100)))
            page.receive("frame")
        assert page.closed()[0] == 1012
    (film,) = (tmp_path / "recordings").glob("*.mp4")
    assert cv2.VideoCapture(str(film)).read()[0]


def test_viewer_limit_is_reported_and_freed(served: Open) -> None:
    with served(viewers=2) as site:
        with site.connect() as one, site.connect() as two, site.connect() as three:
            assert three.closed() == (4429, "the limit of 2 viewers is reached")
            one.receive("picture")
            two.receive("picture")
        with site.connect() as page:
            page.receive("picture")


@pytest.mark.parametrize(
    ("wrong", "code", "text"),
    [
        ("", 1008, "message: "),
        ("{}", 1008, "message: "),
        ('{"type":"sudo"}', 1008, "message: "),
        ('{"type":"set","people":1e99}', 1008, "message: set.people: "),
        ("x" * 5000, 1008, "message: expected up to 4096 characters"),
        (b"", 1009, "image: expected more than 12 bytes"),
        (b"x" * 100, 1008, "image: expected a time"),
        (bytes(100), 1008, "image: expected a complete JPEG"),
        (bytes(2**21 + 1), 1009, "image: expected up to 2097152 bytes"),
    ],
)
def test_malformed_message_closes_that_connection_only(
    served: Open, wrong: str | bytes, code: int, text: str
) -> None:
    with served() as site, site.connect() as healthy:
        with site.connect() as page:
            page.connection.send(wrong)
            got, reason = page.closed()
            assert got == code
            assert reason.startswith(text)
            assert len(reason.encode()) <= 123
        healthy.receive("picture")


def test_image_without_chosen_camera_closes_the_connection(served: Open, toy: ToyWorld) -> None:
    with served() as site, site.connect() as page:
        page.send_image(toy.picture())
        assert page.closed() == (1008, "image: choose the browser camera as the source first")


def test_corrupt_image_closes_the_connection(served: Open) -> None:
    head = b"\xff\xd8\xff\xc0\x00\x11\x08\x00\x40\x00\x40\x03" + bytes(9)
    with served() as site, site.connect() as page:
        page.send(type="set", source=BROWSER_CAMERA)
        page.connection.send(struct.pack("<Id", 1, 0.0) + head + b"\xff\xd9")
        assert page.closed() == (1008, "image: the JPEG cannot be decoded")


@pytest.mark.parametrize(
    ("limits", "text"),
    [
        ({"messages_per_s": 5.0}, "too many messages; send slower"),
        ({"changes_per_s": 2.0}, "too many changes; send fewer"),
    ],
)
def test_too_many_messages_close_the_connection(
    served: Open, limits: dict[str, float], text: str
) -> None:
    with served(**limits) as site, site.connect() as page:
        with suppress(ConnectionClosed):  # the server may close before all is sent
            for _ in range(20):
                page.send(type="follow", at=None)
        code, reason = page.closed()
        assert (code, reason) == (1008, text)


def test_internal_error_is_logged_and_closes_the_connection(
    served: Open, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, toy: ToyWorld
) -> None:
    def fail(*_: object) -> None:
        raise cv2.error("unexpected")

    monkeypatch.setattr(EncodedImage, "decode", fail)
    with served() as site, site.connect() as healthy, site.connect() as page:
        page.send(type="set", source=BROWSER_CAMERA)
        page.send_image(toy.picture())
        assert page.closed() == (1011, FAULT)
        healthy.receive("picture")
    assert "unexpected" in caplog.text
