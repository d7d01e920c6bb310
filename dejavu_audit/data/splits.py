"""The sets of an audit: targets, public, control and fit, disjoint by construction, stratified by class, seeded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dejavu_audit.config import PRESETS
from dejavu_audit.data.draws import Draw
from dejavu_audit.data.loading import SETS
from dejavu_audit.data.split_faults import refuse_if_empty, shortfalls, torn_groups
from dejavu_audit.data.terms import Terms
from dejavu_audit.errors import AuditError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dejavu_audit.config import AuditConfig
    from dejavu_audit.types import Array, Dataset, Rows, SetName

NO_PUBLIC = "class has no public picture"
# Where targets, fit set and public set must share one pool, none may take more of it than this.
SHARES = {"public": 0.3, "target": 0.5}


class Fold(NamedTuple):
    """One estimator's part: what it is fitted on, and whom it judges."""

    fit: Rows
    targets: Rows
    control: Rows


@dataclass(frozen=True)
class Split:
    """Row numbers of every set, each sorted by id."""

    targets: Rows
    public: Rows
    control: Rows
    fit: Rows
    folds: int
    fold_of_target: NDArray[np.int8]
    fold_of_control: NDArray[np.int8]
    set_aside: Mapping[SetName, Mapping[str, int]] = field(default_factory=dict)
    """Pictures that cannot be judged, by set and reason, before any was opened."""
    unjudged: Mapping[SetName, Rows] = field(default_factory=dict)
    """Which they are."""
    notes: tuple[str, ...] = ()

    @property
    def judged(self) -> Rows:
        """Targets and control."""
        return np.concatenate([self.targets, self.control])

    def sets(self) -> dict[SetName, Rows]:
        """Every set by its name."""
        return {"target": self.targets, "control": self.control, "public": self.public, "fit": self.fit}

    def folds_of(self, judged: Rows) -> NDArray[np.int8]:
        """(n,) which fold's estimator judges each of these targets and control pictures."""
        every, folds = self.judged, np.concatenate([self.fold_of_target, self.fold_of_control])
        order = np.argsort(every, kind="stable")
        found: NDArray[np.int8] = folds[order[np.searchsorted(every, judged, sorter=order)]]
        return found

    def fold(self, number: int) -> Fold:
        """What fold `number` fits on and judges; with one fold, the fit set and everybody."""
        if self.folds == 1:
            return Fold(self.fit, self.targets, self.control)
        others = self.targets[self.fold_of_target != number]
        return Fold(
            np.concatenate([others, self.fit]),
            self.targets[self.fold_of_target == number],
            self.control[self.fold_of_control == number],
        )


def by_id(dataset: Dataset) -> Rows:
    """The rows in the order of their ids, so that nothing hangs on the order of the table."""
    return np.asarray(pc.sort_indices(dataset.table["id"]), dtype=np.int64)


@dataclass(frozen=True)
class _Sizes:
    """How many pictures of each set are asked for; None: all there are."""

    targets: int | None
    public: int | None
    control: int | None
    fit: int | None

    @classmethod
    def of(cls, config: AuditConfig, n_classes: int) -> _Sizes:
        preset = PRESETS[config.preset]
        per_class = preset["public_per_class"]
        public = preset["public_captions"] if config.test == "objects" else per_class and per_class * n_classes
        return cls(
            targets=config.targets if config.targets is not None else preset["targets"],
            public=config.public if config.public is not None else public,
            control=config.control if config.control is not None else preset["control"],
            fit=config.fit if config.fit is not None else preset["fit"],
        )


def draw_split(dataset: Dataset, config: AuditConfig, terms: Terms | None = None) -> Split:
    """Draw the sets; without `terms`, on those of the configured test with a fitted reference.

    A picture whose `set` is prescribed goes nowhere else. Of the rest, those that can be judged (with boxes, for the
    label test; all, with `--crop corner`) can be targets or fit set; those that cannot make the public set first. The
    control comes from prescribed pictures alone: nobody but the data can say what was never trained on. Where one pool
    must serve several sets and is too small, the public set takes at most 30 % of it, the targets at most half of what
    is left, the fit set the rest. A class that has no picture without boxes lends 30 % of its own, so that its targets
    can be inferred at all. With two folds there is no fit set of its own: the targets take both shares, and each half
    is the other's fit set. Where no reference is fitted there is no fit set, and the targets may take all that the
    public set leaves. Where the data prescribe public pictures, targets or fit pictures, that set has no others.

    The draw depends on the seed and the ids, not on the order of the table.
    """
    terms = terms or Terms.of(dataset, config)
    order = by_id(dataset)
    order = order[terms.possible[order]]
    labels = terms.strata
    prescribed = prescribed_sets(dataset)[order]
    usable = terms.judgeable[order]
    sizes = _Sizes.of(config, len(dataset.classes))
    draw = Draw(labels, config.seed)

    own = {name: order[prescribed == number] for number, name in enumerate(SETS)}
    free_boxed, free_bare = order[(prescribed < 0) & usable], order[(prescribed < 0) & ~usable]

    if len(own["public"]):
        public, pool = draw.some("public", own["public"], sizes.public), free_boxed
    else:
        public, pool = _public(draw, labels, free_bare, free_boxed, sizes.public)
    control = draw.some("control", own["control"], sizes.control)
    fit = draw.some("fit", own["fit"] if terms.fit else order[:0], sizes.fit)
    if config.folds == 2:
        wanted = sizes.targets
    else:
        share = SHARES["target"] if terms.fit and not len(own["fit"]) else 1.0
        limit = int(np.ceil(share * len(pool)))
        wanted = limit if sizes.targets is None else min(sizes.targets, limit)
    targets = draw.some("target", own["target"], sizes.targets)
    if len(own["target"]) == 0:
        targets, pool = draw.apart("target from the pool", pool, wanted)
    if terms.fit and len(own["fit"]) == 0 and config.folds == 1:
        fit = draw.some("fit from the pool", pool, sizes.fit)
    notes = shortfalls(config, targets, public, control, fit if terms.fit else None)
    return finish(dataset, config, terms, targets, public, control, fit, notes=notes)


def _public(draw: Draw, labels: Rows, bare: Rows, boxed: Rows, asked: int | None) -> tuple[Rows, Rows]:
    """The public set, from pictures without boxes first, and the pictures with boxes that are left to the others."""
    orphans = boxed[~np.isin(labels[boxed], np.unique(labels[bare]))]  # of classes that have boxes everywhere
    lent = draw.some("lent", orphans, int(np.ceil(SHARES["public"] * len(orphans))))
    public = draw.some("public", np.concatenate([bare, lent]), asked)
    most = max(0, int(SHARES["public"] * (len(boxed) + len(bare))) - len(public))
    missing = most if asked is None else min(most, asked - len(public))
    extra, pool = draw.apart("public from the pool", boxed[~np.isin(boxed, public)], missing)
    return np.concatenate([public, extra]), pool


def finish(
    dataset: Dataset,
    config: AuditConfig,
    terms: Terms,
    targets: Rows,
    public: Rows,
    control: Rows,
    fit: Rows,
    *,
    folds: Array | None = None,
    notes: tuple[str, ...] = (),
) -> Split:
    """Set aside what cannot be judged, halve the rest where there are two folds, and refuse what is left of nothing."""
    labels = terms.strata
    place = np.empty(dataset.table.num_rows, np.int64)
    place[by_id(dataset)] = np.arange(dataset.table.num_rows)
    targets, public, control, fit = (rows[np.argsort(place[rows])] for rows in (targets, public, control, fit))
    seen = np.unique(labels[public])
    unjudged: dict[SetName, Rows] = {}
    kept: dict[SetName, Rows] = {}
    judged: dict[SetName, Rows] = {"target": targets, "control": control}
    for name, rows in judged.items():
        possible = np.isin(labels[rows], seen)
        kept[name] = rows[possible]
        if not possible.all():
            unjudged[name] = rows[~possible]
    refuse_if_empty(dataset, config, terms, targets, kept["target"], public, fit)
    draw = Draw(labels, config.seed)
    halves = {}
    for name in kept:
        if folds is not None:
            halves[name] = folds[kept[name]]
        elif config.folds == 2:
            first = draw.some(f"{name} fold", kept[name], len(kept[name]) // 2)
            halves[name] = (~np.isin(kept[name], first)).astype(np.int8)
        else:
            halves[name] = np.zeros(len(kept[name]), np.int8)
    if config.folds == 2 and len(np.unique(halves["target"])) < 2:
        raise AuditError(
            f"--folds 2 needs targets in both folds, but those of {dataset.name} that can be judged are all in fold "
            f"{halves['target'][0]}; give both in the column 'fold', or leave it out to have them drawn"
        )
    return Split(
        targets=kept["target"],
        public=public,
        control=kept["control"],
        fit=fit,
        folds=config.folds,
        fold_of_target=halves["target"],
        fold_of_control=halves["control"],
        set_aside={name: {NO_PUBLIC: len(rows)} for name, rows in unjudged.items()},
        unjudged=unjudged,
        notes=(*notes, *torn_groups(dataset, (kept["target"], kept["control"], public, fit))),
    )


def prescribed_sets(dataset: Dataset) -> NDArray[np.int8]:
    """(rows,) the place in `SETS` of the set that the data prescribe, -1 where they do not."""
    sets = dataset.table["set"]
    places = pc.index_in(sets.cast(pa.string()), value_set=pa.array(SETS))
    return np.asarray(places.fill_null(-1), dtype=np.int8)
