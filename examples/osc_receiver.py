"""The poses of a run as OSC, as TouchDesigner, Max and SuperCollider receive them.

    blazetrack run 0 --out osc://127.0.0.1:9000
    python examples/osc_receiver.py 9000

`/blazetrack/ID/left_wrist` has x and y (0..1 of the picture), visibility, and x, y, z in metres;
`/blazetrack/ID/angle/left_knee` has degrees. Needs python-osc: pip install "blazetrack[osc]".
"""

from __future__ import annotations

import sys
from itertools import count

from pythonosc.dispatcher import Dispatcher
from pythonosc.osc_server import BlockingOSCUDPServer


def show_wrist(address: str, x: float, y: float, visibility: float, *metres: float) -> None:
    """Print one keypoint of one person."""
    print(f"{address}: {x:.2f}, {y:.2f}  {visibility:.0%}")


def show_angle(address: str, degrees: float) -> None:
    """Print one angle of one person."""
    print(f"{address}: {degrees:.0f}°")


def main(port: int = 9000, max_messages: int | None = None) -> None:
    """Print the left wrist and the left knee's angle of every person."""
    dispatcher = Dispatcher()
    dispatcher.map("/blazetrack/*/left_wrist", show_wrist)
    dispatcher.map("/blazetrack/*/angle/left_knee", show_angle)
    with BlockingOSCUDPServer(("127.0.0.1", port), dispatcher) as server:
        for number in count():
            if number == max_messages:
                break
            server.handle_request()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
