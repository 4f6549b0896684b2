"""Files of other people are verified in a helper process before this one opens them."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from blazetrack.errors import ModelError
from blazetrack.store import Store, verify
from blazetrack.store.tflite_file import pack_model, parse_model
from blazetrack.store.verify import check_structure, verify_file

SHARED = Path(__file__).parents[3] / "shared" / "faults"


@pytest.fixture(scope="module")
def own() -> bytes:
    return Store(offline=True).find("blaze_detector_lite").path.read_bytes()


def test_verify_file_good_model_passes(own: bytes, tmp_path: Path) -> None:
    (tmp_path / "good.tflite").write_bytes(own)
    verify_file(tmp_path / "good.tflite")


@pytest.mark.parametrize("name", ["ends", "waits", "raises"])
def test_verify_file_bad_process_gives_one_line(
    own: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    starts = {
        "ends": ("import os; os.abort()", "ends the process that opens it (SIGABRT)"),
        "waits": ("import time; time.sleep(60)", "does not end within"),
        "raises": ("raise SystemError('broken')", "exit code 1: SystemError: broken"),
    }
    start, message = starts[name]
    monkeypatch.setattr(verify, "_START", start)
    monkeypatch.setattr(verify, "TIMEOUT_S", 0.5 if name == "waits" else 60.0)
    with pytest.raises(ModelError) as error:
        verify_file(tmp_path / "x.tflite")
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def _set(path: str, value: Any) -> Callable[[Any], None]:
    """A change of the first subgraph: `operators.3.opcodeIndex` and so on."""

    def change(graph: Any) -> None:
        *parts, last = path.split(".")
        for part in parts:
            graph = graph[int(part)] if part.isdecimal() else getattr(graph, part)
        if last.isdecimal():
            graph[int(last)] = value
        else:
            setattr(graph, last, value)

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_set("operators.3.opcodeIndex", 99), "operator 3: its code is number 99"),
        (_set("operators.3.inputs.0", 5000), "operator 3: an input is number 5000"),
        (_set("operators.3.inputs.0", -7), "operator 3: an input is number -7"),
        (_set("operators.3.outputs.0", 5000), "operator 3: an output is number 5000"),
        (_set("operators.3.outputs", None), "operator 3: it has no output"),
        (_set("tensors.0.buffer", 100_000), "tensor 0: its buffer is number 100000"),
        (_set("tensors.0.shape.1", -5), "tensor 0: its shape"),
        (_set("tensors.0.shape.1", 2_000_000_000), "tensor 0: its shape"),
        (_set("outputs.0", 5000), "an input or output of the model"),
        (_set("outputs", None), "it has no output"),
        (_set("inputs.0", 5000), "an input or output of the model"),
    ],
)
def test_check_structure_wrong_number_is_refused(
    own: bytes, change: Callable[[Any], None], message: str
) -> None:
    model = parse_model(own)
    check_structure(model)
    graph = model.subgraphs[0]
    for part in [graph, *graph.operators]:
        part.inputs, part.outputs = list(part.inputs), list(part.outputs)
    change(graph)
    with pytest.raises(ModelError) as error:
        check_structure(model)
    assert message in str(error.value)


def test_check_structure_short_weights_are_refused(own: bytes) -> None:
    model = parse_model(own)
    graph = model.subgraphs[0]
    weights = next(one.inputs[1] for one in graph.operators if len(one.inputs) > 2)
    buffer = model.buffers[graph.tensors[weights].buffer]
    buffer.data = buffer.data[:8]
    with pytest.raises(ModelError, match=r"needs \d+ bytes, not 8"):
        check_structure(model)


def test_check_structure_output_on_weights_is_refused(own: bytes) -> None:
    model = parse_model(own)
    first = next(one for one in model.subgraphs[0].operators if len(one.inputs) > 2)
    first.outputs = [int(first.inputs[1])]
    with pytest.raises(ModelError, match="belongs to another part"):
        check_structure(model)


@pytest.mark.parametrize("content", ["cut", "noise", "zeros"])
def test_add_damaged_model_is_refused_and_leaves_nothing(
    own: bytes, tmp_path: Path, content: str
) -> None:
    damaged = {"cut": own[: len(own) // 2], "noise": own[:8] + os.urandom(5000),
               "zeros": own[:8] + b"\0" * 5000}[content]  # fmt: skip
    (tmp_path / "bad.tflite").write_bytes(damaged)
    store = Store(tmp_path / "home", offline=True)
    with pytest.raises(ModelError, match="not a TFLite model that can be run"):
        store.add(tmp_path / "bad.tflite")
    assert store.cache.names() == []
    with pytest.raises(ModelError, match="not a TFLite model that can be run"):
        store.find(tmp_path / "bad.tflite")


def test_find_own_model_is_verified_once(
    own: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Path] = []
    monkeypatch.setattr(verify, "verify_file", lambda path, label="": seen.append(path))
    (tmp_path / "mine.tflite").write_bytes(own + b"\0")
    (tmp_path / "home").mkdir()
    for _ in range(2):
        store = Store(tmp_path / "home", offline=True)
        store.find("blaze_detector_lite")  # published bytes are not verified
        store.variant(store.find(tmp_path / "mine.tflite"))
    assert seen == [tmp_path / "mine.tflite"]


def test_find_model_that_ends_the_process_is_refused(own: bytes, tmp_path: Path) -> None:
    if not SHARED.is_dir():
        pytest.skip("needs ../shared/faults")
    patch = json.loads((SHARED / "patches.json").read_text())[
        "keep_detector_lite.tflite_4_101.tflite"
    ]
    content = bytearray(own)
    for index, old, new in patch["changes"]:
        if content[index] != old:
            pytest.skip("the patch is for other weights")
        content[index] = new
    (tmp_path / "bad.tflite").write_bytes(content)
    with pytest.raises(ModelError, match="ends the process"):
        verify_file(tmp_path / "bad.tflite")


def test_pack_model_of_a_checked_model_is_sound(own: bytes) -> None:
    check_structure(parse_model(pack_model(parse_model(own))))
