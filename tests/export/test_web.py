"""The folder of the exported page, with a small stand-in for the runtime."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from pathlib import Path

import pytest

from blazetrack.errors import DownloadError, SinkError
from blazetrack.export import web_runtime
from blazetrack.export.device_pipeline import DevicePipeline, open_device_pipeline
from blazetrack.export.web import export_web, page_folder
from blazetrack.store import Store

# An import, from a module or for its effect, of another module of the page.
IMPORT = re.compile(r"""(?:from|import)\s*\(?\s*["'](\.[^"']+)["']""")


@pytest.fixture
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the packages as npm installs them; each file contains its name."""
    folder, files = tmp_path / "installed", []
    for file in web_runtime.FILES:
        text = f'import "{web_runtime.UTILS}"; // {file.name}'.encode()
        path = folder / "node_modules" / file.package / file.member
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text)
        sha256 = hashlib.sha256(text).hexdigest()
        files.append(file._replace(size=len(text), sha256=sha256))
    monkeypatch.setattr(web_runtime, "FILES", files)
    return folder


@pytest.fixture(scope="module")
def pipeline(weights: Store) -> DevicePipeline:
    return open_device_pipeline(store=weights, threads=1)


def test_export_web_writes_a_page_whose_modules_and_models_are_there(
    pipeline: DevicePipeline, runtime: Path, tmp_path: Path
) -> None:
    page = export_web(tmp_path / "page", pipeline, runtime)
    files = [path for path in page.folder.rglob("*") if path.is_file()]
    assert page.files == len(files)
    for script in page.folder.rglob("*.js"):
        for target in IMPORT.findall(script.read_text(encoding="utf-8")):
            assert (script.parent / target).is_file(), f"{script.name} imports {target}"
    manifest = json.loads((page.folder / "manifest.webmanifest").read_text())
    assert all((page.folder / icon["src"]).is_file() for icon in manifest["icons"])
    assert "$VERSION" not in (page.folder / "sw.js").read_text()
    settings = json.loads((page.folder / "pipeline.json").read_text())
    assert settings["texts"]["model.landmarks.name"] == "blaze_lite"
    for role, model in settings["models"].items():
        data = gzip.decompress((page.folder / model["file"]).read_bytes())
        original = pipeline.models[role].file
        assert original is not None
        want = original.read_bytes()
        planes = model["planes"]
        assert b"".join(want[plane::planes] for plane in range(planes)) == data
    script = (page.folder / "runtime" / "litert.js").read_text()
    assert script.startswith('import "./wasm_utils.js"')


def test_export_web_of_other_models_has_another_version(
    pipeline: DevicePipeline, runtime: Path, tmp_path: Path
) -> None:
    other = pipeline._replace(models={**pipeline.models, "landmarks": pipeline.models["detector"]})
    versions = []
    for name, models in (("one", pipeline), ("again", pipeline), ("other", other)):
        page = export_web(tmp_path / name, models, runtime)
        versions.append((page.folder / "sw.js").read_text())
    assert versions[0] == versions[1] != versions[2]


def test_export_web_into_a_folder_with_files_is_refused(
    pipeline: DevicePipeline, runtime: Path, tmp_path: Path
) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "note.txt").write_text("mine")
    with pytest.raises(SinkError, match="expected an empty folder, got one with files"):
        export_web(tmp_path / "full", pipeline, runtime)
    (tmp_path / "empty").mkdir()
    assert export_web(tmp_path / "empty", pipeline, runtime).files > 20


def test_export_web_again_replaces_the_page_and_no_file_of_the_user(
    pipeline: DevicePipeline, runtime: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "page"
    export_web(folder, pipeline, runtime)
    other = pipeline._replace(models={**pipeline.models, "landmarks": pipeline.models["detector"]})
    page = export_web(folder, other, runtime)
    assert page.files == sum(path.is_file() for path in folder.rglob("*"))
    assert [path.stem for path in (folder / "models").iterdir()] == ["blaze_detector_lite"]
    for name, text in {"runtime/mine.txt": "mine", "index.html": "changed"}.items():
        kept = (folder / name).read_bytes() if (folder / name).exists() else None
        (folder / name).write_text(text)
        with pytest.raises(SinkError, match=f"or were changed: {name}; move"):
            export_web(folder, pipeline, runtime)
        assert (folder / name).read_text() == text
        (folder / name).unlink()
        if kept is not None:
            (folder / name).write_bytes(kept)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["installed", "page"]


def test_export_web_with_a_wrong_runtime_is_refused_and_leaves_nothing(
    pipeline: DevicePipeline, runtime: Path, tmp_path: Path
) -> None:
    changed = runtime / "node_modules" / web_runtime.CORE / "dist" / "index.js"
    changed.write_text("another one")
    with pytest.raises(DownloadError, match=r"index.js: expected the file of @litertjs/core"):
        export_web(tmp_path / "page", pipeline, runtime)
    changed.unlink()
    with pytest.raises(DownloadError, match=r"--runtime: expected .*index.js, which is not there"):
        export_web(tmp_path / "page", pipeline, runtime)
    with pytest.raises(DownloadError, match="the network is not allowed; give --runtime FOLDER"):
        export_web(tmp_path / "page", pipeline, offline=True)
    assert [path.name for path in tmp_path.iterdir()] == ["installed"]


def test_page_files_have_no_address_of_another_place() -> None:
    for path in page_folder().rglob("*"):
        if path.suffix in {".js", ".html", ".css", ".webmanifest"}:
            assert "://" not in path.read_text(encoding="utf-8"), path
