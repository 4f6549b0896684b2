"""An Android project that tracks one person on the phone: sources, models and pictures."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import cv2

from blazetrack._version import __version__
from blazetrack.errors import ModelError
from blazetrack.export.device_pipeline import DevicePipeline
from blazetrack.export.folder import new_folder, shipped_folder, write_checksums
from blazetrack.export.vectors import pipeline_texts
from blazetrack.heads import head_of
from blazetrack.sources.synthetic import SyntheticSource

__all__ = ["AndroidProject", "export_android"]

ASSETS = Path("app", "src", "main", "assets")
MANIFEST = Path("app", "src", "main", "AndroidManifest.xml")
SCRIPTS = ("build_apk", "libraries", "test_app", "test_core")
# Pictures of the benchmark, as those of `blazetrack bench`.
FRAMES, SIZE_WH, JPEG_QUALITY = 16, (1280, 720), 85


class AndroidProject(NamedTuple):
    """What was written.

    Attributes:
        models: name → size of its file in bytes.
        files: number of files.
    """

    models: dict[str, int]
    files: int


def export_android(
    folder: str | os.PathLike[str], pipelines: Sequence[DevicePipeline]
) -> AndroidProject:
    """Write the project into a new or empty folder, or in place of an earlier, unchanged one.

    Args:
        folder: of the project.
        pipelines: one per landmark model that can be chosen in the app; the first one is chosen at
            the first start.

    Raises:
        ModelError: two models have one name.
        SinkError: the folder has other files, or cannot be written; it is left as it was.
    """
    source = shipped_folder("android", "build_apk")
    with new_folder(folder, "android") as project:
        ignored = shutil.ignore_patterns("__*", "build", "assets", ".gradle")
        shutil.copytree(source, project, dirs_exist_ok=True, ignore=ignored)
        for name in SCRIPTS:
            (project / name).chmod(0o755)  # an archive may have lost it
        manifest = project / MANIFEST
        text = manifest.read_text(encoding="utf-8")
        manifest.write_text(text.replace("$VERSION", __version__), encoding="utf-8")
        models = _write_models(project / ASSETS / "models", pipelines)
        _write_frames(project / ASSETS / "frames")
        write_checksums(project, "android")
        files = sum(path.is_file() for path in project.rglob("*"))
    return AndroidProject(models, files)


def _write_models(folder: Path, pipelines: Iterable[DevicePipeline]) -> dict[str, int]:
    folder.mkdir(parents=True)
    used: dict[str, Path | None] = {}
    sizes = {}
    for pipeline in pipelines:
        for model in pipeline.models.values():
            name = model.info.name
            if used.setdefault(name, model.file) != model.file:
                raise ModelError(f"export: two models have the name {name}; rename one of them")
            model.want(*head_of(model.info).reads(model.info))
            content = model.path().read_bytes()
            (folder / f"{name}.tflite").write_bytes(content)
            sizes[name] = len(content)
        texts = {"blazetrack": __version__, **pipeline_texts(pipeline.spec, pipeline.models)}
        lines = [f"text {name} {words}\n" for name, words in texts.items()]
        name = pipeline.models["landmarks"].info.name
        # The app lists the models in the order of their files.
        (folder / f"{name}.settings").write_text("".join(lines), encoding="utf-8")
    return sizes


def _write_frames(folder: Path) -> None:
    """Consecutive pictures of a drawn person, for the benchmark."""
    folder.mkdir(parents=True)
    source = SyntheticSource(frames=FRAMES, size=SIZE_WH)
    for index in range(FRAMES):
        bgr = cv2.cvtColor(source.frame(index).image, cv2.COLOR_RGB2BGR)
        _, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
        (folder / f"{index:02}.jpg").write_bytes(data.tobytes())
