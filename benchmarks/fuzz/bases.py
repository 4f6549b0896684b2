"""Good inputs, from which the mutated ones are made: written once, small, the same every time."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any

__all__ = ["CARDS", "Bases", "write_bases"]

FILMS = {
    "film.mp4": ("libx264", "yuv420p"),
    "film.mkv": ("libx264", "yuv420p"),
    "film.webm": ("libvpx", "yuv420p"),
    "film.ts": ("mpeg2video", "yuv420p"),
    "film.avi": ("mjpeg", "yuvj420p"),
    "film.flv": ("flv", "yuv420p"),
    "film.gif": ("gif", "rgb8"),
}
PICTURES = ("jpg", "png", "webp", "tiff", "bmp", "jp2", "ppm", "avif")
FRAMES, SIZE = 6, (160, 120)
CARDS = {
    "landmarks": (
        "blaze_lite",
        "kind: landmarks\ninput_hw: [192, 192]\ninput_range: [0, 1]\nborder: replicate\n"
        "outputs: {landmarks: landmarks, score: score, world: world}\nskeleton: blazepose33\n",
    ),
    "detector": (
        "blaze_detector_lite",
        "kind: detector\ninput_hw: [224, 224]\ninput_range: [0, 1]\nborder: zero\n"
        "outputs: {boxes: boxes, scores: scores}\nanchors:\n  strides: [8, 16]\n  per_map: 1\n",
    ),
}
"""Kind of model → name of a model that ships, and a card for it."""
_CARD_END = "name: m\nlicence: Apache-2.0\nsentence: A model.\nsource: own\n"


class Bases:
    """The good inputs in a folder, by file name."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.names = sorted(path.name for path in folder.iterdir())

    def starting(self, start: str) -> list[str]:
        """Names that start so."""
        return [name for name in self.names if name.startswith(start)]

    @lru_cache(maxsize=64)  # noqa: B019 - lives as long as the process
    def read(self, name: str) -> bytes:
        """The bytes of one."""
        return (self.folder / name).read_bytes()

    def text(self, name: str) -> str:
        """The text of one."""
        return self.read(name).decode()


def write_bases(folder: Path) -> None:
    """Write all of them, in a process of its own: encoders start threads."""
    from blazetrack.pipeline import shipped_graphs
    from blazetrack.store import Store

    images = _drawn()
    _write_films(folder, images)
    _write_pictures(folder, images[0])
    _write_recording(folder / "recording.jsonl")
    for kind, (name, card) in CARDS.items():
        file = Store(offline=True).describe(name).path
        (folder / f"model_{kind}.tflite").write_bytes(file.read_bytes())
        (folder / f"card_{kind}.yaml").write_text(card + _CARD_END, encoding="utf-8")
    for name, path in shipped_graphs().items():
        text = path.read_text(encoding="utf-8")
        for published, ours in (("pose_detector", "blaze_detector_lite"), ("full", "blaze_lite")):
            text = text.replace(f": {published}", f": {ours}")
        (folder / f"graph_{name}.yaml").write_text(text, encoding="utf-8")


def _drawn() -> list[Any]:
    from blazetrack.synthetic.clip import Clip
    from blazetrack.synthetic.scene import SceneOptions

    clip = Clip("squats", SceneOptions(FRAMES, SIZE, 30.0, None), 0)
    return [clip.image(index) for index in range(FRAMES)]


def _write_films(folder: Path, images: list[Any]) -> None:
    import av

    for name, (codec, pixels) in FILMS.items():
        with av.open(str(folder / name), "w", options={"fflags": "+bitexact"}) as container:
            stream: Any = container.add_stream(codec, rate=25)
            stream.width, stream.height = SIZE
            stream.pix_fmt, stream.time_base = pixels, Fraction(1, 25)
            stream.thread_count = 1
            for index, image in enumerate(images):
                frame = av.VideoFrame.from_ndarray(image, format="rgb24")
                frame.pts = index
                container.mux(stream.encode(frame.reformat(format=pixels)))
            container.mux(stream.encode(None))


def _write_pictures(folder: Path, image: Any) -> None:
    import cv2

    for ending in PICTURES:
        try:
            _, data = cv2.imencode(f".{ending}", image[..., ::-1])
        except cv2.error:  # not every build has AVIF and JPEG 2000
            continue
        (folder / f"picture.{ending}").write_bytes(bytes(data))
    jpeg = (folder / "picture.jpg").read_bytes()
    tiff = b"MM\0*\0\0\0\x08" + b"\0\1" + b"\x01\x12\0\3\0\0\0\1\0\6\0\0" + b"\0\0\0\0"
    exif = b"Exif\0\0" + tiff  # turned by a quarter
    segment = b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif
    (folder / "picture_turned.jpg").write_bytes(jpeg[:2] + segment + jpeg[2:])


def _write_recording(path: Path) -> None:
    import blazetrack
    from blazetrack.sinks import open_sink
    from blazetrack.sources import open_source

    size = f"{SIZE[0]}x{SIZE[1]}"
    with (
        blazetrack.PoseTracker(model="blaze_lite") as tracker,
        open_source(f"synthetic:squats?frames={FRAMES}&size={size}") as source,
        open_sink(path) as sink,
    ):
        for frame in source:
            sink.write(frame, tracker(frame))
