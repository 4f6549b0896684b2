"""Who may see the page: the loopback address alone, or whoever has the link with the token."""

from __future__ import annotations

import ipaddress
import secrets
from urllib.parse import SplitResult, urlsplit

__all__ = ["Access", "is_loopback"]

LOCAL = "localhost"


def is_loopback(host: str) -> bool:
    """Whether only programs on this machine reach a server bound to `host`."""
    if host.lower() == LOCAL:
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Access:
    """The door of the live page.

    A page of another site that the user has open must not get in: browsers say in `Origin` which
    site a script belongs to, and that must be this one. A name that an attacker lets point at the
    loopback address (DNS rebinding) comes as `Host`, and only names of the loopback pass there.

    Args:
        host: address that the server is bound to.
        token: what a link must carry; None makes one where others can reach `host`, and needs
            none on the loopback address.
    """

    def __init__(self, host: str, token: str | None = None) -> None:
        self.local = is_loopback(host)
        self.token = token or ("" if self.local else secrets.token_urlsafe(16))

    def admits_host(self, header: str | None) -> bool:
        """Whether a request for this `Host` is meant for this server."""
        if not self.local:
            return True  # the token keeps strangers out
        parts = _split(f"//{header or ''}")
        return parts is not None and parts.hostname is not None and is_loopback(parts.hostname)

    def admits_origin(self, origin: str | None, host: str | None) -> bool:
        """Whether a WebSocket was opened by a page of this server."""
        parts = _split(origin or "")
        if parts is None or not host:
            return False
        return parts.scheme in ("http", "https") and parts.netloc.lower() == host.lower()

    def admits_token(self, given: str | None) -> bool:
        """Whether the link has the right token; takes the same time for every wrong one."""
        return secrets.compare_digest((given or "").encode(), self.token.encode())


def _split(address: str) -> SplitResult | None:
    try:
        return urlsplit(address)
    except ValueError:  # such as http://[
        return None
