"""`blazetrack graph`: list, show, check, nodes."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from blazetrack.nodes import NODES
from blazetrack.pipeline.option_ranges import RANGES

SHIPPED = [
    "mediapipe_legacy",
    "mediapipe_tasks",
    "pose",
    "pose_bottomup",
    "pose_cascade",
    "pose_image",
    "pose_multi",
    "pose_topdown",
]
BROKEN = Path(__file__).parents[1] / "graphs"


def test_graph_list_has_shipped_graphs(command: Any) -> None:
    rows = command("graph", "list", "--json").json()
    assert [row["name"] for row in rows] == SHIPPED
    assert all(Path(row["file"]).is_file() and row["nodes"] > 5 for row in rows)
    table = command("graph", "list").out.splitlines()
    assert [line.split()[0] for line in table] == SHIPPED
    assert all(row["description"] in line for row, line in zip(rows, table, strict=True))


@pytest.mark.parametrize("name", SHIPPED)
def test_show_has_a_row_per_node(command: Any, name: str) -> None:
    rows = command("graph", "show", name, "--json").json()
    table = command("graph", "show", name).out.splitlines()
    assert table[0].split()[:2] == ["name", "use"]
    assert [line.split()[0] for line in table[1:]] == [row["name"] for row in rows]


@pytest.mark.parametrize("name", SHIPPED)
def test_graph_check_shipped_graph_has_no_error(command: Any, name: str) -> None:
    result = command("graph", "check", name)
    assert (result.code, result.err) == (0, [])
    assert "no error" in result.out


def test_check_takes_a_file(command: Any, tmp_path: Path) -> None:
    name = command("graph", "list", "--json").json()[0]["file"]
    (tmp_path / "mine.yaml").write_text(Path(name).read_text(encoding="utf-8"), encoding="utf-8")
    assert command("graph", "check", "mine.yaml").code == 0


def test_graph_check_home_folder_is_expanded(
    command: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    name = command("graph", "list", "--json").json()[0]["file"]
    (tmp_path / "mine.yaml").write_text(Path(name).read_text(encoding="utf-8"), encoding="utf-8")
    assert command("graph", "check", "~/mine.yaml").code == 0


@pytest.mark.parametrize("node", ["def f(:", "raise OSError('no')"])
def test_graph_check_node_that_cannot_be_imported_is_one_line(
    command: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, node: str
) -> None:
    (tmp_path / "bad_node.py").write_text(node, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "bad_node", raising=False)
    name = command("graph", "list", "--json").json()[2]["file"]
    text = Path(name).read_text(encoding="utf-8").replace("use: timeline", "use: 'bad_node:f'")
    (tmp_path / "mine.yaml").write_text(text, encoding="utf-8")
    result = command("graph", "check", "mine.yaml")
    assert (result.code, result.out, len(result.err)) == (2, "", 1)
    assert "cannot import 'bad_node'" in result.err[0]


@pytest.mark.parametrize("file", sorted(BROKEN.glob("*.yaml")), ids=lambda file: file.stem)
def test_graph_check_broken_graph_is_one_line(command: Any, file: Path) -> None:
    result = command("graph", "check", file)
    assert (result.code, result.out, len(result.err)) == (2, "", 1)
    assert result.err[0].startswith(f"blazetrack: {file}")


@pytest.mark.parametrize(
    ("found", "wrong", "words"),
    [
        ("outputs: [poses]", "outputs: [smoothed]", "outputs: expected poses, got ['smoothed']"),
        ("outputs: [poses]", "outputs: []", "outputs: expected"),
    ],
)
def test_graph_check_without_poses_is_one_line(
    command: Any, tmp_path: Path, found: str, wrong: str, words: str
) -> None:
    name = command("graph", "list", "--json").json()[2]["file"]
    text = Path(name).read_text(encoding="utf-8")
    assert found in text
    (tmp_path / "mine.yaml").write_text(text.replace(found, wrong), encoding="utf-8")
    result = command("graph", "check", "mine.yaml")
    assert (result.code, result.out, len(result.err)) == (2, "", 1)
    assert words in result.err[0]


def test_graph_nodes_has_all_nodes_and_ranges(command: Any) -> None:
    rows = command("graph", "nodes", "--json").json()
    assert [row["use"] for row in rows] == list(NODES)
    ranges = {one["name"]: one["range"] for row in rows for one in row["options"] if one["range"]}
    assert {name: tuple(both) for name, both in ranges.items()} == RANGES


def test_graph_nodes_explains_every_option(command: Any) -> None:
    rows = command("graph", "nodes", "--json").json()
    unexplained = [
        f"{row['use']}.{one['name']}"
        for row in rows
        for one in row["options"]
        if not one["meaning"]
    ]
    assert unexplained == []


def test_graph_nodes_of_a_name_is_that_node(command: Any) -> None:
    lines = command("graph", "nodes", "detect").out.splitlines()
    assert lines[0] == "detect: crop → Detections"
    assert lines[3].split()[:5] == ["min_score:", "0.5", "float,", "0", "to"]


def test_graph_nodes_unknown_name_is_one_line(command: Any) -> None:
    result = command("graph", "nodes", "detct")
    assert (result.code, result.err) == (2, ["blazetrack: no node 'detct', did you mean 'detect'?"])
