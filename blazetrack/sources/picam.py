"""The camera of a Raspberry Pi, through the program `rpicam-vid` of Raspberry Pi OS.

OpenCV cannot read it: the kernel gives raw Bayer pictures, and libcamera makes the rest. The Python
package for it, picamera2, binds a program to the system's own Python and numpy. A pipe binds to
nothing: raw pictures in YUV 4:2:0, one behind the other.
"""

from __future__ import annotations

import os
import re
import select
import subprocess
import time
from collections import deque
from collections.abc import Callable, Generator
from contextlib import suppress
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from blazetrack.errors import SourceError
from blazetrack.sources.base import Source, SourceInfo
from blazetrack.sources.devices import PI_PROGRAMS, camera_program
from blazetrack.types import Frame

__all__ = ["PiCameraSource"]

SIZE_WH, FPS = (640, 480), 30.0
MAX_NUMBER, SIDES_PX = 7, (64, 8192)
# Rows of a picture are padded to a multiple of 64 bytes, those of colour too, which are half as
# long. A width that is a multiple of 128 has no padding.
ALIGN_PX = 128
# What libcamera prints: `configuring streams: (0) 640x480-YUV420`.
_STREAM = re.compile(r"configuring streams: \(0\) (\d+)x(\d+)-YUV420")
_SILENT = "no picture"
_END_S = 5.0  # for the program to end


class PiCameraSource(Source):
    """Live pictures of a Raspberry Pi's own camera, named `picam` or `picam:1`.

    Args:
        number: of the camera, 0 or 1 on a Pi with two.
        size: width and height; the width is rounded up to a multiple of 128.
        fps: frames per second.
        retry_s: how long to wait for a picture.
        clock: seconds, monotonic.

    Raises:
        SourceError: the program is not installed, there is no such camera, it is in use, it gives
            another size, or stops with an error. The end of the program adds a line to `warnings`.
    """

    def __init__(
        self,
        number: int | str = 0,
        *,
        size: tuple[int, int] | None = None,
        fps: float | None = None,
        retry_s: float = 10.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        name = f"picam:{number}"
        self._clock, self._wait_s = clock, max(retry_s, 1.0)
        self._size_wh = _aligned(name, size or SIZE_WH)
        rate = FPS if fps is None else fps
        program = camera_program()
        if program is None:
            raise SourceError(
                f"{name}: expected the program {PI_PROGRAMS[0]}, found none; on Raspberry Pi OS: "
                "sudo apt install rpicam-apps-lite"
            )
        info = SourceInfo(name, "live", *self._size_wh, rate, is_camera=True)
        super().__init__(info)
        self._process = subprocess.Popen(
            _command(program, _number(name, number), self._size_wh, rate),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
        )
        self._lines: deque[str] = deque(maxlen=50)
        self._part = b""  # of a line
        self._other_size = ""
        self._first = self._read()
        if self._first is None:
            self.close()
            raise SourceError(
                f"{name}: expected live pictures, got none: {self._reason()}; "
                "try rpicam-hello --list-cameras"
            )

    def _frames(self) -> Generator[Frame, None, None]:
        image, self._first = self._first, None
        index, start_s = 0, self._clock()
        while image is not None or (image := self._read()) is not None:
            yield Frame(image, index, self._clock() - start_s)
            index, image = index + 1, None
        if not self.closed:
            self._end(index)

    def _read(self) -> NDArray[np.uint8] | None:
        """The next picture as RGB; None at the end, or when none came in time."""
        width, height = self._size_wh
        picture = np.empty((height * 3 // 2, width), np.uint8)
        whole = False
        with suppress(ValueError, OSError):  # closed by another thread
            whole = self._fill(picture.reshape(-1).data)
        if not whole or self._other_size:
            return None
        return np.asarray(cv2.cvtColor(picture, cv2.COLOR_YUV2RGB_I420), np.uint8)

    def _fill(self, rest: memoryview) -> bool:
        """Read so many bytes; False where the program ends before, or gives none in time."""
        pictures: Any = self._process.stdout
        pipes: list[Any] = [pictures, self._process.stderr]
        until_s = time.monotonic() + self._wait_s
        while len(rest) and not self.closed:
            left_s = max(until_s - time.monotonic(), 0.0)
            ready = select.select(pipes, [], [], left_s)[0]
            if not ready:
                self._lines.append(f"{_SILENT} for {self._wait_s:g} s")
                self._process.kill()
                return False
            # First the lines, one per picture: not read, they would stop the program.
            if pipes[-1] is not pictures and pipes[-1] in ready and not self._read_lines():
                pipes.pop()
            if pictures in ready:
                count = pictures.readinto(rest)
                if not count:
                    return False
                rest = rest[count:]
        return not len(rest)

    def _read_lines(self) -> bool:
        """Read what the program has printed; False at the end."""
        pipe: Any = self._process.stderr
        printed = os.read(pipe.fileno(), 1 << 16)
        *lines, self._part = (self._part + printed).split(b"\n")
        for line in lines if printed else [*lines, self._part]:
            self._add_line(line.decode(errors="replace").strip())
        return bool(printed)

    def _add_line(self, text: str) -> None:
        width, height = self._size_wh
        got = _STREAM.search(text)
        if got and got.groups() != (str(width), str(height)):
            self._other_size = f"it gives {got[1]}x{got[2]}, not {width}x{height}"
        if text and not text.startswith("#"):  # the program's own count of pictures
            self._lines.append(text)

    def _reason(self) -> str:
        """Why there are no pictures."""
        if self._other_size:
            return self._other_size
        lines: Any = self._process.stderr
        with suppress(ValueError, OSError):  # closed by another thread
            while select.select([lines], [], [], _END_S)[0] and self._read_lines():
                pass
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_END_S)
        failed = [line for line in self._lines if "ERROR" in line or _SILENT in line]
        last = (failed or list(self._lines) or ["no reason given"])[-1]
        return re.sub(r"^ERROR:\s*|\*{3}\s*|\s*\*{3}$", "", last)

    def _end(self, frames: int) -> None:
        """End with a warning, or with an error where the program failed."""
        problem = self._reason()
        event = f"{self.info.name}: gives no more pictures after {frames} frames"
        if self._process.returncode:
            raise SourceError(f"{event}: {problem}; check the cable, then start again")
        self.warnings.append(event)

    def close(self) -> None:
        self.closed = True
        process = self._process
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(_END_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()


def _command(program: str, number: int, size_wh: tuple[int, int], fps: float) -> list[str]:
    options = {
        "--camera": number,
        "--codec": "yuv420",
        "--width": size_wh[0],
        "--height": size_wh[1],
        "--framerate": f"{fps:g}",
        "--timeout": 0,
        "--output": "-",
    }
    words = [str(word) for pair in options.items() for word in pair]
    return [program, *words, "--nopreview", "--flush"]


def _aligned(name: str, size_wh: tuple[int, int]) -> tuple[int, int]:
    """The size without padding of rows; the height is even, as colour has half of it."""
    low, high = SIDES_PX
    if not all(low <= side <= high for side in size_wh):
        raise SourceError(
            f"{name}: size: expected sides of {low} to {high} pixels, got {size_wh[0]}x{size_wh[1]}"
        )
    width, height = size_wh
    return -(-width // ALIGN_PX) * ALIGN_PX, -(-height // 2) * 2


def _number(name: str, number: int | str) -> int:
    if not re.fullmatch(r"\d", str(number)) or int(number) > MAX_NUMBER:
        raise SourceError(
            f"{name[:40]}: expected the number of a camera, as in picam:1, got '{number}'"
        )
    return int(number)
