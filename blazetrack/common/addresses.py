"""Addresses of streams as messages show them: without user, password, query and keys."""

from __future__ import annotations

import re

__all__ = ["shown_address", "shown_source"]

_HOST = re.compile(r"(\[[0-9a-fA-F:.]+\]|[\w.\-]*)(:\d{1,5})?")
_PLAIN = re.compile(r"[\w.\- ~+]*")
_MAX_PLAIN = 20  # characters of a part of a path that is no file name; longer ones may be keys
_KEYS_IN_PATH = ("rtmp", "rtmps", "rtmpt", "rtmpe")  # the last part of the path is the key


def shown_address(address: str) -> str:
    """The address for a message: scheme, host, port and the plain parts of the path.

    All before the last `@` may be a password, whatever characters it has. A query and a fragment
    are left out; parts of the path that hold other characters than a name, or are long without
    an ending, are `…`: some cameras take user and password there.

    Args:
        address: `scheme://…`; another text is returned as it is.
    """
    scheme, mark, rest = address.partition("://")
    if not mark:
        return address
    netloc, *parts = re.split(r"[?#]", rest.rpartition("@")[2])[0].split("/")
    host = _HOST.match(netloc)
    path = [_shown_part(part) for part in parts]
    if scheme.lower() in _KEYS_IN_PATH and len(path) > 1:
        path[-1] = "…"
    return f"{scheme}://{host[0] if host else '…'}{''.join(f'/{part}' for part in path)}"


def shown_source(text: str) -> str:
    """The text of a source for a message, also where it is a mistyped address with a password."""
    if "://" in text.partition("?")[0]:
        return shown_address(text)
    before, _, rest = text.partition(":")
    return f"{before}:…@{rest.rpartition('@')[2].partition('?')[0]}" if "@" in rest else text


def _shown_part(part: str) -> str:
    name, dot, ending = part.rpartition(".")
    is_file = bool(dot and name) and len(ending) <= 5 and len(part) <= 80
    fits = _PLAIN.fullmatch(part) and (is_file or len(part) <= _MAX_PLAIN)
    return part if fits else "…"
