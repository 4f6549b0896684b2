"""The options of the tracker, which several commands have."""

from __future__ import annotations

import inspect
from collections.abc import Callable

import pytest

from blazetrack.cli.batch import batch
from blazetrack.cli.run import run
from blazetrack.cli.tracker_options import takes_tracker_options, tracker_options


@pytest.mark.parametrize(("command", "lacking"), [(run, set()), (batch, {"threads"})])
def test_command_has_every_tracker_option(command: Callable[..., None], lacking: set[str]) -> None:
    shared = inspect.signature(tracker_options).parameters.keys()
    assert shared - inspect.signature(command).parameters.keys() == lacking


def test_takes_tracker_options_gives_them_as_one_argument() -> None:
    found = {}

    @takes_tracker_options("threads")
    def command(name: str, *, tracker: dict[str, object]) -> None:
        found.update(name=name, **tracker)

    defaults = inspect.signature(command).parameters.items()
    given = {key: one.default for key, one in defaults} | {"settings": ["pose_score.min_score=0.2"]}
    command(**{**given, "name": "clip", "people": 3})
    assert (found["name"], found["people"], "threads" in found) == ("clip", 3, False)
    assert found["options"] == {"pose_score.min_score": 0.2}
