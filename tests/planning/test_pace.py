from __future__ import annotations

import time

import numpy as np
import pytest

from dejavu_audit.embeddings.store import Store
from dejavu_audit.planning.pace import measure
from dejavu_audit.planning.work import outstanding
from dejavu_audit.progress import Silent
from tests.planning.conftest import contents

SLEEP = 0.02


@pytest.fixture
def slow(planned, monkeypatch):
    """A plan whose encoder takes 20 ms a picture of a batch, and the batches that it was called with."""
    plan, jobs = planned()
    batches = []
    honest = plan.encoder.embed_images

    def embed_images(batch):
        batches.append(len(batch))
        time.sleep(SLEEP * len(batch))
        return honest(batch)

    monkeypatch.setattr(plan.encoder, "embed_images", embed_images)
    return plan, outstanding(plan, {"public": jobs["public"]}, Silent()), batches


def test_the_pace_is_that_of_the_model_where_it_is_slow(slow, tmp_path):
    plan, work, batches = slow
    (pace,) = measure(plan, work.groups, Store(tmp_path / "away"), 0.6)
    assert SLEEP <= pace.per_picture < 2 * SLEEP
    assert pace.bound == "model"
    assert pace.seconds == pytest.approx(40 * pace.per_picture + pace.start)
    # 0.6 seconds are 30 pictures at this pace: whole batches of 8, and never more than there are.
    assert 16 <= len(pace.rows) <= 40
    assert len(pace.rows) == sum(batches)


def test_a_model_too_slow_for_the_time_is_tried_on_two_batches(slow, tmp_path):
    plan, work, batches = slow
    (pace,) = measure(plan, work.groups, Store(tmp_path / "away"), 0.01)
    assert batches == [8, 8]
    assert len(np.unique(pace.rows)) == 16
    assert set(pace.rows) <= set(work.groups[0].rows)


def test_decoding_is_named_where_it_is_slow(planned, tmp_path, monkeypatch):
    plan, jobs = planned()
    honest = type(plan.dataset).open

    def slowly(self, row, draft=None):
        time.sleep(0.02)
        return honest(self, row, draft)

    monkeypatch.setattr(type(plan.dataset), "open", slowly)
    work = outstanding(plan, {"public": jobs["public"]}, Silent())
    (pace,) = measure(plan, work.groups, Store(tmp_path / "away"), 0.5)
    assert pace.bound == "decoding"
    assert pace.per_picture >= 0.02


def test_nothing_is_written_to_the_cache_and_what_is_lost_is_told(planned, tmp_path):
    plan, jobs = planned(min_side=46)
    work = outstanding(plan, jobs, Silent())
    before = contents(tmp_path / "cache")
    paces = measure(plan, work.groups, Store(tmp_path / "away"), 5)
    assert contents(tmp_path / "cache") == before
    for pace in paces:
        assert sorted(pace.rows) == sorted(pace.group.rows)  # there is time for all of them
    look = work.job_rows["crops"][0]
    both = next(pace for pace in paces if len(pace.group.looks) == 2)
    assert 0 < both.lost_share(look) < 1
