"""Ratios, verdicts and tables of `benchmarks.versus_mediapipe`, without MediaPipe."""

from __future__ import annotations

import io
import json

import pytest
from rich.console import Console

from benchmarks.versus_report import (
    COLUMNS,
    Measure,
    markdown,
    plain,
    rows,
    shown_arguments,
    table,
)

FRAME = Measure(
    "a frame", "ms", {"ours": [10, 12, 11], "old": [22, 24, 44], "new": [20, 30, 21]}, 2
)


def test_ratio_is_theirs_by_ours_with_range_within_rounds() -> None:
    ratio = FRAME.ratio("old")
    assert ratio.value == pytest.approx(24 / 11)
    assert (ratio.low, ratio.high) == (pytest.approx(2.0), pytest.approx(4.0))


def test_met_includes_the_target() -> None:
    assert FRAME.met("old") is True
    assert FRAME.met("new") is False
    assert Measure("exactly", "s", {"ours": [1.0], "old": [2.0]}, 2.0).met("old") is True


def test_ratio_with_two_backends_is_that_of_the_better_one() -> None:
    values = {"ours a": [10.0], "ours b": [8.0], "old": [16.0], "new": [20.0]}
    measure = Measure("a frame", "ms", values, 2.0, backends=2)
    assert (measure.ours, measure.theirs) == ("ours b", ["old", "new"])
    assert measure.ratio("new").value == pytest.approx(2.5)
    assert [row[2] for row in rows(measure)] == ["", "", "2.00", "2.50"]


def test_passed_needs_every_target() -> None:
    assert not FRAME.passed
    assert Measure("size", "MB", {"ours": [9], "old": [3]}).passed


def test_rows_not_compared_have_no_ratio() -> None:
    idle = Measure("others", "cores", {"ours": [0.0], "old": [0.5]}, compared=False)
    assert rows(idle) == [("ours", "0.00", "", "", ""), ("old", "0.50", "", "", "")]
    assert idle.passed
    assert plain([idle])[0]["ratios"] == {}


def test_rows_list_ours_first_then_verdicts() -> None:
    ours, old, new = rows(FRAME)
    assert ours == ("ours", "11.00 (10.00–12.00)", "", "", "")
    assert old == ("old", "24.00 (22.00–44.00)", "2.18 (2.00–4.00)", "≥ 2", "yes")
    assert new[-1] == "NO"
    assert all(len(row) == len(COLUMNS) for row in (ours, old, new))


def test_rows_single_value_has_no_range() -> None:
    _, theirs = rows(Measure("size", "MB", {"ours": [500.0], "old": [1000.0]}))
    assert theirs == ("old", "1000", "2.00", "", "")


def test_table_fits_80_columns() -> None:
    console = Console(width=80, record=True, file=io.StringIO())
    values = {"blazetrack": [6.5, 6.9], "solutions 0.10.21": [11.8, 12.6]}
    console.print(table("title", [Measure("start to first result", "ms", values, 5 / 3)]))
    text = console.export_text()
    assert "…" not in text
    assert "≥ 1.67" in text


def test_plain_has_every_value_and_verdict() -> None:
    (measure,) = json.loads(json.dumps(plain([FRAME]), allow_nan=False))
    assert measure["values"]["ours"] == [10, 12, 11]
    assert measure["ratios"]["new"]["met"] is False


def test_markdown_names_machine_versions_and_work() -> None:
    report = {
        "title": "T",
        "command": "c",
        "date": "2000-01-01",
        "frames": "all",
        "machine": {"processor": "P", "features": ["avx2", "fma"]},
        "implementations": {
            "ours": {"computes": "landmarks", "python": "3.x", "packages": {"numpy": "2"}}
        },
        "notes": ["interleaved"],
    }
    text = markdown(report, [FRAME])
    for line in (
        "| **a frame, ms** |  |  |  |  |",
        "- **ours**: landmarks",
        "- features: avx2, fma",
        "- ours: Python 3.x, numpy 2",
        "- interleaved",
    ):
        assert line in text.splitlines()


def test_shown_arguments_omit_output_paths() -> None:
    given = ["--json", "a.json", "--rounds", "3", "--write=x", "--gate"]
    assert shown_arguments(given) == ["--rounds", "3", "--gate"]
