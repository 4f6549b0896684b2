"""Plot of a recording: paths, joint angles and visibility over time.

Needs matplotlib (the extra `plot`); uses neither a window nor the global state of pyplot.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from blazetrack.angles import angle_keypoints, standard_angles
from blazetrack.errors import InputError, MissingExtra, SinkError, did_you_mean, printable
from blazetrack.recording import Float, Person, Recording
from blazetrack.render.limbs import MIN_VISIBILITY
from blazetrack.render.people import id_color
from blazetrack.sinks.base import truncate
from blazetrack.skeleton import Skeleton

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["choose_joints", "plot_recording", "save"]

_WIDTH_IN, _DPI = 12.0, 100  # 1200 pixels
_SIDES: dict[str, tuple[str, Any]] = {
    "left": ("#d96f00", "-"),
    "right": ("#0086c4", "--"),
}  # darker than in the video
_GREY = "#444444"
_MAX_NAMES = 10  # people in the legend
MAX_PEOPLE = 50  # drawn, unless they are chosen


def plot_recording(
    recording: Recording, *, ids: Sequence[int] = (), joints: Sequence[str] = ()
) -> Figure:
    """Draw paths, joint angles and visibility over time.

    One person has a colour for each side, left orange and right blue; several have one colour each,
    with dashed lines for the right side. Lines have gaps in frames without the person. An angle is
    pale while one of its three keypoints is hidden.

    Args:
        recording: from `read_recording`.
        ids: people to draw; if empty all, or the `MAX_PEOPLE` with the longest tracks.
        joints: as in `choose_joints`; all if empty.

    Raises:
        InputError: the recording is empty, or there is no such id or joint.
        MissingExtra: matplotlib is not installed.
    """
    whole, recording = recording, _select(recording, ids)
    names = choose_joints(recording.skeleton, joints)
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise MissingExtra("matplotlib", "plot") from None
    kinds = list(dict.fromkeys(_split(name)[1] for name in names))
    rows = 3 + len(kinds)
    height = 0.8 + 1.4 * rows
    figure = Figure(figsize=(_WIDTH_IN, height), dpi=_DPI, layout="constrained")
    title = printable(f"{Path(whole.name).name}: {_summary(whole)}").replace("\n", " ")
    if len(recording.people) < len(whole.people):
        title += f", {len(recording.people)} of them here"
    figure.suptitle(title, fontsize=13).set_parse_math(False)  # a `$` in a name is a `$`
    halves: Any = figure.subfigures(1, 2, width_ratios=[1, 1.9])
    left, right = halves
    across, down = recording.size_px.max(axis=0)
    upper = min(3.3 * down / across + 0.9, height - 2.5)  # inches, by the shape of the image
    path, legend = left.subplots(2, 1, height_ratios=[upper, height - upper])
    panels = list(right.subplots(rows, 1, sharex=True))
    _draw_paths(path, recording)
    _draw_legend(legend, recording)
    _draw_positions(panels[0], panels[1], recording)
    for panel, kind in zip(panels[2:], kinds, strict=False):
        _draw_angles(panel, kind, [n for n in names if _split(n)[1] == kind], recording)
    _draw_visibility(panels[-1], recording, names)
    for panel in panels:
        panel.grid(color="#e4e4e4", linewidth=0.8)
        panel.set_axisbelow(True)
        panel.spines[["top", "right"]].set_visible(False)
    panels[-1].set_xlabel("time (s)")
    panels[-1].margins(x=0.01)
    return figure


def choose_joints(skeleton: Skeleton | None, wanted: Sequence[str]) -> tuple[str, ...]:
    """The angles of these names, those of `angle_keypoints` if there are none.

    Args:
        skeleton: names the keypoints; None has no joints.
        wanted: such as `left_knee`, `knee` for both sides, or `trunk`.

    Raises:
        InputError: no such joint.
    """
    if skeleton is not None and not wanted:
        return tuple(angle_keypoints(skeleton))
    known = standard_angles(skeleton).names if skeleton is not None else ()
    names = {joint: {joint, _split(joint)[1]} for joint in known}
    every = set().union(*names.values())
    for name in wanted:
        if name not in every:
            raise InputError(f"no joint '{name}'; {did_you_mean(name, every)}")
    return tuple(joint for joint in known if names[joint] & set(wanted))


def save(figure: Figure, path: Path) -> None:
    """Write a figure in the format of its suffix: `.png`, `.svg` or another one of matplotlib.

    Raises:
        SinkError: it cannot be drawn or written.
    """
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Glyph")  # a font lacks it: it is a box
            figure.savefig(path, facecolor="white")
    except OSError as error:
        truncate(path)
        raise SinkError(f"{path}: cannot be written ({error.strerror})") from None
    except (ValueError, RuntimeError, ArithmeticError, MemoryError) as error:  # of matplotlib
        truncate(path)
        raise SinkError(f"{path}: cannot be drawn ({' '.join(str(error).split())})") from error


def _select(recording: Recording, ids: Sequence[int]) -> Recording:
    """The recording with only these people."""
    people = recording.people
    if not people:
        raise InputError(
            f"{recording.name}: no person in its {len(recording.frames)} frames; there is "
            "nothing to plot"
        )
    for number in ids:
        if number not in people:
            known = ", ".join(map(str, people))
            raise InputError(f"{recording.name}: no person has the id {number}; known: {known}")
    chosen = set(ids) or set(sorted(people, key=lambda n: -len(people[n].rows))[:MAX_PEOPLE])
    return replace(recording, people={n: people[n] for n in people if n in chosen})


# --- panels -------------------------------------------------------------------------------------


def _draw_paths(panel: Axes, recording: Recording) -> None:
    """Path of each person's hips in the image, with the pose halfway."""
    width, height = recording.size_px.max(axis=0)
    for number, person in recording.people.items():
        color = _person_color(number)
        middle = len(person.rows) // 2
        for a, b in recording.skeleton.edges if recording.skeleton is not None else ():
            limb = person.landmarks_px[middle, [a, b], :2]
            panel.plot(limb[:, 0], limb[:, 1], color=color, alpha=0.3, linewidth=1.2)
        center = _center(recording, person)
        _line(panel, *_spread(recording, person, center).T, color=color)
        panel.plot(*center[0], "o", color=color, markersize=6, markerfacecolor="white")
        panel.plot(*center[-1], "o", color=color, markersize=6)
    panel.set(xlim=(0, width), ylim=(height, 0), aspect="equal", xlabel="x (px)", ylabel="y (px)")
    title = f"path of the {_center_name(recording)} in the image (○ first, ● last seen)"
    panel.set_title(title, fontsize=10)
    panel.set_facecolor("#f6f6f6")
    panel.set_anchor("N")


def _draw_positions(across: Axes, down: Axes, recording: Recording) -> None:
    for number, person in recording.people.items():
        center = _center(recording, person)
        for panel, values in ((across, center[:, 0]), (down, center[:, 1])):
            _curve(panel, recording, person, values, color=_person_color(number))
    _title(across, f"{_center_name(recording)}, x (px)")
    _title(down, f"{_center_name(recording)}, y (px)")
    down.invert_yaxis()


def _draw_angles(panel: Axes, kind: str, names: list[str], recording: Recording) -> None:
    assert recording.skeleton is not None
    angles_of = standard_angles(recording.skeleton)
    for number, person in recording.people.items():
        angles = angles_of(person.world_landmarks_m)
        for name in names:
            values = angles[:, angles_of.names.index(name)]
            seen = person.visibility[:, angles_of.keypoints[name]]
            visible = (seen >= MIN_VISIBILITY).all(axis=1)
            style = _style(number, name, alone=len(recording.people) == 1)
            _curve(panel, recording, person, values, alpha=0.25, **style)
            _curve(panel, recording, person, np.where(visible, values, np.nan), **style)
    _title(panel, f"{kind} angle (°)")
    panel.set(ylim=(-5, 185), yticks=[0, 45, 90, 135, 180])


def _draw_visibility(panel: Axes, recording: Recording, names: Sequence[str]) -> None:
    """Mean visibility of the chosen joints, per side; of all keypoints without names."""
    known = recording.skeleton is not None
    keypoints = standard_angles(recording.skeleton).keypoints if known else {}
    sides = list(dict.fromkeys(_split(name)[0] for name in names)) or [""]
    for number, person in recording.people.items():
        for side in sides:
            chosen = [name for name in names if _split(name)[0] == side]
            columns = sorted({index for name in chosen for index in keypoints[name]})
            mean = person.visibility[:, columns or slice(None)].mean(axis=1)
            style = _style(number, side, alone=len(recording.people) == 1 and bool(names))
            _curve(panel, recording, person, mean, **style)
    panel.axhline(MIN_VISIBILITY, color="#999999", linewidth=0.8, linestyle=":")
    _title(panel, "visibility of those joints" if names else "visibility")
    panel.set(ylim=(-0.03, 1.03), yticks=[0, 0.5, 1])


def _draw_legend(panel: Axes, recording: Recording) -> None:
    from matplotlib.lines import Line2D

    people = recording.people
    handles = []
    for side, (color, dashes) in _SIDES.items():
        color = color if len(people) == 1 else _GREY
        handles.append(Line2D([], [], color=color, linestyle=dashes, label=f"{side} side"))
    pale = "pale: a keypoint of the angle was hidden"
    handles.append(Line2D([], [], color=_GREY, alpha=0.3, label=pale))
    longest = sorted(people, key=lambda number: -len(people[number].rows))
    for number in sorted(longest[:_MAX_NAMES]):
        rows = people[number].rows
        span = f"{recording.time_s[rows[0]]:.1f} to {recording.time_s[rows[-1]]:.1f} s"
        label = f"id {number}: {span}, {len(rows)} frames"
        handles.append(Line2D([], [], color=_person_color(number), linewidth=3, label=label))
    if len(longest) > _MAX_NAMES:
        handles.append(Line2D([], [], alpha=0, label=f"and {len(longest) - _MAX_NAMES} more"))
    panel.legend(handles=handles, loc="upper left", frameon=False, fontsize=10)
    panel.set_axis_off()


def _title(panel: Axes, text: str) -> None:
    panel.set_title(text, loc="left", fontsize=10, pad=3)


# --- lines --------------------------------------------------------------------------------------


def _curve(panel: Axes, recording: Recording, person: Person, values: Float, **style: Any) -> None:
    """Values `(M,)` of a person over time."""
    _line(panel, recording.time_s, _spread(recording, person, values), **style)


def _line(panel: Axes, x: Float, y: Float, **style: Any) -> None:
    """A line with gaps; a value between two gaps is a dot."""
    style = {"linewidth": 1.6, "solid_capstyle": "round", **style}
    panel.plot(x, y, **style)
    known = np.pad(np.isfinite(y), 1)
    alone = known[1:-1] & ~known[:-2] & ~known[2:]
    if alone.any():
        dot = {key: style[key] for key in ("color", "alpha") if key in style}
        panel.plot(x[alone], y[alone], ".", markersize=4, **dot)


def _spread(recording: Recording, person: Person, values: Float) -> Float:
    """`(M, …)` values of a person as `(T, …)`, NaN in frames without the person."""
    whole = np.full((len(recording.frames), *values.shape[1:]), np.nan)
    whole[person.rows] = values
    return whole


def _center(recording: Recording, person: Person) -> Float:
    """`(M, 2)` mid-hip, or the mean of all keypoints where the set has no hips."""
    torso = recording.skeleton.torso if recording.skeleton is not None else None
    points = person.landmarks_px if torso is None else person.landmarks_px[:, torso[2:]]
    center: Float = points[..., :2].mean(axis=1)
    return center


def _center_name(recording: Recording) -> str:
    has_hips = recording.skeleton is not None and recording.skeleton.torso is not None
    return "hips" if has_hips else "middle"


def _style(number: int, name: str, *, alone: bool) -> dict[str, Any]:
    """Colour and dashes of a person's left or right side."""
    color, dashes = _SIDES.get(_split(name)[0], (None, "-"))
    return {"color": color if alone and color else _person_color(number), "linestyle": dashes}


def _person_color(number: int) -> tuple[float, float, float]:
    """The colour of the person's label in the video, darker."""
    red, green, blue = (0.72 * part / 255 for part in id_color(number))
    return red, green, blue


def _split(name: str) -> tuple[str, str]:
    """Side and joint of an angle; `trunk` has no side."""
    side, _, joint = name.partition("_")
    return (side, joint) if joint else ("", name)


def _summary(recording: Recording) -> str:
    count, length = len(recording.people), recording.time_s.max() - recording.time_s.min()
    people = "1 person" if count == 1 else f"{count} people"
    return f"{people} in {len(recording.frames)} frames, {length:.1f} s"
