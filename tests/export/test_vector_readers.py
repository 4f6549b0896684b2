"""The JavaScript reader of docs/test_vectors.md reads what Python wrote."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from blazetrack.export.vector_file import VectorFile

PAGE = Path(__file__).parents[2] / "docs" / "test_vectors.md"
NAMES = ("poses.landmarks_px", "poses.ids", "frame.time_s", "frame.thumbnail", "new_rois.ids")


def block(language: str) -> str:
    """The example of one language."""
    found = re.search(rf"^```{language}\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.M | re.S)
    assert found
    return found[1]


def expected(vectors: VectorFile) -> list[str]:
    """Number of values and their sum, of some arrays in some frames."""
    lines = [vectors.texts["keypoints"]]
    for index in (0, 12, 40):
        for name in NAMES:
            if (array := vectors.frames[index].get(name)) is not None:
                lines.append(f"{index} {name} {array.size} {round(float(array.sum()))}")
    return lines


def run(command: list[str], folder: Path) -> list[str]:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.skipif(shutil.which("node") is None, reason="needs Node.js")
def test_javascript_reader_gives_the_arrays_of_python(
    vectors: VectorFile, vectors_file: Path, tmp_path: Path
) -> None:
    program = f"""
{block("javascript")}
const v = readVectors(require('fs').readFileSync({str(vectors_file)!r}, 'utf8'));
console.log(v.texts.keypoints);
for (const i of [0, 12, 40]) for (const name of {list(NAMES)!r}) {{
  const array = v.frames[i][name];
  if (!array) continue;
  const size = array.shape.reduce((a, b) => a * b, 1);
  if (size !== array.values.length) throw new Error(name);
  console.log(i, name, size, Math.round(array.values.reduce((a, b) => a + b, 0)));
}}
"""
    (tmp_path / "read.js").write_text(program, encoding="utf-8")
    assert run(["node", "read.js"], tmp_path) == expected(vectors)
