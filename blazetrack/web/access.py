"""Access to the live page: address, links, token, certificate and limits per viewer."""

from __future__ import annotations

import datetime
import errno
import ipaddress
import os
import secrets
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from blazetrack.errors import InputError

__all__ = ["Access", "Limits", "RateLimit", "addresses", "links", "listen", "write_certificate"]

CERTIFICATE_DAYS = 30


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of the live page, so that no viewer starves the others or fills the machine."""

    viewers: int = 8  # simultaneous ones; each browser camera has its own tracker
    message_bytes: int = 2 * 2**20  # of one message with an image
    text_bytes: int = 4096  # of one message without an image
    side_px: int = 1920  # longer side of an image
    messages_per_s: float = 150.0  # mean rate of one viewer
    changes_per_s: float = 10.0  # mean rate of messages that change something
    recording_s: float = 600.0  # length of one recording
    recording_bytes: int = 2**30  # size of its files together
    recordings: int = 20  # kept for download; the oldest is deleted first


class RateLimit:
    """Token bucket that holds two seconds of its rate."""

    def __init__(self, per_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_s = per_s
        self._clock = clock
        self._left = 2 * per_s
        self._updated_s = clock()

    def take(self) -> bool:
        """Take one token; False if the bucket is empty."""
        now = self._clock()
        self._left = min(2 * self._per_s, self._left + (now - self._updated_s) * self._per_s)
        self._updated_s = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


class Access:
    """Access checks of a server bound to `host`; by default a public one has a random token.

    The `Origin` header keeps out scripts of other sites that the user has open. On a loopback
    address the `Host` header must name the loopback, which keeps out DNS rebinding.
    """

    def __init__(self, host: str, token: str | None = None) -> None:
        self.local = is_loopback(host)
        self.token = token or ("" if self.local else secrets.token_urlsafe(16))

    def allows_host(self, header: str | None) -> bool:
        """Whether a `Host` header names this server; with a token every name is allowed."""
        if not self.local:
            return True
        try:
            return is_loopback(urlsplit(f"//{header or ''}").hostname or "")
        except ValueError:  # such as [
            return False

    def allows_origin(self, origin: str | None, host: str | None) -> bool:
        """Whether an `Origin` header belongs to a page of this server."""
        host = (host or "").lower()
        return bool(host) and (origin or "").lower() in (f"http://{host}", f"https://{host}")

    def allows_token(self, token: str | None) -> bool:
        """Whether a token is right, compared in constant time."""
        return secrets.compare_digest((token or "").encode(), self.token.encode())


def is_loopback(host: str) -> bool:
    """Whether a server bound to `host` can only be reached from this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def listen(host: str, port: int) -> socket.socket:
    """Open a listening socket; port 0 takes any free one.

    Raises:
        InputError: the address cannot be bound.
    """
    if not 0 <= port < 2**16:
        raise InputError(f"--port: expected 0 to 65535, got {port}")
    try:
        family, kind, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listening = socket.socket(family, kind)
        try:
            if os.name == "posix":  # on Windows it would let two servers share the port
                listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(address)
            listening.listen()  # before the link is printed, so that no request is refused
        except OSError:
            listening.close()
            raise
    except OSError as error:
        in_use = error.errno in (errno.EADDRINUSE, errno.EACCES)
        advice = "choose another --port" if in_use else "check --host"
        raise InputError(
            f"serve: cannot listen on {host} port {port}: {error.strerror}; {advice}"
        ) from None
    return listening


def addresses(host: str) -> list[str]:
    """Addresses at which a server bound to `host` is reached."""
    if host not in ("0.0.0.0", "::"):
        return [host]
    # Connecting a UDP socket sends nothing; it selects the route and so the own address.
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
            own = str(probe.getsockname()[0])
        except OSError:  # no network
            own = ""
    return [address for address in dict.fromkeys([own, "127.0.0.1"]) if address]


def links(host: str, port: int, token: str, encrypted: bool) -> list[str]:
    """URLs of the page of a server bound to `host`."""
    scheme, end = ("https" if encrypted else "http"), f"?token={token}" if token else ""
    names = [f"[{address}]" if ":" in address else address for address in addresses(host)]
    return [f"{scheme}://{name}:{port}/{end}" for name in names]


def write_certificate(folder: Path, hosts: list[str]) -> tuple[Path, Path]:
    """Write a certificate for names and addresses, and its key, which only this user may read.

    Returns the two paths (PEM). The authority that signs is thrown away.

    Raises:
        InputError: a host is not a valid DNS name.
    """
    import trustme

    now = datetime.datetime.now(datetime.timezone.utc)
    hour, days = datetime.timedelta(hours=1), datetime.timedelta(days=CERTIFICATE_DAYS)
    try:
        issued = trustme.CA(organization_name="blazetrack").issue_cert(
            *hosts, organization_name="blazetrack", not_before=now - hour, not_after=now + days
        )
    except ValueError as error:
        raise InputError(
            f"--https: expected DNS names or addresses, got {', '.join(hosts)} ({error}); "
            "use the address"
        ) from None
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    issued.cert_chain_pems[0].write_to_path(certificate)
    with open(os.open(key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(issued.private_key_pem.bytes())
    return certificate, key
