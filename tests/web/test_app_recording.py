"""Recordings of the page from outside: links, disconnection, shutdown."""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path

import cv2
import pytest

pytest.importorskip("uvicorn")

from blazetrack.web.catalog import BROWSER_CAMERA
from tests.toy_models import ToyWorld
from tests.web.served_page import Open


def test_a_recording_is_served_at_its_link_only(serve_page: Open) -> None:
    with serve_page() as site, site.connect() as page:
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


def test_leaving_the_camera_sends_its_recording(serve_page: Open, toy: ToyWorld) -> None:
    with serve_page() as site, site.connect() as page:
        page.send(type="set", source=BROWSER_CAMERA)
        page.send(type="record", on=True)
        page.send_image(toy.picture((100, 100)))
        page.receive("frame")
        page.send(type="set", source="discs")
        files = page.receive("recording")["files"]
        assert [site.request("/" + file["url"]).status for file in files] == [200] * 3


def test_disconnecting_finishes_the_recording(
    serve_page: Open, toy: ToyWorld, tmp_path: Path
) -> None:
    with serve_page() as site, site.connect() as page:
        page.send(type="set", source=BROWSER_CAMERA)
        page.send(type="record", on=True)
        page.send_image(toy.picture((100, 100)))
        page.receive("frame")
    (lines,) = (tmp_path / "recordings").glob("*.jsonl")
    assert json.loads(lines.read_text())["frame"] == 0


def test_shutdown_finishes_the_recording(serve_page: Open, toy: ToyWorld, tmp_path: Path) -> None:
    with serve_page() as site, site.connect() as one:
        one.send(type="record", on=True)
        one.receive("picture")
        one.receive("picture")
    (film,) = (tmp_path / "recordings").glob("*.mp4")
    assert film.stat().st_size
    assert cv2.VideoCapture(str(film)).read()[0]


def test_shutdown_finishes_the_recording_of_a_camera(
    serve_page: Open, toy: ToyWorld, tmp_path: Path
) -> None:
    with ExitStack() as lines:
        with serve_page() as site:
            page = lines.enter_context(site.connect())
            page.send(type="set", source=BROWSER_CAMERA)
            page.send(type="record", on=True)
            page.send_image(toy.picture((100, 100)))
            page.receive("frame")
        assert page.closed()[0] == 1012
    (film,) = (tmp_path / "recordings").glob("*.mp4")
    assert cv2.VideoCapture(str(film)).read()[0]
