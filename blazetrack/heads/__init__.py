"""Heads: the meaning of a network's output tensors, one file each, `encode` beside `decode`.

Numpy only. A model's card names its head; the runtime decodes with it, training encodes with it,
evaluation and export look up its outputs.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from blazetrack.errors import ModelError, did_you_mean
from blazetrack.heads.base import Head, Outputs
from blazetrack.heads.blazepose import BLAZEPOSE
from blazetrack.heads.displacement import DISPLACEMENT
from blazetrack.heads.heatmap import HEATMAP
from blazetrack.heads.paf import PAF
from blazetrack.heads.regression import REGRESSION
from blazetrack.heads.simcc import SIMCC
from blazetrack.heads.ssd import SSD
from blazetrack.model_info import ModelInfo

__all__ = ["HEADS", "STANDARD_HEADS", "Head", "check_head", "check_options", "decode", "head_of"]

HEADS: Mapping[str, Head] = {
    "blazepose": BLAZEPOSE,
    "displacement": DISPLACEMENT,
    "heatmap": HEATMAP,
    "paf": PAF,
    "regression": REGRESSION,
    "simcc": SIMCC,
    "ssd": SSD,
}
# The head of a description that names none: that of the published models of its kind.
STANDARD_HEADS = {"detector": "ssd", "landmarks": "blazepose"}


def head_of(info: ModelInfo) -> Head:
    """The head of a model; `ModelError` for a name that is none."""
    name = info.head or STANDARD_HEADS.get(info.kind, "")
    _check_names(f"model {info.name}: no head", [name], HEADS)
    return HEADS[name]


def check_options(info: ModelInfo) -> Head:
    """The head of a model, whose options all exist and have allowed values.

    Raises:
        ModelError: otherwise, in one line.
    """
    head, name = head_of(info), info.head or STANDARD_HEADS[info.kind]
    _check_names(f"model {info.name}: head {name} has no option", info.head_options, head.options)
    for option, value in info.head_options.items():
        allowed = head.options[option]
        if (type(value), value) not in [(type(one), one) for one in allowed]:
            known = [str(one).lower() for one in sorted(set(allowed))]
            known = [*known[:3], "…", known[-1]] if len(known) > 6 else known
            want, got = ", ".join(known), str(value).lower()
            raise ModelError(
                f"model {info.name}: option '{option}' of head {name}: expected {want}, got {got}"
            )
    return head


def check_head(info: ModelInfo) -> Head:
    """The head of a model, whose kind, options and outputs all fit it.

    Raises:
        ModelError: otherwise, in one line.
    """
    head, name = check_options(info), info.head or STANDARD_HEADS[info.kind]
    if head.kind != info.kind:
        fitting = ", ".join(name for name, one in HEADS.items() if one.kind == info.kind)
        want = f"expected a head of a {info.kind} model ({fitting})"
        raise ModelError(f"model {info.name}: {want}, got '{name}'")
    outputs = [*head.required, *head.optional]
    _check_names(f"model {info.name}: head {name} has no output", info.outputs, outputs)
    missing = sorted(set(head.reads(info)) - set(info.outputs))
    if missing:
        want, got = ", ".join(missing), ", ".join(info.outputs) or "none"
        raise ModelError(f"model {info.name}: head {name} needs the outputs {want}, got {got}")
    if info.kind == "detector" and info.anchors is None:
        raise ModelError(f"model {info.name}: head {name} needs anchors")
    return head


def decode(head: Head, outputs: Outputs, info: ModelInfo, *options: float) -> Any:
    """What the head reads in the outputs of one crop; `options` as `head.decode` takes them.

    Raises:
        ModelError: the outputs have other shapes than the head reads.
    """
    try:
        return head.decode(outputs, info, *options)
    except (ValueError, LookupError, TypeError, MemoryError) as error:
        got = ", ".join(f"{name} {list(one.shape)}" for name, one in outputs.items())
        raise ModelError(
            f"model {info.name}: expected the outputs of head "
            f"{info.head or STANDARD_HEADS[info.kind]}, got {got}; correct `outputs` in its card"
        ) from error


def _check_names(problem: str, names: Iterable[str], known: Collection[str]) -> None:
    for name in names:
        if name not in known:
            raise ModelError(f"{problem} '{name}'; {did_you_mean(name, known)}")
