from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dejavu_audit.balance.matching import FEWEST, match
from dejavu_audit.scores.label_test import Judged, label_scores


def test_weights_by_hand():
    # Class 0: 3 targets, 1 control; class 1: 1 target, 3 control. Ratios 3 and 1/3, times 4 control / 4 targets.
    targets = np.array([1, 1, 1, 0, 1, 0, 0, 0], bool)
    found = match([0, 0, 0, 0, 1, 1, 1, 1], None, targets)
    assert found.weights.tolist() == pytest.approx([1, 1, 1, 3, 1, 1 / 3, 1 / 3, 1 / 3])
    assert found.effective == pytest.approx(4**2 / (9 + 3 / 9))
    assert (found.cells, found.by, found.unmatched_targets, found.unused_control) == (2, ("label",), 0, 0)


def test_cells_without_the_other_side_are_counted_and_left_out():
    targets = np.array([1, 1, 0, 1, 1, 0, 0], bool)
    found = match([0, 0, 0, 1, 1, 2, 2], None, targets)
    assert found.weights.tolist() == [1, 1, 1, 0, 0, 0, 0]
    assert (found.unmatched_targets, found.unused_control, found.control, found.effective) == (2, 2, 1, 1)


def test_a_category_gets_as_many_bins_as_its_samples_fill():
    # Class 0 has 10 of both at the same sizes: five bins of two and two. Class 1 has one control: one bin.
    sizes = np.concatenate([np.arange(10), np.arange(10), np.arange(10), [4]]).astype(float)
    labels = np.repeat([0, 1], [20, 11])
    targets = np.concatenate([np.repeat([True, False], 10), np.repeat([True, False], [10, 1])])
    found = match(labels, sizes, targets)
    assert found.strata[:10].tolist() == found.strata[10:20].tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]
    assert len(set(found.strata[20:].tolist())) == 1
    assert found.cells == 6


def test_equal_sizes_lie_in_one_cell_and_unknown_ones_in_another():
    sizes = np.array([5.0, 5, 5, 5, np.nan, np.nan])
    found = match(None, sizes, [1, 0, 1, 0, 1, 0])
    assert found.strata.tolist() == [0, 0, 0, 0, 1, 1]
    assert found.by == ("crop size",)


def test_clusters_are_one_each_for_the_effective_size_and_for_what_fills_a_bin():
    # Two clusters of three control samples each and weights of 1: 36 / (9 + 9) = 2.
    targets = np.repeat([True, False], 6)
    groups = np.concatenate([np.arange(6), np.repeat([7, 8], 3)])
    found = match(np.zeros(12, int), np.tile(np.arange(6.0), 2), targets, groups=groups)
    assert found.effective == pytest.approx(2)
    assert found.cells == 1


@pytest.mark.parametrize("targets", [[True] * 4, [False] * 4, []])
def test_one_set_alone_matches_nothing(targets):
    found = match(np.zeros(len(targets), int), None, np.array(targets, bool))
    assert (found.weights == 0).all()
    assert (found.effective, found.cells, found.control) == (0, 0, 0)


@settings(max_examples=80, deadline=None)
@given(st.integers(2, 120), st.integers(1, 6), st.integers(0, 10**6))
def test_the_weighted_control_has_the_targets_share_in_every_cell(n, classes, seed):
    rng = np.random.default_rng(seed)
    labels, sizes = rng.integers(0, classes, n), rng.choice([*range(12), np.nan], n)
    targets = rng.random(n) < 0.5
    found = match(labels, sizes, targets)
    cells = found.strata.max() + 1
    mine, theirs = (np.bincount(found.strata[s], found.weights[s], cells) for s in (targets, ~targets))
    if mine.sum():
        assert mine / mine.sum() == pytest.approx(theirs / theirs.sum())
        assert found.weights[~targets & (found.weights > 0)].mean() == pytest.approx(1)
    for cell in range(cells):
        inside = found.strata == cell
        assert len(set(labels[inside].tolist())) == 1
        own = labels == labels[inside][0]
        if len(set(found.strata[own & ~np.isnan(sizes)].tolist())) > 1 and not np.isnan(sizes[inside]).any():
            assert min(targets[inside].sum(), (~targets)[inside].sum()) >= FEWEST


def test_a_shifted_mix_biases_the_calibrated_score_and_matching_mends_it():
    """No memorization: the encoder is honestly better in late classes and on large crops, as targets are."""
    plain, weighed, covered = [], [], []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        targets, share = np.arange(3_000) < 1_500, np.linspace(1, 4, 10) / 25
        labels = np.concatenate([rng.choice(10, 1_500, p=share), rng.choice(10, 1_500, p=share[::-1])])
        size = rng.normal(size=3_000) + 0.4 * targets
        right = rng.random(3_000) < 0.1 + 0.04 * labels + 0.2 / (1 + np.exp(-size))
        expected = rng.random(3_000) < 0.15
        found = match(labels, size, targets)

        def score(weights, right=right, expected=expected, targets=targets):
            sets = [
                Judged(
                    np.stack([right[at]] * 2, 1),
                    np.stack([expected[at]] * 2, 1),
                    np.zeros(at.sum()),
                    np.zeros(at.sum()),
                    weights=None if weights is None else weights[at],
                )
                for at in (targets, ~targets)
            ]
            return label_scores(*sets, replicates=100)["deja_vu_top1"]

        plain.append(score(None).estimate)
        weighed.append(score(found.weights))
        covered.append(weighed[-1].low <= 0 <= weighed[-1].high)
    # By the mix: 0.04 * 2 * 2.0 (mean label 5.5 against 3.5) = 8 points, and by the size 0.2 * 0.083 = 1.7 more.
    assert np.mean(plain) == pytest.approx(0.097, abs=0.015)
    estimates = [one.estimate for one in weighed]
    assert abs(np.mean(estimates)) < 3.5 * np.std(estimates) / 40**0.5
    assert abs(np.mean(estimates)) < 0.012
    assert np.mean(covered) >= 0.82
