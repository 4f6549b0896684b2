"""Command that starts `blazetrack` with default signal handlers, however the tests were started."""

from __future__ import annotations

import sys

# A shell's background job ignores Ctrl-C, and a child of `nohup` SIGHUP.
BLAZETRACK = (
    sys.executable,
    "-c",
    "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
    "signal.signal(getattr(signal, 'SIGHUP', signal.SIGTERM), signal.SIG_DFL); "
    "from blazetrack.cli import main; main(sys.argv[1:])",
)
