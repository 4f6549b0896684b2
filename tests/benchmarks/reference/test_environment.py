"""Environment of the reference: interpreter search and error messages."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks.reference.environment import find_interpreter, make_venv, reference_python
from blazetrack.errors import BlazetrackError


def test_find_interpreter_prefers_the_running_python() -> None:
    running = "{}.{}".format(*sys.version_info[:2])
    assert find_interpreter(["2.0", running]) == Path(sys.executable)


def test_find_interpreter_without_match_names_the_versions() -> None:
    with pytest.raises(BlazetrackError, match=r"expected Python 2\.0, 2\.1 .* install one"):
        find_interpreter(["2.0", "2.1"])


def test_reference_python_without_version_is_refused() -> None:
    with pytest.raises(BlazetrackError, match="expected name==version, got 'mediapipe'"):
        reference_python("mediapipe")


def test_make_venv_failure_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(BlazetrackError, match=r"environment: making .* failed"):
        make_venv(Path(sys.executable), tmp_path / "file" / "venv", [])
