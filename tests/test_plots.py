"""Plots of a recording: the values of their lines, and any recording."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from blazetrack.angles import angle_keypoints, joint_angles, standard_angles
from blazetrack.errors import InputError, MissingExtra, SinkError
from blazetrack.plots import choose_joints, plot_recording, save
from blazetrack.recording import Person, Recording
from blazetrack.skeleton import BLAZEPOSE33, COCO17, Skeleton

pytest.importorskip("matplotlib")


def person(rows: Sequence[int], keypoints: int = 33, visibility: float = 0.9) -> Person:
    rng = np.random.default_rng(len(rows))
    m = len(rows)
    return Person(
        np.array(rows, np.int64),
        rng.uniform(0, 48, (m, keypoints, 3)),
        rng.uniform(-1, 1, (m, keypoints, 3)),
        np.full((m, keypoints), visibility),
        np.full((m, keypoints), visibility),
        np.full(m, 0.9),
    )


def recording(
    people: dict[int, Person], frames: int = 12, skeleton: Skeleton | None = BLAZEPOSE33
) -> Recording:
    index = np.arange(frames)
    return Recording("a.jsonl", index, index / 10, np.full((frames, 2), (64, 48)), people, skeleton)


def panel(figure: Any, title: str) -> Any:
    (found,) = (axes for axes in figure.axes if axes.get_title(loc="left").startswith(title))
    return found


def lines(axes: Any) -> list[np.ndarray]:
    """The values of each line over the whole time, dots aside."""
    return [line.get_ydata() for line in axes.lines if len(line.get_ydata()) == 12]


def titles(figure: Any) -> list[str]:
    return [axes.get_title(loc="left") for axes in figure.axes if axes.get_title(loc="left")]


def test_plot_angles_have_gaps_in_empty_frames() -> None:
    one = person([0, 1, 2, 6, 7])
    figure = plot_recording(recording({3: one}))
    values = lines(panel(figure, "knee angle"))
    assert len(values) == 4  # left and right, each pale below and in full above
    expected = np.full(12, np.nan)
    expected[one.rows] = joint_angles(one.world_landmarks_m, BLAZEPOSE33)[:, 0]
    np.testing.assert_array_equal(values[0], expected)
    np.testing.assert_array_equal(values[1], expected)


def test_plot_angle_of_hidden_keypoint_is_pale() -> None:
    one = person(range(12))
    one.visibility[4, BLAZEPOSE33.index("left_ankle")] = 0.2
    figure = plot_recording(recording({1: one}))
    pale, sure, *right = panel(figure, "knee angle").lines
    assert pale.get_alpha() < 0.5
    assert np.isfinite(pale.get_ydata()).all()
    assert np.isnan(sure.get_ydata()).nonzero()[0].tolist() == [4]
    assert all(np.isfinite(line.get_ydata()).all() for line in right)
    assert np.isfinite(panel(figure, "elbow angle").lines[1].get_ydata()).all()


def test_plot_single_frame_is_a_dot() -> None:
    figure = plot_recording(recording({1: person([0, 1, 2, 6, 9, 10])}))
    dots = [line for line in panel(figure, "hips, x").lines if line.get_marker() == "."]
    assert [line.get_xdata().tolist() for line in dots] == [[0.6]]


def test_plot_several_people_have_colours_and_dashes() -> None:
    figure = plot_recording(recording({1: person(range(12)), 2: person(range(3, 9))}))
    looks = [(line.get_color(), line.get_linestyle()) for line in panel(figure, "knee").lines[1::2]]
    (one, drawn), (same, dashed), (other, _), (_, _) = looks
    assert one == same != other
    assert (drawn, dashed) == ("-", "--")
    texts = [
        text.get_text()
        for axes in figure.axes
        if axes.get_legend()
        for text in axes.get_legend().get_texts()
    ]
    assert "id 2: 0.3 to 0.8 s, 6 frames" in texts


def test_plot_selected_ids_and_joints() -> None:
    run = recording({1: person(range(12)), 2: person(range(12))})
    figure = plot_recording(run, ids=[2], joints=["right_elbow", "knee"])
    assert titles(figure) == [
        "hips, x (px)",
        "hips, y (px)",
        "knee angle (°)",
        "elbow angle (°)",
        "visibility of those joints",
    ]
    assert len(lines(panel(figure, "elbow"))) == 2
    assert len(lines(panel(figure, "visibility"))) == 2


def test_plot_angles_of_trunk_and_ankles() -> None:
    one = person([0, 1, 2, 6, 7])
    figure = plot_recording(recording({3: one}), joints=["trunk", "ankle"])
    expected = np.full(12, np.nan)
    expected[one.rows] = standard_angles(BLAZEPOSE33)(one.world_landmarks_m)[:, 10]
    (_, full) = lines(panel(figure, "trunk angle"))
    np.testing.assert_array_equal(full, expected)
    assert len(lines(panel(figure, "ankle angle"))) == 4
    assert len(lines(panel(figure, "visibility"))) == 3  # left, right and the trunk's


def test_choose_joints_by_name_or_kind() -> None:
    assert choose_joints(BLAZEPOSE33, []) == tuple(angle_keypoints(BLAZEPOSE33))
    assert choose_joints(COCO17, ["left_hip", "knee"]) == ("left_knee", "right_knee", "left_hip")
    with pytest.raises(InputError, match="no joint 'kne'; did you mean 'knee'"):
        choose_joints(BLAZEPOSE33, ["kne"])
    with pytest.raises(InputError, match="no joint 'left_heel'"):
        choose_joints(BLAZEPOSE33, ["left_heel"])
    with pytest.raises(InputError, match="no joint 'knee'; none are known"):
        choose_joints(None, ["knee"])


def test_plot_unknown_id_or_empty_recording_is_an_error() -> None:
    with pytest.raises(InputError, match=r"a\.jsonl: no person in its 12 frames"):
        plot_recording(recording({}))
    with pytest.raises(InputError, match=r"a\.jsonl: no person has the id 3; known: 1, 7"):
        plot_recording(recording({1: person([0]), 7: person([0])}), ids=[1, 3])


def test_plot_without_skeleton_has_paths_and_visibility() -> None:
    figure = plot_recording(recording({1: person(range(12), 5)}, skeleton=None))
    assert titles(figure) == ["middle, x (px)", "middle, y (px)", "visibility"]


@pytest.mark.parametrize("ending", ["png", "svg"])
@pytest.mark.parametrize(
    "run",
    [
        recording({1: person(range(12))}),
        recording({1: person([0])}, frames=1),  # a photograph
        recording({n: person(range(n % 12, 12)) for n in range(1, 40)}),
        recording({1: person(range(12), visibility=0.0)}),
        recording({0: person([3], 17)}, skeleton=COCO17),
        recording({1: person(range(12), 5)}, skeleton=None),
    ],
    ids=["one", "photograph", "crowd", "hidden", "coco", "nameless"],
)
def test_plot_any_recording(run: Recording, ending: str, tmp_path: Path) -> None:
    save(plot_recording(run), tmp_path / f"a.{ending}")
    data = (tmp_path / f"a.{ending}").read_bytes()
    if ending == "svg":
        assert b"<svg" in data
    else:
        assert data.startswith(b"\x89PNG")
        assert int.from_bytes(data[16:20], "big") == 1200  # pixels wide


def test_plot_without_world_landmarks(tmp_path: Path) -> None:
    one = person(range(12))
    one.world_landmarks_m[:] = 0
    figure = plot_recording(recording({1: one}))
    assert np.isnan(lines(panel(figure, "knee"))[0]).all()
    save(figure, tmp_path / "a.png")


def test_plot_without_matplotlib_is_missing_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "matplotlib.figure", None)
    with pytest.raises(MissingExtra) as error:
        plot_recording(recording({1: person([0])}))
    assert str(error.value) == 'matplotlib is not installed: pip install "blazetrack[plot]"'


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no full device")
def test_save_full_disk_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.png").symlink_to("/dev/full")
    with pytest.raises(SinkError, match=r"a\.png: cannot be written \(No space left on device\)"):
        save(plot_recording(recording({1: person([0])})), tmp_path / "a.png")


@pytest.mark.parametrize("name", ["$$.jsonl", "x$^$.jsonl", "\udc80.jsonl", "日本.jsonl", "a\nb"])
def test_plot_name_is_no_markup(name: str, tmp_path: Path) -> None:
    figure = plot_recording(replace(recording({1: person([0, 1])}), name=name))
    save(figure, tmp_path / "a.png")
    save(figure, tmp_path / "a.svg")


def test_plot_of_very_many_people_draws_the_longest_tracks() -> None:
    people = {number: person(range(1 + number % 12)) for number in range(1, 400)}
    figure = plot_recording(recording(people))
    assert len(lines(panel(figure, "hips, y"))) <= 2 * 50
    assert figure.get_suptitle().endswith("399 people in 12 frames, 1.1 s, 50 of them here")


def test_save_figure_that_matplotlib_refuses_is_one_line(tmp_path: Path) -> None:
    figure = plot_recording(recording({1: person([0, 1])}))
    figure.text(0, 0, "$^$")  # as markup
    with pytest.raises(SinkError, match=r"a\.png: cannot be drawn"):
        save(figure, tmp_path / "a.png")
    assert not (tmp_path / "a.png").exists()
