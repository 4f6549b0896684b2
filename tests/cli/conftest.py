"""Call the command line inside this process, as a user would from a shell."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from blazetrack.cli import main


@dataclass(frozen=True)
class Result:
    """What came back: exit code, stdout, and the lines of stderr."""

    code: object
    out: str
    err: list[str]

    def json(self) -> Any:
        """Stdout as JSON, which must be all of it and strict."""

        def refuse(word: str) -> None:
            raise AssertionError(f"{word} is not JSON")

        return json.loads(self.out, parse_constant=refuse)


Command: TypeAlias = Callable[..., Result]


@pytest.fixture
def command(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Command:
    """`blazetrack ARGS` in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def call(*args: object) -> Result:
        capfd.readouterr()
        with pytest.raises(SystemExit) as end:
            main([str(arg) for arg in args])
        out, err = capfd.readouterr()
        return Result(end.value.code or 0, out, err.splitlines())

    return call
