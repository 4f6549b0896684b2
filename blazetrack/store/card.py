"""The card beside a model file: its description as text, checked field by field.

A card is a YAML file named after its model, `mine.tflite.yaml` beside `mine.tflite`. It holds the
fields of `ModelInfo` and of `Card`; fields that it leaves out are those of the published model of
its kind. A card with another head than that model has its own size, outputs and skeleton.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, fields, replace
from math import prod
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    FiniteFloat,
    NonNegativeInt,
    PositiveFloat,
    ValidationError,
    field_validator,
    model_validator,
)

from blazetrack.common.files import read_text
from blazetrack.common.yaml_text import read_yaml
from blazetrack.errors import ModelError, did_you_mean
from blazetrack.heads import STANDARD_HEADS, check_head
from blazetrack.model_info import SCORE_FEATURES, ModelInfo
from blazetrack.skeleton import SKELETONS
from blazetrack.store.cache import card_path, plain_name
from blazetrack.store.manifest import Card, card_from, published, same_bytes
from blazetrack.store.skeleton_text import SkeletonText, skeleton_text

__all__ = ["card_for", "card_path", "card_text", "check_card", "has_card"]

STANDARD = {"detector": "pose_detector", "landmarks": "full"}  # source of the fields left out
ABOUT = ("licence", "author", "initial_weights", "sentence", "detector", "refines", "sha256")
# Fields that other heads do not share, and fields that the coefficients of the score depend on.
OF_THE_HEAD = ("input_hw", "outputs", "skeleton", "anchors", "score_coefficients")
OF_THE_SCORE = ("skeleton", "outputs")


MAX_TEXT = 200  # characters of a name
MAX_SIDE = 4096  # pixels of an input
MAX_ANCHORS = 1_000_000
Side = Annotated[int, Field(ge=1, le=MAX_SIDE)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Anchors(_Strict):
    strides: tuple[Annotated[int, Field(ge=1, le=1024)], ...] = Field(min_length=1, max_length=16)
    per_map: int = Field(default=2, ge=1, le=64)


class _CardText(_Strict):
    """The fields of a card with the checks of each."""

    name: str = Field(min_length=1, max_length=MAX_TEXT)
    kind: Literal["detector", "landmarks", "refinement"]
    head: str = ""
    head_options: dict[str, Any] = Field(default_factory=dict)
    input_hw: tuple[Side, Side]
    input_range: tuple[FiniteFloat, FiniteFloat]
    mean: tuple[FiniteFloat, FiniteFloat, FiniteFloat] | None = None
    std: tuple[PositiveFloat, PositiveFloat, PositiveFloat] | None = None
    channels: Literal["rgb", "bgr"] = "rgb"
    layout: Literal["nhwc", "nchw"] = "nhwc"
    input_dtype: Literal["float32", "uint8", "int8"] = "float32"
    border: Literal["zero", "replicate"]
    outputs: dict[str, str] = Field(min_length=1)
    skeleton: str | SkeletonText = "blazepose33"
    anchors: _Anchors | None = None
    score_coefficients: dict[str, FiniteFloat] = Field(default_factory=dict)
    licence: str = "unknown"
    author: str = ""
    initial_weights: str = ""
    sentence: str = ""
    detector: str = ""
    refines: str = ""
    sha256: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")
    size: NonNegativeInt = 0
    source: str | dict[str, Any] = "your own file"

    @field_validator("name")
    @classmethod
    def _check_name(cls, value: str) -> str:
        if not value.isprintable() or any(one in value for one in "/\\") or value[0] == ".":
            raise ValueError(f"expected a name, not a path, got {value!r}")
        return value

    @field_validator("mean", "std", mode="before")
    @classmethod
    def _check_length(cls, value: Any) -> Any:
        if isinstance(value, (list, tuple)) and len(value) == 3:
            return value
        got = f"{len(value)} of them" if isinstance(value, (list, tuple)) else repr(value)
        raise ValueError(f"expected a list of 3 numbers, one per channel, got {got}")

    @field_validator("score_coefficients")
    @classmethod
    def _check_features(cls, value: dict[str, float]) -> dict[str, float]:
        known = ("intercept", *SCORE_FEATURES)
        for name in value:
            if name not in known:
                raise ValueError(f"no feature is called {name!r}; {did_you_mean(name, known)}")
        return value

    @model_validator(mode="after")
    def _check_together(self) -> _CardText:
        if self.input_range[0] >= self.input_range[1]:
            raise ValueError(f"input_range must rise, got {self.input_range}")
        if isinstance(self.skeleton, str) and self.skeleton not in SKELETONS:
            hint = did_you_mean(self.skeleton, SKELETONS)
            raise ValueError(f"skeleton: no set is called {self.skeleton!r}; {hint}")
        if self.anchors is not None:
            cells = sum(prod(-(-side // s) for side in self.input_hw) for s in self.anchors.strides)
            if cells * self.anchors.per_map > MAX_ANCHORS:
                raise ValueError(f"anchors: expected at most {MAX_ANCHORS:,} of them")
        repeated = [name for name, count in Counter(self.outputs.values()).items() if count > 1]
        if repeated:
            raise ValueError(f"outputs: tensor {repeated[0]!r} stands for two meanings")
        return self


def check_card(card: Mapping[str, Any], where: str | Path) -> dict[str, Any]:
    """The fields of a card, checked, for `card_from`.

    Raises:
        ModelError: a field is unknown, missing or has a wrong value; it starts with `where`.
    """
    try:
        return _CardText.model_validate(card).model_dump(exclude_none=True)
    except ValidationError as error:
        # Of a value that may be text or a mapping, the deepest error is that of the intended form;
        # a wrong kind also leaves fields missing.
        errors = sorted(error.errors(), key=lambda one: (one["type"] != "missing", len(one["loc"])))
        deepest = errors[-1]
        parts = map(str, deepest["loc"])
        path = ".".join(part for part in parts if part != "str" and "[" not in part)
        reason = deepest["msg"].removeprefix("Value error, ")
        if deepest["type"] == "extra_forbidden":
            forms: dict[str, type[BaseModel]] = {"skeleton": SkeletonText, "anchors": _Anchors}
            known = forms.get(str(deepest["loc"][0]), _CardText).model_fields
            reason = f"there is no such field; {did_you_mean(str(deepest['loc'][-1]), known)}"
        raise ModelError(f"{where}: {path + ': ' if path else ''}{reason}") from error


def card_for(
    path: Path,
    sha256: str,
    known: Mapping[str, Card],
    kind: str = "landmarks",
    text: Path | None = None,
) -> Card:
    """The description of a model file with that SHA-256.

    It comes from the card beside the file, else from the published model of the same bytes, else
    from the published model of `kind`, as if the file were a re-export of it: the backend checks
    the shapes on opening.

    Args:
        path: the file.
        sha256: of its bytes.
        known: the published models.
        kind: of a file without a description.
        text: the card, if it is not the one beside the file.

    Raises:
        ModelError: the card is wrong, or describes other bytes.
    """
    text = text or card_path(path)
    card = _read_card(path, text) or same_bytes(sha256, known)
    if card is None:
        standard = published()[STANDARD[kind]].info
        return Card(replace(standard, name=plain_name(path.stem)), "your own file", sha256)
    if card.sha256 not in ("", sha256):
        raise ModelError(
            f"{path} is not the file that {text.name} describes (SHA-256"
            f" {card.sha256[:12]}…, got {sha256[:12]}…): add the right file again, or correct"
            " the card"
        )
    return replace(card, sha256=sha256)


def card_text(card: Card) -> str:
    """A card as YAML, which `card_for` reads; fields with their default value are left out."""
    about = {key: getattr(card, key) for key in ABOUT}
    given = {key: value for key, value in about.items() if value}
    values = {**_info_fields(card.info), **given, "source": str(card.source)}
    text = json.loads(json.dumps(values))  # tuples become lists
    return yaml.safe_dump(text, sort_keys=False, default_flow_style=None, width=100)


def _info_fields(info: ModelInfo) -> dict[str, Any]:
    """The fields of `ModelInfo` that differ from their default."""
    values = {
        one.name: value
        for one in fields(info)
        if (value := getattr(info, one.name)) != one.default and value != {}
    }
    if info.skeleton is not None:
        text = skeleton_text(info.skeleton)
        values["skeleton"] = text if isinstance(text, str) else text.model_dump(exclude_none=True)
    if info.anchors is not None:
        values["anchors"] = asdict(info.anchors)
    return values


def _differs(given: Any, standard: Any) -> bool:
    """Whether a card has another skeleton, or lacks an output that the score is calculated from."""
    if isinstance(given, Mapping) and isinstance(standard, Mapping):
        return not {"score", "world"} <= given.keys()
    return given not in (None, standard)


def has_card(model: Path) -> bool:
    """Whether a card is beside a model file; an empty one is the target of a redirection."""
    try:
        return card_path(model).stat().st_size > 0
    except FileNotFoundError:
        return False


def _read_card(model: Path, path: Path) -> Card | None:
    """The card of a model file, or None where there is none beside it."""
    if path == card_path(model) and not has_card(model):
        return None
    given = read_yaml(read_text(path, "card", ModelError), str(path), ModelError)
    if not isinstance(given, dict):
        raise ModelError(f"{path}: expected `field: value` lines, got {type(given).__name__}")
    if isinstance(given.get("source"), dict):  # copied from the list of published models
        del given["source"]
    kind = given.get("kind", "landmarks")
    standard: dict[str, Any] = {}
    if isinstance(kind, str) and kind in STANDARD:
        standard = _info_fields(published()[STANDARD[kind]].info)
        if given.get("head", STANDARD_HEADS[kind]) != STANDARD_HEADS[kind]:
            standard = {key: standard[key] for key in standard.keys() - OF_THE_HEAD}
        elif any(_differs(given.get(key), standard.get(key)) for key in OF_THE_SCORE):
            standard.pop("score_coefficients", None)
    card = card_from(check_card({**standard, "name": plain_name(model.stem), **given}, path))
    try:
        check_head(card.info)
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from None
    return card
