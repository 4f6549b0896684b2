"""A picture of each system of the zoo at work on a drawn person: maps, stages, fields, the pose.

    python -m models.evaluate.zoo_pictures docs/images/zoo
    python -m models.evaluate.zoo_pictures docs/images/zoo --clip clip.mp4 --frame 25

One JPEG per file of `models/weights/zoo`. Maps are drawn over the crop: the highest of all
keypoints in each cell, relative to the maximum of the picture. Poses have all keypoints, whatever
their score. With a clip, `stills.jpg` shows that frame of it as `blazetrack run` draws it with each
system; one with a refinement model runs in the graph `pose_cascade`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import cv2
import numpy as np
import typer
from numpy.typing import NDArray

from blazetrack import PoseTracker
from blazetrack.align.crop import Crop
from blazetrack.align.project import project
from blazetrack.align.roi import whole_roi
from blazetrack.backends import Model
from blazetrack.errors import InputError, SinkError
from blazetrack.heads import head_of
from blazetrack.heads.heatmap import OPTIONS
from blazetrack.render import draw_poses
from blazetrack.render.text import LIGHT, veil, write
from blazetrack.skeleton import BLAZEPOSE33
from blazetrack.sources import open_source
from blazetrack.tracking.landmarks import Landmarker
from blazetrack.tracking.refine_keypoints import KeypointRois, RefineKeypoints
from blazetrack.types import Crops, Frame, Poses
from models.common import command
from models.data.annotated import AnnotatedImage
from models.data.readers.crowds import crowds
from models.data.readers.synthetic import synthetic
from models.data.transforms.person_crop import cut, region
from models.evaluate.load_model import EvaluatedModel, load_model
from models.evaluate.stages import Stage, stages_of
from models.evaluate.zoo import WEIGHTS

__all__ = ["app", "draw_still", "draw_system"]

Image = NDArray[np.uint8]
Panel = tuple[str, Image]  # with its caption
Float = NDArray[np.floating[Any]]

SIDE, ACROSS = 176, 6  # pixels of a panel, panels in a row
STILL = 132  # width of a still
QUALITY = 78  # of the JPEG files

app = command.new_app("Draw what the systems of the zoo compute.")


@app.command()
def main(
    out: Annotated[Path, typer.Argument(help="Folder for the pictures.")],
    person: Annotated[int, typer.Option(min=0, help="Number of the drawn person.")] = 0,
    crowd: Annotated[int, typer.Option(min=0, help="Number of the drawn crowd.")] = 0,
    clip: Annotated[str | None, typer.Option(help="Clip for stills.jpg.")] = None,
    frame: Annotated[int, typer.Option(min=0, help="Number of its frame.")] = 0,
    weights: Annotated[Path, typer.Option(help="Folder of the files.")] = WEIGHTS,
) -> None:
    """Write NAME.jpg for each landmark model in the folder of the weights."""
    one = synthetic(person + 1, size=512, rotation_share=0)[person]
    several = crowds(crowd + 1)[crowd]
    out.mkdir(parents=True, exist_ok=True)
    stills = []
    for path in sorted(weights.glob("*.tflite")):
        model = load_model(str(path))
        if model.model.info.kind == "landmarks":
            example = several if head_of(model.model.info).several else one
            _write(out / f"{path.stem}.jpg", draw_system(model, example))
            if clip is not None:
                stills.append(_captioned(draw_still(model, clip, frame), path.stem))
    if stills:
        _write(out / "stills.jpg", _in_rows(stills))


def _write(file: Path, image: Image) -> None:
    if not cv2.imwrite(str(file), image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, QUALITY]):
        raise SinkError(f"zoo_pictures: {file} cannot be written")
    print(f"{file}: {file.stat().st_size / 1e3:.0f} kB")


def draw_system(evaluated: EvaluatedModel, example: AnnotatedImage) -> Image:
    """Panels of one system, in rows; RGB.

    Args:
        evaluated: a landmark model, of a file.
        example: a person, or for a model that finds several people a whole picture.
    """
    if head_of(evaluated.model.info).several:
        panels = list(_people_panels(evaluated.model, example))
    else:
        panels = list(_person_panels(stages_of(evaluated), cut(example, SIDE)[0]))
    return _in_rows([_captioned(image, text) for text, image in panels])


def draw_still(evaluated: EvaluatedModel, clip: str, number: int) -> Image:
    """A frame of a clip after those before it, with the tracked people, `STILL` pixels wide.

    Raises:
        InputError: the clip has fewer frames.
    """
    refined = stages_of(evaluated)[-1].refinement is not None
    graph = "pose_cascade" if refined else None
    with (
        closing(open_source(clip)) as source,
        PoseTracker(evaluated.path, graph=graph) as tracker,
    ):
        for frame in source:
            poses = tracker(frame)
            if frame.index == number:
                drawn = draw_poses(frame.image, poses, tracker.skeleton, ids=False)
                size = STILL, round(STILL * drawn.shape[0] / drawn.shape[1])
                return np.asarray(cv2.resize(drawn, size, interpolation=cv2.INTER_AREA))
    raise InputError(f"zoo_pictures: --frame {number}: {clip} has fewer frames")


def _in_rows(tiles: list[Image]) -> Image:
    across = min(ACROSS, len(tiles))
    blank = np.full(tiles[0].shape, 255, np.uint8)
    tiles = [*tiles, *[blank] * (-len(tiles) % across)]
    rows = [np.concatenate(tiles[i : i + across], axis=1) for i in range(0, len(tiles), across)]
    return np.concatenate(rows)


def _person_panels(stages: list[Stage], person: AnnotatedImage) -> Iterator[Panel]:
    """The crop, the maps or the pose of each stage, and the pose after maps."""
    yield "crop", person.image
    last = len(stages) - 1
    for number, stage in enumerate(stages):
        crops = Crop(stage.model)(Frame(person.image), region(person.alignment_px))
        poses = _poses(stage, crops, person.image)
        maps = MAPS.get(stage.model.info.head)
        if maps is not None:
            yield stage.name or "maps", _over(person.image, maps(stage, crops.pixels[0]))
        if maps is None or number == last:
            pose = "pose" if maps is not None else stage.name or "pose"
            yield pose, draw_poses(person.image, poses, _skeleton(stage.model), ids=False)


def _people_panels(model: Model, scene: AnnotatedImage) -> Iterator[Panel]:
    """The picture, confidence maps, fields and poses of a network for several people."""
    image = np.asarray(cv2.resize(scene.image, (SIDE * 4 // 3, SIDE)), np.uint8)
    frame = Frame(image)
    crops = Crop(model)(frame, whole_roi(frame))
    found = Landmarker(model, 0.0)(crops)
    outputs = model.run(crops.pixels[0])
    square = np.asarray(crops.pixels[0])
    keypoints = outputs["heatmap"][0, ..., : len(_skeleton(model))].max(axis=-1)
    yield "picture", image
    for text, panel in (
        ("confidence", _over(square, keypoints)),
        ("fields", _directions(square, outputs["paf"][0])),
    ):
        whole = cv2.warpAffine(
            panel, crops.to_image[0], image.shape[1::-1], borderMode=cv2.BORDER_REPLICATE
        )
        yield text, np.asarray(whole, np.uint8)
    yield "people", draw_poses(image, project(found, crops), _skeleton(model), ids=False)


def _poses(stage: Stage, crops: Crops, image: Image) -> Poses:
    """The pose after a stage, in pixels of the picture, with all keypoints visible."""
    found = Landmarker(stage.model, -1.0)(crops)
    if stage.refinement is not None:
        rois = KeypointRois(stage.refinement)(found, crops)
        around = Crop(stage.refinement)(Frame(image), rois)
        found = RefineKeypoints(stage.refinement)(found, crops, around)
    poses = project(found, crops)
    return replace(poses, visibility=np.ones_like(poses.visibility))


def _heatmaps(stage: Stage, pixels: Image) -> Float:
    """The highest of all maps; of the stage `refined` the fine maps, each at its window."""
    outputs = stage.model.run(pixels)
    maps = outputs["heatmap"][0]
    if stage.model.info.head_options.get("decoding") != "windows":
        return np.asarray(maps.max(axis=-1))
    height, width, keypoints = maps.shape
    windows = outputs["windows"][0]
    side = int(stage.model.info.head_options.get("window_cells", OPTIONS["window_cells"][0]))  # type: ignore[call-overload]
    scale = windows.shape[0] // side
    canvas = np.zeros(((height + side) * scale, (width + side) * scale))
    for k in range(keypoints):
        row, column = np.divmod(int(maps[..., k].argmax()), width)
        part = canvas[row * scale :, column * scale :][: side * scale, : side * scale]
        np.maximum(part, windows[..., k], out=part)
    edge = side // 2 * scale
    return canvas[edge : edge + height * scale, edge : edge + width * scale]


def _bins(stage: Stage, pixels: Image) -> Float:
    """The highest of the products of both rows of bins."""
    outputs = stage.model.run(pixels)
    x, y = (np.maximum(outputs[f"simcc_{axis}"][0], 0) for axis in "xy")
    return np.asarray((y[:, :, None] * x[:, None, :]).max(axis=0))


MAPS: Mapping[str, Callable[[Stage, Image], Float]] = {"heatmap": _heatmaps, "simcc": _bins}
"""Head → values `(h, w)` to draw over the crop."""


def _over(image: Image, values: Float) -> Image:
    """Values of a grid in colours over a darkened picture, relative to their maximum."""
    share = np.clip(values / max(float(values.max()), 1e-6), 0, 1)
    share = cv2.resize(share.astype(np.float32), image.shape[1::-1])
    colors = cv2.applyColorMap((share * 255).astype(np.uint8), cv2.COLORMAP_INFERNO)[..., ::-1]
    return np.asarray(np.clip(image * 0.35 + colors * 0.85, 0, 255), np.uint8)


def _directions(image: Image, fields: Float) -> Image:
    """The longest field of each cell: its direction as the hue, over a darkened picture."""
    pairs = fields.reshape(*fields.shape[:2], -1, 2)
    longest = np.linalg.norm(pairs, axis=-1).argmax(axis=-1)
    x, y = np.moveaxis(np.take_along_axis(pairs, longest[..., None, None], axis=2)[:, :, 0], -1, 0)
    hsv = np.zeros((*longest.shape, 3), np.float32)
    hsv[..., 0] = np.degrees(np.arctan2(y, x)) % 360
    hsv[..., 1], hsv[..., 2] = 1, np.clip(np.hypot(x, y), 0, 1)
    colors = cv2.resize(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB), image.shape[1::-1])
    return np.asarray(np.clip(image * 0.35 + colors * 216, 0, 255), np.uint8)


def _captioned(image: Image, text: str) -> Image:
    panel = np.ascontiguousarray(image)
    height, width = panel.shape[:2]
    veil(panel, (0, height - 18, width, height), 0.6)
    write(panel, text, (5, height - 5), 0.35 if width < SIDE else 0.4, LIGHT)
    return panel


def _skeleton(model: Model) -> Any:
    return model.info.skeleton or BLAZEPOSE33


if __name__ == "__main__":
    command.run(app, "models.evaluate.zoo_pictures")
