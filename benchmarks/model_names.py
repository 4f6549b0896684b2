"""Models of the benchmarks' options: a landmark network with its detector."""

from __future__ import annotations

from blazetrack.errors import InputError

__all__ = ["parse_model"]


def parse_model(text: str, detector: str | None = None) -> tuple[str, str | None]:
    """Landmark model and detector of `NAME[+DETECTOR]`; None is the model's own detector."""
    model, plus, own = text.partition("+")
    if not model or (plus and not own):
        raise InputError(f"--model {text!r}: expected NAME, FILE, or one of them +DETECTOR")
    return model, own or detector
