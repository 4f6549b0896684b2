"""The live page with images of the browser: its camera and files; what the page explains."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import pytest

from benchmarks.browser import Served, serve, until
from blazetrack.sources import open_source
from blazetrack.store import Store

pytestmark = pytest.mark.slow

Browse = Callable[..., Any]

REFUSE = """
navigator.mediaDevices.original = navigator.mediaDevices.getUserMedia;
navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("", arguments[0]));
"""
ALLOW = "navigator.mediaDevices.getUserMedia = navigator.mediaDevices.original;"
FAULT = "document.getElementById('panel').classList.contains('fault')"


@pytest.fixture(scope="module")
def served(weights: Store) -> Iterator[Served]:
    """A page that begins with the camera of the browser."""
    with serve("--threads", "1") as server:
        yield server


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A picture of the drawn person."""
    path: Path = tmp_path_factory.mktemp("files") / "drawn.png"
    with open_source("synthetic?frames=1&size=640x480&seed=2") as source:
        image = next(iter(source)).image
    cv2.imwrite(str(path), cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    return path


def texts(page: Any, *names: str) -> list[str]:
    return [page.find_element("id", name).text for name in names]


def test_page_before_the_camera_shows_graph_and_model_as_they_will_run(
    browse: Browse, screenshots: Path
) -> None:
    page = browse()
    until(page, "page.state")
    script = "return ['graph', 'model'].map((id) => document.getElementById(id).value)"
    assert page.execute_script(script) == ["pose", "full"]
    assert page.find_element("id", "start").text == "Start my camera"
    page.save_screenshot(str(screenshots / "begin.png"))


@pytest.mark.parametrize(
    ("name", "word"),
    [("NotAllowedError", "blocked"), ("NotFoundError", "No camera")],
)
def test_camera_refused_is_explained_and_can_be_tried_again(
    browse: Browse, screenshots: Path, name: str, word: str
) -> None:
    page = browse()
    until(page, "page.state")
    page.execute_script(REFUSE, name)
    page.find_element("id", "start").click()
    until(page, FAULT)
    title, again = texts(page, "panel-title", "start")
    assert (word in title, again) == (True, "Try the camera again")
    page.save_screenshot(str(screenshots / "camera_refused.png"))
    assert page.execute_script("return window.blazetrack.frames") == 0
    page.execute_script(ALLOW)
    page.find_element("id", "start").click()
    until(page, "page.frames > 2 && document.getElementById('panel').hidden", 60)


def test_picture_of_this_device_is_tracked_and_tracked_again_after_a_change(
    browse: Browse, picture: Path, screenshots: Path
) -> None:
    page = browse()
    until(page, "page.state")
    page.find_element("id", "file").send_keys(str(picture))
    until(page, "page.record && page.record.poses[0] && page.state.graph === 'pose_image'", 60)
    assert not page.find_element("id", "panel").is_displayed()
    page.find_element("id", "masks").click()
    until(page, "page.record.poses[0] && page.record.poses[0].mask", 60)
    page.save_screenshot(str(screenshots / "picture.png"))
    script = "return [...document.querySelectorAll('#points tr')].map((row) => row.cells.length)"
    assert page.execute_script(script) == [8] * 33
    assert "°" in texts(page, "joints")[0]


def test_film_of_this_device_is_played(browse: Browse, tmp_path: Path) -> None:
    film = tmp_path / "drawn.webm"
    writer = cv2.VideoWriter(str(film), cv2.VideoWriter.fourcc(*"VP80"), 30, (320, 240))
    with open_source("synthetic?frames=20&size=320x240&seed=2") as source:
        for frame in source:
            writer.write(cv2.cvtColor(frame.image, cv2.COLOR_RGB2BGR))
    writer.release()
    page = browse()
    until(page, "page.state")
    page.find_element("id", "file").send_keys(str(film))
    until(page, "page.frames > 5 && page.record.width === 320", 60)


def test_file_that_is_no_picture_is_explained(browse: Browse, tmp_path: Path) -> None:
    path = tmp_path / "broken.png"
    path.write_bytes(b"no picture")
    page = browse()
    until(page, "page.state")
    page.find_element("id", "file").send_keys(str(path))
    until(page, FAULT)
    assert texts(page, "panel-title") == ["The browser cannot show this file"]


def test_wrong_number_of_people_is_refused_beside_the_field(browse: Browse) -> None:
    page = browse()
    until(page, "page.state")
    field = page.find_element("id", "people")
    for text in ("99", "-1", "1.5"):
        field.clear()
        field.send_keys(text + "\t")
        assert "from 1 to 20" in texts(page, "people-fault")[0], text
        assert page.execute_script("return window.blazetrack.state.people") == 1, text
    field.clear()
    field.send_keys("2\t")
    until(page, "page.state.people === 2")
    assert texts(page, "people-fault") == [""]


def test_space_view_fits_raised_hands_and_mirrors(browse: Browse) -> None:
    page = browse()
    until(page, "page.state")
    script = """
      const { world, skeleton } = window.blazetrack;
      const points = skeleton.names.map((_, i) => [0.5, i % 2 ? -1.9 : 1.1, 0]);
      const person = { world_landmarks_m: points, visibility: points.map(() => 1) };
      world.draw(person, skeleton, false);
      const plain = world.points;
      world.yaw = 0;
      world.draw(person, skeleton, true);
      return [plain, world.points, world.canvas.width, world.canvas.height];
    """
    plain, mirrored, width, height = page.execute_script(script)
    assert all(0 <= x <= width and 0 <= y <= height for x, y in plain)
    assert all(x < width / 2 for x, _ in mirrored)


def test_link_without_token_is_readable_on_a_phone(browse: Browse, screenshots: Path) -> None:
    with serve("--host", "0.0.0.0", "--threads", "1") as server:
        page = browse(server.url.split("?")[0], size=(390, 844), phone=True)
        assert "not complete" in page.find_element("tag name", "h1").text
        wide, size = page.execute_script(
            "return [document.documentElement.scrollWidth,"
            "parseFloat(getComputedStyle(document.querySelector('p')).fontSize)]"
        )
        assert (wide, size >= 14) == (390, True)
        page.save_screenshot(str(screenshots / "refused.png"))
