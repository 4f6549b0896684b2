"""The table of heads, and the check of a model's description against it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from blazetrack.errors import ModelError
from blazetrack.heads import HEADS, check_head, head_of
from blazetrack.model_info import Anchors, ModelInfo
from blazetrack.skeleton import COCO17


def info(head: str, *outputs: str, kind: str = "landmarks", **options: Any) -> ModelInfo:
    named = {name: name for name in outputs}
    anchors = Anchors((16,)) if kind == "detector" else None
    return ModelInfo("mine", kind, (64, 48), (0, 1), "zero", named, COCO17, anchors, head, options)


@pytest.mark.parametrize(
    "good",
    [
        info("", "landmarks", "score"),
        info("blazepose", "landmarks", "score", "heatmap", kernel_size=9, refine=False),
        info("regression", "landmarks", order="yx", third="score"),
        info("heatmap", "heatmap", "offsets", decoding="offsets"),
        info("", "boxes", "scores", kind="detector"),
    ],
)
def test_check_head_good_description_returns_its_head(good: ModelInfo) -> None:
    assert check_head(good) is head_of(good)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (info("heatmaps", "heatmap"), "model mine: no head 'heatmaps'; did you mean 'heatmap'?"),
        (
            info("regression", "landmarks", oder="yx"),
            "model mine: head regression has no option 'oder'; did you mean 'order'?",
        ),
        (
            info("regression", "landmarks", order="yxz"),
            "model mine: option 'order' of head regression: expected xy, yx, got yxz",
        ),
        (
            info("blazepose", "landmarks", "score", kernel_size=8),
            "model mine: option 'kernel_size' of head blazepose: expected 1, 3, 5, …, 63, got 8",
        ),
        (
            info("blazepose", "landmarks", "score", refine=1),
            "model mine: option 'refine' of head blazepose: expected false, true, got 1",
        ),
        (
            info("heatmap", "heatmap", decoding="offsets"),
            "model mine: head heatmap needs the outputs offsets, got heatmap",
        ),
        (info("heatmap"), "model mine: head heatmap needs the outputs heatmap, got none"),
        (
            info("regression", "landmarks", "heatmap"),
            "model mine: head regression has no output 'heatmap'; known: landmarks, score, scores",
        ),
        (
            info("ssd", "boxes", "scores"),
            "model mine: expected a head of a landmarks model (blazepose, heatmap, paf, "
            "regression, simcc), got 'ssd'",
        ),
        (
            replace(info("", "boxes", "scores", kind="detector"), anchors=None),
            "model mine: head ssd needs anchors",
        ),
    ],
)
def test_check_head_bad_description_is_one_clear_line(bad: ModelInfo, message: str) -> None:
    with pytest.raises(ModelError) as error:
        check_head(bad)
    assert str(error.value) == message


@pytest.mark.parametrize("name", HEADS)
def test_head_default_options_are_allowed_and_outputs_distinct(name: str) -> None:
    head = HEADS[name]
    outputs = [*head.required, *head.optional]
    assert len(set(outputs)) == len(outputs)
    defaults = {option: allowed[0] for option, allowed in head.options.items()}
    check_head(info(name, *outputs, kind=head.kind, **defaults))
