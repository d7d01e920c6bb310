from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from dejavu_audit.errors import AuditError
from dejavu_audit.inference import reference
from dejavu_audit.progress import Silent


class Counting:
    """A baseline that knows how often each class is in the fit set, and counts how often it was fitted."""

    name, key = "counting", "counting-1"
    featurizer = SimpleNamespace(fingerprint="pixels")

    def __init__(self) -> None:
        self.fits = 0

    def fit(self, features, labels, n_classes, *, seed, progress):
        self.fits += 1
        share = np.bincount(labels, minlength=n_classes) / len(labels)
        return {"share": share.astype(np.float32), "diagnostic_seed": np.array(float(seed))}

    def predict(self, state, features):
        return np.tile(state["share"], (len(features), 1))


FEATURES = np.arange(12, dtype=np.uint8).reshape(6, 2)
LABELS = np.array([0, 0, 0, 1, 1, 2])


def fit(baseline, folder, features=FEATURES, labels=LABELS, n_classes=3, seed=0):
    return reference.fit(baseline, features, labels, n_classes, seed=seed, cache=folder, progress=Silent())


def test_the_same_fit_is_made_once(tmp_path):
    baseline = Counting()
    first, second = fit(baseline, tmp_path), fit(baseline, tmp_path)
    assert baseline.fits == 1
    assert first.keys() == second.keys()
    assert all(np.array_equal(first[key], second[key]) and first[key].shape == second[key].shape for key in first)


@pytest.mark.parametrize(
    "change",
    [{"features": FEATURES + 1}, {"labels": LABELS[::-1]}, {"n_classes": 4}, {"seed": 1}],
)
def test_whatever_shapes_the_fit_makes_it_another(tmp_path, change):
    baseline = Counting()
    fit(baseline, tmp_path)
    fit(baseline, tmp_path, **change)
    assert baseline.fits == 2


def test_another_baseline_or_featurizer_makes_it_another(tmp_path):
    one, two, three = Counting(), Counting(), Counting()
    two.key = "counting-2"
    three.featurizer = SimpleNamespace(fingerprint="other pixels")
    for baseline in (one, two, three):
        fit(baseline, tmp_path)
        assert baseline.fits == 1


def test_a_damaged_fit_is_made_again(tmp_path):
    baseline = Counting()
    fit(baseline, tmp_path)
    (file,) = (tmp_path / "fits").glob("*.safetensors")
    file.write_bytes(file.read_bytes()[:40])
    fit(baseline, tmp_path)
    assert baseline.fits == 2
    assert len(fit(baseline, tmp_path)["share"]) == 3
    assert baseline.fits == 2


def test_a_cache_that_cannot_be_written_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(AuditError, match=r"cannot be kept in .*; make room there or choose another --cache-dir"):
        fit(Counting(), tmp_path / "file")


def test_answers_are_those_of_plain_loops(monkeypatch):
    """In blocks of 2, against one picture at a time; equal probabilities keep the lower class first."""
    monkeypatch.setattr(reference, "BLOCK", 2)
    probabilities = np.array(
        [
            [0.5, 0.2, 0.1, 0.1, 0.05, 0.05],
            [0.0, 0.0, 0.0, 0.0, 0.0, 1.0],
            [1 / 6] * 6,
            [0.1, 0.3, 0.3, 0.1, 0.1, 0.1],
            [0.25, 0.25, 0.5, 0, 0, 0],
        ]
    )
    baseline = SimpleNamespace(predict=lambda state, features: probabilities[features[:, 0]])
    labels, at = np.array([2, 5, 3, 2, 1]), np.array([4, 0, 1, 3, 2])
    into = reference.Expected.empty(5)
    reference.ask(baseline, {}, np.arange(5)[:, None], labels, 6, into, at)
    for i in range(5):
        p = probabilities[i].tolist()
        best = sorted(range(6), key=lambda c: (-p[c], c))
        assert into.top1[at[i]] == best[0]
        assert into.top5[at[i]].tolist() == best[:5]
        assert into.confidence[at[i]] == pytest.approx(sum(x * np.log(x) for x in p if x > 0))
        assert into.probability[at[i]] == p[labels[i]]


def test_fewer_than_five_classes_leave_empty_places():
    into = reference.Expected.empty(1)
    baseline = SimpleNamespace(predict=lambda state, features: np.array([[0.4, 0.6]]))
    reference.ask(baseline, {}, np.zeros((1, 1)), np.array([0]), 2, into, np.array([0]))
    assert into.top5.tolist() == [[1, 0, -1, -1, -1]]


def test_a_row_of_zeros_is_no_answer_and_so_wrong_and_unsure():
    into = reference.Expected.empty(2)
    baseline = SimpleNamespace(predict=lambda state, features: np.array([[0.0, 0.0], [0.0, 1.0]]))
    reference.ask(baseline, {}, np.zeros((2, 1)), np.array([0, 1]), 2, into, np.arange(2))
    assert into.top1.tolist() == [-1, 1]
    assert into.top5[0].tolist() == [-1] * 5
    assert into.confidence.tolist() == [-np.log(2), 0.0]


@pytest.mark.parametrize("given", [np.ones((2, 3)), np.full((2, 2), np.nan), -np.ones((2, 2)), np.ones((1, 2))])
def test_a_reference_with_another_label_set_or_nonsense_is_refused(given):
    baseline = SimpleNamespace(name="mine", predict=lambda state, features: given)
    with pytest.raises(AuditError, match=r"the baseline mine gave .* it must know the same classes as the data"):
        reference.ask(baseline, {}, np.zeros((2, 1)), np.zeros(2, int), 2, reference.Expected.empty(2), np.arange(2))


def answers(top1, top5, probability, confidence):
    return reference.Expected(*(np.array(one) for one in (top1, top5, confidence, probability)))


def test_the_strongest_of_two_references_worked_by_hand():
    """Label 7 of every picture. Right is taken before wrong, top-5 before none, then probability, then surety."""
    one = answers([7, 1, 1, 1], [[7], [1], [1], [1]], [0.2, 0.1, 0.3, 0.1], [-1.0, -1, -1, -0.5])
    two = answers([2, 2, 2, 2], [[2], [7], [2], [2]], [0.9, 0.1, 0.2, 0.1], [-0.1, -1, -1, -1.0])
    both = reference.strongest([one, two], np.full(4, 7))
    assert both.top1.tolist() == [7, 2, 1, 1]
    assert both.top5[1].tolist() == [7]
    assert both.probability.tolist() == [0.2, 0.1, 0.3, 0.1]
    assert reference.strongest([two], np.full(4, 7)) is two


def test_diagnostics_are_what_the_baseline_said_of_its_fit(tmp_path):
    assert reference.diagnostics(fit(Counting(), tmp_path, seed=3)) == {"seed": 3.0}
