"""The page docs/figures.md: prose whose every number, and every finding, comes from the tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from textwrap import fill

from benchmarks.figures.findings import (
    Points,
    by_layer,
    by_reference,
    interval,
    number,
    over_size,
    over_time,
    percent,
)
from benchmarks.figures.runs import EPOCHS, MEMORIZER, PROJECTOR, SIZE_EPOCHS, SIZES, pictures_an_epoch


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


def _table(figure: Figure, points: Points) -> str:
    several = len({point.series for point in points}) > 1
    heads = [figure.name, "series"] if several else [figure.name]
    heads[0] = "members" if figure.name == "size" else "epochs"
    heads += ["calibrated score", "targets alone", "control alone", "`f` right on targets", "`f` right on control"]
    heads += ["kNN", "linear probe"] if figure.utility else []
    rows = [heads, ["---"] * len(heads)]
    for point in points:
        row = [number(point.x), point.series] if several else [number(point.x)]
        row += [interval(point), percent(point.uncalibrated), percent(point.control)]
        row += [percent(point.accuracy_targets), percent(point.accuracy_control)]
        row += [percent(point.knn), percent(point.probe)] if figure.utility else []
        rows.append(row)
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


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
        "Meehan et al. train on more and more pictures for the same number of epochs. As we remember it, the score "
        "there hardly changes; the paper's text could not be looked up when this page was written.",
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
        "targets' place. Both scores rest on the same targets and encoder, so that their difference is surer than "
        "their intervals.",
        by_reference,
    ),
)


def _opening(versions: str) -> str:
    intro = _wrapped(
        "Small encoders whose training pictures are known, trained here on procedural scenes of 100 classes, and "
        "audited by committed sweeps. What can be compared with the papers is the shape of a figure, not its values: "
        "other data, other models, and training by labels instead of self-supervision. Whether a shape is here is "
        "decided by the intervals, not by eye."
    )
    sizes = _wrapped(
        "Every audit is the label test with 300 targets (the members; in the second figure all members), 1,500 control "
        "pictures, 6,000 public ones, `k = 30`; 95 % intervals are over samples, from one training each, and say "
        "nothing of another seed's training. *Targets alone* is the uncalibrated score, *control alone* the same on "
        "pictures that were never trained on, *`f` right* the share of background crops whose class the encoder's "
        "neighbours name. Utility is measured on the control's whole pictures."
    )
    return f"""# The papers' figures, on scenes

<!-- Written by `python -m benchmarks.figures`; edit benchmarks/figures/page.py, not this file. -->

{intro}

{sizes}

```console
$ make figures   # trains, audits and writes this page; 70 minutes on two cores that had other work too
```

Last made with {versions}."""


_CLOSING = """## Sources

- Meehan et al., *Do SSL Models Have Déjà Vu?*, NeurIPS 2023, arXiv 2304.13850.
- Kokhlikyan et al., *Measuring Déjà Vu Memorization Efficiently*, NeurIPS 2024, arXiv 2504.05651."""
