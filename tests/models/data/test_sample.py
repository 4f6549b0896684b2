from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from blazetrack.errors import InputError
from blazetrack.skeleton import BLAZEPOSE33, LSP14


def test_to_skeleton_moves_rows_by_name(make_person):
    person = make_person(LSP14)
    mapped = person.to_skeleton(BLAZEPOSE33)
    wrist = BLAZEPOSE33.index("left_wrist")
    np.testing.assert_array_equal(
        mapped.points_px[wrist], person.points_px[LSP14.index("left_wrist")]
    )
    assert mapped.labelled.sum() == 12  # neck and head top have no name there
    heel = BLAZEPOSE33.index("left_heel")
    assert np.isnan(mapped.points_px[heel]).all()
    assert np.isnan(mapped.visibility[heel])
    assert mapped.weights[heel] == 0
    assert mapped.to_skeleton(BLAZEPOSE33) is mapped


def test_labelled_needs_a_place_and_trust(make_person):
    person = make_person(LSP14)
    weights = person.weights.copy()
    weights[3] = 0
    points = person.points_px.copy()
    points[5, 1] = np.nan
    labelled = replace(person, weights=weights, points_px=points).labelled
    assert not labelled[3]
    assert not labelled[5]
    assert labelled.sum() == 12


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("points_px", np.zeros((13, 3), np.float32)),
        ("visibility", np.zeros(14)),
        ("image", np.zeros((4, 4), np.uint8)),
        ("image", np.zeros((0, 4, 3), np.uint8)),
        ("alignment_px", np.full((2, 2), np.nan, np.float32)),
    ],
)
def test_a_wrong_array_is_named(make_person, field, value):
    with pytest.raises(InputError, match="test/00000"):
        make_person(LSP14, **{field: value})
