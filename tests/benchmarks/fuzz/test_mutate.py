"""Mutations of bytes, texts and JSON values."""

from __future__ import annotations

import json
from random import Random

from benchmarks.fuzz.mutate import mutate_bytes, mutate_json, mutate_text, near_number

TEXT = "name: m\nsize: [192, 192]\nkind: landmarks\n"


def test_mutate_bytes_same_seed_gives_same_bytes() -> None:
    data = bytes(range(256)) * 8
    made = [mutate_bytes(Random(f"{seed}"), data) for seed in range(50)]
    assert made == [mutate_bytes(Random(f"{seed}"), data) for seed in range(50)]
    assert len(set(made)) > 40
    assert data == bytes(range(256)) * 8


def test_mutate_bytes_of_nothing_gives_bytes() -> None:
    assert all(len(mutate_bytes(Random(seed), b"")) < 10_000 for seed in range(20))


def test_mutate_text_changes_text() -> None:
    made = {mutate_text(Random(seed), TEXT) for seed in range(50)}
    assert len(made) > 40
    assert any(b"192" in one for one in made)


def test_mutate_text_without_words_returns_bytes() -> None:
    assert all(isinstance(mutate_text(Random(seed), ""), bytes) for seed in range(20))


def test_mutate_json_keeps_value_and_often_parses() -> None:
    value = {"frame": 0, "poses": [{"id": 1, "score": 0.5}]}
    made = [mutate_json(Random(seed), value) for seed in range(50)]
    assert value == {"frame": 0, "poses": [{"id": 1, "score": 0.5}]}
    parsed = 0
    for text in made:
        try:
            json.loads(text)
            parsed += 1
        except ValueError:
            continue
    assert parsed > 20


def test_near_number_keeps_kind() -> None:
    assert {type(near_number(Random(seed), 3)) for seed in range(30)} == {int}
    assert len({near_number(Random(seed), 3) for seed in range(60)}) > 8
