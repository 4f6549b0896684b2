"""Names of the outputs of networks with several stages, for training and evaluation.

The last stage's output has the name that the head decodes, such as `heatmap`; those of the stages
before it are `heatmap_1`, `heatmap_2` …. Each has a part of the loss; `deployed` keeps the last.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

__all__ = ["stage_names", "stage_of", "stage_outputs"]


def stage_of(name: str) -> tuple[str, int | None]:
    """Name of the last stage's output, and the number of the stage; None is the last."""
    found = re.fullmatch(r"(.+)_([1-9]\d*)", name)
    return (found[1], int(found[2])) if found else (name, None)


def stage_outputs(name: str, stages: Sequence[Any]) -> dict[str, Any]:
    """The outputs of all stages by name, in order; the last has the name itself."""
    return dict(zip(stage_names(name, len(stages)), stages, strict=True))


def stage_names(name: str, count: int) -> list[str]:
    """Names of the outputs of so many stages, in order."""
    return [*(f"{name}_{number}" for number in range(1, count)), name]
