from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from dejavu_audit.errors import AuditError
from dejavu_audit.progress import Silent
from dejavu_baselines import training
from dejavu_baselines.calibration import class_prior
from dejavu_baselines.training import Recipe, choose_device, enough, hold_back, judge, seeded, train


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 6), min_size=20, max_size=200), st.integers(0, 99))
def test_parts_are_disjoint_cover_all_and_leave_each_class_something_to_learn(labels, seed):
    taught, held = hold_back(labels, np.random.default_rng(seed))
    assert sorted([*taught, *held]) == list(range(len(labels)))
    assert set(np.asarray(labels)[taught]) == set(labels)


def test_a_tenth_of_every_class_is_held_back():
    labels = np.repeat([0, 1, 2], [200, 100, 50])
    _, held = hold_back(labels, np.random.default_rng(0))
    assert np.bincount(labels[held]).tolist() == [20, 10, 5]


@pytest.mark.parametrize("labels", [range(20), [0, 0, *range(1, 19)]])
def test_something_is_held_back_where_hardly_a_class_has_two(labels):
    """An empty part would judge every epoch by nothing: by NaN, and keep the first."""
    for seed in range(20):
        taught, held = hold_back(list(labels), np.random.default_rng(seed))
        assert len(held) >= 1 and len(taught) >= 17


def test_too_small_a_fit_set_is_refused():
    enough([0, 1] * 10, "b")
    with pytest.raises(AuditError, match=r"the baseline b cannot be fitted on 19 crops of 2 classes.*raise --fit"):
        enough([0, 1] * 9 + [0], "b")
    with pytest.raises(AuditError, match="of 1 classes"):
        enough([3] * 50, "b")


def test_a_device_that_is_not_there_is_refused(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert choose_device("auto").type == "cpu"
    with pytest.raises(AuditError, match="--device cuda"):
        choose_device("cuda")


def test_seeded_leaves_the_outer_random_numbers_alone():
    torch.manual_seed(1)
    expected = torch.rand(2)
    torch.manual_seed(1)
    with seeded(7, torch.device("cpu")):
        first = torch.rand(2)
    assert torch.equal(torch.rand(2), expected)
    with seeded(7, torch.device("cpu")):
        assert torch.equal(torch.rand(2), first)


def test_judge_by_hand():
    # Even scores say nothing: p = prior = (3.5, 1.5) / 5, so the loss is that of the prior and 3 of 4 are right.
    prior = class_prior([0, 0, 0, 1], 2)
    held = judge(np.zeros((4, 2)), np.array([0, 0, 0, 1]), prior)
    assert held.accuracy == 0.75
    assert held.prior_log_loss == pytest.approx(-(3 * np.log(0.7) + np.log(0.3)) / 4)
    assert held.log_loss == pytest.approx(held.prior_log_loss, abs=1e-3)


def _world(seed):
    """Two classes, one informative feature out of 30: a network that trains for long learns the noise."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(2, size=200)
    x = rng.normal(0, 1, (200, 30)).astype(np.float32)
    x[:, 0] += 1.5 * labels
    return torch.from_numpy(x), labels


def _train(recipe, seed=0):
    x, labels = _world(0)
    with seeded(seed, torch.device("cpu")):
        network = torch.nn.Sequential(torch.nn.Linear(30, 64), torch.nn.ReLU(), torch.nn.Linear(64, 2))
        rng = np.random.default_rng(seed)
        parts = hold_back(labels, rng)
        fit = train(
            network, lambda r: x[r], lambda r: x[r], labels, class_prior(labels, 2), parts, recipe, rng, Silent()
        )  # fmt: skip
    return network, fit, x, labels, parts


def test_the_best_epoch_is_kept_and_training_stops_after_patience():
    network, fit, x, labels, (_, held) = _train(Recipe(200, 16, 1e-2, 0.0, 4))
    assert fit.epochs < 200
    assert fit.epochs == fit.best_epoch + 4
    raw = training.scores(network, lambda r: x[r], held, 2)
    assert judge(raw, labels[held], class_prior(labels, 2)).log_loss == fit.held.log_loss
    assert fit.held.accuracy > 0.6


def test_one_seed_one_network():
    recipe = Recipe(3, 32, 1e-2, 0.01, 5)
    first, again, other = (_train(recipe, seed)[0].state_dict() for seed in (1, 1, 2))
    assert all(torch.equal(first[key], again[key]) for key in first)
    assert not all(torch.equal(first[key], other[key]) for key in first)


def test_progress_counts_every_picture():
    counted = []

    class Counting(Silent):
        def stage(self, name, total, unit="pictures"):
            from contextlib import nullcontext

            counted.append(-total)
            return nullcontext(counted.append)

    x, labels = _world(0)
    network = torch.nn.Linear(30, 2)
    rng = np.random.default_rng(0)
    parts = hold_back(labels, rng)
    recipe = Recipe(2, 33, 1e-2, 0.0, 5)
    train(network, lambda r: x[r], lambda r: x[r], labels, class_prior(labels, 2), parts, recipe, rng, Counting())
    assert sum(counted) == 0 and max(counted) - min(counted[1:]) <= 1  # batches of equal size
