"""Reads the settings of a training run; a config holds only what differs from their defaults.

    settings = load_settings("blaze_lite", ["run.steps=2000", "network.options.width=0.5"])

A config is `models/configs/<name>.yaml`, also in a folder of it (`zoo/<name>`), or any YAML file.
With `extends: NAME` it begins as another config and holds what differs from that: sections are
joined, values and lists replaced; a file is named from the config's own folder. Unknown names and
wrong types are errors of one line with their place.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from blazetrack.common.files import expand, read_text
from blazetrack.common.yaml_text import read_yaml
from blazetrack.errors import InputError, did_you_mean, warn_renamed
from models.train.settings import Settings, validated

__all__ = ["CONFIGS", "load_settings"]

CONFIGS = Path(__file__).parents[1] / "configs"
RENAMED_CONFIGS = {
    "blazepose_lite": "blaze_lite",
    "blazeface_lite": "blaze_detector_lite",
}


def load_settings(config: str | Path, overrides: Iterable[str] = ()) -> Settings:
    """Read a config, with values of the command line.

    Args:
        config: name of a shipped config, or path of a YAML file.
        overrides: `a.b=value` each; the value is read as YAML.

    Raises:
        InputError: there is no such config, or it has a wrong name or value.
    """
    path = _find(config)
    fields = _read_extended(path, ())
    for text in overrides:
        _override(fields, text)
    return validated({"name": path.stem, **fields}, str(path))


def _find(config: str | Path) -> Path:
    paths = sorted(CONFIGS.rglob("*.yaml"))
    shipped = {path.relative_to(CONFIGS).with_suffix("").as_posix(): path for path in paths}
    if str(config) in shipped:
        return shipped[str(config)]
    if str(config) in RENAMED_CONFIGS:
        new = RENAMED_CONFIGS[str(config)]
        warn_renamed("config", str(config), new)
        return shipped[new]
    path = expand(config)
    if os.path.exists(path):
        return path
    if path.suffix in (".yaml", ".yml") or len(path.parts) > 1:
        raise InputError(f"config {config}: no such file")
    raise InputError(f"no config '{config}'; {did_you_mean(str(config), shipped)}")


def _read_extended(path: Path, seen: tuple[Path, ...]) -> dict[str, Any]:
    """The fields of a config over those of the one that it extends, of which `seen` read it."""
    if path in seen:
        raise InputError(f"config {seen[0]}: extends itself, by {' → '.join(p.stem for p in seen)}")
    fields = _read(path)
    base = fields.pop("extends", None)
    if base is None:
        return fields
    beside = path.parent / str(base)
    try:
        found = beside if beside.suffix and beside.is_file() else _find(str(base))
    except InputError as error:
        raise InputError(f"config {path}: extends: {error}") from None
    inherited = _read_extended(found, (*seen, path))
    inherited.pop("name", None)
    return _joined(inherited, fields)


def _joined(base: dict[str, Any], fields: dict[str, Any]) -> dict[str, Any]:
    """Fields over those of `base`, section by section."""
    out = dict(base)
    for name, value in fields.items():
        before = out.get(name)
        if isinstance(before, dict) and isinstance(value, dict):
            value = _joined(before, value)
        out[name] = value
    return out


def _read(path: Path) -> dict[str, Any]:
    fields = read_yaml(read_text(path, "config", InputError), f"config {path}", InputError) or {}
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
    fields[last] = read_yaml(value, f"--set {text}", InputError)
