"""Graphs that a tracker cannot run, because they do not lead from frames to poses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from blazetrack import PoseTracker
from blazetrack.errors import GraphError

GRAPH = """\
name: mine
inputs: [{input}]
outputs: [{output}]
nodes:
- {{name: roi, use: whole_roi, in: {{frame: {input}}}, out: {output}}}
"""


def write_graph(folder: Path, **ends: str) -> str:
    path = folder / "mine.yaml"
    path.write_text(GRAPH.format(**ends), encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(
    ("ends", "message"),
    [
        ({"input": "frame", "output": "rois"}, r"outputs: expected poses, got"),
        ({"input": "image", "output": "poses"}, r"inputs: expected \[frame\], got"),
    ],
)
def test_tracker_graph_without_frame_or_poses_is_refused(
    ends: dict[str, str], message: str, tmp_path: Path
) -> None:
    with pytest.raises(GraphError, match=message):
        PoseTracker(graph=write_graph(tmp_path, **ends))


def test_tracker_graph_with_other_values_as_poses_is_refused(tmp_path: Path) -> None:
    graph = write_graph(tmp_path, input="frame", output="poses")
    message = "output 'poses': expected Poses, got Rois"
    with PoseTracker(graph=graph) as tracker, pytest.raises(GraphError, match=message):
        tracker.process(np.zeros((48, 64, 3), np.uint8), 0.0)
