"""The commands of the workshop, such as `python -m models train`; see `COMMANDS`.

Each is also a module of its own, `python -m models.train`.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib import import_module

from blazetrack.errors import InputError, did_you_mean
from models.common import command

COMMANDS: Mapping[str, str] = {
    "train": "models.train.trainer",
    "average": "models.train.average_runs",
    "calibrate": "models.train.calibrate_scores",
    "evaluate": "models.evaluate.__main__",
    "export": "models.export.tflite",
    "quantize": "models.quantize",
    "label": "models.distill.pseudo_label",
}

app = command.new_app(
    "Train, average, calibrate, evaluate, export and quantize networks; label people."
)


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def main(name: str) -> None:
    """Run train, average, calibrate, evaluate, export, quantize or label.

    NAME --help shows the options of one.
    """
    raise InputError(f"no command '{name}'; {did_you_mean(name, COMMANDS)}")


if __name__ == "__main__":
    if sys.argv[1:2] and sys.argv[1] in COMMANDS:
        chosen = import_module(COMMANDS[sys.argv[1]])
        command.run(chosen.app, f"models {sys.argv[1]}", sys.argv[2:])
    command.run(app, "models")
