"""`--view web`: a page that shows a run of the command line."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from blazetrack.errors import InputError, SinkError
from blazetrack.graph import Trace
from blazetrack.pipeline import PoseTracker
from blazetrack.runner import View
from blazetrack.types import Frame, Poses
from blazetrack.web.access import Access, Limits, links, listen
from blazetrack.web.catalog import Catalog
from blazetrack.web.choice import Choice, MakeTracker
from blazetrack.web.hub import Hub
from blazetrack.web.protocol import pack_frame
from blazetrack.web.recordings import Recordings
from blazetrack.web.server import make_server
from blazetrack.web.session import Session
from blazetrack.web.viewer import PageState

__all__ = ["WebView"]

HOST = "127.0.0.1"
START_S, END_S = 10.0, 5.0
POLL_S = 0.05  # interval of the checks whether the pause is over
FIXED_CHOICES = (
    "source", "model", "graph", "people", "masks", "min_detection", "min_tracking", "record",
)  # fmt: skip
ADJUSTABLE = ("source", "paused", "smoothing", "follow")
FIXED = "is fixed while `blazetrack run` goes on; `blazetrack serve` lets the page choose"
RECORD = "recording: give `blazetrack run` an --out, or use `blazetrack serve`"


class WebView(View):
    """Shows a run on a page of this machine; pause, smoothing and followed person can be changed.

    `trace` is a hook of the tracker, `port` the preferred port, and `log` prints the link. Raises
    `SinkError` if the server does not start.
    """

    _hub: Hub
    _session: Session

    def __init__(
        self,
        tracker: PoseTracker,
        trace: Trace,
        source: str,
        port: int,
        log: Callable[[str], None],
    ) -> None:
        self.stop_requested = False
        self.warnings: list[str] = []
        self._make: MakeTracker = lambda _: (tracker, trace)
        self._source = source
        self._started = threading.Event()
        try:
            self._socket = listen(HOST, port)
        except InputError:  # taken, such as by another page
            self._socket = listen(HOST, 0)
        self._server = make_server(self._open, Access(HOST), Limits())
        self._thread = threading.Thread(target=self._run, name="web page", daemon=True)
        self._thread.start()
        if not self._started.wait(START_S):
            raise SinkError("web page: the server does not start; use --view none")
        for link in links(HOST, self._socket.getsockname()[1], "", False):
            log(link)

    def _run(self) -> None:
        with self._socket:
            self._server.run(sockets=[self._socket])

    async def _open(self) -> AsyncIterator[PageState]:
        limits, recordings = Limits(), Recordings(Path(), 0)  # nothing is recorded here
        self._hub = Hub(asyncio.get_running_loop())
        name, send = self._source, self._hub.send
        self._session = Session(self._make, Choice(), name, send, recordings, limits)
        state = self._session.state()
        catalog = Catalog({name: name}, (state["model"],), (state["graph"],), cameras=False)
        self._started.set()
        yield PageState(
            self.submit, name, catalog, self._hub, recordings, limits, fixed=FIXED_CHOICES
        )

    def show(self, frame: Frame, poses: Poses, detector_ran: bool) -> None:
        tracked = self._session.observe(frame, poses)._replace(searching=detector_ran)
        if self._hub.watchers:
            self._hub.send_image(pack_frame(tracked, frame.index % 2**32))
            self._session.send_stats(viewers=len(self._hub))

    def wait_while_paused(self) -> None:
        while self._session.paused and not self.stop_requested:
            time.sleep(POLL_S)

    def close(self) -> None:
        self._server.should_exit = True
        self._thread.join(END_S)

    def submit(self, **changes: Any) -> None:
        """Apply a pause, the smoothing or a followed person; refuse all other changes."""
        for name in set(changes) - {*ADJUSTABLE}:
            if changes.pop(name) is not None:
                self._session.send_error(RECORD if name == "record" else f"{name} {FIXED}")
        self._session.apply(changes)
