"""Import of `mediapipe` after `install`, alone and beside an installed one."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from blazetrack.compat import install
from blazetrack.compat.mediapipe.solutions import drawing_utils, pose
from blazetrack.errors import MissingModule


def drop_modules() -> None:
    for name in [one for one in sys.modules if one.partition(".")[0] == "mediapipe"]:
        del sys.modules[name]


@pytest.fixture(autouse=True)
def clean_imports(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No mediapipe is loaded or installed, and what is installed here ends with the test."""
    drop_modules()
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    monkeypatch.setattr(sys, "path", [one for one in sys.path if not has_mediapipe(one)])
    importlib.invalidate_caches()
    yield
    drop_modules()


def has_mediapipe(folder: str) -> bool:
    return (Path(folder) / "mediapipe" / "__init__.py").exists()


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A made-up mediapipe with Tasks and without solutions, as 0.10.30 and later."""
    package = tmp_path / "mediapipe"
    (package / "tasks").mkdir(parents=True)
    (package / "__init__.py").write_text("from mediapipe import tasks\n__version__ = '1.2.3'\n")
    (package / "tasks" / "__init__.py").write_text("detector = 5\n")
    monkeypatch.syspath_prepend(tmp_path)
    return package


def test_install_gives_solutions_under_all_paths() -> None:
    install()
    install()
    mediapipe = importlib.import_module("mediapipe")
    assert mediapipe.solutions.pose is pose
    for name in ("mediapipe.python.solutions.pose", "mediapipe.solutions.pose"):
        assert importlib.import_module(name) is pose
    assert importlib.import_module("mediapipe.python.solutions.drawing_utils") is drawing_utils
    landmark_pb2 = importlib.import_module("mediapipe.framework.formats.landmark_pb2")
    assert landmark_pb2.NormalizedLandmarkList().landmark.add(x=1.0).x == 1.0
    assert pose.__spec__ is not None
    assert pose.__spec__.name == pose.__name__


@pytest.mark.parametrize(
    "statement",
    [
        "import mediapipe.python.solutions.hands",
        "from mediapipe.python.solutions import holistic",
        "from mediapipe.solutions import face_mesh",
        "from mediapipe.tasks import python",
    ],
)
def test_import_of_another_solution_is_refused_in_one_line(statement: str) -> None:
    install()
    with pytest.raises(MissingModule, match="not in blazetrack"):
        exec(statement)


def test_import_of_a_module_that_mediapipe_never_had_fails_as_ever() -> None:
    install()
    with pytest.raises(ModuleNotFoundError, match=r"mediapipe\.nothing"):
        importlib.import_module("mediapipe.nothing")


def test_install_adds_solutions_to_an_installed_mediapipe(installed: Path) -> None:
    install()
    mediapipe = importlib.import_module("mediapipe")
    assert mediapipe.__version__ == "1.2.3"
    assert mediapipe.tasks.detector == 5
    assert mediapipe.solutions.pose is pose
    assert importlib.import_module("mediapipe.python.solutions.pose") is pose


def test_install_after_the_import_adds_solutions_too(installed: Path) -> None:
    mediapipe = importlib.import_module("mediapipe")
    assert not hasattr(mediapipe, "solutions")
    install()
    assert mediapipe.solutions.pose is pose
    assert importlib.import_module("mediapipe.python.solutions.pose") is pose


def test_install_replaces_only_pose_of_installed_solutions(installed: Path) -> None:
    folder = installed / "python" / "solutions"
    folder.mkdir(parents=True)
    (installed / "python" / "__init__.py").touch()
    (folder / "__init__.py").write_text(
        "import mediapipe.python.solutions.hands\nimport mediapipe.python.solutions.pose\n"
    )
    (folder / "hands.py").write_text("Hands = 1\n")
    (folder / "pose.py").write_text("Pose = 1\n")
    (installed / "__init__.py").write_text(
        "import mediapipe.python.solutions as solutions\ndel python\n"
    )
    install()
    mediapipe = importlib.import_module("mediapipe")
    assert mediapipe.solutions.hands.Hands == 1
    assert mediapipe.solutions.pose is pose
    assert importlib.import_module("mediapipe.python.solutions.hands").Hands == 1
    assert importlib.import_module("mediapipe.python.solutions.pose") is pose
