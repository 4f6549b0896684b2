"""Wheels fetched with pip, for any platform.

pip supports mirrors, proxies, certificates, `--find-links` and a cache. The wheel's tags are given,
so its own Python and platform do not matter.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import sys
import sysconfig
from pathlib import Path

from blazetrack.errors import DownloadError
from blazetrack.store.client_process import run_client

__all__ = ["HELP", "fetch_wheel", "find_pip"]

# The tags of mediapipe 0.10.21 on the package index; all its wheels hold the same weights.
PYTHONS = ("3.11", "3.12", "3.10", "3.9")
PLATFORMS = ("manylinux_2_28_x86_64", "macosx_11_0_universal2", "win_amd64")
HELP = (
    "set PIP_INDEX_URL or PIP_FIND_LINKS to a mirror that has it,"
    " or bring the file and run `blazetrack models add FILE`"
)
# Without a connection pip ends with "no matching distribution"; the cause stands before it.
NO_NETWORK = re.compile(r"connection broken by (.*): /")
NO_SUCH_WHEEL = "No matching distribution found"


def fetch_wheel(requirement: str, into: Path) -> Path:
    """Fetch a wheel, such as `mediapipe==0.10.21`, with pip, for any platform that has one.

    pip's own temporary files go into the same folder.
    """
    pip = find_pip()
    if pip is None:
        raise DownloadError(
            f"{requirement} is fetched with pip, which is neither in {sys.executable} nor on the"
            " PATH: run `python -m ensurepip` or `uv pip install pip`,"
            " or bring the file and run `blazetrack models add FILE`"
        )
    for python in PYTHONS:
        stderr = _pip_download(pip, requirement, python, into)
        if stderr is None:
            break
        network = NO_NETWORK.search(stderr)
        if network or NO_SUCH_WHEEL not in stderr:
            reason = network[1] if network else _last_error(stderr)
            raise DownloadError(f"pip could not fetch {requirement}: {reason}; {HELP}")
    wheels = list(into.glob("*.whl"))
    if not wheels:
        raise DownloadError(f"pip finds no wheel of {requirement} where it looks; {HELP}")
    return wheels[0]


def find_pip() -> list[str] | None:
    """The command of a pip; any will do, as it only downloads. None where there is none.

    Environments of uv have no pip: then the one that Python keeps for new environments, the one on
    the PATH, or one that uv runs.
    """
    if importlib.util.find_spec("pip") is not None:
        return [sys.executable, "-m", "pip"]
    if (wheel := _bundled_pip()) is not None:
        return [sys.executable, f"{wheel}/pip"]
    if program := shutil.which("pip") or shutil.which("pip3"):
        return [program]
    if uv := shutil.which("uv"):
        return [uv, "tool", "run", "--quiet", "pip"]
    return None


def _bundled_pip() -> Path | None:
    """The wheel of pip that ensurepip would install."""
    spec = importlib.util.find_spec("ensurepip")
    folders = [Path(spec.origin).parent / "_bundled"] if spec and spec.origin else []
    if place := sysconfig.get_config_var("WHEEL_PKG_DIR"):  # where Linux distributions keep it
        folders.append(Path(place))
    return next((wheel for folder in folders for wheel in sorted(folder.glob("pip-*.whl"))), None)


def _pip_download(pip: list[str], requirement: str, python: str, into: Path) -> str | None:
    """Run pip once; None if it fetched the wheel, else its stderr."""
    command = [*pip, "download", requirement, "--dest", str(into)]
    command += ["--no-deps", "--only-binary=:all:", "--no-input", "--disable-pip-version-check"]
    command += ["--progress-bar=off", "--implementation=cp", f"--python-version={python}"]
    command += [f"--abi=cp{python.replace('.', '')}"]
    command += [f"--platform={platform}" for platform in PLATFORMS]
    # No module of the user's current folder may hide one of pip's (Python ≥ 3.11).
    env = os.environ | {"PYTHONSAFEPATH": "1"} | dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(into))
    if env.get("PIP_RETRIES") == "0":
        env["PIP_RETRIES"] = "1"  # pip names the network only where it tries again
    done = run_client("pip", command, requirement, HELP, env=env)
    return None if done.returncode == 0 else done.stderr


def _last_error(stderr: str) -> str:
    """The most informative line: the one that pip marks as the error, else the last."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    marked = [line for line in lines if line.startswith(("ERROR:", "×")) and line[-1] != ":"]
    return (marked or lines or ["it gave no reason"])[-1].removeprefix("ERROR:").lstrip("× ")
