"""Pseudo-labels of the published landmark network where human labels are missing.

    labeler = PseudoLabeler.published()
    labelled, result = labeler.label(image)  # one person, in blazepose33
    python -m models.distill.pseudo_label ../shared/data/lspet --out packs

The network runs on several nearly upright views of a person, mirrored too; the agreement of each
run with the labelled joints gives its weight. Labelled x and y stay as they are. Points without a
label, z, visibility and metres come from the network, each only where the neighbouring joints
agree with the labels. Where labels give no upright, all rotations are tried.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated, Any, get_args

import numpy as np
import typer

from blazetrack.errors import InputError
from blazetrack.skeleton import BLAZEPOSE33
from blazetrack.sources.images import list_pictures, read_picture
from blazetrack.store import Store
from blazetrack.types import Poses
from models.common.command import new_app, run
from models.common.person_finder import PersonFinder
from models.data.annotated import AnnotatedImage
from models.data.lazy_sequence import LazyRows
from models.data.pack import Pack, pack, pack_key
from models.data.readers.coco import coco, coco_people
from models.data.readers.dataset import LabelledPeople
from models.data.readers.lsp import Split, lsp
from models.distill.agreement import LabelledJoints, distances, mean_error
from models.distill.label_fusion import FusionResult, FusionSettings, fuse
from models.distill.test_time_augmentation import AROUND, FIRST, MORE, AugmentedLandmarker

__all__ = ["LabellingReport", "PseudoLabeler", "label_dataset", "label_pictures"]

VERSION = 1  # changes when the same settings give other labels
# Fields of results in packs of the release before.
OLD_FIELDS = {"far": "error", "far_once": "single_error", "taught": "added"}


@dataclass(frozen=True)
class PseudoLabeler:
    """A landmark network that completes human labels.

    Attributes:
        network: of `blazepose33`.
        settings: limits of agreement, and weights.
    """

    network: AugmentedLandmarker
    settings: FusionSettings = field(default_factory=FusionSettings)

    @classmethod
    def published(cls, *, store: Store | None = None, threads: int | None = 1) -> PseudoLabeler:
        """With the published `full` network."""
        return cls(AugmentedLandmarker.published(store=store, threads=threads))

    def label(self, sample: AnnotatedImage) -> tuple[AnnotatedImage, FusionResult]:
        """One person in `blazepose33` with pseudo-labels, and the statistics.

        Raises:
            InputError: the sample's keypoints share no name with BlazePose's.
        """
        if not sample.skeleton.map_to(BLAZEPOSE33):
            raise InputError(
                f"pseudo-labels: {sample.source}: expected a person; the keypoints"
                f" {sample.skeleton.name} share no name with {BLAZEPOSE33.name}"
            )
        truth = LabelledJoints.of(sample)
        if 0 < len(truth) < self.settings.min_joints:
            return sample.to_skeleton(BLAZEPOSE33), FusionResult(False, np.nan, np.nan, 0)
        runs, first = self._runs(sample, truth)
        return fuse(sample, runs, first, self.settings)

    def _runs(self, sample: AnnotatedImage, truth: LabelledJoints) -> tuple[Poses, Poses]:
        """All runs, and those on the first views; further views only where these disagree."""
        image, alignment = sample.image, sample.alignment_px[0].astype(np.float64)
        if len(truth) and not sample.has_torso[0]:
            around = self.network.predict(image, alignment, AROUND)
            best = mean_error(distances(around.landmarks_px, truth)).argmin()
            first = self.network.predict(image, around.alignment_px[best], FIRST)
            return Poses.joined([around, first]), first
        first = self.network.predict(image, alignment, FIRST)
        errors = mean_error(distances(first.landmarks_px, truth)) if len(truth) else np.zeros(1)
        if errors.min() <= self.settings.good:
            return first, first
        return Poses.joined([first, self.network.predict(image, alignment, MORE)]), first

    def recipe(self, fingerprint: str) -> dict[str, Any]:
        """What identifies the labels of a data set, see `pack_key`."""
        return {
            "taught": fingerprint,
            "version": VERSION,
            "model": self.network.name,
            "settings": self.settings.model_dump(mode="json", by_alias=True),
        }


@dataclass(frozen=True, slots=True)
class LabellingReport:
    """Statistics of a data set.

    Attributes:
        results: one per person.
    """

    results: Sequence[FusionResult]

    @property
    def kept(self) -> float:
        """Share of people with pseudo-labels."""
        return float(np.mean([result.kept for result in self.results]))

    @property
    def lines(self) -> list[str]:
        """The statistics in words."""
        kept = [result for result in self.results if result.kept]
        runs = np.mean([result.runs for result in self.results])
        error = np.mean([result.error for result in kept]) if kept else np.nan
        single = np.nanmean([result.single_error for result in kept]) if kept else np.nan
        added = np.mean([result.added for result in kept]) if kept else 0.0
        return [
            f"{len(self.results)} people, {len(kept)} with pseudo-labels ({self.kept:.1%}),"
            f" {runs:.1f} runs each",
            f"their joints: mean error {error:.3f} torso against the labels ({single:.3f} in a"
            f" single run), {added:.1f} points added to each",
            f"left and right exchanged: {_counts(result.swapped for result in self.results)};"
            f" doubted: {_counts(result.doubted for result in self.results)}",
        ]


def _counts(words: Iterator[str]) -> str:
    counts = Counter(word for word in words if word)
    return ", ".join(f"{word} {count}" for word, count in sorted(counts.items())) or "none"


def label_dataset(
    samples: LabelledPeople | Pack,
    labeler: PseudoLabeler,
    folder: Path | str,
    *,
    in_memory: bool = False,
) -> tuple[Pack, LabellingReport]:
    """Label a data set into a pack below `folder`; an interrupted one is resumed.

    People whose labels and the network's landmarks disagree keep their labels and get nothing more.

    Args:
        samples: anything with a `fingerprint`.
        labeler: adds the labels.
        folder: holds packs, see `models.data.pack`.
        in_memory: see `models.data.pack`.
    """
    recipe = labeler.recipe(samples.fingerprint)
    results = Path(folder) / pack_key(recipe) / "verdicts.jsonl"

    def label(row: int) -> AnnotatedImage:
        labelled, result = labeler.label(samples[row])
        line = json.dumps({"row": row, **asdict(result)})
        results.parent.mkdir(parents=True, exist_ok=True)
        with results.open("a", encoding="utf-8") as file:
            file.write(line + "\n")
        return labelled

    labelled = LazyRows(len(samples), label)
    packed = pack(labelled, folder, recipe, in_memory=in_memory)
    return packed, LabellingReport(_read_results(results))


def _read_results(path: Path) -> list[FusionResult]:
    """The last result of each row: a part that was interrupted is labelled once more."""
    rows: dict[int, FusionResult] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        fields = {OLD_FIELDS.get(name, name): value for name, value in json.loads(line).items()}
        row = fields.pop("row")
        rows[row] = FusionResult(**fields)
    return [rows[row] for row in sorted(rows)]


def label_pictures(
    pictures: Sequence[Path], labeler: PseudoLabeler, finder: PersonFinder
) -> Iterator[AnnotatedImage]:
    """Detected people of unlabelled pictures, where runs agree with each other."""
    bare = np.full((1, len(BLAZEPOSE33), 2), np.nan, np.float32)
    for path in pictures:
        image = read_picture(path)
        for number, circle in enumerate(finder.find_turned(image).alignment_px, start=1):
            source = f"{path.parent.name}/{path.stem}/{number}"
            person = AnnotatedImage.of(image, BLAZEPOSE33, bare, circle[None], [source])
            labelled, result = labeler.label(person)
            if result.kept:
                yield labelled


app = new_app("Label people with the published landmark network.")


@app.command()
def main(
    folder: Annotated[Path, typer.Argument(help="LSP(ET), coco_train, a COCO file, or pictures.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the packs.")],
    split: Annotated[str, typer.Option(help="Of LSP: train, dev or all.")] = "train",
    threads: Annotated[int, typer.Option(min=1, help="Cores for the network.")] = 1,
) -> None:
    """Label FOLDER's people and write them as a pack below --out; an interrupted run is resumed."""
    samples = _labelled(folder, split)
    labeler = PseudoLabeler.published(threads=threads)
    if samples is not None:
        typer.echo(samples.note, err=True)
        packed, report = label_dataset(samples, labeler, out)
        lines = report.lines
    else:
        pictures, finder = list_pictures(folder), PersonFinder.published(threads=threads)
        files = "".join(f"{path.name} {path.stat().st_size}\n" for path in pictures)
        recipe = labeler.recipe(hashlib.sha256(files.encode()).hexdigest())
        packed = pack(label_pictures(pictures, labeler, finder), out, recipe)
        lines = [f"{len(packed)} people"]
    for line in [*lines, f"wrote {packed.place}"]:
        typer.echo(line)


def _labelled(folder: Path, split: str) -> LabelledPeople | None:
    """The reader of that folder; None for a folder of pictures."""
    if folder.is_file():
        return coco(folder)
    if not folder.is_dir():
        raise InputError(f"{folder}: no such file or folder")
    if (folder / "people.npz").is_file():
        return coco_people(folder)
    if any((folder / f"joints.{kind}").is_file() for kind in ("npz", "mat")):
        known: dict[str, Split] = {one: one for one in get_args(Split)}
        if split not in known:
            raise InputError(f"--split: expected train, dev or all, got '{split}'")
        return lsp(folder, known[split])
    return None


if __name__ == "__main__":
    run(app, "models.distill.pseudo_label")
