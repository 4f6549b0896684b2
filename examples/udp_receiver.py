"""The poses of a run in another program, over UDP; the standard library is enough.

    blazetrack run 0 --out udp://127.0.0.1:9000
    python examples/udp_receiver.py 9000

Each message is a frame as in JSON Lines (docs/live.md); of very many people, a frame is several
messages. UDP may lose messages, and nothing waits for a receiver.
"""

from __future__ import annotations

import json
import socket
import sys
from itertools import count

from blazetrack import get_skeleton


def main(port: int = 9000, max_frames: int | None = None) -> None:
    """Print how high each person's hands are, in pixels over the shoulders."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.bind(("127.0.0.1", port))
        for number in count():
            if number == max_frames:
                break
            frame = json.loads(line.recv(65536))
            index = get_skeleton(frame["skeleton"]).index
            for person in frame["poses"]:
                y = [point[1] for point in person["landmarks_px"]]
                left = y[index("left_shoulder")] - y[index("left_wrist")]
                right = y[index("right_shoulder")] - y[index("right_wrist")]
                print(f"frame {frame['frame']}  person {person['id']}: {left:+.0f}, {right:+.0f}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
