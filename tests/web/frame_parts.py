"""Parts of the binary messages to a page."""

from __future__ import annotations

import json
import struct
from typing import Any

import cv2
import numpy as np


def header_of(packed: bytes) -> dict[str, Any]:
    """The JSON in front of the image."""
    length = struct.unpack_from("<I", packed)[0]
    return dict(json.loads(packed[4 : 4 + length]))


def image_of(packed: bytes) -> np.ndarray:
    """The decoded image."""
    length = struct.unpack_from("<I", packed)[0]
    return cv2.imdecode(np.frombuffer(packed[4 + length :], np.uint8), cv2.IMREAD_COLOR)
