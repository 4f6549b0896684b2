"""The poses of a run in another program, over WebSocket.

    blazetrack run 0 --out ws://127.0.0.1:8765
    python examples/websocket_client.py ws://127.0.0.1:8765

The first message is the keypoint set, each further one a frame as in JSON Lines (docs/live.md).
In a browser: `new WebSocket("ws://127.0.0.1:8765").onmessage = event => JSON.parse(event.data)`.
Needs websockets: pip install "blazetrack[web]".
"""

from __future__ import annotations

import json
import sys
from itertools import islice

from websockets.sync.client import connect


def main(address: str = "ws://127.0.0.1:8765", max_frames: int | None = None) -> None:
    """Print the left wrist of each person until the run ends."""
    with connect(address) as line:
        wrist = json.loads(line.recv())["names"].index("left_wrist")
        for text in islice(line, max_frames):
            frame = json.loads(text)
            for person in frame["poses"]:
                x, y, _ = person["landmarks_px"][wrist]
                seen = person["visibility"][wrist]
                print(
                    f"{frame['time_s']:.2f} s  person {person['id']}: {x:.0f}, {y:.0f}  {seen:.0%}"
                )


if __name__ == "__main__":
    main(*sys.argv[1:2], *map(int, sys.argv[2:3]))
