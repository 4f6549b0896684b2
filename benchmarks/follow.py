"""Robustness of `follow`: two drawn people walk past each other, one of them is followed.

    python -m benchmarks.follow [--clips 20] [--first-seed 0] [--json FILE]

Clip number S is the crossing of seed S. The followed person is number 1 on even seeds and number 2
on odd ones, selected by the point `x,y` between the hips in the first frame.

A prediction **matches** a person if its OKS with that person, see `tracking_metrics`, is at least
0.5 and higher than with any other. The followed person is in **full view** in frames in which the
whole person is inside the picture and at least 0.9 of the points are visible. A clip passes if

- there is a prediction in at least 80 % of the frames with the followed person in full view,
- none of these predictions matches another person, and
- the last second has predictions, and all of them match the followed person.

Exit code 0 if every clip passes, 1 if one fails, 2 if it could not be measured.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console

from benchmarks.machine import describe_machine, package_versions
from benchmarks.reference.results import FrameResult
from benchmarks.report import check_writable, exit_2_on_error, write_json
from benchmarks.tracking_metrics import MIN_OKS, MIN_VISIBLE, oks_matrix
from blazetrack.errors import SourceError
from blazetrack.pipeline import PoseTracker
from blazetrack.skeleton import BLAZEPOSE33
from blazetrack.sources import open_source
from blazetrack.sources.synthetic import SyntheticSource
from blazetrack.synthetic import Truth
from blazetrack.types import Frame, Poses

__all__ = ["FollowResult", "clip_line", "hip_point", "main", "report", "run_clip", "score_follow"]

SOURCE = "synthetic:crossing?seed={seed}&size=1280x720&frames=300"
FPS = 30
MIN_TRACKED = 0.8
"""Minimum share of the full-view frames that have a prediction."""

_HIPS = [BLAZEPOSE33.names.index(name) for name in ("left_hip", "right_hip")]

# A point → a tracker that follows the person there.
OpenTracker = Callable[[str], AbstractContextManager[Callable[[Frame], Poses]]]


@dataclass(frozen=True, slots=True)
class FollowResult:
    """Result of one clip.

    Attributes:
        followed: true id of the followed person.
        behind: whether that person is the occluded one.
        full_view: frames with the followed person in full view.
        tracked: frames of those with a prediction.
        wrong: frames of those with a prediction that matches another person.
        last: frames of the last second with a prediction.
        last_wrong: frames of those with a prediction that does not match the followed person.
    """

    followed: int
    behind: bool
    full_view: int
    tracked: int
    wrong: tuple[int, ...]
    last: int
    last_wrong: tuple[int, ...]

    @property
    def passed(self) -> bool:
        """Whether the clip passes by the rules above."""
        return not self.faults

    @property
    def faults(self) -> list[str]:
        """The broken rules, in words."""
        out = []
        if not 0 < MIN_TRACKED * self.full_view <= self.tracked:
            out.append("too few predictions")
        if self.wrong:
            out.append(f"another person from frame {self.wrong[0]}")
        if not self.last:
            out.append("no prediction at the end")
        if self.last_wrong:
            out.append(f"not the followed person in frame {self.last_wrong[0]}")
        return out


def main(
    clips: Annotated[int, typer.Option(min=1, help="Number of clips.")] = 20,
    first_seed: Annotated[int, typer.Option(min=0, help="Seed of the first clip.")] = 0,
    json_file: Annotated[Path | None, typer.Option("--json", help="Also write it here.")] = None,
) -> None:
    """Follow one of two drawn people who walk past each other."""
    console = Console()
    results: dict[int, FollowResult] = {}
    with exit_2_on_error():
        check_writable(json_file)
        with Console(stderr=True).status("clips") as status:
            for seed in range(first_seed, first_seed + clips):
                status.update(f"clip of seed {seed}, up to {first_seed + clips - 1}")
                source: Any = open_source(SOURCE.format(seed=seed))
                results[seed] = run_clip(source, 1 + seed % 2, _follow)
                console.print(clip_line(seed, results[seed]), soft_wrap=True, markup=False)
        passed = sum(one.passed for one in results.values())
        console.print(f"{passed} of {clips} clips passed")
        write_json(json_file, report(results))
    raise SystemExit(0 if passed == clips else 1)


def _follow(point: str) -> PoseTracker:
    return PoseTracker(follow=point)


def run_clip(source: SyntheticSource, followed: int, follow: OpenTracker) -> FollowResult:
    """Follow one person from the first frame on and score the clip.

    Args:
        source: with several people.
        followed: true id of one of them.
        follow: opens a tracker that follows the person at a point.
    """
    truths, predictions = [], []
    with source, follow(hip_point(source.truth(0), followed)) as tracker:
        for frame in source:
            truths.append(source.truth(frame.index))
            predictions.append(FrameResult.from_poses(tracker(frame)))
    return score_follow(truths, predictions, followed)


def hip_point(truth: Truth, followed: int) -> str:
    """`x,y` in pixels between the hips of the person with that id.

    Raises:
        SourceError: the person is not in the picture.
    """
    if followed not in truth.ids:
        raise SourceError(f"follow: expected person {followed} in the first frame, got {truth.ids}")
    x, y = truth.landmarks_px[truth.ids == followed][0, _HIPS].mean(axis=0)
    return f"{x:.1f},{y:.1f}"


def score_follow(
    truths: Sequence[Truth], predictions: Sequence[FrameResult], followed: int
) -> FollowResult:
    """Compare the predictions of a clip with the truth, by the rules above.

    Args:
        truths: one per frame.
        predictions: one per frame.
        followed: true id of the followed person.
    """
    full_view, tracked, last, wrong, last_wrong = 0, 0, 0, [], []
    for index, (truth, predicted) in enumerate(zip(truths, predictions, strict=True)):
        matched = _matched_ids(truth, predicted)
        in_view = truth.whole & (truth.visible.mean(axis=1) >= MIN_VISIBLE)
        if in_view[truth.ids == followed].any():
            full_view += 1
            tracked += len(predicted) > 0
            if ((matched != followed) & (matched > 0)).any():
                wrong.append(index)
        if index >= len(truths) - FPS:
            last += len(predicted) > 0
            if (matched != followed).any():
                last_wrong.append(index)
    occluded = _occluded_points(truths)
    behind = max(occluded.values(), default=0) == occluded.get(followed) != 0
    return FollowResult(followed, behind, full_view, tracked, tuple(wrong), last, tuple(last_wrong))


def _matched_ids(truth: Truth, predicted: FrameResult) -> NDArray[np.int64]:
    """`(N,)` id of the person that each prediction matches, 0 for none."""
    if not len(truth):
        return np.zeros(len(predicted), np.int64)
    scores = oks_matrix(truth, predicted, truth.visible)
    return np.where(scores.max(axis=0) >= MIN_OKS, truth.ids[scores.argmax(axis=0)], 0)


def _occluded_points(truths: Sequence[Truth]) -> dict[int, int]:
    """Id → number of invisible points, over all frames with the whole person in the picture."""
    out: dict[int, int] = {}
    for truth in truths:
        for one, count in zip(truth.ids, (~truth.visible).sum(axis=1) * truth.whole, strict=True):
            out[int(one)] = out.get(int(one), 0) + int(count)
    return out


def clip_line(seed: int, result: FollowResult) -> str:
    """One line of text per clip."""
    place = "behind" if result.behind else "in front"
    verdict = "passed" if result.passed else f"FAILED: {', '.join(result.faults)}"
    return (
        f"seed {seed:>2}  person {result.followed}, {place:<8}  tracked {result.tracked:>3} of "
        f"{result.full_view:>3}  wrong {len(result.wrong):>3}  {verdict}"
    )


def report(results: dict[int, FollowResult]) -> dict[str, Any]:
    """The JSON report."""
    return {
        "source": SOURCE,
        "date": date.today().isoformat(),
        "machine": describe_machine(),
        "packages": package_versions(),
        "passed": sum(one.passed for one in results.values()),
        "clips": [
            {
                "seed": seed,
                "followed": one.followed,
                "behind": one.behind,
                "full view": one.full_view,
                "tracked": one.tracked,
                "wrong": list(one.wrong),
                "passed": one.passed,
                "faults": one.faults,
            }
            for seed, one in results.items()
        ],
    }


if __name__ == "__main__":
    typer.run(main)
