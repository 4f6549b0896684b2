"""The programs in `examples/` run to their end."""

from __future__ import annotations

import importlib.util
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from blazetrack.sinks import open_sink
from blazetrack.skeleton import BLAZEPOSE33
from blazetrack.types import Frame
from tests.conftest import ROOT, MakePeople
from tests.toy_models import ToyWorld

FOLDER = ROOT / "examples"


def load(name: str) -> Any:
    """The module of an example."""
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.mark.parametrize(
    ("name", "library", "scheme", "lines"),
    [
        ("websocket_client", "websockets", "ws", ["s  person 3: 40, 30  90%"] * 2),
        ("udp_receiver", "socket", "udp", ["person 3: +0, +0"] * 2),
        ("osc_receiver", "pythonosc", "osc", ["/blazetrack/3/left_wrist: 0.62, 0.62  90%"]),
    ],
)
def test_receiver_prints_what_a_run_sends(
    people: MakePeople, name: str, library: str, scheme: str, lines: list[str]
) -> None:
    pytest.importorskip(library)
    poses, port = people((40, 30, 9), ids=[3]), free_port()
    address = f"{scheme}://127.0.0.1:{port}"
    with open_sink(address) as sink:
        given = address if scheme == "ws" else str(port)
        program = subprocess.Popen(
            [sys.executable, FOLDER / f"{name}.py", given, "2"], cwd=ROOT, stdout=subprocess.PIPE
        )
        index, until = 0, time.monotonic() + 30
        while program.poll() is None and time.monotonic() < until:
            sink.write(Frame(np.zeros((48, 64, 3), np.uint8), index, index / 30), poses)
            index += 1
            time.sleep(0.02)
    printed = program.communicate(timeout=5)[0].decode().splitlines()
    assert program.returncode == 0
    for line, expected in zip(printed, lines, strict=False):
        assert line.endswith(expected)
    assert len(printed) >= len(lines)


def test_virtual_camera_shows_the_skeleton_only(
    weights: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = pytest.importorskip("pyvirtualcam")
    sent: list[np.ndarray] = []

    def make(**options: Any) -> Any:
        size = {"width": options["width"], "height": options["height"]}
        return SimpleNamespace(**size, send=sent.append, close=lambda: None)

    monkeypatch.setattr(library, "Camera", make)
    load("virtual_camera").main("synthetic?frames=3&size=320x240", "blaze_lite")
    assert len(sent) == 3
    assert all(0 < (picture > 0).mean() < 0.2 for picture in sent)


def test_rerun_curve_writes_a_file_of_the_viewer(weights: object, tmp_path: Path) -> None:
    pytest.importorskip("rerun")
    file = tmp_path / "clip.rrd"
    load("rerun_curve").main("synthetic?frames=3&size=320x240", str(file), "blaze_lite")
    assert b"lean" in file.read_bytes()


class Message(SimpleNamespace):
    """Stand-in for a ROS message: any field, nested ones by themselves, constants of a marker."""

    DELETEALL, LINE_LIST = 3, 5

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        setattr(self, name, [] if name == "points" else Message())
        return self.__dict__[name]


class StandInNode:
    """Stand-in for `rclpy.node.Node`."""

    def __init__(self, name: str) -> None:
        self.published: list[Any] = []

    def create_publisher(self, kind: Any, topic: str, depth: int) -> Any:
        return SimpleNamespace(publish=self.published.append)

    def create_subscription(self, kind: Any, topic: str, call: Any, qos: Any) -> None:
        self.topic = topic


def test_ros2_node_publishes_limbs_of_each_picture(
    toy: ToyWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = {
        "rclpy": {}, "rclpy.node": {"Node": StandInNode},
        "rclpy.qos": {"qos_profile_sensor_data": 0},
        "geometry_msgs.msg": {"Point": Message}, "sensor_msgs.msg": {"Image": Message},
        "visualization_msgs.msg": {"Marker": Message, "MarkerArray": Message},
    }  # fmt: skip
    for name, content in names.items():
        module = ModuleType(name)
        module.__dict__.update(content)
        monkeypatch.setitem(sys.modules, name, module)
    example = load("ros2_node")
    monkeypatch.setattr(example, "PoseTracker", toy.tracker)
    node = example.PoseNode(people=1)
    picture = toy.picture((160, 120))
    for index in range(3):
        rows = np.pad(picture[..., ::-1].reshape(240, -1), ((0, 0), (0, 16)))
        stamp = SimpleNamespace(sec=7, nanosec=index * 10**8)
        node.track(
            SimpleNamespace(data=rows.tobytes(), height=240, width=320, step=976, encoding="bgr8",
                            header=SimpleNamespace(stamp=stamp))
        )  # fmt: skip
    assert node.topic == "image_raw"
    assert len(node.published) == 3
    clear, limbs = node.published[-1].markers
    assert clear.action == Message.DELETEALL
    assert (limbs.id, limbs.type) == (1, Message.LINE_LIST)
    assert len(limbs.points) == 2 * len(BLAZEPOSE33.edges)


def test_examples_are_listed_and_of_one_page() -> None:
    page = (FOLDER / "README.md").read_text(encoding="utf-8")
    for path in FOLDER.glob("*.py"):
        assert f"[{path.name}]({path.name})" in page
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 75
