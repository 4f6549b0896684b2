"""Formats of other programs on the clip of a woman who squats."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from blazetrack.recording import read_recording
from blazetrack.sinks.bones import joint_points
from blazetrack.sinks.trc import upright
from blazetrack.skeleton import BLAZEPOSE33


def test_run_squats_formats_agree(
    command: Any, weights: object, shared_data: Path, tmp_path: Path
) -> None:
    pandas, bvhio = pytest.importorskip("pandas"), pytest.importorskip("bvhio")
    outs = [f"--out=a.{ending}" for ending in ("jsonl", "csv", "mot", "trc", "bvh")]
    lean = "--angle=lean=mid_hip,nose"
    clip = shared_data / "golden" / "pose_squats.mp4"
    result = command("run", clip, "--model", "full", "--offline", lean, *outs)
    assert (result.code, result.err) == (0, [])
    table, angles = pandas.read_csv("a.csv"), pandas.read_csv("a.mot", sep="\t", skiprows=6)
    for name in ("left_knee", "right_knee", "trunk", "lean"):
        assert angles[name].tolist() == table[f"{name}_deg"].tolist()
    assert angles["left_knee"].min() < 90 < 150 < angles["left_knee"].max()
    markers = pandas.read_csv("a.trc", sep="\t", skiprows=6, header=None)
    nose = table[["nose_x_m", "nose_y_m", "nose_z_m"]].to_numpy() * (1, -1, -1)
    np.testing.assert_allclose(markers[[2, 3, 4]], nose, atol=1.1e-5)

    root = bvhio.readAsHierarchy("a.bvh")
    (person,) = read_recording("a.jsonl").people.values()
    truth = joint_points(upright(person.world_landmarks_m), BLAZEPOSE33)
    apart_cm, shins = [], []
    for index in range(len(person.rows)):
        root.loadPose(index)
        placed = {joint.Name: np.array(joint.PositionWorld) for joint, _, _ in root.layout()}
        shins.append(np.linalg.norm(placed["LeftFoot"] - placed["LeftLeg"]))
        apart_cm += [
            100 * np.linalg.norm(placed[name] - truth[name][index])
            for name in placed.keys() & truth.keys()
        ]
    assert np.ptp(shins) < 1e-5
    # the network's own bones change by up to a third of their length
    assert np.mean(apart_cm) < 2 < np.percentile(apart_cm, 95) < 4


def test_run_sends_frames_to_an_outlet(command: Any, weights: object) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(5)
        out = f"--out=udp://127.0.0.1:{receiver.getsockname()[1]}"
        drawn = "synthetic?frames=3&size=320x240"
        result = command("run", drawn, "--model", "blaze_lite", "--offline", out)
        assert (result.code, result.err) == (0, [])
        frames = [json.loads(receiver.recv(65536)) for _ in range(3)]
    assert [frame["frame"] for frame in frames] == [0, 1, 2]
    assert [len(frame["poses"]) for frame in frames] == [1, 1, 1]
    assert "wrote" not in result.out


def test_run_outlet_with_a_wrong_address_is_refused(command: Any) -> None:
    result = command("run", "synthetic?frames=3", "--model", "blaze_lite", "--out=ws://0.0.0.0")
    assert (result.code, result.out) == (2, "")
    assert result.err == ["blazetrack: ws://: expected an address such as ws://127.0.0.1:9000"]
