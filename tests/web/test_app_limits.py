"""The page from outside: limits, malformed messages, and internal errors."""

from __future__ import annotations

import struct
from contextlib import suppress

import cv2
import pytest

pytest.importorskip("uvicorn")
from websockets.exceptions import ConnectionClosed

from blazetrack.web.catalog import BROWSER_CAMERA
from blazetrack.web.protocol import EncodedImage
from blazetrack.web.session import FAULT
from tests.toy_models import ToyWorld
from tests.web.served_page import Open


def test_viewer_limit_is_reported_and_freed(serve_page: Open) -> None:
    with serve_page(viewers=2) as site:
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
    serve_page: Open, wrong: str | bytes, code: int, text: str
) -> None:
    with serve_page() as site, site.connect() as healthy:
        with site.connect() as page:
            page.connection.send(wrong)
            got, reason = page.closed()
            assert got == code
            assert reason.startswith(text)
            assert len(reason.encode()) <= 123
        healthy.receive("picture")


def test_image_without_chosen_camera_closes_the_connection(serve_page: Open, toy: ToyWorld) -> None:
    with serve_page() as site, site.connect() as page:
        page.send_image(toy.picture())
        assert page.closed() == (1008, "image: choose the browser camera as the source first")


def test_corrupt_image_closes_the_connection(serve_page: Open) -> None:
    head = b"\xff\xd8\xff\xc0\x00\x11\x08\x00\x40\x00\x40\x03" + bytes(9)
    with serve_page() as site, site.connect() as page:
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
    serve_page: Open, limits: dict[str, float], text: str
) -> None:
    with serve_page(**limits) as site, site.connect() as page:
        with suppress(ConnectionClosed):  # the server may close before all is sent
            for _ in range(20):
                page.send(type="follow", at=None)
        code, reason = page.closed()
        assert (code, reason) == (1008, text)


def test_internal_error_is_logged_and_closes_the_connection(
    serve_page: Open,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    toy: ToyWorld,
) -> None:
    def fail(*_: object) -> None:
        raise cv2.error("unexpected")

    monkeypatch.setattr(EncodedImage, "decode", fail)
    with serve_page() as site, site.connect() as healthy, site.connect() as page:
        page.send(type="set", source=BROWSER_CAMERA)
        page.send_image(toy.picture())
        assert page.closed() == (1011, FAULT)
        healthy.receive("picture")
    assert "unexpected" in caplog.text
