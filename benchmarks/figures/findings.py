"""What each figure's points say, in a sentence: every "it rises" is decided by the intervals."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import fmean
from typing import TypeAlias

from benchmarks.figures.table import Point

Points: TypeAlias = Sequence[Point]


def over_time(points: Points) -> str:
    """Figure 1."""
    first, last = points[0], points[-1]
    return f"{_course(first, last, 'epochs')} {_shape(here=last.above(first))}{_utility(points)}"


def over_size(points: Points) -> str:
    """Figure 2."""
    first, last = points[0], points[-1]
    apart = last.above(first) or first.above(last)
    # A flat line cannot be shown, only not be contradicted.
    flat = "That does not contradict the paper's flat line, within intervals as wide as these."
    return f"{_course(first, last, 'members')} {_shape(here=False) if apart else flat}{_utility(points)}"


def by_layer(points: Points) -> str:
    """Figure 3."""
    ends = {point.series: point for point in points}  # the last of a series stays
    backbone, projector = ends["backbone"], ends["projector"]
    shared = _pairs(points, "projector", "backbone")
    more = sum(one.above(other) for one, other in shared)
    return (
        f"After {number(projector.x)} epochs the projector's output shows {interval(projector)}, the backbone's "
        f"{interval(backbone)}. The projector's interval lies wholly above the backbone's at {more} of "
        f"{len(shared)} epochs. {_shape(here=projector.above(backbone))}"
        f"{_utility([backbone, projector], by_series=True)}"
    )


def by_reference(points: Points) -> str:
    """Figure 4."""
    shared = _pairs(points, "one model", "two models")
    inside = sum(_within(one, other) for one, other in shared)
    gaps = _gaps((one.estimate, other.estimate) for one, other in shared)
    raw = _gaps((one.uncalibrated, other.uncalibrated) for one, other in shared)
    said = f"The two calibrated estimates lie within each other's intervals at {inside} of {len(shared)} epochs"
    if gaps:
        said += f", {100 * fmean(map(abs, gaps)):.1f} points apart on average"
    if raw:
        word = "higher" if fmean(raw) > 0 else "lower"
        said += f". Uncalibrated, the one-model score is {100 * abs(fmean(raw)):.1f} points {word} on average"
    return f"{said}. {_shape(here=inside == len(shared))}"


def _gaps(pairs: Iterable[tuple[float | None, float | None]]) -> list[float]:
    """First less second, where both were measured."""
    return [first - second for first, second in pairs if first is not None and second is not None]


def _pairs(points: Points, first: str, second: str) -> list[tuple[Point, Point]]:
    """Points of two series at the same x, ascending."""
    seconds = {point.x: point for point in points if point.series == second}
    return [(point, seconds[point.x]) for point in points if point.series == first and point.x in seconds]


def _within(one: Point, other: Point) -> bool:
    """Whether each estimate lies in the other's interval."""
    return _holds(one, other.estimate) and _holds(other, one.estimate)


def _holds(point: Point, estimate: float | None) -> bool:
    if point.low is None or point.high is None or estimate is None:
        return False
    return point.low <= estimate <= point.high


def _course(first: Point, last: Point, unit: str) -> str:
    if last.above(first):
        moved = "it rises, and the intervals do not meet"
    elif first.above(last):
        moved = "it falls, and the intervals do not meet"
    elif None in (first.estimate, last.estimate):
        moved = "so no change can be told"
    else:
        moved = "the intervals overlap, so no change can be told"
    return (
        f"From {number(first.x)} to {number(last.x)} {unit} the calibrated score goes from {interval(first)} "
        f"to {interval(last)}: {moved}."
    )


def _shape(*, here: bool) -> str:
    return "**The paper's shape is here.**" if here else "**The paper's shape is not here.**"


def _utility(points: Points, *, by_series: bool = False) -> str:
    first, last = points[0], points[-1]
    if last.knn is None or last.probe is None or first.knn is None or first.probe is None:
        return ""
    names = [point.series if by_series else number(point.x) for point in (first, last)]
    return (
        f" Utility on whole pictures that were never trained on, {names[0]} against {names[1]}: "
        f"kNN {percent(first.knn)} and {percent(last.knn)}, "
        f"linear probe {percent(first.probe)} and {percent(last.probe)}."
    )


def interval(point: Point) -> str:
    """The calibrated score with its interval."""
    if point.estimate is None:
        return "not measured"
    if point.low is None or point.high is None:
        return percent(point.estimate)
    return f"{percent(point.estimate)} [{percent(point.low)}, {percent(point.high)}]"


def percent(share: float | None) -> str:
    """A share in percent, with a true minus."""
    return "not measured" if share is None else f"{100 * share:.1f} %".replace("-", "−")


def number(x: float) -> str:
    """A place on the axis."""
    return f"{x:,.0f}" if x == int(x) else f"{x:g}"
