"""Labels: text, and places that do not overlap."""

from __future__ import annotations

import numpy as np
import pytest

from blazetrack.render.labels import Label, draw_labels, person_text

GROUND = (255, 0, 255)


@pytest.mark.parametrize(
    ("score", "text"),
    [(0.98, "person 3 · 98 %"), (1.2, "person 3 · 100 %"), (np.nan, "person 3")],
)
def test_person_text_calibrated_score_is_percent(score: float, text: str) -> None:
    assert person_text(3, score, calibrated=True) == text


@pytest.mark.parametrize(
    ("score", "text"),
    [(0.984, "person 3 · 0.98"), (1.2, "person 3 · 1.00"), (np.nan, "person 3")],
)
def test_person_text_other_score_is_no_percentage(score: float, text: str) -> None:
    assert person_text(3, score, calibrated=False) == text


@pytest.mark.parametrize("at", [(100.0, 100.0), (-50.0, -50.0), (1e6, 1e6), (100.0, 0.0)])
def test_draw_labels_any_place_is_inside(at: tuple[float, float]) -> None:
    canvas = np.zeros((200, 300, 3), np.uint8)
    draw_labels(canvas, [Label("person 1 · 50 %", at, GROUND)])
    assert (canvas == GROUND).all(axis=-1).sum() > 200


def test_draw_labels_same_place_are_apart() -> None:
    colours = [(255, 0, 40 * number) for number in range(5)]
    canvas = np.zeros((400, 400, 3), np.uint8)
    draw_labels(canvas, [Label("person 1", (200.0, 200.0), colour) for colour in colours])
    areas = [(canvas == colour).all(axis=-1).sum() for colour in colours]
    assert min(areas) == max(areas) > 200


def test_draw_labels_without_free_place_draws_all() -> None:
    canvas = np.zeros((12, 12, 3), np.uint8)
    draw_labels(canvas, [Label("person 1", (5.0, 5.0), GROUND) for _ in range(40)])
    assert (canvas == GROUND).all(axis=-1).any()


def test_draw_labels_middle_dot_is_drawn() -> None:
    dotted, plain = (np.zeros((200, 200, 3), np.uint8) for _ in range(2))
    draw_labels(dotted, [Label("a · b", (100.0, 100.0), GROUND)])
    draw_labels(plain, [Label("a   b", (100.0, 100.0), GROUND)])
    assert (dotted != plain).any()
