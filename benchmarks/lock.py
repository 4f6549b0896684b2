"""Does a lock stay on the person chosen? Two drawn people walk past each other, one in front.

    python -m benchmarks.lock [--clips 20] [--first-seed 0] [--json FILE]

Clip number S is the crossing of seed S. Of its two people, number 1 is chosen on even seeds and
number 2 on odd ones, by the point `x,y` between their hips in the first frame.

An answer is **on** somebody if its likeness to them, see `tracking_metrics`, is at least 0.5 and
larger than to anybody else. The chosen person is in **full view** in frames in which they are whole
in the picture and nine tenths of their points can be seen. A lock survives if

- somebody is answered in at least 80 % of the frames in which the chosen person is in full view,
- none of these answers is on another person, and
- there are answers in the last second, all of them on the chosen person.

Ends with exit code 0 if every lock survives, 1 if one does not, 2 if it could not be measured.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console

from benchmarks.machine import describe
from benchmarks.reference.answers import Found
from benchmarks.report import check_writable, write_json
from benchmarks.tracking_metrics import ALIKE, SEEN, likeness
from blazetrack.errors import BlazetrackError, SourceError
from blazetrack.pipeline import PoseTracker
from blazetrack.skeleton import BLAZEPOSE33
from blazetrack.sources.synthetic import SyntheticSource
from blazetrack.synthetic import Truth
from blazetrack.types import Frame, Poses

__all__ = ["Lock", "clip_line", "hip_point", "judge_lock", "main", "report", "run_clip"]

SOURCE = "synthetic:crossing?seed={seed}&size=1280x720&frames=300"
FPS = 30
ANSWERED = 0.8
"""Least part of the frames with the chosen person in full view in which somebody is answered."""

PACKAGES = ("blazetrack", "numpy", "opencv-python", "ai-edge-litert")
_HIPS = [BLAZEPOSE33.names.index(name) for name in ("left_hip", "right_hip")]

# A point → a tracker that follows who stands there.
OpenTracker = Callable[[str], AbstractContextManager[Callable[[Frame], Poses]]]


@dataclass(frozen=True, slots=True)
class Lock:
    """How a lock on one person went in one clip.

    Attributes:
        chosen: the id of that person in the truth.
        behind: whether they are the one who gets hidden.
        full_view: frames in which they are in full view.
        answered: frames of those with an answer.
        wrong: frames of those with an answer that is on another person.
        last: frames of the last second with an answer.
        last_wrong: frames of those with an answer that is not on the chosen person.
    """

    chosen: int
    behind: bool
    full_view: int
    answered: int
    wrong: tuple[int, ...]
    last: int
    last_wrong: tuple[int, ...]

    @property
    def survived(self) -> bool:
        """Did the lock hold, by the rules above?"""
        enough = 0 < ANSWERED * self.full_view <= self.answered
        return enough and not self.wrong and self.last > 0 and not self.last_wrong

    @property
    def faults(self) -> list[str]:
        """What went wrong, to see where to look."""
        out = []
        if not 0 < ANSWERED * self.full_view <= self.answered:
            out.append("too few answers")
        if self.wrong:
            out.append(f"on another from frame {self.wrong[0]}")
        if not self.last:
            out.append("nobody at the end")
        if self.last_wrong:
            out.append(f"not on the chosen in frame {self.last_wrong[0]}")
        return out


def main(
    clips: Annotated[int, typer.Option(min=1, help="How many clips.")] = 20,
    first_seed: Annotated[int, typer.Option(min=0, help="Seed of the first clip.")] = 0,
    json_file: Annotated[Path | None, typer.Option("--json", help="Also write it here.")] = None,
) -> None:
    """Lock on one of two drawn people who walk past each other."""
    console = Console()
    locks: dict[int, Lock] = {}
    try:
        check_writable(json_file)
        with Console(stderr=True).status("clips") as status:
            for seed in range(first_seed, first_seed + clips):
                status.update(f"clip of seed {seed}, up to {first_seed + clips - 1}")
                source = SyntheticSource.from_text(SOURCE.format(seed=seed))
                locks[seed] = run_clip(source, 1 + seed % 2, _follow)
                console.print(clip_line(seed, locks[seed]), soft_wrap=True, markup=False)
        survived = sum(lock.survived for lock in locks.values())
        console.print(f"{survived} of {clips} survived")
        write_json(json_file, report(locks))
    except BlazetrackError as error:
        print(error, file=sys.stderr)
        raise SystemExit(2) from None
    raise SystemExit(0 if survived == clips else 1)


def _follow(point: str) -> PoseTracker:
    return PoseTracker(follow=point)


def run_clip(source: SyntheticSource, chosen: int, follow: OpenTracker) -> Lock:
    """Lock on one person in the first frame and see who is answered.

    Args:
        source: with several people.
        chosen: the id of one of them in the truth.
        follow: makes a tracker ready that follows whoever stands at a point.
    """
    truths, answers = [], []
    with source, follow(hip_point(source.truth(0), chosen)) as tracker:
        for frame in source:
            truths.append(source.truth(frame.index))
            answers.append(Found.of(tracker(frame)))
    return judge_lock(truths, answers, chosen)


def hip_point(truth: Truth, chosen: int) -> str:
    """`x,y` in pixels between the hips of the person with that id.

    Raises:
        SourceError: they are not in the picture.
    """
    if chosen not in truth.ids:
        raise SourceError(f"lock: expected person {chosen} in the first frame, got {truth.ids}")
    x, y = truth.landmarks_px[truth.ids == chosen][0, _HIPS].mean(axis=0)
    return f"{x:.1f},{y:.1f}"


def judge_lock(truths: Sequence[Truth], answers: Sequence[Found], chosen: int) -> Lock:
    """Hold the answers of a clip against the truth, by the rules above.

    Args:
        truths: frame by frame.
        answers: as many.
        chosen: the id in the truth of the person who was to be followed.
    """
    full_view, answered, last, wrong, last_wrong = 0, 0, 0, [], []
    for index, (truth, found) in enumerate(zip(truths, answers, strict=True)):
        on = _on(truth, found)
        whole = truth.whole & (truth.visible.mean(axis=1) >= SEEN)
        if whole[truth.ids == chosen].any():
            full_view += 1
            answered += len(found) > 0
            if ((on != chosen) & (on > 0)).any():
                wrong.append(index)
        if index >= len(truths) - FPS:
            last += len(found) > 0
            if (on != chosen).any():
                last_wrong.append(index)
    hidden = _hidden(truths)
    behind = max(hidden.values(), default=0) == hidden.get(chosen) != 0
    return Lock(chosen, behind, full_view, answered, tuple(wrong), last, tuple(last_wrong))


def _on(truth: Truth, found: Found) -> NDArray[np.int64]:
    """`(N,)` id of the true person that each answer is on, 0 for nobody."""
    if not len(truth):
        return np.zeros(len(found), np.int64)
    alike = likeness(truth, found, truth.visible)
    return np.where(alike.max(axis=0) >= ALIKE, truth.ids[alike.argmax(axis=0)], 0)


def _hidden(truths: Sequence[Truth]) -> dict[int, int]:
    """Id → how many points could not be seen over all frames in which the person was whole."""
    out: dict[int, int] = {}
    for truth in truths:
        for one, count in zip(truth.ids, (~truth.visible).sum(axis=1) * truth.whole, strict=True):
            out[int(one)] = out.get(int(one), 0) + int(count)
    return out


def clip_line(seed: int, lock: Lock) -> str:
    """One clip, to see which ones fail."""
    place = "behind" if lock.behind else "in front"
    verdict = "survived" if lock.survived else f"LOST: {', '.join(lock.faults)}"
    return (
        f"seed {seed:>2}  person {lock.chosen}, {place:<8}  answered {lock.answered:>3} of "
        f"{lock.full_view:>3}  wrong {len(lock.wrong):>3}  {verdict}"
    )


def report(locks: dict[int, Lock]) -> dict[str, Any]:
    """The report for programs."""
    return {
        "source": SOURCE,
        "date": date.today().isoformat(),
        "machine": describe(),
        "packages": {name: version(name) for name in PACKAGES},
        "survived": sum(lock.survived for lock in locks.values()),
        "clips": [
            {
                "seed": seed,
                "chosen": lock.chosen,
                "behind": lock.behind,
                "full view": lock.full_view,
                "answered": lock.answered,
                "wrong": list(lock.wrong),
                "survived": lock.survived,
                "faults": lock.faults,
            }
            for seed, lock in locks.items()
        ],
    }


if __name__ == "__main__":
    typer.run(main)
