"""The file format of test vectors: written and read back, damaged files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from blazetrack.errors import InputError, SinkError
from blazetrack.export.vector_file import VectorFile, read_vectors, write_vectors

FIRST = np.arange(6, dtype=np.float32).reshape(2, 3) / 3


@pytest.fixture
def vectors() -> VectorFile:
    frames = [
        {"a": FIRST, "none": np.zeros((0, 33, 3), np.float32)},
        {"b": np.array([1.5]), "c": np.array([[-7]], np.int32), "d": np.array([255], np.uint8)},
    ]
    return VectorFile({"name": "two words", "graph": "pose"}, {"before": FIRST}, frames)


def test_vectors_read_back_equal(vectors: VectorFile, tmp_path: Path) -> None:
    write_vectors(tmp_path / "a.vectors", vectors)
    back = read_vectors(tmp_path / "a.vectors")
    assert back.texts == vectors.texts
    for want, got in zip(
        [vectors.arrays, *vectors.frames], [back.arrays, *back.frames], strict=True
    ):
        assert want.keys() == got.keys()
        for name in want:
            assert (want[name].dtype, want[name].shape) == (got[name].dtype, got[name].shape)
            np.testing.assert_array_equal(want[name], got[name])
    assert [path.name for path in tmp_path.iterdir()] == ["a.vectors"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: "{}", "expected test vectors that begin with"),
        (lambda text: text.replace("end 2\n", ""), "ends within frame 1; write it again"),
        (lambda text: text.replace("frame 1", "frame 7"), "line 8 is none of the format: frame 7"),
        (lambda text: text.replace("2,3", "2,4"), "line 4 is none of the format: array before"),
        (lambda text: text.replace("float64", "float16"), "line 9 is none of the format: array b"),
        (lambda text: text + "more\n", "is none of the format: more"),
    ],
    ids=["other text", "cut", "frame number", "shape", "type", "more"],
)
def test_read_damaged_vectors_gives_one_line(
    change: object, message: str, vectors: VectorFile, tmp_path: Path
) -> None:
    file = tmp_path / "a.vectors"
    write_vectors(file, vectors)
    file.write_text(change(file.read_text()))  # type: ignore[operator]
    with pytest.raises(InputError, match=message) as caught:
        read_vectors(file)
    assert "\n" not in str(caught.value)


def test_read_missing_vectors_gives_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot read these test vectors: no such file"):
        read_vectors(tmp_path / "none.vectors")


def test_write_to_missing_folder_is_refused(vectors: VectorFile, tmp_path: Path) -> None:
    with pytest.raises(SinkError, match="cannot be written"):
        write_vectors(tmp_path / "none" / "a.vectors", vectors)


def test_write_other_type_is_refused_before_a_file_exists(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="expected one of float32, float64, int32, uint8"):
        write_vectors(tmp_path / "a.vectors", VectorFile(arrays={"a": np.zeros(1, np.float16)}))
    assert not list(tmp_path.iterdir())
