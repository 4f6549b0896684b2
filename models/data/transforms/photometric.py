"""Photometric augmentation: light, colour, and the artefacts of cameras and codecs.

Every function is pure: (picture, generator, settings) in, a picture out. Lengths are in parts of
the picture's side, so that settings mean the same at all sizes.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from models.common.config_base import Strict

__all__ = ["ColourSettings", "DamageSettings", "blurred", "damaged", "recoloured"]

Image = NDArray[np.uint8]
Float = NDArray[np.float64]
LUMA = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601
GRAIN = 256 / np.sqrt(6)  # standard deviation of the difference of two random bytes


class ColourSettings(Strict):
    """Light and colour; each value is drawn uniformly from ± its bound.

    Attributes:
        brightness: added, white is 1.
        contrast: multiplied around the middle by 1 ± contrast.
        gamma: the exponent is 2 to the power of ± gamma.
        saturation: multiplied by 1 ± saturation.
        hue_deg: turned by ± degrees.
        tint: each channel multiplied by 1 ± tint.
        grey: share of pictures without colour.
    """

    brightness: float = Field(default=0.15, ge=0, le=1)
    contrast: float = Field(default=0.3, ge=0, le=1)
    gamma: float = Field(default=0.4, ge=0, le=3)
    saturation: float = Field(default=0.5, ge=0, le=1)
    hue_deg: float = Field(default=12.0, ge=0, le=180)
    tint: float = Field(default=0.08, ge=0, le=1)
    grey: float = Field(default=0.05, ge=0, le=1)


class DamageSettings(Strict):
    """Artefacts of cameras and codecs: for each the share of pictures, and its maximum.

    Attributes:
        small, small_factor: shrunk up to so many times, and enlarged again.
        blur, blur_sigma: out of focus, in crop sides.
        motion, motion_length: motion blur, in crop sides.
        noise, noise_sigma: of the sensor; white is 1.
        jpeg, jpeg_quality: compressed, at worst with this quality (at best 95).
    """

    small: float = Field(default=0.2, ge=0, le=1)
    small_factor: float = Field(default=3.0, ge=1, le=20)
    blur: float = Field(default=0.1, ge=0, le=1)
    blur_sigma: float = Field(default=0.012, ge=0, le=0.2)
    motion: float = Field(default=0.1, ge=0, le=1)
    motion_length: float = Field(default=0.06, ge=0, le=0.5)
    noise: float = Field(default=0.2, ge=0, le=1)
    noise_sigma: float = Field(default=0.06, ge=0, le=1)
    jpeg: float = Field(default=0.2, ge=0, le=1)
    jpeg_quality: int = Field(default=30, ge=1, le=95)


def recoloured(image: Image, rng: np.random.Generator, settings: ColourSettings) -> Image:
    """Change tones by one table, and colours by one matrix."""
    s = settings
    brightness, contrast, gamma, saturation, hue = rng.uniform(-1, 1, 5)
    gains = 1 + s.tint * rng.uniform(-1, 1, 3)
    grey = rng.random() < s.grey
    tones = np.linspace(0, 1, 256) ** (2.0 ** (s.gamma * gamma))
    tones = (tones - 0.5) * (1 + s.contrast * contrast) + 0.5 + s.brightness * brightness
    table = np.rint(np.clip(tones, 0, 1) * 255).astype(np.uint8)
    mix = _turn_hue(np.radians(s.hue_deg * hue))
    colour = 0.0 if grey else 1 + s.saturation * saturation
    mix = (colour * mix + (1 - colour) * LUMA) * gains[:, None]
    return np.asarray(cv2.transform(cv2.LUT(image, table), mix), np.uint8)


def _turn_hue(angle_rad: float) -> Float:
    """Rotation of RGB around the grey axis."""
    cos, sin = np.cos(angle_rad), np.sin(angle_rad) / np.sqrt(3)
    third = (1 - cos) / 3
    turn: Float = third + np.array([[cos, -sin, sin], [sin, cos, -sin], [-sin, sin, cos]])
    return turn


def damaged(image: Image, rng: np.random.Generator, settings: DamageSettings) -> Image:
    """Shrink, blur, move, add noise and compress, each in its share of pictures."""
    s, size = settings, image.shape[0]
    small, blur, motion, noise, jpeg = rng.random(5) < (s.small, s.blur, s.motion, s.noise, s.jpeg)
    if small:
        image = _shrunk(image, rng.uniform(1, s.small_factor))
    if blur:
        image = blurred(image, rng.uniform(0, s.blur_sigma) * size)
    if motion:
        image = _moved(image, rng.uniform(0, s.motion_length) * size, rng.uniform(0, np.pi))
    if noise:
        image = _noisy(image, rng, rng.uniform(0, s.noise_sigma) * 255)
    if jpeg:
        image = _compressed(image, int(rng.integers(s.jpeg_quality, 96)))
    return image


def _shrunk(image: Image, factor: float) -> Image:
    height, width = image.shape[:2]
    small = max(1, round(width / factor)), max(1, round(height / factor))
    less = cv2.resize(image, small, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(less, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)


def blurred(image: Image, sigma_px: float) -> Image:
    """Gaussian blur; none under a fifth of a pixel."""
    if sigma_px < 0.2:
        return image
    return np.asarray(cv2.GaussianBlur(image, (0, 0), sigma_px), np.uint8)


def _moved(image: Image, length_px: float, angle_rad: float) -> Image:
    """Blur along a line that is centred on each pixel."""
    if length_px < 1:
        return image
    half = int(np.ceil(length_px / 2))
    steps = np.linspace(-length_px / 2, length_px / 2, 4 * half + 1)
    kernel = np.zeros((2 * half + 1, 2 * half + 1), np.float32)
    x, y = (
        np.rint(half + steps * way).astype(int) for way in (np.cos(angle_rad), np.sin(angle_rad))
    )
    kernel[y, x] = 1
    return np.asarray(cv2.filter2D(image, -1, kernel / kernel.sum()), np.uint8)


def _noisy(image: Image, rng: np.random.Generator, sigma: float) -> Image:
    one, other = rng.integers(0, 256, (2, *image.shape), np.uint8)
    # A triangular distribution: nearly normal, and ten times faster.
    grains = cv2.subtract(one, other, dtype=cv2.CV_32F)
    noisy = cv2.addWeighted(image, 1, grains, sigma / GRAIN, 0, dtype=cv2.CV_8U)
    return np.asarray(noisy, np.uint8)


def _compressed(image: Image, quality: int) -> Image:
    _, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    picture = cv2.imdecode(data, cv2.IMREAD_COLOR)
    return np.asarray(picture, np.uint8)
