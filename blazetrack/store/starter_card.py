"""A first card for a model file without one, from the shapes of its tensors.

The head, the outputs and the keypoint set are the first ones that fit the tensors. A file does not
contain its keypoint names, the range of its input or the order of its colours, so the card marks
what has to be checked.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import permutations
from typing import Any

import yaml

from blazetrack.errors import ModelError, printable
from blazetrack.heads import HEADS
from blazetrack.heads.fit import Tensors, check_outputs
from blazetrack.model_info import Anchors, ModelInfo
from blazetrack.skeleton import SKELETONS, Skeleton
from blazetrack.store.skeleton_text import MAX_KEYPOINTS

__all__ = ["guess_info", "starter_card"]

# In this order; `displacement` has the outputs of `regression`.
TRIED = ("ssd", "simcc", "paf", "blazepose", "heatmap", "regression")
OPTIONS: dict[str, tuple[dict[str, Any], ...]] = {"regression": ({"third": "score"}, {})}
MIN_MAP_SIDE = 4  # cells; maps of fewer are rows of coordinates
MAX_OUTPUTS = 8  # that are tried for each meaning
STRIDES = (  # of anchors; common ones first
    *((8, 16, 32, 32, 32), (8, 16, 32), (8, 16, 16, 16), (8, 16), (16, 32)),
    *((8,), (16,), (32,), (64,)),
)

CHECKS = {
    "head": "the meaning of the outputs: one of {heads}",
    "input_range": "the value of a black and of a white pixel; mean and std may follow",
    "channels": "the order of colours: rgb or bgr",
    "outputs": "meaning: name of the tensor; this head knows {meanings}",
    "skeleton": "the keypoints in their order",
    "anchors": "the layout of the anchors",
    "licence": "the licence of the weights",
}


def guess_info(name: str, tensors: Tensors) -> ModelInfo | None:
    """The first description that fits the tensors of a network, or None.

    Args:
        name: of the model.
        tensors: of the network.
    """
    if (base := _input(name, tensors)) is None:
        return None
    for skeleton in (*SKELETONS.values(), *_own_skeletons(tensors)):
        for head in TRIED:
            for info in _candidates(replace(base, head=head, skeleton=skeleton), tensors):
                try:
                    check_outputs(info, tensors)
                except ModelError:
                    continue
                return info
    return None


def starter_card(name: str, tensors: Tensors) -> str:
    """YAML with the tensors as comments, and the fields of a card with what is to be checked.

    Args:
        name: of the model.
        tensors: of the network.
    """
    info = guess_info(name, tensors)
    rows = [("input", tensors.input_name, tensors.input_shape, tensors.input_dtype)]
    for output, shape in tensors.output_shapes.items():
        rows.append(("output", output, shape, tensors.output_dtypes[output]))
    cells = [
        (kind, printable(one).replace("\n", " "), str(list(shape)), dtype)
        for kind, one, shape, dtype in rows
    ]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in cells]
    if info is None:
        lines.append("No head of blazetrack fits these outputs: the fields are those of a heatmap.")
        info = _unknown(name, tensors)
    heads = ", ".join(one for one, head in HEADS.items() if head.kind == info.kind)
    meanings = ", ".join([*HEADS[info.head].required, *HEADS[info.head].optional])
    text = [f"# {line}\n" for line in lines]
    for key, value in _fields(info).items():
        if key in CHECKS:
            text.append(f"# check {CHECKS[key].format(heads=heads, meanings=meanings)}\n")
        flow = None if isinstance(value, (dict, list)) else False
        text.append(yaml.safe_dump({key: value}, sort_keys=False, default_flow_style=flow))
    return "".join(text)


def _input(name: str, tensors: Tensors) -> ModelInfo | None:
    """A description of the input, or None where it is not one RGB picture."""
    match tensors.input_shape:
        case (1, height, width, 3):
            layout = "nhwc"
        case (1, 3, height, width):
            layout = "nchw"
        case _:
            return None
    if (dtype := tensors.input_dtype) not in ("float32", "uint8", "int8"):
        return None
    return ModelInfo(
        name=name,
        kind="landmarks",
        input_hw=(height, width),
        input_range=(0, 1) if dtype == "float32" else (0, 255),
        border="zero",
        layout=layout,  # type: ignore[arg-type]
        input_dtype=dtype,  # type: ignore[arg-type]
    )


def _candidates(base: ModelInfo, tensors: Tensors) -> Iterator[ModelInfo]:
    """Descriptions with the head of `base`: each choice of outputs, options and anchors."""
    head, shapes = HEADS[base.head], tensors.output_shapes
    for names in permutations(list(shapes)[:MAX_OUTPUTS], len(head.required)):
        outputs = dict(zip(head.required, names, strict=True))
        single = [one for one in shapes if one not in names and set(shapes[one]) == {1}]
        if "score" in head.optional and len(single) == 1:
            outputs["score"] = single[0]
        info = replace(base, kind=head.kind, outputs=outputs)
        if base.head == "ssd":
            for anchors in _anchors(info, shapes[names[0]]):
                yield replace(info, anchors=anchors, skeleton=None)
        elif _has_form(info, shapes[names[0]]):
            for options in OPTIONS.get(base.head, ({},)):
                yield replace(info, head_options=options)


def _has_form(info: ModelInfo, shape: tuple[int, ...]) -> bool:
    """Whether an output looks like its head's, where the number of values alone may mislead."""
    if info.head == "heatmap":
        sides = shape[2:] if info.layout == "nchw" else shape[1:3]
        return len(shape) == 4 and min(sides) >= MIN_MAP_SIDE
    if info.head == "regression" and len(shape) > 2:  # 21 × 2 values are not 14 × 3
        return shape[-2] == len(info.skeleton or ())
    return True


def _anchors(info: ModelInfo, shape: tuple[int, ...]) -> Iterator[Anchors]:
    """Layouts with as many anchors as a shape `(1, A, 4 + 2P)` has rows."""
    if len(shape) != 3 or shape[2] < 4:
        return
    height, width = info.input_hw
    fitting = []
    for strides in STRIDES:
        cells = sum(-(-height // stride) * -(-width // stride) for stride in strides)
        per_map, left = divmod(shape[1], cells)
        if per_map and not left:
            fitting.append(Anchors(strides, per_map))
    yield from sorted(fitting, key=lambda one: one.per_map > 2)  # 1 or 2 is usual


def _own_skeletons(tensors: Tensors) -> Iterator[Skeleton]:
    """Sets of numbered keypoints, of the counts that the shapes suggest."""
    counts: dict[int, None] = {}
    for shape in tensors.output_shapes.values():
        for count in (*shape[-2:-1], *shape[-1:], *shape[1:2]):
            counts[count] = None
        if shape and not shape[-1] % 3:
            counts[shape[-1] // 3] = None
        if shape and not shape[-1] % 2:
            counts[shape[-1] // 2] = None
    for count in counts:
        if 1 < count <= MAX_KEYPOINTS:
            yield Skeleton("own", tuple(f"keypoint_{index}" for index in range(count)))


def _unknown(name: str, tensors: Tensors) -> ModelInfo:
    """A description to start from where none fits."""
    base = _input(name, tensors) or ModelInfo(name, "landmarks", (256, 256), (0, 1), "zero")
    outputs = dict(zip(("heatmap", "score"), tensors.output_shapes, strict=False))
    return replace(base, head="heatmap", outputs=outputs, skeleton=SKELETONS["coco17"])


def _fields(info: ModelInfo) -> dict[str, Any]:
    """The fields of a starter card, in the order in which docs/models.md has them."""
    fields: dict[str, Any] = {"kind": info.kind, "head": info.head}
    if info.head_options:
        fields["head_options"] = dict(info.head_options)
    fields |= {"input_hw": list(info.input_hw), "input_range": list(info.input_range)}
    fields |= {"input_dtype": info.input_dtype, "channels": info.channels, "layout": info.layout}
    fields |= {"border": info.border, "outputs": dict(info.outputs)}
    if info.anchors is not None:
        anchors = info.anchors
        fields["anchors"] = {"strides": list(anchors.strides), "per_map": anchors.per_map}
    if (skeleton := info.skeleton) is not None:
        own = {"name": skeleton.name, "names": list(skeleton.names), "edges": []}
        fields["skeleton"] = skeleton.name if skeleton.name in SKELETONS else own
    return fields | {"licence": "unknown"}
