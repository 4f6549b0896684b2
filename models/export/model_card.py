"""The card beside an exported file: what the runtime must know of it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from blazetrack.errors import ModelError
from blazetrack.heads.blazepose import VALUES
from blazetrack.model_info import ModelInfo
from blazetrack.skeleton import BLAZEPOSE33, Skeleton
from blazetrack.store.card import card_path, card_text
from blazetrack.store.manifest import Card

__all__ = ["info_of", "kind_of", "write_model"]

# What lies outside the picture: crops of people go on with their edge, whole pictures end.
BORDERS = {"landmarks": "replicate", "detector": "zero"}


def kind_of(network: Any) -> str:
    """`landmarks` or `detector`, by what a network gives."""
    names = set(_outputs(network))
    if "boxes" in names:
        return "detector"
    if names & {"points", "landmarks"}:
        return "landmarks"
    raise ModelError(
        f"network {network.name}: expected outputs of the zoo (points, landmarks or boxes), got"
        f" {sorted(names)}"
    )


def info_of(network: Any, name: str, skeleton: Skeleton = BLAZEPOSE33) -> ModelInfo:
    """What must be known of a deployed network before it can be run.

    Args:
        network: gives kind, size and outputs.
        name: of the model.
        skeleton: what the keypoints of a landmark network are.

    Raises:
        ModelError: the network has another number of keypoints.
    """
    from models.zoo import anchors_of

    kind = kind_of(network)
    if kind == "landmarks":
        count = _outputs(network)["landmarks"].shape[-1] // VALUES - 2
        if count != len(skeleton):
            raise ModelError(
                f"model {name}: has {count} keypoints, {skeleton.name} names {len(skeleton)}"
            )
    return ModelInfo(
        name=name,
        kind=kind,
        input_hw=tuple(network.input_shape[1:3]),
        input_range=(0.0, 1.0),
        border=BORDERS[kind],
        outputs={output: output for output in _outputs(network)},
        skeleton=skeleton if kind == "landmarks" else None,
        anchors=anchors_of(network.name) if kind == "detector" else None,
    )


def write_model(path: Path, content: bytes, card: Card) -> None:
    """Write a model file, then its card with the file's checksum."""
    sha256 = hashlib.sha256(content).hexdigest()
    new = path.with_name(path.name + ".new")
    path.parent.mkdir(parents=True, exist_ok=True)
    new.write_bytes(content)
    new.replace(path)
    card_path(path).write_text(card_text(replace(card, sha256=sha256)), "utf-8")


def _outputs(network: Any) -> Mapping[str, Any]:
    outputs = network.output
    return outputs if isinstance(outputs, Mapping) else {}
