"""Starts `blazetrack` in a process that hears signals, however the tests were started."""

from __future__ import annotations

import sys

# What a shell starts in the background ignores Ctrl-C, and what `nohup` starts SIGHUP.
BLAZETRACK = (
    sys.executable,
    "-c",
    "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
    "signal.signal(getattr(signal, 'SIGHUP', signal.SIGTERM), signal.SIG_DFL); "
    "from blazetrack.cli import main; main(sys.argv[1:])",
)
