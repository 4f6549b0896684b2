"""Runs of MediaPipe's own tests: what counts as passed."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.mediapipe_tests import run_test_file

TEST = """
import unittest
from mediapipe.python.solutions import drawing_utils


class Test(unittest.TestCase):
    def test_one(self):
        self.assertEqual(drawing_utils.DrawingSpec().thickness, {thickness})

    def test_two(self):
        pass


unittest.main()
"""


@pytest.mark.parametrize(("thickness", "failed"), [(2, 0), (3, 1)])
def test_run_test_file_counts_tests_and_failures(
    tmp_path: Path, thickness: int, failed: int
) -> None:
    path = tmp_path / "drawing_utils_test.py"
    path.write_text(TEST.format(thickness=thickness), encoding="utf-8")
    outcome = run_test_file(path)
    assert (outcome.tests, outcome.failed, outcome.passed) == (2, failed, not failed)


def test_run_test_file_that_cannot_be_imported_fails(tmp_path: Path) -> None:
    path = tmp_path / "pose_test.py"
    path.write_text("import nothing_of_this_name\n", encoding="utf-8")
    assert not run_test_file(path).passed
