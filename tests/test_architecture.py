"""Architecture: import weight, layers, public names, module size."""

from __future__ import annotations

import ast
import configparser
import importlib
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

import blazetrack

ROOT = Path(__file__).parents[1]
MODULES = [
    path.relative_to(ROOT).as_posix()
    for package in ("blazetrack", "models", "benchmarks")
    for path in sorted((ROOT / package).rglob("*.py"))
]
MAX_LINES = 400
MAX_TOP_LEVEL = 4  # modules of models/ outside its rooms
INTERPRETERS = {"ai_edge_litert", "tflite_runtime", "tensorflow", "openvino"}


def loaded_by(statement: str) -> set[str]:
    """The top-level modules in a fresh Python after one statement."""
    code = f"import sys; {statement}; print(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def test_import_blazetrack_loads_nothing_heavy() -> None:
    heavy = INTERPRETERS | {"cv2", "av", "numpy", "pydantic", "yaml", "rich", "typer", "keras"}
    assert not loaded_by("import blazetrack") & heavy


def test_import_pipeline_loads_no_interpreter_and_no_video() -> None:
    loaded = loaded_by("from blazetrack import PoseTracker, open_source")
    assert "numpy" in loaded
    assert not loaded & (INTERPRETERS | {"av", "rich", "typer", "keras"})


def test_public_names_exist() -> None:
    assert set(blazetrack.__all__) <= set(dir(blazetrack))
    assert all(getattr(blazetrack, name) is not None for name in blazetrack.__all__)
    with pytest.raises(AttributeError, match="has no attribute 'PoseTracer'"):
        _ = blazetrack.PoseTracer  # type: ignore[attr-defined]


@pytest.mark.parametrize("path", [path for path in MODULES if path.startswith("blazetrack/")])
def test_module_imports(path: str) -> None:
    parts = path.removesuffix(".py").removesuffix("/__init__").split("/")
    if parts[-1] != "__main__":
        importlib.import_module(".".join(parts))


@pytest.mark.parametrize("path", MODULES)
def test_module_has_docstring_size_and_the_names_of_its_all(path: str) -> None:
    text = (ROOT / path).read_text(encoding="utf-8")
    tree = ast.parse(text)
    assert ast.get_docstring(tree)
    assert len(text.splitlines()) <= MAX_LINES
    listed = exported(tree)
    assert len(listed) == len(set(listed))
    if path != "blazetrack/__init__.py":  # its names are lazy, see test_public_names_exist
        assert set(listed) - defined(tree) == set()


def exported(tree: ast.Module) -> list[str]:
    """The names in `__all__`."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return list(ast.literal_eval(node.value))
    return []


def defined(tree: ast.Module) -> set[str]:
    """The names that a module defines or imports at its top level."""
    names: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            names |= {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            names |= {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}
    return names


def test_models_has_few_modules_outside_its_rooms() -> None:
    assert len(list((ROOT / "models").glob("*.py"))) <= MAX_TOP_LEVEL


@pytest.mark.skipif(find_spec("importlinter") is None, reason="needs import-linter")
def test_import_layers_hold() -> None:
    code = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    done = subprocess.run(
        [sys.executable, "-c", code, "--no-cache"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_setup_cfg_installs_every_package() -> None:
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    installed = set(config["options"]["packages"].split())
    inits = (ROOT / "blazetrack").rglob("__init__.py")
    packages = {".".join(path.parent.relative_to(ROOT).parts) for path in inits}
    elsewhere = re.findall(r"(blazetrack\.\w+) = ", config["options"]["package_dir"])
    assert packages == installed - set(elsewhere)


def test_contributing_shows_the_layers_of_setup_cfg() -> None:
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    layers = config["importlinter:contract:layers"]["layers"].strip()
    assert f"```\n{layers}\n" in (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
