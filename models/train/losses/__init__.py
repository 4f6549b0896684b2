"""Training losses per head: pure functions of targets and outputs, on any Keras backend.

Targets are batches of `models.data`, outputs those of a network of `models.zoo` in training.
Coordinates are in parts of the crop's side. A target of weight 0 may hold any value, also NaN.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from blazetrack.errors import InputError, did_you_mean
from models.train.losses.config import LOSS_SETTINGS

__all__ = ["LOSS_SETTINGS", "loss_module"]


def loss_module(head: str) -> Any:
    """The module `models.train.losses.<head>`, with the functions `loss` and `parts`.

    Raises:
        InputError: the head has no loss.
    """
    if head not in LOSS_SETTINGS:
        raise InputError(
            f"losses: no loss for the head '{head}'; {did_you_mean(head, LOSS_SETTINGS)}"
        )
    return import_module(f"models.train.losses.{head}")
