"""Descriptions of models as text: the card beside a model of your own, checked word by word.

A card is a YAML file named after its model, `mine.tflite.yaml` beside `mine.tflite`. It holds
the fields of `ModelInfo`; what it leaves out is taken from the published model of its kind.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Literal, TypeVar

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    FiniteFloat,
    NonNegativeInt,
    PositiveInt,
    ValidationError,
    model_validator,
)

from blazetrack.errors import ModelError
from blazetrack.model_info import Anchors, ModelInfo
from blazetrack.skeleton import SKELETONS, Skeleton
from blazetrack.store.manifest import Card, entry_from, published, same_bytes

__all__ = ["card_for", "card_path", "card_text", "load_manifest"]

SHA256 = r"^[0-9a-f]{64}$"
NEEDED = {"detector": {"boxes", "scores"}, "landmarks": {"landmarks", "score"}}
OPTIONAL = {"detector": set[str](), "landmarks": {"world", "heatmap", "mask"}}
STANDARD = {"detector": "pose_detector", "landmarks": "full"}  # what a card leaves out


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Anchors(_Strict):
    strides: tuple[PositiveInt, ...] = Field(min_length=1)
    per_map: PositiveInt = 2


class _Wheel(_Strict):
    wheel: str
    member: str
    megabytes: PositiveInt


class _Package(_Strict):
    package: str


class _Skeleton(_Strict):
    """`types.Skeleton` as text."""

    name: str = Field(min_length=1)
    names: tuple[str, ...] = Field(min_length=1)
    edges: tuple[tuple[NonNegativeInt, NonNegativeInt], ...] = ()
    torso: tuple[NonNegativeInt, NonNegativeInt, NonNegativeInt, NonNegativeInt] | None = None
    swaps: tuple[tuple[NonNegativeInt, NonNegativeInt], ...] | None = None

    @model_validator(mode="after")
    def _points_that_exist(self) -> _Skeleton:
        if len(set(self.names)) < len(self.names):
            raise ValueError("keypoint names must differ")
        used = [*self.edges, *(self.swaps or ()), self.torso or (0,)]
        if max(max(numbers) for numbers in used) >= len(self.names):
            raise ValueError(f"edges, swaps and torso must be numbers below {len(self.names)}")
        return self

    @property
    def skeleton(self) -> Skeleton:
        return Skeleton(self.name, self.names, self.edges, self.torso, self.swaps)


class _CardText(_Strict):
    """A card as it is written."""

    name: str = Field(min_length=1)
    kind: Literal["detector", "landmarks"]
    input_hw: tuple[PositiveInt, PositiveInt]
    input_range: tuple[FiniteFloat, FiniteFloat]
    border: Literal["zero", "replicate"]
    outputs: dict[str, str]
    skeleton: str | _Skeleton = "blazepose33"
    anchors: _Anchors | None = None
    licence: str = "unknown"
    sentence: str = ""
    detector: str = ""
    sha256: str | None = Field(default=None, pattern=SHA256)
    source: str | _Wheel | _Package = "your own file"

    @model_validator(mode="after")
    def _fits_its_kind(self) -> _CardText:
        needed, allowed = NEEDED[self.kind], NEEDED[self.kind] | OPTIONAL[self.kind]
        if not needed <= set(self.outputs) <= allowed:
            raise ValueError(
                f"outputs of a {self.kind} model: expected {sorted(needed)}"
                f" of {sorted(allowed)}, got {sorted(self.outputs)}"
            )
        if self.kind == "detector" and self.anchors is None:
            raise ValueError("a detector needs anchors")
        if self.input_range[0] >= self.input_range[1]:
            raise ValueError(f"input_range must rise, got {self.input_range}")
        if isinstance(self.skeleton, str) and self.skeleton not in SKELETONS:
            raise ValueError(f"skeleton must be one of {sorted(SKELETONS)}, got {self.skeleton!r}")
        return self

    def card(self) -> Card:
        """The same as the pipeline takes it."""
        skeleton = SKELETONS[self.skeleton] if isinstance(self.skeleton, str) else None
        if isinstance(self.skeleton, _Skeleton):
            skeleton = self.skeleton.skeleton
        anchors = self.anchors
        info = ModelInfo(
            name=self.name,
            kind=self.kind,
            input_hw=self.input_hw,
            input_range=self.input_range,
            border=self.border,
            outputs=dict(self.outputs),
            skeleton=skeleton if self.kind == "landmarks" else None,
            anchors=Anchors(anchors.strides, anchors.per_map) if anchors else None,
        )
        source = self.source if isinstance(self.source, str) else "your own file"
        sha256 = self.sha256 or ""
        return Card(info, source, sha256, 0, self.licence, self.sentence, self.detector)


class _EntryText(_CardText):
    """A published model as it is written: its bytes are known."""

    sha256: str = Field(pattern=SHA256)
    size: PositiveInt
    source: _Wheel | _Package


Text = TypeVar("Text", bound=_CardText)


def load_manifest(path: Path) -> dict[str, Card]:
    """Read and check a list of published models: name → card, in the order of the file."""
    items = _read_yaml(path)
    if not isinstance(items, list):
        raise ModelError(f"{path}: expected a list of models, got {type(items).__name__}")
    entries = [_validate(_EntryText, item, path) for item in items]
    return {
        entry.name: entry_from(entry.model_dump(mode="json", exclude_unset=True))
        for entry in entries
    }


def card_path(model: Path) -> Path:
    """Where the card of a model file lies: beside it, `.yaml` added to its name."""
    return model.with_name(model.name + ".yaml")


def card_for(path: Path, sha256: str, known: Mapping[str, Card], kind: str = "landmarks") -> Card:
    """What is known of a model file.

    Its own card comes first, then the published model of the same bytes. A stranger is taken for
    a re-export of the published model of that `kind`; the backend sees on opening if it is not.
    """
    card = _read_card(path) or same_bytes(sha256, known)
    if card is None:
        fields = {**_standard(kind), "name": path.stem, "kind": kind, "sha256": sha256}
        return _CardText.model_validate(fields).card()
    if card.sha256 not in ("", sha256):
        raise ModelError(
            f"{path} is not the file that {card_path(path).name} describes (SHA-256"
            f" {card.sha256[:12]}…, got {sha256[:12]}…): add the right file again, or correct"
            " the card"
        )
    return replace(card, sha256=sha256)


def card_text(card: Card) -> str:
    """A card as YAML; what `card_for` reads."""
    about = {
        "licence": card.licence,
        "sentence": card.sentence,
        "detector": card.detector or None,
        "sha256": card.sha256 or None,
        "source": str(card.source),
    }
    fields = {**_info_fields(card.info), **about}
    return yaml.safe_dump(_plain(fields), sort_keys=False, default_flow_style=None, width=100)


def _info_fields(info: ModelInfo) -> dict[str, Any]:
    """What a card says of the wiring, as plain lists and mappings."""
    skeleton: object = None
    if info.skeleton is not None:
        known = SKELETONS.get(info.skeleton.name) == info.skeleton
        skeleton = info.skeleton.name if known else asdict(info.skeleton)
    fields = {
        "name": info.name,
        "kind": info.kind,
        "input_hw": list(info.input_hw),
        "input_range": list(info.input_range),
        "border": info.border,
        "outputs": dict(info.outputs),
        "skeleton": skeleton,
        "anchors": asdict(info.anchors) if info.anchors else None,
    }
    return {key: value for key, value in fields.items() if value is not None}


def _plain(value: Any) -> Any:
    """Lists for tuples, and without what is None: YAML as people write it."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items() if item is not None}
    return [_plain(item) for item in value] if isinstance(value, (list, tuple)) else value


def _read_card(model: Path) -> Card | None:
    """The card beside a model file, or None where there is none."""
    path = card_path(model)
    if not path.exists():
        return None
    fields = _read_yaml(path)
    if not isinstance(fields, dict):
        raise ModelError(f"{path}: expected `field: value` lines, got {type(fields).__name__}")
    like = _standard(fields.get("kind", "landmarks"))
    return _validate(_CardText, {**like, "name": model.stem, **fields}, path).card()


def _standard(kind: object) -> dict[str, Any]:
    """The fields that all published BlazePose models of a kind share."""
    if not isinstance(kind, str) or kind not in STANDARD:
        return {}
    return _info_fields(published()[STANDARD[kind]].info)


def _read_yaml(path: Path) -> object:
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise ModelError(f"{path}: cannot be read as YAML: {reason}") from error


def _validate(kind: type[Text], fields: object, path: Path) -> Text:
    try:
        return kind.model_validate(fields)
    except ValidationError as error:
        errors = error.errors()
        # Where a value may be text or a mapping, the deepest complaint is about what was meant.
        deepest = max(errors, key=lambda one: (len(one["loc"]), errors.index(one)))
        branches = {"str", _Skeleton.__name__, _Wheel.__name__, _Package.__name__}
        keys = [str(part) for part in deepest["loc"] if part not in branches]
        where = ".".join(key for key in keys if "[" not in key)
        raise ModelError(f"{path}: {where + ': ' if where else ''}{deepest['msg']}") from error
