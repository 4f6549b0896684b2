"""Scale the scores of a detector to the probability that a cell holds a person.

    python -m models calibrate runs/finder_calibrated runs/finder

The focal loss leaves scores near 0.5, of people as of background, so that a threshold means
something else for each detector, and the mean of overlapping detections, weighted by their scores,
is hardly weighted. Platt scaling of the logits (Platt 1999) mends both and keeps their order. It
becomes part of the last layer, so nothing is added to the network.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from numpy.typing import NDArray

from blazetrack.errors import InputError, ModelError
from models.common import command
from models.common.logistic import logistic_regression
from models.train.checkpoint import check_new_run, existing_run, load_network, save
from models.train.data_settings import task_of
from models.train.tasks import open_task
from models.zoo import ARCHITECTURES

__all__ = ["app", "fit_scale", "scale_scores"]

app = command.new_app("Scale the scores of a detector to probabilities.")

SEED = 1000  # beside that of the run: other canvases than those trained on
# Cells without a person count so many times: of the pictures of a camera, half show nobody.
EMPTY_WEIGHT = 2.0


@app.command()
def main(
    out: Annotated[Path, typer.Argument(help="Folder for the result: a run that is not there.")],
    run: Annotated[Path, typer.Argument(help="Folder of a run of a detector.")],
    canvases: Annotated[int, typer.Option(min=16, help="Training canvases to fit to.")] = 1600,
) -> None:
    """Write the averaged weights of a run with calibrated scores, to evaluate or export."""
    checkpoint = existing_run(run)
    check_new_run(out)
    settings, (network, _) = checkpoint.settings, load_network(run)
    if task_of(ARCHITECTURES[settings.network.name].head) != "detector":
        raise ModelError(f"calibrate {run}: expected a detector, got {settings.network.name}")
    other = settings.run.model_copy(update={"seed": settings.run.seed + SEED})
    task = open_task(settings.model_copy(update={"run": other}), command.log)
    logits, positives, seen = [], [], 0
    for batch in task.batches(0, network.input_shape[1]):
        outputs = network.predict_on_batch(batch["image"] / np.float32(255))
        known = batch["weights"] > 0
        logits.append(outputs["scores"][..., 0][known])
        positives.append(batch["positives"][known] > 0)
        seen += len(known)
        if seen >= canvases:
            break
    scale, shift = fit_scale(np.concatenate(logits), np.concatenate(positives))
    scale_scores(network, scale, shift)
    save(out, settings, checkpoint.step, network)
    print(f"{out}: logits of scores × {scale:.3f} + {shift:.3f}, by {seen} canvases")


def fit_scale(logits: NDArray[Any], positives: NDArray[np.bool_]) -> tuple[float, float]:
    """Scale and shift of logits `(N,)` with which they are probabilities of `positives` `(N,)`.

    Raises:
        InputError: all are positive, or none.
    """
    if positives.all() or not positives.any():
        raise InputError("calibrate: expected cells with and without people: more canvases")
    features = logits.astype(np.float64)[:, None]
    weights = np.where(positives, 1.0, EMPTY_WEIGHT)
    shift, scale = logistic_regression(features, positives, weights, ridge=0.0)
    return float(scale), float(shift)


def scale_scores(network: Any, scale: float, shift: float) -> None:
    """Give a detector the logits `scale · logit + shift`."""
    for layer in _score_layers(network):
        kernel, bias = layer.get_weights()
        layer.set_weights([scale * kernel, scale * bias + np.float32(shift)])


def _score_layers(network: Any) -> list[Any]:
    """The convolutions whose rows are joined to the output `scores`."""
    outputs = {id(layer.output): layer for layer in network.layers}
    rows = [outputs[id(tensor)] for tensor in network.get_layer("scores").input]
    return [outputs[id(layer.input)] for layer in rows]


if __name__ == "__main__":
    command.run(app, "models.train.calibrate_scores")
