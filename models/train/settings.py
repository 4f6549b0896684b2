"""Settings of a training run with their defaults.

The head of the network decides the classes of the sections `loss` and `data`. `models.train.config`
reads them from YAML, `models.train.checkpoint` from a checkpoint.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from functools import cache
from typing import Any, ClassVar, Literal

import yaml
from pydantic import BaseModel, Field, ValidationError, create_model, field_validator

from blazetrack.errors import InputError, did_you_mean
from blazetrack.skeleton import BLAZEPOSE33, Skeleton
from blazetrack.store.skeleton_text import read_skeleton
from models.common.config_base import Strict
from models.train.data_settings import (
    DATA_SETTINGS,
    DataSettings,
    PoseDataSettings,
    SceneDataSettings,
    task_of,
)
from models.train.losses import LOSS_SETTINGS
from models.zoo import ARCHITECTURES, RENAMED, current_name

__all__ = [
    "NetworkSettings",
    "OptimizerSettings",
    "RunSettings",
    "Settings",
    "changes",
    "settings_of_checkpoint",
    "settings_text",
    "skeleton_of_run",
    "validated",
]


class NetworkSettings(Strict):
    """Architecture and initial weights.

    Attributes:
        name: in `models.zoo.ARCHITECTURES`.
        options: its arguments.
        pretrained: initial weights: a name in `models.train.published_weights`, the folder of
            another run, or a TFLite file exported from the zoo; random by default.
    """

    name: str
    options: dict[str, Any] = Field(default_factory=dict)
    pretrained: str | list[str] | None = None

    @field_validator("name")
    @classmethod
    def _current_name(cls, name: str) -> str:
        return current_name(name)


class OptimizerSettings(Strict):
    """AdamW with linear warm-up and cosine decay.

    Attributes:
        learning_rate: maximum, at the end of the warm-up.
        channel_scaled: the rate is relative to the size of each channel, see
            `models.train.optimizer`; for a network with published initial weights.
        warmup_steps: from 0 to the maximum; at most a tenth of the run.
        floor: learning rate of the last step, relative to the maximum.
        weight_decay: of kernels, times the learning rate; biases and norms have none.
        clip_norm: maximum global norm of the gradients; 0 is no limit.
        average_steps: approximate span of the averaged weights, which are evaluated and exported;
            at most a tenth of the run, 0 for no averaging.
    """

    renamed: ClassVar[Mapping[str, str]] = {"relative": "channel_scaled"}

    learning_rate: float = Field(default=1e-3, gt=0)
    channel_scaled: bool = False
    warmup_steps: int = Field(default=500, ge=0)
    floor: float = Field(default=0.01, ge=0, le=1)
    weight_decay: float = Field(default=0.01, ge=0)
    clip_norm: float = Field(default=1.0, ge=0)
    average_steps: int = Field(default=2000, ge=0)


class RunSettings(Strict):
    """Length, batch and intervals of a run.

    Attributes:
        steps: of the whole run; the learning rate's curve spans them.
        batch: samples a step.
        seed: of weights, order and augmentation.
        precision: `mixed_bfloat16` computes in 16 bits on accelerators that have them.
        jit: compile with XLA; by default with jax and on accelerators.
        log_steps: between rows of the learning curve.
        dev_steps: between evaluations on the development sets; 0 is never.
        dev_samples: maximum number of samples per development set.
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
    """One training run; the head of its network decides the classes of `loss` and `data`.

    Attributes:
        name: of the run; by default the config's.
        network: architecture and initial weights.
        optimizer: AdamW.
        run: length, batch and intervals.
        loss: weights of the parts of the loss, see `LOSS_SETTINGS`.
        data: data sets, see `DATA_SETTINGS`.
    """

    name: str
    network: NetworkSettings
    optimizer: OptimizerSettings = OptimizerSettings()
    run: RunSettings = RunSettings()
    loss: Strict = Strict()
    data: DataSettings[Any]


def validated(fields: Mapping[str, Any], where: str) -> Settings:
    """The settings with `fields`, and defaults for the others.

    Args:
        fields: as in a config, by section.
        where: the config, for errors.

    Raises:
        InputError: a name or value is wrong.
    """
    kind = _settings_type(fields, where)
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


def skeleton_of_run(settings: Settings | None) -> Skeleton:
    """The keypoint set of a run; BlazePose's where its settings are unknown."""
    data = settings.data if settings else None
    if isinstance(data, PoseDataSettings | SceneDataSettings) and data.skeleton is not None:
        return read_skeleton(data.skeleton)
    return BLAZEPOSE33


def settings_of_checkpoint(fields: Mapping[str, Any], where: str) -> tuple[Settings, list[str]]:
    """The settings of a checkpoint, and the names of those that no longer exist.

    Args:
        fields: of `model_dump`, maybe of an older version.
        where: the file, for errors.
    """
    fields, dropped = deepcopy(dict(fields)), []
    try:
        return _settings_type(fields, where).model_validate(fields), []
    except ValidationError as error:
        for one in error.errors():
            if one["type"] == "extra_forbidden":
                *path, last = one["loc"]
                section: Any = fields
                for part in path:
                    section = section[part]
                del section[last]
                dropped.append(".".join(map(str, one["loc"])))
    return validated(fields, where), dropped


def settings_text(settings: Settings) -> str:
    """All settings as YAML, as `load_settings` reads them."""
    fields = settings.model_dump(mode="json")
    return yaml.safe_dump(fields, sort_keys=False, default_flow_style=None, width=100)


def changes(before: Settings, after: Settings) -> list[str]:
    """Differences as lines `optimizer.floor: 0.01 → 0.1`."""
    old, new = _leaves(before.model_dump()), _leaves(after.model_dump())
    names = [*old, *(name for name in new if name not in old)]
    return [
        f"{name}: {old.get(name, 'not set')} → {new.get(name, 'not set')}"
        for name in names
        if old.get(name, ...) != new.get(name, ...)
    ]


def _settings_type(fields: Mapping[str, Any], where: str) -> type[Settings]:
    """The class of the settings, from the head of the network."""
    network = fields.get("network")
    name = str(network.get("name", "")) if isinstance(network, Mapping) else ""
    name = RENAMED.get(name, name)
    if name not in ARCHITECTURES:
        hint = did_you_mean(name, ARCHITECTURES) if name else f"known: {', '.join(ARCHITECTURES)}"
        raise InputError(f"config {where}: network.name: no network '{name}'; {hint}")
    return _settings_of(ARCHITECTURES[name].head)


@cache
def _settings_of(head: str) -> type[Settings]:
    data, loss = DATA_SETTINGS[task_of(head)], LOSS_SETTINGS[head]
    return create_model("Settings", __base__=Settings, loss=(loss, loss()), data=(data, ...))


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
