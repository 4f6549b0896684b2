"""OpenVINO beside LiteRT on the drawn person, and its errors."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest

from blazetrack import PoseTracker, open_source
from blazetrack.backends import installed, open_interpreter, open_model
from blazetrack.errors import BackendError, ModelError
from blazetrack.store import Store
from blazetrack.types import Frame

PATH = Path("some.tflite")
ROUNDING_PX = 1.0  # of the 8-bit layers of `blaze_detector_lite`, in pixels of its input

needs_openvino = pytest.mark.skipif(
    find_spec("openvino") is None, reason="needs openvino: pip install 'blazetrack[openvino]'"
)


@pytest.fixture(scope="module")
def drawn() -> Frame:
    with open_source("synthetic?size=640x480&frames=1") as source:
        return next(iter(source))


def outputs(store: Store, name: str, frame: Frame, backend: str) -> dict[str, np.ndarray]:
    """Outputs of a network on the middle square of a frame."""
    found = store.find(name)
    meanings = found.info.outputs.keys() - {"mask"}
    model = open_model(store.variant(found, meanings), found.info, backend, threads=1)
    model.want(*meanings)
    pixels = cv2.resize(frame.image[:, 80:560], found.info.input_hw[::-1])
    return {meaning: value.copy() for meaning, value in model.run(pixels).items()}


@needs_openvino
@pytest.mark.parametrize("name", ["full", "blaze_lite"])
def test_landmarks_equal_litert(weights: Store, drawn: Frame, name: str) -> None:
    one, other = (outputs(weights, name, drawn, each) for each in ("litert", "openvino"))
    assert one.keys() == other.keys()
    assert other["landmarks"] == pytest.approx(one["landmarks"], abs=0.005)  # pixels of the crop
    assert other["world"] == pytest.approx(one["world"], abs=1e-4)


@needs_openvino
@pytest.mark.parametrize("name", ["full", "blaze_lite"])
def test_tracker_landmarks_equal_litert(weights: Store, drawn: Frame, name: str) -> None:
    poses = []
    for backend in ("litert", "openvino:cpu"):
        options: dict[str, Any] = {"detector": "pose_detector", "backend": backend, "threads": 2}
        with PoseTracker(name, **options) as tracker:
            poses.append(tracker(drawn))
    assert [len(one) for one in poses] == [1, 1]
    assert poses[1].landmarks_px[..., :2] == pytest.approx(poses[0].landmarks_px[..., :2], abs=0.05)


@needs_openvino
def test_int8_detector_equals_litert_but_for_rounding(weights: Store, drawn: Frame) -> None:
    """LiteRT's own kernels without XNNPACK differ from those with it by as much."""
    one, other = (
        outputs(weights, "blaze_detector_lite", drawn, each) for each in ("litert", "openvino")
    )
    best = one["scores"].argmax()
    assert other["scores"].argmax() == best
    assert other["boxes"][0, best] == pytest.approx(one["boxes"][0, best], abs=ROUNDING_PX)


@needs_openvino
def test_open_sets_float32_and_threads(weights: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    import openvino

    made = []
    compile_model = openvino.Core.compile_model

    def record(*arguments: Any) -> Any:
        made.append(compile_model(*arguments))
        return made[-1]

    monkeypatch.setattr(openvino.Core, "compile_model", record)
    open_interpreter(weights.variant(weights.find("blaze_lite")), "openvino", threads=2)
    (compiled,) = made
    assert compiled.get_property("INFERENCE_PRECISION_HINT") == openvino.Type.f32
    assert compiled.get_property("INFERENCE_NUM_THREADS") == 2


@needs_openvino
@pytest.mark.parametrize("content", [None, b"hello", b"", b"\x20\0\0\0TFL3" + b"x" * 400])
def test_open_other_file_is_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "bad.tflite"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ModelError, match=r"bad.tflite: not a TFLite model that can") as caught:
        open_interpreter(path, "openvino")
    assert "\n" not in str(caught.value)


def fake(monkeypatch: pytest.MonkeyPatch, *devices: str, version: str = "2026.4.1-x") -> None:
    """Replace the package by one with these devices."""
    core = SimpleNamespace(available_devices=list(devices))
    package = ModuleType("openvino")
    vars(package).update(Core=lambda: core, __version__=version)
    monkeypatch.setitem(sys.modules, "openvino", package)


def test_open_missing_device_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    fake(monkeypatch, "CPU", "GPU.0", "GPU.1")
    with pytest.raises(BackendError, match=r"no device 'NPU' here; found CPU, GPU.0, GPU.1$"):
        open_interpreter(PATH, "openvino:npu")
    for device in ("gpu", "GPU.1", "CPU", ""):  # found, so the missing file is the next error
        with pytest.raises(ModelError, match=r"some.tflite: not a TFLite model"):
            open_interpreter(PATH, f"openvino:{device}")


def test_open_without_the_package_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)
    with pytest.raises(BackendError, match=r"openvino could not .*'blazetrack\[openvino\]'$"):
        open_interpreter(PATH, "openvino")


def test_open_with_an_old_release_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    fake(monkeypatch, "CPU", version="2025.0.0-17942")
    with pytest.raises(
        BackendError, match=r"expected openvino 2025.4 or later, got 2025.0.0; pip install"
    ):
        open_interpreter(PATH, "openvino")


def test_installed_lists_openvino_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("blazetrack.backends.tflite.find_spec", lambda module: module)
    assert installed() == ("litert", "tflite_runtime", "tensorflow", "openvino")
