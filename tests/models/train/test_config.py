"""Configs: defaults, files, overrides and errors."""

from __future__ import annotations

from pathlib import Path

import pytest

from blazetrack.errors import InputError, RenamedWarning
from models.train.config import CONFIGS, load_settings
from models.train.data_settings import DetectorDataSettings, PoseDataSettings
from models.train.settings import settings_text

PLAIN = """
network: {name: blazepose}
data: {train: {drawn: {kind: synthetic}}}
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "mine.yaml"
    path.write_text(PLAIN, encoding="utf-8")
    return path


SHIPPED = [
    path.relative_to(CONFIGS).with_suffix("").as_posix() for path in sorted(CONFIGS.rglob("*.yaml"))
]


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_config_loads(name: str) -> None:
    settings = load_settings(name)
    assert settings.name == name.split("/")[-1]


def test_load_settings_fills_in_defaults(config: Path) -> None:
    settings = load_settings(config, ["run.steps=7", "network.options.width=[8, 8]"])
    assert isinstance(settings.data, PoseDataSettings)
    assert (settings.name, settings.run.steps, settings.run.batch) == ("mine", 7, 32)
    assert settings.network.options == {"width": [8, 8]}


def test_load_settings_data_and_loss_follow_the_network(tmp_path: Path) -> None:
    path = tmp_path / "faces.yaml"
    path.write_text("network: {name: blazeface}\ndata: {train: {a: {kind: synthetic}}}\n")
    settings = load_settings(path, ["loss.focal_gamma=1.5"])
    assert isinstance(settings.data, DetectorDataSettings)


def test_settings_text_loads_as_equal_settings(config: Path, tmp_path: Path) -> None:
    settings = load_settings(config, ["optimizer.floor=0", "data.augment.cut.flip=0.25"])
    path = tmp_path / "again.yaml"
    path.write_text(settings_text(settings), encoding="utf-8")
    assert load_settings(path) == settings


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["run.stepz=5"], "no setting 'run.stepz'; did you mean 'run.steps'?"),
        (["run.steps=many"], "run.steps: Input should be a valid integer, got 'many'"),
        (["run.steps=0"], "run.steps: Input should be greater than 0, got 0"),
        (["optimizer.learning_rate=.nan"], "optimizer.learning_rate: "),
        (["run.steps"], "--set run.steps: expected section.name=value"),
        (["run..steps=5"], "--set run..steps=5: expected section.name=value"),
        (["name.of=5", "name.of.it=5"], "'of' is a value, not a section"),
        (["run.steps={"], "--set run.steps={: line 2, column 1: expected YAML: "),
        (["network.name=blazepoze"], "no network 'blazepoze'; did you mean 'blazepose'?"),
        (["data.train.drawn.kind=lps"], "data.train.drawn.kind: "),
        (["data.train={}"], "data.train: "),
        (["loss.focal_gamma=1"], "no setting 'loss.focal_gamma'"),
    ],
)
def test_load_settings_wrong_setting_is_one_line(
    config: Path, overrides: list[str], message: str
) -> None:
    with pytest.raises(InputError) as caught:
        load_settings(config, overrides)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_config_that_extends_another_holds_what_differs(config: Path) -> None:
    base = load_settings(config)
    other = config.parent / "other.yaml"
    other.write_text(f"extends: {config.name}\nrun: {{steps: 7}}\n", encoding="utf-8")
    got = load_settings(other, ["run.batch=3"])
    assert (got.name, got.run.steps, got.run.batch) == ("other", 7, 3)
    assert (got.network, got.data) == (base.network, base.data)
    second = config.parent / "second.yaml"
    second.write_text("extends: other.yaml\noptimizer: {floor: 0.5}\n", encoding="utf-8")
    assert (load_settings(second).run.steps, load_settings(second).optimizer.floor) == (7, 0.5)
    shipped = config.parent / "longer.yaml"
    shipped.write_text("extends: blaze_lite\n", encoding="utf-8")
    assert load_settings(shipped).data == load_settings("blaze_lite").data


def test_config_that_extends_none_or_itself_is_refused(config: Path) -> None:
    other = config.parent / "other.yaml"
    other.write_text("extends: blaze_lit\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"other\.yaml: extends: no config 'blaze_lit'; did you"):
        load_settings(other)
    other.write_text("extends: other.yaml\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"other\.yaml: extends itself, by other"):
        load_settings(other)


def test_load_settings_old_config_name_warns() -> None:
    with pytest.warns(RenamedWarning, match="config: 'blazepose_lite' is now 'blaze_lite'"):
        assert load_settings("blazepose_lite").name == "blaze_lite"


def test_load_settings_missing_config_is_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no config 'blaze_lit'; did you mean"):
        load_settings("blaze_lit")
    with pytest.raises(InputError, match="no such file"):
        load_settings(tmp_path / "none.yaml")


@pytest.mark.parametrize(
    ("text", "message"),
    [("- a\n- b\n", "expected `setting: value` lines, got list"), ("a: {", "expected YAML: ")],
)
def test_load_settings_other_yaml_is_error(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=message):
        load_settings(path)


OLD = """
network: {name: blazeface}
data:
  scenes:
    lspet: {kind: lsp, taught: true, search: true}
    drawn: {kind: synthetic}
  canvas: {turned: 0.1, least: 0.2, most: 2.0, smallest: 0.2, largest: 1.0}
  matching: {smallest: 0.5, largest: 0.6}
  answers: true
"""


@pytest.mark.filterwarnings("ignore::blazetrack.errors.RenamedWarning")
def test_old_names_of_data_settings_are_read(tmp_path: Path, config: Path) -> None:
    path = tmp_path / "old.yaml"
    path.write_text(OLD, encoding="utf-8")
    settings = load_settings(path, ["data.scenes.drawn.count=7"])
    assert isinstance(settings.data, DetectorDataSettings)
    data = settings.data
    assert list(data.train) == ["lspet", "drawn"]  # in that order: it decides the random streams
    assert (data.train["lspet"].pseudo_labels, data.train["lspet"].ignore_unlabelled) == (
        True,
        True,
    )
    assert (data.train["drawn"].count, data.distill_detector) == (7, True)
    canvas, matching = data.canvas, data.matching
    assert (canvas.rotation_share, canvas.min_size, canvas.max_size) == (0.1, 0.2, 2.0)
    assert (canvas.min_person, canvas.max_person) == (0.2, 1.0)
    assert (matching.min_size, matching.max_size) == (0.5, 0.6)
    pose = load_settings(config, ["data.people.drawn.count=5", "data.augment.occlusion.most=2"])
    assert isinstance(pose.data, PoseDataSettings)
    assert (pose.data.train["drawn"].count, pose.data.augment.occlusion.max_count) == (5, 2)


def test_old_name_warns_once_with_the_new_one(config: Path) -> None:
    with pytest.warns(RenamedWarning) as caught:
        load_settings(config, ["data.people.drawn.count=5"])
    assert [str(one.message) for one in caught] == ["config: 'people' is now 'train'"]
