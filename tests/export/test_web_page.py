"""The exported page in a headless Chromium."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.browser import chromium, open_browser, until, write_clip
from benchmarks.static_server import WebServer, serve_folder
from blazetrack import PoseTracker
from blazetrack.errors import DownloadError
from blazetrack.export.device_pipeline import open_device_pipeline
from blazetrack.export.web import export_web
from blazetrack.recording import read_recording
from blazetrack.sources import open_source
from blazetrack.store import Store
from blazetrack.types import Frame

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
SCREENSHOTS = ROOT / "build" / "screenshots"
CLIP = "synthetic?frames=40&size=320x240&fps=20"
# Track the frames of `clip.rgb`, and give the people of each.
TRACK = """
const [count, width, height, done] = arguments;
(async () => {
  const bytes = new Uint8Array(await (await fetch("clip.rgb")).arrayBuffer());
  const size = width * height * 3, results = [];
  for (let i = 0; i < count; i++) {
    const pixels = bytes.slice(i * size, (i + 1) * size);
    const options = { time: i / 20, reset: i === 0 };
    results.push(await blazetrack.engine.track({ pixels, width, height, step: 3 }, options));
  }
  done(results);
})();
"""
# A camera that fails with the name in `cameraFault`, until that is null.
FAULTY_CAMERA = """
window.cameraFault = sessionStorage.cameraFault || null;
const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getUserMedia = (wanted) => window.cameraFault
  ? Promise.reject(new DOMException("", window.cameraFault)) : open(wanted);
if (sessionStorage.noWasm) delete window.WebAssembly;
"""


@pytest.fixture(scope="session")
def page_folder(tmp_path_factory: pytest.TempPathFactory, weights: Store) -> Path:
    """The page, exported once."""
    pytest.importorskip("selenium", reason="browser tests are driven with Selenium")
    if chromium() is None:
        pytest.skip("needs Debian's chromium and chromium-driver; scripts/test installs them")
    folder = tmp_path_factory.mktemp("web") / "page"
    try:
        export_web(folder, open_device_pipeline(store=weights, threads=1))
    except DownloadError as error:
        pytest.skip(f"needs npm and the network: {error}")
    return folder


@pytest.fixture(scope="session")
def camera_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A drawn person for Chromium's camera."""
    path = tmp_path_factory.mktemp("camera") / "clip.mjpeg"
    write_clip(path, frames=60)
    return path


@pytest.fixture
def server(page_folder: Path) -> Iterator[WebServer]:
    with serve_folder(page_folder) as server:
        yield server


def ready(page: Any) -> Any:
    """Wait for the networks; the state of the page."""
    return until(page, "!page.error && page.state", 60)


def press(page: Any, name: str) -> None:
    page.find_element("id", name).click()


def errors(page: Any) -> list[str]:
    return [line["message"] for line in page.get_log("browser") if line["level"] == "SEVERE"]


def test_page_on_the_clip_gives_poses_of_python_and_then_works_offline(
    server: WebServer, weights: Store
) -> None:
    with open_source(CLIP) as source:
        frames = list(source)
    server.extra["/clip.rgb"] = b"".join(frame.image.tobytes() for frame in frames)
    with open_browser() as page:
        page.get(server.url)
        assert ready(page)["models"] == ["blaze_lite", "blaze_detector_lite"]
        page.get(server.url)  # the second visit
        assert ready(page)["threads"] >= 2
        assert page.execute_script("return crossOriginIsolated")
        size = frames[0].width, frames[0].height
        found = page.execute_async_script(TRACK, len(frames), *size)
        check_people(found, frames, weights)
        own = "performance.getEntriesByType('resource').every(e => e.name.startsWith(origin))"
        assert page.execute_script(f"return {own}"), "no request to another place"
        fetched = [path for path in server.paths if path.endswith(".bin")]
        assert len(fetched) == len(set(fetched)) == 3, "two models, one build of the runtime"
        server.shutdown()
        server.server_close()
        page.get(server.url)  # the third visit, without a network
        assert ready(page)["threads"] >= 2
        again = page.execute_async_script(TRACK, 2, *size)
        assert again[1]["pose"]["landmarks_px"] == found[1]["pose"]["landmarks_px"]
        offline = [line for line in errors(page) if "sw.js" not in line]  # looks for a new version
        assert not [line for line in offline if "ERR_CONNECTION_REFUSED" not in line]


def check_people(found: list[Any], frames: list[Frame], weights: Store) -> None:
    """Compare the results of the page with those of Python."""
    with PoseTracker(model="blaze_lite", store=weights, threads=1) as tracker:
        for frame, result in zip(frames, found, strict=True):
            poses = tracker(frame)
            assert len(poses) == 1
            pose = result["pose"]
            assert pose["id"] == poses.ids[0]
            apart = np.abs(np.array(pose["landmarks_px"]) - poses.landmarks_px[0])
            assert apart[:, :2].max() <= 1
            assert pose["score"] == pytest.approx(poses.scores[0], abs=0.02)
        assert tracker.detector_runs == found[-1]["detectorRuns"] == 1


def test_page_with_a_camera_or_picture_shows_and_records_a_person(
    server: WebServer, camera_clip: Path, tmp_path: Path
) -> None:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    with open_browser(camera_clip, (390, 844), tmp_path, phone=True) as page:
        page.get(server.url)
        ready(page)
        press(page, "start")
        until(page, "page.seen > 10", 60)
        noses = set()
        for _ in range(4):
            before = until(page, "page.seen")
            until(page, f"page.seen > {before}")
            noses.add(str(page.execute_script("return blazetrack.result.pose.landmarks_px[0]")))
        assert len(noses) >= 3, "the skeleton moves"
        page.save_screenshot(str(SCREENSHOTS / "web_phone.png"))
        press(page, "record")
        until(page, "page.recorder && page.recorder.records.length > 3")
        press(page, "record")
        for link in page.find_elements("css selector", "#downloads a"):
            link.click()
        texts = wait_for_files(tmp_path, "poses.jsonl", "poses.csv")
        page.find_element("id", "file").send_keys(str(ROOT / "docs" / "images" / "demo.png"))
        until(page, "page.camera.picture && page.result.width === 1200 && page.result.pose")
        assert not errors(page)
    records = [json.loads(line) for line in texts[0].splitlines()]
    assert [record["frame"] for record in records] == list(range(len(records)))
    assert len(texts[1].splitlines()) == len(records) + 1
    assert len({line.count(",") for line in texts[1].splitlines()}) == 1
    recording = read_recording(tmp_path / "poses.jsonl")
    assert recording.people


def wait_for_files(folder: Path, *names: str) -> list[str]:
    """Texts of downloads."""
    end = time.monotonic() + 20
    while not all((folder / name).exists() for name in names):
        assert time.monotonic() < end
        time.sleep(0.05)
    return [(folder / name).read_text(encoding="utf-8") for name in names]


def test_page_faults_are_explained_and_end(server: WebServer) -> None:
    with open_browser() as page:
        page.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": FAULTY_CAMERA})
        limit = {"origin": server.url.rstrip("/"), "quotaSize": 1000}
        page.execute_cdp_cmd("Storage.overrideQuotaForOrigin", limit)
        server.missing.add("models/blaze_lite")
        page.get(server.url)
        shown = until(page, "page.error && document.getElementById('panel').innerText", 60)
        assert "A file of this page is missing" in shown
        assert "models/blaze_lite.bin (404)" in shown
        assert "storage of this device is full" in page.find_element("id", "message").text
        server.missing.clear()
        press(page, "start")  # try again
        assert ready(page)["threads"] >= 1
        for name, advice in (
            ("NotAllowedError", "Allow it in the browser"),
            ("NotFoundError", "open a picture or film"),
            ("NotReadableError", "Another program"),
        ):
            page.execute_script("window.cameraFault = arguments[0]", name)
            press(page, "camera")
            until(page, f"page.error === '{name}'")
            assert advice in page.find_element("id", "panel").text
        page.execute_script("window.cameraFault = null")
        press(page, "start")
        until(page, "page.frames > 2 && !page.error")
        page.execute_script("blazetrack.camera.video.pause();")
        before = page.execute_script(
            "document.dispatchEvent(new Event('visibilitychange')); return blazetrack.frames"
        )
        until(page, f"page.frames > {before} + 2")
        assert "background" in page.find_element("id", "message").text
        page.execute_script("sessionStorage.noWasm = 1")
        page.get(server.url)
        until(page, "page.error === 'NoWebAssembly'")
        assert "lockdown mode" in page.find_element("id", "panel").text
