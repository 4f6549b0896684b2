"""The test vectors that `blazetrack export vectors` writes, recorded once."""

from __future__ import annotations

from pathlib import Path

import pytest

from blazetrack.export.device_pipeline import open_device_pipeline
from blazetrack.export.vector_clip import vector_clip
from blazetrack.export.vector_file import VectorFile, read_vectors, write_vectors
from blazetrack.export.vectors import record_vectors


@pytest.fixture(scope="session")
def vectors_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file."""
    file = tmp_path_factory.mktemp("vectors") / "pose.vectors"
    write_vectors(file, record_vectors(open_device_pipeline(threads=1), vector_clip()))
    return file


@pytest.fixture(scope="session")
def vectors(vectors_file: Path) -> VectorFile:
    """Its content."""
    return read_vectors(vectors_file)
