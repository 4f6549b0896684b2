"""Order of samples: epochs, weights, random access."""

from __future__ import annotations

import numpy as np
import pytest

from blazetrack.errors import InputError
from models.data.sampler import WeightedSampler


def test_an_epoch_shows_every_sample_once():
    order = WeightedSampler([7, 4])
    first = [order[i] for i in range(11)]
    assert sorted(first) == [(0, i) for i in range(7)] + [(1, i) for i in range(4)]
    second = [order[i] for i in range(11, 22)]
    assert sorted(second) == sorted(first)
    assert second != first


def test_weights_set_the_shares_evenly_within_a_source():
    order = WeightedSampler([90, 10], [1, 1], seed=3)
    assert len(order) == 100
    places = [order[i] for i in range(300)]
    counts = np.bincount([i for source, i in places if source == 1], minlength=10)
    assert counts.tolist() == [15] * 10
    counts = np.bincount([i for source, i in places if source == 0], minlength=90)
    assert set(counts) == {1, 2}


def test_source_of_weight_0_is_left_out():
    order = WeightedSampler([5, 5], [1, 0])
    assert {order[i][0] for i in range(50)} == {0}


def test_order_has_random_access():
    late = WeightedSampler([50, 20], seed=1)[1234]
    order = WeightedSampler([50, 20], seed=1)
    assert [order[i] for i in range(1235)][-1] == late
    assert [WeightedSampler([50], seed=2)[i] for i in range(50)] != [
        WeightedSampler([50], seed=3)[i] for i in range(50)
    ]


@pytest.mark.parametrize(
    ("lengths", "weights"), [([], None), ([3, 0], None), ([3], [0]), ([3], [-1]), ([3, 3], [1])]
)
def test_wrong_lengths_or_weights_are_refused(lengths, weights):
    with pytest.raises(InputError, match="order: expected"):
        WeightedSampler(lengths, weights)
