"""What the weights of a run begin as: those of another run, or of a published network."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from blazetrack.errors import InputError, ModelError, did_you_mean
from models.train.channel_pruning import prune
from models.train.checkpoint import load_network
from models.train.config import Settings
from models.train.published_weights import PRETRAINED, begin_with
from models.train.tasks import plain_pictures
from models.zoo import build

__all__ = ["begin", "take_what_fits"]

CHOOSE_ON = 96  # pictures that say which channels matter


def begin(network: Any, settings: Settings, say: Callable[[str], None]) -> None:
    """Give a fresh network the weights of `network.pretrained`, if that is set.

    Args:
        network: as `settings` ask for.
        settings: of the run.
        say: is told how much of another run was taken.

    Raises:
        InputError: there are neither published weights nor a run of this name.
        ModelError: what there is does not fit the architecture, or cannot be read.
    """
    name = settings.network.pretrained
    if name is None:
        return
    if name in PRETRAINED:
        _begin_published(network, settings, name)
        return
    if not Path(name).exists():
        hint = did_you_mean(name, PRETRAINED)
        raise InputError(f"network.pretrained: no run in {name}, and no published weights; {hint}")
    taken = take_what_fits(network, load_network(Path(name))[0])
    layers = sum(1 for layer in network.layers if layer.weights)
    say(f"begins with {name}: {len(taken)} of {layers} layers fit")


def take_what_fits(network: Any, trained: Any) -> set[str]:
    """Give a network the weights of a trained one; which layers took some.

    Layers of two networks of one layout are paired in their order, for half of the zoo has no
    names of its own for them; those of different layouts by their names.

    Args:
        network: of any size; what has another shape, or no counterpart, stays as it is.
        trained: of the same architecture.

    Raises:
        ModelError: it is of another one.
    """
    if network.name != trained.name:
        raise ModelError(f"pretrained: expected {network.name}, got '{trained.name}'")
    own, given = ([one for one in net.layers if one.weights] for net in (network, trained))
    if [type(one) for one in own] == [type(one) for one in given]:
        pairs = list(zip(own, given, strict=True))
    else:
        names = {one.name: one for one in given}
        pairs = [(one, names[one.name]) for one in own if one.name in names]
    taken = set()
    for one, other in pairs:
        weights = other.get_weights()
        if [array.shape for array in weights] == [tuple(array.shape) for array in one.weights]:
            one.set_weights(weights)
            taken.add(one.name)
    return taken


def _begin_published(network: Any, settings: Settings, name: str) -> None:
    """Where there are fewer channels, those that matter on the run's pictures."""
    wanted, whole = settings.network, network
    if wanted.name in PRETRAINED.values():
        whole = build(wanted.name, **{**wanted.options, "keep": None})
    if whole.count_params() == network.count_params():
        begin_with(network, name)
        return
    taken = begin_with(whole, name)
    pictures = plain_pictures(settings, network.input_shape[1], CHOOSE_ON)
    prune(whole, network, taken, np.array(pictures, np.float32) / np.float32(255))
