"""Everything that a training run can be told, with its default; a config says only what differs.

    settings = load_settings("blazepose_lite", ["run.steps=2000", "network.options.width=0.5"])

A config is `models/configs/<name>.yaml` or any YAML file. Unknown names and wrong types stop with
one line that says where.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, Field, ValidationError

from blazetrack.errors import InputError, did_you_mean
from blazetrack.skeleton import BLAZEPOSE33, Skeleton
from blazetrack.store.skeleton_text import read_skeleton
from models.common.config_base import Strict
from models.train.datasets import DetectorDataSettings, PoseDataSettings
from models.train.loss_config import DetectorLossSettings, PoseLossSettings
from models.zoo import NETWORKS

__all__ = [
    "DetectorSettings",
    "NetworkSettings",
    "OptimizerSettings",
    "PoseSettings",
    "RunSettings",
    "Settings",
    "changes",
    "load_settings",
    "settings_from",
    "settings_text",
    "skeleton_of_run",
]

CONFIGS = Path(__file__).parents[1] / "configs"


class NetworkSettings(Strict):
    """Which network, and what its weights begin as.

    Attributes:
        name: in `models.zoo.NETWORKS`.
        options: its arguments there.
        pretrained: initial weights: a name in `models.train.published_weights`, or the folder of
            another run; random by default.
    """

    name: str
    options: dict[str, Any] = Field(default_factory=dict)
    pretrained: str | None = None


class OptimizerSettings(Strict):
    """AdamW with warm-up and a cosine down to a floor.

    Attributes:
        learning_rate: the highest, at the end of the warm-up.
        relative: the rate is a part of each channel's size, see `models.train.optimizer`; for a
            network that begins with published weights.
        warmup_steps: from 0 to there, in a straight line; at most a tenth of the run.
        floor: part of `learning_rate` that is left at the last step.
        weight_decay: of kernels, times the learning rate; biases and norms have none.
        clip_norm: gradients are scaled down to this length all together; 0 is never.
        average_steps: about how many of the last steps the averaged weights span (those that are
            evaluated and exported); at most a tenth of the run, 0 for no averaging.
    """

    learning_rate: float = Field(default=1e-3, gt=0)
    relative: bool = False
    warmup_steps: int = Field(default=500, ge=0)
    floor: float = Field(default=0.01, ge=0, le=1)
    weight_decay: float = Field(default=0.01, ge=0)
    clip_norm: float = Field(default=1.0, ge=0)
    average_steps: int = Field(default=2000, ge=0)


class RunSettings(Strict):
    """How long, how large, how often.

    Attributes:
        steps: of the whole run; the learning rate's curve spans them.
        batch: samples a step.
        seed: of weights, order and augmentation.
        precision: `mixed_bfloat16` computes in 16 bits on accelerators that have them.
        jit: compile with XLA; the default leaves it to jax and to accelerators.
        log_steps: between rows of the learning curve.
        dev_steps: between evaluations on kept-aside data; 0 is never.
        dev_samples: how many of those, at most.
        save_minutes: between checkpoints.
    """

    steps: int = Field(default=20000, gt=0)
    batch: int = Field(default=32, gt=0)
    seed: int = Field(default=0, ge=0)
    precision: Literal["float32", "mixed_bfloat16"] = "float32"
    jit: bool | None = None
    log_steps: int = Field(default=50, gt=0)
    dev_steps: int = Field(default=1000, ge=0)
    dev_samples: int = Field(default=300, gt=0)
    save_minutes: float = Field(default=10.0, gt=0)


class Settings(Strict):
    """One training run; `data` and `loss` are those of the network's kind.

    Attributes:
        name: of the run; by default the config's.
        network: what is trained.
        optimizer: how it learns.
        run: how long.
    """

    name: str
    network: NetworkSettings
    optimizer: OptimizerSettings = OptimizerSettings()
    run: RunSettings = RunSettings()


class PoseSettings(Settings):
    """A run that trains a landmark network."""

    data: PoseDataSettings
    loss: PoseLossSettings = PoseLossSettings()


class DetectorSettings(Settings):
    """A run that trains a detector."""

    data: DetectorDataSettings
    loss: DetectorLossSettings = DetectorLossSettings()


KINDS: dict[str, type[Settings]] = {"landmarks": PoseSettings, "detector": DetectorSettings}


def load_settings(config: str | Path, overrides: Iterable[str] = ()) -> Settings:
    """Read a config and set what the command line says.

    Args:
        config: name of a shipped config, or path of a YAML file.
        overrides: `a.b=value` each; the value is read as YAML.

    Raises:
        InputError: there is no such config, or a name or value in it is wrong.
    """
    path = _find(config)
    fields = _read(path)
    for text in overrides:
        _override(fields, text)
    return _validate({"name": path.stem, **fields}, str(path))


def skeleton_of_run(settings: Settings | None) -> Skeleton:
    """The keypoint set that a run trained; BlazePose's where its settings are not known."""
    if isinstance(settings, PoseSettings) and settings.data.skeleton is not None:
        return read_skeleton(settings.data.skeleton)
    return BLAZEPOSE33


def settings_from(fields: Mapping[str, Any], where: str) -> tuple[Settings, list[str]]:
    """The settings of a checkpoint, and the names of those that this code no longer knows.

    Args:
        fields: as `model_dump` gave them, perhaps under an older code.
        where: is named if they are wrong.
    """
    fields, dropped = deepcopy(dict(fields)), []
    try:
        _kind(fields, where).model_validate(fields)
    except ValidationError as error:
        for one in error.errors():
            if one["type"] == "extra_forbidden":
                *path, last = one["loc"]
                section: Any = fields
                for part in path:
                    section = section[part]
                del section[last]
                dropped.append(".".join(map(str, one["loc"])))
    return _validate(fields, where), dropped


def settings_text(settings: Settings) -> str:
    """All settings as YAML, as `load_settings` reads them."""
    fields = settings.model_dump(mode="json")
    return yaml.safe_dump(fields, sort_keys=False, default_flow_style=None, width=100)


def changes(before: Settings, after: Settings) -> list[str]:
    """What differs, as lines `optimizer.floor: 0.01 → 0.1`."""
    old, new = _leaves(before.model_dump()), _leaves(after.model_dump())
    names = [*old, *(name for name in new if name not in old)]
    return [
        f"{name}: {old.get(name, 'not set')} → {new.get(name, 'not set')}"
        for name in names
        if old.get(name, ...) != new.get(name, ...)
    ]


def _find(config: str | Path) -> Path:
    shipped = {path.stem: path for path in sorted(CONFIGS.glob("*.yaml"))}
    if str(config) in shipped:
        return shipped[str(config)]
    path = Path(config)
    if path.is_file():
        return path
    if path.suffix in (".yaml", ".yml") or len(path.parts) > 1:
        raise InputError(f"config {config}: no such file")
    raise InputError(f"no config '{config}'; {did_you_mean(str(config), shipped)}")


def _read(path: Path) -> dict[str, Any]:
    try:
        fields = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise InputError(f"config {path}: cannot be read as YAML: {reason}") from error
    if not isinstance(fields, dict):
        kind = type(fields).__name__
        raise InputError(f"config {path}: expected `setting: value` lines, got {kind}")
    return fields


def _override(fields: dict[str, Any], text: str) -> None:
    name, equals, value = text.partition("=")
    if not equals or not all(name.split(".")):
        raise InputError(f"--set {text}: expected section.name=value")
    *sections, last = name.split(".")
    for section in sections:
        fields = fields.setdefault(section, {})
        if not isinstance(fields, dict):
            raise InputError(f"--set {text}: '{section}' is a value, not a section")
    try:
        fields[last] = yaml.safe_load(value)
    except yaml.YAMLError as error:
        raise InputError(f"--set {text}: the value cannot be read as YAML") from error


def _validate(fields: Mapping[str, Any], where: str) -> Settings:
    kind = _kind(fields, where)
    try:
        return kind.model_validate(fields)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            hint = did_you_mean(name, _known(kind))
            raise InputError(f"config {where}: no setting '{name}'; {hint}") from error
        got = f", got {first['input']!r}" if first["type"] != "missing" else ""
        raise InputError(f"config {where}: {name}: {first['msg']}{got}") from error


def _kind(fields: Mapping[str, Any], where: str) -> type[Settings]:
    """What the network's kind can be told."""
    network = fields.get("network")
    name = str(network.get("name", "")) if isinstance(network, Mapping) else ""
    if name not in NETWORKS:
        hint = did_you_mean(name, NETWORKS) if name else f"known: {', '.join(NETWORKS)}"
        raise InputError(f"config {where}: network.name: no network '{name}'; {hint}")
    return KINDS[NETWORKS[name].kind]


def _known(model: type[BaseModel], before: str = "") -> list[str]:
    """Dotted names of all settings."""
    names = []
    for name, field in model.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            names += _known(inner, f"{before}{name}.")
        else:
            names.append(before + name)
    return names


def _leaves(fields: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in fields.items():
        if isinstance(value, Mapping):
            flat |= _leaves(value, f"{before}{name}.")
        else:
            flat[before + name] = value
    return flat
