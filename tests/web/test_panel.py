"""The panel of the live page and of the exported one, in Node.js with elements that keep texts."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from blazetrack.export.web import SHARED, page_folder

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="needs Node.js")

STATIC = Path(__file__).parents[2] / "blazetrack" / "web" / "static"
PROGRAM = """
const elements = {};
globalThis.document = { getElementById: (id) => (elements[id] ??= { classList: { toggle() {} } }) };
const { CAMERA_FAULTS } = await import("./panel.js");
const { Stage } = await import("./stage.js");
const { PagePanel } = await import("./page/page_panel.js");
const shown = Object.fromEntries([...Object.keys(CAMERA_FAULTS), "Other"].map((name) => {
  const error = Object.assign(new Error("detail"), { name });
  return [name, [new Stage(), new PagePanel()].map((panel) => {
    panel.fail(error, true);
    const { "panel-title": title, "panel-text": text, start, "panel-file": file } = elements;
    return [title.textContent, text.textContent, !start.hidden && !file.hidden];
  })];
}));
console.log(JSON.stringify({ shown, faults: CAMERA_FAULTS }));
"""


def test_panel_faults_of_the_camera_are_the_same_on_both_pages(tmp_path: Path) -> None:
    shared = tmp_path / "page" / "shared"
    shared.mkdir(parents=True)
    for name in SHARED:
        shutil.copyfile(STATIC / name, shared / name)
    shutil.copyfile(page_folder() / "page_panel.js", tmp_path / "page" / "page_panel.js")
    for name in ("panel.js", "stage.js"):
        shutil.copyfile(STATIC / name, tmp_path / name)
    (tmp_path / "package.json").write_text('{"type": "module"}')
    (tmp_path / "program.js").write_text(PROGRAM)
    done = subprocess.run(
        ["node", "program.js"], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    for name, (title, advice) in found["faults"].items():
        for shown_title, text, buttons in found["shown"][name]:
            assert (shown_title, buttons) == (title, True), name
            assert text.startswith(advice), name
    assert "blazetrack serve" in found["shown"]["InsecureError"][0][1]
    assert "blazetrack serve" not in found["shown"]["InsecureError"][1][1]
    assert all("detail" in text for _, text, _ in found["shown"]["Other"])
