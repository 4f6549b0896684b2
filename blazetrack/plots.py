"""One picture of a whole run: where people were, how their joints bent, how well they were seen.

Needs matplotlib (the extra `plot`), without a window and without pyplot's global state.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from blazetrack.angles import angle_keypoints, joint_angles
from blazetrack.errors import InputError, MissingExtra, SinkError, did_you_mean
from blazetrack.recording import Person, Recording
from blazetrack.render import id_color
from blazetrack.sinks.base import remove
from blazetrack.skeleton import Skeleton

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["choose_joints", "plot_recording", "save"]

Float = NDArray[np.float64]

HIDDEN = 0.5  # visibility below which a keypoint is guessed rather than seen
_WIDTH_IN, _DPI = 12.0, 100  # 1200 pixels
_LEFT, _RIGHT = "#d96f00", "#0086c4"  # as in the film, but darker: the paper is white
_STYLES = {"left": "-", "right": "--"}
_MOST_NAMES = 10  # people in the legend


def plot_recording(
    recording: Recording, *, ids: Sequence[int] = (), joints: Sequence[str] = ()
) -> Figure:
    """Draw paths, joint angles and visibility over time.

    One person has a colour for each side, left orange and right blue; several have one colour
    each, left drawn through and right dashed. Where nobody was seen, the lines have a gap. An
    angle is pale where one of its three keypoints was hidden.

    Args:
        recording: from `read_recording`.
        ids: whom to draw; everybody where empty.
        joints: which, as `choose_joints` takes them; all where empty.

    Raises:
        InputError: nobody was seen, or no such id or joint.
        MissingExtra: matplotlib is not installed.
    """
    people = _choose_people(recording, ids)
    names = choose_joints(recording.skeleton, joints)
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise MissingExtra("matplotlib", "plot") from None
    kinds = list(dict.fromkeys(_split(name)[1] for name in names))
    rows = 3 + len(kinds)
    height = 0.8 + 1.4 * rows
    figure = Figure(figsize=(_WIDTH_IN, height), dpi=_DPI, layout="constrained")
    figure.suptitle(f"{Path(recording.name).name}: {_summary(recording)}", fontsize=13)
    halves: Any = figure.subfigures(1, 2, width_ratios=[1, 1.9])
    left, right = halves
    across, down = recording.size_px.max(axis=0)
    upper = min(3.3 * down / across + 0.9, height - 2.5)  # inches: what the picture's shape takes
    path, legend = left.subplots(2, 1, height_ratios=[upper, height - upper])
    panels = list(right.subplots(rows, 1, sharex=True))
    _draw_paths(path, recording, people)
    _draw_legend(legend, recording, people)
    _draw_places(panels[0], panels[1], recording, people)
    for panel, kind in zip(panels[2:], kinds, strict=False):
        _draw_angles(panel, kind, [n for n in names if _split(n)[1] == kind], recording, people)
    _draw_visibility(panels[-1], recording, people, names)
    _finish(panels)
    return figure


def choose_joints(skeleton: Skeleton | None, wanted: Iterable[str]) -> tuple[str, ...]:
    """The joints that are meant, all where none is named.

    Args:
        skeleton: names the keypoints; None has no joints.
        wanted: such as `left_knee`, or `knee` for both sides.

    Raises:
        InputError: no such joint.
    """
    known = tuple(angle_keypoints(skeleton)) if skeleton is not None else ()
    wanted = list(wanted)
    for name in wanted:
        if not any(name in (joint, _split(joint)[1]) for joint in known):
            kinds = dict.fromkeys(_split(joint)[1] for joint in known)
            raise InputError(f"no joint '{name}'; {did_you_mean(name, [*known, *kinds])}")
    chosen = [joint for joint in known if {joint, _split(joint)[1]} & set(wanted)]
    return tuple(chosen if wanted else known)


def save(figure: Figure, path: Path) -> None:
    """Write a figure as its ending says: `.png`, `.svg` or what else matplotlib knows.

    Raises:
        SinkError: it cannot be written.
    """
    try:
        figure.savefig(path, facecolor="white")
    except OSError as error:
        remove(path)
        raise SinkError(f"{path}: cannot be written ({error.strerror})") from None


def _choose_people(recording: Recording, ids: Sequence[int]) -> dict[int, Person]:
    if not recording.people:
        raise InputError(
            f"{recording.name}: nobody was seen in its {len(recording.frames)} frames; there is "
            "nothing to plot"
        )
    for number in ids:
        if number not in recording.people:
            known = ", ".join(map(str, recording.people))
            raise InputError(f"{recording.name}: nobody has the id {number}; known: {known}")
    return {n: person for n, person in recording.people.items() if not ids or n in ids}


# --- the panels ---------------------------------------------------------------------------------


def _draw_paths(panel: Axes, recording: Recording, people: dict[int, Person]) -> None:
    """Where each person's hips went in the picture, and how the person stood in between."""
    width, height = recording.size_px.max(axis=0)
    for number, person in people.items():
        color = _person_color(number)
        middle = len(person.rows) // 2
        for a, b in recording.skeleton.edges if recording.skeleton is not None else ():
            limb = person.landmarks_px[middle, [a, b], :2]
            panel.plot(limb[:, 0], limb[:, 1], color=color, alpha=0.3, linewidth=1.2)
        _line(panel, *_spread(recording, person, _center(recording, person)).T, color=color)
        first, last = _center(recording, person)[[0, -1]]
        panel.plot(*first, "o", color=color, markersize=6, markerfacecolor="white")
        panel.plot(*last, "o", color=color, markersize=6)
    panel.set(xlim=(0, width), ylim=(height, 0), aspect="equal", xlabel="x (px)", ylabel="y (px)")
    panel.set_title(
        f"path of the {_what(recording)} in the picture (○ first, ● last seen)", fontsize=10
    )
    panel.set_facecolor("#f6f6f6")
    panel.set_anchor("N")


def _draw_places(across: Axes, down: Axes, recording: Recording, people: dict[int, Person]) -> None:
    for number, person in people.items():
        places = _spread(recording, person, _center(recording, person))
        for panel, values in ((across, places[:, 0]), (down, places[:, 1])):
            _line(panel, recording.time_s, values, color=_person_color(number))
    _name(across, f"{_what(recording)}, x (px)")
    _name(down, f"{_what(recording)}, y (px)")
    down.invert_yaxis()


def _draw_angles(
    panel: Axes, kind: str, names: list[str], recording: Recording, people: dict[int, Person]
) -> None:
    assert recording.skeleton is not None
    keypoints = angle_keypoints(recording.skeleton)
    for number, person in people.items():
        angles = joint_angles(person.world_landmarks_m, recording.skeleton)
        for name in names:
            values = angles[:, list(keypoints).index(name)]
            seen = (person.visibility[:, keypoints[name]] >= HIDDEN).all(axis=1)
            look = _look(number, name, alone=len(people) == 1)
            guessed = _spread(recording, person, values)
            _line(panel, recording.time_s, guessed, alpha=0.25, **look)
            sure = _spread(recording, person, np.where(seen, values, np.nan))
            _line(panel, recording.time_s, sure, **look)
    _name(panel, f"{kind} angle (°)")
    panel.set(ylim=(-5, 185), yticks=[0, 45, 90, 135, 180])


def _draw_visibility(
    panel: Axes, recording: Recording, people: dict[int, Person], names: Sequence[str]
) -> None:
    """How well the chosen joints were seen, the mean of each side; all keypoints without names."""
    for number, person in people.items():
        for side in ("left", "right") if names else ("",):
            chosen = [name for name in names if _split(name)[0] == side]
            if names and not chosen:
                continue
            mean = person.visibility[:, _keypoints(recording, chosen)].mean(axis=1)
            look = _look(number, side, alone=len(people) == 1 and bool(names))
            _line(panel, recording.time_s, _spread(recording, person, mean), **look)
    panel.axhline(HIDDEN, color="#999999", linewidth=0.8, linestyle=":")
    _name(panel, "visibility of those joints" if names else "visibility")
    panel.set(ylim=(-0.03, 1.03), yticks=[0, 0.5, 1])


def _keypoints(recording: Recording, names: Sequence[str]) -> list[int]:
    """Indices of the keypoints that make these angles; of all keypoints without names."""
    if not names or recording.skeleton is None:
        return list(range(next(iter(recording.people.values())).visibility.shape[1]))
    found = angle_keypoints(recording.skeleton)
    return sorted({index for name in names for index in found[name]})


def _draw_legend(panel: Axes, recording: Recording, people: dict[int, Person]) -> None:
    from matplotlib.lines import Line2D

    handles = []
    if len(people) == 1:
        for side in ("left", "right"):
            look = _look(0, side, alone=True)
            handles.append(Line2D([], [], label=f"{side} side", **look))
    else:
        handles.append(Line2D([], [], color="#444444", linestyle="-", label="left side"))
        handles.append(Line2D([], [], color="#444444", linestyle="--", label="right side"))
    pale = "pale: a keypoint of the angle was hidden"
    handles.append(Line2D([], [], color="#444444", alpha=0.3, label=pale))
    often = sorted(people, key=lambda number: -len(people[number].rows))
    for number in sorted(often[:_MOST_NAMES]):
        rows = people[number].rows
        span = f"{recording.time_s[rows[0]]:.1f} to {recording.time_s[rows[-1]]:.1f} s"
        label = f"id {number}: {span}, {len(rows)} frames"
        handles.append(Line2D([], [], color=_person_color(number), linewidth=3, label=label))
    if len(often) > _MOST_NAMES:
        handles.append(Line2D([], [], alpha=0, label=f"and {len(often) - _MOST_NAMES} more"))
    panel.legend(handles=handles, loc="upper left", frameon=False, fontsize=10)
    panel.set_axis_off()


def _name(panel: Axes, text: str) -> None:
    panel.set_title(text, loc="left", fontsize=10, pad=3)


def _finish(panels: Sequence[Axes]) -> None:
    for panel in panels:
        panel.grid(color="#e4e4e4", linewidth=0.8)
        panel.set_axisbelow(True)
        panel.spines[["top", "right"]].set_visible(False)
    panels[-1].set_xlabel("time (s)")
    panels[-1].margins(x=0.01)


# --- lines --------------------------------------------------------------------------------------


def _line(panel: Axes, x: Float, y: Float, **look: Any) -> None:
    """A line with gaps; what stands alone between two gaps is a dot."""
    look = {"linewidth": 1.6, "solid_capstyle": "round", **look}
    panel.plot(x, y, **look)
    there = np.isfinite(y)
    before, after = np.roll(there, 1), np.roll(there, -1)
    before[0] = after[-1] = False
    alone = there & ~before & ~after
    if alone.any():
        dot = {key: look[key] for key in ("color", "alpha") if key in look}
        panel.plot(x[alone], y[alone], ".", markersize=4, **dot)


def _spread(recording: Recording, person: Person, values: Float) -> Float:
    """`(M, …)` values of a person as `(T, …)`, NaN in the frames that do not show them."""
    whole = np.full((len(recording.frames), *values.shape[1:]), np.nan)
    whole[person.rows] = values
    return whole


def _center(recording: Recording, person: Person) -> Float:
    """`(M, 2)` the middle of the hips, or of all keypoints where the set has no hips."""
    torso = recording.skeleton.torso if recording.skeleton is not None else None
    points = person.landmarks_px if torso is None else person.landmarks_px[:, torso[2:]]
    center: Float = points[..., :2].mean(axis=1)
    return center


def _what(recording: Recording) -> str:
    named = recording.skeleton is not None and recording.skeleton.torso is not None
    return "hips" if named else "middle"


def _look(number: int, name: str, *, alone: bool) -> dict[str, Any]:
    """Colour and dashes of a person's left or right side."""
    side = _split(name)[0]
    color = {"left": _LEFT, "right": _RIGHT}.get(side) if alone else None
    return {"color": color or _person_color(number), "linestyle": _STYLES.get(side, "-")}


def _person_color(number: int) -> tuple[float, float, float]:
    """The colour of the person's label in the film, darker."""
    red, green, blue = (0.72 * part / 255 for part in id_color(number))
    return red, green, blue


def _split(name: str) -> tuple[str, str]:
    side, _, joint = name.partition("_")
    return side, joint


def _summary(recording: Recording) -> str:
    count, length = len(recording.people), recording.time_s.max() - recording.time_s.min()
    who = "1 person" if count == 1 else f"{count} people"
    return f"{who} in {len(recording.frames)} frames, {length:.1f} s"
