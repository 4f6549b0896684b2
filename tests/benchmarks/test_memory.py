"""Films of the memory benchmark, and its verdict."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import memory
from blazetrack.sources import open_source

MB = 10**6


def test_make_film_repeats_the_group(tmp_path: Path) -> None:
    size = (320, 180)
    film = memory.make_film(tmp_path / "a.mp4", memory.encode_group(size), size, 70)
    source = open_source(film)
    assert (source.info.width, source.info.height, source.info.frames) == (*size, 70)
    frames = list(source)
    assert len(frames) == 70
    assert (frames[0].image == frames[60].image).all()
    assert source.warnings == []


def test_peak_bytes_is_of_the_process(tmp_path: Path) -> None:
    size = (320, 180)
    film = memory.make_film(tmp_path / "a.mp4", memory.encode_group(size), size, 3)
    assert 30 * MB < memory.peak_bytes(film, "blaze_lite") < 1000 * MB
    assert list(tmp_path.iterdir()) == [film]


def test_table_prints_peak_and_growth() -> None:
    table = memory.table({"4K": {300: 350 * MB, 10_000: 361 * MB}})
    cells = {str(column.header): list(column.cells) for column in table.columns}
    assert cells["peak MB"] == ["350", "361"]
    assert cells["growth MB"] == ["", "+11.0"]


@pytest.mark.parametrize(
    ("peaks", "words"),
    [
        ({"4K": {300: 350 * MB, 10_000: 360 * MB}}, []),
        ({"4K": {300: 350 * MB, 10_000: 399 * MB}}, ["grows with the length"]),
        ({"1080p": {300: 260 * MB}}, ["260 MB, at most 250 expected"]),
    ],
)
def test_verdict_names_each_exceeded_limit(
    peaks: dict[str, dict[int, int]], words: list[str]
) -> None:
    faults = memory.verdict(peaks)
    assert len(faults) == len(words)
    assert all(word in line for word, line in zip(words, faults, strict=True))
