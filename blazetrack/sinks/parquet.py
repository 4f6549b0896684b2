"""Parquet: the table of the `.csv` with types, for pandas, Polars, DuckDB and Spark."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, BinaryIO

from blazetrack.angles import Angle, AngleSet
from blazetrack.errors import MissingExtra, SinkError
from blazetrack.sinks.base import Sink, check_finite, check_path, open_output, truncate
from blazetrack.sinks.csv import header, table_rows
from blazetrack.skeleton import BLAZEPOSE33, Skeleton
from blazetrack.types import Frame, Poses

__all__ = ["ParquetSink"]

_MAX_ROWS = 4096  # of a row group, and in memory
_WHOLE_NUMBERS = ("frame", "width", "height", "id")


class ParquetSink(Sink):
    """A `.parquet` file with the columns of the `.csv`, and `file` always; needs pyarrow.

    A missing value is null. The file can be read once it is closed.

    Args:
        path: the file; an existing one is replaced at the first frame.
        skeleton: column names of the keypoints.
        angles: columns of one's own behind the standard angles.

    Raises:
        MissingExtra: pyarrow is not installed.
        SinkError: not allowed to write.
    """

    keeps = True

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        skeleton: Skeleton = BLAZEPOSE33,
        angles: Sequence[Angle] = (),
    ) -> None:
        try:
            import pyarrow
            import pyarrow.parquet
        except ImportError:
            raise MissingExtra("pyarrow", "parquet") from None
        self._path = check_path(path)
        super().__init__(str(self._path), skeleton)
        self._arrow: Any = pyarrow
        self._angles = AngleSet(skeleton, angles)
        self._columns = [*header(skeleton, angles), "file"]
        whole, real, text = pyarrow.int64(), pyarrow.float64(), pyarrow.string()
        types = [whole if name in _WHOLE_NUMBERS else real for name in self._columns[:-1]]
        self._schema = pyarrow.schema(list(zip(self._columns, [*types, text], strict=True)))
        self._rows: list[list[Any]] = []
        self._file: BinaryIO | None = None
        self._writer: Any = None
        self._last_index: int | None = None
        self._closed = False

    def write(self, frame: Frame, poses: Poses, picture: Any = None) -> None:
        if self._closed:
            raise SinkError(f"{self.name}: is closed; open a new sink to write more")
        self.check_keypoints(poses)
        check_finite(self.name, frame, poses)
        if self._file is None:
            self.check_is_not_source(self._path, frame)
            self._open()
        rows = table_rows(frame, poses, self._angles, len(self._columns) - 1)
        self._rows += [[*row, frame.file or None] for row in rows]
        self._last_index = frame.index
        if len(self._rows) >= _MAX_ROWS:
            self._flush()

    def close(self) -> None:
        if self._closed or self._file is None:
            self._closed = True
            return
        self._flush()
        self._closed = True
        try:
            self._writer.close()
            self._file.close()
        except OSError as error:
            self._fail(error)
        self.last_frame, self.written = self._last_index, [self.name]

    def _open(self) -> None:
        try:
            self._file = open_output(self._path)
            self._writer = self._arrow.parquet.ParquetWriter(self._file, self._schema)
        except OSError as error:
            self._fail(error)

    def _flush(self) -> None:
        columns = zip(*self._rows, strict=True) if self._rows else [()] * len(self._columns)
        arrays = [
            self._arrow.array(values, one.type)
            for values, one in zip(columns, self._schema, strict=True)
        ]
        self._rows = []
        try:
            self._writer.write_table(self._arrow.Table.from_arrays(arrays, schema=self._schema))
        except OSError as error:
            self._fail(error)

    def _fail(self, error: OSError) -> None:
        """Remove the file, which is not readable without its end."""
        self._closed = True
        for part in (self._writer, self._file):
            with suppress(OSError, ValueError):
                if part is not None:
                    part.close()
        if self._file is not None:
            truncate(self._path)
        reason = error.strerror or " ".join(str(error).split())
        raise SinkError(f"{self.name}: cannot be written ({reason})") from None
