"""Pictures and folders as outputs: drawn people, names, masks, refused places."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from blazetrack.errors import SinkError
from blazetrack.render import draw_poses
from blazetrack.sinks import open_sink
from blazetrack.types import Frame, Poses


def still(file: str, index: int = 0) -> Frame:
    return Frame(np.full((48, 64, 3), (200, 30, 60), np.uint8), index, 0.0, True, file)


def read(path: Path) -> np.ndarray:
    picture = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert picture is not None
    return picture if picture.ndim == 2 else picture[..., ::-1]


def with_masks(poses: Poses) -> Poses:
    masks = np.zeros((len(poses), 48, 64), np.float32)
    for row in range(len(poses)):
        masks[row, 10:30, 10 + 20 * row : 20 + 20 * row] = 0.9
    return replace(poses, masks=masks)


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.JPEG", "a.webp"])
def test_picture_has_drawn_people(tmp_path: Path, people: Any, name: str) -> None:
    frame, poses = still(""), people((30, 24, 10), ids=[1])
    with open_sink(tmp_path / name) as sink:
        sink.write(frame, poses)
    assert sink.written == [str(tmp_path / name)]
    want = draw_poses(frame.image, poses)
    assert (want != frame.image).any()
    assert np.abs(read(tmp_path / name).astype(int) - want).mean() < (1 if "png" in name else 12)


def test_video_draws_people_by_itself(tmp_path: Path, people: Any) -> None:
    frame, poses = still(""), people((30, 24, 10), ids=[1])
    with open_sink(tmp_path / "a.mp4") as sink:
        for index in range(3):
            sink.write(replace(frame, index=index, time_s=index / 30), poses)
    with av.open(str(tmp_path / "a.mp4")) as film:
        picture = next(film.decode(video=0)).to_ndarray(format="rgb24").astype(int)
    want = draw_poses(frame.image, poses).astype(int)
    assert np.abs(picture - want).mean() < np.abs(picture - frame.image).mean() / 2


def test_picture_second_frame_is_refused(tmp_path: Path) -> None:
    with open_sink(tmp_path / "a.png") as sink:
        sink.write(still(""), Poses.empty())
        with pytest.raises(SinkError, match="holds one frame, got a second one; write a folder"):
            sink.write(still("", 1), Poses.empty())


def test_picture_with_masks_has_label_image(tmp_path: Path, people: Any) -> None:
    poses = with_masks(people((15, 20, 8), (35, 20, 8), ids=[3, 5]))
    with open_sink(tmp_path / "a.jpg") as sink:
        sink.write(still(""), poses)
    assert sink.written == [str(tmp_path / "a.jpg"), str(tmp_path / "a.mask.png")]
    labels = read(tmp_path / "a.mask.png")
    assert labels.shape == (48, 64)
    assert sorted(np.unique(labels)) == [0, 3, 5]
    assert (labels[10:30, 10:20] == 3).all()
    assert (labels[10:30, 30:40] == 5).all()
    assert (read(tmp_path / "a.jpg")[12, 12] != still("").image[12, 12]).any()


def test_folder_has_each_picture_under_its_name(tmp_path: Path, people: Any) -> None:
    files = ["x/one.jpg", "x/two.bmp", "y/one.jpg", "y/ü n.PNG"]
    with open_sink(f"{tmp_path}/out/") as sink:
        for index, file in enumerate(files):
            sink.write(still(file, index), people((30, 24, 10), ids=[1]))
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == sorted(["one.jpg", "two.png", "one_2.jpg", "ü n.PNG"])
    assert sink.last_frame == 3
    assert len(sink.written) == 4


def test_folder_has_a_film_per_file(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    with open_sink(tmp_path / "out") as sink:
        for file, count in (("a.avi", 3), ("b.mkv", 4)):
            for index in range(count):
                frame = replace(still(file, index), still=False, time_s=index / 30)
                sink.write(frame, Poses.empty())
    counts = {}
    for path in (tmp_path / "out").iterdir():
        with av.open(str(path)) as film:
            counts[path.name] = sum(1 for _ in film.decode(video=0))
    assert counts == {"a.mp4": 3, "b.mp4": 4}
    assert [Path(name).name for name in sink.written] == ["a.mp4", "b.mp4"]


@pytest.mark.parametrize("out", ["pictures/", "pictures/one.png"])
def test_sink_onto_its_source_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, out: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "one.png").write_text("precious")
    with (
        open_sink(out) as sink,
        pytest.raises(SinkError, match="is the file that the frames are read from"),
    ):
        sink.write(still("pictures/one.png"), Poses.empty())
    assert (tmp_path / "pictures" / "one.png").read_text() == "precious"


def test_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    with pytest.raises(SinkError, match="expected a folder to write into, got a file"):
        open_sink(f"{tmp_path / 'out'}/")


def test_folder_is_made_at_first_frame(tmp_path: Path) -> None:
    with open_sink(f"{tmp_path}/out/"):
        pass
    assert list(tmp_path.iterdir()) == []
