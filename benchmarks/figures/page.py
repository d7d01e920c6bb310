"""The page docs/figures.md: prose whose every number, and every "it rises", comes from the tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from textwrap import fill

from benchmarks.figures.runs import EPOCHS, MEMORIZER, PROJECTOR, SIZE_EPOCHS, SIZES, pictures_an_epoch
from benchmarks.figures.table import Point

Points = Sequence[Point]


@dataclass(frozen=True)
class Figure:
    """One section: what the paper shows, what was varied here, and the sentence that says whether the shape is here."""

    name: str
    title: str
    paper: str
    varied: str
    says: Callable[[Points], str]
    utility: bool = False


def page(tables: Mapping[str, Points], versions: Mapping[str, str]) -> str:
    """The whole page, in Markdown; `tables` has the points of every figure by its name."""
    sections = "\n\n".join(section(figure, tables[figure.name]) for figure in FIGURES)
    made = ", ".join(f"{name} {version}" for name, version in versions.items())
    return f"{_opening(made)}\n\n{sections}\n\n{_CLOSING}\n"


def section(figure: Figure, points: Points) -> str:
    """Heading, what and how, chart, sentence, table."""
    return "\n\n".join(
        [
            f"## {figure.title}",
            _wrapped(f"*In the paper.* {figure.paper}"),
            _wrapped(f"*Here.* {figure.varied}"),
            f"![{figure.title}](figures/{figure.name}.svg)",
            _wrapped(f"*Found.* {figure.says(points)}"),
            _table(figure, points),
            f"Sweep: [`{figure.name}.toml`](figures/{figure.name}.toml); all its numbers: "
            f"[`{figure.name}.csv`](figures/{figure.name}.csv).",
        ]
    )


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
        f"After {_number(projector.x)} epochs the projector's output shows {_interval(projector)}, the backbone's "
        f"{_interval(backbone)}. The projector's interval lies wholly above the backbone's at {more} of "
        f"{len(shared)} epochs. {_shape(here=projector.above(backbone))}"
        f"{_utility([backbone, projector], by_series=True)}"
    )


def by_reference(points: Points) -> str:
    """Figure 4."""
    shared = _pairs(points, "one model", "two models")
    inside = sum(_within(one, other) for one, other in shared)
    gaps = [abs(one.estimate - other.estimate) for one, other in shared if _measured(one) and _measured(other)]
    raw = [one.uncalibrated - other.uncalibrated for one, other in shared if _raw(one) and _raw(other)]
    said = f"The two calibrated estimates lie within each other's intervals at {inside} of {len(shared)} epochs"
    if gaps:
        said += f", {100 * sum(gaps) / len(gaps):.1f} points apart on average"
    if raw:
        mean = 100 * sum(raw) / len(raw)
        word = "higher" if mean > 0 else "lower"
        said += f". Uncalibrated, the one-model score is {abs(mean):.1f} points {word} on average"
    return f"{said}. {_shape(here=inside == len(shared))}"


def _measured(point: Point) -> bool:
    return point.estimate is not None


def _raw(point: Point) -> bool:
    return point.uncalibrated is not None


def _pairs(points: Points, first: str, second: str) -> list[tuple[Point, Point]]:
    """Points of two series at the same x, ascending."""
    seconds = {point.x: point for point in points if point.series == second}
    return [(point, seconds[point.x]) for point in points if point.series == first and point.x in seconds]


def _within(one: Point, other: Point) -> bool:
    """Whether each estimate lies in the other's interval."""

    def holds(point: Point, estimate: float | None) -> bool:
        return (
            None not in (point.low, point.high, estimate) and point.low <= estimate <= point.high  # type: ignore[operator]
        )

    return holds(one, other.estimate) and holds(other, one.estimate)


def _course(first: Point, last: Point, unit: str) -> str:
    if last.above(first):
        moved = "it rises, and the intervals do not meet"
    elif first.above(last):
        moved = "it falls, and the intervals do not meet"
    else:
        moved = "the intervals overlap, so no change can be told"
    return (
        f"From {_number(first.x)} to {_number(last.x)} {unit} the calibrated score goes from {_interval(first)} "
        f"to {_interval(last)}: {moved}."
    )


def _shape(*, here: bool) -> str:
    return "**The paper's shape is here.**" if here else "**The paper's shape is not here.**"


def _utility(points: Points, *, by_series: bool = False) -> str:
    first, last = points[0], points[-1]
    if last.knn is None or last.probe is None or first.knn is None or first.probe is None:
        return ""
    names = [point.series if by_series else _number(point.x) for point in (first, last)]
    return (
        f" Utility on whole pictures that were never trained on, {names[0]} against {names[1]}: "
        f"kNN {_percent(first.knn)} and {_percent(last.knn)}, "
        f"linear probe {_percent(first.probe)} and {_percent(last.probe)}."
    )


def _table(figure: Figure, points: Points) -> str:
    several = len({point.series for point in points}) > 1
    heads = [figure.name, "series"] if several else [figure.name]
    heads[0] = "members" if figure.name == "size" else "epochs"
    heads += ["calibrated score", "targets alone", "control alone", "`f` right on targets", "`f` right on control"]
    heads += ["kNN", "linear probe"] if figure.utility else []
    rows = [heads, ["---"] * len(heads)]
    for point in points:
        row = [_number(point.x), point.series] if several else [_number(point.x)]
        row += [_interval(point), _percent(point.uncalibrated), _percent(point.control)]
        row += [_percent(point.accuracy_targets), _percent(point.accuracy_control)]
        row += [_percent(point.knn), _percent(point.probe)] if figure.utility else []
        rows.append(row)
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _interval(point: Point) -> str:
    if point.estimate is None:
        return "not measured"
    if point.low is None or point.high is None:
        return _percent(point.estimate)
    return f"{_percent(point.estimate)} [{_percent(point.low)}, {_percent(point.high)}]"


def _percent(share: float | None) -> str:
    return "not measured" if share is None else f"{100 * share:.1f} %".replace("-", "−")


def _number(x: float) -> str:
    return f"{x:,.0f}" if x == int(x) else f"{x:g}"


def _wrapped(text: str) -> str:
    return fill(text, 120, break_long_words=False, break_on_hyphens=False)


FIGURES = (
    Figure(
        "epochs",
        "Memorization against epochs",
        "Meehan et al. train for longer and longer: the déjà vu score rises, while the usual measures of a "
        "representation's quality do not tell.",
        f"One training, its weights audited after {', '.join(map(str, EPOCHS[:-1]))} and {EPOCHS[-1]} epochs of "
        f"{pictures_an_epoch(MEMORIZER):,} pictures; in each a member is shown {MEMORIZER.repeats} times. The learning "
        "rate follows one cycle over the whole training, so early points are weights on the way, not shorter "
        "trainings. Layer: projector. Reference: image-classifier.",
        over_time,
        utility=True,
    ),
    Figure(
        "size",
        "Memorization against data size",
        "Meehan et al. train on more and more pictures for the same number of epochs: the score hardly changes.",
        f"Three trainings on {SIZES[0]}, {SIZES[1]} and {SIZES[2]} members, {SIZE_EPOCHS} epochs each, whole cycle. "
        f"What is varied is the number of members; each of them is shown {SIZE_EPOCHS * MEMORIZER.repeats} times in "
        f"all, and each of the same {MEMORIZER.n_others:,} other pictures {SIZE_EPOCHS} times. So more members mean "
        "more steps, as in the paper, and the members' share of what is shown grows too, as it does not in the paper. "
        "All members are targets. Layer: projector. Reference: image-classifier.",
        over_size,
        utility=True,
    ),
    Figure(
        "layers",
        "Backbone against projector",
        "Meehan et al. compare the layers: memorization is strongest at the projector, and cutting it off "
        "(guillotine regularization) weakens it.",
        "The weights of the first figure, asked at the backbone's pooled output and at the projector's. The "
        f"projector has three layers, {', '.join(map(str, PROJECTOR[:-1]))} and {PROJECTOR[-1]} wide. It was trained "
        "by labels, under a linear head that is thrown away; in the paper it was trained without labels.",
        by_layer,
        utility=True,
    ),
    Figure(
        "references",
        "One model against two models",
        "Kokhlikyan et al. replace the second model by an estimate of the correlation: both tests agree, the one-model "
        "test a little higher.",
        "The weights of the first figure at the projector; the reference is the image-classifier (one model), or the "
        "twin's weights after the same number of epochs (two models): the same training with 300 other scenes in the "
        "targets' place.",
        by_reference,
    ),
)


def _opening(versions: str) -> str:
    intro = _wrapped(
        "Small encoders whose training pictures are known, trained here on procedural scenes of 100 classes, and "
        "audited by committed sweeps. What can be compared with the papers is the shape of a figure, not its values: "
        "other data, other models, and supervised training instead of self-supervision, which does not get off "
        "chance on such scenes in minutes. Whether a shape is here is decided by the intervals, not by eye."
    )
    sizes = _wrapped(
        "Every audit is the label test with 300 targets (the members; in the second figure all members), 1,500 control "
        "pictures, 6,000 public ones, `k = 30`; 95 % intervals are over samples, from one training each, and say "
        "nothing of another seed's training. *Targets alone* is the uncalibrated score, *control alone* the same on "
        "pictures that were never trained on, *f right* the share of background crops whose class the encoder's "
        "neighbours name. Utility is measured on the control's whole pictures."
    )
    return f"""# The papers' figures, on scenes

<!-- Written by `python -m benchmarks.figures`; edit benchmarks/figures/page.py, not this file. -->

{intro}

{sizes}

```console
$ make figures   # trains, audits and writes this page; about an hour on two cores
```

Last made with {versions}."""


_CLOSING = """## Sources

- Meehan et al., *Do SSL Models Have Déjà Vu?*, NeurIPS 2023, arXiv 2304.13850.
- Kokhlikyan et al., *Measuring Déjà Vu Memorization Efficiently*, NeurIPS 2024, arXiv 2504.05651."""
