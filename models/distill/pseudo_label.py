"""Labels from the published landmark network, where people labelled nothing; people are believed.

    teacher = Teacher.published()
    taught = label(sample, teacher)  # a PoseSample of blazepose33
    python -m models.distill.pseudo_label ../shared/data/lspet --out packs

The network looks at a person from several nearly upright regions, mirrored too; how well each run
meets the labelled joints decides how much it counts. Labelled x and y stay as they are. The
teacher gives the points that nobody labelled, z, visibility and metres, each only where the joints
that carry it agree with the labels. Where labels give no upright, all rotations are tried.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import typer
from numpy.typing import NDArray

from blazetrack.errors import InputError
from blazetrack.skeleton import BLAZEPOSE33
from blazetrack.sources.images import list_pictures, read_picture
from blazetrack.types import Poses
from models.common.command import new_app, run
from models.common.person_finder import Finder
from models.data.lazy_sequence import Rows
from models.data.readers.coco import coco, coco_people
from models.data.readers.dataset import LabelledPictures
from models.data.readers.lsp import lsp
from models.data.sample import PoseSample
from models.data.shards import Shards, pack, pack_key
from models.distill.agreement import Truth, distances, far, has_torso
from models.distill.label_fusion import TeacherSettings, Verdict, combine
from models.distill.test_time_augmentation import AROUND, FIRST, MORE, Teacher, stack

__all__ = [
    "Report",
    "Teacher",
    "TeacherSettings",
    "Verdict",
    "label",
    "label_all",
    "label_pictures",
    "teach",
]

Float = NDArray[np.float64]
VERSION = 1  # changes when the same settings give other labels


def label(sample: PoseSample, teacher: Teacher) -> PoseSample:
    """The same person in `blazepose33`, with what the teacher may add to its labels."""
    return teach(sample, teacher)[0]


def teach(sample: PoseSample, teacher: Teacher) -> tuple[PoseSample, Verdict]:
    """`label`, and what became of the person.

    Raises:
        InputError: the sample's keypoints share no name with BlazePose's.
    """
    if not sample.skeleton.map_to(BLAZEPOSE33):
        raise InputError(
            f"teacher: {sample.source}: it knows people; the keypoints {sample.skeleton.name} share"
            f" no name with {BLAZEPOSE33.name}"
        )
    settings, truth = teacher.settings, Truth.of(sample)
    if 0 < len(truth) < settings.least_joints:
        return sample.to_skeleton(BLAZEPOSE33), Verdict(False, np.nan, np.nan, 0)
    alignment = sample.alignment_px.astype(np.float64)
    if len(truth) and not has_torso(sample.skeleton, sample.labelled):
        return _searched(sample, teacher, truth)
    first = readings = teacher.read(sample.image, alignment, FIRST)
    if not len(truth) or _nearest(readings, truth) <= settings.good:
        return combine(sample, readings, first, settings)
    readings = stack([readings, teacher.read(sample.image, alignment, MORE)])
    return combine(sample, readings, first, settings)


def _nearest(readings: Poses, truth: Truth) -> float:
    return float(far(distances(readings.landmarks_px, truth)).min())


def _searched(sample: PoseSample, teacher: Teacher, truth: Truth) -> tuple[PoseSample, Verdict]:
    """`teach` for a person whose labels do not tell where up is: all rotations are tried."""
    around = teacher.read(sample.image, sample.alignment_px.astype(np.float64), AROUND)
    best = far(distances(around.landmarks_px, truth)).argmin()
    first = teacher.read(sample.image, around.alignment_px[best], FIRST)
    return combine(sample, stack([around, first]), first, teacher.settings)


@dataclass(frozen=True, slots=True)
class Report:
    """What became of the people of a data set.

    Attributes:
        verdicts: one per person.
    """

    verdicts: Sequence[Verdict]

    @property
    def kept(self) -> float:
        """Share of people whom the teacher could be believed of."""
        return float(np.mean([verdict.kept for verdict in self.verdicts]))

    @property
    def lines(self) -> list[str]:
        """The counts, in words."""
        kept = [verdict for verdict in self.verdicts if verdict.kept]
        runs = np.mean([verdict.runs for verdict in self.verdicts])
        near = np.mean([verdict.far for verdict in kept]) if kept else np.nan
        once = np.nanmean([v.far_once for v in kept]) if kept else np.nan
        taught = np.mean([verdict.taught for verdict in kept]) if kept else 0.0
        swapped = Counter(verdict.swapped for verdict in self.verdicts if verdict.swapped)
        doubted = Counter(verdict.doubted for verdict in self.verdicts if verdict.doubted)
        return [
            f"{len(self.verdicts)} people, taught {len(kept)} ({self.kept:.1%}),"
            f" {runs:.1f} runs each",
            f"joints of those taught: {near:.3f} torso off the labels in the mean"
            f" ({once:.3f} in a single run), {taught:.1f} points added to each",
            f"left and right put right: {_words(swapped)}; doubted: {_words(doubted)}",
        ]


def _words(counts: Counter[str]) -> str:
    return ", ".join(f"{way} {count}" for way, count in sorted(counts.items())) or "none"


class _Taught(Rows[PoseSample]):
    """Samples that are taught when they are asked for; each verdict is a line in a file."""

    def __init__(self, samples: Sequence[PoseSample], teacher: Teacher, verdicts: Path) -> None:
        self._samples, self._teacher, self._verdicts = samples, teacher, verdicts

    def __len__(self) -> int:
        return len(self._samples)

    def row(self, index: int) -> PoseSample:
        taught, verdict = teach(self._samples[index], self._teacher)
        line = json.dumps({"row": index, **asdict(verdict)})
        self._verdicts.parent.mkdir(parents=True, exist_ok=True)
        with self._verdicts.open("a", encoding="utf-8") as file:
            file.write(line + "\n")
        return taught


def label_all(
    samples: LabelledPictures | Shards,
    teacher: Teacher,
    folder: Path | str,
    *,
    in_memory: bool = False,
    progress: bool = True,
) -> tuple[Shards, Report]:
    """Teach a data set into a pack below `folder`; what was interrupted goes on.

    People of whom the teacher cannot be believed keep their labels and get nothing more.

    Args:
        samples: anything with a `fingerprint`.
        teacher: who labels.
        folder: holds packs, see `shards.pack`.
        in_memory: see `shards.pack`.
        progress: show a bar on stderr.
    """
    recipe = _recipe(samples.fingerprint, teacher)
    verdicts = Path(folder) / pack_key(recipe) / "verdicts.jsonl"
    taught = _Taught(samples, teacher, verdicts)
    shards = pack(taught, folder, recipe, in_memory=in_memory, progress=progress)
    return shards, Report(_read_verdicts(verdicts))


def _recipe(fingerprint: str, teacher: Teacher) -> dict[str, Any]:
    return {
        "taught": fingerprint,
        "version": VERSION,
        "model": teacher.name,
        "settings": teacher.settings.model_dump(mode="json"),
    }


def _read_verdicts(path: Path) -> list[Verdict]:
    """The last verdict on each row: a part that was interrupted is taught once more."""
    rows: dict[int, Mapping[str, Any]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        fields = json.loads(line)
        rows[fields.pop("row")] = fields
    return [Verdict(**rows[row]) for row in sorted(rows)]


def label_pictures(
    pictures: Sequence[Path], teacher: Teacher, finder: Finder
) -> Iterator[PoseSample]:
    """People that a detector finds in unlabelled pictures, where runs agree with each other."""
    bare = np.full((len(BLAZEPOSE33), 3), np.nan, np.float32)
    for path in pictures:
        image = read_picture(path)
        for number, circle in enumerate(finder.find_turned(image).alignment_px, start=1):
            person = PoseSample(
                image=image,
                skeleton=BLAZEPOSE33,
                points_px=bare,
                visibility=bare[:, 0],
                weights=np.zeros(len(bare), np.float32),
                world_m=bare,
                alignment_px=circle.astype(np.float32),
                source=f"{path.parent.name}/{path.stem}/{number}",
            )
            taught, verdict = teach(person, teacher)
            if verdict.kept:
                yield taught


app = new_app("Label people with the published landmark network.")


@app.command()
def main(
    folder: Annotated[Path, typer.Argument(help="LSP(ET), coco_train, a COCO file, or pictures.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the packs.")],
    split: Annotated[str, typer.Option(help="Of LSP: train, dev or all.")] = "train",
    threads: Annotated[int, typer.Option(min=1, help="Cores for the network.")] = 1,
) -> None:
    """Teach FOLDER's people and write them as a pack below --out; goes on where it stopped."""
    samples = _labelled(folder, split)
    teacher = Teacher.published(threads=threads)
    if samples is not None:
        typer.echo(samples.note, err=True)
        shards, report = label_all(samples, teacher, out)
        lines = report.lines
    else:
        shards = _wild(folder, teacher, Finder.published(threads=threads), out)
        lines = [f"{len(shards)} people"]
    for line in [*lines, f"wrote {shards.place}"]:
        typer.echo(line)


def _labelled(folder: Path, split: str) -> LabelledPictures | None:
    """The reader for what lies there; None for a folder of pictures."""
    if folder.is_file():
        return coco(folder)
    if not folder.is_dir():
        raise InputError(f"{folder}: no such file or folder")
    if (folder / "people.npz").is_file():
        return coco_people(folder)
    if any((folder / f"joints.{kind}").is_file() for kind in ("npz", "mat")):
        kinds: dict[str, Literal["train", "dev", "all"]]
        kinds = {"train": "train", "dev": "dev", "all": "all"}
        if split not in kinds:
            raise InputError(f"--split: expected train, dev or all, got '{split}'")
        return lsp(folder, kinds[split])
    return None


def _wild(folder: Path, teacher: Teacher, finder: Finder, out: Path) -> Shards:
    """Teach the people of unlabelled pictures."""
    pictures = list_pictures(folder)
    digest = hashlib.sha256()
    for path in pictures:
        digest.update(f"{path.name} {path.stat().st_size}\n".encode())
    return pack(
        label_pictures(pictures, teacher, finder), out, _recipe(digest.hexdigest(), teacher)
    )


if __name__ == "__main__":
    run(app, "models.distill.pseudo_label")
