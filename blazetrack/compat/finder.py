"""The import of `mediapipe`: from an installed one, from the drop-in, or from both.

- Without an installed mediapipe, all names are the drop-in's.
- An installed one without solutions (0.10.30 and later) gets those of the drop-in; what it has
  itself, such as `tasks`, stays.
- An installed one with solutions keeps them, but for `pose`.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType

from blazetrack.compat.names import OTHER_SOLUTIONS, not_here
from blazetrack.errors import MissingModule

__all__ = ["DropInFinder", "add_solutions"]

_NAME = "mediapipe"
_HOME = "blazetrack.compat.mediapipe"
_THEIRS = "mediapipe.python.solutions"


class DropInFinder(MetaPathFinder):
    """Finds modules named `mediapipe…`; an entry of `sys.meta_path`."""

    def __init__(self) -> None:
        self.paused = False  # while an installed mediapipe loads, by its own modules alone

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        package, _, name = fullname.rpartition(".")
        if self.paused:
            return None
        if package.startswith(_HOME):  # of `from mediapipe.solutions import hands`
            if name in OTHER_SOLUTIONS:
                raise MissingModule(not_here(name))
            return None
        if fullname == _NAME:
            return self._find_package()
        if not fullname.startswith(f"{_NAME}."):
            return None
        own = getattr(sys.modules.get(package), "__name__", "").startswith(_HOME)
        if path and not own:
            found = PathFinder.find_spec(fullname, list(path))
            if found is not None:
                return found
        return _find_own(fullname)

    def _find_package(self) -> ModuleSpec:
        installed = PathFinder.find_spec(_NAME)
        if installed is None or installed.loader is None:
            return _alias(_NAME, _HOME)
        installed.loader = _WithSolutions(installed.loader, self)
        return installed


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
    """Loads an installed mediapipe, then adds the drop-in to it."""

    def __init__(self, loader: Loader, finder: DropInFinder) -> None:
        self._loader, self._finder = loader, finder

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self._finder.paused = True
        try:
            self._loader.exec_module(module)
        finally:
            self._finder.paused = False
        add_solutions(module)


def add_solutions(package: ModuleType) -> None:
    """Give a loaded mediapipe the solutions that it lacks, or replace its `pose`."""
    theirs = sys.modules.get(_THEIRS)
    if theirs is None:
        package.solutions = import_module(f"{_HOME}.solutions")  # type: ignore[attr-defined]
    elif theirs.__name__ == _THEIRS:
        pose = import_module(f"{_HOME}.solutions.pose")
        theirs.pose = sys.modules[f"{_THEIRS}.pose"] = pose  # type: ignore[attr-defined]


def _find_own(fullname: str) -> ModuleSpec | None:
    """A module of the drop-in under its name in MediaPipe."""
    if fullname == f"{_NAME}.tasks":
        raise MissingModule(not_here("tasks"))
    home = f"{_HOME}{fullname.removeprefix(_NAME)}".replace(".python.solutions", ".solutions")
    package, _, name = home.rpartition(".")
    if package == f"{_HOME}.solutions" and name in OTHER_SOLUTIONS:
        raise MissingModule(not_here(name))
    try:
        parent = import_module(package)
    except ModuleNotFoundError:
        return None
    found = PathFinder.find_spec(home, getattr(parent, "__path__", []))
    return None if found is None else _alias(fullname, home)


def _alias(fullname: str, home: str) -> ModuleSpec:
    return ModuleSpec(fullname, _Alias(home), is_package=True)
