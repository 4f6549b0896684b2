"""OSC, for TouchDesigner, Max, Pure Data, SuperCollider, Unity and Unreal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from blazetrack.angles import Angle, AngleSet
from blazetrack.errors import MissingExtra
from blazetrack.sinks.base import check_finite
from blazetrack.sinks.network import DatagramSink
from blazetrack.skeleton import BLAZEPOSE33, Skeleton
from blazetrack.types import Frame, Poses

__all__ = ["OscSink"]

_ROOT = "/blazetrack"


class OscSink(DatagramSink):
    """`osc://HOST:PORT`: one bundle for the frame and one per person, over UDP; needs python-osc.

    | address | arguments |
    |---|---|
    | `/blazetrack/frame` | number of the frame, time in seconds |
    | `/blazetrack/people` | the ids of the people in it |
    | `/blazetrack/ID/left_knee` | x, y (0..1 of the picture), visibility, x, y, z in metres |
    | `/blazetrack/ID/angle/left_knee` | degrees |

    Args:
        address: `osc://HOST:PORT`.
        skeleton: keypoint set of the poses.
        angles: angles of one's own besides the standard ones.

    Raises:
        MissingExtra: python-osc is not installed.
        SinkError: the address has another form, or the host is unknown.
    """

    def __init__(
        self,
        address: str,
        *,
        skeleton: Skeleton = BLAZEPOSE33,
        angles: Sequence[Angle] = (),
    ) -> None:
        try:
            from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
            from pythonosc.osc_message_builder import OscMessageBuilder
        except ImportError:
            raise MissingExtra("python-osc", "osc") from None
        super().__init__(address, skeleton=skeleton)
        self._angles = AngleSet(skeleton, angles)
        self._message: Any = OscMessageBuilder
        self._bundle: Any = lambda: OscBundleBuilder(IMMEDIATELY)

    def write(self, frame: Frame, poses: Poses, picture: Any = None) -> None:
        check_finite(self.name, frame, poses)
        self.check_keypoints(poses)
        head = [
            ("/frame", [frame.index, float(frame.time_s)]),
            ("/people", poses.ids.tolist()),
        ]
        self._send(head)
        degrees = self._angles(poses.world_landmarks_m).tolist() if len(poses) else []
        xy_unit = poses.landmarks_px[..., :2] / (frame.width, frame.height)
        for row, number in enumerate(poses.ids.tolist()):
            columns = (xy_unit[row], poses.visibility[row], poses.world_landmarks_m[row])
            points = zip(self.skeleton.names, *(values.tolist() for values in columns), strict=True)
            messages = [
                (f"/{number}/{name}", [*xy, visibility, *metres])
                for name, xy, visibility, metres in points
            ]
            named = zip(self._angles.names, degrees[row], strict=True)
            messages += [
                (f"/{number}/angle/{name}", [angle]) for name, angle in named if angle == angle
            ]
            self._send(messages)

    def _send(self, messages: list[tuple[str, list[Any]]]) -> None:
        bundle = self._bundle()
        for address, arguments in messages:
            message = self._message(address=_ROOT + address)
            for argument in arguments:
                message.add_arg(argument)
            bundle.add_content(message.build())
        self.send(bundle.build().dgram)
