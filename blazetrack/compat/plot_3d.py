"""Points and lines in three dimensions, shown with matplotlib."""

from __future__ import annotations

from collections.abc import Sequence

from blazetrack.errors import MissingExtra

__all__ = ["show_points"]

Point = tuple[float, float, float]
Style = tuple[Point, float]


def show_points(
    points: Sequence[Point],
    lines: Sequence[tuple[Point, Point]],
    point_style: Style,
    line_style: Style,
    view_deg: tuple[float, float],
) -> None:
    """Open a window with points and lines, or do what matplotlib's backend does instead.

    Args:
        points: x, y, z of each.
        lines: the two ends of each.
        point_style: RGB in 0..1 and width of the points.
        line_style: RGB in 0..1 and width of the lines.
        view_deg: elevation and azimuth of the viewer.

    Raises:
        MissingExtra: matplotlib is not installed.
    """
    try:
        from matplotlib import pyplot
    except ImportError:
        raise MissingExtra("matplotlib", "plot") from None
    axes = pyplot.figure(figsize=(10, 10)).add_subplot(projection="3d")
    axes.view_init(elev=view_deg[0], azim=view_deg[1])
    for x, y, z in points:
        axes.scatter3D(xs=[x], ys=[y], zs=[z], color=point_style[0], linewidth=point_style[1])
    for ends in lines:
        x_ends, y_ends, z_ends = zip(*ends, strict=True)
        axes.plot3D(x_ends, y_ends, z_ends, color=line_style[0], linewidth=line_style[1])
    pyplot.show()
