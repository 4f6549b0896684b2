"""The live page in a headless Chromium."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from benchmarks.browser import CODE, SQUARE, until
from blazetrack import PoseTracker
from blazetrack.metrics import torso_size
from blazetrack.render.labels import person_text
from blazetrack.render.limbs import attached_keypoints
from blazetrack.skeleton import BLAZEPOSE33
from blazetrack.store import Store
from blazetrack.types import Frame

pytestmark = pytest.mark.slow

Browse = Callable[..., Any]

# A checksum of the pixels of the canvas.
PIXELS = """(() => {
  const canvas = document.getElementById("picture");
  const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  let sum = 0;
  for (let i = 0; i < data.length; i += 97) sum = (sum * 31 + data[i]) >>> 0;
  return sum;
})()"""
# The number in the corner of the canvas, and the landmarks drawn with it.
NUMBERED = f"""(() => {{
  const context = document.getElementById("picture").getContext("2d");
  let number = 0;
  for (let bit = 0; bit < {CODE}; bit++) {{
    const at = context.getImageData({SQUARE} * bit + {SQUARE // 2}, {SQUARE // 2}, 1, 1).data;
    number |= (at[0] > 127 ? 1 : 0) << bit;
  }}
  const person = page.record && page.record.poses[0];
  return page.frames > 0 && [number, person ? person.landmarks_px : null];
}})()"""


def clip_frames(path: Path, fps: float = 30.0) -> list[Frame]:
    """Decode the frames of a clip of `benchmarks.browser.write_clip`."""
    frames: list[Frame] = []
    for part in path.read_bytes().split(b"\xff\xd8\xff")[1:]:
        jpeg = np.frombuffer(b"\xff\xd8\xff" + part, np.uint8)
        rgb = cv2.cvtColor(cv2.imdecode(jpeg, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
        frames.append(Frame(rgb, len(frames), len(frames) / fps))
    return frames


def press(page: Any, name: str) -> None:
    page.find_element("id", name).click()


def choose(page: Any, name: str, value: str) -> None:
    from selenium.webdriver.support.select import Select

    Select(page.find_element("id", name)).select_by_value(value)


def set_range(page: Any, name: str, value: float) -> None:
    page.execute_script(
        "const field = document.getElementById(arguments[0]); field.value = arguments[1];"
        "field.dispatchEvent(new Event('change'));",
        name,
        value,
    )


def start_camera(page: Any) -> None:
    until(page, "page.hello")
    choose(page, "source", "browser camera")
    until(page, "page.camera.running && page.latencies.length > 3", 60)
    mirror = page.find_element("id", "mirror")
    if mirror.is_selected():
        mirror.click()
        before = until(page, "page.frames")
        until(page, f"page.frames > {before + 2}")


def console_errors(page: Any) -> list[str]:
    """Errors in the console of the browser."""
    return [line["message"] for line in page.get_log("browser") if line["level"] == "SEVERE"]


def test_page_shows_moving_skeleton(browse: Browse, screenshots: Path) -> None:
    page = browse(size=(1280, 1320))
    until(page, "page.frames > 5")
    pictures = set()
    for _ in range(5):
        before = page.execute_script("return window.blazetrack.frames")
        until(page, f"page.frames > {before}")
        pictures.add(page.execute_script(f"return {PIXELS}"))
    assert len(pictures) >= 4, "the picture moves"
    person = until(page, "page.record.poses[0]")
    assert len(person["landmarks_px"]) == len(person["world_landmarks_m"]) == 33
    assert len(page.find_elements("css selector", "#points tr")) == 33
    until(page, "page.stats.nodes && page.stats.fps > 0 && page.tableMs")
    time.sleep(3)  # the chart fills
    page.save_screenshot(str(screenshots / "live.png"))
    assert not console_errors(page)


def test_browser_camera_matches_offline_tracking(
    browse: Browse, camera_clip: Path, weights: Store, screenshots: Path
) -> None:
    page = browse(clip=camera_clip)
    start_camera(page)
    seen: dict[int, Any] = {}
    end = time.monotonic() + 60
    while len(seen) < 60 and time.monotonic() < end:
        number, points = until(page, NUMBERED)
        if points is not None:
            seen[number] = points
        time.sleep(0.02)
    page.save_screenshot(str(screenshots / "camera.png"))
    assert len(seen) >= 30
    with PoseTracker(store=weights, threads=1) as tracker:
        offline = {frame.index: tracker(frame) for frame in clip_frames(camera_clip)}
    errors = []
    for number, points in seen.items():
        poses = offline[number]
        if number > 5 and len(poses):
            torso = torso_size(poses.landmarks_px[:1, :, :2], BLAZEPOSE33.torso)[0]
            moved = np.asarray(points)[:, :2] - poses.landmarks_px[0, :, :2]
            errors.append(np.linalg.norm(moved, axis=1) / torso)
    assert np.median(np.concatenate(errors)) < 0.03
    assert not console_errors(page)


def test_controls_change_the_state(browse: Browse) -> None:
    page = browse()
    until(page, "page.state && page.frames > 2")
    field = page.find_element("id", "people")
    field.clear()
    field.send_keys("3\t")
    until(page, "page.state.people === 3 && page.state.graph === 'pose_multi'")
    assert page.execute_script("return window.blazetrack.state.can_follow")
    choose(page, "graph", "mediapipe_tasks")
    until(page, "page.state.graph === 'mediapipe_tasks' && page.state.people === 1")
    choose(page, "graph", "pose")
    until(page, "page.state.graph === 'pose'")
    choose(page, "smoothing", "0")
    until(page, "page.state.smoothing === 0")
    press(page, "masks")
    until(page, "page.state.masks && page.record.poses[0] && page.record.poses[0].mask")
    set_range(page, "min_tracking", 0.3)
    until(page, "page.state.min_tracking === 0.3")
    press(page, "pause")
    until(page, "page.state.paused === true")
    time.sleep(0.5)
    held = page.execute_script("return window.blazetrack.frames")
    time.sleep(0.7)
    assert page.execute_script("return window.blazetrack.frames") == held
    press(page, "pause")
    until(page, f"page.state.paused === false && page.frames > {held}")
    choose(page, "smoothing", "0.5")
    until(page, "page.state.smoothing === 0.5")


def test_mirror_flips_the_image(browse: Browse, camera_clip: Path) -> None:
    page = browse(clip=camera_clip)
    start_camera(page)
    # The black squares of the number are at the upper left, when mirrored at the upper right.
    corners = """(() => {
      const canvas = document.getElementById("picture"), context = canvas.getContext("2d");
      const black = (x) => {
        const data = context.getImageData(x, 0, 128, 12).data;
        return data.filter((v, i) => i % 4 === 0 && v < 20).length;
      };
      return [black(0), black(canvas.width - 128)];
    })()"""
    before = until(page, "page.frames")
    until(page, f"page.frames > {before + 2}")
    left, right = page.execute_script(f"return {corners}")
    assert left > 100 > right
    press(page, "mirror")
    before = until(page, "page.frames")
    until(page, f"page.frames > {before + 2}")
    left, right = page.execute_script(f"return {corners}")
    assert right > 100 > left


def test_recording_downloads_have_all_frames(
    browse: Browse, tmp_path: Path, recordings: Path
) -> None:
    page = browse(downloads=tmp_path)
    until(page, "page.frames > 2")
    press(page, "record")
    until(page, "page.state.recording && page.stats.recorded > 10")
    press(page, "record")
    until(page, "page.recordings.length === 1")
    frames = page.execute_script("return window.blazetrack.recordings[0].frames")
    assert frames > 10
    for link in page.find_elements("css selector", "#downloads a"):
        link.click()
        expected = tmp_path / link.text
        end = time.monotonic() + 20
        while not expected.is_file() and time.monotonic() < end:
            time.sleep(0.1)
    kinds = {path.suffix: path for path in tmp_path.iterdir()}
    assert set(kinds) == {".mp4", ".jsonl", ".csv"}
    lines = kinds[".jsonl"].read_text().splitlines()
    assert [json.loads(line)["poses"][0]["id"] for line in lines] == [1] * frames
    assert len(kinds[".csv"].read_text().splitlines()) == frames + 1
    with av.open(str(kinds[".mp4"])) as film:
        assert sum(1 for _ in film.decode(video=0)) == frames
    assert {path.name for path in recordings.iterdir()} == {path.name for path in kinds.values()}


def test_simultaneous_viewers_all_get_frames(browse: Browse, camera_clip: Path) -> None:
    one, two, three = browse(), browse(), browse(clip=camera_clip)
    start_camera(three)
    for page in (one, two, three):
        before = until(page, "page.frames")
        until(page, f"page.frames > {before + 10}", 60)
    assert until(one, "page.state.source") == "synthetic"


@pytest.mark.parametrize("dark", [False, True])
def test_phone_layout_fits_the_screen(browse: Browse, screenshots: Path, dark: bool) -> None:
    page = browse(size=(390, 844), phone=True)
    scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
    until(page, "page.frames > 5 && page.stats.fps > 0")
    wide, inner = page.execute_script(
        "return [document.documentElement.scrollWidth, window.innerWidth]"
    )
    assert wide <= inner == 390
    for name in ("pause", "record", "source", "model", "people"):
        box = page.find_element("id", name).rect
        assert box["height"] >= 40, name
        assert box["x"] >= 0, name
        assert box["x"] + box["width"] <= 390, name
    back = page.execute_script("return getComputedStyle(document.body).backgroundColor")
    assert back == ("rgb(20, 22, 26)" if dark else "rgb(244, 245, 247)")
    page.save_screenshot(str(screenshots / f"phone_{'dark' if dark else 'light'}.png"))
    assert not console_errors(page)


def test_page_reconnects_after_a_closed_connection(browse: Browse) -> None:
    page = browse()
    until(page, "page.frames > 2")
    page.execute_script("window.blazetrack.frames = 0; window.blazetrack.connection.socket.close()")
    until(page, "!page.connected")
    until(page, "page.connected && page.frames > 2")


def test_overlay_label_equals_that_of_the_film(browse: Browse) -> None:
    page = browse()
    until(page, "page.hello")
    script = """
      const [done] = arguments, person = { id: 3, score: 0.984 };
      import("/static/overlay.js").then(({ personText }) => done(
        [true, false].map((calibrated) => personText(person, calibrated))));
    """
    texts = [person_text(3, 0.984, calibrated=calibrated) for calibrated in (True, False)]
    assert page.execute_async_script(script) == texts


def test_overlay_attached_keypoints_equal_those_of_the_film(browse: Browse) -> None:
    page = browse()
    until(page, "page.hello")
    visible = np.random.default_rng(0).random((50, len(BLAZEPOSE33))) < 0.6
    expected = [attached_keypoints(one, BLAZEPOSE33).tolist() for one in visible]
    script = """
      const [skeleton, cases, done] = arguments;
      import("/static/overlay.js").then(({ attached }) => done(cases.map(
        (visible) => attached(skeleton, visible)))).catch((error) => done(String(error)));
    """
    skeleton = {"names": BLAZEPOSE33.names, "edges": BLAZEPOSE33.edges}
    assert page.execute_async_script(script, skeleton, visible.tolist()) == expected
