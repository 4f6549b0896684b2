"""The shape of the house: what loads what, who may see whom, how long a module may be."""

from __future__ import annotations

import importlib
import pkgutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

import blazetrack

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "blazetrack"
MODULES = [
    module.name
    for module in pkgutil.walk_packages([str(PACKAGE)], "blazetrack.")
    if not module.name.endswith("__main__")
]
INTERPRETERS = {"ai_edge_litert", "tflite_runtime", "tensorflow"}


def loaded_by(statement: str) -> set[str]:
    """The top-level modules that a fresh Python holds after one statement."""
    code = f"import sys; {statement}; print(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def test_importing_the_package_loads_nothing_heavy() -> None:
    heavy = INTERPRETERS | {"cv2", "av", "numpy", "pydantic", "yaml", "rich", "typer", "keras"}
    assert not loaded_by("import blazetrack") & heavy


def test_the_pipeline_is_imported_without_an_interpreter_or_video() -> None:
    loaded = loaded_by("from blazetrack import PoseTracker, open_source")
    assert "numpy" in loaded
    assert not loaded & (INTERPRETERS | {"av", "rich", "typer", "keras"})


def test_the_public_names_are_there() -> None:
    assert set(blazetrack.__all__) <= set(dir(blazetrack))
    assert all(getattr(blazetrack, name) is not None for name in blazetrack.__all__)
    with pytest.raises(AttributeError, match="has no attribute 'PoseTracer'"):
        _ = blazetrack.PoseTracer  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", MODULES)
def test_a_module_has_what_it_promises(name: str) -> None:
    module = importlib.import_module(name)
    promised = getattr(module, "__all__", [])
    assert [one for one in promised if not hasattr(module, one)] == []
    assert len(promised) == len(set(promised))
    assert module.__doc__


@pytest.mark.parametrize("name", MODULES)
def test_a_module_is_read_in_one_go(name: str) -> None:
    path = PACKAGE.joinpath(*name.split(".")[1:])
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    assert len(file.read_text(encoding="utf-8").splitlines()) <= 400


@pytest.mark.skipif(find_spec("importlinter") is None, reason="needs import-linter")
def test_each_room_sees_only_the_rooms_below_it() -> None:
    code = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    done = subprocess.run(
        [sys.executable, "-c", code, "--no-cache"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
