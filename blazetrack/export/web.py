"""A static page that tracks one person in the browser: scripts, models, runtime in one folder."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import NamedTuple

from blazetrack._version import __version__
from blazetrack.backends import FileModel
from blazetrack.common.files import expand
from blazetrack.export.device_pipeline import DevicePipeline
from blazetrack.export.folder import new_folder, shipped_folder, write_checksums
from blazetrack.export.vectors import pipeline_texts
from blazetrack.export.web_runtime import PACKED, pack, place_runtime

__all__ = ["WebPage", "export_web", "page_folder"]

PACKAGE = Path(__file__).parents[1]
# Modules that the live page has too.
SHARED = ("icon.svg", "masks.js", "overlay.js", "panel.js", "style.css", "world.js")
PLANES = (1, 2, 4)  # bytes of weights: 8 bits, float16, float32
# A visit loads one build of the runtime, usually this one.
OTHER_BUILDS = ("litert_wasm_internal", "litert_wasm_compat_internal")
NOT_LOADED = (".txt", ".sha256")


class WebPage(NamedTuple):
    """What was written.

    Attributes:
        folder: of the page.
        files: number of files.
        size: of all files in bytes.
        visit_size: of the files that a first visit loads.
        visit_gzip_size: of the same, compressed.
    """

    folder: Path
    files: int
    size: int
    visit_size: int
    visit_gzip_size: int


def page_folder() -> Path:
    """The files of the page."""
    return shipped_folder("web", "index.html")


def export_web(
    folder: str | os.PathLike[str],
    pipeline: DevicePipeline,
    runtime: Path | None = None,
    *,
    offline: bool = False,
) -> WebPage:
    """Write the page into a new or empty folder, or in place of an earlier page.

    Args:
        folder: of the page.
        pipeline: graph and models.
        runtime: see `place_runtime`.
        offline: never use the network.

    Raises:
        SinkError: the folder has other files, or cannot be written; it is left as it was.
        DownloadError: the runtime is missing.
    """
    with new_folder(folder, "web") as page, tempfile.TemporaryDirectory() as archives:
        for name in ("runtime", "models"):
            (page / name).mkdir()
        place_runtime(page / "runtime", Path(archives), runtime, offline)
        _write_page(page, pipeline)
        write_checksums(page, "web")
        return _measure(page, expand(folder).absolute())


def _write_page(page: Path, pipeline: DevicePipeline) -> None:
    source = page_folder()
    ignore = shutil.ignore_patterns("__*")
    # With new times: a server may answer by them that a file is as before.
    shutil.copytree(source, page, dirs_exist_ok=True, ignore=ignore, copy_function=shutil.copyfile)
    (page / "shared").mkdir()
    for name in SHARED:
        shutil.copyfile(PACKAGE / "web" / "static" / name, page / "shared" / name)
    models = {}
    for role, model in pipeline.models.items():
        data, planes = pack(_model_file(model).read_bytes(), PLANES)
        models[role] = {"file": f"models/{model.info.name}{PACKED}", "planes": planes}
        (page / "models" / f"{model.info.name}{PACKED}").write_bytes(data)
    texts = pipeline_texts(pipeline.spec, pipeline.models)
    settings = {"blazetrack": __version__, "models": models, "texts": texts}
    (page / "pipeline.json").write_text(json.dumps(settings, indent=1) + "\n", encoding="utf-8")
    worker = page / "sw.js"
    text = worker.read_text(encoding="utf-8")
    worker.write_text(text.replace("$VERSION", _version(page)), encoding="utf-8")


def _model_file(model: FileModel) -> Path:
    """The file as published, or without the mask, whose branch takes much of the time."""
    if "mask" not in model.info.outputs and model.file is not None:
        return model.file
    model.want(*(model.info.outputs.keys() - {"mask"}))
    return model.path()


def _version(page: Path) -> str:
    """A name of the content of all files."""
    content = hashlib.sha256()
    for path in _files(page):
        content.update(path.relative_to(page).as_posix().encode())
        content.update(hashlib.sha256(path.read_bytes()).digest())
    return content.hexdigest()[:16]


def _files(page: Path) -> list[Path]:
    return sorted(path for path in page.rglob("*") if path.is_file())


def _measure(page: Path, target: Path) -> WebPage:
    files = _files(page)
    loaded = [path for path in files if path.suffix not in NOT_LOADED]
    visit = [path for path in loaded if path.stem not in OTHER_BUILDS]
    contents = [path.read_bytes() for path in visit]
    return WebPage(
        folder=target,
        files=len(files),
        size=sum(path.stat().st_size for path in files),
        visit_size=sum(map(len, contents)),
        visit_gzip_size=sum(len(gzip.compress(content, 9)) for content in contents),
    )
