"""Outlets over the network, received by another library or the system."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np
import pytest

from blazetrack.errors import InputError, MissingExtra, SinkError
from blazetrack.sinks import open_sink
from blazetrack.sinks.jsonl import to_record
from blazetrack.skeleton import BLAZEPOSE33, COCO17
from blazetrack.types import Frame, Poses
from tests.conftest import MakePeople

OUTLETS = ("udp://127.0.0.1:{}", "osc://127.0.0.1:{}", "ws://127.0.0.1:{}")


def frame(index: int = 0) -> Frame:
    return Frame(np.zeros((48, 64, 3), np.uint8), index, index / 10)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextmanager
def receiver() -> Iterator[tuple[socket.socket, int]]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        one.bind(("127.0.0.1", 0))
        one.settimeout(5)
        yield one, one.getsockname()[1]


def test_udp_messages_are_lines_of_json(people: MakePeople) -> None:
    poses = people((20, 30, 9), ids=[3])
    with receiver() as (one, port), open_sink(f"udp://127.0.0.1:{port}") as sink:
        for found in (poses, Poses.empty()):
            sink.write(frame(7), found)
            expected = to_record(frame(7), found, BLAZEPOSE33)
            assert json.loads(one.recv(65536)) == expected


def test_udp_many_people_are_several_messages_of_one_frame() -> None:
    rng, count = np.random.default_rng(0), 40
    poses = Poses(
        rng.uniform(0, 2000, (count, 33, 3)), rng.normal(size=(count, 33, 3)),
        rng.random((count, 33)), rng.random((count, 33)), rng.random(count),
        np.arange(count), rng.random((count, 2, 2)),
    )  # fmt: skip
    with receiver() as (one, port), open_sink(f"udp://127.0.0.1:{port}") as sink:
        sink.write(frame(2), poses)
        parts: list[Any] = []
        while sum(len(part["poses"]) for part in parts) < count:
            parts.append(json.loads(one.recv(65536)))
    assert len(parts) > 1
    assert {part["frame"] for part in parts} == {2}
    assert [pose["id"] for part in parts for pose in part["poses"]] == list(range(count))


def test_osc_is_received_by_a_dispatcher(people: MakePeople) -> None:
    dispatcher = pytest.importorskip("pythonosc.dispatcher")
    server = pytest.importorskip("pythonosc.osc_server")
    found: dict[str, tuple[Any, ...]] = {}
    known = dispatcher.Dispatcher()
    known.set_default_handler(lambda address, *values: found.update({address: values}))
    poses = people((16, 12, 5), ids=[3])
    poses.world_landmarks_m[:] = np.random.default_rng(0).normal(size=(1, 33, 3))
    with server.BlockingOSCUDPServer(("127.0.0.1", 0), known) as one:
        one.timeout = 5
        with open_sink(f"osc://127.0.0.1:{one.server_address[1]}") as sink:
            sink.write(frame(7), poses)
        one.handle_request()
        one.handle_request()
    assert found["/blazetrack/frame"] == (7, pytest.approx(0.7))
    assert found["/blazetrack/people"] == (3,)
    knee = BLAZEPOSE33.index("left_knee")
    expected = (0.25, 0.25, 0.9, *poses.world_landmarks_m[0, knee])
    assert found["/blazetrack/3/left_knee"] == pytest.approx(expected, abs=1e-6)
    angle = poses[0].angle("left_knee")
    assert found["/blazetrack/3/angle/left_knee"] == (pytest.approx(angle, abs=1e-3),)
    assert len(found) == 2 + 33 + 12


def test_websocket_sends_skeleton_and_frames_to_all(people: MakePeople) -> None:
    client = pytest.importorskip("websockets.sync.client")
    poses = people((20, 30, 9), ids=[3])
    with open_sink("ws://127.0.0.1:0") as sink:
        address = f"ws://127.0.0.1:{sink.port}"  # type: ignore[attr-defined]
        with (
            client.connect(address) as one,
            client.connect(address, origin="http://localhost:80") as two,
        ):
            for each in (one, two):
                assert json.loads(each.recv(5))["names"] == list(BLAZEPOSE33.names)
            sink.write(frame(7), poses)
            for each in (one, two):
                assert json.loads(each.recv(5)) == to_record(frame(7), poses, BLAZEPOSE33)
            sink.close()
            with pytest.raises(Exception, match=r"1000|1001"):  # the end is orderly
                one.recv(5)
    sink.close()
    with pytest.raises(SinkError, match="is closed"):
        sink.write(frame(8), poses)


def test_websocket_receiver_that_never_reads_holds_nothing_up(
    people: MakePeople, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("websockets")
    monkeypatch.setattr("blazetrack.sinks.websocket._CLOSE_S", 0.2)
    before = set(threading.enumerate())
    request = (
        "GET / HTTP/1.1", "Host: 127.0.0.1", "Upgrade: websocket", "Connection: Upgrade",
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==", "Sec-WebSocket-Version: 13", "", "",
    )  # fmt: skip
    crowd = people(*[(9, 9, 5)] * 100, ids=range(100))
    with ExitStack() as stack:
        sink: Any = stack.enter_context(open_sink("ws://127.0.0.1:0"))
        line = stack.enter_context(socket.create_connection(("127.0.0.1", sink.port)))
        line.sendall("\r\n".join(request).encode())
        received = b""
        while b"left_foot_index" not in received:
            received += line.recv(4096)
        for index in range(40):
            sink.write(frame(index), crowd)
        sink.close()
        for thread in set(threading.enumerate()) - before:
            thread.join(5)
            assert not thread.is_alive()


def test_websocket_page_of_another_site_is_refused() -> None:
    client = pytest.importorskip("websockets.sync.client")
    own = "http://192.168.1.5:8000"
    with ExitStack() as links, open_sink(f"ws://127.0.0.1:0?origin={own}") as sink:
        address = f"ws://127.0.0.1:{sink.port}"  # type: ignore[attr-defined]
        for origin in ("http://elsewhere.example", "null", own + "0"):
            with pytest.raises(Exception, match="HTTP 403"):
                links.enter_context(client.connect(address, origin=origin))
        links.enter_context(client.connect(address, origin=own))


def test_websocket_address_in_use_is_refused() -> None:
    pytest.importorskip("websockets")
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        one.listen()
        port = one.getsockname()[1]
        with pytest.raises(SinkError, match=r"cannot be served .*in use.*choose another address"):
            open_sink(f"ws://127.0.0.1:{port}")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("udp://127.0.0.1", "udp://: expected an address such as udp://127.0.0.1:9000"),
        ("ws://host:x", "ws://: expected an address such as"),
        ("osc://me:secret@host:9000", "osc://: expected an address such as"),
        ("udp://127.0.0.1:9000/path", "udp://: expected an address such as"),
        ("udp://no-such-host.invalid:9000", "cannot be reached"),
        ("udp://127.0.0.1:9000?speed=2", "no option 'speed'"),
        ("tcp://127.0.0.1:9000", "expected virtual_camera, rerun, window, module:Name, udp://"),
    ],
)
def test_open_sink_wrong_address_is_one_line(text: str, words: str) -> None:
    if text.startswith("osc"):
        pytest.importorskip("pythonosc")
    with pytest.raises(SinkError, match=words) as caught:
        open_sink(text)
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", OUTLETS)
def test_outlet_without_a_receiver_is_no_error(text: str, people: MakePeople) -> None:
    pytest.importorskip({"udp": "socket", "osc": "pythonosc", "ws:": "websockets"}[text[:3]])
    with open_sink(text.format(free_port())) as sink:
        for index in range(3):
            sink.write(frame(index), people((9, 9, 5), ids=[1]))
        with pytest.raises(InputError, match="expected 33 keypoints"):
            sink.write(frame(3), people((9, 9, 5), keypoints=len(COCO17)))
    assert sink.written == []


@pytest.mark.parametrize(
    ("text", "module", "extra"),
    [
        ("osc://:9000", "pythonosc.osc_bundle_builder", "osc"),
        ("ws://:0", "websockets.sync.server", "web"),
        ("virtual_camera", "pyvirtualcam", "virtual-camera"),
        ("rerun", "rerun", "rerun"),
    ],
)
def test_outlet_without_its_library_is_the_pip_line(
    monkeypatch: pytest.MonkeyPatch, text: str, module: str, extra: str
) -> None:
    monkeypatch.setitem(__import__("sys").modules, module, None)
    with pytest.raises(MissingExtra, match=rf'pip install "blazetrack\[{extra}\]"'):
        open_sink(text)
