"""`python -m models.export`."""

from models.common import command
from models.export.tflite import app

if __name__ == "__main__":
    command.run(app, "models.export")
