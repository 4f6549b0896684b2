"""A keypoint set as text: in cards, configs and packs."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, model_validator

from blazetrack.skeleton import SKELETONS, Skeleton, get_skeleton

__all__ = ["SkeletonText", "read_skeleton", "skeleton_text"]


MAX_KEYPOINTS, MAX_NAME = 1000, 100  # of a set; characters of a name


class SkeletonText(BaseModel):
    """The fields of `Skeleton`, checked; `model_dump(mode="json")` gives plain values."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1, max_length=MAX_NAME)
    names: tuple[Annotated[str, Field(min_length=1, max_length=MAX_NAME)], ...] = Field(
        min_length=1, max_length=MAX_KEYPOINTS
    )
    edges: tuple[tuple[NonNegativeInt, NonNegativeInt], ...] = ()
    torso: tuple[NonNegativeInt, NonNegativeInt, NonNegativeInt, NonNegativeInt] | None = None
    swaps: tuple[tuple[NonNegativeInt, NonNegativeInt], ...] | None = None

    @model_validator(mode="after")
    def _check_indices(self) -> SkeletonText:
        if not all(name.isprintable() for name in (self.name, *self.names)):
            raise ValueError("expected printable names")
        if len(set(self.names)) < len(self.names):
            raise ValueError("keypoint names must differ")
        used = [*self.edges, *(self.swaps or ()), self.torso or (0,)]
        if max(max(numbers) for numbers in used) >= len(self.names):
            raise ValueError(f"edges, swaps and torso must be numbers below {len(self.names)}")
        return self

    @classmethod
    def of(cls, skeleton: Skeleton) -> SkeletonText:
        """The text form of any keypoint set."""
        return cls.model_validate(asdict(skeleton))

    @property
    def skeleton(self) -> Skeleton:
        """The keypoint set."""
        return Skeleton(self.name, self.names, self.edges, self.torso, self.swaps)


def read_skeleton(text: str | SkeletonText) -> Skeleton:
    """The keypoint set of a known name or of a text form; `InputError` for an unknown name."""
    return get_skeleton(text) if isinstance(text, str) else text.skeleton


def skeleton_text(skeleton: Skeleton) -> str | SkeletonText:
    """The name of a known keypoint set, else its text form; `read_skeleton` reads it."""
    known = SKELETONS.get(skeleton.name) == skeleton
    return skeleton.name if known else SkeletonText.of(skeleton)
