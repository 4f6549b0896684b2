"""Which models run: those of a graph, or those that a user names."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from blazetrack.backends import FileModel
from blazetrack.errors import GraphError, ModelError, did_you_mean
from blazetrack.graph import GraphSpec
from blazetrack.heads import head_of
from blazetrack.store import Store, StoredModel

__all__ = ["finds_several", "open_models"]


def finds_several(model: str | Path | None, store: Store) -> bool:
    """Whether a landmark model finds several people in one picture, by its head."""
    if model is None:
        return False
    info = store.describe(model).info
    return info.kind == "landmarks" and head_of(info).several


def open_models(
    spec: GraphSpec,
    model: str | Path | None,
    detector: str | Path | None,
    store: Store,
    backend: str,
    threads: int | None,
) -> dict[str, FileModel]:
    """Role → model, found on this machine or fetched; files are opened at the first run."""
    names: dict[str, str | Path] = dict(spec.models)
    for role, name in {"landmarks": model, "detector": detector}.items():
        if name is not None:
            if role not in names:
                hint = did_you_mean(role, names)
                raise GraphError(f"graph {spec.name}: has no model with the role '{role}'; {hint}")
            names[role] = name
    found: dict[str, StoredModel] = {}
    if model is not None:
        found["landmarks"] = store.find(model)
        if detector is None and "detector" in names:
            names["detector"] = found["landmarks"].detector or names["detector"]
    if "refinement" in names:
        refined = found.setdefault("landmarks", store.find(names["landmarks"]))
        found["refinement"] = _refinement(spec, refined, names["refinement"], store)
    models = {}
    for role, name in names.items():
        stored = found.get(role) or store.find(name)
        locate = partial(store.variant, stored)
        models[role] = FileModel(stored.info, locate, backend, threads, stored.path)
    return models


def _refinement(
    spec: GraphSpec, refined: StoredModel, name: str | Path, store: Store
) -> StoredModel:
    """The model beside a landmark model whose card names it in `refines`, else that of the graph.

    Raises:
        ModelError: there is none, or it refines another model.
    """
    wanted = refined.info.name
    beside = store.refinement_of(refined)
    if beside is not None:
        return beside
    try:
        found = store.find(name)
    except ModelError as error:
        raise ModelError(
            f"graph {spec.name}: found no model that refines '{wanted}' (`refines` in its card)"
            f" beside {refined.path}, and {error}"
        ) from error
    if found.refines != wanted:
        raise ModelError(
            f"graph {spec.name}: {found.info.name} refines '{found.refines}', but the landmark"
            f" model is '{wanted}'"
        )
    return found
