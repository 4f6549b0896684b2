"""What native libraries print on stderr: notices to drop, messages to read."""

from __future__ import annotations

import os
import re
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from tempfile import TemporaryFile

__all__ = ["held_stderr", "without_notices"]

# Of TFLite (`INFO: Created TensorFlow Lite XNNPACK delegate for CPU.`) and of TensorFlow's import.
_NOTICE = re.compile(
    rb"INFO: |WARNING: All log messages before absl::InitializeLog|I0000 00:00:|"
    rb"[\d-]+ [\d:.]+: I (tensorflow|external)/|To enable the following instructions: "
)
_STDERR = 2
_LOCK = threading.RLock()  # there is one stderr per process


@contextmanager
def held_stderr(kept: re.Pattern[bytes]) -> Iterator[list[str]]:
    """Hold back the process's stderr within the block; after it, pass on the other lines.

    Warnings and errors, and what other threads print, appear at the end of the block. Without a
    stderr, or without room for a file, nothing is redirected.

    Args:
        kept: the beginning of the lines that are not passed on.

    Returns:
        A list, filled with those lines at the end of the block.
    """
    lines: list[str] = []
    with ExitStack() as stack:
        stack.enter_context(_LOCK)
        try:
            before = os.dup(_STDERR)
            stack.callback(os.close, before)
            held = stack.enter_context(TemporaryFile())
        except OSError:
            yield lines
            return
        _flush()
        os.dup2(held.fileno(), _STDERR)
        try:
            yield lines
        finally:
            _flush()
            os.dup2(before, _STDERR)
            held.seek(0)
            passed = b""
            for line in held:
                if kept.match(line):
                    lines.append(line.decode(errors="replace").strip())
                else:
                    passed += line
            with suppress(OSError):
                os.write(_STDERR, passed)


@contextmanager
def without_notices() -> Iterator[None]:
    """Drop the notices that libraries print while a model is opened."""
    with held_stderr(_NOTICE):
        yield


def _flush() -> None:
    with suppress(OSError, ValueError, AttributeError):
        sys.stderr.flush()
