"""The file format of test vectors: lines of words, which any language reads without a library.

The format is described in docs/test_vectors.md.
"""

from __future__ import annotations

import os
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from blazetrack.common.files import check_regular
from blazetrack.errors import InputError, SinkError, reason

__all__ = ["VectorFile", "read_vectors", "write_vectors"]

Array = NDArray[Any]

FIRST_LINE = "blazetrack_vectors 1"  # name and version of the format
DTYPES = {"float32": "<f4", "float64": "<f8", "int32": "<i4", "uint8": "|u1"}
EMPTY = "-"  # in place of the data of an array without values, as words are not empty


@dataclass(frozen=True, slots=True)
class VectorFile:
    """Test vectors.

    Attributes:
        texts: name → words, the settings of the pipeline.
        arrays: name → array, those that belong to no frame.
        frames: name → array of each frame.
    """

    texts: dict[str, str] = field(default_factory=dict)
    arrays: dict[str, Array] = field(default_factory=dict)
    frames: list[dict[str, Array]] = field(default_factory=list)


def write_vectors(path: str | os.PathLike[str], vectors: VectorFile) -> None:
    """Write test vectors; a file that cannot be completed is removed.

    Raises:
        SinkError: it cannot be written.
        InputError: an array has another type than those of the format.
    """
    lines = _lines(vectors)
    target = Path(path)
    part = target.with_name(f"{target.name}.part")
    try:
        with open(part, "w", encoding="utf-8", newline="\n") as file:
            file.writelines(f"{line}\n" for line in lines)
        os.replace(part, target)
    except OSError as error:
        with suppress(OSError):
            part.unlink()
        raise SinkError(f"{target}: cannot be written ({reason(error)})") from None


def read_vectors(path: str | os.PathLike[str]) -> VectorFile:
    """Read test vectors.

    Raises:
        InputError: the file cannot be read, or is not one of test vectors, or not a whole one.
    """
    name = os.fspath(path)
    check_regular(path, InputError)
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{name}: cannot read these test vectors: {reason(error)}") from None
    if not lines or lines[0] != FIRST_LINE:
        raise InputError(f"{name}: expected test vectors that begin with '{FIRST_LINE}'")
    vectors = VectorFile()
    arrays, ended = vectors.arrays, False
    for number, line in enumerate(lines[1:], 2):
        kind, _, rest = line.partition(" ")
        try:
            if kind == "text":
                key, _, vectors.texts[key] = rest.partition(" ")
            elif kind == "array":
                key, dtype, shape, data = rest.split(" ")
                arrays[key] = _decoded(dtype, shape, data)
            elif kind == "frame" and int(rest) == len(vectors.frames):
                arrays = {}
                vectors.frames.append(arrays)
            elif kind == "end" and int(rest) == len(vectors.frames):
                ended = True
            else:
                raise ValueError
        except (ValueError, KeyError):
            raise InputError(f"{name}: line {number} is none of the format: {line[:60]}") from None
    if not ended:
        raise InputError(f"{name}: ends within frame {len(vectors.frames) - 1}; write it again")
    return vectors


def _lines(vectors: VectorFile) -> list[str]:
    lines = [FIRST_LINE, *(f"text {name} {words}" for name, words in vectors.texts.items())]
    lines += _array_lines(vectors.arrays)
    for index, arrays in enumerate(vectors.frames):
        lines += [f"frame {index}", *_array_lines(arrays)]
    return [*lines, f"end {len(vectors.frames)}"]


def _array_lines(arrays: Mapping[str, Array]) -> Iterable[str]:
    for name, array in arrays.items():
        if array.dtype.name not in DTYPES:
            want = ", ".join(DTYPES)
            raise InputError(f"vectors: {name}: expected one of {want}, got {array.dtype}")
        data = b64encode(array.astype(DTYPES[array.dtype.name]).tobytes()).decode() or EMPTY
        yield f"array {name} {array.dtype.name} {_shape_text(array.shape)} {data}"


def _shape_text(shape: Sequence[int]) -> str:
    return ",".join(map(str, shape)) or "1"


def _decoded(dtype: str, shape: str, data: str) -> Array:
    values = b"" if data == EMPTY else b64decode(data, validate=True)
    sizes = [int(size) for size in shape.split(",")]
    return np.frombuffer(values, DTYPES[dtype]).reshape(sizes)
