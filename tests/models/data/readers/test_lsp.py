"""LSP and LSPET in both layouts."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import pytest

from blazetrack.errors import InputError
from blazetrack.skeleton import LSP14
from models.data.readers.lsp import DEV_PICTURES, dev_numbers, lsp

scipy_io = pytest.importorskip("scipy.io") if find_spec("scipy") else None


def test_dev_numbers_are_fixed():
    aside = dev_numbers()
    assert len(aside) == DEV_PICTURES == 500
    assert sorted(aside)[:5] == [2, 7, 30, 57, 58]


def test_train_and_dev_are_disjoint(make_lsp):
    folder = make_lsp()
    train, dev = lsp(folder, "train"), lsp(folder, "dev")
    assert [person.source for person in dev] == ["lspet/00002", "lspet/00007"]
    assert len(train) == 6
    assert len(lsp(folder)) == 8


def test_unlabelled_joint_is_nan(make_lsp):
    joints = np.ones((1, 14, 3), np.float32)
    joints[0, :, 0] = np.arange(14)
    joints[0, 3] = 0
    person = lsp(make_lsp(joints))[0]
    assert not person.labelled[0, 3]
    assert np.isnan(person.points_px[0, 3]).all()
    assert np.isnan(person.visibility).all()  # whether a labelled joint is hidden is not told
    assert person.labelled.sum() == 13
    assert person.points_px[0, 5, 0] == 5
    assert person.skeleton is LSP14


def test_folder_without_labels_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"expected joints.npz or joints.mat"):
        lsp(tmp_path)


def test_other_joints_are_refused(make_lsp):
    folder = make_lsp()
    names = np.array(["nose", *LSP14.names[1:]])
    np.savez(
        folder / "joints.npz", joints_px=np.ones((8, 14, 3)), names=names, size_wh=[[4, 4]] * 8
    )
    with pytest.raises(InputError, match="expected the 14 keypoints of lsp14"):
        lsp(folder)
    np.savez(folder / "joints.npz", names=names)
    with pytest.raises(InputError, match="lacks joints_px, size_wh"):
        lsp(folder)


def test_unknown_split_is_refused(make_lsp):
    with pytest.raises(InputError, match="train, dev or all, got 'test'"):
        lsp(make_lsp(), "test")  # type: ignore[arg-type]


def as_mat(folder, joints):
    """Rename a packed folder's pictures and write Matlab labels."""
    (folder / "joints.npz").unlink()
    digits = 5 if joints.shape[0] == 14 else 4
    for path in sorted((folder / "images").iterdir()):
        path.rename(path.with_name(f"im{int(path.stem):0{digits}d}.jpg"))
    scipy_io.savemat(folder / "joints.mat", {"joints": joints})


@pytest.mark.skipif(scipy_io is None, reason="reading joints.mat needs scipy")
def test_the_original_layouts_are_read(make_lsp):
    folder = make_lsp()
    packed = np.load(folder / "joints.npz")["joints_px"]
    extended = packed.copy()
    extended[..., :2] += 1  # Matlab
    extended[2, 4, 2] = 0
    as_mat(folder, extended.transpose(1, 2, 0))
    people = lsp(folder)
    np.testing.assert_allclose(people[0].points_px[0, :, :2], packed[0, :, :2], rtol=1e-6)
    assert not people[2].labelled[0, 4]
    assert [person.source for person in lsp(folder, "dev")] == ["lspet/00002", "lspet/00007"]


@pytest.mark.skipif(scipy_io is None, reason="reading joints.mat needs scipy")
def test_the_third_value_of_the_smaller_set_means_hidden(make_lsp):
    folder = make_lsp()
    joints = np.load(folder / "joints.npz")["joints_px"]
    joints[..., 2] = 0
    joints[0, 6, 2] = 1
    as_mat(folder, joints.transpose(2, 1, 0))
    person = lsp(folder)[0]
    assert person.labelled.all()
    assert person.visibility[0, 6] == 0
    assert person.visibility.sum() == 13
    with pytest.raises(InputError, match="expected labelled people"):
        lsp(folder, "dev")  # numbers 1001 to 2000


def test_missing_scipy_error_names_the_remedy(make_lsp, monkeypatch):
    folder = make_lsp()
    (folder / "joints.npz").unlink()
    (folder / "joints.mat").write_bytes(b"MATLAB")

    def missing(name):
        raise ImportError(name)

    monkeypatch.setattr("models.data.readers.lsp.import_module", missing)
    with pytest.raises(InputError, match="pip install scipy"):
        lsp(folder)


def test_the_shared_set_splits_into_8500_and_500(shared_data):
    train, dev = lsp(shared_data / "lspet", "train"), lsp(shared_data / "lspet", "dev")
    assert (len(train), len(dev)) == (8500, 500)
    assert train.skipped == {"labels outside of their picture": 1}
    assert dev[0].image.shape[2] == 3


def test_packed_numbers_name_the_pictures_of_a_part(make_lsp):
    folder = make_lsp(people=2)
    (folder / "images" / "00002.jpg").rename(folder / "images" / "00007.jpg")
    with np.load(folder / "joints.npz") as arrays:
        content = dict(arrays)
    np.savez(folder / "joints.npz", **content, number=[1, 7])
    assert [person.source for person in lsp(folder)] == ["lspet/00001", "lspet/00007"]
    assert [person.source for person in lsp(folder, "dev")] == ["lspet/00007"]
    assert lsp(folder)[1].image.shape == (60, 40, 3)
