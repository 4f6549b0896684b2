"""The parity nodes in graphs: exchangeable with the plain ones; old options name them."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from blazetrack.errors import GraphError
from blazetrack.graph import check_graph, load_graph_spec
from blazetrack.nodes import NODES, RENAMED
from blazetrack.pipeline import find_graph


def with_option(name: str, option: str) -> dict[str, Any]:
    graph: dict[str, Any] = yaml.safe_load(find_graph("pose").read_text(encoding="utf-8"))
    (node,) = (one for one in graph["nodes"] if one["name"] == name)
    node["options"] = {option: "mediapipe"}
    return graph


@pytest.mark.parametrize(
    ("name", "use", "option"),
    [
        ("frame_crop", "crop", "sampling"),
        ("new_poses", "project", "arithmetic"),
        ("detected_rois", "rois_from_detections", "arithmetic"),
        ("next_rois", "rois_from_poses", "arithmetic"),
    ],
)
def test_option_of_the_release_before_names_the_node(name: str, use: str, option: str) -> None:
    advice = f"for MediaPipe's {option} the node is 'mediapipe_{use}'"
    with pytest.raises(GraphError) as error:
        load_graph_spec(with_option(name, option), RENAMED)
    want = f"graph 'pose': node '{name}': '{use}' has no option '{option}' any more, {advice}"
    assert str(error.value) == want
    spec = load_graph_spec(find_graph("mediapipe_legacy"), RENAMED)
    target = name if name != "frame_crop" else "new_crops"
    with pytest.raises(GraphError, match="any more, for MediaPipe's"):
        spec.with_options({f"{target}.{option}": "mediapipe"})


@pytest.mark.parametrize("graph", ["mediapipe_legacy", "mediapipe_tasks"])
def test_parity_nodes_exchanged_one_by_one_still_make_a_graph(graph: str) -> None:
    text = find_graph(graph).read_text(encoding="utf-8")
    for line in text.splitlines():
        if "use: mediapipe_" in line:
            changed = text.replace(line, line.replace("use: mediapipe_", "use: "))
            check_graph(load_graph_spec(changed, RENAMED), NODES)
