"""`python -m models.train`."""

from models.common import command
from models.train.trainer import app

if __name__ == "__main__":
    command.run(app, "models.train")
