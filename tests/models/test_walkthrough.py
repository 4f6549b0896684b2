"""Execution of docs/training.md: a kite with five keypoints is trained, exported and tracked.

Files and commands are those of the page; only the run is shorter.
"""

from __future__ import annotations

import csv
import json
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer
import yaml

pytest.importorskip("tensorflow", reason="TFLite files are written by TensorFlow")
pytest.importorskip("ai_edge_quantizer", reason="needs ai-edge-quantizer")

from blazetrack.cli import main as blazetrack
from blazetrack.errors import BlazetrackError
from blazetrack.store import Store
from models.common import command
from models.quantize import representative_images
from models.train.config import load_settings
from models.train.tasks import open_task
from models.train.trainer import train

# Keras 3 on NumPy 2.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

PAGE = (Path(__file__).parents[2] / "docs" / "training.md").read_text(encoding="utf-8")
WALK = PAGE[: PAGE.index("## People")]
STEPS = ("steps: 1500", "steps: 60")
DRAW_KITES = Path(__file__).parents[2] / "docs" / "draw_kites.py"
PICTURES = 40


def fenced(text: str, language: str) -> list[str]:
    found = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.M | re.S)
    return [block for kind, block in found if kind == language]


def commands(text: str) -> list[list[str]]:
    """The commands of the project in a text, as words."""
    lines = [line for block in fenced(text, "") for line in block.splitlines()]
    words = [shlex.split(re.sub(r"^KERAS_BACKEND=\w+ ", "", line), comments=True) for line in lines]
    return [line for line in words if line[:1] == ["blazetrack"] or line[:2] == ["python", "-m"]]


def home_of(command: str) -> str:
    """The module that holds a command's `app`."""
    return command if command == "models.quantize" else f"{command}.__main__"


def configs() -> dict[str, str]:
    """The YAML files of the page by name."""
    found = (re.match(r"# (\S+\.yaml)\n", text) for text in fenced(PAGE, "yaml"))
    texts = fenced(PAGE, "yaml")
    return {name[1]: text for name, text in zip(found, texts, strict=True) if name}


def run(words: list[str]) -> None:
    """A command of the page, in this process."""
    start = partial(blazetrack, words[1:])
    if words[0] == "python":
        start = partial(command.run, import_module(home_of(words[2])).app, words[2], words[3:])
    with pytest.raises(SystemExit) as end:
        start()
    assert not end.value.code, words


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder after the last command of the page; without weights and network access."""
    folder = tmp_path_factory.mktemp("desk")
    subprocess.run([sys.executable, DRAW_KITES], cwd=folder, check=True, capture_output=True)
    for name, text in configs().items():
        (folder / name).write_text(text.replace(*STEPS), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("BLAZETRACK_HOME", str(folder / "home"))
        patch.setenv("BLAZETRACK_OFFLINE", "1")
        for words in commands(WALK):
            run(words)
        yield folder


def test_page_has_all_commands() -> None:
    assert STEPS[0] in configs()["kite.yaml"]
    programs = [words[2] if words[0] == "python" else words[0] for words in commands(WALK)]
    steps = ["models.train", "models.evaluate", "models.export", "models.quantize", "blazetrack"]
    assert list(dict.fromkeys(programs)) == steps


def test_drawn_kites_have_the_category_of_the_page(desk: Path) -> None:
    category = json.loads(fenced(PAGE, "json")[0])["categories"][0]
    for name in ("train", "dev"):
        labels = json.loads((desk / "kite" / f"{name}.json").read_text(encoding="utf-8"))
        assert labels["categories"] == [category]


def test_train_lowers_the_loss(desk: Path) -> None:
    with (desk / "runs/kite/train.csv").open(encoding="utf-8") as file:
        loss = [float(row["loss"]) for row in csv.DictReader(file)]
    assert len(loss) == 3
    assert loss[-1] < 0.8 * loss[0]
    for name in ("settings.yaml", "dev.csv", "curves.png", "checkpoint/checkpoint.json"):
        assert (desk / "runs/kite" / name).is_file()


@pytest.mark.parametrize("name", ["mine", "mine_f16", "mine_int8"])
def test_card_has_the_skeleton(desk: Path, name: str) -> None:
    found = Store(desk / "home").find(desk / f"{name}.tflite")
    skeleton = found.info.skeleton
    assert skeleton is not None
    assert skeleton.names == ("nose", "left_tip", "right_tip", "tail", "knot")
    assert skeleton.edges == ((0, 1), (0, 2), (1, 3), (2, 3), (0, 4), (4, 3))
    assert skeleton.partners == (0, 2, 1, 3, 4)
    assert found.info.input_hw == (64, 64)


def test_run_tracks_kites_in_their_keypoints(desk: Path) -> None:
    lines = (desk / "kites.jsonl").read_text(encoding="utf-8").splitlines()
    frames = [json.loads(line) for line in lines]
    assert len(frames) == PICTURES
    people = [one for frame in frames for one in frame["poses"]]
    assert len(people) > len(frames) / 2
    for one in people:
        assert np.shape(one["landmarks_px"]) == (5, 3)
        assert np.isfinite(one["landmarks_px"]).all()
    with (desk / "kites.csv").open(encoding="utf-8") as file:
        header = next(csv.reader(file))
    points = [name.removesuffix("_x_px") for name in header if name.endswith("_x_px")]
    assert points == ["nose", "left_tip", "right_tip", "tail", "knot"]


def test_clip_and_sheet_are_written(desk: Path) -> None:
    assert (desk / "tracked.mp4").stat().st_size > 0
    assert (desk / "worst.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("name", ["people.yaml", "finder.yaml"])
def test_other_configs_of_the_page_load(desk: Path, name: str) -> None:
    assert load_settings(desk / name).name == name.removesuffix(".yaml")


@pytest.mark.parametrize("words", commands(PAGE.replace(WALK, "")), ids=" ".join)
def test_other_commands_of_the_page_parse(words: list[str]) -> None:
    if words[0] == "python":
        module, rest = words[2], words[3:]
        home = home_of(module)
        app: Any = import_module(home).app
        typer.main.get_command(app).make_context(module, rest)


def edited(desk: Path, change: Callable[[dict[str, Any]], None]) -> str:
    """`kite.yaml` over labels that were changed."""
    labels = json.loads((desk / "kite/train.json").read_text(encoding="utf-8"))
    change(labels)
    (desk / "kite/other.json").write_text(json.dumps(labels), encoding="utf-8")
    return "data.train.kites.path=kite/other.json"


def all_labels(values: list[float], times: float = 1) -> Callable[[dict[str, Any]], None]:
    def change(labels: dict[str, Any]) -> None:
        for one in labels["annotations"]:
            before = np.reshape(one["keypoints"], (-1, 3))
            one["keypoints"] = values or (before * (times, times, 1)).ravel().tolist()

    return change


def on_page(message: str) -> str:
    """A message of the page, with the paths of this machine."""
    assert f"`{message}" in PAGE
    return message.replace("kite/images", str(Path("kite") / "images"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda labels: labels["images"][0].update(file_name="gone.png"),
            "kites: 1 of 32 pictures are missing, the first is kite/images/gone.png",
        ),
        (all_labels([], 10), "kites: 160 of 160 labels lie outside of their picture"),
        (
            lambda labels: [one.update(width=192, height=192) for one in labels["images"]],
            "kite/images/000.png is 96×96 pixels, but its labels are for 192×192",
        ),
        (
            all_labels([0.0] * 15),
            "kites: expected labelled people, got none; left out: 32 people with fewer than 2"
            " labelled keypoints",
        ),
        (
            lambda labels: labels["annotations"][0].update(keypoints=[1, 2, 2]),
            "kites/0: expected 5 keypoints (x, y, v each), got 3 values",
        ),
    ],
)
def test_wrong_labels_are_one_line(
    desk: Path, change: Callable[[dict[str, Any]], None], message: str
) -> None:
    settings = load_settings("kite.yaml", [edited(desk, change), "data.packs=other_packs"])
    with pytest.raises(BlazetrackError, match=re.escape(on_page(message))):
        open_task(settings, lambda line: None)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        (
            "data.train.kites.partners=[[left_tip, right_tp]]",
            "skeleton kite: no keypoint 'right_tp'; did you mean 'right_tip'?",
        ),
        ("run.stps=5", "no setting 'run.stps'; did you mean 'run.steps'?"),
    ],
)
def test_wrong_settings_are_one_line(desk: Path, override: str, message: str) -> None:
    with pytest.raises(BlazetrackError, match=re.escape(on_page(message))):
        open_task(load_settings("kite.yaml", [override]), lambda line: None)


def test_existing_or_other_run_is_error(desk: Path) -> None:
    message = on_page("holds a run already: --resume continues it, --out FOLDER starts another")
    with pytest.raises(BlazetrackError, match=message):
        train(load_settings("kite.yaml"), desk / "runs/kite")
    other = load_settings("kite.yaml", ["network.options.head=16"])
    message = on_page("give the settings it was trained with, or another --out")
    with pytest.raises(BlazetrackError, match=message):
        train(other, desk / "runs/kite", resume=True)


def test_quantize_empty_folder_is_error(desk: Path) -> None:
    (desk / "empty").mkdir()
    info = Store(desk / "home").find(desk / "mine.tflite").info
    with pytest.raises(BlazetrackError, match=on_page("the representative set is empty")):
        representative_images(info, None, desk / "empty", 4)


def test_detector_of_kites_is_error(desk: Path) -> None:
    fields = yaml.safe_load(configs()["finder.yaml"])
    fields["data"] = {"train": {"kites": {"kind": "coco", "path": "kite/train.json"}}}
    (desk / "kite_finder.yaml").write_text(yaml.safe_dump(fields), encoding="utf-8")
    message = on_page("kites: no usable person in 32 pictures: a detector needs")
    with pytest.raises(BlazetrackError, match=message):
        open_task(load_settings("kite_finder.yaml"), lambda line: None)


def test_axis_rotates_evaluation_crops(desk: Path) -> None:
    from models.evaluate.datasets import open_evaluation_set

    upright, turned = (
        open_evaluation_set("kite/dev.json", desk, axis=axis) for axis in (None, ("tail", "nose"))
    )
    for one, other in zip(upright.samples, turned.samples, strict=True):
        up = np.diff(other.alignment_px[0], axis=0)[0]
        nose, tail = other.points_px[0, 0, :2], other.points_px[0, 3, :2]
        along = np.array(nose - tail)
        assert np.diff(one.alignment_px[0], axis=0)[0, 0] == pytest.approx(0, abs=1e-3)
        assert up @ along == pytest.approx(np.hypot(*up) * np.hypot(*along), rel=1e-4)
