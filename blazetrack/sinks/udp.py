"""UDP: each frame as one JSON message, as a line of JSON Lines."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from blazetrack.sinks.base import check_finite
from blazetrack.sinks.jsonl import to_record
from blazetrack.sinks.network import MAX_DATAGRAM, DatagramSink
from blazetrack.types import Frame, Poses

__all__ = ["UdpSink"]


class UdpSink(DatagramSink):
    """`udp://HOST:PORT`: a message per frame, the object of `to_record` without masks.

    A frame with more people than fit into one message is sent as several, each with some of them.
    """

    def write(self, frame: Frame, poses: Poses, picture: Any = None) -> None:
        check_finite(self.name, frame, poses)
        self.check_keypoints(poses)
        self._send(to_record(frame, replace(poses, masks=None), self.skeleton))

    def _send(self, record: dict[str, Any]) -> None:
        data = json.dumps(record, separators=(",", ":")).encode()
        people = record["poses"]
        if len(data) <= MAX_DATAGRAM or len(people) < 2:
            self.send(data)
            return
        half = len(people) // 2
        self._send(record | {"poses": people[:half]})
        self._send(record | {"poses": people[half:]})
