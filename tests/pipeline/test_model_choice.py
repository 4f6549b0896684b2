"""Models of the graph `pose_cascade`: the refinement is found beside the landmark model."""

from __future__ import annotations

from pathlib import Path

import pytest

from blazetrack.errors import ModelError
from blazetrack.pipeline import load_graph
from blazetrack.pipeline.model_choice import open_models
from blazetrack.store import Store

CARD = """
name: {name}
kind: refinement
head: displacement
input_hw: [48, 48]
input_range: [0, 1]
border: replicate
outputs: {{displacements: displacements}}
refines: {refines}
source: test
"""


class Here(Store):
    """Describes files and published models, and never fetches one."""

    find = Store.describe


@pytest.fixture
def store(tmp_path: Path) -> Here:
    return Here(tmp_path / "home", offline=True)


def landmark_model(folder: Path, name: str = "mine") -> Path:
    path = folder / f"{name}.tflite"
    path.write_bytes(b"0000TFL3" + name.encode())
    path.with_name(f"{name}.tflite.yaml").write_text(f"name: {name}\nsource: test\n")
    return path


def refinement(folder: Path, name: str, refines: str) -> Path:
    path = folder / f"{name}.tflite"
    path.write_bytes(b"0000TFL3" + name.encode())
    path.with_name(f"{name}.tflite.yaml").write_text(CARD.format(name=name, refines=refines))
    return path


def test_refinement_is_the_one_beside_whose_card_names_the_landmark_model(
    tmp_path: Path, store: Here
) -> None:
    model = landmark_model(tmp_path)
    refinement(tmp_path, "a_first", "another")
    wanted = refinement(tmp_path, "its_own", "mine")
    models = open_models(load_graph("pose_cascade"), model, None, store, "auto", 1)
    assert models["refinement"].file == wanted
    assert models["refinement"].info.kind == "refinement"
    assert models["landmarks"].file == model


def test_refinement_missing_is_one_line(tmp_path: Path, store: Here) -> None:
    model = landmark_model(tmp_path)
    refinement(tmp_path, "a_first", "another")
    with pytest.raises(ModelError, match="found no model that refines 'mine'") as error:
        open_models(load_graph("pose_cascade"), model, None, store, "auto", 1)
    assert "\n" not in str(error.value)


def test_refinement_of_the_graph_must_refine_the_landmark_model(
    tmp_path: Path, store: Here
) -> None:
    model, folder = landmark_model(tmp_path), tmp_path / "elsewhere"
    folder.mkdir()
    other = refinement(folder, "other", "another")
    text = Path(load_graph("pose_cascade").source).read_text("utf-8")
    graph = tmp_path / "mine.yaml"
    graph.write_text(text.replace("refinement: deeppose_refinement}", f"refinement: {other}}}"))
    with pytest.raises(
        ModelError, match="other refines 'another', but the landmark model is 'mine'"
    ):
        open_models(load_graph(graph), model, None, store, "auto", 1)
