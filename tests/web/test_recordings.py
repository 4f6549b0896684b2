"""URLs of recordings and their lifetime."""

from __future__ import annotations

from pathlib import Path
from threading import Thread

import pytest

from blazetrack.web.recordings import Recordings


def write(stem: Path, *endings: str) -> list[Path]:
    paths = [stem.with_name(stem.name + ending) for ending in endings]
    for path in paths:
        path.write_bytes(b"12345")
    return paths


def test_find_returns_file_of_url(tmp_path: Path) -> None:
    recordings = Recordings(tmp_path, keep=3)
    paths = write(recordings.stem(), ".mp4", ".csv")
    film, table = recordings.add(paths)
    assert film["name"] == paths[0].name
    assert film["bytes"] == 5
    _, key, kind = film["url"].split("/")
    assert recordings.find(key, kind) == paths[0]
    assert recordings.find(key, "csv") == paths[1]
    assert table["url"] == f"recordings/{key}/csv"


@pytest.mark.parametrize("key", ["", "..", "../..", "/etc", "0", "\0"])
def test_find_other_name_returns_none(tmp_path: Path, key: str) -> None:
    recordings = Recordings(tmp_path, keep=3)
    (film,) = recordings.add(write(recordings.stem(), ".mp4"))
    assert recordings.find(key, "mp4") is None
    for kind in ("", "..", "jsonl", "../mp4", "passwd"):
        assert recordings.find(film["url"].split("/")[1], kind) is None


def test_add_keys_are_random(tmp_path: Path) -> None:
    recordings = Recordings(tmp_path, keep=30)
    keys = {
        recordings.add(write(recordings.stem(), ".csv"))[0]["url"].split("/")[1] for _ in range(20)
    }
    assert len(keys) == 20
    assert all(len(key) >= 16 for key in keys)


def test_add_beyond_limit_deletes_oldest(tmp_path: Path) -> None:
    recordings = Recordings(tmp_path, keep=2)
    paths = [write(tmp_path / name, ".mp4", ".csv") for name in "abc"]
    for one in paths:
        recordings.add(one)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b.csv", "b.mp4", "c.csv", "c.mp4"]


def test_add_and_find_deleted_file_is_no_error(tmp_path: Path) -> None:
    recordings = Recordings(tmp_path, keep=1)
    first = write(tmp_path / "a", ".mp4", ".csv")
    (film, _) = recordings.add(first)
    for path in first:
        path.unlink()
    assert recordings.find(film["url"].split("/")[1], "mp4") is None
    second = write(tmp_path / "b", ".mp4", ".csv")
    second[0].unlink()
    (table,) = recordings.add(second)
    assert table["name"] == "b.csv"
    assert recordings.add([tmp_path / "never.mp4"]) == []
    assert recordings.add([]) == []


def test_add_from_several_threads(tmp_path: Path) -> None:
    recordings = Recordings(tmp_path, keep=5)

    def add(name: int) -> None:
        for number in range(20):
            recordings.add(write(tmp_path / f"{name}-{number}", ".csv"))

    threads = [Thread(target=add, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(list(tmp_path.iterdir())) == 5
