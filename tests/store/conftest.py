"""A store without network: two fake published models and the wheel with them."""

from __future__ import annotations

import hashlib
import os
import sys
import zipfile
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest

from blazetrack.store import Store, manifest

LINUX = "cp311-cp311-manylinux_2_28_x86_64"


def tflite(text: str) -> bytes:
    """Bytes that start like a TFLite file."""
    return b"\x20\0\0\0TFL3" + text.encode() * 50


def write_wheel(folder: Path, files: dict[str, bytes], tags: str = LINUX) -> Path:
    """A wheel that pip accepts as mediapipe 0.10.21."""
    path = folder / f"mediapipe-0.10.21-{tags}.whl"
    about = "mediapipe-0.10.21.dist-info"
    tag = f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: false\nTag: {tags}\n"
    with zipfile.ZipFile(path, "w") as wheel:
        for name, data in files.items():
            wheel.writestr(name, data)
        wheel.writestr(
            f"{about}/METADATA", "Metadata-Version: 2.1\nName: mediapipe\nVersion: 0.10.21\n"
        )
        wheel.writestr(f"{about}/WHEEL", tag)
        wheel.writestr(f"{about}/RECORD", "")
    return path


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The manifest with the checksums of fake models, an empty mirror and an empty cache.

    `files`: wheel member → bytes; `store`: online; `lines`: its reports; `tflite(text)`:
    bytes of a model; `write_wheel(files, tags)`: puts a wheel on the mirror.
    """
    entries, files = {}, {}
    for name, entry in manifest.published().items():
        if not isinstance(entry.source, manifest.Wheel):
            continue
        data = tflite(name)
        sha256 = hashlib.sha256(data).hexdigest()
        entries[name] = replace(entry, sha256=sha256, size=len(data))
        files[entry.source.member] = data
    monkeypatch.setattr(manifest, "published", lambda: entries)
    monkeypatch.setattr(sys, "path", [p for p in sys.path if not Path(p, "mediapipe").is_dir()])

    mirror = tmp_path / "mirror"
    mirror.mkdir()
    for variable in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(variable)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(mirror))
    monkeypatch.delenv("BLAZETRACK_OFFLINE", raising=False)
    monkeypatch.setenv("BLAZETRACK_HOME", str(tmp_path / "home"))

    for module in ("blazetrack.store.add", "blazetrack.store.verify"):  # the files are no networks
        monkeypatch.setattr(f"{module}.verify_file", lambda path, label="": None)
    for function in ("check_fit", "read_tensors"):
        monkeypatch.setattr(f"blazetrack.store.add.{function}", lambda *args: None)

    lines: list[str] = []
    store = Store(report=lines.append)
    return SimpleNamespace(
        entries=entries,
        files=files,
        store=store,
        lines=lines,
        tflite=tflite,
        write_wheel=partial(write_wheel, mirror),
    )
