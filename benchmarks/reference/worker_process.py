"""A script under another Python that replies in lines of JSON."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from blazetrack.errors import BlazetrackError

__all__ = ["ISOLATED", "WorkerProcess", "last_line"]

ISOLATED = ("-E", "-s")  # no PYTHONPATH, no user site: a worker imports its own environment only


class WorkerProcess:
    """A running script: requests to its standard input, replies from its standard output.

    Args:
        name: for error messages.
        python: the interpreter.
        script: its file.
        arguments: of the script.
    """

    def __init__(self, name: str, python: Path, script: Path, arguments: Sequence[str]) -> None:
        self._name = name
        self._errors: IO[str] = tempfile.TemporaryFile("w+", errors="replace")  # noqa: SIM115
        self._process = subprocess.Popen(
            [str(python), *ISOLATED, str(script), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
        )

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    def send(self, *parts: Any) -> None:
        """Send bytes; `receive` raises if the process has ended."""
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):
            for part in parts:
                self._process.stdin.write(part)
            self._process.stdin.flush()

    def receive(self) -> dict[str, Any]:
        """The next reply.

        Raises:
            BlazetrackError: the process has ended.
        """
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            code = self._process.wait()
            self._errors.seek(0)
            reason = last_line(self._errors.read())
            raise BlazetrackError(f"reference: {self._name} ended with {code}: {reason}")
        reply: dict[str, Any] = json.loads(line)
        return reply

    def close(self) -> None:
        """Close the input, which ends the process, and wait; a second call does nothing."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with suppress(BrokenPipeError):  # it had ended already: `receive` reports that
            self._process.stdin.close()
        try:
            self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        self._errors.close()


def last_line(text: str) -> str:
    """The last line of an error output."""
    return (text.strip().splitlines() or ["no message"])[-1]
