"""WebSocket: a server that sends each frame as JSON to all that are connected."""

from __future__ import annotations

import json
import logging
import socket
import threading
import time
from collections import deque
from contextlib import suppress
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from blazetrack.errors import MissingExtra, SinkError, reason
from blazetrack.sinks.base import Sink, check_finite
from blazetrack.sinks.jsonl import to_record
from blazetrack.sinks.network import parse_address
from blazetrack.skeleton import BLAZEPOSE33, Skeleton
from blazetrack.types import Frame, Poses

__all__ = ["WebSocketSink"]

_MAX_WAITING = 8  # messages of a slow receiver; then it loses the oldest
_MAX_RECEIVERS = 32
_CLOSE_S = 2.0


class WebSocketSink(Sink):
    """`ws://HOST:PORT`: serves there until the end of the run; needs websockets.

    The first message is the keypoint set, `skeleton`, `names` and `edges`; then comes one message
    per frame, the object of `to_record`. Nothing is read from the receivers. Browsers may connect
    from pages of this machine only, and from `origin`, so that no other page reads along.

    Args:
        address: where to serve; the host is this machine where it is left out, `0.0.0.0` all
            networks, without a password.
        origin: also pages of this site may connect: `http://192.168.1.5:8000`.
        skeleton: keypoint set of the poses.

    Raises:
        MissingExtra: websockets is not installed.
        SinkError: the address has another form, or is in use.
    """

    def __init__(self, address: str, *, origin: str = "", skeleton: Skeleton = BLAZEPOSE33) -> None:
        try:
            from websockets.sync.server import serve
        except ImportError:
            raise MissingExtra("websockets", "web") from None
        super().__init__(address, skeleton)
        host, port = parse_address(address)
        self._origin = origin
        self._lock = threading.Lock()
        self._receivers: set[_Receiver] = set()
        self._closed = False
        logger = logging.getLogger("blazetrack.websocket")
        logger.addHandler(logging.NullHandler())
        logger.propagate = False
        try:
            self._server = serve(
                self._serve, host, port, process_request=self._refusal, logger=logger,
                close_timeout=_CLOSE_S, max_size=1024, compression=None,
            )  # fmt: skip
        except OSError as error:
            raise SinkError(
                f"{address}: cannot be served ({reason(error)}); choose another address"
            ) from None
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        """The port, also where the address left the choice to the system with 0."""
        return int(self._server.socket.getsockname()[1])

    def write(self, frame: Frame, poses: Poses, picture: Any = None) -> None:
        if self._closed:
            raise SinkError(f"{self.name}: is closed; open a new sink to write more")
        check_finite(self.name, frame, poses)
        self.check_keypoints(poses)
        with self._lock:
            receivers = list(self._receivers)
        if receivers:
            text = json.dumps(to_record(frame, poses, self.skeleton), separators=(",", ":"))
            for receiver in receivers:
                receiver.put(text)

    def close(self) -> None:
        with self._lock:  # no receiver comes after this
            if self._closed:
                return
            self._closed = True
            receivers = list(self._receivers)
        for receiver in receivers:
            receiver.end()
        until_s = time.monotonic() + _CLOSE_S
        for receiver in receivers:
            if not receiver.done.wait(max(until_s - time.monotonic(), 0.0)):
                receiver.cut()
        self._server.shutdown()
        self._thread.join(_CLOSE_S)

    def _refusal(self, connection: Any, request: Any) -> Any:
        """An HTTP response for a page that may not connect; None lets it pass."""
        origin = request.headers.get("Origin")
        if origin is not None and not self._allows(origin):
            return connection.respond(HTTPStatus.FORBIDDEN, "this page may not connect\n")
        with self._lock:
            if len(self._receivers) >= _MAX_RECEIVERS:
                return connection.respond(HTTPStatus.SERVICE_UNAVAILABLE, "too many receivers\n")
        return None

    def _allows(self, origin: str) -> bool:
        if self._origin and origin == self._origin:
            return True
        with suppress(ValueError):
            return urlsplit(origin).hostname in ("localhost", "127.0.0.1", "::1")
        return False

    def _serve(self, connection: Any) -> None:
        """Send one receiver its messages until it goes or the sink is closed."""
        from websockets.exceptions import ConnectionClosed

        skeleton = {
            "skeleton": self.skeleton.name,
            "names": self.skeleton.names,
            "edges": self.skeleton.edges,
        }
        receiver = _Receiver(connection.socket)
        with self._lock:
            if self._closed:
                return
            self._receivers.add(receiver)
        try:
            connection.send(json.dumps(skeleton))
            while (text := receiver.take()) is not None:
                connection.send(text)
        except (ConnectionClosed, OSError):
            pass
        finally:
            with self._lock:
                self._receivers.discard(receiver)
            receiver.done.set()


class _Receiver:
    """The messages that wait for one receiver, the newest ones only.

    Attributes:
        done: set once nothing more is sent.
    """

    def __init__(self, line: socket.socket) -> None:
        self._line = line
        self._waiting: deque[str] = deque(maxlen=_MAX_WAITING)
        self._changed = threading.Condition()
        self._ended = False
        self.done = threading.Event()

    def put(self, text: str) -> None:
        with self._changed:
            self._waiting.append(text)
            self._changed.notify()

    def end(self) -> None:
        """No message follows."""
        with self._changed:
            self._ended = True
            self._changed.notify()

    def cut(self) -> None:
        """End the connection of a receiver that does not read: sending to it would not end."""
        with suppress(OSError):
            self._line.shutdown(socket.SHUT_RDWR)

    def take(self) -> str | None:
        """The next message, once there is one; None behind the last."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._ended)
            return self._waiting.popleft() if self._waiting else None
