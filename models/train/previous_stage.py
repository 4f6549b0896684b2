"""Errors of the stage before in a cascade, for the displacements that the next stage trains on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from blazetrack.backends import FakeModel, FileModel, Model, input_tensor
from blazetrack.errors import InputError
from blazetrack.heads import decode, head_of
from blazetrack.skeleton import BLAZEPOSE33, Skeleton
from blazetrack.store import Store
from models.data.annotated import AnnotatedImage
from models.data.lazy_sequence import evenly_spaced
from models.data.transforms.augment import CutSettings, jittered
from models.data.transforms.person_crop import cut, region
from models.train.checkpoint import load_network
from models.train.settings import skeleton_of_run
from models.zoo import deployed, model_info

__all__ = ["open_run", "open_stage", "stage_errors"]


def open_stage(path: str) -> Model:
    """The landmark model of a stage: a TFLite file, or the folder of a training run.

    Raises:
        InputError: it is not a landmark model.
        ModelError: there is no such model.
    """
    model: Model
    if path.endswith(".tflite"):
        stored = Store().find(Path(path))
        model = FileModel(stored.info, lambda wanted: stored.path, threads=2)
    else:
        model, _ = open_run(Path(path))
    if model.info.kind != "landmarks":
        raise InputError(
            f"data.previous: expected a landmark model, got {path} ({model.info.kind})"
        )
    return model


def open_run(path: Path) -> tuple[Model, Any]:
    """A training run or `.keras` file as a model, and its deployed network.

    Raises:
        ModelError: there is no such run, or it does not fit the zoo any more.
    """
    trained, settings = load_network(path)
    network = deployed(trained)
    info = model_info(network, path.stem, skeleton_of_run(settings))
    model = FakeModel(info, lambda one: network.predict_on_batch(input_tensor(info, one)))
    return model, network


def stage_errors(
    model: Model,
    people: Sequence[Sequence[AnnotatedImage]],
    skeleton: Skeleton,
    settings: CutSettings,
    count: int,
    seed: int = 0,
) -> NDArray[np.float64]:
    """Errors of a landmark model on crops of people, jittered as in training.

    Args:
        model: the stage.
        people: data sets of one person in each image; each gives an equal number.
        skeleton: the K keypoints of the result, those of the model.
        settings: of the jitter.
        count: number of people, about.
        seed: of the jitter.

    Returns:
        `(N, K, 2)` float64, found minus labelled, x y in parts of the crop's side; NaN where there
        is no label.

    Raises:
        InputError: the model has other keypoints.
    """
    names = (model.info.skeleton or BLAZEPOSE33).names
    if names != skeleton.names:
        raise InputError(
            f"data.previous: expected a model of {skeleton.name}, got {len(names)} other keypoints"
        )
    head, side, errors = head_of(model.info), model.info.input_hw[0], []
    model.want(*head.reads(model.info))
    rng = np.random.default_rng((seed, 7))
    for images in people:
        for image in evenly_spaced(images, -(-count // len(people))):
            person = image.to_skeleton(skeleton)
            crop, _ = cut(person, side, jittered(region(person.alignment_px), rng, settings))
            found = decode(head, model.run(crop.image), model.info).xyz_crop[0, :, :2]
            known = np.where(crop.labelled[0, :, None], crop.points_px[0, :, :2], np.nan)
            errors.append((found - known) / side)
    return np.asarray(errors, np.float64)
