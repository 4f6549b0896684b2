"""Heads: the meaning of a network's output tensors, one file each, `encode` beside `decode`.

Numpy only. A model's card names its head; the runtime decodes with it, training encodes with it,
evaluation and export look up its outputs.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from blazetrack.errors import ModelError, did_you_mean
from blazetrack.heads.base import Head, Options, Outputs
from blazetrack.heads.blazepose import BLAZEPOSE
from blazetrack.heads.heatmap import HEATMAP
from blazetrack.heads.regression import REGRESSION
from blazetrack.heads.ssd import SSD
from blazetrack.model_info import ModelInfo

__all__ = [
    "HEADS",
    "STANDARD_HEADS",
    "Head",
    "Options",
    "Outputs",
    "check_head",
    "check_options",
    "head_of",
]

HEADS: Mapping[str, Head] = MappingProxyType(
    {"blazepose": BLAZEPOSE, "heatmap": HEATMAP, "regression": REGRESSION, "ssd": SSD}
)
# The head of a description that names none: that of the published models of its kind.
STANDARD_HEADS = {"detector": "ssd", "landmarks": "blazepose"}


def head_of(info: ModelInfo) -> Head:
    """The head of a model; `ModelError` for a name that is none."""
    name = info.head or STANDARD_HEADS.get(info.kind, "")
    if name not in HEADS:
        raise ModelError(f"model {info.name}: no head '{name}'; {did_you_mean(name, HEADS)}")
    return HEADS[name]


def check_options(info: ModelInfo) -> Head:
    """The head of a model, whose options all exist and have allowed values.

    Raises:
        ModelError: otherwise, in one line.
    """
    head, name = head_of(info), info.head or STANDARD_HEADS[info.kind]
    for option, value in info.head_options.items():
        if option not in head.options:
            hint = did_you_mean(option, head.options)
            raise ModelError(f"model {info.name}: head {name} has no option '{option}'; {hint}")
        allowed = head.options[option]
        if not any(value == one and type(value) is type(one) for one in allowed):
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
    for meaning in info.outputs:
        if meaning not in head.required + head.optional:
            hint = did_you_mean(meaning, head.required + head.optional)
            raise ModelError(f"model {info.name}: head {name} has no output '{meaning}'; {hint}")
    missing = sorted(set(head.required).union(head.reads(info)) - set(info.outputs))
    if missing:
        got = ", ".join(info.outputs) or "none"
        want = ", ".join(missing)
        raise ModelError(f"model {info.name}: head {name} needs the outputs {want}, got {got}")
    if info.kind == "detector" and info.anchors is None:
        raise ModelError(f"model {info.name}: head {name} needs anchors")
    return head
