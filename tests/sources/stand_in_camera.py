"""A stand-in for `rpicam-vid`: a drawn person in YUV 4:2:0 on stdout, or one of its faults.

The fault is the variable CAMERA_FAULT; CAMERA_FRAMES is the number of pictures.
"""

from __future__ import annotations

import argparse
import os
import sys
import time

import cv2

from blazetrack.sources.synthetic import SyntheticSource


def main() -> None:
    parser = argparse.ArgumentParser()
    for name in ("camera", "codec", "width", "height", "framerate", "timeout", "output"):
        parser.add_argument(f"--{name}", required=True)
    for name in ("nopreview", "flush"):
        parser.add_argument(f"--{name}", action="store_true", required=True)
    wanted, fault = parser.parse_args(), os.environ.get("CAMERA_FAULT", "")
    if (wanted.codec, wanted.timeout, wanted.output) != ("yuv420", "0", "-"):
        sys.exit("ERROR: *** other options than those of the source ***")
    if int(wanted.camera) > 1:
        sys.exit("ERROR: *** no cameras available ***")
    if fault == "busy":
        print("[0:01] [7] ERROR Camera camera.cpp:1 Pipeline handler in use", file=sys.stderr)
        sys.exit("ERROR: *** failed to acquire camera /base/i2c/imx708@1a ***")
    width, height = int(wanted.width), int(wanted.height)
    given = (width + 8 if fault == "size" else width, height)
    stream = "configuring streams: (0) {}x{}-YUV420/sYCC".format(*given)
    print(f"[0:01] [7]  INFO Camera camera.cpp:1183 {stream}", file=sys.stderr, flush=True)
    if fault == "silent":
        time.sleep(60)
    frames = int(os.environ.get("CAMERA_FRAMES", "40"))
    for frame in SyntheticSource(frames=frames, size=(width, height)):
        picture = cv2.cvtColor(frame.image, cv2.COLOR_RGB2YUV_I420).tobytes()
        cut = fault in ("cut", "unplugged") and frame.index == frames - 1
        sys.stdout.buffer.write(picture[: len(picture) // 2] if cut else picture)
        sys.stdout.flush()
        # Longer than the real line, so that a pipe that is not read is full before the end.
        print(f"#{frame.index} (30.00 fps) exp 33 ag 1 dg 1" + " " * 4000, file=sys.stderr)
    if fault == "unplugged":
        sys.exit("ERROR: *** camera frontend has timed out ***")


main()
