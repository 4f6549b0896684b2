"""Verify a TFLite file that did not come with blazetrack, before this process opens it.

An interpreter trusts the numbers in a file: a wrong one ends the process, or writes elsewhere in
its memory. So the structure is checked first, and the file is then opened and run once in a helper
process, whose end is a message here.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from math import prod
from pathlib import Path
from signal import Signals
from typing import Any

from blazetrack.errors import ModelError

__all__ = ["check_structure", "make_interpreter", "verify_file"]

TIMEOUT_S = 60.0
MAX_MEMORY = 6 << 30  # address space of the helper process, where the system can limit it
MAX_TENSOR_BYTES = 1 << 30
# Bytes per value of a type (schema.fbs, TensorType); others have no fixed size.
SIZES = {
    "FLOAT32": 4, "FLOAT16": 2, "FLOAT64": 8, "BOOL": 1, "COMPLEX64": 8, "COMPLEX128": 16,
    "INT8": 1, "INT16": 2, "INT32": 4, "INT64": 8,
    "UINT8": 1, "UINT16": 2, "UINT32": 4, "UINT64": 8,
}  # fmt: skip
# The helper gets the module path of this process and nothing of the current folder.
_START = "import sys, json; sys.path[:] = json.loads(sys.argv[1]); " + (
    "from blazetrack.store.verify import _run_helper; _run_helper(sys.argv[2])"
)


def verify_file(path: Path, label: str = "") -> None:
    """Open and run a model once in another process.

    Args:
        path: the file.
        label: its name in messages.

    Raises:
        ModelError: its structure is wrong, the interpreter refuses it, or it ends the process.
    """
    if getattr(sys, "frozen", False) or not sys.executable:  # no Python to start
        _check_file(path)
        return
    modules = json.dumps(list(map(str, sys.path)))
    command = [sys.executable, "-I", "-c", _START, modules, str(path.absolute())]
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        reason = f"one run does not end within {TIMEOUT_S:.0f} s"
    except (OSError, ValueError) as error:
        reason = f"the process that verifies it cannot be started ({error})"
    else:
        reason = _verdict(done)
    if reason:
        raise ModelError(f"model {label or path}: not a TFLite model that can be run: {reason}")


def _verdict(done: subprocess.CompletedProcess[bytes]) -> str:
    """The reason of a refusal; empty for a good file."""
    if done.returncode < 0:
        with suppress(ValueError):
            return f"it ends the process that opens it ({Signals(-done.returncode).name})"
        return f"it ends the process that opens it (signal {-done.returncode})"
    for line in done.stdout.decode(errors="replace").splitlines():
        if line.startswith("verdict "):
            with suppress(ValueError):
                return str(json.loads(line.removeprefix("verdict ")))
    last = (done.stderr.decode(errors="replace").strip().splitlines() or ["no reason given"])[-1]
    return f"it ends the process that opens it (exit code {done.returncode}: {last[:200]})"


def _run_helper(path: str) -> None:
    """Verify a file and print the verdict: the whole helper process."""
    with suppress(Exception):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))
    try:
        content = _check_file(Path(path))
        _run_twice(content)
        verdict = ""
    except Exception as error:  # noqa: BLE001 - any: of the schema's classes and of the interpreter
        text = str(error).strip() or type(error).__name__
        verdict = text.splitlines()[0][:300]
    print("\nverdict", json.dumps(verdict), flush=True)


def _check_file(path: Path) -> bytes:
    """The bytes of a file of sound structure."""
    from blazetrack.errors import BackendError
    from blazetrack.store.tflite_file import parse_model

    content = path.read_bytes()
    try:
        model = parse_model(content)
    except BackendError:  # without LiteRT there is no schema; the run decides
        return content
    except Exception as error:
        reason = str(error) or type(error).__name__
        raise ModelError(f"its structure is damaged ({reason})") from error
    check_structure(model)
    return content


def _run_twice(content: bytes) -> None:
    """Run with the operators of the file, then as a tracker does; `ValueError` and others."""
    import numpy as np

    for delegates in (False, True):
        interpreter = make_interpreter(content, delegates)
        interpreter.allocate_tensors()
        for one in interpreter.get_input_details():
            values = np.arange(int(np.prod(one["shape"]))).reshape(one["shape"]) % 251
            interpreter.set_tensor(one["index"], values.astype(one["dtype"]))
        interpreter.invoke()
        for one in interpreter.get_output_details():
            interpreter.get_tensor(one["index"])
        del interpreter  # frees its memory, which shows what was overwritten


def make_interpreter(content: bytes, delegates: bool = False) -> Any:
    """A TFLite interpreter of any installed package, its tensors not yet allocated."""
    from importlib import import_module

    from blazetrack.store.tflite_file import load_interpreter

    try:
        return load_interpreter(content, delegates=delegates, allocate=False)
    except ImportError:
        pass
    for module in ("tflite_runtime.interpreter", "tensorflow.lite"):
        with suppress(ImportError):
            return import_module(module).Interpreter(model_content=content, num_threads=1)
    raise ValueError("no TFLite interpreter is installed; pip install ai-edge-litert")


def check_structure(model: Any) -> None:
    """Check the numbers by which the parts of a model refer to each other, and its sizes.

    Args:
        model: a `ModelT` of the schema.

    Raises:
        ModelError: one of them is out of range.
    """
    buffers, codes = model.buffers or [], model.operatorCodes or []
    if not model.subgraphs:
        raise ModelError("it has no subgraph")
    for graph in model.subgraphs:
        tensors = graph.tensors or []
        constant = {i for i, one in enumerate(tensors) if _check_tensor(i, one, buffers)}
        inputs, outputs = _listed(graph.inputs), _listed(graph.outputs)
        _check_range("an input or output of the model", [*inputs, *outputs], len(tensors))
        if not outputs:
            raise ModelError("it has no output")
        if constant & set(inputs):
            raise ModelError("an input of the model is a constant")
        variables = {i for i, one in enumerate(tensors) if one.isVariable}
        known = constant | variables | set(inputs) | {-1}
        written: set[int] = set()
        for number, operator in enumerate(graph.operators or []):
            where = f"operator {number}"
            _check_range(f"{where}: its code", [operator.opcodeIndex], len(codes))
            reads, writes = _listed(operator.inputs), _listed(operator.outputs)
            _check_range(f"{where}: an input", reads, len(tensors), first=-1)
            _check_range(f"{where}: an output", writes, len(tensors))
            if not writes:
                raise ModelError(f"{where}: it has no output")
            if lacking := [one for one in reads if one not in known]:
                raise ModelError(f"{where}: its input {lacking[0]} is written by none before it")
            if twice := [one for one in writes if one in constant | set(inputs) | written]:
                raise ModelError(f"{where}: its output {twice[0]} belongs to another part")
            written.update(writes)
            known.update(writes)
        if lacking := [one for one in outputs if one not in known]:
            raise ModelError(f"output {lacking[0]} of the model is written by none")


def _check_tensor(number: int, tensor: Any, buffers: Sequence[Any]) -> bool:
    """Whether a tensor is a constant; its shape and its buffer are checked."""
    from blazetrack.store.tflite_file import tflite_schema

    where, shape = f"tensor {number}", _listed(tensor.shape)
    types = {code: name for name, code in vars(tflite_schema().TensorType).items()}
    size = SIZES.get(str(types.get(tensor.type)), 0)
    _check_range(f"{where}: its buffer", [tensor.buffer], len(buffers))
    if any(side < 0 for side in shape):
        raise ModelError(f"{where}: its shape {shape} has a negative side")
    count = prod(shape)
    if count * max(size, 1) > MAX_TENSOR_BYTES:
        raise ModelError(f"{where}: its shape {shape} is too large")
    data = buffers[tensor.buffer].data
    if data is None or not len(data):
        return False
    if size and tensor.sparsity is None and len(data) != count * size:
        raise ModelError(f"{where}: its shape {shape} needs {count * size} bytes, not {len(data)}")
    return True


def _listed(numbers: Iterable[Any] | None) -> list[int]:
    return [] if numbers is None else [int(one) for one in numbers]


def _check_range(what: str, numbers: Iterable[int], end: int, first: int = 0) -> None:
    for number in numbers:
        if not first <= number < end:
            raise ModelError(f"{what} is number {number} of {end}")
