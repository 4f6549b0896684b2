"""Shell scripts, run in a copy of the project in which every tool only logs its call."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SCRIPTS = [*sorted((ROOT / "scripts").iterdir()), ROOT / ".ci" / "run"]
TOOLS = ("python", "ruff", "mypy", "lint-imports", "blazetrack", "apt-get")
# FAIL is the call that fails.
STUB = """#!/bin/sh
call="$(basename "$0")${*:+ $*}"
echo "$call" >>calls
[ "$call" != "${FAIL:-}" ]
"""

pytestmark = pytest.mark.skipif(
    os.name == "nt" or shutil.which("bash") is None, reason="needs a POSIX bash"
)

Call = Callable[..., tuple[int, list[str]]]


@pytest.fixture
def call(tmp_path: Path) -> Call:
    """Run a script of the copy; returns its exit code and its calls."""
    for script in SCRIPTS:
        copy = tmp_path / script.relative_to(ROOT)
        copy.parent.mkdir(exist_ok=True)
        shutil.copy(script, copy)
    for name in ("setup.cfg", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path / name)
    tools = tmp_path / ".venv" / "bin"
    tools.mkdir(parents=True)
    for name in TOOLS:
        (tools / name).write_text(STUB)
        (tools / name).chmod(0o755)

    def run(script: str, *args: str, fail: str = "") -> tuple[int, list[str]]:
        log = tmp_path / "calls"
        log.write_text("")
        done = subprocess.run(
            ["bash", tmp_path / script, *args],
            cwd=tmp_path.parent,
            env={**os.environ, "FAIL": fail},
            capture_output=True,
        )
        return done.returncode, log.read_text().splitlines()

    return run


def without_setup(calls: list[str]) -> list[str]:
    setup = ("python -m pip", "python -c", "apt-get")
    return [line for line in calls if not line.startswith(setup)]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_script_is_valid_and_executable(script: Path) -> None:
    subprocess.run(["bash", "-n", script], check=True)
    assert os.access(script, os.X_OK)
    head, *lines = script.read_text(encoding="utf-8").splitlines()
    assert head == "#!/usr/bin/env bash"
    assert "set -euo pipefail" in lines


def test_test_runs_every_check_then_pytest(call: Call) -> None:
    code, calls = call("scripts/test", "tests/align", "-k", "crop")
    assert code == 0
    assert without_setup(calls) == [
        "ruff check .",
        "ruff format --check .",
        "mypy",
        "lint-imports",
        "blazetrack models pull",
        "python -m pytest tests/align -k crop",
    ]
    assert any("install" in line and "-e .[dev]" in line for line in calls)


@pytest.mark.parametrize("tool", ["ruff check .", "ruff format --check .", "mypy", "lint-imports"])
def test_test_failing_check_stops(call: Call, tool: str) -> None:
    code, calls = call("scripts/test", fail=tool)
    assert code != 0
    assert calls[-1] == tool


def test_test_without_weights_runs_pytest(call: Call) -> None:
    code, calls = call("scripts/test", fail="blazetrack models pull")
    assert (code, calls[-1]) == (0, "python -m pytest")


def test_test_failing_pytest_fails_script_and_ci(call: Call) -> None:
    assert call("scripts/test", fail="python -m pytest")[0] != 0
    code, calls = call(".ci/run", fail="python -m pytest")
    assert code != 0
    assert calls[-1] == "python -m pytest"


def test_demo_passes_its_arguments(call: Call) -> None:
    code, calls = call("scripts/demo", "--frames", "9")
    assert code == 0
    assert without_setup(calls) == ["blazetrack demo --frames 9"]
    assert any("install" in line and "-e .[web,plot]" in line for line in calls)


def test_docs_builds_strictly(call: Call) -> None:
    code, calls = call("scripts/docs")
    assert code == 0
    assert without_setup(calls) == [
        "python docs/site/stage.py build/docs",
        "python -m mkdocs build --strict --quiet -f docs/site/mkdocs.yml",
    ]
    assert any("install" in line and "-e .[docs]" in line for line in calls)


def test_demo_prints_how_to_go_on(call: Call, tmp_path: Path) -> None:
    call("scripts/demo")
    done = subprocess.run(["bash", tmp_path / "scripts/demo"], capture_output=True, text=True)
    activate = tmp_path / ".venv/bin/activate"
    assert done.stderr.splitlines()[-1] == f"first, in this shell: . {activate}"


def test_setup_keeps_an_opencv_that_loads(call: Call) -> None:
    _, calls = call("scripts/setup")
    assert not any("opencv" in line or "headless" in line for line in calls)


def test_setup_without_opencv_installs_one_then_headless(call: Call) -> None:
    code, calls = call("scripts/setup", fail="python -c import cv2")
    assert code != 0  # not even the headless one loads
    installs = [line.rpartition(" ")[2] for line in calls if "pip install" in line]
    assert installs == [".", ".[opencv]", ".[headless]"]
    assert any("pip uninstall" in line and line.endswith("opencv-python") for line in calls)


def test_setup_installs_once_per_requirements(call: Call, tmp_path: Path) -> None:
    installs = [any("pip install" in line for line in call("scripts/setup")[1]) for _ in "12"]
    assert installs == [True, False]
    with (tmp_path / "setup.cfg").open("a") as file:
        file.write("# a new requirement\n")
    assert any("pip install" in line for line in call("scripts/setup")[1])


def test_setup_failed_installation_is_repeated(call: Call) -> None:
    install = next(line for line in call("scripts/setup", "dev")[1] if "pip install" in line)
    for folder in ("first", "second"):
        code, calls = call("scripts/setup", "other", fail=install.replace("[dev]", "[other]"))
        assert code != 0, folder
        assert any("pip install" in line for line in calls)


CHECK = ROOT / "scripts" / "check-commit-subject"


def check_subject(message: str, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    file = tmp_path / "COMMIT_EDITMSG"
    file.write_text(message, encoding="utf-8")
    return subprocess.run([CHECK, file], cwd=ROOT, capture_output=True, text=True)


@pytest.mark.parametrize(
    "subject",
    [
        "Add SimCC head",
        "Process frames in order",
        "Embed the card",
        "Re-export Frame",
        "Measure µs instead of ms" + " and × of it" * 4,  # 72 characters, 77 bytes
        "Merge branch 'main' into a branch whose name is longer than seventy-two characters",
        'Revert "added a thing."',
        "fixup! something.",
        "# a comment of the editor\nAdd SimCC head\n\nlines of the body are not checked.",
        "",
    ],
)
def test_check_commit_subject_accepts(subject: str, tmp_path: Path) -> None:
    done = check_subject(subject, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("subject", "fault"),
    [
        ("A" + 72 * "b", "at most 72 characters, got 73"),
        ("Add SimCC head.", "no full stop"),
        ("add SimCC head", "got 'add'"),
        ("Added SimCC head", "got 'Added'"),
        ("Adding SimCC head", "got 'Adding'"),
        ("Adds SimCC head", "got 'Adds'"),
        ("Nobody has no masks by default", "got 'Nobody'"),
        ("The loss of the offsets", "got 'The'"),
        ("fix: mp4 timestamps", "got 'fix:'"),
        ("`lite` has more epochs", "got '`lite`'"),
    ],
)
def test_check_commit_subject_refuses_in_one_line(subject: str, fault: str, tmp_path: Path) -> None:
    done = check_subject(subject, tmp_path)
    assert done.returncode == 1
    assert fault in done.stderr
    assert done.stderr.count("\n") == 1


class Clone:
    """A repository with the scripts in it."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder, self._environment = folder, environment

    def __call__(self, *command: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, cwd=self.folder, env=self._environment, capture_output=True, text=True
        )

    def commit(self, subject: str) -> bool:
        return self("git", "commit", "--allow-empty", "-m", subject).returncode == 0


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    if shutil.which("git") is None:
        pytest.skip("needs git")
    config = tmp_path / "gitconfig"
    config.write_text("[user]\nname = n\nemail = e\n")
    clean = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    clean |= {"GIT_CONFIG_GLOBAL": str(config), "GIT_CONFIG_NOSYSTEM": "1"}
    made = Clone(tmp_path / "clone", clean)
    made.folder.mkdir()
    shutil.copytree(ROOT / "scripts", made.folder / "scripts")
    made("git", "init", "-b", "main")
    made("git", "add", ".")
    assert made.commit("the commit before the hook")
    return made


def test_setup_hook_refuses_a_wrong_subject(clone: Clone) -> None:
    for _ in "12":
        done = clone("scripts/setup-hook")
        assert (done.returncode, done.stderr) == (0, "")
    assert not clone.commit("changed a thing")
    assert clone.commit("Change a thing")


def test_setup_hook_serves_worktrees(clone: Clone, tmp_path: Path) -> None:
    clone("git", "worktree", "add", tmp_path / "tree")
    tree = Clone(tmp_path / "tree", clone._environment)
    assert tree("scripts/setup-hook").returncode == 0
    for one in (tree, clone):
        assert not one.commit("changed a thing")


def test_setup_hook_uses_the_hooks_path_of_the_clone(clone: Clone) -> None:
    clone("git", "config", "core.hooksPath", "hooks/of/mine")
    clone("scripts/setup-hook")
    assert (clone.folder / "hooks/of/mine/commit-msg").is_file()
    assert not clone.commit("changed a thing")


def test_setup_hook_keeps_an_own_hook(clone: Clone) -> None:
    hook = clone.folder / ".git/hooks/commit-msg"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\n")
    done = clone("scripts/setup-hook")
    assert (done.returncode, done.stderr.count("\n")) == (0, 1)
    assert "hook of your own" in done.stderr
    assert hook.read_text() == "#!/bin/sh\n"


def test_setup_hook_keeps_a_shared_hooks_folder(clone: Clone, tmp_path: Path) -> None:
    clone("git", "config", "--global", "core.hooksPath", str(tmp_path / "shared"))
    done = clone("scripts/setup-hook")
    assert (done.returncode, done.stderr.count("\n")) == (0, 1)
    assert "shared by other clones" in done.stderr
    assert not (tmp_path / "shared").exists()


def test_setup_hook_outside_a_repository_does_nothing(clone: Clone) -> None:
    shutil.rmtree(clone.folder / ".git")
    done = clone("scripts/setup-hook")
    assert (done.returncode, done.stderr) == (0, "")


def test_check_commit_subject_recent_only_warns(clone: Clone, tmp_path: Path) -> None:
    assert clone.commit("changed a thing")
    assert clone.commit("Change a thing")
    done = clone("scripts/check-commit-subject", "--recent")
    assert done.returncode == 0
    (line,) = done.stderr.splitlines()  # not the commit that brought the check
    assert "warning: 'changed a thing'" in line
    shallow = Clone(tmp_path / "shallow", clone._environment)
    clone("git", "clone", "--depth", "1", f"file://{clone.folder}", shallow.folder)
    done = shallow("scripts/check-commit-subject", "--recent")
    assert (done.returncode, done.stderr) == (0, "")
