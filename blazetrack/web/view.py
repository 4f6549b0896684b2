"""`--view web`: a page that watches a run of the command line."""

from __future__ import annotations

import asyncio
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from blazetrack.errors import BlazetrackError, InputError, SinkError
from blazetrack.graph import Trace
from blazetrack.pipeline import PoseTracker
from blazetrack.runner import View
from blazetrack.types import Frame, Poses
from blazetrack.web.access import Access
from blazetrack.web.address import links, listen
from blazetrack.web.broadcast import STATS_EVERY_S, package
from blazetrack.web.catalog import Catalogue
from blazetrack.web.engine import Choice, Tracked
from blazetrack.web.hub import Hub
from blazetrack.web.limits import Limits
from blazetrack.web.recordings import Recordings
from blazetrack.web.server import make_server
from blazetrack.web.stats import Meter, describe
from blazetrack.web.viewer import Live

__all__ = ["WebView"]

HOST = "127.0.0.1"
START_S, END_S = 10.0, 5.0
HELD_S = 0.05  # between two looks whether the run may go on
FIXED = "is fixed while `blazetrack run` goes on; `blazetrack serve` lets the page choose"


class WebView(View):
    """Shows a run on a page of this machine: pause, smoothing and whom to follow can be changed.

    Args:
        tracker: of the run.
        trace: hooked into it.
        source: name of what it tracks.
        port: to answer at; any other where it is taken.
        say: is told the link.

    Raises:
        InputError: nothing can answer there.
    """

    def __init__(
        self,
        tracker: PoseTracker,
        trace: Trace,
        source: str,
        port: int,
        say: Callable[[str], None],
    ) -> None:
        self.name, self.stop_requested = "web page", False
        self.warnings: list[str] = []
        self._tracker = tracker
        self._trace = trace
        self._source = source
        self._meter = Meter()
        self._paused = False
        self._hub: Hub | None = None
        self._started = threading.Event()
        self._told_s = 0.0
        self._networks = 0.0
        try:
            self._socket = listen(HOST, port)
        except InputError:  # another page is there already; any other port does here
            self._socket = listen(HOST, 0)
        self._server = make_server(self._share, Access(HOST), Limits())
        self._thread = threading.Thread(target=self._run, name="web page", daemon=True)
        self._thread.start()
        if not self._started.wait(START_S):
            raise SinkError("web page: the server does not start; use --view none")
        for link in links(HOST, self._socket.getsockname()[1], "", False):
            say(link)

    def _run(self) -> None:
        try:
            self._server.run(sockets=[self._socket])
        finally:
            self._socket.close()

    async def _share(self) -> AsyncIterator[Live]:
        about, name = describe(self._tracker), self._source
        graph = str(about["graph"])
        catalogue = Catalogue({name: name}, (about["model"],), {graph: graph}, cameras=False)
        with ExitStack() as stack:
            made = tempfile.TemporaryDirectory(prefix="blazetrack-", ignore_cleanup_errors=True)
            folder = Path(stack.enter_context(made))
            worker = stack.enter_context(ThreadPoolExecutor(1))
            hub = self._hub = Hub(asyncio.get_running_loop())
            self._started.set()
            yield Live(
                self, name, catalogue, hub, _no_tracker, Choice(), worker,
                Recordings(folder, 1), Limits(),
            )  # fmt: skip

    def show(self, frame: Frame, poses: Poses, detector_ran: bool) -> None:
        self._meter.count()
        spent, self._networks = self._networks, self._tracker.network_seconds
        if self._hub is None or not self._hub.watchers:
            return
        network_ms = 1e3 * (self._networks - spent)
        tracked = Tracked(frame, poses, network_ms, network_ms, detector_ran)
        self._hub.show(package(tracked, frame.index % 2**32))
        now = time.monotonic()
        if now - self._told_s >= STATS_EVERY_S:
            self._told_s = now
            stats = {"type": "stats", "viewers": len(self._hub), "recorded": 0}
            self._hub.say(stats | self._meter.stats(self._tracker, self._trace))

    def wait_while_paused(self) -> None:
        while self._paused and not self.stop_requested:
            time.sleep(HELD_S)

    def close(self) -> None:
        self._server.should_exit = True
        self._thread.join(END_S)

    def change(self, source: str | None = None, paused: bool | None = None, **choice: Any) -> None:
        """Pause or go on, smooth or not; all else stays as it is."""
        smoothing = choice.pop("smoothing", None)
        if choice:
            self._say_error(f"{', '.join(choice)} {FIXED}")
        if paused is not None:
            self._paused = paused
        if smoothing is not None:
            try:
                self._tracker.smoothing = smoothing
            except BlazetrackError as error:
                self._say_error(str(error))
        self.tell_state()

    def follow(self, at: tuple[float, float] | None) -> None:
        """Follow whoever is there, or everybody."""
        try:
            self._tracker.follow(at)
        except BlazetrackError as error:
            self._say_error(str(error))

    def record(self, on: bool) -> None:
        """A run writes what `--out` says."""
        self._say_error("recording: give `blazetrack run` an --out, or use `blazetrack serve`")

    def tell_state(self) -> None:
        """Tell all who watch how the run goes."""
        state = {"type": "state", "source": self._source, "paused": self._paused}
        state |= describe(self._tracker) | {"people": 1, "recording": False}
        if self._hub is not None:
            self._hub.say(state)

    def _say_error(self, text: str) -> None:
        if self._hub is not None:
            self._hub.say({"type": "error", "text": text})


def _no_tracker(choice: Choice, trace: Trace) -> PoseTracker:
    raise InputError("the camera of the browser: use `blazetrack serve`")
