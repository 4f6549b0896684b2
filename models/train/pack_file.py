"""A training run in one file that runs on a machine without this checkout and its data.

    python -m models.train blaze_lite --pack lite.zip       # here
    python lite.zip --minutes 25 --out lite                     # elsewhere: Keras, torch or jax
    python -m models.train blaze_lite --out lite --resume   # here again, with that folder

The file is a zip that Python executes: `__main__.py`, the code of `blazetrack` and `models`, and

      pack.json           format, versions, names of the data sets
      settings.yaml       of the run, complete
      run/                the folder of the run: checkpoint (of step 0 for a new run), curves
      data/train_0/ …     the data sets, see `models.data.encoded`
"""

from __future__ import annotations

import json
import math
import shutil
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

import blazetrack
import models
from blazetrack._version import __version__
from blazetrack.common.cores import usable_cores
from blazetrack.errors import InputError
from models.common import command
from models.data.annotated import PEOPLE, AnnotatedImage
from models.data.encoded import EncodedImages, encode_picture, rounded, shrunk, write_encoded
from models.data.lazy_sequence import LazyRows, evenly_spaced
from models.data.pack import Pack, pack
from models.data.transforms.augment import CutSettings
from models.data.transforms.person_crop import around
from models.train.checkpoint import save
from models.train.config import load_settings
from models.train.data_settings import DetectorDataSettings, PoseDataSettings
from models.train.datasets import Datasets, Log
from models.train.settings import Settings, settings_text
from models.train.tasks import Task, open_task
from models.train.trainer import checkpoint_to_resume, start_state, train

__all__ = ["FORMAT", "app", "open_pack_file", "write_pack_file"]

FORMAT = 1
# Size of the pictures (1 is that of the network's input) and WebP quality; the first that fits is
# taken.
SIZES = (
    (2.0, 90),
    (1.5, 90),
    (1.0, 90),
    (1.0, 80),
    (1.0, 70),
    (0.75, 80),
    (0.75, 70),
    (0.5, 80),
    (0.5, 70),
)
SAMPLES = 48  # images per data set from which the size is estimated
MAX_BACKGROUNDS = 500
MB = 1e6
MAIN = Path(__file__).with_name("pack_main.py")

Images = Sequence[AnnotatedImage]

app = command.new_app("Train the run that is packed in this file.")


@app.command()
def main(
    out: Annotated[
        Path | None, typer.Option(help="Folder of the run.", show_default="name of the run")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Continue from its checkpoint.")] = False,
    minutes: Annotated[
        float | None, typer.Option(min=0, help="Stop with a checkpoint after this time.")
    ] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="section.name=value, over the settings.")
    ] = None,
) -> int:
    """Train; bring the folder of the run back and continue there with --resume."""
    with open_pack_file(Path(sys.argv[0]), settings or ()) as (wanted, datasets, start):
        run = out or Path(wanted.name)
        if checkpoint_to_resume(run, resume) is None:
            shutil.copytree(start, run, dirs_exist_ok=True)
        return train(wanted, run, resume=True, minutes=minutes, datasets=datasets)


def write_pack_file(
    path: Path, settings: Settings, run: Path, log: Log, *, resume: bool, max_mb: float
) -> None:
    """Write a run with its code and data to one file; nothing is left of one that fails.

    Args:
        path: the file.
        settings: of the run.
        run: its folder; only read.
        log: called with lines on the data and the file.
        resume: begin with the checkpoint in `run`; without it `run` must hold none.
        max_mb: maximum size of the file. Pictures are reduced to fit.

    Raises:
        InputError: the data do not fit, or cannot be used on another machine.
        ModelError: the checkpoint is of another architecture.
    """
    checkpoint = checkpoint_to_resume(run, resume)
    if isinstance(settings.data, DetectorDataSettings) and settings.data.distill_detector:
        raise InputError(
            "pack: data.distill_detector runs the published detector, which a pack does not hold:"
            " --set data.distill_detector=false"
        )
    task = open_task(settings, log)
    settings = task.settings
    network, optimizer = start_state(settings, checkpoint, log)
    step = 0 if checkpoint is None else checkpoint.step
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=path.name) as temporary:
        content = Path(temporary) / "content"
        save(content / "run", settings, step, network, optimizer)
        for name in ("train.csv", "dev.csv"):
            if checkpoint is not None and (run / name).is_file():
                shutil.copy(run / name, content / "run" / name)
        (content / "settings.yaml").write_text(settings_text(settings), encoding="utf-8")
        shutil.copy(MAIN, content / "__main__.py")
        _copy_code(content)
        about = {"format": FORMAT, "blazetrack": __version__, "step": step}
        about |= _write_data(content, task, network.input_shape[1], max_mb, log)
        (content / "pack.json").write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
        file = Path(temporary) / path.name
        _write_zip(content, file)
        size = file.stat().st_size / MB
        if size > max_mb:
            raise InputError(f"pack: {size:.1f} MB, more than --pack-mb {max_mb:g}")
        file.replace(path)
    log(f"{path}: {size:.1f} MB; elsewhere: python {path.name} --minutes 60 --out {settings.name}")


@contextmanager
def open_pack_file(
    path: Path, overrides: Sequence[str] = ()
) -> Iterator[tuple[Settings, Datasets, Path]]:
    """Settings, data sets and initial run folder of a file, as long as the context lasts.

    Args:
        path: the file.
        overrides: `section.name=value` each.

    Raises:
        InputError: it is no such file, damaged, or of another version.
    """
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as temporary:
        place = Path(temporary)
        try:
            with zipfile.ZipFile(path) as file:
                about = json.loads(file.read("pack.json"))
                if about.get("format") != FORMAT:
                    raise InputError(
                        f"pack {path}: expected format {FORMAT}, got {about.get('format')} of"
                        f" blazetrack {about.get('blazetrack')}: pack the run again"
                    )
                kept = ("settings.yaml", "run/", "data/")
                file.extractall(place, [one for one in file.namelist() if one.startswith(kept)])
            train_names, dev_names = about["train"], about["dev"]
        except InputError:
            raise
        except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
            raise InputError(f"pack {path}: no packed run, or damaged: {error}") from error
        data = place / "data"
        sets: list[Mapping[str, Images]] = [
            {name: _decoded(data / f"{kind}_{i}") for i, name in enumerate(names)}
            for kind, names in (("train", train_names), ("dev", dev_names))
        ]
        backgrounds = data / "backgrounds_0"
        others: Images = _decoded(backgrounds) if backgrounds.is_dir() else ()
        settings = load_settings(place / "settings.yaml", [*_workers(), *overrides])
        yield settings, Datasets(sets[0], sets[1], others), place / "run"


def _decoded(place: Path) -> Pack:
    """The images of a folder that `write_encoded` wrote, decoded once, by all cores."""
    images = EncodedImages(place)
    with ThreadPoolExecutor() as pool:
        rows = pool.map(images.row, range(len(images)))
        return pack(rows, place, {"set": "decoded"}, total=len(images))


def _workers() -> list[str]:
    """Settings for this machine: with many cores, batches are made by processes."""
    cores = usable_cores()
    return [f"data.workers={cores - 2}", "data.processes=true"] if cores > 4 else []


def _write_data(
    content: Path, task: Task, side: int, max_mb: float, log: Log
) -> dict[str, list[str]]:
    """Write all data sets as large as fits; their names by use."""
    settings, datasets = task.settings, task.datasets
    dev = {name: evenly_spaced(one, settings.run.dev_samples) for name, one in datasets.dev.items()}
    groups: dict[str, Mapping[str, Images]] = {"train": datasets.train, "dev": dev}
    if datasets.backgrounds:
        groups["backgrounds"] = {"": evenly_spaced(datasets.backgrounds, MAX_BACKGROUNDS)}
    spent = _deflated_bytes(content)
    sizes = {}
    for scale, quality in SIZES:
        reducers = _reducers(settings, max(1, round(side * scale)))
        sizes[scale, quality] = spent + sum(
            _estimate(images, reducers[kind], quality)
            for kind, sets in groups.items()
            for images in sets.values()
        )
        if sizes[scale, quality] <= max_mb * MB:
            break
    else:
        raise InputError(
            f"pack: {min(sizes.values()) / MB:.0f} MB with the smallest pictures, more than"
            f" --pack-mb {max_mb:g}: raise it, or use fewer `rows` of the data sets"
        )
    log(f"pictures for crops of {round(side * scale)} pixels, WebP quality {quality}")
    for kind, sets in groups.items():
        for i, images in enumerate(sets.values()):
            reduced = LazyRows(len(images), partial(_reduced, images, reducers[kind]))
            write_encoded(iter(reduced), content / "data" / f"{kind}_{i}", quality, len(images))
    return {kind: list(sets) for kind, sets in groups.items()}


Reduce = Callable[[AnnotatedImage], AnnotatedImage]


def _reduced(images: Images, reduce: Reduce, row: int) -> AnnotatedImage:
    return reduce(images[row])


def _reducers(settings: Settings, side: int) -> Mapping[str, Reduce]:
    """What makes the pictures of each use no larger than crops of `side` pixels need."""
    if isinstance(settings.data, PoseDataSettings):
        room = _room(settings.data.augment.cut)
        return {
            "train": partial(around, max_px=side, room=room),
            "dev": partial(around, max_px=side, room=math.sqrt(2)),
            "backgrounds": partial(shrunk, max_px=side),
        }
    whole = partial(shrunk, max_px=2 * side)  # a canvas may show a half of the picture
    return {"train": whole, "dev": whole}


def _room(cut: CutSettings) -> float:
    """What crops can reach, in sides of the region."""
    angle = math.radians(min(cut.angle_deg, 45))
    return (1 + cut.scale) * (math.cos(angle) + math.sin(angle)) + 2 * cut.shift


def _estimate(images: Images, reduce: Reduce, quality: int) -> float:
    """Bytes of a data set in the file, from some of its images."""
    rows = evenly_spaced(range(len(images)), SAMPLES)
    samples = [rounded(reduce(images[row])) for row in rows]
    pictures = sum(len(encode_picture(image.image, quality)) for image in samples)
    labels = b"".join(getattr(image, name).tobytes() for name in PEOPLE for image in samples)
    return (pictures + len(zlib.compress(labels))) / len(rows) * len(images)


def _copy_code(content: Path) -> None:
    for package in (blazetrack, models):
        root = Path(str(package.__file__)).parent
        for path in sorted(root.rglob("*")):
            if path.suffix in (".py", ".yaml") and path.is_file():
                copy = content / root.name / path.relative_to(root)
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, copy)


def _deflated_bytes(content: Path) -> int:
    with tempfile.TemporaryFile() as file:
        _write_zip(content, file)
        return file.tell()


def _write_zip(content: Path, file: Any) -> None:
    """All files below a folder as a zip; pictures as they are, the rest deflated."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        for path in sorted(path for path in content.rglob("*") if path.is_file()):
            stored = zipfile.ZIP_STORED if path.name == "pictures.bin" else None
            packed.write(path, path.relative_to(content).as_posix(), stored)
