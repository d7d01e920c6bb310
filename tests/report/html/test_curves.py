from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dejavu_audit.report.html.curves import POINTS, most_confident, thinned
from dejavu_audit.scores.confidence import most_confident as taken


def test_by_hand():
    # Surest first: right, then two tied of which one is right, then wrong. Of the first half, one whole and half of
    # each of the two: (1 + 1/2) / 2.
    curve = dict(most_confident(np.array([0.0, -1, -1, -2]), np.array([True, True, False, False]), least=0.25))
    shares = list(curve)
    half = min(shares, key=lambda share: abs(share - 0.5))
    assert curve[shares[0]] == pytest.approx(1)
    assert curve[shares[-1]] == pytest.approx(0.5)
    assert curve[half] == pytest.approx((1 + (4 * half - 1) / 2) / (4 * half))


@given(st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_it_is_the_score_of_the_most_confident_at_every_share(n, seed):
    rng = np.random.default_rng(seed)
    sure, right = rng.integers(0, 4, n).astype(float), rng.random(n) < 0.5
    for share, value in most_confident(sure, right, least=0.05)[:: POINTS // 8]:
        if share * n >= 1:
            weights = taken(sure, share)
            assert value == pytest.approx(float(weights @ right / weights.sum()))


def test_weights_count_and_what_has_no_confidence_does_not():
    sure, right = np.array([3.0, 2, 1, np.nan]), np.array([True, False, False, True])
    curve = most_confident(sure, right, np.array([2.0, 1, 1, 9]), least=0.5)
    assert curve[-1][1] == pytest.approx(0.5)
    assert curve[0] == (pytest.approx(0.5), pytest.approx(1))
    assert most_confident(np.array([np.nan]), np.array([True]), least=0.1) == []


def test_thinned_rows_keep_the_ends():
    rows = thinned(np.arange(1000.0), -np.arange(1000.0))
    assert len(rows) == POINTS
    assert (rows[0], rows[-1]) == ((0, 0), (999, -999))
