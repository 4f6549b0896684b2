"""Temporal filters: low-pass, One-Euro, and the smooth node with a set of them per person.

One-Euro: Casiez, Roussel, Vogel, "1 € Filter", CHI 2012; parameters and details as in
MediaPipe (util/filtering/one_euro_filter.cc, modules/pose_landmark/pose_landmark_filtering.pbtxt).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from blazetrack.errors import GraphError, InputError, did_you_mean
from blazetrack.types import Frame, Poses

__all__ = ["DEFAULT_STRENGTH", "PRESETS", "STRENGTHS", "LowPass", "OneEuro", "PoseSmoother",
           "SmoothPreset", "parse_strength"]  # fmt: skip

Float = NDArray[np.float64]
Float32 = NDArray[np.float32]

START_HZ = 30.0  # rate before the second sample (one_euro_filter.cc, `frequency`)
MIN_SCALE_PX = 1e-6  # smaller people pass unfiltered (`min_allowed_object_scale`)


class LowPass:
    """Exponential smoothing: `y = alpha · x + (1 − alpha) · y₋₁`; the first value passes.

    State and weights are float32, as in low_pass_filter.cc.
    """

    def __init__(self, alpha: float) -> None:
        self._alpha = np.float32(alpha)
        self._last: Float32 | None = None

    def __call__(self, value: Float32, alpha: Float | float | None = None) -> Float32:
        """Filter one sample, with its own `alpha` where one is given."""
        weight = self._alpha if alpha is None else np.asarray(alpha, np.float32)
        if self._last is None:
            self._last = value
        else:
            kept = (1.0 - np.asarray(weight, np.float64)) * self._last
            self._last = np.asarray(weight * value + kept, np.float32)
        return self._last


class OneEuro:
    """A low-pass whose cutoff rises with speed; one filter per array element.

    Args:
        min_cutoff: cutoff at rest in Hz, a number or one per element.
        beta: cutoff per speed, a number or one per element.
        derivate_cutoff: cutoff of the low-pass of the speed in Hz.
    """

    def __init__(
        self, min_cutoff: float | Float, beta: float | Float, derivate_cutoff: float = 1.0
    ) -> None:
        # MediaPipe's options are float32; 0.01 is not 0.01f.
        self._min_cutoff = np.asarray(min_cutoff, np.float32).astype(np.float64)
        self._beta = np.asarray(beta, np.float32).astype(np.float64)
        self._derivate_cutoff = float(np.float32(derivate_cutoff))
        self._rate_hz = self._usual_hz = START_HZ
        self._time_s: float | None = None
        self._raw: Float32 | None = None
        self._value = LowPass(1.0)
        self._speed = LowPass(1.0)

    def __call__(self, value: Float32, time_s: float, value_scale: float | Float = 1.0) -> Float32:
        """Filter one sample.

        Args:
            value: float32 of any shape, the same at each call.
            time_s: a sample at the time of the last one passes without effect; an earlier one
                sets the clock back, and is filtered at the rate before.
            value_scale: 1 / size of the object, a number or one per element.
        """
        if self._time_s is not None:
            if time_s == self._time_s:
                return value
            before_hz, step_s = self._rate_hz, time_s - self._time_s
            # The last step may have led to a wrong time, so that its rate does not count.
            self._rate_hz = 1.0 / step_s if step_s > 0 else self._usual_hz
            self._usual_hz = before_hz
        self._time_s = time_s
        # The speed is that of the raw values, as in MediaPipe; the paper filters first.
        raw = value if self._raw is None else self._raw
        speed = (value.astype(np.float64) - raw) * value_scale * self._rate_hz
        self._raw = value
        smooth = self._speed(speed.astype(np.float32), _alpha(self._derivate_cutoff, self._rate_hz))
        cutoff = self._min_cutoff + self._beta * np.abs(smooth.astype(np.float64))
        return self._value(value, _alpha(cutoff, self._rate_hz))


def _alpha(cutoff: Float | float, rate_hz: float) -> Float | float:
    """Weight of the newest sample: 1 / (1 + τ/Te) with τ = 1/(2π·cutoff), Te = 1/rate."""
    tau, period_s = 1.0 / (2.0 * np.pi * cutoff), 1.0 / rate_hz
    return 1.0 / (1.0 + tau / period_s)


@dataclass(frozen=True, slots=True)
class SmoothPreset:
    """Filter parameters; see `OneEuro` and `LowPass`.

    Attributes:
        landmarks: min_cutoff, beta of the image landmarks.
        world: of the world landmarks.
        alignment: of the alignment points; None does not filter them.
        visibility: alpha.
        scale_margin: size of the object per diameter of the circle.
    """

    landmarks: tuple[float, float] = (0.05, 80.0)
    world: tuple[float, float] = (0.1, 40.0)
    alignment: tuple[float, float] | None = (0.01, 10.0)
    visibility: float = 0.1
    scale_margin: float = 1.0


_DEFAULT = SmoothPreset()
PRESETS = {
    "mediapipe_legacy": _DEFAULT,
    "mediapipe_tasks": replace(_DEFAULT, alignment=None, scale_margin=1.25),
}


DEFAULT_STRENGTH = 0.5
STRENGTHS = {"off": 0.0, "light": 0.25, "strong": 0.75}


def parse_strength(value: str | float | None) -> float | None:
    """A strength of smoothing, 0..1, from a number, its text or a word of `STRENGTHS`.

    Raises:
        InputError: it is none of these.
    """
    if value is None:
        return None
    try:
        strength = STRENGTHS[str(value)] if value in STRENGTHS else float(value)
    except (TypeError, ValueError):
        strength = -1.0
    if not 0 <= strength <= 1:
        hint = f"; {did_you_mean(str(value), STRENGTHS)}" if str(value).isalpha() else ""
        raise InputError(
            f"smoothing: expected off, light, strong or a number from 0 to 1, got '{value}'{hint}"
        )
    return strength


def with_strength(preset: SmoothPreset, strength: float | None) -> SmoothPreset:
    """A preset with all cutoffs scaled: 0.5 leaves them, 1 divides them by 6, towards 0 they grow.

    The factor is (1.25 − s) / 1.5 s, so that the filter vanishes as the strength does.
    """
    if not strength:
        return preset
    factor = (1.25 - strength) / (1.5 * strength)

    def scaled(pair: tuple[float, float]) -> tuple[float, float]:
        return pair[0] * factor, pair[1] * factor

    return replace(
        preset,
        landmarks=scaled(preset.landmarks),
        world=scaled(preset.world),
        alignment=None if preset.alignment is None else scaled(preset.alignment),
    )


def _object_size(alignment_px: Float32, margin: float, image_wh: tuple[int, int]) -> np.float32:
    """Diameter of the circle around a person, times `margin`, in pixels.

    In float32 and by way of parts of the image, as in MediaPipe
    (landmarks_smoothing_calculator_utils.cc, `GetObjectScale`).
    """
    size_wh = np.array(image_wh, np.float32)
    dx, dy = alignment_px[1] - alignment_px[0]
    diameter = np.sqrt(dx * dx + dy * dy) * np.float32(2)
    width, height = diameter / size_wh * np.float32(margin) * size_wh
    return np.float32((width + height) / np.float32(2))


class _PersonFilters:
    """The filters of one person; landmarks and alignment points share one array."""

    def __init__(self, preset: SmoothPreset, keypoints: int) -> None:
        parts = [(*preset.landmarks, 3 * keypoints)]
        if preset.alignment:
            parts.append((*preset.alignment, 4))
        min_cutoff, beta, count = np.array(parts).T
        repeats = count.astype(np.intp)
        self.image = OneEuro(min_cutoff.repeat(repeats), beta.repeat(repeats))
        self.world = OneEuro(*preset.world)
        self.visibility = LowPass(preset.visibility)


class PoseSmoother:
    """Smooth each person by id; the filters of an id end with it.

    Args:
        preset: parameters: `mediapipe_legacy` or `mediapipe_tasks`.
        frame_s: fixed seconds per frame (`solutions.pose` counts 33.333 ms a call); None takes the
            frames' times.
        keep_state_when_lost: a new person continues the visibility and world filters of the last
            one (`solutions.pose` resets only the filters that also read the image size,
            pose_landmark_filtering.pbtxt).
        strength: 0 (off) to 1; None and 0.5 are the preset as it is, see `with_strength`.
        alignment_when_off: while not active, the alignment points are filtered nevertheless, and
            the landmarks rounded to float32 pixels (`solutions.pose` with
            `smooth_landmarks=False`, observed).

    Attributes:
        active: while False, poses pass unfiltered; when set again, filters start afresh.
        strength: 0 to 1; filters start afresh when it is set.
    """

    def __init__(
        self,
        preset: str = "mediapipe_legacy",
        frame_s: float | None = None,
        keep_state_when_lost: bool = False,
        strength: float | None = None,
        alignment_when_off: bool = False,
    ) -> None:
        if preset not in PRESETS:
            hint = did_you_mean(preset, PRESETS)
            raise GraphError(f"smooth: no preset '{preset}'; {hint}")
        self._unscaled = PRESETS[preset]
        self._frame_s = frame_s
        self._keep_state = keep_state_when_lost
        self._alignment_when_off = alignment_when_off
        self.strength = DEFAULT_STRENGTH if strength is None else strength

    @property
    def strength(self) -> float:
        """0 (off) to 1."""
        return self._strength

    @strength.setter
    def strength(self, strength: float) -> None:
        self._strength = parse_strength(strength) or 0.0
        self._preset = with_strength(self._unscaled, self._strength)
        self.active = self._strength != 0
        self.reset()

    def reset(self) -> None:
        """Drop all filters."""
        self._people: dict[int, _PersonFilters] = {}
        self._last: _PersonFilters | None = None

    def __call__(self, poses: Poses, frame: Frame) -> Poses:
        if self.active:
            return self._smooth(poses, frame)
        if self._alignment_when_off:
            rounded = poses.landmarks_px.astype(np.float32).astype(np.float64)
            alignment_px = self._smooth(poses, frame).alignment_px
            return replace(poses, landmarks_px=rounded, alignment_px=alignment_px)
        self.reset()
        return poses

    def _smooth(self, poses: Poses, frame: Frame) -> Poses:
        time_s = frame.time_s if self._frame_s is None else frame.index * self._frame_s
        keypoints = poses.landmarks_px.shape[1]
        self._people = {
            person: self._people.get(person) or self._begin(keypoints)
            for person in poses.ids.tolist()
        }
        if not self._people:
            return poses
        self._last = next(iter(self._people.values()))
        smooth = replace(
            poses,
            landmarks_px=poses.landmarks_px.copy(),
            world_landmarks_m=poses.world_landmarks_m.copy(),
            visibility=poses.visibility.copy(),
            alignment_px=poses.alignment_px.copy(),
        )
        for row, person in enumerate(self._people.values()):
            self._smooth_row(smooth, row, person, time_s, (frame.width, frame.height))
        return smooth

    def _begin(self, keypoints: int) -> _PersonFilters:
        filters = _PersonFilters(self._preset, keypoints)
        if self._keep_state and self._last is not None:
            filters.world, filters.visibility = self._last.world, self._last.visibility
        return filters

    def _smooth_row(
        self,
        poses: Poses,
        row: int,
        person: _PersonFilters,
        time_s: float,
        image_wh: tuple[int, int],
    ) -> None:
        """Smooth one person in place."""
        landmarks, alignment = poses.landmarks_px[row], poses.alignment_px[row]
        world, visibility = poses.world_landmarks_m[row], poses.visibility[row]
        visibility[:] = person.visibility(visibility.astype(np.float32))
        points = alignment.astype(np.float32)
        size_px = _object_size(points, self._preset.scale_margin, image_wh)
        if size_px < MIN_SCALE_PX:
            return
        # World landmarks are in metres: their speed needs no scale.
        world[:] = person.world(world.astype(np.float32), time_s)
        image = landmarks.astype(np.float32).reshape(-1)
        if self._preset.alignment:
            image = np.concatenate([image, points.reshape(-1)])
        image = person.image(image, time_s, float(np.float32(1) / size_px))
        landmarks[:] = image[: landmarks.size].reshape(landmarks.shape)
        if self._preset.alignment:
            alignment[:] = image[landmarks.size :].reshape(alignment.shape)
