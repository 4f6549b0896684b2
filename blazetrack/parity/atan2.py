"""`atan2f` of the C library in numpy."""

from __future__ import annotations

import numpy as np

__all__ = ["atan2_float32"]

# Polynomial and table of fdlibm's atanf, which C libraries use.
_ATAN = np.array(
    [3.3333334327e-01, -2.0000000298e-01, 1.4285714924e-01, -1.1111110449e-01, 9.0908870101e-02,
     -7.6918758452e-02, 6.6610731184e-02, -5.8335702866e-02, 4.9768779427e-02, -3.6531571299e-02,
     1.6285819933e-02],
    np.float32,
)  # fmt: skip
_ATAN_HIGH = np.array([4.6364760399e-01, 7.8539812565e-01, 9.8279368877e-01, 1.5707962513e00], "f4")
_ATAN_LOW = np.array([5.0121582440e-09, 3.7748947079e-08, 3.4473217170e-08, 7.5497894159e-08], "f4")
_PI, _PI_LOW = np.float32(np.pi), np.float32(-8.7422776573e-08)


def atan2_float32(y: np.float32, x: np.float32) -> np.float32:
    """`atan2f` to the bit as the C library computes it; numpy's differs in the last one.

    Args:
        y, x: finite float32.
    """
    if x == 0:
        return np.copysign(np.float32(np.pi / 2), y) if y else np.float32(0)
    turn = _atan_float32(abs(y / x))
    if x < 0:
        turn = _PI - (turn - _PI_LOW)
    return np.float32(np.copysign(turn, y))


def _atan_float32(x: np.float32) -> np.float32:
    """`atanf` of a float32 ≥ 0: reduced by one of four identities, then a polynomial."""
    one, two, half = np.float32(1), np.float32(2), np.float32(1.5)
    part = int(np.searchsorted(np.array([0.4375, 0.6875, 1.1875, 2.4375]), x, side="right")) - 1
    if part == 0:
        x = (two * x - one) / (two + x)
    elif part == 1:
        x = (x - one) / (x + one)
    elif part == 2:
        x = (x - half) / (one + half * x)
    elif part == 3:
        x = -one / x
    z = x * x
    w = z * z
    odd, even = np.float32(0), np.float32(0)
    for c in _ATAN[10::-2]:
        even = c + w * even
    for c in _ATAN[9::-2]:
        odd = c + w * odd
    bend = x * (z * even + w * odd)
    if part < 0:
        return np.float32(x - bend)
    return np.float32(_ATAN_HIGH[part] - ((bend - _ATAN_LOW[part]) - x))
