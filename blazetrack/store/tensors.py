"""The tensors of a model file, and whether its card fits them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from blazetrack.common.native_stderr import without_notices
from blazetrack.errors import ModelError
from blazetrack.heads import STANDARD_HEADS
from blazetrack.heads.fit import Tensors, check_outputs, check_tensors
from blazetrack.model_info import ModelInfo
from blazetrack.store.verify import make_interpreter

__all__ = ["check_fit", "read_tensors"]


def read_tensors(path: Path, label: str = "") -> Tensors:
    """The tensors of a verified file.

    Args:
        path: the file; `verify_file` has accepted it.
        label: its name in messages.

    Raises:
        ModelError: it has not one input, or cannot be opened.
    """
    try:
        with without_notices():
            interpreter = make_interpreter(path.read_bytes())
            interpreter.allocate_tensors()
    except (OSError, ValueError, RuntimeError) as error:
        reason = next(iter(str(error).strip().splitlines()), "no reason given")
        raise ModelError(f"model {label or path}: cannot be opened: {reason}") from error
    inputs, outputs = interpreter.get_input_details(), interpreter.get_output_details()
    if len(inputs) != 1:
        raise ModelError(f"model {label or path}: expected one input, got {len(inputs)}")
    return Tensors(
        inputs[0]["name"],
        _shape(inputs[0]),
        np.dtype(inputs[0]["dtype"]).name,
        {one["name"]: _shape(one) for one in outputs},
        {one["name"]: np.dtype(one["dtype"]).name for one in outputs},
    )


def check_fit(info: ModelInfo, tensors: Tensors, file: str) -> None:
    """Check that a description fits its file: input, names and shapes of all outputs.

    Args:
        info: the description.
        tensors: of the file.
        file: its path, for messages.

    Raises:
        ModelError: it does not fit.
    """
    check_tensors(info, tensors, info.outputs, file)
    try:
        check_outputs(info, tensors)
    except ModelError as error:
        about = f"head {info.head or STANDARD_HEADS[info.kind]}"
        if info.skeleton is not None:
            about += f", {len(info.skeleton)} keypoints of {info.skeleton.name}"
        raise ModelError(f"{error} ({about})") from None


def _shape(details: dict[str, object]) -> tuple[int, ...]:
    return tuple(int(side) for side in np.asarray(details["shape"]))
