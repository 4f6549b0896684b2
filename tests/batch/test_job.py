"""The job of a batch: formats, and the key of the options."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from blazetrack.batch.job import Job, check_formats, options_key
from blazetrack.errors import InputError
from blazetrack.pipeline import find_graph


def key(folder: Path, **options: object) -> str:
    job = Job(folder, (".jsonl",), {"model": "blaze_lite", **options}, offline=True)
    with job.open_tracker() as tracker:
        return options_key(job, tracker)


def test_options_key_follows_content_not_names(tmp_path: Path) -> None:
    copy = tmp_path / "mine.yaml"
    shutil.copy(find_graph("pose"), copy)
    default = key(tmp_path)
    assert key(tmp_path, graph="pose", backend="auto", options={}, people=None) == default
    assert key(tmp_path, smoothing="off") != default
    assert key(tmp_path, smoothing="strong") != default
    assert key(tmp_path, people=2) != default
    assert key(tmp_path, model="blaze_full") != default
    before = key(tmp_path, graph=str(copy))
    copy.write_text(copy.read_text(encoding="utf-8") + "# a comment\n", encoding="utf-8")
    assert key(tmp_path, graph=str(copy)) == before


def test_check_formats_gives_endings_once() -> None:
    assert check_formats(["jsonl", ".CSV", "csv"]) == (".jsonl", ".csv")
    with pytest.raises(InputError, match=r"--format: expected one of .*did you mean '.csv'"):
        check_formats(["cvs"])
