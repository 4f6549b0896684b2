"""The batch that the benchmark of people compares with."""

from __future__ import annotations

import numpy as np

from benchmarks.people import batched
from blazetrack import open_source
from blazetrack.backends import open_model
from blazetrack.store import Store


def test_batched_network_gives_the_rows_of_single_runs(weights: Store) -> None:
    from ai_edge_litert.interpreter import Interpreter

    full = weights.find("full")
    path = weights.variant(full)
    pictures = np.stack([frame.image for frame in open_source("synthetic?frames=4&size=256x256")])
    network = Interpreter(model_content=batched(path.read_bytes()), num_threads=1)
    number = network.get_input_details()[0]["index"]
    network.resize_tensor_input(number, pictures.shape)
    network.allocate_tensors()
    network.set_tensor(number, pictures.astype(np.float32) * np.float32(1 / 255))
    network.invoke()
    place = {details["name"]: details["index"] for details in network.get_output_details()}
    rows = network.get_tensor(place[full.info.outputs["landmarks"]])
    model = open_model(path, full.info, threads=1)
    model.want("landmarks")
    # Another number of rows may choose another kernel, which adds in another order.
    assert np.abs(rows - model.run(pictures)["landmarks"]).max() < 1e-3
