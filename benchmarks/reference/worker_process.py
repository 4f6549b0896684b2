"""A script that runs under another Python and answers in lines of JSON."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from blazetrack.errors import BlazetrackError

__all__ = ["ALONE", "Child", "last_line"]

ALONE = ("-E", "-s")  # no PYTHONPATH and no user's packages: each side sees its own environment


class Child:
    """A process, what is sent to it and what it answers.

    Args:
        name: what messages call it.
        python: the interpreter.
        script: what it runs.
        arguments: of the script.
    """

    def __init__(self, name: str, python: Path, script: Path, arguments: Sequence[str]) -> None:
        self._name = name
        self._errors: IO[str] = tempfile.TemporaryFile("w+", errors="replace")  # noqa: SIM115
        self._process = subprocess.Popen(
            [str(python), *ALONE, str(script), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
        )

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    def say(self, *parts: Any) -> None:
        """Send bytes; a process that has died is told of by `hear`."""
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):
            for part in parts:
                self._process.stdin.write(part)
            self._process.stdin.flush()

    def hear(self) -> dict[str, Any]:
        """The next answer.

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
        answer: dict[str, Any] = json.loads(line)
        return answer

    def end(self) -> None:
        """Close its input, which ends it, and wait; harmless when called twice."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with suppress(BrokenPipeError):  # it ended before: told of by the call that met it
            self._process.stdin.close()
        try:
            self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        self._errors.close()


def last_line(text: str) -> str:
    """The last line of what a process complained of."""
    return (text.strip().splitlines() or ["no message"])[-1]
