"""The live page in a real browser: a server, headless Chromium, a clip as its camera."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2

from blazetrack.sources import open_source

__all__ = ["CODE", "Served", "chromium", "open_browser", "serve", "until", "write_clip"]

CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CODE = 8  # bits of the frame number, drawn as squares in the upper left corner
SQUARE = 16  # side of a square in pixels
START_S = 60.0


def chromium() -> tuple[str, str] | None:
    """Paths of Chromium and its driver; None where one of them is missing."""
    browser = next((path for name in CHROMIUM if (path := shutil.which(name))), None)
    driver = shutil.which("chromedriver")
    return None if browser is None or driver is None else (browser, driver)


@dataclass(frozen=True, slots=True)
class Served:
    """A running server.

    Attributes:
        process: of the server.
        url: of the page, with the token if it has one.
        lines: of stderr so far.
    """

    process: subprocess.Popen[str]
    url: str
    lines: list[str]

    def rss_mb(self) -> float:
        """Resident memory in megabytes (Linux)."""
        text = Path(f"/proc/{self.process.pid}/status").read_text()
        found = re.search(r"VmRSS:\s*(\d+) kB", text)
        return float(found.group(1)) / 1024 if found else float("nan")


@contextmanager
def serve(*args: str, env: Mapping[str, str] | None = None) -> Iterator[Served]:
    """Run `blazetrack serve` on a free port, until the block ends.

    Args:
        args: command-line arguments.
        env: environment variables; None inherits.
    """
    command = [sys.executable, "-m", "blazetrack", "serve", *args, "--port", "0"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=env)
    lines: list[str] = []
    opened = threading.Event()

    def read() -> None:
        assert process.stderr is not None
        with process.stderr:
            for line in process.stderr:
                lines.append(line.rstrip())
                if "Ctrl-C" in line:
                    opened.set()
        opened.set()

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    try:
        if not opened.wait(START_S) or process.poll() is not None:
            raise RuntimeError(f"blazetrack serve did not start: {' '.join(lines)}")
        urls = [found.group(1) for line in lines if (found := re.search(r"open (\S+)", line))]
        yield Served(process, urls[0], lines)
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        reader.join(5)


@contextmanager
def open_browser(
    clip: Path | None = None,
    size: tuple[int, int] = (1280, 960),
    downloads: Path | None = None,
    phone: bool = False,
) -> Iterator[Any]:
    """A headless Chromium with a driver, until the block ends.

    Args:
        clip: for its camera; None is Chromium's own test picture.
        size: of the window in pixels.
        downloads: folder for downloads.
        phone: touch, device pixel ratio 2, a phone's user agent.
    """
    from selenium import webdriver

    found = chromium()
    if found is None:
        raise RuntimeError("needs chromium and chromedriver (Debian: apt install chromium-driver)")
    options = webdriver.ChromeOptions()
    options.binary_location = found[0]
    flags = ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--mute-audio",
             "--disable-gpu", f"--window-size={size[0]},{size[1]}", "--no-first-run",
             "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]  # fmt: skip
    if clip is not None:
        flags.append(f"--use-file-for-fake-video-capture={clip}")
    for flag in flags:
        options.add_argument(flag)
    if downloads is not None:
        options.add_experimental_option("prefs", {"download.default_directory": str(downloads)})
    if phone:
        metrics = {"width": size[0], "height": size[1], "pixelRatio": 2.0, "touch": True}
        options.add_experimental_option("mobileEmulation", {"deviceMetrics": metrics})
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(found[1]))
    driver.set_script_timeout(60)
    try:
        yield driver
    finally:
        driver.quit()


def until(driver: Any, script: str, seconds: float = 30.0) -> Any:
    """Poll a script until it returns a true value, and return that.

    Raises:
        AssertionError: not within `seconds`.
    """
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        # The object exists once the page's script has loaded.
        value = driver.execute_script(f"const page = window.blazetrack; return page && ({script});")
        if value:
            return value
        time.sleep(0.05)
    state = driver.execute_script("return [window.blazetrack?.error, document.body.innerText];")
    raise AssertionError(f"not within {seconds} s: {script}; page state: {state}")


def write_clip(path: Path, frames: int = 240, seed: int = 2) -> None:
    """Write a clip of the drawn person for Chromium's fake camera, with frame numbers in it.

    Args:
        path: of the `.mjpeg` file, concatenated JPEGs.
        frames: at most 256.
        seed: of the person.
    """
    with (
        path.open("wb") as file,
        open_source(f"synthetic?frames={frames}&size=640x480&seed={seed}") as source,
    ):
        for frame in source:
            image = frame.image.copy()
            for bit in range(CODE):
                value = 255 * (frame.index >> bit & 1)
                image[:SQUARE, SQUARE * bit : SQUARE * (bit + 1)] = value
            bgr = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
            file.write(bytes(cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, 95])[1]))
