"""Notices that native libraries print on stderr while a model is opened."""

from __future__ import annotations

import os
import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from tempfile import TemporaryFile

__all__ = ["without_notices"]

# Of TFLite (`INFO: Created TensorFlow Lite XNNPACK delegate for CPU.`) and of TensorFlow's import.
_NOTICE = re.compile(
    rb"INFO: |WARNING: All log messages before absl::InitializeLog|I0000 00:00:|"
    rb"[\d-]+ [\d:.]+: I (tensorflow|external)/|To enable the following instructions: "
)
_STDERR = 2
_LOCK = threading.Lock()  # there is one stderr per process


@contextmanager
def without_notices() -> Iterator[None]:
    """Hold back the process's stderr within the block; after it, pass on all but notices.

    Warnings and errors, and what other threads print, appear at the end of the block. Without a
    stderr nothing is redirected.
    """
    with _LOCK, TemporaryFile() as held:
        try:
            before = os.dup(_STDERR)
        except OSError:
            before = None
        if before is None:
            yield
            return
        with suppress(OSError, ValueError, AttributeError):
            sys.stderr.flush()
        os.dup2(held.fileno(), _STDERR)
        try:
            yield
        finally:
            with suppress(OSError, ValueError, AttributeError):
                sys.stderr.flush()
            os.dup2(before, _STDERR)
            os.close(before)
            held.seek(0)
            kept = b"".join(line for line in held if not _NOTICE.match(line))
            with suppress(OSError):
                os.write(_STDERR, kept)
