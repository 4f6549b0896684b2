"""What holds for every verb: help, version, wrong use, and output that cannot be shown."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

import blazetrack
from blazetrack.cli import app
from blazetrack.errors import warn_renamed

VERBS = {"run", "demo", "models", "graph", "info"}
BLAZETRACK = (sys.executable, "-m", "blazetrack")


def walk(verb: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield words
    for name, inner in getattr(verb, "commands", {}).items():
        yield from walk(inner, (*words, name))


TREE = list(walk(typer.main.get_command(app)))


def test_app_has_documented_verbs() -> None:
    assert {words[0] for words in TREE if words} >= VERBS


@pytest.mark.parametrize("words", TREE, ids=" ".join)
def test_app_every_verb_has_help(command: Any, words: tuple[str, ...]) -> None:
    result = command(*words, "--help")
    assert (result.code, result.err) == (0, [])
    assert "Usage: blazetrack" in result.out
    assert "--help" in result.out
    assert "<bool>" not in result.out
    assert "{" not in result.out


def test_app_completion_is_offered_and_works(monkeypatch: pytest.MonkeyPatch, command: Any) -> None:
    # The shell is named here: Typer otherwise looks for one among the parents of this process.
    monkeypatch.setenv("_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION", "1")
    script = command("--show-completion", "bash")
    assert script.code == 0
    assert "_BLAZETRACK_COMPLETE" in script.out
    monkeypatch.setenv("_BLAZETRACK_COMPLETE", "complete_bash")
    for words, expected in (
        ("blazetrack ru", "run"),
        ("blazetrack run --graph pose_m", "pose_multi"),
        ("blazetrack batch --format jsonl", "jsonl"),
    ):
        monkeypatch.setenv("COMP_WORDS", words)
        monkeypatch.setenv("COMP_CWORD", str(len(words.split()) - 1))
        assert expected in command().out.split()


def test_version(command: Any) -> None:
    assert command("--version").out == f"blazetrack {blazetrack.__version__}\n"


@pytest.mark.parametrize("words", [(), ("models",), ("graph",)], ids=" ".join)
def test_main_without_verb_prints_help(command: Any, words: tuple[str, ...]) -> None:
    result = command(*words)
    assert result.code in (0, 2)  # before click 8.2 it was 0
    assert "Usage: blazetrack" in result.out + "\n".join(result.err)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("rum",), "rum"),
        (("--nope",), "--nope"),
        (("run",), "source"),
        (("run", "synthetic", "--nope"), "--nope"),
        (("run", "synthetic", "--people", "two"), "--people"),
        (("models", "nope"), "nope"),
        (("graph", "show"), "name"),
        (("demo", "--frames", "0"), "--frames"),
    ],
    ids=" ".join,
)
def test_main_wrong_usage_is_one_line(command: Any, words: tuple[str, ...], message: str) -> None:
    result = command(*words)
    assert (result.code, result.out) == (2, "")
    (line,) = result.err
    assert line.startswith("blazetrack: ")
    assert message in line.lower()


def test_main_closed_stdout_is_no_error() -> None:
    shown = subprocess.Popen(
        [*BLAZETRACK, "info"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert shown.stdout is not None
    shown.stdout.close()
    with shown:
        assert shown.stderr is not None
        assert shown.stderr.read() == ""
    assert shown.returncode == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no full device")
def test_main_full_stdout_is_one_line() -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [*BLAZETRACK, "graph", "list"], stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("blazetrack: ")


def test_main_ascii_terminal_works(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    done = subprocess.run([*BLAZETRACK, "models", "info", "full"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Identity_4" in done.stdout


def test_main_system_error_is_one_line(command: Any) -> None:
    result = command("graph", "show", "x" * 5000)
    assert (result.code, result.out, len(result.err)) == (2, "", 1)


def test_main_renamed_warning_is_one_line_once(
    command: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def collect() -> dict[str, Any]:
        for _ in range(2):
            warn_renamed("--set", "cover", "mask_people")
        return {}

    monkeypatch.setattr("blazetrack.cli.info.collect", collect)
    result = command("info")
    assert result.err == ["blazetrack: warning: --set: 'cover' is now 'mask_people'"]
