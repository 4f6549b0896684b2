"""`python -m models.export`."""

import os

from models.common import command
from models.export.tflite import app

if __name__ == "__main__":
    os.environ["KERAS_BACKEND"] = "tensorflow"  # which reads the checkpoints of every backend
    command.run(app, "models.export")
