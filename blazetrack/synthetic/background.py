"""Backgrounds: a room with wall, floor and furniture, and camera noise."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["HORIZON", "add_noise", "draw_room", "make_noise"]

Image = NDArray[np.uint8]
Float = NDArray[np.float64]
HORIZON = 0.72  # edge between floor and wall, in picture heights
WALLS = ((205, 212, 216), (222, 212, 196), (196, 208, 200), (214, 204, 214), (186, 198, 212))
FLOORS = ((150, 118, 86), (128, 120, 114), (168, 140, 108), (110, 96, 88))
FABRICS = ((118, 132, 150), (150, 120, 110), (112, 136, 118), (164, 150, 120))
PICTURES = ((-0.10, 0.22, 0.16, 0.20), (0.10, 0.26, 0.14, 0.12), (0.08, 0.12, 0.1, 0.09))
TILE = 256  # period of the noise in pixels
NOISE_PEAK = 8  # noise takes the values 0 … 8


def draw_room(rng: np.random.Generator, width: int, height: int) -> Image:
    """A room `(height, width, 3)` uint8 RGB: gradients, boards, a window, a shelf, a plant."""
    image = _surfaces(rng, width, height)
    _boards(rng, image)
    pieces = [_window, _shelf, _plant, _sofa, _pictures]
    spots = (np.arange(3) + rng.uniform(0.3, 0.7, 3)) / 3
    for k, spot in zip(rng.permutation(len(pieces))[:3], rng.permutation(spots), strict=True):
        pieces[k](rng, image, float(spot) * width)
    soft = cv2.GaussianBlur(image, (0, 0), max(0.6, height / 500))
    return _grain(rng, soft)


def _surfaces(rng: np.random.Generator, width: int, height: int) -> Image:
    wall, floor = (np.array(c[rng.integers(len(c))], np.float32) for c in (WALLS, FLOORS))
    y = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    x = np.linspace(0, 1, width, dtype=np.float32)[None]
    bright = 1.04 - 0.12 * np.hypot(x - rng.uniform(0.2, 0.6), y - 0.2)
    below = (y > HORIZON) * (0.82 + 0.9 * (y - HORIZON))
    ground = np.where((y > HORIZON)[..., None], floor * below[..., None], wall)
    image: Image = np.clip(ground * bright[..., None], 0, 240).astype(np.uint8)
    edge = int(HORIZON * height)
    image[max(0, edge - max(2, height // 60)) : edge + 1] = np.clip(1.06 * wall, 0, 240)
    return image


def _boards(rng: np.random.Generator, image: Image) -> None:
    """Seams of floor boards towards a vanishing point."""
    height, width = image.shape[:2]
    top = int(HORIZON * height) + 1
    tint = tuple(0.8 * float(c) for c in image[(top + height) // 2, width // 2])
    for k in np.arange(-12, 13) + rng.uniform(0, 1):
        ends = (int(width * (0.5 + 0.07 * k)), top), (int(width * (0.5 + 0.16 * k)), height)
        cv2.line(image, *ends, tint, max(1, height // 400), cv2.LINE_AA)


def _box(image: Image, x: float, y: float, w: float, h: float, colour: Float) -> None:
    """A filled box around (x, y)."""
    low, high = (int(x - w / 2), int(y - h / 2)), (int(x + w / 2), int(y + h / 2))
    cv2.rectangle(image, low, high, tuple(float(c) for c in np.clip(colour, 0, 240)), -1)


def _window(rng: np.random.Generator, image: Image, x: float) -> None:
    s, y = image.shape[0], 0.30 * image.shape[0]
    _box(image, x, y, 0.40 * s, 0.36 * s, np.array([232.0, 230, 224]))
    _box(image, x, y, 0.37 * s, 0.33 * s, np.array([168.0, 200, 226]))
    _box(image, x, y + 0.11 * s, 0.37 * s, 0.11 * s, np.array([130.0, 158, 120]))
    _box(image, x, y, 0.015 * s, 0.33 * s, np.array([232.0, 230, 224]))
    _box(image, x, y + 0.19 * s, 0.44 * s, 0.02 * s, np.array([214.0, 210, 202]))


def _shelf(rng: np.random.Generator, image: Image, x: float) -> None:
    s = image.shape[0]
    _box(image, x, 0.42 * s, 0.34 * s, 0.62 * s, np.array([138.0, 104, 74]))
    for y in (0.17, 0.32, 0.47, 0.62):
        _box(image, x, (y + 0.03) * s, 0.31 * s, 0.12 * s, np.array([100.0, 76, 56]))
        left = x - 0.15 * s
        while left < x + 0.11 * s:
            w, h = rng.uniform(0.012, 0.03) * s, rng.uniform(0.07, 0.11) * s
            colour = rng.uniform(70, 190, 3)
            _box(image, left + w / 2, (y + 0.09) * s - h / 2, w, h, colour)
            left += w + rng.uniform(0.0, 0.02) * s


def _plant(rng: np.random.Generator, image: Image, x: float) -> None:
    s = image.shape[0]
    for angle in rng.uniform(-1.1, 1.1, 14):
        long = rng.uniform(0.10, 0.22) * s
        middle = (int(x + 0.6 * long * np.sin(angle)), int(0.60 * s - 0.6 * long * np.cos(angle)))
        green = (60 + 40 * rng.random(), 110 + 40 * rng.random(), 70.0)
        axes = (int(0.6 * long), max(1, int(0.10 * long)))
        cv2.ellipse(image, middle, axes, np.degrees(angle) - 90, 0, 360, green, -1, cv2.LINE_AA)
    _box(image, x, 0.66 * s, 0.13 * s, 0.14 * s, np.array([188.0, 128, 100]))
    _box(image, x, 0.60 * s, 0.15 * s, 0.03 * s, np.array([200.0, 140, 112]))


def _sofa(rng: np.random.Generator, image: Image, x: float) -> None:
    s, fabric = image.shape[0], np.array(FABRICS[rng.integers(len(FABRICS))], float)
    _box(image, x, 0.62 * s, 0.62 * s, 0.22 * s, 0.9 * fabric)
    for side in (-1, 1):
        _box(image, x + side * 0.14 * s, 0.66 * s, 0.27 * s, 0.09 * s, 1.08 * fabric)
        _box(image, x + side * 0.32 * s, 0.67 * s, 0.08 * s, 0.19 * s, 0.8 * fabric)
    _box(image, x, 0.75 * s, 0.62 * s, 0.08 * s, 0.75 * fabric)


def _pictures(rng: np.random.Generator, image: Image, x: float) -> None:
    s = image.shape[0]
    for dx, dy, w, h in PICTURES:
        x_px, paper = x + dx * s, rng.uniform(150, 225, 3)
        _box(image, x_px, dy * s, w * s, h * s, np.array([70.0, 62, 58]))
        _box(image, x_px, dy * s, (w - 0.015) * s, (h - 0.015) * s, paper)
        ink = rng.uniform(80, 190, 3)
        _box(image, x_px, (dy + 0.02) * s, (w - 0.06) * s, (h - 0.09) * s, ink)


def _grain(rng: np.random.Generator, image: Image) -> Image:
    """Add low-frequency blotches, as of paint and wood."""
    height, width = image.shape[:2]
    coarse = rng.normal(0.0, 4.0, (40, max(2, 40 * width // height))).astype(np.float32)
    blotches = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    grained: Image = np.clip(image + blotches[..., None], 0, 246).astype(np.uint8)
    return grained


def make_noise(rng: np.random.Generator, width: int, height: int) -> Image:
    """Camera noise for `add_noise`: repeated tiles, one tile larger than the picture."""
    tile = rng.binomial(NOISE_PEAK, 0.5, (TILE, TILE, 3)).astype(np.uint8)
    return np.tile(tile, (height // TILE + 2, width // TILE + 2, 1))


def add_noise(image: Image, noise: Image, index: int) -> None:
    """Add the noise of picture `index` in place; each picture has another offset."""
    height, width = image.shape[:2]
    y, x = (37 * index) % TILE, (101 * index) % TILE
    cv2.add(image, noise[y : y + height, x : x + width], image)
