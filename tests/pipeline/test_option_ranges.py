"""Numbers of options are checked before anything runs."""

from __future__ import annotations

import re

import numpy as np
import pytest

from blazetrack.errors import BlazetrackError, GraphError, InputError, ModelError
from blazetrack.graph.ports import read_signature
from blazetrack.nodes import NODES
from blazetrack.pipeline import PoseTracker, load_graph, shipped_graphs
from blazetrack.pipeline.option_ranges import RANGES, check_ranges
from blazetrack.tracking.flow import parse_every
from blazetrack.tracking.follow import parse_choice

MODELS = {"model": "blaze_lite", "detector": "blaze_detector_lite"}


def test_ranges_cover_every_number_of_every_node() -> None:
    numbers = set()
    for name, node in NODES.items():
        for option, param in read_signature(node, name).options.items():
            if re.search(r"\b(int|float)\b", str(param.annotation)):
                numbers.add(option)
    assert numbers - RANGES.keys() == {"follow"}  # `parse_choice` reads it
    assert RANGES.keys() - numbers == set()


def test_ranges_hold_the_shipped_graphs_and_all_defaults() -> None:
    for path in shipped_graphs().values():
        check_ranges(load_graph(path), NODES)
    for name, node in NODES.items():
        for option, param in read_signature(node, name).options.items():
            if isinstance(param.default, (int, float)) and option in RANGES:
                low, high = RANGES[option]
                assert low <= param.default <= high


@pytest.mark.parametrize("value", [-5, 1.01, float("nan"), float("inf"), 10**30, [0.5, 2]])
def test_check_ranges_number_out_of_range_is_refused(value: object) -> None:
    spec = load_graph("pose").with_options({"detect.min_score": value})
    with pytest.raises(GraphError, match="node 'detect': option 'min_score': expected 0 to 1, got"):
        check_ranges(spec, NODES)


@pytest.mark.parametrize(
    "option",
    [
        {"tracked_landmarks.kernel_size": 0},
        {"tracked_landmarks.kernel_size": 8},
        {"tracked_landmarks.kernel_size": 10**39},
        {"tracked_crops.size": [100_000, 100_000]},
        {"detected_rois.points": [-1, 0]},
        {"next_rois.margin": float("nan")},
        {"tracked_landmarks.min_score": 2},
    ],
)
def test_tracker_impossible_option_is_refused_before_the_first_frame(
    option: dict[str, object],
) -> None:
    with pytest.raises(BlazetrackError) as error:
        PoseTracker(**MODELS, options=option)  # type: ignore[arg-type]
    assert len(str(error.value)) < 300


@pytest.mark.parametrize("text", ["0", "-1", "1" * 5000, "²", "1e3", "nan", "", "x" * 5000])
def test_parse_every_and_choice_bad_text_is_refused_shortly(text: str) -> None:
    for parse in (parse_every, parse_choice):
        with pytest.raises(InputError) as error:
            parse(text)
        assert len(str(error.value)) < 200


@pytest.mark.parametrize("point", [(float("nan"), 1.0), (1.0,), (1e300, 1.0)])
def test_parse_choice_impossible_point_is_refused(point: tuple[float, ...]) -> None:
    with pytest.raises(InputError, match="follow: expected"):
        parse_choice(point)  # type: ignore[arg-type]


def test_parse_choice_points_and_ids_are_read() -> None:
    assert parse_choice("12") == 12
    assert parse_choice("1, 2.5") == (1.0, 2.5)
    assert parse_choice((np.float64(-3.25), 1.0)) == (-3.25, 1.0)


def test_tracker_crop_of_another_size_than_the_model_s_is_one_line() -> None:
    tracker = PoseTracker(**MODELS, options={"frame_crop.size": [64, 64]})  # type: ignore[arg-type]
    with tracker, pytest.raises(ModelError, match=r"expected crops of shape \(128, 128, 3\), got"):
        tracker.process(np.zeros((64, 64, 3), np.uint8))
