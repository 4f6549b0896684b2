"""Leeds Sports Pose and its extension: people doing sports, 14 joints.

Cite: Johnson & Everingham, BMVC 2010 and CVPR 2011. The pictures come from Flickr: train and
measure on your own copy, do not pass them on. Two layouts are read: a packed one (`joints.npz`
with `joints_px`, `names`, `size_wh` and, for a part of the pictures, `number`; `images/00001.jpg`
…) and the original (`joints.mat` and `images/im00001.jpg` …). In LSPET a joint without a label is
unknown, not hidden, and 3 to 5 people in 100 have left and right swapped.
"""

from __future__ import annotations

import hashlib
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from blazetrack.errors import InputError
from blazetrack.skeleton import LSP14
from models.data.readers.dataset import LabelledPeople, PersonLabels, collect, read_npz

__all__ = ["DEV_PICTURES", "DEV_SEED", "dev_numbers", "lsp"]

Split = Literal["train", "dev", "all"]

# LSPET's pictures kept aside for development: of numbers 1 to 9000 the 500 whose hash with this
# seed is smallest. A hash stays the same for all versions of numpy.
DEV_SEED = 20260711
DEV_PICTURES = 500
DEV_OF = 9000
LSP_TEST = frozenset(range(1001, 2001))  # the second half of LSP, as its authors split it


def dev_numbers() -> frozenset[int]:
    """Numbers of the 500 LSPET pictures that are never trained on."""

    def key(number: int) -> bytes:
        return hashlib.sha256(f"{DEV_SEED}/{number}".encode()).digest()

    return frozenset(sorted(range(1, DEV_OF + 1), key=key)[:DEV_PICTURES])


def lsp(folder: Path | str, split: Split = "all", name: str | None = None) -> LabelledPeople:
    """Read a copy of LSP or LSPET.

    Args:
        folder: holds `joints.npz` or `joints.mat`, and `images/`.
        split: `dev` are the 500 pictures of LSPET kept aside, or the second half of LSP; `train`
            are the others.
        name: in messages and `AnnotatedImage.sources`; by default the folder's name.

    Raises:
        InputError: the folder, its labels or pictures are missing or of another layout.
    """
    folder = Path(folder)
    name = name or folder.name
    if split not in ("train", "dev", "all"):
        raise InputError(f"{name}: split: expected train, dev or all, got '{split}'")
    packed, original = folder / "joints.npz", folder / "joints.mat"
    if packed.is_file():
        people, aside = _packed(packed, name), dev_numbers()
    elif original.is_file():
        people, aside = _original(original, name)
    else:
        raise InputError(f"{name}: expected joints.npz or joints.mat in {folder}, found neither")
    if split != "all":
        people = [p for p in people if (_number(p) in aside) == (split == "dev")]
    return collect(name, LSP14, people)


def _number(person: PersonLabels) -> int:
    return int(person.source.rpartition("/")[2])


def _packed(path: Path, name: str) -> list[PersonLabels]:
    unknown, folder = np.full(14, np.nan, np.float32), path.parent / "images"
    rows = read_npz(path, "joints_px", LSP14, name)
    with np.load(path, allow_pickle=False) as arrays:
        numbers = arrays["number"] if "number" in arrays else range(1, len(rows) + 1)
    return [
        PersonLabels(folder / f"{i:05d}.jpg", _xy(row), unknown, f"{name}/{i:05d}", size_wh)
        for i, (row, size_wh) in zip(numbers, rows, strict=True)
    ]


def _original(path: Path, name: str) -> tuple[list[PersonLabels], frozenset[int]]:
    """People, and the numbers kept aside."""
    joints = _load_mat(path, name)
    # LSP is (3, 14, N) and its third value means hidden; of LSPET (14, 3, N) it means labelled.
    if joints.shape[:2] == (14, 3):
        rows, name_of, aside = joints.transpose(2, 0, 1), "im{:05d}.jpg", dev_numbers()
        labelled, visibility = rows[..., 2:], np.full(rows.shape[:2], np.nan)
    elif joints.shape[:2] == (3, 14):
        rows, name_of, aside = joints.transpose(2, 1, 0), "im{:04d}.jpg", LSP_TEST
        labelled, visibility = np.ones_like(rows[..., 2:]), 1.0 - rows[..., 2]
    else:
        raise InputError(f"{name}: {path}: expected (14, 3, N) or (3, 14, N), got {joints.shape}")
    xy = rows[..., :2] - 1.0  # Matlab counts pixels from 1
    people = [
        PersonLabels(
            path.parent / "images" / name_of.format(i + 1),
            _xy(np.concatenate([xy[i], labelled[i]], axis=1)),
            visibility[i].astype(np.float32),
            f"{name}/{i + 1:05d}",
        )
        for i in range(len(rows))
    ]
    return people, aside


def _load_mat(path: Path, name: str) -> NDArray[Any]:
    try:
        loadmat = import_module("scipy.io").loadmat
    except ImportError:
        raise InputError(
            f"{name}: reading {path} needs scipy: pip install scipy, or give a joints.npz"
        ) from None
    try:
        content = loadmat(path)
    except (OSError, ValueError, TypeError, NotImplementedError) as error:
        raise InputError(f"{name}: {path} cannot be read as a Matlab file: {error}") from error
    joints = content.get("joints")
    if not isinstance(joints, np.ndarray) or joints.ndim != 3:
        raise InputError(f"{name}: {path}: expected an array 'joints' of three axes")
    return joints


def _xy(rows: NDArray[Any]) -> NDArray[np.float32]:
    """`(14, 3)` x, y, labelled → `(14, 2)` with NaN."""
    labelled = rows[:, 2:] > 0
    points: NDArray[np.float32] = np.where(labelled, rows[:, :2], np.nan).astype(np.float32)
    return points
