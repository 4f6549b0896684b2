"""Programs written for `mp.solutions.pose` of MediaPipe run again.

In three strengths: `from blazetrack.compat import mediapipe as mp` instead of the import;
`blazetrack.compat.install()` before it; `blazetrack mediapipe program.py` for a program as it is.
"""

from __future__ import annotations

import sys

from blazetrack.compat.finder import DropInFinder, add_solutions

__all__ = ["install"]


def install() -> None:
    """Let `import mediapipe` find `mp.solutions` from now on, also beside an installed mediapipe.

    What an installed mediapipe has besides, such as `tasks`, stays as it is; of one that has
    solutions itself, only `pose` is replaced. May be called twice.
    """
    if not any(isinstance(one, DropInFinder) for one in sys.meta_path):
        sys.meta_path.insert(0, DropInFinder())
    if (loaded := sys.modules.get("mediapipe")) is not None:
        add_solutions(loaded)
