"""What a page can choose from; nothing else that a request says is ever opened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from blazetrack.errors import InputError, did_you_mean
from blazetrack.pipeline import shipped_graphs
from blazetrack.sources.camera import without_password
from blazetrack.store import Store

__all__ = ["CAMERA", "Catalogue"]

CAMERA = "browser camera"  # the name of a page's own camera
SHOWN = 60  # characters of a source's name


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Names on the page, and what they stand for.

    Attributes:
        sources: name → what `open_source` takes.
        models: landmark models.
        graphs: name → what `PoseTracker` takes.
        cameras: a page may use its own camera.
    """

    sources: Mapping[str, str]
    models: tuple[str, ...]
    graphs: Mapping[str, str]
    cameras: bool = True

    @property
    def shown(self) -> list[str]:
        """All sources that a page can choose."""
        return [*self.sources, *([CAMERA] if self.cameras else [])]

    @classmethod
    def of(
        cls, sources: list[str], model: str | None, graph: str | None, store: Store
    ) -> Catalogue:
        """The sources given, a drawn person, all landmark models that are here, all graphs."""
        named: dict[str, str] = {}
        for source in sources:
            named.setdefault(_name(source, named), source)
        named.setdefault("synthetic", "synthetic")
        models = [one.info.name for one in store.list() if one.present]
        kinds = {one.info.name: one.info.kind for one in store.list()}
        models = [name for name in models if kinds[name] == "landmarks"]
        graphs = {name: name for name in shipped_graphs()}
        for text, known in ((model, models), (graph, graphs)):
            if text is not None and text not in known:
                known.append(text) if isinstance(known, list) else known.update({text: text})
        return cls(named, tuple(models), graphs)

    def check(self, **wanted: str | None) -> None:
        """Refuse what is not offered: `source`, `model`, `graph`; None asks for nothing.

        Raises:
            InputError: there is no such entry.
        """
        known: dict[str, Any] = {
            "source": self.shown,
            "model": self.models,
            "graph": self.graphs,
        }
        for what, name in wanted.items():
            if name is not None and name not in known[what]:
                raise InputError(f"no {what} '{name[:40]}'; {did_you_mean(name, known[what])}")


def _name(text: str, taken: Mapping[str, str]) -> str:
    """What a page calls a source: short, without a password, and different from the others."""
    shown = without_password(text)
    shown = name = shown if len(shown) <= SHOWN else f"…{shown[-SHOWN:]}"
    number = 1
    while name in taken and taken[name] != text:
        number += 1
        name = f"{shown} ({number})"
    return name
