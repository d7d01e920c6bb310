from __future__ import annotations

import time
from types import SimpleNamespace

import numpy as np
import pytest

from dejavu_audit.audit import run_audit
from dejavu_audit.embeddings.store import Store
from dejavu_audit.errors import AuditError
from dejavu_audit.planning.fits import _extended, fits
from dejavu_audit.planning.pace import measure
from dejavu_audit.planning.work import outstanding
from dejavu_audit.progress import Silent
from tests.planning.conftest import config, contents


def found(plan, jobs, folder):
    work, store = outstanding(plan, jobs, Silent()), Store(folder)
    return fits(plan, work, measure(plan, work.groups, store, 5), store)


def replaced(plan, monkeypatch, fit):
    one = plan.references["image-classifier"]
    other = SimpleNamespace(key=one.key, name=one.name, featurizer=one.featurizer, fit=fit)
    monkeypatch.setitem(plan.references, "image-classifier", other)


def test_a_fit_is_measured_on_a_piece(planned, tmp_path, monkeypatch):
    plan, jobs = planned()
    sizes = []

    def fit(features, labels, n_classes, *, seed, progress):
        sizes.append(len(features))
        with progress.stage("fitting", 4 * len(features)) as done:
            done(2 * len(features))  # and stops early, which the whole need not
        time.sleep(0.01 * len(features))
        return {"state": np.zeros((3, 100), np.float32)}

    replaced(plan, monkeypatch, fit)
    (one,) = found(plan, jobs, tmp_path / "away")
    # 60 pictures at 10 ms, of half the epochs.
    assert sizes == [60]
    assert 1.2 <= one.seconds < 2.4
    assert one.state_bytes == 1_200


def test_what_every_fit_pays_is_paid_once():
    # 1 second and 10 ms a picture: 100 take 2, 500 take 6, 1,000 take 11 seconds.
    assert _extended([(100, 2.0), (500, 6.0)], 1_000) == pytest.approx(11)
    assert _extended([(500, 6.0)], 1_000) == pytest.approx(12)
    # Half the time for twice the pictures is noise, and not a pace below 0.
    assert _extended([(100, 2.0), (200, 1.0)], 1_000) == pytest.approx(1 + 800 * 0.0025)


def test_the_same_fit_in_the_cache_takes_no_time_and_one_of_other_pictures_does(planned, tmp_path):
    run_audit(config(tmp_path), Silent())
    plan, jobs = planned()
    before = contents(tmp_path / "cache" / "fits")
    (one,) = found(plan, jobs, tmp_path / "away")
    assert (one.name, one.seconds) == ("image-classifier", 0.0)
    plan, jobs = planned(baseline_options={"epochs": "3"}, out=str(tmp_path / "other"))
    (one,) = found(plan, jobs, tmp_path / "away")
    assert one.seconds > 0
    assert contents(tmp_path / "cache" / "fits") == before


def test_a_fit_that_refuses_every_piece_is_not_measured(planned, tmp_path, monkeypatch):
    plan, jobs = planned()

    def fit(*_, **__):
        raise AuditError("too few")

    replaced(plan, monkeypatch, fit)
    (one,) = found(plan, jobs, tmp_path / "away")
    assert (one.seconds, one.state_bytes) == (None, 0)


def test_a_second_encoder_learns_nothing(planned, tmp_path):
    plan, jobs = planned(reference="timm:test_byobnet:random", baseline_options={})
    assert found(plan, jobs, tmp_path / "away") == []


@pytest.mark.parametrize("folds", [1, 2])
def test_both_folds_are_counted(planned, tmp_path, monkeypatch, folds):
    plan, jobs = planned(folds=folds)
    wanted = sum(len(plan.split.fold(number).fit) for number in range(folds))

    def fit(features, labels, n_classes, *, seed, progress):
        time.sleep(0.005 * len(features))
        return {"state": np.zeros(10, np.uint8)}

    replaced(plan, monkeypatch, fit)
    (one,) = found(plan, jobs, tmp_path / "away")
    assert 0.005 * wanted <= one.seconds < 0.01 * wanted
    assert one.state_bytes == 10 * folds
