"""The window on a real screen: an X server without a monitor, keys pressed by xdotool.

What was seen is kept under `build/screenshots`, to be looked at.
"""

from __future__ import annotations

import json
import os
import re
import select
import shutil
import signal
import struct
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from blazetrack.store import Store
from tests.signal_process import BLAZETRACK

SCREENSHOTS = Path(__file__).parents[2] / "build" / "screenshots"
pytestmark = pytest.mark.slow

TITLE = "blazetrack"
STRIP = 40  # pixels at the top of the picture that hold the status line
SOURCE = "synthetic?frames=1000000&size=640x480"


class Screen:
    """An X server of its own, and a hand on its keyboard and mouse."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "Xvfb_screen0"
        ours, theirs = os.pipe()
        self.server = subprocess.Popen(
            [
                *("Xvfb", "-displayfd", str(theirs), "-screen", "0", "1400x900x24"),
                *("-noreset", "-nolisten", "tcp", "-fbdir", str(folder)),
            ],
            pass_fds=[theirs],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(theirs)
        with open(ours, encoding="ascii") as answer:
            ready, _, _ = select.select([answer], [], [], 30)
            number = answer.readline().strip() if ready else ""
        if not number:
            self.close()
            pytest.skip("Xvfb does not start here")
        self.env = {**os.environ, "DISPLAY": f":{number}", "QT_QPA_PLATFORM": "xcb"}

    def do(self, *words: object) -> str:
        """Output of xdotool; empty if it fails."""
        command = ["xdotool", *map(str, words)]
        done = subprocess.run(command, env=self.env, capture_output=True, text=True, timeout=60)
        return done.stdout.strip()

    def grab(self) -> np.ndarray[Any, Any]:
        """Everything on the screen, RGB, from the file in which the server keeps it (XWD)."""
        data = self._file.read_bytes()
        head = struct.unpack(">25I", data[:100])
        width, height, line, colors = head[4], head[5], head[12], head[19]
        pixels = np.frombuffer(data, np.uint8, line * height, head[0] + 12 * colors)
        return pixels.reshape(height, line // 4, 4)[:, :width, 2::-1].copy()

    def close(self) -> None:
        self.server.terminate()
        self.server.wait(30)


@pytest.fixture(scope="module")
def screen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Screen]:
    for program in ("Xvfb", "xdotool"):
        if shutil.which(program) is None:
            pytest.skip(f"needs {program} (Debian: apt-get install xvfb xdotool)")
    if re.search(r"^\s*GUI:\s*NONE", cv2.getBuildInformation(), re.MULTILINE):
        pytest.skip("this OpenCV was built without windows")
    screen = Screen(tmp_path_factory.mktemp("screen"))
    yield screen
    screen.close()


class App:
    """`blazetrack run … --view window` on that screen."""

    def __init__(self, screen: Screen, folder: Path, *options: str) -> None:
        self.folder, self._screen = folder, screen
        self.process = subprocess.Popen(
            [
                *(*BLAZETRACK, "run", *(options or (SOURCE,))),
                *("--view=window", f"--folder={folder}"),
            ],
            env={**screen.env, "PYTHONUTF8": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )
        self._window = ""
        self.wait_for(self._appears)
        self.wait_for(self._is_painted)

    def _is_painted(self) -> bool:
        """Without a window manager Qt sometimes misses that its window is there; show it anew."""
        for _ in range(10):
            time.sleep(0.1)
            if len(np.unique(self.picture()[::8, ::8].reshape(-1, 3), axis=0)) > 100:
                return True
        self._screen.do("windowunmap", self._window)
        time.sleep(0.5)
        self._screen.do("windowmap", self._window)
        return False

    def _appears(self) -> bool:
        self._window = self._screen.do("search", "--onlyvisible", "--name", TITLE)
        return self._window.isdecimal()

    def wait_for(self, done: Callable[[], object]) -> None:
        end_s = time.monotonic() + 60
        while time.monotonic() < end_s:
            if done():
                return
            if self.process.poll() is not None:
                pytest.fail(f"it ended by itself: {self.process.communicate()}")
            time.sleep(0.05)
        self.keep("failed")
        pytest.fail("nothing happened")

    def press(self, key: str) -> None:
        self._screen.do("windowfocus", self._window, "key", key)
        time.sleep(0.3)  # OpenCV keeps only the last of keys that come at once

    def click(self, x: int, y: int) -> None:
        self._screen.do("mousemove", "--window", self._window, x, y, "click", 1)

    def size(self) -> tuple[int, int]:
        geometry = self._screen.do("getwindowgeometry", "--shell", self._window)
        found = dict(re.findall(r"^(WIDTH|HEIGHT)=(\d+)$", geometry, re.MULTILINE))
        return int(found["WIDTH"]), int(found["HEIGHT"])

    def picture(self) -> np.ndarray[Any, Any]:
        """What the window shows, as signed numbers."""
        width, height = self.size()
        return self._screen.grab()[:height, :width].astype(int)

    def still(self) -> np.ndarray[Any, Any]:
        """What the window shows once it has come to rest."""
        seen = [self.picture()]

        def rests() -> bool:
            time.sleep(0.2)
            seen.append(self.picture())
            return seen[-1].shape == seen[-2].shape and (seen[-1] == seen[-2]).all()

        self.wait_for(rests)
        return seen[-1]

    def keep(self, name: str) -> None:
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        picture = self.picture().astype(np.uint8)[..., ::-1]
        cv2.imwrite(str(SCREENSHOTS / f"window_{name}.png"), picture)

    def files(self, ending: str) -> list[Path]:
        return sorted(self.folder.glob(f"blazetrack_????-??-??_???{ending}"))

    def end(self) -> tuple[int, str, list[str]]:
        """Exit code, stdout, and the lines of stderr without TFLite's own greeting."""
        out, err = self.process.communicate(timeout=60)
        lines = [one for one in err.splitlines() if not one.startswith("INFO: Created Tensor")]
        return self.process.returncode, out, lines

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()


Start = Callable[..., App]


@pytest.fixture
def start(screen: Screen, weights: Store, tmp_path: Path) -> Iterator[Start]:
    apps: list[App] = []

    def call(*options: str) -> App:
        apps.append(App(screen, tmp_path, *options))
        return apps[-1]

    yield call
    for app in apps:
        app.close()


def moves(app: App) -> bool:
    before = app.picture()[STRIP:]
    time.sleep(0.3)
    return bool((app.picture()[STRIP:] != before).any())


def test_window_opens_pauses_steps_and_quits(start: Start) -> None:
    app = start()
    app.wait_for(lambda: moves(app))
    app.keep("running")
    app.press("space")
    first = app.still()
    app.press("n")
    second = app.still()
    app.press("period")
    third = app.still()
    assert (second[STRIP:] != first[STRIP:]).any()
    assert (third[STRIP:] != second[STRIP:]).any()
    app.press("space")
    app.wait_for(lambda: moves(app))
    app.press("q")
    code, out, errors = app.end()
    assert (code, errors) == (0, [])
    assert "frames" in out


def test_window_keys_toggle_view(start: Start) -> None:
    app = start()
    app.press("space")
    plain = app.still()
    for key, name in (("h", "keys"), ("b", "regions"), ("s", "smoothing_off"), ("w", "space")):
        app.press(key)
        changed = app.still()
        app.keep(name)
        assert changed.shape != plain.shape or (changed != plain).any(), name
        if key == "s":
            assert (changed[STRIP:] == plain[STRIP:]).all()  # the status line shows it
        if key == "w":
            turned_from = app.still()
            for turn in ("d", "d", "Right"):
                app.press(turn)
            assert (app.still() != turned_from).any()
            app.keep("space_turned")
            for turn in ("a", "a", "Left"):
                app.press(turn)
            assert (app.still() == turned_from).all()
        app.press(key)
        assert (app.still() == plain).all(), name
    app.press("Escape")
    assert app.end()[0] == 0


def test_window_mirror_keeps_text(start: Start) -> None:
    app = start()
    app.press("space")
    plain = app.still()
    app.press("m")
    mirror = app.still()
    app.keep("mirror")
    words = [(seen[:20] > 190).all(axis=2) for seen in (plain, mirror)]
    assert (words[0] & words[1]).sum() > 0.8 * words[0].sum() > 50
    as_it_is = np.abs(mirror - plain)[STRIP:].mean()
    turned = np.abs(mirror[:, ::-1] - plain)[STRIP:].mean()
    assert turned < 0.2 * as_it_is
    app.press("q")
    assert app.end()[0] == 0


def test_window_pictures_and_recordings_are_saved(start: Start) -> None:
    app = start()
    app.press("p")
    app.press("p")
    app.wait_for(lambda: len(app.files(".png")) == 2)
    app.press("r")
    app.wait_for(lambda: app.files(".jsonl") and lines(app.files(".jsonl")[0]) >= 10)
    app.keep("recording")
    app.press("r")
    app.press("r")
    app.wait_for(lambda: len(app.files(".jsonl")) == 2 and lines(app.files(".jsonl")[1]) >= 3)
    app.press("q")  # ends the second recording too
    code, out, errors = app.end()
    assert (code, errors) == (0, [])
    assert len({path.stem for path in app.folder.iterdir()}) == 4
    for stem in (path.with_suffix("") for path in app.files(".jsonl")):
        text = stem.with_suffix(".jsonl").read_text(encoding="utf-8")
        records = [json.loads(line) for line in text.splitlines()]
        assert [record["frame"] for record in records] == list(range(len(records)))
        assert records[0]["time_s"] == 0.0
        assert lines(stem.with_suffix(".csv")) == 1 + len(records)
        with av.open(str(stem.with_suffix(".mp4"))) as film:
            assert sum(1 for _ in film.decode(video=0)) == len(records)
    for path in app.folder.iterdir():
        assert f"wrote {path}" in out.replace("\n", "")
    picture = cv2.imread(str(app.files(".png")[0]))
    assert picture is not None
    assert picture.shape == (480, 640, 3)


def lines(path: Path) -> int:
    return path.read_bytes().count(b"\n")


def test_window_click_in_mirror_follows_person(start: Start, tmp_path: Path) -> None:
    table = tmp_path / "people.jsonl"

    def people() -> list[Any]:
        found: list[Any] = json.loads(table.read_text().splitlines()[-1])["poses"]
        return found

    source = "synthetic:crowd?people=3&seed=1&frames=1000000&size=640x480"
    app = start(source, "--people=3", f"--out={table}")
    app.press("m")
    app.wait_for(lambda: lines(table) > 10 and len(people()) == 3)
    app.press("space")
    app.still()
    app.keep("three_people")
    hips_px = {one["id"]: np.mean(one["landmarks_px"][23:25], axis=0)[:2] for one in people()}
    chosen = max(hips_px, key=lambda one: np.abs(hips_px[one][0] - others(hips_px, one)).min())
    x, y = hips_px[chosen].round().astype(int)
    app.click(639 - x, y)
    app.press("space")
    app.wait_for(lambda: [one["id"] for one in people()] == [chosen])
    app.keep("one_of_three")
    app.press("q")
    assert app.end()[0] == 0


def others(points: dict[int, Any], but: int) -> np.ndarray[Any, Any]:
    """Where all but one of them are, from left to right."""
    return np.array([point[0] for number, point in points.items() if number != but])


def test_window_ctrl_c_in_pause_ends_run(start: Start, tmp_path: Path) -> None:
    app = start(SOURCE, f"--out={tmp_path / 'x.jsonl'}")
    app.press("space")
    app.still()
    app.process.send_signal(signal.SIGINT)
    code, out, errors = app.end()
    assert code == 130
    assert [line.startswith("blazetrack: ended by Ctrl-C after") for line in errors] == [True]
    assert "frames" in out
    assert (tmp_path / "x.jsonl").read_text().endswith("}\n")
