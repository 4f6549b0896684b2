"""The import of `mediapipe`: from an installed one, from the drop-in, or from both.

Each name of a module has one source:

- solutions that the drop-in has are its own, under `mediapipe.solutions` and
  `mediapipe.python.solutions`;
- other solutions are those of an installed mediapipe that still has them, else refused in one line;
- everything else is the installed mediapipe's, and where it lacks a module (or is not installed)
  that of the drop-in.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType

from blazetrack.compat.names import OTHER_SOLUTIONS, not_here
from blazetrack.errors import MissingModule

__all__ = ["DropInFinder", "import_installed_solution"]

_NAME = "mediapipe"
_HOME = "blazetrack.compat.mediapipe"
_SOLUTIONS = ("mediapipe.solutions", "mediapipe.python.solutions")


class DropInFinder(MetaPathFinder):
    """Finds modules named `mediapipe…`; an entry of `sys.meta_path`."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname.partition(".")[0] != _NAME and not fullname.startswith(f"{_HOME}."):
            return None
        if fullname == _NAME:
            installed = PathFinder.find_spec(_NAME)
            if installed is None or installed.loader is None:
                return _alias(fullname, _HOME)
            installed.loader = _WithSolutions(installed.loader)
            return installed
        package, _, name = fullname.rpartition(".")
        if package.startswith(_HOME):  # of `from mediapipe.solutions import hands`
            if name in OTHER_SOLUTIONS:
                raise MissingModule(not_here(name))
            return None
        if fullname in _SOLUTIONS or package in _SOLUTIONS:
            return _solution(fullname, name)
        if path and (found := PathFinder.find_spec(fullname, list(path))) is not None:
            return found
        home = f"{_HOME}{fullname.removeprefix(_NAME)}"
        return _alias(fullname, home) if _exists(home) else None


class _Alias(Loader):
    """Gives a module of the drop-in under another name."""

    def __init__(self, home: str) -> None:
        self._home = home

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        module = import_module(self._home)
        self._spec = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__ = self._spec  # replaced by that of the other name


class _WithSolutions(Loader):
    """Loads an installed mediapipe, and sets its `solutions` to those of the drop-in."""

    def __init__(self, loader: Loader) -> None:
        self._loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self._loader.exec_module(module)
        module.solutions = import_module("mediapipe.python.solutions")  # type: ignore[attr-defined]


def _alias(fullname: str, home: str) -> ModuleSpec:
    return ModuleSpec(fullname, _Alias(home), is_package=True)


def _exists(home: str) -> bool:
    """Whether the drop-in has a module."""
    package, _, _ = home.rpartition(".")
    try:
        parent = import_module(package)
    except ModuleNotFoundError:
        return False
    return PathFinder.find_spec(home, getattr(parent, "__path__", [])) is not None


def _solution(fullname: str, name: str) -> ModuleSpec | None:
    """A solution of the drop-in, or another one of an installed mediapipe."""
    if fullname in _SOLUTIONS:
        return _alias(fullname, f"{_HOME}.solutions")
    home = f"{_HOME}.solutions.{name}"
    if _exists(home):
        return _alias(fullname, home)
    found = _installed_solution(name)
    if found is None and name in OTHER_SOLUTIONS:
        raise MissingModule(not_here(name))
    return found


def _installed_solution(name: str) -> ModuleSpec | None:
    """A solution of an installed mediapipe that still has solutions."""
    folders = getattr(sys.modules.get(_NAME), "__path__", [])
    places = [str(Path(folder) / "python" / "solutions") for folder in folders]
    return PathFinder.find_spec(f"mediapipe.python.solutions.{name}", places)


def import_installed_solution(name: str) -> ModuleType | None:
    """Import a solution of an installed mediapipe, such as `hands`; None if it has none."""
    if _installed_solution(name) is None:
        return None
    return import_module(f"mediapipe.python.solutions.{name}")
