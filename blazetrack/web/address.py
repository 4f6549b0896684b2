"""Where the live page is found: a socket to answer at, and the links that lead to it."""

from __future__ import annotations

import errno
import os
import socket

from blazetrack.errors import InputError

__all__ = ["addresses", "links", "listen"]


def listen(host: str, port: int) -> socket.socket:
    """A socket that is bound, so that a port in use is told in one line.

    Args:
        host: address to answer at.
        port: likewise; 0 takes any free one.

    Raises:
        InputError: nothing can answer there.
    """
    if not 0 <= port < 2**16:
        raise InputError(f"--port: expected 0 to 65535, got {port}")
    try:
        family, kind, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listening = socket.socket(family, kind)
        try:
            if os.name == "posix":  # elsewhere it would let two servers have the port
                listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(address)
            listening.listen()  # now, so that nobody who opens the link at once is turned away
        except OSError:
            listening.close()
            raise
    except OSError as error:
        others = (errno.EADDRINUSE, errno.EACCES)
        advice = "choose another --port" if error.errno in others else "check --host"
        raise InputError(
            f"serve: cannot answer at {host} port {port}: {error.strerror}; {advice}"
        ) from None
    return listening


def addresses(host: str) -> list[str]:
    """Addresses at which a server bound to `host` is found."""
    if host not in ("0.0.0.0", "::"):
        return [host]
    # Nothing is sent: connecting a UDP socket only chooses the way, and so the own address.
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
            own = str(probe.getsockname()[0])
        except OSError:  # no network
            own = ""
    return [address for address in dict.fromkeys([own, "127.0.0.1"]) if address]


def links(host: str, port: int, token: str, encrypted: bool) -> list[str]:
    """What to open in a browser to see a page that is served at `host`."""
    scheme, end = ("https" if encrypted else "http"), f"?token={token}" if token else ""
    shown = [f"[{one}]" if ":" in one else one for one in addresses(host)]
    return [f"{scheme}://{one}:{port}/{end}" for one in shown]
