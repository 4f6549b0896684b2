"""The process around a command: missing streams and homes, unexpected errors, odd characters."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
import typer

from blazetrack.cli.entry_point import new_app, run_app
from blazetrack.errors import BackendWarning, InputError, printable

HERE = Path(__file__).parents[2]
posix = pytest.mark.skipif(os.name != "posix", reason="needs a POSIX shell")


def shell(line: str, folder: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """Run `$BT …` in a shell."""
    kept = {name: value for name, value in os.environ.items() if name not in env or env[name]}
    given = {name: value for name, value in env.items() if value}
    command = f"{sys.executable} -m blazetrack"
    return subprocess.run(
        ["sh", "-c", line.replace("$BT", command)],
        cwd=folder,
        env=kept | given | {"PYTHONPATH": str(HERE), "BLAZETRACK_OFFLINE": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@posix
@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_run_without_standard_streams_writes_the_file(tmp_path: Path, closed: str) -> None:
    options = "--model blaze_lite --detector blaze_detector_lite --out o.jsonl"
    done = shell(f"$BT run 'synthetic?frames=2&size=256x256' {options} {closed}", tmp_path)
    assert done.returncode == 0
    assert len((tmp_path / "o.jsonl").read_text().splitlines()) == 2


@posix
def test_info_without_home_of_an_unknown_user_is_shown(tmp_path: Path) -> None:
    probe = shell("unshare --user --map-user=12345 --map-group=12345 true", tmp_path)
    if probe.returncode:
        pytest.skip("needs unshare and user namespaces")
    line = "unshare --user --map-user=12345 --map-group=12345 env -u HOME $BT info"
    done = shell(line, tmp_path, BLAZETRACK_HOME="", XDG_CACHE_HOME="", TMPDIR=str(tmp_path))
    assert (done.returncode, done.stderr) == (0, "")
    assert "blazetrack-" in done.stdout


def app_that_raises(error: Exception) -> typer.Typer:
    app = new_app("test")

    @app.command()
    def fail() -> None:
        raise error

    @app.command()
    def other() -> None:
        pass

    return app


def run_failing(error: Exception, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    with pytest.raises(SystemExit) as end:
        run_app(app_that_raises(error), "tool", "tool", ["fail"])
    return int(end.value.code or 0), capsys.readouterr().err


def test_run_app_unexpected_error_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    code, printed = run_failing(ZeroDivisionError("a\nb"), capsys)
    assert code == 1
    assert printed == (
        "tool: unexpected ZeroDivisionError: a b; BLAZETRACK_TRACEBACK=1 shows where\n"
    )


def test_run_app_unexpected_error_on_request_is_raised(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BLAZETRACK_TRACEBACK", "1")
    with pytest.raises(ZeroDivisionError):
        run_app(app_that_raises(ZeroDivisionError("x")), "tool", "tool", ["fail"])
    capsys.readouterr()


def test_run_app_message_with_control_characters_is_escaped(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, printed = run_failing(InputError("a\x1b[2Jb\u202ec" + "x" * 10_000), capsys)
    assert code == 2
    assert printed.startswith("tool: a\\x1b[2Jb\\u202ecxxx")
    assert len(printed) < 2100


def test_printable_ordinary_text_is_unchanged() -> None:
    assert printable("Größe → 日本.mp4\n\tx") == "Größe → 日本.mp4\n\tx"
    assert printable("\x07\x9b\x7f") == "\\x07\\x9b\\x7f"


def test_warning_of_the_backend_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    app = new_app("test")

    @app.command()
    def run() -> None:
        for _ in range(2):
            warnings.warn("backend: XNNPACK is off", BackendWarning, stacklevel=1)

    with pytest.raises(SystemExit):
        run_app(app, "blazetrack", "blazetrack", [])
    assert capsys.readouterr().err == "blazetrack: warning: backend: XNNPACK is off\n"
