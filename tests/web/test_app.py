"""The page from outside: who is let in, what is answered, and what a wrong word costs."""

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

from blazetrack.web.access import Access
from blazetrack.web.broadcast import FAULT
from blazetrack.web.camera import Camera
from blazetrack.web.catalog import CAMERA, Catalogue
from blazetrack.web.engine import Choice
from blazetrack.web.limits import Limits
from blazetrack.web.server import Page, make_server
from tests.toy import ToyWorld

Open = Callable[..., Any]


class Answer(NamedTuple):
    status: int
    headers: http.client.HTTPMessage
    body: bytes


class Line:
    """What a page sees of its WebSocket."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    def say(self, **message: Any) -> None:
        self.connection.send(json.dumps(message))

    def picture(self, image: Any, number: int = 1) -> None:
        coded = bytes(cv2.imencode(".jpg", image)[1])
        self.connection.send(struct.pack("<Id", number, 33.0 * number) + coded)

    def hear(self, kind: str) -> dict[str, Any]:
        """The next message of this kind; pictures on the way are confirmed."""
        while True:
            data = self.connection.recv(timeout=20)
            if isinstance(data, bytes):
                length = struct.unpack_from("<I", data)[0]
                told = {**json.loads(data[4 : 4 + length]), "type": "picture"}
                self.say(type="shown", number=told["number"])
            else:
                told = json.loads(data)
            if told["type"] == kind:
                return dict(told)

    def closed(self) -> tuple[int, str]:
        """The code and the reason with which the line is closed."""
        with pytest.raises(ConnectionClosed) as end:
            self.hear("nothing of this kind")
        assert end.value.rcvd is not None
        return end.value.rcvd.code, end.value.rcvd.reason


class Site:
    """A page that is served at a port of this machine."""

    def __init__(self, port: int) -> None:
        self.port = port

    def ask(
        self, path: str, method: str = "GET", host: str = "localhost", **headers: str
    ) -> Answer:
        """Ask for exactly this path."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.putrequest(method, path, skip_host=True)
            for name, value in {"Host": host, "Connection": "close", **headers}.items():
                connection.putheader(name, value)
            connection.endheaders()
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())
        finally:
            connection.close()

    @contextmanager
    def line(
        self, query: str = "", host: str = "localhost", origin: str | None = "http://localhost"
    ) -> Iterator[Line]:
        """Open a WebSocket."""
        with (
            socket.create_connection(("127.0.0.1", self.port), timeout=20) as through,
            connect(f"ws://{host}/live{query}", sock=through, origin=origin) as connection,  # type: ignore[arg-type]
        ):
            yield Line(connection)

    def refused(self, *query: str, **where: str | None) -> int:
        """The status with which a WebSocket is refused."""
        with pytest.raises(InvalidStatus) as end, self.line(*query, **where):  # type: ignore[arg-type]
            pass
        return end.value.response.status_code


@pytest.fixture
def served(toy: ToyWorld, tmp_path: Path) -> Open:
    """A page on toy networks: `with served(...) as site`."""

    @contextmanager
    def serve(host: str = "localhost", begin: str = "discs", **limits: Any) -> Iterator[Site]:
        catalogue = Catalogue({"discs": "discs", "more": "more"}, ("full",), {"pose": "pose"})
        folder = tmp_path / "recordings"
        folder.mkdir(exist_ok=True)
        page = Page(
            catalogue, toy.make, Choice(), begin, Limits(**limits), folder,
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


def test_the_page_and_its_files_are_served_with_their_kinds(served: Open) -> None:
    with served() as site:
        page = site.ask("/")
        assert page.status == 200
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        for name in ("app.js", "style.css", "icon.svg"):
            assert f"static/{name}".encode() in page.body
            asset = site.ask(f"/static/{name}")
            assert asset.status == 200
            assert asset.headers["content-type"].startswith(("text/", "image/svg"))


def test_the_page_may_load_nothing_from_elsewhere(served: Open) -> None:
    with served() as site:
        for path in ("/", "/static/app.js", "/nowhere", "/recordings/a/b"):
            headers = site.ask(path).headers
            assert headers["content-security-policy"].startswith("default-src 'none'")
            assert "unsafe" not in headers["content-security-policy"]
            assert "http" not in headers["content-security-policy"]
            assert headers["x-content-type-options"] == "nosniff"


def test_no_path_leads_out(served: Open) -> None:
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
            assert site.ask(path).status == 404, path


def test_there_is_nothing_to_write_to(served: Open) -> None:
    with served() as site:
        for method in ("POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"):
            for path in ("/", "/static/app.js", "/recordings/x/mp4", "/live"):
                assert site.ask(path, method).status in (404, 405)


def test_a_name_that_was_pointed_here_gets_nothing(served: Open) -> None:
    with served() as site:
        for host in ("evil.com", "[", "localhost.evil.com", "192.168.1.7:8765"):
            for path in ("/", "/static/app.js", "/live"):
                answer = site.ask(path, host=host)
                assert answer.status == 421
                assert "content-security-policy" in answer.headers
            if host != "[":
                assert site.refused(host=host, origin=f"http://{host}") == 403


def test_a_page_of_another_site_gets_no_line(served: Open) -> None:
    with served() as site:
        for origin in ("http://evil.com", "null", "", "http://[", "http://localhost:1", None):
            assert site.refused(origin=origin) == 403


def test_with_a_token_nothing_goes_without_it(served: Open) -> None:
    with served("0.0.0.0") as site:
        for query in ("", "?token=", "?token=wrong", "?token=secre", "?token=secret%00"):
            assert site.ask("/" + query).status == 403
            assert site.ask("/recordings/x/mp4" + query).status == 403
            assert site.refused(query) == 403
        assert site.ask("/?token=secret").status == 200
        with site.line("?token=secret") as page:
            page.hear("hello")


def test_a_page_is_told_what_there_is_and_shown_it(served: Open) -> None:
    with served() as site, site.line() as page:
        hello = page.hear("hello")
        assert hello["sources"] == ["discs", "more", CAMERA]
        assert hello["begin"] == "discs"
        assert page.hear("state")["source"] == "discs"
        first, second = page.hear("picture"), page.hear("picture")
        assert second["number"] > first["number"]
        (person,) = second["record"]["poses"]
        assert len(person["landmarks_px"]) == 33


def test_what_one_changes_all_are_told(served: Open) -> None:
    with served() as site, site.line() as one, site.line() as two:
        for page in (one, two):
            page.hear("state")
        one.say(type="set", people=3, smoothing=False, paused=True, source="more")
        state = two.hear("state")
        while not state["paused"]:  # of the page that came
            state = two.hear("state")
        assert (state["people"], state["smoothing"], state["source"]) == (3, False, "more")


def test_what_is_not_offered_is_told_to_the_one_who_asked(served: Open) -> None:
    with served() as site, site.line() as page:
        for wanted in ({"source": "/etc/passwd"}, {"model": "../x"}, {"graph": "pose_multi"}):
            page.say(type="set", **wanted)
            assert page.hear("error")["text"].startswith("no ")
        page.hear("picture")


def test_the_own_camera_is_answered_and_the_shared_source_is_quiet(
    served: Open, toy: ToyWorld
) -> None:
    with served(begin=CAMERA) as site, site.line() as page:
        assert page.hear("hello")["begin"] == CAMERA
        page.say(type="set", source=CAMERA)
        assert page.hear("state")["source"] == CAMERA
        for number in (1, 2):
            page.picture(toy.picture((100, 100)), number)
            answer = page.hear("frame")
            assert answer["number"] == number
            assert len(answer["record"]["poses"]) == 1
        page.say(type="set", source="discs")
        page.hear("picture")


def test_a_recording_is_fetched_by_its_link_and_no_other(served: Open) -> None:
    with served() as site, site.line() as page:
        page.say(type="record", on=True)
        for _ in range(3):
            page.hear("picture")
        page.say(type="record", on=False)
        told = page.hear("recording")
        assert len(told["files"]) == 3
        for file in told["files"]:
            answer = site.ask("/" + file["url"])
            assert answer.status == 200
            assert len(answer.body) == file["bytes"]
            assert file["name"] in answer.headers["content-disposition"]
            assert site.ask("/" + file["url"] + "x").status == 404


def test_the_recording_of_a_camera_that_is_left_is_handed_out(served: Open, toy: ToyWorld) -> None:
    with served() as site, site.line() as page:
        page.say(type="set", source=CAMERA)
        page.say(type="record", on=True)
        page.picture(toy.picture((100, 100)))
        page.hear("frame")
        page.say(type="set", source="discs")
        files = page.hear("recording")["files"]
        assert [site.ask("/" + file["url"]).status for file in files] == [200] * 3


def test_the_recording_of_who_just_goes_is_finished(
    served: Open, toy: ToyWorld, tmp_path: Path
) -> None:
    with served() as site, site.line() as page:
        page.say(type="set", source=CAMERA)
        page.say(type="record", on=True)
        page.picture(toy.picture((100, 100)))
        page.hear("frame")
    (lines,) = (tmp_path / "recordings").glob("*.jsonl")
    assert json.loads(lines.read_text())["frame"] == 0


def test_the_end_of_the_server_finishes_what_is_recorded(
    served: Open, toy: ToyWorld, tmp_path: Path
) -> None:
    with served() as site, site.line() as one:
        one.say(type="record", on=True)
        one.hear("picture")
        one.hear("picture")
    (film,) = (tmp_path / "recordings").glob("*.mp4")
    assert film.stat().st_size
    assert cv2.VideoCapture(str(film)).read()[0]


def test_the_end_of_the_server_finishes_what_a_camera_records(
    served: Open, toy: ToyWorld, tmp_path: Path
) -> None:
    with ExitStack() as lines:
        with served() as site:
            page = lines.enter_context(site.line())
            page.say(type="set", source=CAMERA)
            page.say(type="record", on=True)
            page.picture(toy.picture((100, 100)))
            page.hear("frame")
        assert page.closed()[0] == 1012
    (film,) = (tmp_path / "recordings").glob("*.mp4")
    assert cv2.VideoCapture(str(film)).read()[0]


def test_too_many_are_told_so_and_may_come_when_one_goes(served: Open) -> None:
    with served(viewers=2) as site:
        with site.line() as one, site.line() as two, site.line() as three:
            assert three.closed() == (4429, "2 viewers are here already")
            one.hear("picture")
            two.hear("picture")
        with site.line() as page:
            page.hear("picture")


@pytest.mark.parametrize(
    ("wrong", "code", "says"),
    [
        ("", 1008, "message: "),
        ("{}", 1008, "message: "),
        ('{"type":"sudo"}', 1008, "message: "),
        ('{"type":"set","people":1e99}', 1008, "message: set.people: "),
        ("x" * 5000, 1008, "message: expected up to 4096 characters"),
        (b"", 1009, "picture: expected more than 12 bytes"),
        (b"x" * 100, 1008, "picture: expected a time"),
        (bytes(100), 1008, "picture: expected a whole JPEG"),
        (bytes(2**21 + 1), 1009, "picture: expected up to 2097152 bytes"),
    ],
)
def test_a_wrong_word_closes_that_page_and_no_other(
    served: Open, wrong: str | bytes, code: int, says: str
) -> None:
    with served() as site, site.line() as healthy:
        with site.line() as page:
            page.connection.send(wrong)
            got, reason = page.closed()
            assert got == code
            assert reason.startswith(says)
            assert len(reason.encode()) <= 123
        healthy.hear("picture")


def test_a_picture_before_the_camera_was_chosen_closes_the_line(
    served: Open, toy: ToyWorld
) -> None:
    with served() as site, site.line() as page:
        page.picture(toy.picture())
        assert page.closed() == (1008, "picture: choose the browser camera as the source first")


def test_a_picture_that_cannot_be_decoded_closes_the_line(served: Open) -> None:
    head = b"\xff\xd8\xff\xc0\x00\x11\x08\x00\x40\x00\x40\x03" + bytes(9)
    with served() as site, site.line() as page:
        page.say(type="set", source=CAMERA)
        page.connection.send(struct.pack("<Id", 1, 0.0) + head + b"\xff\xd9")
        assert page.closed() == (1008, "picture: the JPEG cannot be decoded")


@pytest.mark.parametrize(
    ("limits", "says"),
    [
        ({"messages_per_s": 5.0}, "too many messages; send slower"),
        ({"changes_per_s": 2.0}, "too many changes; ask for fewer"),
    ],
)
def test_who_floods_is_sent_away(served: Open, limits: dict[str, float], says: str) -> None:
    with served(**limits) as site, site.line() as page:
        with suppress(ConnectionClosed):  # it may hang up before we are done
            for _ in range(20):
                page.say(type="follow", at=None)
        code, reason = page.closed()
        assert (code, reason) == (1008, says)


def test_a_fault_of_ours_is_told_as_such(
    served: Open, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, toy: ToyWorld
) -> None:
    def fail(*_: object) -> None:
        raise cv2.error("something nobody thought of")

    monkeypatch.setattr(Camera, "_track", fail)
    with served() as site, site.line() as healthy, site.line() as page:
        page.say(type="set", source=CAMERA)
        page.picture(toy.picture())
        assert page.closed() == (1011, FAULT)
        healthy.hear("picture")
    assert "something nobody thought of" in caplog.text
