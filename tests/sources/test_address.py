"""What is behind an address: films and pictures are read whole, the rest is live."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from blazetrack.errors import SourceError
from blazetrack.sources import Source, camera, open_source
from tests.sources.test_source_video import TIMES_S, make_video

PICTURE = np.full((24, 32, 3), 150, np.uint8)


class Server:
    """Serves a folder; its attributes change how.

    Attributes:
        ranges: answers requests for parts.
        length: states the size.
        kind: content type in place of the one by the file's name.
        endless: repeats the picture as a motion-JPEG stream, so many times.
        login: expected user and password.
        requests: paths that were requested.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.ranges, self.length, self.kind = folder, True, True, ""
        self.endless, self.login = 0, ""
        self.requests: list[str] = []
        self.address = ""


class Handler(SimpleHTTPRequestHandler):
    def __init__(self, *args: Any, server_state: Server) -> None:
        self.state = server_state
        super().__init__(*args)

    def log_message(self, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        state = self.state
        state.requests.append(self.path)
        path = state.folder / self.path.lstrip("/").partition("?")[0]
        if not path.is_file():
            return self.send_error(404)
        if state.login and self.headers.get("Authorization") != state.login:
            return self.send_error(401)
        data = path.read_bytes()
        if state.endless:
            return self.stream(data)
        wanted = re.match(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        first, last = 0, len(data) - 1
        if wanted and state.ranges:
            first, last = int(wanted[1]), int(wanted[2] or last)
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {first}-{last}/{len(data)}")
        else:
            self.send_response(200)
        if state.length:
            self.send_header("Content-Length", str(last - first + 1))
        self.send_header("Content-Type", state.kind or self.guess_type(str(path)))
        self.end_headers()
        self.send(data[first : last + 1])
        return None

    def stream(self, picture: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=part")
        self.end_headers()
        head = b"--part\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(picture)
        for _ in range(self.state.endless):
            self.send(head + picture + b"\r\n")

    def send(self, data: bytes) -> None:
        try:
            self.wfile.write(data)
        except OSError:  # the reader has left
            self.close_connection = True


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    state = Server(tmp_path)
    handler = partial(Handler, server_state=state)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.02,))
        thread.start()
        state.address = f"http://127.0.0.1:{running.server_port}"
        yield state
        running.shutdown()
        thread.join()


def times(source: Source) -> list[float]:
    with source:
        return [frame.time_s for frame in source]


@pytest.mark.parametrize("ahead", [True, False])
@pytest.mark.parametrize("ranges", [True, False])
def test_open_address_film_is_read_whole_with_its_times(
    server: Server, tmp_path: Path, ahead: bool, ranges: bool
) -> None:
    make_video(tmp_path / "clip.mp4", ahead=ahead, seed=1)
    server.ranges = ranges
    source = open_source(f"{server.address}/clip.mp4?quality=high")
    assert (source.info.kind, source.info.frames) == ("video", len(TIMES_S))
    assert times(source) == pytest.approx(TIMES_S, abs=1e-4)
    assert source.warnings == []


@pytest.mark.parametrize("kind", ["video/mp4", "video/quicktime"])
def test_open_address_film_without_length_is_read_whole(
    server: Server, tmp_path: Path, kind: str
) -> None:
    make_video(tmp_path / "clip.mp4", seed=1)
    server.ranges, server.length, server.kind = False, False, kind
    assert times(open_source(f"{server.address}/clip.mp4")) == pytest.approx(TIMES_S, abs=1e-4)


@pytest.mark.parametrize("ending", [".jpg", ".png", ".webp"])
@pytest.mark.parametrize("length", [True, False])
def test_open_address_picture_is_one_still(
    server: Server, tmp_path: Path, ending: str, length: bool
) -> None:
    cv2.imwrite(str(tmp_path / f"a{ending}"), PICTURE)
    server.length, server.ranges = length, length
    server.kind = f"image/{ending[1:]}"
    with open_source(f"{server.address}/a{ending}") as source:
        assert source.info.kind == "stills"
        (frame,) = source
    assert frame.still
    assert frame.image.shape == PICTURE.shape


def test_open_address_motion_jpeg_is_live_from_its_first_picture(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(camera, "_MISS_PAUSE_S", 0.0)
    cv2.imwrite(str(tmp_path / "a.jpg"), PICTURE)
    server.endless = 5
    with open_source(f"{server.address}/a.jpg", retry_s=0) as source:
        assert source.info.kind == "live"
        assert [frame.index for frame in source] == [0, 1, 2, 3, 4]


def test_open_address_user_and_password_are_sent_and_not_named(
    server: Server, tmp_path: Path
) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), PICTURE)
    server.login = "Basic dXNlcjpwQHNz"  # user:p@ss
    address = server.address.replace("//", "//user:p%40ss@") + "/a.png"
    with open_source(address) as source:
        assert len(list(source)) == 1
        assert "p%40ss" not in source.info.name
    with pytest.raises(SourceError, match="give user and password"):
        open_source(f"{server.address}/a.png")


@pytest.mark.parametrize(
    ("name", "words"), [("none.mp4", "the answer 404"), ("text.txt", "got a text")]
)
def test_open_address_without_pictures_is_one_line(
    server: Server, tmp_path: Path, capfd: pytest.CaptureFixture[str], name: str, words: str
) -> None:
    (tmp_path / "text.txt").write_text("hello " * 99)
    with pytest.raises(SourceError, match=words) as caught:
        open_source(f"{server.address}/{name}")
    assert "\n" not in str(caught.value)
    assert capfd.readouterr().err == ""


def test_open_address_nothing_listens_is_one_line() -> None:
    with pytest.raises(SourceError, match="check the address and the network"):
        open_source("http://127.0.0.1:9/clip.mp4")


def test_open_source_file_address_is_the_file(tmp_path: Path) -> None:
    make_video(tmp_path / "a.mp4").rename(tmp_path / "my clip.mp4")
    for address in (f"file://{tmp_path}/my clip.mp4", f"file://localhost{tmp_path}/my%20clip.mp4"):
        source = open_source(address)
        assert source.info.kind == "video"
        assert times(source) == pytest.approx(TIMES_S, abs=1e-4)
    with pytest.raises(SourceError, match=r"did you mean 'my clip\.mp4'"):
        open_source(f"file://{tmp_path}/myclip.mp4")


@pytest.mark.parametrize("name", ["http:/127.0.0.1:9/x", "2026", "a://b"])
def test_open_source_existing_name_is_a_file_or_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(name).mkdir(parents=True)
    cv2.imwrite(f"{name}/a.png", PICTURE)
    with open_source(name) as source:
        assert source.info.kind == "stills"
    with open_source(f"{name}/a.png") as source:
        assert len(list(source)) == 1


@pytest.mark.parametrize("address", ["http://127.0.0.1:9/x.mp4", "rtsp://user:pass@127.0.0.1:9/x"])
def test_open_source_offline_refuses_an_address(address: str) -> None:
    with pytest.raises(SourceError, match="which --offline does not allow") as caught:
        open_source(address, offline=True)
    assert "pass" not in str(caught.value)


@pytest.mark.parametrize("name", ["http:x.mp4", "tcp:127.0.0.1:{port}", "http:127.0.0.1:{port}"])
def test_open_source_file_name_sends_no_request(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    name = name.format(port=server.address.rpartition(":")[2])
    make_video(tmp_path / "a.mp4").rename(name)
    assert len(times(open_source(name))) == len(TIMES_S)
    assert server.requests == []
