"""Average the weights of training runs of one network.

    python -m models average runs/blaze_lite_mean runs/blaze_lite runs/blaze_lite_stage2

Weights that were trained from the same ones lie close enough together that their mean is a network
of its own, often with less error than each of them (arXiv 2203.05482).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from blazetrack.errors import InputError, ModelError
from models.common import command
from models.train.checkpoint import (
    Checkpoint,
    check_new_run,
    existing_run,
    load_network,
    save,
)

__all__ = ["app", "average_weights"]

app = command.new_app("Average the weights of training runs.")


@app.command()
def main(
    out: Annotated[Path, typer.Argument(help="Folder for the mean: a run that is not there yet.")],
    runs: Annotated[list[Path], typer.Argument(help="Folders of two or more runs.")],
) -> None:
    """Write the mean of the averaged weights of runs, to evaluate, export or begin from."""
    check_new_run(out)
    if len(runs) < 2:
        raise InputError(f"average: expected two or more runs, got {len(runs)}")
    checkpoints: list[Checkpoint] = []
    for run in runs:
        checkpoint = existing_run(run)
        if checkpoints and checkpoint.architecture != checkpoints[0].architecture:
            raise ModelError(f"average: {run} has another architecture than {runs[0]}")
        checkpoints.append(checkpoint)
    networks = [load_network(run)[0] for run in runs]
    average_weights(networks)
    save(out, checkpoints[0].settings, max(one.step for one in checkpoints), networks[0])
    print(f"{out}: mean of {len(runs)} runs")


def average_weights(networks: Sequence[Any]) -> None:
    """Give the first network the mean weights of all; their layers are equal."""
    from keras import ops

    for weights in zip(*(network.weights for network in networks), strict=True):
        values = [ops.convert_to_numpy(weight) for weight in weights]
        weights[0].assign(np.mean(values, axis=0, dtype=np.float64).astype(np.float32))


if __name__ == "__main__":
    command.run(app, "models.train.average_runs")
