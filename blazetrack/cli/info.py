"""`blazetrack info`: facts about this machine and this installation."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from blazetrack.cli.options import Json, echo, print_json
from blazetrack.common import opencv
from blazetrack.common.board import processor_name, read_board

__all__ = ["collect", "info", "installed_version"]

PACKAGES = ("numpy", *opencv.PACKAGES, "av",
            "ai-edge-litert", "tflite-runtime", "tensorflow", "openvino", "PyYAML",
            "pydantic")  # fmt: skip


def info(as_json: Json = False) -> None:
    """Show versions, backends, cores and folders, for a bug report."""
    facts = collect()
    if as_json:
        print_json(facts)
        return
    for name, value in facts.items():
        text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        echo(f"{name:12} {text or 'none'}")


def collect() -> dict[str, Any]:
    """Facts about this machine and this installation."""
    from blazetrack._version import __version__
    from blazetrack.backends import default_threads, installed
    from blazetrack.pipeline import shipped_graphs
    from blazetrack.sources.devices import camera_program, list_cameras
    from blazetrack.store import Store
    from blazetrack.views.display import window_system

    store, cameras = Store(offline=True), list_cameras()
    own = ["picam: the Raspberry Pi's own"] if camera_program() else []
    unlisted = "not listed on this system; try blazetrack run 0, then 1, 2"
    return {
        "blazetrack": __version__,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "processor": processor_name(),
        **read_board().facts(),
        "cores": os.cpu_count(),
        "threads": default_threads(),
        "backends": list(installed()),
        "packages": [f"{name} {found}" for name in PACKAGES if (found := installed_version(name))],
        "window": window_system() or "unknown",
        "cameras": unlisted if cameras is None else [*map(str, cameras), *own],
        "models": str(store.cache.folder),
        "here": [model.info.name for model in store.list() if model.present],
        "graphs": list(shipped_graphs()),
    }


def installed_version(name: str) -> str | None:
    """The version of an installed package, else None."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None
