"""The exceptions of blazetrack.

Each message is one line: what failed, what was expected, what came, what to do. The command line
prints it on stderr and exits with code 2.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable

__all__ = [
    "BackendError",
    "BackendWarning",
    "BlazetrackError",
    "DownloadError",
    "GraphError",
    "InputError",
    "MissingAttribute",
    "MissingExtra",
    "MissingModule",
    "MissingOpenCV",
    "ModelError",
    "RenamedWarning",
    "SinkError",
    "SourceError",
    "did_you_mean",
    "printable",
    "reason",
    "warn_renamed",
]


class BlazetrackError(Exception):
    """Root of all exceptions of blazetrack."""


class SourceError(BlazetrackError):
    """A picture, video or camera cannot be opened or read."""


class SinkError(BlazetrackError):
    """An output cannot be opened or written."""


class ModelError(BlazetrackError):
    """A model file is missing, broken or of another shape."""


class DownloadError(ModelError):
    """A published model could not be fetched, or the network is not allowed."""


class BackendError(BlazetrackError):
    """No TFLite interpreter is installed, or not the requested one."""


class GraphError(BlazetrackError):
    """A graph text is invalid."""


class InputError(BlazetrackError, ValueError):
    """An argument has the wrong type, shape or range."""


class MissingExtra(BlazetrackError, ImportError):
    """An optional part is not installed; the message is the pip line."""

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f'{what} is not installed: pip install "blazetrack[{extra}]"')


class MissingAttribute(BlazetrackError, AttributeError):
    """A name of MediaPipe's that `blazetrack.compat` does not have."""


class MissingModule(BlazetrackError, ImportError):
    """A module of MediaPipe's that `blazetrack.compat` does not have."""


class MissingOpenCV(BlazetrackError, ImportError):
    """OpenCV is not installed, or cannot be loaded; the message has the remedy."""


class BackendWarning(UserWarning):
    """The interpreter runs, but slower than it should; the message has the reason."""


class RenamedWarning(FutureWarning):
    """A name of the previous release, which still works but is refused by the next one."""


def warn_renamed(what: str, old: str, new: str) -> None:
    """Warn in one line about an old name: `graph mine.yaml: 'cover' is now 'mask_people'`."""
    warnings.warn(f"{what}: '{old}' is now '{new}'", RenamedWarning, stacklevel=3)


def reason(error: Exception) -> str:
    """The message of a libav or system error, without its number."""
    return str(getattr(error, "strerror", None) or error).lower()


def printable(text: str) -> str:
    """A text for a terminal: control characters are escaped, but for line breaks and tabs.

    A name with an escape sequence could otherwise hide text or change what the terminal does.

    >>> printable("a\\x1b[2Jb")
    'a\\\\x1b[2Jb'
    """
    if text.isprintable():
        return text
    return "".join(
        one if one.isprintable() or one in "\n\t" else one.encode("unicode_escape").decode()
        for one in text
    )


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The end of an error message: the nearest known name, else all known names.

    >>> did_you_mean("detcet", ["detect", "crop"])
    "did you mean 'detect'?"
    """
    names, name = sorted(known), name[:200]
    from difflib import get_close_matches  # only on errors

    near = get_close_matches(name, names, n=1, cutoff=0.6)
    if near:
        return f"did you mean '{near[0]}'?"
    return f"known: {', '.join(names)}" if names else "none are known"
