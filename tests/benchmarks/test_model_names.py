"""Models of the benchmarks' options."""

from __future__ import annotations

import pytest

from benchmarks.model_names import parse_model
from blazetrack.errors import InputError


def test_parse_model_with_and_without_detector() -> None:
    assert parse_model("full") == ("full", None)
    assert parse_model("full", "blaze_detector_lite") == ("full", "blaze_detector_lite")
    assert parse_model("a.tflite+b.tflite", "blaze_detector_lite") == ("a.tflite", "b.tflite")


@pytest.mark.parametrize("text", ["", "+blaze_detector_lite", "full+"])
def test_parse_model_malformed_is_one_line(text: str) -> None:
    with pytest.raises(InputError, match=r"--model .*: expected NAME"):
        parse_model(text)
