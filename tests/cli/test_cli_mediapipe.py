"""`blazetrack mediapipe`: exit codes, arguments and errors of the program are its own."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from blazetrack.cli import main

Run = Callable[..., int]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Write a program, run it with arguments, return the exit code."""
    monkeypatch.chdir(tmp_path)
    for name in ("argv", "path", "meta_path"):
        monkeypatch.setattr(sys, name, list(getattr(sys, name)))

    def call(text: str, *args: str, options: tuple[str, ...] = (), name: str = "app.py") -> int:
        Path("app.py").write_text(text, encoding="utf-8")
        with pytest.raises(SystemExit) as end:
            main(["mediapipe", *options, name, *args])
        return int(end.value.code or 0)

    yield call
    for name in [one for one in sys.modules if one.partition(".")[0] in ("mediapipe", "app")]:
        del sys.modules[name]


def test_program_runs_as_main_with_its_arguments(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("beside.py").write_text("VALUE = 3\n")
    program = (
        "import sys, beside\nimport mediapipe as mp\n"
        "print(__name__, sys.argv, beside.VALUE, mp.solutions.pose.PoseLandmark.LEFT_KNEE)\n"
    )
    assert run(program, "--help", "-x", "clip.mp4") == 0
    assert capsys.readouterr().out == "__main__ ['app.py', '--help', '-x', 'clip.mp4'] 3 25\n"
    del sys.modules["beside"]


@pytest.mark.parametrize(
    ("text", "code", "error"),
    [
        ("", 0, ""),
        ("import sys; sys.exit(7)", 7, ""),
        ("import sys; sys.exit('no camera')", 1, "no camera\n"),
        ("raise SystemExit", 0, ""),
    ],
)
def test_exit_code_of_the_program_passes_through(
    run: Run, capsys: pytest.CaptureFixture[str], text: str, code: int, error: str
) -> None:
    assert run(text) == code
    assert capsys.readouterr().err == error


def test_error_of_the_program_is_shown_from_its_own_line(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("def f():\n    return 1 / 0\n\nf()\n") == 1
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    assert lines[1] == '  File "app.py", line 4, in <module>'
    assert lines[-1] == "ZeroDivisionError: division by zero"


def test_syntax_error_of_the_program_is_shown_as_python_shows_it(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("def f(:\n") == 1
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == '  File "app.py", line 1'
    assert lines[-1].startswith("SyntaxError")


def test_solution_that_is_not_here_is_one_line(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("import mediapipe as mp\nmp.solutions.hands.Hands()\n") == 2
    assert capsys.readouterr().err == (
        "blazetrack: mediapipe: solutions.hands is not in blazetrack, which has solutions.pose; "
        "see docs/from_mediapipe.md\n"
    )


def test_missing_program_is_one_line(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("", name="other.py") == 2
    assert capsys.readouterr().err == (
        "blazetrack: other.py: expected a Python file, found none there\n"
    )


def test_module_runs_with_its_arguments(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("import sys\nprint(sys.argv[1:])\n", "run", options=("-m",), name="app") == 0
    assert capsys.readouterr().out == "['run']\n"
