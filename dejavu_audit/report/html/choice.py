"""Which samples the gallery shows: a bounded choice, of every kind some, and of how many they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dejavu_audit.report.columns import MEMORIZED
from dejavu_audit.report.html.material import PARTS, SET_NAMES, Material
from dejavu_audit.report.ranking import Ranked, is_, rank, rank_listed

if TYPE_CHECKING:
    from numpy.typing import NDArray

LISTED, MEMORIZED_MOST, OTHERS, CONTROL = 72, 48, 16, 16
"""Samples of the list, of the memorized beside it, of each other part, and of the control, at most."""


class Chosen(NamedTuple):
    """Rows of the sample table, and what they are."""

    rows: NDArray[np.int64]
    total: int
    """Samples of that kind in the run."""
    says: str


def choose(material: Material) -> list[Chosen]:
    """What is shown, in the order in which it is looked at; no sample twice."""
    samples, test = material.run.samples, material.run.test
    groups: list[Chosen] = []
    if set(MEMORIZED) <= set(samples.column_names):
        listed = rank_listed(samples, LISTED)
        total = int(np.asarray(samples["memorized"].fill_null(False)).sum())
        groups.append(Chosen(listed.rows, total, "on the list of memorized samples, the surest first"))
    beside = MEMORIZED_MOST if not sum(len(one.rows) for one in groups) else OTHERS
    for part in PARTS:
        most = beside if part == "memorized" else OTHERS
        if is_(samples, "set", "target").any():
            found = rank(samples, test, set_="target", part=part, sort=None, top=most + LISTED)
            groups.append(_new(found, groups, most, f"targets that are {part}"))
    other = "reference-member" if material.symmetric else "control"
    if is_(samples, "set", other).any():
        found = rank(samples, test, set_=other, part="memorized", sort=None, top=CONTROL)
        right = "right where the reference is wrong" if material.label else "more precise than the reference"
        says = f"{SET_NAMES[other]} pictures of which the model is {right}, where there is nothing to remember"
        if material.symmetric:
            says = f"pictures of the reference’s own on which the model is {right}"
        groups.append(_new(found, groups, CONTROL, says))
    return [one for one in groups if len(one.rows)]


def _new(found: Ranked, before: list[Chosen], most: int, says: str) -> Chosen:
    """The first of a ranking that are not chosen yet."""
    taken = np.concatenate([np.zeros(0, np.int64), *(one.rows for one in before)])
    return Chosen(found.rows[~np.isin(found.rows, taken)][:most], found.total, says)
