"""Where the reference's environment lies, and what is said when it cannot be made."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks.reference.environment import find_interpreter, make_venv, reference_python
from blazetrack.errors import BlazetrackError


def test_the_running_python_is_taken_if_it_fits() -> None:
    mine = "{}.{}".format(*sys.version_info[:2])
    assert find_interpreter(["2.0", mine]) == Path(sys.executable)


def test_no_fitting_python_is_one_line_that_names_the_versions() -> None:
    with pytest.raises(BlazetrackError, match=r"expected Python 2\.0, 2\.1 .* install one"):
        find_interpreter(["2.0", "2.1"])


def test_a_requirement_without_a_version_is_refused() -> None:
    with pytest.raises(BlazetrackError, match="expected name==version, got 'mediapipe'"):
        reference_python("mediapipe")


def test_an_environment_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(BlazetrackError, match=r"environment: making .* failed"):
        make_venv(Path(sys.executable), tmp_path / "file" / "venv", [])
