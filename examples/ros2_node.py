"""A ROS 2 node: pictures of a camera's node in, people as markers out, for RViz and others.

    ros2 run usb_cam usb_cam_node_exe
    python examples/ros2_node.py

It subscribes to `image_raw` (sensor_msgs/Image, rgb8 or bgr8) and publishes `people`
(visualization_msgs/MarkerArray): the limbs in metres from the middle of the hips, in the axes of
the camera's optical frame (x right, y down, z forward). Needs ROS 2, and blazetrack in its Python.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import numpy as np
import rclpy
from geometry_msgs.msg import Point
from rclpy.node import Node
from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import Image
from visualization_msgs.msg import Marker, MarkerArray

from blazetrack import Frame, PoseTracker


class PoseNode(Node):
    """Publishes the people of each picture."""

    def __init__(self, model: str = "lite", people: int = 4) -> None:
        super().__init__("blazetrack")
        self._tracker, self._count = PoseTracker(model, people=people), 0
        self._people = self.create_publisher(MarkerArray, "people", 10)
        self.create_subscription(Image, "image_raw", self.track, qos_profile_sensor_data)

    def track(self, message: Any) -> None:
        """Track the people of one picture and publish them."""
        rows = np.frombuffer(message.data, np.uint8).reshape(message.height, message.step)
        image = rows[:, : 3 * message.width].reshape(message.height, message.width, 3)
        image = image[..., ::-1] if message.encoding == "bgr8" else image
        stamp = message.header.stamp
        time_s = stamp.sec + stamp.nanosec * 1e-9
        poses = self._tracker(Frame(np.ascontiguousarray(image), self._count, time_s))
        self._count += 1
        clear = Marker(header=message.header, action=Marker.DELETEALL)
        self._people.publish(
            MarkerArray(markers=[clear, *(self.marker(message, p) for p in poses)])
        )

    def marker(self, message: Any, person: Any) -> Any:
        """The limbs of one person as lines."""
        limbs = Marker(header=message.header, ns="people", id=person.id, type=Marker.LINE_LIST)
        limbs.scale.x, limbs.color.g, limbs.color.a = 0.02, 1.0, 1.0
        limbs.pose.orientation.w = 1.0
        for edge in person.skeleton.edges:
            for x, y, z in person.world[list(edge)].tolist():
                limbs.points.append(Point(x=x, y=y, z=z))
        return limbs


def main() -> None:
    """Run the node until Ctrl-C."""
    rclpy.init()
    with suppress(KeyboardInterrupt):
        rclpy.spin(PoseNode())


if __name__ == "__main__":
    main()
