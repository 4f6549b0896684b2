"""Choices of a page and their names."""

from __future__ import annotations

from pathlib import Path

import pytest

from blazetrack.errors import InputError
from blazetrack.pipeline import shipped_graphs
from blazetrack.store import Store
from blazetrack.web.catalog import BROWSER_CAMERA, Catalog


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path, offline=True)


def test_create_has_synthetic_source_and_all_graphs(store: Store) -> None:
    catalog = Catalog.create([], None, None, store)
    assert catalog.sources == {"synthetic": "synthetic"}
    assert set(catalog.graphs) == set(shipped_graphs())


def test_create_without_stored_model_omits_it(store: Store) -> None:
    assert "full" not in Catalog.create([], None, None, store).models


def test_create_includes_given_model_and_graph(store: Store, tmp_path: Path) -> None:
    graph = tmp_path / "mine.yaml"
    graph.write_bytes(shipped_graphs()["pose"].read_bytes())
    catalog = Catalog.create(["0"], "mine.tflite", str(graph), store)
    assert catalog.about["pose_multi"].startswith("Several people")
    assert catalog.about[str(graph)] == catalog.about["pose"]
    assert catalog.models == (*Catalog.create([], None, None, store).models, "mine.tflite")
    assert catalog.graphs == (*shipped_graphs(), str(graph))


def test_create_keeps_order_of_sources(store: Store) -> None:
    assert list(Catalog.create(["b.mp4", "0"], None, None, store).sources) == [
        "b.mp4",
        "0",
        "synthetic",
    ]


def test_create_removes_password_from_name(store: Store) -> None:
    address = "rtsp://me:secret@camera/live"
    catalog = Catalog.create([address, "rtsp://you:hidden@camera/live"], None, None, store)
    assert not any("secret" in name or "hidden" in name for name in catalog.sources)
    assert catalog.sources["rtsp://camera/live"] == address
    assert len(catalog.sources) == 3


def test_create_long_names_are_short_and_unique(store: Store) -> None:
    paths = [f"/{folder * 80}/{'clip' * 20}.mp4" for folder in "abc"]
    catalog = Catalog.create([*paths, paths[0]], None, None, store)
    assert list(catalog.sources.values()) == [*paths, "synthetic"]
    assert all(len(name) <= 66 for name in catalog.sources)


def test_check_known_names_pass(store: Store) -> None:
    catalog = Catalog.create(["0"], "full", None, store)
    catalog.check(source="0", model="full", graph="pose")
    catalog.check(source=BROWSER_CAMERA)
    catalog.check(source=None, model=None, graph=None, people=2)


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
def test_check_unknown_name_raises(store: Store, wanted: dict[str, str]) -> None:
    with pytest.raises(InputError) as error:
        Catalog.create(["0"], None, None, store).check(**wanted)
    assert len(str(error.value)) < 300
