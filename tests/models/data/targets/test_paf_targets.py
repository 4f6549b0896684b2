"""Targets of networks for several people are read as these people by the head."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from blazetrack.heads.paf import decode
from blazetrack.model_info import ModelInfo
from blazetrack.skeleton import COCO17, COCO18
from models.data.targets.paf import PafTargets
from models.data.transforms.scene_view import scene_view

OPTIONS = {"rules": "paper", "cells": "centre"}


def canvas(make_person):
    """A person of 160 pixels in a canvas of 192."""
    view = scene_view(make_person(COCO17), COCO18)
    pixels = np.zeros((192, 192, 3), np.uint8)
    return view.transformed(pixels, np.array([[1.0, 0, 30], [0, 1, 16]]))


def test_paf_targets_decode_to_the_labelled_person(make_person) -> None:
    truth = canvas(make_person)
    targets = PafTargets(head_options=OPTIONS)(truth)
    shapes = {name: value.shape for name, value in targets.items()}
    assert shapes == {"heatmap": (24, 24, 19), "paf": (24, 24, 38), "weights": (24, 24, 1)}
    assert all(value.dtype == np.float32 for value in targets.values())
    outputs = {"heatmap": "", "paf": ""}
    info = ModelInfo(
        "t", "landmarks", (192, 192), (0, 1), "zero", outputs, COCO18, None, "paf", OPTIONS
    )
    found = decode({name: targets[name][None] for name in ("heatmap", "paf")}, info)
    assert len(found) == 1
    known = truth.labelled[0]
    np.testing.assert_array_equal(found.presence[0] > 0, known)
    apart = np.abs(found.xyz_crop[0, known, :2] - truth.points_px[0, known, :2])
    assert apart.max() < 3


def test_paf_targets_ignored_region_has_no_weight_but_where_a_person_is(make_person) -> None:
    truth = replace(canvas(make_person), ignore_px=np.array([[0.0, 0, 192, 96]]))
    targets = PafTargets()(truth)
    weights, confidence = targets["weights"][..., 0], targets["heatmap"][..., :-1].max(axis=-1)
    assert weights[12:].all()
    assert not weights[:12][confidence[:12] < 0.2].any()
    assert weights[confidence > 0.5].all()


def test_paf_targets_without_people_are_background(make_person) -> None:
    targets = PafTargets()(canvas(make_person).take([]))
    assert (targets["heatmap"][..., -1] == 1).all()
    assert not targets["heatmap"][..., :-1].any()
    assert not targets["paf"].any()
    assert targets["weights"].all()
