"""Ratios and verdicts against MediaPipe, without MediaPipe."""

from __future__ import annotations

import io
import json

import pytest
from rich.console import Console

from benchmarks.machine import features
from benchmarks.versus_report import (
    COLUMNS,
    Measure,
    interleaved,
    markdown,
    plain,
    rows,
    shown_arguments,
    table,
)

FRAME = Measure("a frame", "ms", {"we": [10, 12, 11], "old": [22, 24, 44], "new": [20, 30, 21]}, 2)


def test_a_ratio_is_theirs_by_ours_with_the_span_within_rounds() -> None:
    ratio = FRAME.ratio("old")
    assert ratio.value == pytest.approx(24 / 11)
    assert (ratio.low, ratio.high) == (pytest.approx(2.0), pytest.approx(4.0))


def test_a_target_is_met_from_its_value_on() -> None:
    assert FRAME.met("old") is True
    assert FRAME.met("new") is False
    assert Measure("exactly", "s", {"we": [1.0], "old": [2.0]}, 2.0).met("old") is True


def test_one_missed_target_fails_the_measure_and_no_target_fails_none() -> None:
    assert not FRAME.passed
    assert Measure("size", "MB", {"we": [9], "old": [3]}).passed


def test_what_is_not_compared_has_no_ratio_even_over_zero() -> None:
    idle = Measure("others", "cores", {"we": [0.0], "old": [0.5]}, compared=False)
    assert rows(idle) == [("we", "0.00", "", "", ""), ("old", "0.50", "", "", "")]
    assert idle.passed
    assert plain([idle])[0]["ratios"] == {}


def test_sides_with_another_number_of_rounds_are_refused() -> None:
    with pytest.raises(ValueError, match="zip"):
        Measure("a frame", "ms", {"we": [1, 2], "old": [3]}).ratio("old")


def test_rows_say_yes_and_no_and_ours_stands_first() -> None:
    ours, old, new = rows(FRAME)
    assert ours == ("we", "11.00 (10.00–12.00)", "", "", "")
    assert old == ("old", "24.00 (22.00–44.00)", "2.18 (2.00–4.00)", "≥ 2", "yes")
    assert new[-1] == "NO"
    assert all(len(row) == len(COLUMNS) for row in (ours, old, new))


def test_a_value_that_was_taken_once_has_no_span() -> None:
    _, theirs = rows(Measure("size", "MB", {"we": [500.0], "old": [1000.0]}))
    assert theirs == ("old", "1000", "2.00", "", "")


def test_the_table_fits_a_plain_terminal() -> None:
    console = Console(width=80, record=True, file=io.StringIO())
    values = {"blazetrack": [6.5, 6.9], "solutions 0.10.21": [11.8, 12.6]}
    console.print(table("title", [Measure("start to first result", "ms", values, 5 / 3)]))
    text = console.export_text()
    assert "…" not in text
    assert "≥ 1.67" in text


def test_the_report_for_programs_holds_every_value_and_verdict() -> None:
    (measure,) = json.loads(json.dumps(plain([FRAME]), allow_nan=False))
    assert measure["values"]["we"] == [10, 12, 11]
    assert measure["ratios"]["new"]["met"] is False


def test_the_result_file_names_machine_versions_and_what_is_computed() -> None:
    report = {
        "title": "T",
        "command": "c",
        "date": "2000-01-01",
        "frames": "all",
        "machine": {"processor": "P", "features": ["avx2", "fma"]},
        "sides": {"we": {"computes": "landmarks", "python": "3.x", "packages": {"numpy": "2"}}},
        "notes": ["interleaved"],
    }
    text = markdown(report, [FRAME])
    for line in (
        "| **a frame, ms** |  |  |  |  |",
        "- **we**: landmarks",
        "- features: avx2, fma",
        "- we: Python 3.x, numpy 2",
        "- interleaved",
    ):
        assert line in text.splitlines()


def test_everybody_is_asked_equally_often_and_in_turn_first() -> None:
    assert "".join(interleaved("abc", 4)) == "abcbcacababc"


def test_where_the_files_went_is_not_part_of_the_command() -> None:
    given = ["--json", "a.json", "--rounds", "3", "--write=x", "--gate"]
    assert shown_arguments(given) == ["--rounds", "3", "--gate"]


def test_features_are_those_that_matter_to_networks() -> None:
    x86 = "flags\t\t: fpu sse4_1 avx2 fma avx512f syscall\n"
    assert features(x86) == ["sse4_1", "avx2", "fma", "avx512f"]
    assert features("Features\t: fp asimd asimddp crc32\n") == ["asimd", "asimddp"]
    assert features("") == []
