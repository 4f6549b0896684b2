"""Mutated WebSocket messages to a server of the live page."""

from __future__ import annotations

import json
import os
import re
import signal
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from random import Random
from typing import Any

from benchmarks.fuzz.bases import Bases
from benchmarks.fuzz.mutate import mutate_bytes, mutate_json, mutate_text
from benchmarks.fuzz.run_case import LIMIT_S, PASSED, Outcome, start
from blazetrack.errors import InputError

__all__ = ["LivePage", "make_messages", "serving"]

SOURCE = "synthetic?size=160x120&fps=5"
FAULT = "internal error"  # of the messages of the page
CLOSED = "closed with"
INTERNAL_ERROR = 1011  # close code, RFC 6455
REGULAR: tuple[dict[str, Any], ...] = (
    {"type": "set", "people": 2},
    {"type": "set", "smoothing": False},
    {"type": "set", "model": "blaze_lite", "graph": "pose"},
    {"type": "set", "paused": True},
    {"type": "set", "source": "this browser's camera"},
    {"type": "follow", "at": [80.0, 60.0]},
    {"type": "follow", "at": None},
    {"type": "record", "on": True},
    {"type": "record", "on": False},
    {"type": "shown", "number": 1},
)


def make_messages(seed: int, number: int, bases: Bases) -> list[str | bytes]:
    """The messages of the case of that number."""
    rng = Random(f"{seed}/websocket/{number}")
    messages: list[str | bytes] = []
    for _ in range(rng.choice((1, 3, 6))):
        regular = rng.choice(REGULAR)
        kind = rng.randrange(6)
        if kind <= 2:
            text = mutate_json(rng, regular).encode("utf-8", "replace").decode()
            messages.append(text)
        elif kind == 3:
            messages.append(mutate_text(rng, json.dumps(regular)).decode(errors="replace"))
        elif kind == 4:
            from blazetrack.web.catalog import BROWSER_CAMERA

            messages.append(json.dumps({"type": "set", "source": BROWSER_CAMERA}))
            image = struct.pack("<Id", 1, 33.0) + bases.read("picture.jpg")
            messages.append(mutate_bytes(rng, image))
        else:
            messages.append(json.dumps(regular))
    return messages


class LivePage:
    """A running server."""

    def __init__(self, process: int, place: Path) -> None:
        self._process = process
        self._place = place
        self._read = 0
        self._port = self._wait_for_port()

    def send(self, messages: list[str | bytes]) -> Outcome:
        """Send messages, then check that the server still serves another page."""
        began = time.monotonic()
        result, detail = self._exchange(messages)
        if result in PASSED:
            greeting, problem = self._exchange([])
            if greeting not in PASSED or problem.startswith(CLOSED):  # else: of the shared source
                result, detail = "hang", f"the next page is not served: {problem}"
        errors = self._new_errors()
        if not self.is_alive():
            result, detail = "crash", f"the server has ended: {errors[-300:]}"
        elif "Traceback" in errors or FAULT in errors:
            result, detail = "traceback", errors.strip().splitlines()[-1][:300]
        return Outcome(result, detail, time.monotonic() - began)

    def _exchange(self, messages: list[str | bytes]) -> tuple[str, str]:
        from websockets.exceptions import ConnectionClosed
        from websockets.sync.client import connect

        result, detail = "accepted", ""
        origin: Any = f"http://127.0.0.1:{self._port}"
        try:
            with connect(
                f"ws://127.0.0.1:{self._port}/live", origin=origin, compression=None,
                open_timeout=LIMIT_S, close_timeout=LIMIT_S,
            ) as page:  # fmt: skip
                self._receive(page, "hello")
                for message in messages:
                    page.send(message)
                for answer in self._answers(page):
                    if answer.get("type") == "error":
                        detail = str(answer.get("text"))
                        result = "traceback" if FAULT in detail else "refused"
        except ConnectionClosed as closed:
            code, text = (closed.rcvd.code, closed.rcvd.reason) if closed.rcvd else (0, "no reason")
            result, detail = "refused", f"{CLOSED} {code}: {text}"
            if code in (0, INTERNAL_ERROR):
                result = "traceback"
        except (OSError, TimeoutError) as error:
            result, detail = "hang", f"{type(error).__name__}: {error}"
        return result, detail

    def _receive(self, page: Any, kind: str) -> None:
        while self._parsed(page.recv(timeout=LIMIT_S)).get("type") != kind:
            pass

    def _answers(self, page: Any) -> Iterator[dict[str, Any]]:
        """Messages until none comes for a moment."""
        until = time.monotonic() + 0.3
        with suppress(TimeoutError):
            while (left := until - time.monotonic()) > 0:
                yield self._parsed(page.recv(timeout=left))

    @staticmethod
    def _parsed(data: str | bytes) -> dict[str, Any]:
        if isinstance(data, bytes):
            data = data[4 : 4 + struct.unpack_from("<I", data)[0]]
        value: dict[str, Any] = json.loads(data)
        return value

    def _wait_for_port(self) -> int:
        until = time.monotonic() + 60
        while time.monotonic() < until and self.is_alive():
            if match := re.search(r":(\d+)/", self._errors()):
                self._read = len(self._errors())
                return int(match[1])
            time.sleep(0.05)
        raise InputError(f"the server of the live page does not start: {self._errors()[-300:]}")

    def _errors(self) -> str:
        return (self._place / "stderr").read_bytes().decode(errors="replace")

    def _new_errors(self) -> str:
        text = self._errors()
        new, self._read = text[self._read :], len(text)
        return new

    def is_alive(self) -> bool:
        """Whether it still runs."""
        try:
            return os.waitpid(self._process, os.WNOHANG)[0] == 0
        except ChildProcessError:
            return False

    def close(self) -> None:
        """End the server."""
        with suppress(ProcessLookupError):
            os.killpg(self._process, signal.SIGKILL)
        with suppress(ChildProcessError):
            os.waitpid(self._process, 0)


@contextmanager
def serving(place: Path) -> Iterator[LivePage]:
    """A server of the live page, with its own folders, until the block ends."""
    folder = place / "case"
    for name in ("home", "tmp", "user", "recordings"):
        (folder / name).mkdir(parents=True)
    process = start(_serve, folder, place / "stdout", place / "stderr")
    page = None
    try:
        page = LivePage(process, place)
        yield page
    finally:
        if page is not None:
            page.close()
        else:
            with suppress(ProcessLookupError):
                os.killpg(process, signal.SIGKILL)


def _serve() -> None:
    from blazetrack.cli import main

    main(["serve", SOURCE, "--port", "0", "--model", "blaze_lite", "--threads", "1",
          "--recordings", "recordings"])  # fmt: skip
