"""Initial weights of a run: those of another run, or of a published network."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from blazetrack.errors import InputError, ModelError, did_you_mean
from models.train.channel_pruning import prune
from models.train.checkpoint import load_network
from models.train.published_weights import PRETRAINED, load_published
from models.train.settings import Settings
from models.train.tasks import plain_images
from models.train.tflite_weights import load_tflite_weights
from models.zoo import build

__all__ = ["copy_matching_layers", "init_weights"]

SELECTION_IMAGES = 96  # images that channels are selected on


def init_weights(network: Any, settings: Settings, log: Callable[[str], None]) -> None:
    """Initialize a fresh network from `network.pretrained`, if that is set; of several in order.

    `log` is called with one line on how many layers of another run fit.

    Raises:
        InputError: there are neither published weights nor a run of this name.
        ModelError: the weights are of another architecture, or cannot be read.
    """
    wanted = settings.network.pretrained or ()
    for name in [wanted] if isinstance(wanted, str) else wanted:
        if name in PRETRAINED:
            _init_published(network, settings, name)
            continue
        path = Path(name)
        if path.suffix == ".tflite" and path.is_file():
            copied = load_tflite_weights(network, path)
            log(f"weights of {name}: {len(copied)} of {_layers(network)} layers fit")
            continue
        if not path.exists():
            hint = did_you_mean(name, PRETRAINED)
            raise InputError(
                f"network.pretrained: no run in {name}, and no published weights; {hint}"
            )
        copied = copy_matching_layers(network, load_network(path)[0])
        log(f"weights of {name}: {len(copied)} of {_layers(network)} layers fit")


def _layers(network: Any) -> int:
    """Number of layers with weights."""
    return sum(1 for layer in network.layers if layer.weights)


def copy_matching_layers(network: Any, trained: Any) -> set[str]:
    """Copy the weights of a trained network layer by layer; the names of the layers that fit.

    Layers are paired in order where both networks have the same layer types (half of the zoo names
    no layers), else by name. A separable convolution `NAME_depthwise`, `NAME_project` is copied
    whole or not at all.

    Args:
        network: of any size; layers of another shape or without a counterpart are left alone.
        trained: of the same architecture.

    Raises:
        ModelError: it is of another architecture.
    """
    if network.name != trained.name:
        raise ModelError(f"pretrained: expected {network.name}, got '{trained.name}'")
    own, given = ([one for one in net.layers if one.weights] for net in (network, trained))
    if [type(one) for one in own] == [type(one) for one in given]:
        pairs = list(zip(own, given, strict=True))
    else:
        names = {one.name: one for one in given}
        pairs = [(one, names[one.name]) for one in own if one.name in names]
    fitting = {one.name: _fit(one, other) for one, other in pairs}
    copied = set()
    for one, other in pairs:
        part = one.name.replace("_depthwise", "_project")
        if fitting[one.name] and fitting.get(part, True):
            one.set_weights(other.get_weights())
            copied.add(one.name)
    return copied


def _fit(one: Any, other: Any) -> bool:
    shapes = [[tuple(array.shape) for array in layer.weights] for layer in (one, other)]
    return shapes[0] == shapes[1]


def _init_published(network: Any, settings: Settings, name: str) -> None:
    """Published weights, pruned to the channels that matter on the run's images."""
    wanted, whole = settings.network, network
    if wanted.name in PRETRAINED.values():
        whole = build(wanted.name, **{**wanted.options, "keep": None})
    if whole.count_params() == network.count_params():
        load_published(network, name)
        return
    loaded = load_published(whole, name)
    images = plain_images(settings, network.input_shape[1], SELECTION_IMAGES)
    prune(whole, network, loaded, np.array(images, np.float32) / np.float32(255))
