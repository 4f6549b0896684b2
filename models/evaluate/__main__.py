"""`python -m models.evaluate`, and `python -m models.evaluate detector`."""

import sys

from models.common import command
from models.evaluate.landmarks import app

if __name__ == "__main__":
    if sys.argv[1:2] == ["detector"]:
        from models.evaluate.detectors import app as detector_app

        command.run(detector_app, "models.evaluate detector", sys.argv[2:])
    command.run(app, "models.evaluate")
