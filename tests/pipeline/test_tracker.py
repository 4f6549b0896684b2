"""The life of a tracker, its options and graphs, on toy networks."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from blazetrack.errors import GraphError, InputError, ModelError
from blazetrack.graph import Trace
from blazetrack.pipeline import find_graph, shipped_graphs

KNOWN = ("mediapipe_legacy", "mediapipe_tasks", "pose", "pose_image", "pose_multi")


def test_a_reset_is_a_new_beginning(toy: Any) -> None:
    clip = [toy.frame(i, (100 + 5 * i, 80)) for i in range(4)]
    with toy.tracker() as tracker:
        first = [tracker(one) for one in clip]
        tracker.reset()
        again = [tracker(one) for one in clip]
        assert tracker.detector_runs == 2
        assert tracker.time_faults == 0
    for one, other in zip(first, again, strict=True):
        assert (one.landmarks_px == other.landmarks_px).all()


def test_after_a_reset_ids_start_at_one(toy: Any) -> None:
    with toy.tracker() as tracker:
        tracker(toy.frame(0, (60, 60)))
        assert tracker(toy.frame(1, (290, 200))).ids.tolist() == [2]
        tracker.reset()
        assert tracker(toy.frame(0, (290, 200))).ids.tolist() == [1]


def test_closing_twice_is_harmless_and_then_it_is_over(toy: Any) -> None:
    tracker = toy.tracker()
    tracker(toy.frame(0, (100, 80)))
    tracker.close()
    tracker.close()
    assert all(model.closed for model in toy.models.values())
    with pytest.raises(InputError, match="tracker: is closed; make a new one"):
        tracker(toy.frame(1))
    with pytest.raises(InputError, match="is closed"):
        tracker.process(toy.picture())


def test_leaving_the_block_closes_it(toy: Any) -> None:
    with pytest.raises(RuntimeError), toy.tracker() as tracker:
        raise RuntimeError
    assert all(model.closed for model in toy.models.values())
    assert tracker.detector_runs == 0


def test_two_trackers_do_not_know_of_each_other(toy: Any) -> None:
    with toy.tracker() as alone:
        want = [alone(toy.frame(i, (100 + 5 * i, 80))) for i in range(5)]
    with toy.tracker() as one, toy.tracker() as other:
        for i in range(5):
            got = one(toy.frame(i, (100 + 5 * i, 80)))
            other(toy.frame(i, (300 - 9 * i, 200), fps=7))
            assert (got.landmarks_px == want[i].landmarks_px).all()
            assert got.ids.tolist() == [1]
        assert (one.detector_runs, other.detector_runs) == (1, 1)


def test_threads_reach_both_models(toy: Any) -> None:
    with toy.tracker(threads=3):
        assert [model.threads for model in toy.models.values()] == [3, 3]


def test_it_tells_what_it_runs(toy: Any) -> None:
    with toy.tracker(people=3, options={"detect.min_score": 0.7}) as tracker:
        assert tracker.graph.name == "pose_multi"
        options = {node.name: node.options for node in tracker.graph.nodes}
        assert options["detect"]["min_score"] == 0.7
        assert options["search"]["max_people"] == options["choose"]["max_people"] == 3
        assert tracker.skeleton.name == "blazepose33"
        tracker(toy.frame(0, (100, 80)))
        assert tracker.runs["detect"] == tracker.runs["cut"] == 1
        assert tracker.runs["follow"] == 0


def test_hooks_see_every_node_of_every_frame(toy: Any) -> None:
    trace = Trace()
    with toy.tracker(hooks=[trace]) as tracker:
        for i in range(2):
            tracker(toy.frame(i, (100, 80)))
    names = {node.name for node in tracker.graph.nodes}
    assert {row.name for row in trace.summary()} == names


def test_an_option_overrides_the_graph_s_text(toy: Any) -> None:
    with toy.tracker(options={"landmarks.min_score": 0.99}) as tracker:
        assert len(tracker(toy.frame(0, (100, 80)))) == 0
    with toy.tracker(options={"detect.min_score": 0.99}) as tracker:
        assert len(tracker(toy.frame(0, (100, 80)))) == 0


@pytest.mark.parametrize("people", [0, -1])
def test_nobody_to_follow_is_too_few(toy: Any, people: int) -> None:
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
def test_a_wrong_graph_or_option_is_explained(
    toy: Any, wrong: dict[str, Any], message: str
) -> None:
    with pytest.raises(GraphError, match=message):
        toy.tracker(**wrong)


def test_an_unknown_model_is_explained(toy: Any) -> None:
    with pytest.raises(ModelError, match="no model is called 'ful'; did you mean 'full'"):
        toy.tracker("ful")


def test_a_detector_cannot_find_landmarks(toy: Any) -> None:
    with pytest.raises(ModelError, match="expected a landmark model, got pose_detector"):
        toy.tracker("pose_detector")
    with pytest.raises(ModelError, match="expected a detector, got full"):
        toy.tracker(detector="full")


def test_the_graphs_that_ship_are_found_by_name() -> None:
    assert set(KNOWN) <= set(shipped_graphs())
    for name, path in shipped_graphs().items():
        assert find_graph(name) == path


def test_a_graph_of_one_s_own_runs_a_node_of_one_s_own(
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


def test_a_graph_without_the_node_cannot_take_its_option(toy: Any, tmp_path: Path) -> None:
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


def test_smoothing_can_be_switched_while_it_runs(toy: Any) -> None:
    with toy.tracker() as tracker:
        assert tracker.smoothing
        tracker(toy.frame(0, (60, 100)))
        tracker.smoothing = False
        assert not tracker.smoothing
        raw = tracker(toy.frame(1, (70, 100)))
        tracker.smoothing = True
        again = tracker(toy.frame(2, (80, 100)))
    assert [len(raw), len(again)] == [1, 1]
