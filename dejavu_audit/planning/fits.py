"""How long the references' fits will take: a short piece of each is fitted, unless the whole lies in the cache."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np

from dejavu_audit.embeddings.stream import embed_views
from dejavu_audit.errors import AuditError
from dejavu_audit.inference import reference
from dejavu_audit.progress import Silent

if TYPE_CHECKING:
    from dejavu_audit.embeddings.store import Store
    from dejavu_audit.planning.pace import Pace
    from dejavu_audit.planning.work import Look, Work
    from dejavu_audit.stages import Plan
    from dejavu_audit.types import Array, Baseline, Rows

PIECES = (128, 512, 2_048)
"""Pictures that are fitted on in turn."""
ENOUGH, TOO_LONG = 1.5, 8.0
"""Seconds that a piece takes to be the last one; and the first piece, to be the only one."""


@dataclass(frozen=True)
class Fit:
    """One reference's fits, of all folds together."""

    name: str
    seconds: float | None
    """At the most; None: too few pictures were at hand to measure it. 0: the same fits are in the cache."""
    state_bytes: int
    """What is kept of them."""


def fits(plan: Plan, work: Work, paces: list[Pace], store: Store) -> list[Fit]:
    """Every reference that learns; `store` holds what was embedded to find the pace."""
    learning = {name: one for name, one in plan.references.items() if not hasattr(one, "encoder")}
    found = []
    for name, one in learning.items():
        look, _ = work.job_rows[f"{name}/features"]
        if _is_cached(plan, look, one):
            found.append(Fit(name, 0.0, 0))
        else:
            found.append(_measured(plan, name, one, *_piece(plan, look, paces, store)))
    return found


class _NotThere(Exception):  # noqa: N818 - not an error: an answer
    """Raised in the place of a fit."""


@dataclass(frozen=True)
class _Unfitted:
    """A baseline that refuses to fit, so that asking for its fit finds it in the cache or ends here."""

    key: str
    featurizer: object

    def fit(self, *_: object, **__: object) -> Mapping[str, Array]:
        raise _NotThere


def _is_cached(plan: Plan, look: Look, baseline: Baseline) -> bool:
    """Whether the fits of all folds are in the cache, of exactly the pictures that the run would take."""
    every = _fit_rows(plan)
    if np.isin(every, look.missing).any():
        return False
    (seen,), _ = embed_views(
        plan.dataset, [(look.view, every)], plan.store, workers=0, jpeg_draft=plan.config.jpeg_draft, progress=Silent()
    )
    asked = cast("Baseline", _Unfitted(baseline.key, baseline.featurizer))
    try:
        for number in range(plan.split.folds):
            rows, features = seen.of(plan.split.fold(number).fit)
            reference.fit(
                asked,
                features,
                plan.labels[rows],
                len(plan.dataset.classes),
                seed=plan.config.seed,
                cache=plan.store.root,
                progress=Silent(),
            )
    except _NotThere:
        return False
    return True


def _fit_rows(plan: Plan) -> Rows:
    """The pictures of all folds' fits, each once."""
    rows: Rows = np.unique(np.concatenate([plan.split.fold(number).fit for number in range(plan.split.folds)]))
    return rows


def _piece(plan: Plan, look: Look, paces: list[Pace], store: Store) -> tuple[Array, Rows]:
    """Features and labels of some fit pictures: cached ones, or those that were embedded to find the pace."""
    fit = _fit_rows(plan)
    tried = [pace.rows for pace in paces if any(one is look for one in pace.group.looks)]
    sources = [
        (plan.store, np.setdiff1d(np.intersect1d(look.rows, fit), look.missing)),
        (store, np.intersect1d(np.concatenate([fit[:0], *tried]), fit)),
    ]
    where, rows = max(sources, key=lambda source: len(source[1]))
    rows = np.sort(np.random.default_rng(0).permutation(rows)[: PIECES[-1]])
    (seen,), _ = embed_views(
        plan.dataset, [(look.view, rows)], where, workers=0, jpeg_draft=plan.config.jpeg_draft, progress=Silent()
    )
    return seen.vectors, plan.labels[seen.rows]


def _measured(plan: Plan, name: str, baseline: Baseline, features: Array, labels: Rows) -> Fit:
    """Fit on growing pieces; time is taken to grow with the pictures, as it does for whatever goes through them."""
    tried: list[tuple[int, float]] = []
    size = 0
    for piece in PIECES:
        some = slice(0, min(piece, len(labels)))
        share = _Share()
        began = time.perf_counter()
        try:
            state = baseline.fit(
                features[some], labels[some], len(plan.dataset.classes), seed=plan.config.seed, progress=share
            )
        except AuditError:  # too few, or of one class: what a run would refuse, a piece need not show
            continue
        # A fit that stopped early on a piece may go on for longer on the whole.
        tried.append((some.stop, (time.perf_counter() - began) / share.done))
        size = sum(np.asarray(value).nbytes for value in state.values())
        if some.stop == len(labels) or tried[-1][1] > (ENOUGH if len(tried) > 1 else TOO_LONG):
            break
    folds = range(plan.split.folds)
    seconds = sum(_extended(tried, len(plan.split.fold(number).fit)) for number in folds) if tried else None
    return Fit(name, seconds, len(folds) * size)


def _extended(tried: list[tuple[int, float]], wanted: int) -> float:
    """Seconds for `wanted` pictures, from those for fewer; what does not grow with them is paid once."""
    n, took = tried[-1]
    pace = took / n
    if len(tried) > 1:
        before, less = tried[-2]
        pace = min(pace, max((took - less) / (n - before), pace / 2)) if n > before else pace
    return took + pace * (wanted - n)


class _Share:
    """A progress that keeps how much of what a fit announced it did."""

    def __init__(self) -> None:
        self._total = self._done = 0

    @property
    def done(self) -> float:
        """The share; 1 where nothing was announced."""
        return self._done / self._total if self._total and self._done else 1.0

    @contextmanager
    def stage(self, name: str, total: int | None, unit: str = "pictures") -> Iterator[Callable[[int], None]]:
        """Count."""
        self._total += total or 0

        def advance(done: int) -> None:
            self._done += done if total else 0

        yield advance

    def say(self, message: str) -> None:
        """Say nothing."""
