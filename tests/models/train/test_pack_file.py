"""Packed runs: trained in a process without this checkout, resumed here, and errors."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("keras", reason="models needs Keras")

from blazetrack.errors import InputError, ModelError
from models.data.annotated import AnnotatedImage
from models.data.encoded import shrunk
from models.train.checkpoint import find_checkpoint
from models.train.config import load_settings
from models.train.pack_file import open_pack_file, write_pack_file
from models.train.trainer import train

Configure = Callable[..., Path]

# Keras 3 on NumPy 2.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

# Runs the zip as `python FILE.zip` does, without packages that a bare machine lacks, and prints
# where the code came from.
ELSEWHERE = """
import runpy, sys
from importlib.machinery import PathFinder

absent = ["ai_edge_litert", "tflite_runtime", "av", "lap", "platformdirs", "matplotlib"]
absent += sys.argv.pop(1).split()

class Bare(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        found = name.partition(".")[0] not in absent
        return super().find_spec(name, path, target) if found else None

sys.meta_path[sys.meta_path.index(PathFinder)] = Bare
sys.argv = sys.argv[1:]
try:
    runpy.run_path(sys.argv[0], run_name="__main__")
finally:
    print(sys.modules["models"].__file__, sys.modules["blazetrack"].__file__)
"""


def run_elsewhere(
    file: Path, cwd: Path, backend: str, *args: str
) -> subprocess.CompletedProcess[str]:
    absent = "" if backend == "tensorflow" else "tensorflow"
    command = [sys.executable, "-c", ELSEWHERE, absent, str(file), *args]
    environment = {"KERAS_BACKEND": backend, "PATH": "", "HOME": str(cwd)}
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True)


@pytest.fixture(scope="module")
def pack_file(configure: Configure, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pack")
    path = folder / "tiny.zip"
    lines: list[str] = []
    settings = load_settings(configure())
    write_pack_file(path, settings, folder / "none", lines.append, resume=False, max_mb=60)
    assert lines[-1].endswith("elsewhere: python tiny.zip --minutes 60 --out tiny")
    assert sorted(one.name for one in folder.iterdir()) == ["tiny.zip"]
    return path


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["tensorflow", "torch"])
def test_pack_file_trained_elsewhere_is_resumed_here(
    pack_file: Path, configure: Configure, tmp_path: Path, backend: str
) -> None:
    if find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    there = tmp_path / "there"
    there.mkdir()
    file = Path(shutil.copy(pack_file, tmp_path / "moved.zip"))
    done = run_elsewhere(file, there, backend, "--out", "run", "--set", "run.log_steps=3")
    assert done.returncode == 0, done.stderr
    assert all(str(file) in path for path in done.stdout.split())
    assert sorted(one.name for one in there.iterdir() if not one.name.startswith(".")) == ["run"]
    again = run_elsewhere(file, there, backend, "--out", "run")
    assert again.returncode == 2
    assert "run holds a run already: --resume continues it" in again.stderr.splitlines()[-1]

    brought = find_checkpoint(there / "run")
    assert brought is not None
    assert brought.step == 6
    assert brought.settings.data == load_settings(there / "run" / "settings.yaml").data
    settings = load_settings(configure(), ["run.steps=8"])
    assert train(settings, there / "run", resume=True) == 0
    resumed = find_checkpoint(there / "run")
    assert resumed is not None
    assert resumed.step == 8
    rows = (there / "run" / "train.csv").read_text().splitlines()
    assert [row.split(",")[0] for row in rows[1:]] == ["3", "6", "8"]


def test_pack_file_of_a_run_holds_its_checkpoint(
    tiny_run: Path, configure: Configure, tmp_path: Path
) -> None:
    path, settings = tmp_path / "more.zip", load_settings(configure(), ["run.steps=9"])
    with pytest.raises(InputError, match="holds a run already"):
        write_pack_file(path, settings, tiny_run, print, resume=False, max_mb=60)
    write_pack_file(path, settings, tiny_run, print, resume=True, max_mb=60)
    with open_pack_file(path) as (packed, _, start):
        checkpoint = find_checkpoint(start)
        assert checkpoint is not None
        assert checkpoint.step == 6
        assert packed.run.steps == 9
        assert (start / "train.csv").read_bytes() == (tiny_run / "train.csv").read_bytes()


def test_pack_file_images_are_those_of_the_run(pack_file: Path, configure: Configure) -> None:
    from models.data.transforms.person_crop import around, cut
    from models.train.tasks import open_task

    before = open_task(load_settings(configure()), print).datasets
    with open_pack_file(pack_file) as (_, packed, _):
        assert {name: len(one) for name, one in packed.train.items()} == {"drawn": 8}
        assert {name: len(one) for name, one in packed.dev.items()} == {"other": 4}
        for one, other in zip(before.train["drawn"], packed.train["drawn"], strict=True):
            crop, again = cut(around(one, 64), 32)[0], cut(other, 32)[0]
            assert one.sources == other.sources
            np.testing.assert_allclose(again.points_px, crop.points_px, atol=0.15)
            np.testing.assert_allclose(again.visibility, crop.visibility, atol=0.01)
            difference = again.image.astype(float) - crop.image
            assert np.abs(difference).mean() < 4


def test_pack_file_too_large_is_error_and_leaves_nothing(
    configure: Configure, tmp_path: Path
) -> None:
    settings = load_settings(configure())
    with pytest.raises(InputError, match="smallest pictures, more than --pack-mb 0"):
        write_pack_file(
            tmp_path / "x.zip", settings, tmp_path / "none", print, resume=False, max_mb=0.1
        )
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("about", "message"),
    [
        ({"format": 99, "blazetrack": "9.0"}, "expected format 1, got 99 of blazetrack 9.0"),
        ({}, "expected format 1, got None"),
        (None, "no packed run, or damaged"),
    ],
)
def test_open_pack_file_of_another_version_is_error(
    tmp_path: Path, about: dict[str, object] | None, message: str
) -> None:
    path = tmp_path / "other.zip"
    with zipfile.ZipFile(path, "w") as file:
        if about is not None:
            file.writestr("pack.json", json.dumps(about))
    with pytest.raises(InputError, match=message), open_pack_file(path):
        pass
    path.write_bytes(b"no zip")
    with pytest.raises(InputError, match="no packed run, or damaged"), open_pack_file(path):
        pass


def test_checkpoint_of_other_shapes_is_error(
    pack_file: Path, configure: Configure, tmp_path: Path
) -> None:
    with open_pack_file(pack_file) as (_, _, start):
        shutil.copytree(start, tmp_path / "run")
    wider = load_settings(configure(), ["network.options.stem=16"])
    with pytest.raises(ModelError, match="give the settings it was trained with"):
        train(wider, tmp_path / "run", resume=True)


def test_pack_file_of_a_detector_holds_smaller_pictures(tmp_path: Path) -> None:
    config, path = tmp_path / "finder.yaml", tmp_path / "finder.zip"
    config.write_text(
        "network: {name: blazeface_lite, options: {size: lite}}\n"
        f"data: {{packs: {tmp_path / 'packs'}, train: {{drawn: {{kind: synthetic, count: 3}}}}}}\n",
        encoding="utf-8",
    )
    settings = load_settings(config, ["data.distill_detector=true"])
    with pytest.raises(InputError, match="--set data"):
        write_pack_file(path, settings, tmp_path / "none", print, resume=False, max_mb=60)
    settings = load_settings(config)
    write_pack_file(path, settings, tmp_path / "none", print, resume=False, max_mb=60)
    with open_pack_file(path) as (_, packed, _):
        assert [len(image) for image in packed.train["drawn"]] == [1, 1, 1]


def test_shrunk_moves_labels_with_the_picture(make_person: Callable[..., AnnotatedImage]) -> None:
    person = make_person(size_wh=(120, 160))
    small = shrunk(person, 80)
    assert small.image.shape == (80, 60, 3)
    np.testing.assert_allclose(
        small.points_px[..., :2], (person.points_px[..., :2] + 0.5) / 2 - 0.5, rtol=1e-5
    )
    assert shrunk(person, 160) is person
