"""The life of a tracker, its options and graphs, on toy networks."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from blazetrack.errors import GraphError, InputError, ModelError, RenamedWarning
from blazetrack.graph import Trace
from blazetrack.pipeline import find_graph, load_graph, shipped_graphs

KNOWN = ("mediapipe_legacy", "mediapipe_tasks", "pose", "pose_image", "pose_multi")


def test_tracker_reset_repeats_results(toy: Any) -> None:
    clip = [toy.frame(i, (100 + 5 * i, 80)) for i in range(4)]
    with toy.tracker() as tracker:
        first = [tracker(one) for one in clip]
        tracker.reset()
        again = [tracker(one) for one in clip]
        assert tracker.detector_runs == 2
        assert tracker.time_faults == 0
    for one, other in zip(first, again, strict=True):
        assert (one.landmarks_px == other.landmarks_px).all()


def test_tracker_reset_restarts_ids(toy: Any) -> None:
    with toy.tracker() as tracker:
        tracker(toy.frame(0, (60, 60)))
        assert tracker(toy.frame(1, (290, 200))).ids.tolist() == [2]
        tracker.reset()
        assert tracker(toy.frame(0, (290, 200))).ids.tolist() == [1]


def test_tracker_close_twice_then_call_is_an_error(toy: Any) -> None:
    tracker = toy.tracker()
    tracker(toy.frame(0, (100, 80)))
    tracker.close()
    tracker.close()
    assert all(model.closed for model in toy.models.values())
    with pytest.raises(InputError, match="tracker: is closed; make a new one"):
        tracker(toy.frame(1))
    with pytest.raises(InputError, match="is closed"):
        tracker.process(toy.picture())


def test_tracker_with_block_closes_models(toy: Any) -> None:
    with pytest.raises(RuntimeError), toy.tracker() as tracker:
        raise RuntimeError
    assert all(model.closed for model in toy.models.values())
    assert tracker.detector_runs == 0


def test_trackers_are_independent(toy: Any) -> None:
    with toy.tracker() as alone:
        want = [alone(toy.frame(i, (100 + 5 * i, 80))) for i in range(5)]
    with toy.tracker() as one, toy.tracker() as other:
        for i in range(5):
            got = one(toy.frame(i, (100 + 5 * i, 80)))
            other(toy.frame(i, (300 - 9 * i, 200), fps=7))
            assert (got.landmarks_px == want[i].landmarks_px).all()
            assert got.ids.tolist() == [1]
        assert (one.detector_runs, other.detector_runs) == (1, 1)


def test_tracker_threads_reach_both_models(toy: Any) -> None:
    with toy.tracker(threads=3):
        assert [model.threads for model in toy.models.values()] == [3, 3]


def test_tracker_graph_and_runs_show_overrides(toy: Any) -> None:
    with toy.tracker(people=3, options={"detect.min_score": 0.7}) as tracker:
        assert tracker.graph.name == "pose_multi"
        options = {node.name: node.options for node in tracker.graph.nodes}
        assert options["detect"]["min_score"] == 0.7
        assert options["detection_schedule"]["max_people"] == 3
        assert options["free_rois"]["max_people"] == options["new_rois"]["max_people"] == 3
        assert tracker.skeleton.name == "blazepose33"
        tracker(toy.frame(0, (100, 80)))
        assert tracker.runs["detect"] == tracker.runs["new_crops"] == 1
        assert tracker.runs["tracked_crops"] == 0


def test_tracker_hooks_get_every_node(toy: Any) -> None:
    trace = Trace()
    with toy.tracker(hooks=[trace]) as tracker:
        for i in range(2):
            tracker(toy.frame(i, (100, 80)))
    names = {node.name for node in tracker.graph.nodes}
    assert {row.name for row in trace.summary()} == names


def test_tracker_options_override_the_graph(toy: Any) -> None:
    with toy.tracker(options={"new_landmarks.min_score": 0.99}) as tracker:
        assert len(tracker(toy.frame(0, (100, 80)))) == 0
    with toy.tracker(options={"detect.min_score": 0.99}) as tracker:
        assert len(tracker(toy.frame(0, (100, 80)))) == 0


@pytest.mark.parametrize("people", [0, -1])
def test_tracker_people_below_one_is_an_error(toy: Any, people: int) -> None:
    with pytest.raises(InputError, match=f"people must be 1 or more, got {people}"):
        toy.tracker(people=people)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"graph": "pose_imgae"}, "no graph 'pose_imgae'; did you mean 'pose_image'"),
        ({"graph": "gone.yaml"}, r"graph gone.yaml: no such file"),
        ({"graph": Path("folder") / "gone"}, "no such file"),
        ({"options": {"detcet.min_score": 1}}, "no node 'detcet', did you mean 'detect'"),
        ({"options": {"detect.min_scor": 1}}, "no option 'min_scor', did you mean 'min_score'"),
        ({"options": {"detect.min_score": "high"}}, "min_score"),
        ({"options": {"detect": 1}}, "expected node.option"),
    ],
)
def test_tracker_wrong_graph_or_option_is_an_error(
    toy: Any, wrong: dict[str, Any], message: str
) -> None:
    with pytest.raises(GraphError, match=message):
        toy.tracker(**wrong)


def test_tracker_unknown_model_is_an_error(toy: Any) -> None:
    with pytest.raises(ModelError, match="no model is called 'ful'; did you mean 'full'"):
        toy.tracker("ful")


def test_tracker_model_of_wrong_kind_is_an_error(toy: Any) -> None:
    with pytest.raises(ModelError, match="expected a landmark model, got pose_detector"):
        toy.tracker("pose_detector")
    with pytest.raises(ModelError, match="expected a detector, got full"):
        toy.tracker(detector="full")


def test_find_graph_by_name() -> None:
    assert set(KNOWN) <= set(shipped_graphs())
    for name, path in shipped_graphs().items():
        assert find_graph(name) == path


def test_tracker_runs_user_graph_with_user_node(
    toy: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "my_nodes.py").write_text(
        textwrap.dedent("""
        from dataclasses import replace

        from blazetrack.types import Poses


        class Shift:
            def __init__(self, pixels: float = 10.0) -> None:
                self._pixels = pixels

            def __call__(self, poses: Poses) -> Poses:
                return replace(poses, landmarks_px=poses.landmarks_px + [self._pixels, 0, 0])
        """)
    )
    monkeypatch.syspath_prepend(tmp_path)
    text = find_graph("pose_image").read_text(encoding="utf-8")
    text = text.replace("name: pose_image", "name: mine").replace("out: poses,", "out: people,")
    text += "- {name: shift, use: my_nodes:Shift, in: {poses: people}, out: poses}\n"
    graph = tmp_path / "mine.yaml"
    graph.write_text(text, encoding="utf-8")
    with toy.tracker(graph=graph, options={"shift.pixels": 25}) as tracker:
        assert tracker.graph.name == "mine"
        np.testing.assert_allclose(
            toy.places(tracker(toy.frame(0, (100, 80)))), [(125, 80)], atol=0.7
        )


def test_tracker_argument_unknown_to_graph_is_an_error(toy: Any, tmp_path: Path) -> None:
    graph = tmp_path / "whole.yaml"
    graph.write_text(
        textwrap.dedent("""
        name: whole
        inputs: [frame]
        outputs: [poses]
        nodes:
        - {name: poses, use: whole_roi, in: {frame: frame}, out: poses}
        """)
    )
    with pytest.raises(GraphError, match="no node has the option 'masks'"):
        toy.tracker(graph=graph, masks=True)
    with pytest.raises(GraphError, match="has no model with the role 'landmarks'"):
        toy.tracker("full", graph=graph)


def test_tracker_smoothing_is_switchable(toy: Any) -> None:
    with toy.tracker() as tracker:
        assert tracker.smoothing
        tracker(toy.frame(0, (60, 100)))
        tracker.smoothing = False
        assert not tracker.smoothing
        raw = tracker(toy.frame(1, (70, 100)))
        tracker.smoothing = True
        again = tracker(toy.frame(2, (80, 100)))
    assert [len(raw), len(again)] == [1, 1]


# Option keys of the release before, each with a graph that had it.
OLD_KEYS = {
    "pose": "track.min_score landmarks.min_score follow.border choose.apart search.border "
    "need.max_people start.margin held.margin carry.margin cut.border",
    "pose_multi": "search.longest search.shortest choose.apart wanted.apart others.margin "
    "alone.margin identify.alike identify.guard expect.every lock.memory_s look.border "
    "regions.margin",
    "pose_image": "again.tiles detect2.min_score marks2.min_score choose2.apart held.margin "
    "start2.margin look.border cut2.border others.margin landmarks.min_score choose.apart",
    "mediapipe_legacy": "search.border smooth.remember landmarks.kernel_size",
}
VALUES = {"border": "zero", "guard": False, "remember": False, "kernel_size": 3}


@pytest.mark.parametrize(
    ("graph", "key"), [(g, key) for g, keys in OLD_KEYS.items() for key in keys.split()]
)
def test_tracker_option_key_of_previous_release_warns_and_works(
    toy: Any, graph: str, key: str
) -> None:
    value = VALUES.get(key.partition(".")[2], 1)
    with pytest.warns(RenamedWarning):
        tracker = toy.tracker(graph=graph, options={key: value})
    with tracker:
        changed = [node for node in tracker.graph.nodes if value in node.options.values()]
    assert changed


def test_tracker_graph_of_previous_release_warns_and_works(toy: Any, tmp_path: Path) -> None:
    text = find_graph("pose_multi").read_text(encoding="utf-8")
    for new, old in {
        "use: mask_people": "use: cover",
        "use: predict,": "use: expect,",
        "use: follow,": "use: lock,",
        "use: detection_schedule": "use: search",
        "tracked: tracked_poses, new:": "kept: tracked_poses, fresh:",
        "frame: frame, poses: tracked_poses}": "frame: frame, kept: tracked_poses}",
        "duplicate_oks": "alike",
        "use_appearance": "guard",
        "min_distance": "apart",
    }.items():
        assert new in text
        text = text.replace(new, old)
    (tmp_path / "old.yaml").write_text(text, encoding="utf-8")
    with pytest.warns(RenamedWarning):
        old_tracker = toy.tracker(graph=tmp_path / "old.yaml", people=2)
    with old_tracker, toy.tracker(graph="pose_multi", people=2) as new_tracker:
        assert old_tracker.graph.nodes == new_tracker.graph.nodes
        assert len(old_tracker(toy.frame(0, (60, 60), (250, 180)))) == 2


def test_tracker_alias_sets_every_network(toy: Any) -> None:
    for graph, path in shipped_graphs().items():
        if graph == "pose_bottomup" or not set(load_graph(path).models) <= {
            "detector",
            "landmarks",
        }:
            continue  # with a network that is no toy
        with toy.tracker(graph=graph, options={"min_tracking_score": 0.99}) as tracker:
            assert len(tracker(toy.frame(0, (100, 80)))) == 0


def test_tracker_counts_user_nodes_by_their_capabilities(
    toy: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "able_nodes.py").write_text(
        textwrap.dedent("""
        from blazetrack.types import Frame, Poses


        class Detect:
            is_detector = True

            def __call__(self, frame: Frame) -> Poses:
                return Poses.empty()


        class Filter:
            def __init__(self) -> None:
                self.active = True

            def __call__(self, poses: Poses) -> Poses:
                return poses


        class Choose:
            chosen = None

            def follow(self, choice) -> None:
                Choose.chosen = choice

            def __call__(self, poses: Poses) -> Poses:
                return poses
        """)
    )
    monkeypatch.syspath_prepend(tmp_path)
    nodes = ["{name: detect, use: able_nodes:Detect, in: {frame: frame}, out: found}"]
    nodes += ["{name: filter, use: able_nodes:Filter, in: {poses: found}, out: filtered}"]
    nodes += ["{name: choose, use: able_nodes:Choose, in: {poses: filtered}, out: poses}"]
    text = "name: able\ninputs: [frame]\noutputs: [poses]\nnodes:\n"
    (tmp_path / "able.yaml").write_text(text + "".join(f"- {node}\n" for node in nodes))
    with toy.tracker(graph=tmp_path / "able.yaml") as tracker:
        tracker(toy.frame(0))
        assert tracker.detector_runs == 1
        assert (tracker.can_follow, tracker.can_smooth, tracker.smoothing) == (True, True, True)
        tracker.smoothing = False
        assert not tracker.smoothing
        tracker.follow("largest")
    import able_nodes  # type: ignore[import-not-found]

    assert able_nodes.Choose.chosen == "largest"
