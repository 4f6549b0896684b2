"""The output folder of a batch: lock, journal after a crash, index."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import pytest

from blazetrack.batch.folder import BatchFolder
from blazetrack.batch.index import write_index
from blazetrack.batch.job import Item, Outcome, ResultFile
from blazetrack.batch.track_item import PARTS
from blazetrack.errors import SinkError

KEY = "options"


def item(path: Path) -> Item:
    return Item(str(path), path.name, str(path), "1 1", path.name, 1)


def finish(folder: BatchFolder, one: Item) -> None:
    """Record an input whose result has 3 bytes."""
    part = folder.path / PARTS / "1"
    part.mkdir()
    (part / f"{one.name}.jsonl").write_bytes(b"{}\n")
    files = (ResultFile(".jsonl", 3, "00"),)
    folder.add(Outcome(one, "done", part="1", files=files, frames=1), KEY)
    assert (folder.path / f"{one.name}.jsonl").read_bytes() == b"{}\n"


def test_folder_in_use_is_refused(tmp_path: Path) -> None:
    with (
        BatchFolder(tmp_path),
        pytest.raises(SinkError, match="another batch writes into this folder"),
    ):
        BatchFolder(tmp_path)
    with BatchFolder(tmp_path):
        pass


def test_folder_journal_cut_by_a_crash_keeps_the_complete_rows(tmp_path: Path) -> None:
    first, second, third = (item(tmp_path / name) for name in ("a.mp4", "b.mp4", "c.mp4"))
    out = tmp_path / "out"
    with BatchFolder(out) as folder:
        folder.begin(3)
        finish(folder, first)
        finish(folder, second)
    journal = out / ".batch" / "journal.jsonl"
    journal.write_bytes(journal.read_bytes()[:-20])
    with BatchFolder(out) as folder:
        assert folder.is_finished(first, KEY)
        assert not folder.is_finished(second, KEY)
        folder.begin(1)
        finish(folder, third)
    with BatchFolder(out) as folder:
        assert folder.is_finished(first, KEY)
        assert folder.is_finished(third, KEY)
        assert not folder.is_finished(first, "other options")
        assert not folder.is_finished(Item("", "", first.key, "2 2", "a.mp4"), KEY)


def test_folder_killed_while_results_are_replaced_is_not_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = item(tmp_path / "a.mp4")
    with BatchFolder(tmp_path) as folder:
        folder.begin(1)
        finish(folder, one)
        monkeypatch.setattr(folder, "_record", lambda *args: sys.exit("killed"))
        with pytest.raises(SystemExit):
            finish(folder, one)  # a result of the same size is in place, its row is not
    with BatchFolder(tmp_path) as folder:
        assert not folder.is_finished(one, KEY)


@pytest.mark.parametrize("damage", ["removed", "cut"])
def test_folder_result_that_is_gone_is_not_finished(tmp_path: Path, damage: str) -> None:
    one = item(tmp_path / "a.mp4")
    with BatchFolder(tmp_path) as folder:
        folder.begin(1)
        finish(folder, one)
    result = tmp_path / "a.mp4.jsonl"
    if damage == "removed":
        result.unlink()
    else:
        result.write_bytes(b"{")
    with BatchFolder(tmp_path) as folder:
        assert not folder.is_finished(one, KEY)
        assert not folder.rows


def test_write_index_lists_rows_by_name(tmp_path: Path) -> None:
    names = ('b, "2".mp4', "a.mp4", "c\udcff.mp4")
    with BatchFolder(tmp_path) as folder:
        folder.begin(3)
        for name in names[:2]:
            finish(folder, item(tmp_path / name))
        folder.add(Outcome(item(tmp_path / names[2]), "failed", "no film"), KEY)
        written = write_index(tmp_path, folder.rows.values())
    with open(tmp_path / "index.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["source"] for row in rows] == ["a.mp4", 'b, "2".mp4', "c\\udcff.mp4"]
    assert [row["result"] for row in rows] == ["a.mp4.jsonl", 'b, "2".mp4.jsonl', ""]
    assert [row["error"] for row in rows] == ["", "", "no film"]
    if len(written) == 1:
        pytest.skip("needs pyarrow for Parquet")
    import pyarrow.parquet

    table = pyarrow.parquet.read_table(tmp_path / "index.parquet").to_pylist()
    assert [{key: str(value) for key, value in row.items()} for row in table] == rows
