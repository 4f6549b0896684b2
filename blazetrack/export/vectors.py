"""Test vectors: what every network and every node of the pipeline gave, frame by frame.

An implementation of the pipeline in another language reads them: it takes the recorded outputs of
the networks for its own, and its streams must equal the recorded ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from blazetrack.align.crop import BORDERS, sample
from blazetrack.backends import FileModel, Model
from blazetrack.errors import InputError
from blazetrack.export.device_pipeline import DevicePipeline
from blazetrack.export.vector_file import VectorFile
from blazetrack.geometry import rectangle_to_image
from blazetrack.graph import GraphSpec
from blazetrack.graph.ports import read_signature
from blazetrack.heads import STANDARD_HEADS
from blazetrack.model_info import ModelInfo
from blazetrack.nodes import NODES
from blazetrack.pipeline.running_graph import RunningGraph
from blazetrack.skeleton import BLAZEPOSE33
from blazetrack.tracking.timeline import thumbnail
from blazetrack.types import Frame

__all__ = ["pipeline_texts", "record_vectors"]

Array = NDArray[Any]
Arrays = dict[str, Array]

SAMPLE_WH, SAMPLE_SIDE = (64, 48), 24  # of the picture and the crops that test resampling
NOT_RECORDED = ("image", "pixels", "masks", "masks_crop")  # large, and follow from the clip


def record_vectors(pipeline: DevicePipeline, frames: Iterable[Frame]) -> VectorFile:
    """Run the pipeline over frames, and record all that the networks and nodes give.

    Args:
        pipeline: graph and models.
        frames: one clip, at least one frame.

    Raises:
        InputError: there are no frames.
    """
    spec = replace(pipeline.spec, outputs=[node.out for node in pipeline.spec.nodes])
    recorder = _Recorder(spec)
    models: Any = {role: _RecordedModel(m, recorder) for role, m in pipeline.models.items()}
    graph = RunningGraph(spec, models, [recorder])
    vectors = VectorFile(pipeline_texts(spec, pipeline.models))
    for frame in frames:
        if not vectors.frames:
            vectors.arrays.update(_resampling(frame))
        recorder.outputs.clear()
        streams = graph.scheduler.step(frame=frame)
        vectors.frames.append(_frame_arrays(frame, streams, recorder, graph))
    if not vectors.frames:
        raise InputError("vectors: expected at least one frame, got none; choose another clip")
    return vectors


class _Recorder:
    """Which node runs, and what networks gave in it; a hook of the scheduler."""

    def __init__(self, spec: GraphSpec) -> None:
        self._streams = {node.name: node.out for node in spec.nodes}
        self._stream = ""
        self.outputs: dict[str, list[Array]] = {}

    def before(self, node: str, frame: int) -> None:
        self._stream = self._streams[node]

    def after(self, node: str, frame: int, ran: bool) -> None:
        """Nothing is left to do."""

    def add(self, outputs: Mapping[str, Array]) -> None:
        """Keep the outputs of one run, under the stream of the node that runs."""
        for meaning, array in sorted(outputs.items()):
            name = f"{self._stream}.outputs.{meaning}"
            self.outputs.setdefault(name, []).append(np.array(array, np.float32))


class _RecordedModel(Model):
    """A model whose outputs are recorded."""

    def __init__(self, model: FileModel, recorder: _Recorder) -> None:
        self.info = model.info
        self._model, self._recorder = model, recorder

    def want(self, *meanings: str) -> None:
        self._model.want(*meanings)

    def run(self, pixels: NDArray[np.uint8]) -> Mapping[str, Array]:
        outputs = self._model.run(pixels)
        self._recorder.add(outputs)
        return outputs


def _frame_arrays(
    frame: Frame, streams: Mapping[str, Any], recorder: _Recorder, graph: RunningGraph
) -> Arrays:
    """All arrays of one frame; a stream that was not written has none."""
    arrays = {
        "frame.time_s": np.array([frame.time_s]),
        "frame.size_wh": np.array([frame.width, frame.height], np.int32),
        "frame.thumbnail": thumbnail(frame.image).astype(np.uint8),
        "detector_runs": np.array([graph.detector_runs], np.int32),
    }
    arrays |= {name: np.concatenate(runs) for name, runs in recorder.outputs.items()}
    for stream, value in streams.items():
        arrays |= _stream_arrays(stream, value)
    for node in graph.scheduler.plan.nodes:
        if hasattr(node.call, "restarts"):
            arrays[f"{node.spec.out}.restarts"] = np.array([node.call.restarts], np.uint8)
    return arrays


def _stream_arrays(name: str, value: Any) -> Arrays:
    """The arrays and numbers of a value, by dotted name; whole numbers are int32."""
    if isinstance(value, bool):
        return {name: np.array([value], np.uint8)}
    if isinstance(value, float):
        return {name: np.array([value])}
    if isinstance(value, np.ndarray):
        whole = np.issubdtype(value.dtype, np.integer)
        return {name: value.astype(np.int32 if whole else np.float32)}
    arrays: Arrays = {}
    if is_dataclass(value):
        for one in fields(value):
            if one.name not in NOT_RECORDED:
                arrays |= _stream_arrays(f"{name}.{one.name}", getattr(value, one.name))
    return arrays


def pipeline_texts(spec: GraphSpec, models: Mapping[str, FileModel]) -> dict[str, str]:
    """All that an implementation must not guess: models, wires and options with their defaults."""
    texts = {"graph": spec.name, "keypoints": _words(BLAZEPOSE33.names)}
    for role, model in models.items():
        texts |= {f"model.{role}.{name}": text for name, text in _model_texts(model.info).items()}
    for node in spec.nodes:
        texts[f"node.{node.name}"] = f"{node.use} {node.out}"
        for name, param in read_signature(NODES[node.use], node.use).options.items():
            value = node.options.get(name, param.fallback)
            texts[f"option.{node.name}.{name}"] = _words(value)
    return texts


def _model_texts(info: ModelInfo) -> dict[str, str]:
    texts = {
        "name": info.name,
        "kind": info.kind,
        "head": info.head or STANDARD_HEADS[info.kind],
        "input_hw": _words(info.input_hw),
        "input_range": _words(info.input_range),
        "border": info.border,
    }
    if info.anchors is not None:
        texts["anchors.strides"] = _words(info.anchors.strides)
        texts["anchors.per_map"] = _words(info.anchors.per_map)
    texts |= {f"output.{meaning}": name for meaning, name in info.outputs.items()}
    coefficients = info.score_coefficients
    return texts | {f"score_coefficients.{name}": _words(c) for name, c in coefficients.items()}


def _words(value: object) -> str:
    """A value as words: numbers as Python prints them, `true`, `false`, `none`."""
    if isinstance(value, list | tuple):
        return " ".join(map(_words, value))
    return str(value).lower() if value is None or isinstance(value, bool) else str(value)


def _resampling(frame: Frame) -> Arrays:
    """A small picture and turned crops of it, partly outside, with both borders."""
    picture = np.asarray(cv2.resize(frame.image, SAMPLE_WH, interpolation=cv2.INTER_AREA), np.uint8)
    center = np.array([[32.0, 24.0], [50.5, 8.25], [20.3, 30.7]])
    size = np.array([[40.0, 40.0], [33.3, 33.3], [11.7, 11.7]])
    crop_hw = (SAMPLE_SIDE, SAMPLE_SIDE)
    matrices = rectangle_to_image(center, size, np.array([0.0, 0.6, -2.1]), crop_hw)
    arrays: Arrays = {"sample.image": picture, "sample.to_image": matrices}
    for border in BORDERS:
        crops = [sample(picture, matrix, crop_hw, border) for matrix in matrices]  # type: ignore[arg-type]
        arrays[f"sample.{border}"] = np.stack(crops)
    return arrays
