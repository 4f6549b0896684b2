"""What a page can choose from, and under which names."""

from __future__ import annotations

from pathlib import Path

import pytest

from blazetrack.errors import InputError
from blazetrack.pipeline import shipped_graphs
from blazetrack.store import Store
from blazetrack.web.catalog import CAMERA, Catalogue


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path, offline=True)


def test_the_drawn_person_and_all_graphs_are_always_there(store: Store) -> None:
    catalogue = Catalogue.of([], None, None, store)
    assert catalogue.sources == {"synthetic": "synthetic"}
    assert set(catalogue.graphs) == set(shipped_graphs())


def test_models_that_are_not_here_are_not_offered(store: Store) -> None:
    assert "full" not in Catalogue.of([], None, None, store).models


def test_the_model_of_the_command_line_is_offered(store: Store) -> None:
    catalogue = Catalogue.of(["0"], "mine.tflite", "mine.yaml", store)
    assert catalogue.models == (*Catalogue.of([], None, None, store).models, "mine.tflite")
    assert catalogue.graphs["mine.yaml"] == "mine.yaml"


def test_the_order_is_that_of_the_command_line(store: Store) -> None:
    assert list(Catalogue.of(["b.mp4", "0"], None, None, store).sources) == [
        "b.mp4",
        "0",
        "synthetic",
    ]


def test_a_password_in_an_address_is_not_shown(store: Store) -> None:
    address = "rtsp://me:secret@camera/live"
    catalogue = Catalogue.of([address, "rtsp://you:hidden@camera/live"], None, None, store)
    assert not any("secret" in name or "hidden" in name for name in catalogue.sources)
    assert catalogue.sources["rtsp://camera/live"] == address
    assert len(catalogue.sources) == 3


def test_long_names_are_cut_and_stay_apart(store: Store) -> None:
    paths = [f"/{folder * 80}/{'clip' * 20}.mp4" for folder in "abc"]
    catalogue = Catalogue.of([*paths, paths[0]], None, None, store)
    assert list(catalogue.sources.values()) == [*paths, "synthetic"]
    assert all(len(name) <= 66 for name in catalogue.sources)


def test_what_is_offered_may_be_asked_for(store: Store) -> None:
    catalogue = Catalogue.of(["0"], "full", None, store)
    catalogue.check(source="0", model="full", graph="pose")
    catalogue.check(source=CAMERA)
    catalogue.check(source=None, model=None, graph=None)


@pytest.mark.parametrize(
    "wanted",
    [
        {"source": "/etc/passwd"},
        {"source": "1"},
        {"source": "http://169.254.169.254/"},
        {"model": "../../full.tflite"},
        {"graph": "pose.yaml"},
        {"graph": "x" * 10_000},
    ],
)
def test_nothing_else_may(store: Store, wanted: dict[str, str]) -> None:
    with pytest.raises(InputError) as error:
        Catalogue.of(["0"], None, None, store).check(**wanted)
    assert len(str(error.value)) < 300
