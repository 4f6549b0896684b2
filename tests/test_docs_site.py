"""The documentation as a site: its pages exist, its reference names exist, it builds strictly."""

from __future__ import annotations

import importlib
import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from blazetrack import __version__

ROOT = Path(__file__).parents[1]
SITE = ROOT / "docs" / "site"


@pytest.fixture(scope="module")
def staged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the site is built from."""
    folder = tmp_path_factory.mktemp("site") / "docs"
    subprocess.run([sys.executable, SITE / "stage.py", folder], check=True)
    return folder


def test_site_has_every_page_of_its_navigation(staged: Path) -> None:
    nav = (SITE / "mkdocs.yml").read_text(encoding="utf-8").partition("\nnav:\n")[2]
    pages = re.findall(r": (\S+\.md)$", nav, re.M)
    assert len(pages) > 20
    assert [page for page in pages if not (staged / page).is_file()] == []
    shown = {f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")} - {"docs/README.md"}
    assert shown - set(pages) == set()


def test_site_reference_names_exist() -> None:
    names = re.findall(r"^::: (\S+)$", (SITE / "api.md").read_text(encoding="utf-8"), re.M)
    for name in names:
        module, _, attribute = name.rpartition(".")
        if name != "blazetrack.errors":
            assert hasattr(importlib.import_module(module), attribute), name


@pytest.mark.skipif(
    find_spec("mkdocs") is None or find_spec("mkdocstrings") is None, reason="needs [docs]"
)
def test_site_builds_without_a_warning(staged: Path, tmp_path: Path) -> None:
    config = tmp_path / "mkdocs.yml"
    text = (SITE / "mkdocs.yml").read_text(encoding="utf-8")
    text = text.replace("../../build/docs", str(staged)).replace("../../build/site", "site")
    config.write_text(text.replace("paths: [../..]", f"paths: [{ROOT}]"), encoding="utf-8")
    call = [sys.executable, "-m", "mkdocs", "build", "--strict", "-f", str(config)]
    quiet = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(call, capture_output=True, text=True, env=quiet)
    assert done.returncode == 0, done.stderr
    reference = (tmp_path / "site/docs/site/api/index.html").read_text(encoding="utf-8")
    assert 'id="blazetrack.PoseTracker"' in reference


def test_citation_has_the_version() -> None:
    text = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\nversion: {__version__}\n" in text
