"""Choices of a page; nothing else that a request names is opened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from blazetrack.common.addresses import shown_address
from blazetrack.errors import InputError, did_you_mean
from blazetrack.pipeline import load_graph, shipped_graphs
from blazetrack.store import Store, StoredModel

__all__ = ["BROWSER_CAMERA", "Catalog"]

BROWSER_CAMERA = "browser camera"
NAME_LENGTH = 60  # characters of a source's name


@dataclass(frozen=True, slots=True)
class Catalog:
    """Names on the page and their meaning."""

    sources: Mapping[str, str]  # name → source as `open_source` takes it
    models: tuple[str, ...]  # landmark models
    graphs: tuple[str, ...]  # names and paths
    about: Mapping[str, str] = field(default_factory=dict)  # model or graph → one sentence
    cameras: bool = True  # whether a page may use the camera of its browser

    @property
    def source_names(self) -> list[str]:
        """All sources that a page can choose."""
        return [*self.sources, *([BROWSER_CAMERA] if self.cameras else [])]

    @classmethod
    def create(
        cls, sources: list[str], model: str | None, graph: str | None, store: Store
    ) -> Catalog:
        """The given sources, a synthetic one, the landmark models in the store, all graphs."""
        named: dict[str, str] = {}
        for source in sources:
            named.setdefault(_unique_name(source, named), source)
        named.setdefault("synthetic", "synthetic")
        stored = {one.info.name: one.sentence for one in store.list() if _is_offered(one)}
        models, graphs = [*stored], [*shipped_graphs()]
        models += [model] if model and model not in models else []
        graphs += [graph] if graph and graph not in graphs else []
        about = stored | {name: load_graph(name).description for name in graphs}
        return cls(named, tuple(models), tuple(graphs), about)

    def check(self, **options: Any) -> None:
        """Check the options `source`, `model` and `graph`; None and other options pass.

        Raises:
            InputError: an option names no entry.
        """
        known = {"source": self.source_names, "model": self.models, "graph": self.graphs}
        for option, names in known.items():
            name = options.get(option)
            if name is not None and name not in names:
                raise InputError(f"no {option} '{name[:40]}'; {did_you_mean(name, names)}")


def _is_offered(model: StoredModel) -> bool:
    return model.present and model.info.kind == "landmarks"


def _unique_name(source: str, taken: Mapping[str, str]) -> str:
    """Name of a source on the page: short, without a password, unique."""
    short = shown_address(source)
    short = name = short if len(short) <= NAME_LENGTH else f"…{short[-NAME_LENGTH:]}"
    number = 1
    while name in taken and taken[name] != source:
        number += 1
        name = f"{short} ({number})"
    return name
