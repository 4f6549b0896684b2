"""One run of a package client, pip or npm, in a process of its own."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from blazetrack.errors import DownloadError

__all__ = ["run_client"]

TIMEOUT_S = 900.0


def run_client(
    name: str,
    command: Sequence[str],
    package: str,
    remedy: str,
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run the client to its end, without input; its output is collected.

    Args:
        name: of the client, for messages.
        command: program and arguments.
        package: what it fetches, for messages.
        remedy: end of these messages.
        cwd: its folder; by default the current one.
        env: its environment; by default that of this process.

    Raises:
        DownloadError: it cannot be started, or does not end in time.
    """
    try:
        return subprocess.run(
            command,
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            timeout=TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise DownloadError(
            f"{name} did not fetch {package} within {TIMEOUT_S:.0f} s; {remedy}"
        ) from error
    except OSError as error:
        raise DownloadError(f"{name} cannot be started: {error}; {remedy}") from error
