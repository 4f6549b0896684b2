"""LiteRT.js, which runs the networks of the page: fetched with npm, or from a folder; checked."""

from __future__ import annotations

import gzip
import zlib
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from blazetrack.errors import DownloadError
from blazetrack.store.archive import extract_member_of_tar
from blazetrack.store.cache import sha256_of
from blazetrack.store.npm_client import fetch_package

__all__ = ["LITERT_JS", "PACKED", "pack", "place_runtime"]

PACKED = ".bin"  # not .gz: some servers send that as if it were transport encoding

VERSION = "2.5.3"
LITERT_JS = f"@litertjs/core@{VERSION}"
CORE, UTILS = "@litertjs/core", "@litertjs/wasm-utils"
INSTEAD = f"give --runtime FOLDER, a folder in which `npm install {LITERT_JS}` was run"
UTILS_NAME = "wasm_utils.js"


class _File(NamedTuple):
    """A file of a package, and its name in the folder of the page."""

    package: str
    member: str
    name: str
    size: int
    sha256: str


def _build(name: str, js: tuple[int, str], wasm: tuple[int, str]) -> list[_File]:
    files = {f"litert_wasm_{name}.js": js, f"litert_wasm_{name}.wasm": wasm}
    return [_File(CORE, f"wasm/{file}", file, *pinned) for file, pinned in files.items()]


# Three builds, of which a browser loads one: with threads, without, and without relaxed SIMD. The
# fourth of the package needs a feature that few browsers have.
FILES = [
    _File(
        CORE, "dist/index.js", "litert.js", 53482,
        "e7daccc3a31eef890848a737ccb863ded5f046a6b40c3fdc0556495adeb5d9b3",
    ),
    _File(
        UTILS, "dist/index.js", UTILS_NAME, 1494,
        "e0e20bc28ab001ac732cf40d15b6eebd24fb0deaeb95eeba5100f51eebf015f2",
    ),
    *_build(
        "threaded_internal",
        (317475, "92fe7a720c6deedaa1194c011c79a005ea4f6fc98f533b661cf7900760ab4849"),
        (9445834, "b5e54eca10f043497edf9a02186332707cae260c550d7ea22b2cae55669596cf"),
    ),
    *_build(
        "internal",
        (273035, "68efb69f770e3f76aff36a377de629ca496c131b86ac0f0f4b592a1543a898eb"),
        (9367934, "7280cf4471774867e385e6c3cd53e2b45e2975b80fea338fff4ef359b0865614"),
    ),
    *_build(
        "compat_internal",
        (273246, "4d8f894b7883654fd6e8439730aa41e79ceaab7d19184fc4f1f0b0f1a2a2c8a5"),
        (9334181, "5255c8ad06eabdbd2522cdebf6b22fc10faf74625c23a49b9e072570cd1fa41c"),
    ),
]  # fmt: skip
NOTICE = f"""LiteRT.js {VERSION} ({CORE} and {UTILS} of npm), Copyright Google LLC.
Licensed under the Apache License, Version 2.0: http://www.apache.org/licenses/LICENSE-2.0
litert.js is changed: it imports {UTILS_NAME} by its path.
"""


def place_runtime(target: Path, work: Path, folder: Path | None, offline: bool = False) -> None:
    """Write the files of LiteRT.js into the folder `target`, which exists.

    Args:
        target: of the page.
        work: an empty folder for archives.
        folder: where `npm install` was run, or its `node_modules`; None fetches the packages.
        offline: never fetch.

    Raises:
        DownloadError: a file is missing or another one, or cannot be fetched.
    """
    archives: dict[str, Path] = {}
    for file in FILES:
        if folder is not None:
            data = _read(folder, file)
        elif offline:
            raise DownloadError(
                f"{LITERT_JS} is not here, and the network is not allowed; {INSTEAD}"
            )
        else:
            if file.package not in archives:
                archives[file.package] = _fetch(file.package, work)
            data = _unpack(archives[file.package], file, work)
        if file.name.endswith(".wasm"):
            (target / file.name).with_suffix(PACKED).write_bytes(pack(data)[0])
        else:
            (target / file.name).write_bytes(data)
    script = target / "litert.js"
    # Browsers do not resolve names of packages in workers.
    script.write_bytes(
        script.read_bytes().replace(f'"{UTILS}"'.encode(), f'"./{UTILS_NAME}"'.encode())
    )
    (target / "NOTICE.txt").write_text(NOTICE, encoding="utf-8")


def pack(data: bytes, planes: tuple[int, ...] = (1,)) -> tuple[bytes, int]:
    """Compressed bytes, and how many planes they hold in turn; byte i is in plane i % n.

    The upper bytes of float16 weights are alike, and take less room side by side; of float32
    weights that were float16 the lower bytes are 0.

    Args:
        data: a file.
        planes: numbers of planes, of which the best one is taken.
    """
    divided = {n: b"".join(data[plane::n] for plane in range(n)) for n in planes}
    best = min(planes, key=lambda n: len(zlib.compress(divided[n], 1)))
    return gzip.compress(divided[best], 9, mtime=0), best


def _read(folder: Path, file: _File) -> bytes:
    """The file from an installed package."""
    paths = [root / file.package / file.member for root in (folder / "node_modules", folder)]
    for path in paths:
        with suppress(OSError):
            if sha256_of(path) == file.sha256:
                return path.read_bytes()
            raise DownloadError(
                f"{path}: expected the file of {file.package} {VERSION} (SHA-256"
                f" {file.sha256[:12]}…), got another one; run `npm install {LITERT_JS}` there"
            )
    raise DownloadError(f"--runtime: expected {paths[0]}, which is not there; {INSTEAD}")


def _fetch(package: str, work: Path) -> Path:
    into = work / package.rpartition("/")[2]
    into.mkdir()
    return fetch_package(f"{package}@{VERSION}", "", into, instead=INSTEAD)


def _unpack(archive: Path, file: _File, work: Path) -> bytes:
    member, part = f"package/{file.member}", work / "part"
    try:
        path = extract_member_of_tar(archive, member, part, file.size)
    except KeyError:
        raise DownloadError(f"{archive.name} holds no {member}; {INSTEAD}") from None
    if path is None or sha256_of(path) != file.sha256:
        raise DownloadError(
            f"{archive.name}: {member} is not the published file (expected {file.size} bytes,"
            f" SHA-256 {file.sha256[:12]}…); {INSTEAD}"
        )
    return path.read_bytes()
