from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest

from dejavu_audit.config import AuditConfig
from dejavu_audit.inference.memorized import list_memorized


def plan(*, symmetric=False, **settings):
    config = AuditConfig(family="timm", model="m", data="scenes", **settings)
    table = pa.table({"group": pa.nulls(220, pa.string())})
    split = SimpleNamespace(targets=np.arange(20), control=np.arange(20, 220))
    return SimpleNamespace(config=config, dataset=SimpleNamespace(table=table), split=split, symmetric=symmetric)


SEEN = SimpleNamespace(judged=np.arange(220), clusters={}, matching=None)


class Scored:
    """Ten of twenty targets stand out by `first`, none by `second`."""

    @staticmethod
    def sample_scores(plan, seen, answers):
        control = np.arange(200.0)
        first = np.concatenate([np.arange(10) + 1000.0, np.arange(10.0), control])
        return {"first": first, "votes": np.concatenate([np.arange(20.0), control])}


def test_the_first_score_is_the_default():
    found = list_memorized(plan(), SEEN, Scored, None)
    assert found.by == "first" and found.found == 10
    assert found.listed[:10].all() and not found.listed[20:].any()


def test_another_score_is_taken_where_it_is_asked_for():
    found = list_memorized(plan(sample_score="votes"), SEEN, Scored, None)
    assert found.by == "votes" and found.found == 0


@pytest.mark.parametrize("q", [0.01, 0.3])
def test_the_rate_is_the_one_asked_for(q):
    assert list_memorized(plan(fdr=q), SEEN, Scored, None).q == q


def test_a_control_of_weight_zero_is_not_compared_with():
    weights = np.where(np.arange(220) < 120, 1.0, 0.0)
    matched = SimpleNamespace(weights=weights, strata=np.zeros(220, int))
    seen = SimpleNamespace(judged=np.arange(220), clusters={}, matching=matched)
    assert list_memorized(plan(), seen, Scored, None).control == 100


def test_both_directions_have_nothing_to_compare_with():
    assert list_memorized(plan(symmetric=True), SEEN, Scored, None) is None
