"""Base class of outlets over the network, and their addresses `udp://HOST:PORT`."""

from __future__ import annotations

import socket
from typing import Any
from urllib.parse import urlsplit

from blazetrack.errors import SinkError, reason
from blazetrack.sinks.base import Sink
from blazetrack.skeleton import BLAZEPOSE33, Skeleton

__all__ = ["MAX_DATAGRAM", "DatagramSink", "parse_address"]

MAX_DATAGRAM = 65_507  # bytes of a UDP message over IPv4


def parse_address(text: str) -> tuple[str, int]:
    """Host and port of `scheme://HOST:PORT`; the host is this machine where it is left out.

    Raises:
        SinkError: another form.
    """
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "127.0.0.1", parts.port
    except ValueError:
        host, port, parts = "", None, urlsplit("")
    if port is None or parts.path not in ("", "/") or "@" in parts.netloc or parts.query:
        scheme = text.partition("://")[0]
        raise SinkError(f"{scheme}://: expected an address such as {scheme}://127.0.0.1:9000")
    return host, port


class DatagramSink(Sink):
    """Sends messages over UDP, without waiting for a receiver.

    Messages that cannot be sent are counted; the run goes on.

    Args:
        address: `scheme://HOST:PORT`.
        skeleton: keypoint set of the poses.

    Raises:
        SinkError: the address has another form, or the host is unknown.
    """

    def __init__(self, address: str, *, skeleton: Skeleton = BLAZEPOSE33) -> None:
        super().__init__(address, skeleton)
        host, port = parse_address(address)
        try:
            family, kind, protocol, _, target = socket.getaddrinfo(
                host, port, type=socket.SOCK_DGRAM
            )[0]
            self._socket = socket.socket(family, kind, protocol)
        except OSError as error:
            raise SinkError(f"{address}: cannot be reached ({reason(error)})") from None
        self._socket.setblocking(False)
        self._target: Any = target
        self._failed, self._problem = 0, ""
        self._closed = False

    def send(self, data: bytes) -> None:
        """Send one message of at most `MAX_DATAGRAM` bytes."""
        if self._closed:
            raise SinkError(f"{self.name}: is closed; open a new sink to write more")
        try:
            self._socket.sendto(data, self._target)
        except OSError as error:
            self._failed, self._problem = self._failed + 1, reason(error)

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        self._socket.close()
        if self._failed:
            self.warnings.append(
                f"{self.name}: {self._failed} messages could not be sent ({self._problem})"
            )
