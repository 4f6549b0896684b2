"""The stages that carry people from frame to frame.

The package itself can be called: `blazetrack.track("clip.mp4")` is `pipeline.track`, all frames of
a clip as arrays.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import Any

__all__: list[str] = []


class _CallablePackage(ModuleType):
    """A package of this name that is also the public function `track`."""

    def __call__(self, *args: Any, **options: Any) -> Any:
        """Track people through a whole clip: see `blazetrack.pipeline.track`."""
        return import_module("blazetrack.pipeline.clip").track(*args, **options)


sys.modules[__name__].__class__ = _CallablePackage
